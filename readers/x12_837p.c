/* X12 files and the reader of 837P and 837I: envelopes and the hierarchy of billing provider, subscriber and patient.
 * Element positions are those of 005010X222; 004010X098 agrees in all that is read here. */
#include "readers/x12_837p.h"

#include <stdio.h>
#include <string.h>

static void keep(char *buffer, size_t room, x12_text text)
{
    size_t length = text.length < room - 1 ? text.length : room - 1;
    memcpy(buffer, text.start, length);
    buffer[length] = '\0';
}

uint32_t x12_symbol(x12_reader *reader, x12_text text)
{
    if (text.length == 0) return 0;
    uint32_t symbol = base_intern_add(&reader->store->symbols, text.start, text.length);
    return symbol == BASE_INTERN_NONE ? 0 : symbol;
}

static void forget_person(x12_person *person)
{
    *person = (x12_person){.sex = -1};
}

/* ---- envelopes ---- */

static void end_transaction(x12_reader *r, const x12_segment *at)
{
    x12_end_claim(r);
    if (r->payment_open) x12_payment_end(&r->payment, at);
    r->payment_open = false;
    if (r->members_open) x12_members_end(&r->members, at);
    r->members_open = false;
    if (!r->in_transaction) return;
    r->in_transaction = false;
    if (r->other_kind && r->claims_in_transaction > 0) {
        x12_keep_transaction(&r->scanner);
        r->scanner.input->rejected += r->claims_in_transaction;
        r->scanner.input->encounters->rejected_claims += r->claims_in_transaction;
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0110", at, 0, NULL,
                    "transaction %s (%s) holds %zu claim%s that %s neither professional nor institutional (837P, "
                    "837I); %s not read",
                    r->control, r->version, r->claims_in_transaction, r->claims_in_transaction == 1 ? "" : "s",
                    r->claims_in_transaction == 1 ? "is" : "are", r->claims_in_transaction == 1 ? "it is" : "they are");
    }
}

static bool version_has(const x12_reader *r, const char *part)
{
    return strstr(r->version, part) != NULL;
}

static void begin_transaction(x12_reader *r, const x12_segment *segment)
{
    if (r->in_transaction) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0104", segment, 0, NULL, "transaction %s has no SE segment",
                    r->control);
        end_transaction(r, segment);
    }
    keep(r->transaction, sizeof r->transaction, x12_element(segment, 1));
    keep(r->control, sizeof r->control, x12_element(segment, 2));
    if (x12_element(segment, 3).length > 0)
        keep(r->version, sizeof r->version, x12_element(segment, 3));
    else if (r->transactions == 0 && !r->group_begun && !r->interchange_begun)
        r->leans = true;
    r->in_transaction = true;
    r->transaction_start = segment->number;
    r->transactions_in_group++;
    r->transactions++;
    r->claims_in_transaction = 0;
    r->dated = false;
    r->loop = LOOP_NONE;
    r->billing = (x12_provider){0};
    r->payer = r->filing_indicator = 0;
    forget_person(&r->subscriber);
    forget_person(&r->patient);
    r->last_person = NULL;
    r->last_provider = NULL;
    r->patient_is_dependent = false;
    bool claim_kind = strcmp(r->transaction, "837") == 0;
    bool dental = version_has(r, "X224") || version_has(r, "X097");
    r->institutional = claim_kind && (version_has(r, "X223") || version_has(r, "X096"));
    r->professional = claim_kind && !dental;
    r->other_kind = !r->professional;
    r->payment_open = strcmp(r->transaction, "835") == 0;
    if (r->payment_open) x12_payment_begin(&r->payment, &r->scanner, r->store, r->control);
    static const char *const told[] = {"271", "277", "278", "270", "276"}; /* the last two only ask */
    for (int k = 0; k < 5; k++) {
        if (strcmp(r->transaction, told[k]) != 0) continue;
        r->members_open = r->members_seen = true;
        x12_members_begin(&r->members, &r->scanner, r->store, (x12_member_kind)(k % 3), r->control);
        r->members.request = k >= 3;
    }
    if (!claim_kind && !r->payment_open && !r->members_open) {
        x12_problem(
            &r->scanner, ADJ_SEVERITY_WARNING, "D0111", segment, 1, NULL,
            "transaction %s is a %s, none of claims (837), a payment (835), eligibility (271), status (277) and "
            "review (278); it is passed over",
            r->control, r->transaction[0] == '\0' ? "nameless one" : r->transaction);
    }
}

