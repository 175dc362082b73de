/* The writer of 837P and 837I: claims of the model as the reader of 837P reads them back to the same. What the model does not hold, such
 * as names and addresses, is not made up: those segments have identifiers alone. */
#include "readers/writer.h"

#include <inttypes.h>
#include <string.h>

typedef struct claim_writer {
    format_writer out;
    const run_store *store;
    adj_written *written;
    uint32_t *first_line, *next_line; /* of each claim, one more than the row */
    size_t segments, level, transactions;
    bool open, institutional; /* a transaction, and of which kind */
    int64_t received;         /* of the transaction; -1 for unknown */
    uint32_t billing;         /* symbols of the level at hand; taxonomy and one */
    int64_t billing_taxonomy;
    bool billing_known;
    size_t billing_level;
} claim_writer;

static const char *text_of(const claim_writer *w, lang_field field, uint32_t row)
{
    return run_store_text(w->store, field, row);
}

static bool has(const claim_writer *w, lang_field field, uint32_t row)
{
    return run_store_present(w->store, field, row);
}

static int64_t bits(const claim_writer *w, lang_field field, uint32_t row)
{
    return run_store_bits(w->store, field, row);
}

static const char *symbol(const claim_writer *w, uint32_t id)
{
    return id == 0 ? "" : base_intern_text(&w->store->symbols, id);
}

/* Counts a segment that was put. */
static void segment(claim_writer *w)
{
    format_put(&w->out, "~\n");
    w->segments++;
}

static void put_day(claim_writer *w, int64_t day)
{
    char text[16];
    base_date_write((base_date)day, text);
    format_put(&w->out, "%.4s%.2s%.2s", text, text + 5, text + 8);
}

static void put_decimal(claim_writer *w, int64_t value, int64_t scale, int places)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, unit = (uint64_t)scale, part = size % unit;
    format_put(&w->out, "%s%" PRIu64, value < 0 ? "-" : "", size / unit);
    if (part == 0) return;
    while (part % 10 == 0) {
        part /= 10;
        places--;
    }
    format_put(&w->out, ".%0*" PRIu64, places, part);
}

/* ---- what an 837P cannot hold ---- */

static bool plain(const char *text)
{
    return strpbrk(text, "*:~^\r\n") == NULL && (*text == '\0' || (text[0] != ' ' && text[strlen(text) - 1] != ' '));
}

static bool line_is_writable(const claim_writer *w, uint32_t line)
{
    static const lang_field texts[] = {LANG_FIELD_line_payer,
                                       LANG_FIELD_line_procedure,
                                       LANG_FIELD_line_pos,
                                       LANG_FIELD_line_referral_number,
                                       LANG_FIELD_line_control_number,
                                       LANG_FIELD_line_rendering_provider,
                                       LANG_FIELD_line_billing_provider,
                                       LANG_FIELD_line_rendering_taxonomy,
                                       LANG_FIELD_line_unit_basis};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!plain(text_of(w, texts[i], line))) return false;
    }
    bool dated = has(w, LANG_FIELD_line_date, line), coded = has(w, LANG_FIELD_line_procedure, line);
    bool told = *text_of(w, LANG_FIELD_line_procedure, line) != '\0' || has(w, LANG_FIELD_line_revenue_code, line);
    return dated && coded && told && plain(text_of(w, LANG_FIELD_line_revenue_code, line)) &&
           has(w, LANG_FIELD_line_charge, line) && plain(symbol(w, w->store->lines.items[line].authorization));
}

static bool is_institutional(const claim_writer *w, uint32_t claim)
{
    return has(w, LANG_FIELD_claim_type_of_bill, claim);
}

static bool is_writable(const claim_writer *w, uint32_t claim)
{
    static const lang_field texts[] = {LANG_FIELD_claim_id, LANG_FIELD_claim_pos, LANG_FIELD_claim_original_reference,
                                       LANG_FIELD_claim_delay_reason, LANG_FIELD_claim_filing_indicator};
    if (w->first_line[claim] == 0 || !plain(text_of(w, LANG_FIELD_claim_type_of_bill, claim))) return false;
    if (is_institutional(w, claim) && strlen(text_of(w, LANG_FIELD_claim_type_of_bill, claim)) < 2) return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!plain(text_of(w, texts[i], claim))) return false;
    }
    uint32_t first = w->first_line[claim] - 1;
    bool member = has(w, LANG_FIELD_line_patient, first) && has(w, LANG_FIELD_claim_charge, claim);
    for (uint32_t at = w->first_line[claim]; member && at != 0; at = w->next_line[at - 1]) {
        bool same = bits(w, LANG_FIELD_line_patient, at - 1) == bits(w, LANG_FIELD_line_patient, first) &&
                    run_store_state(w->store, LANG_FIELD_line_patient, at - 1) == RUN_PRESENT;
        member = same && line_is_writable(w, at - 1);
    }
    return member && plain(text_of(w, LANG_FIELD_patient_id, (uint32_t)bits(w, LANG_FIELD_line_patient, first)));
}

