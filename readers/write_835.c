/* The 835 writer: answers to lines as claim payments. The model keeps the reasons of an answer, not the amount of each: what
 * was not paid and is not the patient's stands at the first reason. */
#include "readers/writer.h"

#include <inttypes.h>

static void put_cents(format_writer *w, int64_t cents)
{
    uint64_t size = cents < 0 ? 0 - (uint64_t)cents : (uint64_t)cents;
    format_put(w, "%s%" PRIu64 ".%02" PRIu64, cents < 0 ? "-" : "", size / 100, size % 100);
}

static int64_t amount(const run_store *store, lang_field field, uint32_t row)
{
    return run_store_present(store, field, row) ? run_store_bits(store, field, row) : 0;
}

static void put_day(format_writer *w, int64_t day)
{
    char text[16];
    base_date_write((base_date)day, text);
    format_put(w, "%.4s%.2s%.2s", text, text + 5, text + 8);
}

static size_t put_service(format_writer *w, const run_store *store, const run_remitted *answer)
{
    int64_t paid = amount(store, LANG_FIELD_remittance_paid, answer->row);
    int64_t patient = amount(store, LANG_FIELD_remittance_patient_responsibility, answer->row);
    size_t segments = 1;
    format_put(w, "SVC*HC:%s*", base_intern_text(&store->symbols, answer->procedure));
    put_cents(w, answer->charge);
    format_put(w, "*");
    put_cents(w, paid);
    format_put(w, "~\n");
    if (answer->dated) {
        format_put(w, "DTM*472*");
        put_day(w, answer->date);
        format_put(w, "~\n");
        segments++;
    }
    int64_t kept = answer->charge - paid - patient;
    uint64_t list = (uint64_t)amount(store, LANG_FIELD_remittance_reasons, answer->row);
    size_t reasons = list & 0xFFFFU;
    const char *first = reasons > 0 ? base_intern_text(&store->symbols, store->pool.items[list >> 16]) : "45";
    if (kept != 0) {
        format_put(w, "CAS*CO*%s*", first);
        put_cents(w, kept);
        format_put(w, "~\n");
        segments++;
    }
    if (patient != 0) {
        format_put(w, "CAS*PR*%s*",
                   reasons > (kept != 0 ? 1 : 0)
                       ? base_intern_text(&store->symbols, store->pool.items[(list >> 16) + reasons - 1])
                       : "3");
        put_cents(w, patient);
        format_put(w, "~\n");
        segments++;
    }
    if (answer->control != 0) {
        format_put(w, "REF*6R*%s~\n", base_intern_text(&store->symbols, answer->control));
        segments++;
    }
    if (run_store_present(store, LANG_FIELD_remittance_allowed, answer->row)) {
        format_put(w, "AMT*B6*");
        put_cents(w, run_store_bits(store, LANG_FIELD_remittance_allowed, answer->row));
        format_put(w, "~\n");
        segments++;
    }
    uint64_t remarks = (uint64_t)amount(store, LANG_FIELD_remittance_remarks, answer->row);
    for (size_t i = 0; i < (remarks & 0xFFFFU); i++, segments++)
        format_put(w, "LQ*HE*%s~\n", base_intern_text(&store->symbols, store->pool.items[(remarks >> 16) + i]));
    return segments;
}

/* Answers of one claim payment stand together. */
static size_t put_claim(format_writer *w, const run_store *store, size_t from, size_t to)
{
    int64_t charge = 0, paid = 0, patient = 0;
    for (size_t i = from; i < to; i++) {
        const run_remitted *answer = &store->remitted.items[i];
        charge += answer->charge;
        paid += amount(store, LANG_FIELD_remittance_paid, answer->row);
        patient += amount(store, LANG_FIELD_remittance_patient_responsibility, answer->row);
    }
    const char *status = store->remitted.items[from].reversal      ? "22"
                         : paid == 0 && patient == 0 && charge > 0 ? "4"
                                                                   : "1";
    format_put(w, "CLP*%s*%s*", base_intern_text(&store->symbols, store->remitted.items[from].claim), status);
    put_cents(w, charge);
    format_put(w, "*");
    put_cents(w, paid);
    format_put(w, "*");
    put_cents(w, patient);
    format_put(w, "*12~\nNM1*QC*1*" FORMAT_NO_NAME "~\n");
    size_t segments = 2;
    for (size_t i = from; i < to; i++) segments += put_service(w, store, &store->remitted.items[i]);
    return segments;
}

static int64_t day_of(const run_store *store, size_t answer)
{
    uint32_t row = store->remitted.items[answer].row;
    return run_store_present(store, LANG_FIELD_remittance_date, row)
               ? run_store_bits(store, LANG_FIELD_remittance_date, row)
               : -1;
}

/* A payment of one day: a transaction. */
static void put_payment(format_writer *w, const run_store *store, size_t from, size_t to, size_t number,
                        adj_written *written)
{
    int64_t total = 0, day = day_of(store, from);
    for (size_t i = from; i < to; i++) total += amount(store, LANG_FIELD_remittance_paid, store->remitted.items[i].row);
    format_put(w, "ST*835*%04zu~\nBPR*I*", number);
    put_cents(w, total);
    format_put(w, "*C*ACH");
    if (day >= 0) {
        format_put(w, "************");
        put_day(w, day);
    }
    format_put(w, "~\nTRN*1*%zu*1~\nN1*PR*" FORMAT_NO_NAME "~\nN1*PE*" FORMAT_NO_NAME "~\nLX*1~\n", number);
    size_t segments = 6;
    for (size_t i = from, next; i < to; i = next) {
        const run_remitted *first = &store->remitted.items[i];
        for (next = i + 1; next < to; next++) {
            const run_remitted *other = &store->remitted.items[next];
            if (other->claim != first->claim || other->occurrence != first->occurrence) break;
        }
        segments += put_claim(w, store, i, next);
        written->claims++;
        written->lines += next - i;
        format_flush(w, false);
    }
    format_put(w, "SE*%zu*%04zu~\n", segments + 1, number);
}

bool format_write_835(const read_encounters *encounters, adj_write write, void *state, const char *file,
                      adj_written *written)
{
    const run_store *store = &encounters->handle.store;
    format_writer w;
    format_begin(&w, store, write, state, file);
    format_put(
        &w,
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *000101*0000*^*00501*000000001*0*P*:~\n"
        "GS*HP*SENDER*RECEIVER*20000101*0000*1*X*005010X221A1~\n");
    size_t number = 0, count = store->remitted.count;
    for (size_t i = 0, next; i < count && !w.failed; i = next) {
        next = i + 1;
        if (store->remitted.items[i].kind != RUN_REMITTED_SERVICE) {
            written->left_out++;
            continue;
        }
        while (next < count && store->remitted.items[next].kind == RUN_REMITTED_SERVICE &&
               day_of(store, next) == day_of(store, i))
            next++;
        put_payment(&w, store, i, next, ++number, written);
    }
    format_put(&w, "GE*%zu*1~\nIEA*1*000000001~\n", number);
    format_end(&w);
    return !w.failed;
}