/* A count that a trailer states, against what was there; a wrong one is worth a warning, not a refusal. */
static void check_count(x12_reader *r, const x12_segment *segment, size_t counted, const char *what)
{
    int64_t stated;
    x12_text text = x12_element(segment, 1);
    if (!read_whole(text.start, text.length, &stated)) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0105", segment, 1, NULL,
                    "found `%.*s`, expected the number of %s", (int)text.length, text.start, what);
    } else if (stated != (int64_t)counted) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0105", segment, 1, NULL, "states %lld %s; there are %zu",
                    (long long)stated, what, counted);
    }
}

void x12_check_transactions(x12_reader *r, const x12_segment *segment, size_t counted)
{
    check_count(r, segment, counted, "transactions");
}

void x12_check_groups(x12_reader *r, const x12_segment *segment, size_t counted)
{
    check_count(r, segment, counted, "groups");
}

/* Keeps what a trailer states until it is known what stood before the block. Its text may be the scanner's own, of a segment that was put
 * together from lines. */
static void keep_stated(x12_reader *r, x12_stated *stated, const x12_segment *segment, size_t counted)
{
    r->unclear = r->unclear || stated->given;
    *stated = (x12_stated){true, *segment, counted, r->store->problems.count};
    for (size_t i = 0; i < segment->count; i++) {
        x12_text *text = &stated->segment.elements[i];
        text->start = base_arena_copy(&r->scanner.input->arena, text->start, text->length);
        if (text->start == NULL) *text = (x12_text){"", 0};
    }
}

static void trailer(x12_reader *r, const x12_segment *segment)
{
    if (!r->in_transaction) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0106", segment, 0, NULL,
                    "ends a transaction that did not begin");
        return;
    }
    check_count(r, segment, segment->number - r->transaction_start + 1, "segments");
    x12_text control = x12_element(segment, 2);
    if (!x12_is(control, r->control)) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0105", segment, 2, NULL,
                    "control number `%.*s` differs from the `%s` of its ST", (int)control.length, control.start,
                    r->control);
    }
    end_transaction(r, segment);
}

/* ---- hierarchy ---- */

static void level(x12_reader *r, const x12_segment *segment)
{
    x12_end_claim(r);
    x12_text code = x12_element(segment, 3);
    r->last_person = NULL;
    r->last_provider = NULL;
    if (x12_is(code, "20")) {
        r->loop = LOOP_BILLING;
        r->billing = (x12_provider){0};
    } else if (x12_is(code, "22")) {
        r->loop = LOOP_SUBSCRIBER;
        forget_person(&r->subscriber);
        r->payer = r->filing_indicator = 0;
    } else if (x12_is(code, "23")) {
        r->loop = LOOP_PATIENT;
    } else {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0107", segment, 3, NULL,
                    "found level `%.*s`; expected 20 (billing provider), 22 (subscriber) or 23 (patient)",
                    (int)code.length, code.start);
    }
    forget_person(&r->patient);
    r->patient_is_dependent = r->loop == LOOP_PATIENT;
}

static void provider(x12_reader *r, const x12_segment *segment, x12_provider *provider, const char *role)
{
    *provider = (x12_provider){.named = true};
    r->last_provider = provider;
    x12_text qualifier = x12_element(segment, 8), id = x12_element(segment, 9);
    const char *claim = r->claim == RUN_NO_ROW ? NULL : r->claim_id;
    if (!x12_is(qualifier, "XX") || id.length == 0) return;
    provider->npi = x12_symbol(r, id);
    if (!lang_npi_valid(id.start, id.length)) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0205", segment, 9, claim,
                    "`%.*s` of the %s is not a valid National Provider Identifier (ten digits, check digit)",
                    (int)id.length, id.start, role);
    }
}

static void person(x12_reader *r, const x12_segment *segment, x12_person *person)
{
    x12_person before = *person; /* its PAT stands before its NM1 */
    forget_person(person);
    person->death = before.death;
    person->death_known = before.death_known;
    person->death_garbled = before.death_garbled;
    person->named = true;
    keep(person->first, sizeof person->first, x12_element(segment, 4));
    keep(person->id, sizeof person->id, x12_element(segment, 9));
    r->last_person = person;
}