/* ---- segments ---- */

static void end_transaction(claim_writer *w)
{
    if (!w->open) return;
    format_put(&w->out, "SE*%zu*%04zu~\n", w->segments + 1, w->transactions);
    w->open = false;
}

static void begin_transaction(claim_writer *w, int64_t received, bool institutional)
{
    end_transaction(w);
    w->institutional = institutional;
    w->segments = w->level = 0;
    w->open = true;
    w->billing_known = false;
    w->received = received;
    format_put(&w->out, "ST*837*%04zu*%s", ++w->transactions, institutional ? "005010X223A2" : "005010X222A1");
    segment(w);
    format_put(&w->out, "BHT*0019*00*%zu*", w->transactions);
    if (received >= 0) put_day(w, received);
    format_put(&w->out, "**CH");
    segment(w);
    format_put(&w->out, "NM1*41*2*SENDER*****46*SENDER");
    segment(w);
    format_put(&w->out, "NM1*40*2*RECEIVER*****46*RECEIVER");
    segment(w);
}

static void put_billing(claim_writer *w, uint32_t line)
{
    uint32_t npi =
        has(w, LANG_FIELD_line_billing_provider, line) ? (uint32_t)bits(w, LANG_FIELD_line_billing_provider, line) : 0;
    int64_t taxonomy =
        has(w, LANG_FIELD_line_billing_taxonomy, line) ? bits(w, LANG_FIELD_line_billing_taxonomy, line) : 0;
    if (w->billing_known && w->billing == npi && w->billing_taxonomy == taxonomy) return;
    w->billing_known = true;
    w->billing = npi;
    w->billing_taxonomy = taxonomy;
    w->billing_level = ++w->level;
    format_put(&w->out, "HL*%zu**20*1", w->level);
    segment(w);
    if (taxonomy != 0) {
        format_put(&w->out, "PRV*BI*PXC*%s", symbol(w, (uint32_t)taxonomy));
        segment(w);
    }
    format_put(&w->out, "NM1*85*2*" FORMAT_NO_NAME);
    if (npi != 0) format_put(&w->out, "*****XX*%s", symbol(w, npi));
    segment(w);
}

static void put_demographics(claim_writer *w, uint32_t patient)
{
    static const char *const sexes[] = {"F", "M", "U"};
    bool born = has(w, LANG_FIELD_patient_birth_date, patient), sexed = has(w, LANG_FIELD_patient_sex, patient);
    if (has(w, LANG_FIELD_patient_state, patient)) {
        format_put(&w->out, "N4*" FORMAT_NO_NAME "*%s", text_of(w, LANG_FIELD_patient_state, patient));
        segment(w);
    }
    if (!born && !sexed) return;
    format_put(&w->out, "DMG*%s*", born ? "D8" : "");
    if (born) put_day(w, bits(w, LANG_FIELD_patient_birth_date, patient));
    int64_t sex = bits(w, LANG_FIELD_patient_sex, patient);
    if (sexed && sex >= 0 && sex < 3) format_put(&w->out, "*%s", sexes[sex]);
    segment(w);
}

static void put_death(claim_writer *w, uint32_t patient)
{
    if (!has(w, LANG_FIELD_patient_death_date, patient)) return;
    format_put(&w->out, "PAT*****D8*");
    put_day(w, bits(w, LANG_FIELD_patient_death_date, patient));
    segment(w);
}

