/* Loading: what the store knows of the members, sessions and claims of a run. */
#include "readers/store/store.h"

#include <string.h>

enum {
    TOGETHER = 512,     /* questions in one transaction: each of its own would take as long as its answer */
    TEXT_FULL = 1 << 20 /* bytes of records that are read at a time */
};

typedef struct loading {
    adj_store *store;
    read_encounters *encounters;
    base_arena scratch;
    base_text text;     /* records that were found, one a line */
    base_text identity; /* of the record at hand */
    base_intern loaded;
    int64_t number;
    size_t records;
    size_t asked; /* in the transaction at hand; 0 for none */
    adj_status status;
} loading;

/* Columns: kind, key, body. */
static bool add_record(void *state, const store_value *columns, size_t count)
{
    loading *l = state;
    if (count != 3) return false;
    l->identity.length = 0;
    base_text_add(&l->identity, columns[0].bytes, columns[0].length);
    base_text_add(&l->identity, "\x1e", 1);
    base_text_add(&l->identity, columns[1].bytes, columns[1].length);
    size_t before = l->loaded.entries.count;
    base_intern_add(&l->loaded, base_text_string(&l->identity), l->identity.length);
    if (l->loaded.entries.count == before) return !l->scratch.failed;
    base_text_add(&l->text, columns[2].bytes, columns[2].length);
    base_text_add(&l->text, "\n", 1);
    l->records++;
    return !l->scratch.failed;
}

#define AT_THE_TIME " AND since <= $2 AND (ended IS NULL OR ended > $2) ORDER BY kind, since, key"

static bool end_transaction(loading *l)
{
    if (l->asked > 0 && !store_database_commit(l->store->database)) return false;
    l->asked = 0;
    return true;
}

/* Reads the records that were found. */
static bool read_loaded(loading *l)
{
    if (l->text.length == 0) return true;
    run_store *store = &l->encounters->handle.store;
    bool feeds[LANG_FEED_COUNT];
    memcpy(feeds, store->feeds, sizeof feeds);
    adj_status status = read_own_writing(&l->encounters->handle, "the store", base_text_string(&l->text),
                                         l->text.length, l->text.capacity);
    /* A record says nothing of its feed: that the store knows (adjudge_feed). */
    memcpy(store->feeds, feeds, sizeof feeds);
    l->text.length = 0;
    if (status == ADJ_OUT_OF_MEMORY) l->status = status;
    return l->status == ADJ_OK;
}

/* Finds what bears a name. What the run asked for is fixed when it began: others may change the store between two questions. */
static bool load_by(loading *l, const char *sql, const char *name)
{
    const store_value values[] = {store_text(name), store_number(l->number)};
    bool good = l->asked > 0 || store_database_begin_reading(l->store->database);
    if (good) l->asked++;
    good = good && store_database_run(l->store->database, sql, values, 2, add_record, l);
    if (good && l->asked == TOGETHER) good = end_transaction(l);
    return good && (l->text.length < TEXT_FULL || read_loaded(l));
}

static bool load_members(loading *l)
{
    const run_store *store = &l->encounters->handle.store;
    bool good = true;
    uint32_t count = store->counts[LANG_RECORD_patient]; /* what is read meanwhile may bring more */
    for (uint32_t p = 1; p < count && good; p++) {
        const char *member = run_store_text(store, LANG_FIELD_patient_id, p);
        if (*member == '\0') continue;
        good = load_by(l, "SELECT kind, key, body FROM adjudge_record WHERE member = $1" AT_THE_TIME, member);
    }
    return good;
}

static bool load_sessions(loading *l)
{
    const run_store *store = &l->encounters->handle.store;
    bool good = true;
    uint32_t count = store->counts[LANG_RECORD_session]; /* what is read meanwhile may bring more */
    for (uint32_t s = 0; s < count && good; s++) {
        const char *session = run_store_text(store, LANG_FIELD_session_id, s);
        if (*session == '\0') continue;
        good = load_by(l, "SELECT kind, key, body FROM adjudge_record WHERE session = $1" AT_THE_TIME, session);
    }
    return good;
}