static void name(x12_reader *r, const x12_segment *segment)
{
    x12_text role = x12_element(segment, 1);
    bool in_claim = r->claim != RUN_NO_ROW, in_line = r->line != RUN_NO_ROW;
    r->last_provider = NULL;
    if (!in_claim) r->last_person = NULL;
    if (x12_is(role, "85") && !in_claim) {
        uint32_t taxonomy = r->billing.taxonomy; /* its PRV stands before it, in loop 2000A */
        provider(r, segment, &r->billing, "billing provider");
        r->billing.taxonomy = taxonomy;
    } else if (x12_is(role, "IL") && !in_claim) {
        person(r, segment, &r->subscriber);
    } else if (x12_is(role, "QC") && !in_claim) {
        person(r, segment, &r->patient);
        r->patient_is_dependent = r->loop == LOOP_PATIENT;
    } else if ((x12_is(role, "PR") || (x12_is(role, "IN") && r->payer == 0)) && !in_claim) {
        x12_text id = x12_element(segment, 9);
        r->payer = x12_symbol(r, id.length > 0 ? id : x12_element(segment, 3));
    } else if (in_claim && !(r->other_subscriber && !in_line)) {
        if (x12_is(role, "82"))
            provider(r, segment, in_line ? &r->line_rendering : &r->rendering, "rendering provider");
        if (x12_is(role, "DQ"))
            provider(r, segment, in_line ? &r->line_supervising : &r->supervising, "supervising provider");
        if (x12_is(role, "DN"))
            provider(r, segment, in_line ? &r->line_referring : &r->referring, "referring provider");
        if (x12_is(role, "71") && !in_line) provider(r, segment, &r->attending, "attending provider");
        if (x12_is(role, "77")) provider(r, segment, in_line ? &r->line_facility : &r->facility, "service facility");
    }
}

static void demographics(x12_reader *r, const x12_segment *segment)
{
    if (r->last_person == NULL || r->claim != RUN_NO_ROW) return;
    x12_text date = x12_element(segment, 2), sex = x12_element(segment, 3);
    if (date.length > 0) {
        r->last_person->birth_known = base_date_read(date.start, date.length, true, &r->last_person->birth);
        if (!r->last_person->birth_known) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0202", segment, 2, NULL,
                        "found `%.*s`, expected a date of birth that exists as YYYYMMDD", (int)date.length, date.start);
        }
    }
    r->last_person->sex = x12_is(sex, "F") ? 0 : x12_is(sex, "M") ? 1 : x12_is(sex, "U") ? 2 : -1;
}

/* PAT: the date of death of the subscriber or the dependent. */
static void patient_information(x12_reader *r, const x12_segment *segment)
{
    x12_text date = x12_element(segment, 6);
    if (r->claim != RUN_NO_ROW || date.length == 0 || !x12_is(x12_element(segment, 5), "D8")) return;
    x12_person *person = r->loop == LOOP_PATIENT ? &r->patient : &r->subscriber;
    person->death_known = base_date_read(date.start, date.length, true, &person->death);
    person->death_garbled = !person->death_known;
    if (person->death_known) return;
    x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0202", segment, 6, NULL,
                "found `%.*s`, expected a date of death that exists as YYYYMMDD", (int)date.length, date.start);
}

static void speciality(x12_reader *r, const x12_segment *segment)
{
    x12_text taxonomy = x12_element(segment, 3);
    if (taxonomy.length == 0) return;
    if (r->last_provider != NULL)
        r->last_provider->taxonomy = x12_symbol(r, taxonomy);
    else if (x12_is(x12_element(segment, 1), "BI") || x12_is(x12_element(segment, 1), "PT")) {
        r->billing.taxonomy = x12_symbol(r, taxonomy); /* 2000A PRV stands before its NM1 */
    }
}

static void begin_hierarchy(x12_reader *r, const x12_segment *segment)
{
    x12_text date = x12_element(segment, 4);
    r->dated = base_date_read(date.start, date.length, true, &r->date);
    if (!r->dated && date.length > 0) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0202", segment, 4, NULL,
                    "found `%.*s`, expected the transaction's date as YYYYMMDD", (int)date.length, date.start);
    }
}

/* ---- the dispatch over segments ---- */