/* The subscriber; a dependent without an identifier of its own is the subscriber's, a slash, and the first name. */
static void put_member(claim_writer *w, uint32_t claim, uint32_t line)
{
    uint32_t patient = (uint32_t)bits(w, LANG_FIELD_line_patient, line);
    const char *id = text_of(w, LANG_FIELD_patient_id, patient), *slash = strrchr(id, '/');
    bool dependent = slash != NULL && slash > id && slash[1] != '\0';
    size_t own = dependent ? (size_t)(slash - id) : strlen(id);
    format_put(&w->out, "HL*%zu*%zu*22*%d", w->level + 1, w->billing_level, dependent ? 1 : 0);
    w->level++;
    segment(w);
    format_put(&w->out, "SBR*P*%s*******%s", dependent ? "" : "18",
               text_of(w, LANG_FIELD_claim_filing_indicator, claim));
    segment(w);
    if (!dependent) put_death(w, patient);
    format_put(&w->out, "NM1*IL*1*" FORMAT_NO_NAME "*****MI*%.*s", (int)own, id);
    segment(w);
    if (!dependent) put_demographics(w, patient);
    if (has(w, LANG_FIELD_line_payer, line)) {
        format_put(&w->out, "NM1*PR*2*" FORMAT_NO_NAME "*****PI*%s", text_of(w, LANG_FIELD_line_payer, line));
        segment(w);
    }
    if (!dependent) return;
    format_put(&w->out, "HL*%zu*%zu*23*0", w->level + 1, w->level);
    w->level++;
    segment(w);
    put_death(w, patient);
    format_put(&w->out, "NM1*QC*1*" FORMAT_NO_NAME "*%s", slash + 1);
    segment(w);
    put_demographics(w, patient);
}

static void put_claim_dates(claim_writer *w, uint32_t claim)
{
    static const struct {
        lang_field field;
        const char *qualifier;
    } dates[] = {{LANG_FIELD_claim_admission_date, "435"}, {LANG_FIELD_claim_discharge_date, "096"}};
    for (size_t i = 0; i < 2; i++) {
        if (!has(w, dates[i].field, claim)) continue;
        format_put(&w->out, "DTP*%s*D8*", dates[i].qualifier);
        put_day(w, bits(w, dates[i].field, claim));
        segment(w);
    }
}

static void put_claim(claim_writer *w, uint32_t claim)
{
    const char *frequency = text_of(w, LANG_FIELD_claim_frequency, claim);
    format_put(&w->out, "CLM*%s*", text_of(w, LANG_FIELD_claim_id, claim));
    put_decimal(w, bits(w, LANG_FIELD_claim_charge, claim), 100, 2);
    const char *bill = text_of(w, LANG_FIELD_claim_type_of_bill, claim);
    if (w->institutional)
        format_put(&w->out, "***%.*s:A:%s**A*Y*Y", (int)strlen(bill) - 1, bill, frequency);
    else
        format_put(&w->out, "***%s:B:%s*Y*A*Y*Y", text_of(w, LANG_FIELD_claim_pos, claim), frequency);
    if (has(w, LANG_FIELD_claim_delay_reason, claim))
        format_put(&w->out, "***********%s", text_of(w, LANG_FIELD_claim_delay_reason, claim));
    segment(w);
    put_claim_dates(w, claim);
    if (has(w, LANG_FIELD_claim_original_reference, claim)) {
        format_put(&w->out, "REF*F8*%s", text_of(w, LANG_FIELD_claim_original_reference, claim));
        segment(w);
    }
    uint64_t list = (uint64_t)bits(w, LANG_FIELD_claim_diagnoses, claim);
    size_t count = has(w, LANG_FIELD_claim_diagnoses, claim) ? list & 0xFFFFU : 0;
    for (size_t i = 0; i < count; i++)
        format_put(&w->out, "%s%s:%s", i == 0 ? "HI*" : "*", i == 0 ? "ABK" : "ABF",
                   symbol(w, w->store->pool.items[(list >> 16) + i]));
    if (count > 0) segment(w);
    if (!w->institutional || run_store_state(w->store, LANG_FIELD_claim_attending_provider, claim) == RUN_ABSENT)
        return;
    format_put(&w->out, "NM1*71*1*" FORMAT_NO_NAME);
    if (has(w, LANG_FIELD_claim_attending_provider, claim))
        format_put(&w->out, "*****XX*%s", text_of(w, LANG_FIELD_claim_attending_provider, claim));
    segment(w);
}

static void put_provider(claim_writer *w, lang_field field, uint32_t line, const char *role, const char *kind)
{
    if (run_store_state(w->store, field, line) == RUN_ABSENT) return;
    format_put(&w->out, "NM1*%s*%s*" FORMAT_NO_NAME, role, kind);
    if (has(w, field, line)) format_put(&w->out, "*****XX*%s", text_of(w, field, line));
    segment(w);
}