static bool load_claims(loading *l)
{
    const run_store *store = &l->encounters->handle.store;
    bool good = true;
    uint32_t count = store->counts[LANG_RECORD_claim]; /* what is read meanwhile may bring more */
    for (uint32_t c = 0; c < count && good; c++) {
        const char *claim = run_store_text(store, LANG_FIELD_claim_id, c);
        if (*claim == '\0') continue;
        good = load_by(l,
                       "SELECT kind, key, body FROM adjudge_record WHERE claim = $1 AND kind IN ('remittance', "
                       "'claims', 'acknowledgments')" AT_THE_TIME,
                       claim);
    }
    return good;
}

/* What belongs to nobody: rates, payers, records of the site. */
static bool load_common(loading *l)
{
    return load_by(
        l, "SELECT kind, key, body FROM adjudge_record WHERE member = $1 AND session = '' AND claim = ''" AT_THE_TIME,
        "");
}

static bool set_feed(void *state, const store_value *columns, size_t count)
{
    run_store *store = state;
    if (count != 1) return false;
    for (int f = 0; f < LANG_FEED_COUNT; f++) {
        const char *name = lang_schema_feed_name((lang_feed)f);
        if (strlen(name) == columns[0].length && memcmp(name, columns[0].bytes, columns[0].length) == 0)
            store->feeds[f] = true;
    }
    for (int r = LANG_RECORD_COUNT; r < lang_schema_record_count(store->schema); r++) {
        const char *name = lang_schema_site_record(store->schema, (lang_record)r)->name;
        if (strlen(name) == columns[0].length && memcmp(name, columns[0].bytes, columns[0].length) == 0)
            store->site_feeds[r] = true;
    }
    if (columns[0].length == 11 && memcmp(columns[0].bytes, "own history", 11) == 0) store->history_is_own = true;
    return true;
}

adj_status adj_store_load_member(adj_store *store, adj_encounters *encounters, const char *member, int64_t import)
{
    if (encounters->store.finished) return ADJ_INVALID_INPUT;
    if (run_store_patient(&encounters->store, member, strlen(member)) == RUN_NO_ROW) return ADJ_OUT_OF_MEMORY;
    return adj_store_load(store, encounters, import);
}

static bool add_member(void *state, const store_value *columns, size_t count)
{
    run_store *store = state;
    return count == 1 && run_store_patient(store, columns[0].bytes, columns[0].length) != RUN_NO_ROW;
}

adj_status adj_store_load_all(adj_store *store, adj_encounters *encounters, int64_t import)
{
    if (encounters->store.finished) return ADJ_INVALID_INPUT;
    bool good = store_database_run(store->database,
                                   "SELECT DISTINCT member FROM adjudge_record WHERE member <> '' ORDER BY member",
                                   NULL, 0, add_member, &encounters->store);
    if (!good) return store_fail(store, "the store cannot be read: %s", store_database_message(store->database));
    return adj_store_load(store, encounters, import);
}

adj_status adj_store_load(adj_store *store, adj_encounters *encounters, int64_t import)
{
    loading l = {.store = store, .encounters = (read_encounters *)encounters, .number = import};
    run_store *run = &encounters->store;
    if (run->finished) return ADJ_INVALID_INPUT;
    base_arena_init(&l.scratch, &run->arena.allocator);
    base_text_init(&l.text, &l.scratch);
    base_text_init(&l.identity, &l.scratch);
    read_resolve_references(l.encounters);
    bool good = base_intern_init(&l.loaded, &l.scratch) && (import > 0 || store_last_import(store, &l.number));
    bool (*const parts[])(loading *) = {load_members, load_sessions, load_claims, load_common};
    for (size_t i = 0; i < 4 && good; i++) good = parts[i](&l) && end_transaction(&l) && read_loaded(&l);
    if (!good && l.asked > 0) store_database_roll_back(store->database);
    const store_value values[] = {store_number(l.number)};
    good = good && store_database_run(store->database, "SELECT name FROM adjudge_feed WHERE since <= $1", values, 1,
                                      set_feed, run);
    bool failed = l.scratch.failed;
    base_arena_release(&l.scratch);
    if (failed || l.status == ADJ_OUT_OF_MEMORY) return ADJ_OUT_OF_MEMORY;
    if (!good) return store_fail(store, "the store cannot be read: %s", store_database_message(store->database));
    return ADJ_OK;
}