static void envelope(x12_reader *r, const x12_segment *segment, x12_text id)
{
    if (x12_is(id, "ISA") || x12_is(id, "IEA")) {
        if (r->in_transaction) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0104", segment, 0, NULL,
                        "transaction %s has no SE segment", r->control);
            end_transaction(r, segment);
        }
        if (x12_is(id, "IEA") && r->in_block && !r->interchange_begun)
            keep_stated(r, &r->stated_groups, segment, r->groups_in_interchange);
        else if (x12_is(id, "IEA"))
            x12_check_groups(r, segment, r->groups_in_interchange);
        r->groups_in_interchange = 0;
        r->interchange_begun = true;
        r->version[0] = '\0';
    } else if (x12_is(id, "GS")) {
        r->groups_in_interchange++;
        r->transactions_in_group = 0;
        r->group_begun = true;
        keep(r->version, sizeof r->version, x12_element(segment, 8));
    } else {
        if (r->in_transaction) {
            x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0104", segment, 0, NULL,
                        "transaction %s has no SE segment", r->control);
            end_transaction(r, segment);
        }
        if (r->in_block && !r->group_begun)
            keep_stated(r, &r->stated_transactions, segment, r->transactions_in_group);
        else
            x12_check_transactions(r, segment, r->transactions_in_group);
    }
}

static void other_service(x12_reader *r, const x12_segment *segment)
{
    if (r->line == RUN_NO_ROW || r->line_filled) return;
    x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0206", segment, 0, r->claim_id,
                "a service of another kind of claim; expected %s", r->institutional ? "SV2" : "SV1");
}

static void subscriber(x12_reader *r, const x12_segment *segment)
{
    if (r->claim == RUN_NO_ROW) {
        r->filing_indicator = x12_symbol(r, x12_element(segment, 9));
        return;
    }
    x12_end_line(r);
    r->other_subscriber = true;
}

static void content(x12_reader *r, const x12_segment *segment, uint32_t id)
{
    switch (id) {
    case X12_ID('B', 'H', 'T'): begin_hierarchy(r, segment); break;
    case X12_ID('H', 'L', 0): level(r, segment); break;
    case X12_ID('N', 'M', '1'): name(r, segment); break;
    case X12_ID('D', 'M', 'G'): demographics(r, segment); break;
    case X12_ID('P', 'A', 'T'): patient_information(r, segment); break;
    case X12_ID('P', 'R', 'V'): speciality(r, segment); break;
    case X12_ID('N', '4', 0):
        if (r->last_person != NULL && r->claim == RUN_NO_ROW)
            keep(r->last_person->state, sizeof r->last_person->state, x12_element(segment, 2));
        break;
    case X12_ID('S', 'B', 'R'): subscriber(r, segment); break;
    case X12_ID('C', 'L', 'M'): x12_begin_claim(r, segment); break;
    case X12_ID('H', 'I', 0): x12_diagnoses(r, segment); break;
    case X12_ID('L', 'X', 0): x12_begin_line(r, segment); break;
    case X12_ID('S', 'V', '1'):
    case X12_ID('S', 'V', '2'):
        if (r->institutional == (id == X12_ID('S', 'V', '2')))
            x12_service(r, segment);
        else
            other_service(r, segment);
        break;
    case X12_ID('S', 'V', '3'): other_service(r, segment); break;
    case X12_ID('D', 'T', 'P'): x12_date(r, segment); break;
    case X12_ID('R', 'E', 'F'): x12_reference(r, segment); break;
    default: break;
    }
}

/* The symbols that are known when a claim has ended and hold for the next, as texts: a batch takes the symbols with it. */
typedef struct carried {
    uint32_t *place;
    const char *text;
} carried;

static bool next_batch(x12_reader *r, const x12_segment *segment)
{
    run_store *store = r->store;
    x12_end_claim(r);
    if (r->payment_open) x12_payment_end_claim(&r->payment);
    carried symbols[] = {
        {&r->payer, NULL}, {&r->filing_indicator, NULL}, {&r->billing.npi, NULL}, {&r->billing.taxonomy, NULL}};
    enum { COUNT = sizeof symbols / sizeof *symbols };
    base_arena kept;
    base_arena_init(&kept, &store->arena.allocator);
    for (size_t i = 0; i < COUNT; i++) {
        const char *text = base_intern_text(&store->symbols, *symbols[i].place);
        symbols[i].text = base_arena_copy(&kept, text, strlen(text));
    }
    bool good = !kept.failed && read_batch_end(r->scanner.input, segment->offset);
    for (size_t i = 0; i < COUNT && good; i++)
        *symbols[i].place = x12_symbol(r, (x12_text){symbols[i].text, strlen(symbols[i].text)});
    if (kept.failed) store->arena.failed = true;
    base_arena_release(&kept);
    return good;
}