/* A rendering provider who is the billing provider is not named. */
static void put_providers(claim_writer *w, uint32_t line)
{
    bool same = has(w, LANG_FIELD_line_rendering_provider, line) && has(w, LANG_FIELD_line_billing_provider, line) &&
                bits(w, LANG_FIELD_line_rendering_provider, line) == bits(w, LANG_FIELD_line_billing_provider, line);
    int64_t taxonomy =
        has(w, LANG_FIELD_line_rendering_taxonomy, line) ? bits(w, LANG_FIELD_line_rendering_taxonomy, line) : 0;
    if (!same || taxonomy != w->billing_taxonomy) {
        put_provider(w, LANG_FIELD_line_rendering_provider, line, "82", "1");
        if (taxonomy != 0) {
            format_put(&w->out, "PRV*PE*PXC*%s", symbol(w, (uint32_t)taxonomy));
            segment(w);
        }
    }
    put_provider(w, LANG_FIELD_line_service_facility, line, "77", "2");
    put_provider(w, LANG_FIELD_line_supervising_provider, line, "DQ", "1");
    put_provider(w, LANG_FIELD_line_referring_provider, line, "DN", "1");
}

/* Pointers: the places of the line's diagnoses among the claim's. False where one is not there, or there are too many. */
static bool pointers(const claim_writer *w, uint32_t claim, uint32_t line, size_t places[4], size_t *count)
{
    *count = 0;
    if (!has(w, LANG_FIELD_line_diagnoses, line)) return true;
    uint64_t of_line = (uint64_t)bits(w, LANG_FIELD_line_diagnoses, line);
    uint64_t of_claim = (uint64_t)bits(w, LANG_FIELD_claim_diagnoses, claim);
    size_t known = has(w, LANG_FIELD_claim_diagnoses, claim) ? of_claim & 0xFFFFU : 0;
    for (size_t i = 0; i < (of_line & 0xFFFFU); i++) {
        size_t place = 0;
        while (place < known &&
               w->store->pool.items[(of_claim >> 16) + place] != w->store->pool.items[(of_line >> 16) + i])
            place++;
        if (place == known || *count == 4) return false;
        places[(*count)++] = place + 1;
    }
    return true;
}

static void put_line(claim_writer *w, uint32_t claim, uint32_t line)
{
    size_t places[4], count;
    if (!pointers(w, claim, line, places, &count) && !w->institutional) w->out.not_said++;
    format_put(&w->out, "LX*%" PRId64, bits(w, LANG_FIELD_line_number, line));
    segment(w);
    const char *procedure = text_of(w, LANG_FIELD_line_procedure, line);
    if (w->institutional) {
        format_put(&w->out, "SV2*%s*", text_of(w, LANG_FIELD_line_revenue_code, line));
        if (*procedure != '\0') format_put(&w->out, "HC:%s", procedure);
    } else {
        format_put(&w->out, "SV1*HC:%s", procedure);
    }
    uint64_t list = (uint64_t)bits(w, LANG_FIELD_line_modifiers, line);
    for (size_t i = 0; has(w, LANG_FIELD_line_modifiers, line) && i < (list & 0xFFFFU) && i < 4; i++)
        format_put(&w->out, ":%s", symbol(w, w->store->pool.items[(list >> 16) + i]));
    format_put(&w->out, "*");
    put_decimal(w, bits(w, LANG_FIELD_line_charge, line), 100, 2);
    format_put(&w->out, "*%s*", text_of(w, LANG_FIELD_line_unit_basis, line));
    if (has(w, LANG_FIELD_line_units, line)) put_decimal(w, bits(w, LANG_FIELD_line_units, line), 1000, 3);
    bool own_place = !w->institutional && has(w, LANG_FIELD_line_pos, line) &&
                     strcmp(text_of(w, LANG_FIELD_line_pos, line), text_of(w, LANG_FIELD_claim_pos, claim)) != 0;
    if (!w->institutional) format_put(&w->out, "*%s", own_place ? text_of(w, LANG_FIELD_line_pos, line) : "");
    for (size_t i = 0; i < count && !w->institutional; i++)
        format_put(&w->out, "%s%zu", i == 0 ? "**" : ":", places[i]);
    bool open = !w->institutional && !has(w, LANG_FIELD_line_diagnoses, line) &&
                ((uint64_t)bits(w, LANG_FIELD_claim_diagnoses, claim) & 0xFFFFU) == 0;
    if (open) format_put(&w->out, "**1"); /* without a pointer there would surely be no diagnosis */
    segment(w);
    int64_t from = bits(w, LANG_FIELD_line_date, line);
    int64_t to = has(w, LANG_FIELD_line_end_date, line) ? bits(w, LANG_FIELD_line_end_date, line) : from;
    format_put(&w->out, "DTP*472*%s*", to != from ? "RD8" : "D8");
    put_day(w, from);
    if (to != from) {
        format_put(&w->out, "-");
        put_day(w, to);
    }
    segment(w);
    uint32_t number = w->store->lines.items[line].authorization;
    const char *const references[][2] = {{"G1", symbol(w, number)},
                                         {"9F", text_of(w, LANG_FIELD_line_referral_number, line)},
                                         {"6R", text_of(w, LANG_FIELD_line_control_number, line)}};
    for (size_t i = 0; i < 3; i++) {
        if (*references[i][1] == '\0') continue;
        format_put(&w->out, "REF*%s*%s", references[i][0], references[i][1]);
        segment(w);
    }
    put_providers(w, line);
    w->written->lines++;
}

/* Values that are unknown in the model and will be read back as absent: the format has no way to leave them open. */
static void count_unsaid(claim_writer *w, uint32_t claim, uint32_t line)
{
    static const lang_field fields[] = {LANG_FIELD_line_rendering_taxonomy, LANG_FIELD_line_billing_taxonomy,
                                        LANG_FIELD_line_referral_number, LANG_FIELD_line_control_number};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        w->out.not_said += run_store_state(w->store, fields[i], line) == RUN_UNKNOWN;
    w->out.not_said += run_store_state(w->store, LANG_FIELD_claim_original_reference, claim) == RUN_UNKNOWN;
}

static void write_claim(claim_writer *w, uint32_t claim)
{
    uint32_t first = w->first_line[claim] - 1;
    int64_t received = has(w, LANG_FIELD_claim_received, claim) ? bits(w, LANG_FIELD_claim_received, claim) : -1;
    bool institutional = is_institutional(w, claim);
    if (!w->open || w->received != received || w->institutional != institutional)
        begin_transaction(w, received, institutional);
    put_billing(w, first);
    put_member(w, claim, first);
    put_claim(w, claim);
    for (uint32_t at = w->first_line[claim]; at != 0; at = w->next_line[at - 1]) {
        put_line(w, claim, at - 1);
        count_unsaid(w, claim, at - 1);
    }
    w->written->claims++;
    format_flush(&w->out, false);
}

bool format_write_837(const read_encounters *encounters, adj_write write, void *state, const char *file,
                      adj_written *written)
{
    const run_store *store = &encounters->handle.store;
    claim_writer w = {.store = store, .written = written};
    format_begin(&w.out, store, write, state, file);
    base_arena scratch;
    base_arena_init(&scratch, &store->arena.allocator);
    w.first_line = base_arena_alloc(&scratch, (store->counts[LANG_RECORD_claim] + 1) * sizeof *w.first_line);
    w.next_line = base_arena_alloc(&scratch, (store->counts[LANG_RECORD_line] + 1) * sizeof *w.next_line);
    bool good = !scratch.failed;
    for (uint32_t line = store->counts[LANG_RECORD_line]; good && line-- > 0;) {
        if (!has(&w, LANG_FIELD_line_claim, line) || store->lines.items[line].unreadable) continue;
        uint32_t *first = &w.first_line[bits(&w, LANG_FIELD_line_claim, line)];
        w.next_line[line] = *first;
        *first = line + 1;
    }
    if (good)
        format_put(&w.out, "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       "
                           "*000101*0000*^*00501*000000001*0*P*:~\n"
                           "GS*HC*SENDER*RECEIVER*20000101*0000*1*X*005010X222A1~\n");
    for (uint32_t claim = 0; good && claim < store->counts[LANG_RECORD_claim] && !w.out.failed; claim++) {
        if (!store->claims.items[claim].subject) continue;
        if (is_writable(&w, claim))
            write_claim(&w, claim);
        else
            w.out.left_out++;
    }
    end_transaction(&w);
    format_put(&w.out, "GE*%zu*1~\nIEA*1*000000001~\n", w.transactions);
    format_end(&w.out);
    base_arena_release(&scratch);
    written->left_out += w.out.left_out;
    written->not_said += w.out.not_said;
    return good && !w.out.failed;
}