/* Whether the rows that were read may be given on before this segment: no claim goes on, and nothing that is told of a member. */
static bool may_part(const x12_reader *r, uint32_t id)
{
    bool parts = id == X12_ID('C', 'L', 'M') || id == X12_ID('H', 'L', 0) || id == X12_ID('S', 'T', 0);
    return (parts || (id == X12_ID('C', 'L', 'P') && r->payment_open)) && !r->members_open;
}

static void read_segment(x12_reader *r, const x12_segment *segment, x12_text name, uint32_t id)
{
    switch (id) {
    case X12_ID('I', 'S', 'A'):
    case X12_ID('I', 'E', 'A'):
    case X12_ID('G', 'S', 0):
    case X12_ID('G', 'E', 0): envelope(r, segment, name); return;
    case X12_ID('S', 'T', 0): begin_transaction(r, segment); return;
    case X12_ID('S', 'E', 0): trailer(r, segment); return;
    default: break;
    }
    if (r->payment_open)
        x12_payment_segment(&r->payment, segment, id);
    else if (r->members_open)
        x12_members_segment(&r->members, segment, name);
    else if (r->in_transaction && r->other_kind)
        r->claims_in_transaction += id == X12_ID('C', 'L', 'M') ? 1 : 0;
    else if (r->in_transaction)
        content(r, segment, id);
}

bool x12_reader_begin(x12_reader *r, read_input *input)
{
    *r = (x12_reader){0};
    if (!x12_scanner_init(&r->scanner, input)) return false;
    r->store = input->store;
    r->submitted = lang_schema_word_find(&lang_schema_standard, LANG_ENUMERATION_line_status, "submitted");
    r->claim = r->line = RUN_NO_ROW;
    forget_person(&r->subscriber);
    forget_person(&r->patient);
    return true;
}

bool x12_read_on(x12_reader *r)
{
    read_input *input = r->scanner.input;
    x12_segment segment;
    size_t part = r->scanner.at; /* where what may still be at hand begins */
    while (x12_next(&r->scanner, &segment) && !input->store->arena.failed) {
        x12_text name = x12_element(&segment, 0);
        uint32_t id = x12_id(name);
        r->ended = id == X12_ID('I', 'E', 'A');
        r->scanner.context.now = segment.offset;
        if (may_part(r, id)) {
            if (read_batch_is_full(input) && !next_batch(r, &segment)) return false;
            read_give_up(input, part);
            part = segment.offset;
        }
        read_segment(r, &segment, name, id);
        x12_follow(&r->scanner, &segment, id);
        if (id == X12_ID('S', 'E', 0) && !r->tried_blocks && !x12_read_blocks(r)) return false;
    }
    return true;
}

bool read_x12(read_input *input)
{
    x12_reader *r = base_arena_alloc(&input->arena, sizeof *r);
    if (r == NULL || !x12_reader_begin(r, input) || !x12_read_on(r)) return false;
    r->scanner.context.now = input->length;
    if (r->in_transaction) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0104", NULL, 0, NULL,
                    "the file ends inside transaction %s, without SE", r->control);
        end_transaction(r, NULL);
    } else if (!r->ended) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0104", NULL, 0, NULL, "the file ends without IEA");
    }
    x12_end_rejects(&r->scanner);
    if (input->accepted == 0 && input->rejected == 0 && !r->members_seen) {
        x12_problem(&r->scanner, ADJ_SEVERITY_WARNING, "D0112", NULL, 0, NULL,
                    "the file holds no claim, no claim payment and no other answer of a payer");
    }
    if (r->transactions == 0) {
        x12_problem(&r->scanner, ADJ_SEVERITY_ERROR, "D0113", NULL, 0, NULL,
                    "the file holds no transaction (ST); nothing in it can be read");
        return false;
    }
    return input->accepted > 0 || input->rejected == 0;
}
