/* The standard schema is a file of the language: the tables that the build makes of it say what the language's own parser
 * reads there. And what a site adds: its fields and records come in with its files. */
#include "lang/parser.h"
#include "runtime/store.h"
#include "tests/suites/support.h"

static void check_field(const lang_schema_declaration *record, const lang_field_row *row)
{
    const lang_schema *schema = &lang_schema_standard;
    lang_record id = lang_schema_record_find(schema, record->name.text);
    lang_field field = lang_schema_find(schema, id, row->name.text);
    cr_assert(field != LANG_NO_FIELD, "%s.%s is not in the tables", record->name.text, row->name.text);
    const lang_field_info *info = lang_schema_field(schema, field);
    bool optional = false, correctable = false;
    for (size_t i = 0; i < row->words.count; i++) {
        optional = optional || strcmp(row->words.items[i].text, "optional") == 0;
        correctable = correctable || strcmp(row->words.items[i].text, "correctable") == 0;
    }
    lang_type type;
    if (!lang_schema_type(schema, row->type_name.text, &type) ||
        lang_schema_record_find(schema, row->type_name.text) != LANG_NO_RECORD) {
        lang_record target = lang_schema_record_find(schema, row->type_name.text);
        if (target != LANG_NO_RECORD) type = (lang_type){LANG_TYPE_RECORD, (uint16_t)target, false, false};
    }
    cr_expect_eq(info->type.kind, type.kind, "%s.%s", record->name.text, row->name.text);
    cr_expect_eq(info->type.detail, type.detail, "%s.%s", record->name.text, row->name.text);
    cr_expect_eq(info->type.list, row->list, "%s.%s", record->name.text, row->name.text);
    cr_expect_eq(info->type.optional, optional, "%s.%s", record->name.text, row->name.text);
    cr_expect_eq(info->correctable, correctable, "%s.%s", record->name.text, row->name.text);
    cr_expect_eq(info->feed, lang_schema_feed_find(row->feed.text), "%s.%s", record->name.text, row->name.text);
    cr_expect_str_eq(info->label, row->label.text);
}

Test(schema, the_tables_are_the_file)
{
    char *text = support_file(SOURCE_FOLDER "/lang/standard.adj");
    base_arena arena;
    base_arena_init(&arena, NULL);
    lang_diagnostics diagnostics;
    lang_diagnostics_init(&diagnostics, &arena);
    lang_file file = {.path = "standard.adj", .text = text, .length = strlen(text)};
    cr_assert(lang_index_lines(&arena, &file) && lang_parse_file(&arena, &diagnostics, &file, NULL));
    int fields = 0, records = 0, systems = 0, enumerations = 0;
    for (size_t d = 0; d < file.schema.count; d++) {
        const lang_schema_declaration *declaration = file.schema.items[d];
        const char *name = declaration->name.text;
        switch (declaration->kind) {
        case LANG_SCHEMA_RECORD:
            cr_expect_eq((int)lang_schema_record_find(&lang_schema_standard, name), records++);
            break;
        case LANG_SCHEMA_SYSTEM:
            cr_expect_eq((int)lang_schema_system_find(&lang_schema_standard, name), systems++);
            break;
        default: {
            lang_enumeration id = lang_schema_enumeration_find(&lang_schema_standard, name);
            cr_assert_eq((int)id, enumerations++);
            char word[40];
            for (size_t w = 0; w < declaration->words.count; w++) {
                cr_assert(lang_schema_word(&lang_schema_standard, id, w, word));
                cr_expect_str_eq(word, declaration->words.items[w].text);
            }
            cr_expect_not(lang_schema_word(&lang_schema_standard, id, declaration->words.count, word), "%s", name);
            break;
        }
        }
        for (size_t r = 0; r < declaration->rows.count; r++, fields++)
            check_field(declaration, &declaration->rows.items[r]);
    }
    cr_expect_eq(fields, LANG_FIELD_COUNT);
    cr_expect_eq(records, LANG_RECORD_COUNT);
    cr_expect_eq(systems, LANG_SYSTEM_COUNT);
    cr_expect_eq(enumerations, LANG_ENUMERATION_COUNT);
    base_arena_release(&arena);
    free(text);
}

#define SITE                                                                                                           \
    "policy site\n  payer \"HARBOR\"\n\nenumeration license_state\n  active, lapsed\n\n"                               \
    "record license \"license\"\n  provider : npi key\n  state : license_state\n  dates : dates\n\n"                   \
    "extend line\n  license : license optional by rendering_provider\n\n"                                              \
    "extend session\n  room_capacity : count optional from sessions\n"                                                 \
    "  break_time : minutes optional from sessions\n\n"                                                                \
    "extend claim\n  grant_number : text optional correctable from claims\n\n"                                         \
    "clause licensed\n  cite \"1\"\n  require license is present and license.state = active\n"                         \
    "  deny CO-8 N95 as provider \"license\"\n\n"                                                                      \
    "clause room\n  cite \"2\"\n  when session.room_capacity is present\n"                                             \
    "  require session.attendees <= session.room_capacity\n  warn \"{session.room_capacity}\"\n\n"                     \
    "clause granted\n  cite \"3\"\n  require claim.grant_number is present\n  warn \"no grant\"\n\n"                   \
    "clause rested\n  cite \"4\"\n  when session.break_time is present\n"                                              \
    "  require session.break_time <= 15 minutes\n  warn \"{session.break_time}\"\n"

static adj_clause_verdict verdict_of(const adj_results *results, const char *claim, size_t clause)
{
    for (size_t i = 0; i < adj_results_count(results); i++) {
        adj_line line = adj_results_line((adj_results *)(uintptr_t)results, i);
        if (strcmp(line.claim, claim) == 0) return adj_results_clause(results, i, clause);
    }
    cr_assert_fail("no claim %s", claim);
    return ADJ_CLAUSE_NOT_APPLICABLE;
}

static void give(adj_encounters *encounters, const char *name, const char *text)
{
    cr_assert_eq(adj_encounters_read_bytes(encounters, name, text, strlen(text)), ADJ_OK, "%s", name);
}

Test(schema, a_sites_fields_come_with_its_files)
{
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    adj_policies *policies = support_policies(SITE);
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    cr_assert_eq(adj_encounters_read_bytes(encounters, "claims.837", claims, strlen(claims)), ADJ_OK);
    char *sessions = support_file(SOURCE_FOLDER "/examples/demo/sessions.csv");
    char *attendance = support_file(SOURCE_FOLDER "/examples/demo/attendance.csv");
    /* A column of the site beside the standard ones: `room_capacity` at the end of every line. */
    char *wide = calloc(1, 2 * strlen(sessions) + 100), *at = wide;
    for (const char *s = sessions; *s != '\0'; s++) {
        if (*s == '\n') at += sprintf(at, "%s", s == strchr(sessions, '\n') ? ",room_capacity" : ",5");
        *at++ = *s;
    }
    give(encounters, "sessions.csv", wide);
    give(encounters, "attendance.csv", attendance);
    give(encounters, "claims.csv", "claim_id,grant_number\nRB-2001,G-1\nRB-2002,none\n");
    give(encounters, "license.csv", "provider,state,from,to\n1234567893,active,2020-01-01,2026-12-31\n");
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_ERROR), 0u);
    adj_results *results = support_evaluate(policies, encounters);
    cr_expect_eq(verdict_of(results, "RB-2001", 1), ADJ_CLAUSE_FAIL, "more than five attended");
    cr_expect_eq(verdict_of(results, "RB-2001", 2), ADJ_CLAUSE_PASS);
    cr_expect_eq(verdict_of(results, "RB-2002", 2), ADJ_CLAUSE_FAIL);
    adj_clause_verdict license = verdict_of(results, "RB-2001", 0);
    cr_expect(license == ADJ_CLAUSE_PASS || license == ADJ_CLAUSE_FAIL,
              "the license's file was given: nothing is open");
    adj_results_free(results);
    adj_encounters_free(encounters);

    /* Encounters that were read without the policies' schema know nothing of the site: its fields are unknown. */
    encounters = adj_encounters_new(NULL);
    give(encounters, "claims.837", claims);
    results = support_evaluate(policies, encounters);
    cr_expect_eq(verdict_of(results, "RB-2001", 0), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(verdict_of(results, "RB-2001", 2), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(verdict_of(results, "RB-2001", 3), ADJ_CLAUSE_CANNOT_TELL);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    free(sessions);
    free(attendance);
    free(wide);
}

static adj_clause_verdict licensed_with(const char *licenses)
{
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    adj_policies *policies = support_policies(SITE);
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    give(encounters, "claims.837", claims);
    (void)adj_encounters_read_bytes(encounters, "license.csv", licenses, strlen(licenses));
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = verdict_of(results, "RB-2001", 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    return verdict;
}

#define LICENSES "provider,state,from,to\n"

/* RB-2001 is of 2026-06-02, by the rendering provider 1700000114. */
Test(schema, a_sites_row_is_found_for_certain_or_not_at_all)
{
    const char *active = LICENSES "1700000114,active,2020-01-01,2026-12-31\n";
    cr_expect_eq(licensed_with(active), ADJ_CLAUSE_PASS);
    cr_expect_eq(licensed_with(LICENSES "1700000114,active,2020-01-01,2026-06-01\n"), ADJ_CLAUSE_FAIL, "ended before");
    cr_expect_eq(licensed_with(LICENSES "1700000114,active,2020-01-01,\n"), ADJ_CLAUSE_PASS, "no end");
    cr_expect_eq(licensed_with(LICENSES "1234567893,active,2020-01-01,2026-12-31\n"), ADJ_CLAUSE_FAIL, "another's");
    const char *both = LICENSES "1700000114,active,2020-01-01,2026-12-31\n1700000114,lapsed,2026-01-01,2026-12-31\n";
    cr_expect_eq(licensed_with(both), ADJ_CLAUSE_CANNOT_TELL, "two rows that fit, and nothing says which");
    const char *hole = LICENSES "1234567893,active,2020-01-01,2026-12-31\n1700000114,active,2026-06-02,2026-06-01\n";
    cr_expect_eq(licensed_with(hole), ADJ_CLAUSE_CANNOT_TELL, "a record that could not be read may be the one");
    const char *when = LICENSES "1700000114,active,unknown,unknown\n";
    cr_expect_eq(licensed_with(when), ADJ_CLAUSE_CANNOT_TELL, "nobody knows whether it was in effect");
}

static adj_clause_verdict paid_with(const char *remittances)
{
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    adj_policies *policies = support_policies("policy p\n  payer \"HARBOR\"\n\nclause paid\n  cite \"1\"\n"
                                              "  require remittance is present and remittance.status = paid\n"
                                              "  warn \"not paid\"\n");
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    give(encounters, "claims.837", claims);
    (void)adj_encounters_read_bytes(encounters, "remittance.csv", remittances, strlen(remittances));
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = verdict_of(results, "RB-2001", 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    return verdict;
}

#define REMITTANCES "claim_id,line,status,date,paid\n"

Test(schema, the_last_remittance_counts)
{
    const char *denied = "RB-2001,1,denied,2026-06-20,0.00\n", *paid = "RB-2001,1,paid,2026-07-20,50.00\n";
    char text[200];
    snprintf(text, sizeof text, REMITTANCES "%s%s", denied, paid);
    cr_expect_eq(paid_with(text), ADJ_CLAUSE_PASS);
    snprintf(text, sizeof text, REMITTANCES "%s%s", paid, denied);
    cr_expect_eq(paid_with(text), ADJ_CLAUSE_PASS, "the order of the file does not matter where there are dates");
    cr_expect_eq(paid_with(REMITTANCES "RB-2002,1,paid,,1.00\n"), ADJ_CLAUSE_FAIL, "not answered yet");
    cr_expect_eq(paid_with(REMITTANCES "RB-2001,1,paid,2026-13-01,1.00\n"), ADJ_CLAUSE_CANNOT_TELL,
                 "an answer that could not be read is not none");
}

/* Two members at one session; the history's line of the second one names no provider and no session. */
static adj_clause_verdict counted_with(const char *history, const char *collection)
{
    char text[300];
    snprintf(text, sizeof text,
             "policy p\n  payer \"HARBOR\"\n\nclause few\n  cite \"1\"\n"
             "  require at most 20 of %s\n  warn \"{count}\"\n",
             collection);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    char *sessions = support_file(SOURCE_FOLDER "/examples/demo/sessions.csv");
    char *attendance = support_file(SOURCE_FOLDER "/examples/demo/attendance.csv");
    give(encounters, "claims.837", claims);
    give(encounters, "sessions.csv", sessions);
    give(encounters, "attendance.csv", attendance);
    give(encounters, "history.csv", history);
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = verdict_of(results, "RB-2001", 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    free(sessions);
    free(attendance);
    return verdict;
}

#define HISTORY "member_id,claim_id,date,procedure,status,rendering_provider,billing_provider\n"

Test(schema, lines_of_unknown_provider_or_session_may_be_of_any)
{
    const char *other_day = HISTORY "RB10002,H1,2026-05-01,90853,paid,1234567893,1234567893\n";
    const char *nobody = HISTORY "RB10002,H1,2026-06-02,90853,paid,,\n";
    const char *day = "history of the rendering provider on the same day";
    cr_expect_eq(counted_with(other_day, day), ADJ_CLAUSE_PASS);
    cr_expect_eq(counted_with(nobody, day), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(counted_with(nobody, "history of the billing provider on the same day"), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(counted_with(other_day, "session.lines"), ADJ_CLAUSE_PASS, "a line of another day is not of it");
    cr_expect_eq(counted_with(nobody, "session.lines"), ADJ_CLAUSE_CANNOT_TELL, "its member attended that day");
}

/* Records that are found by a step further: the member of the line, the platform of its session. */
#define FURTHER                                                                                                        \
    "policy further\n\nrecord stay \"stay\"\n  member : text key\n  dates : dates\n\n"                                 \
    "record accepted \"accepted platform\"\n  platform : text key\n  payer : text key\n\n"                             \
    "extend line\n  stay : stay optional by patient.id\n  accepted : accepted optional by session.platform, payer\n\n" \
    "clause no_stay\n  cite \"1\"\n  require stay is absent\n  warn \"x\"\n\n"                                         \
    "clause on_platform\n  cite \"2\"\n  require accepted is present\n  warn \"x\"\n"

static adj_clause_verdict further(const char *sessions, const char *stays, const char *accepted, size_t clause)
{
    char *claims = support_file(SOURCE_FOLDER "/examples/demo/claims.837");
    char *attendance = support_file(SOURCE_FOLDER "/examples/demo/attendance.csv");
    adj_policies *policies = support_policies(FURTHER);
    adj_encounters *encounters = adj_encounters_new_for(policies, NULL);
    give(encounters, "claims.837", claims);
    give(encounters, "attendance.csv", attendance);
    if (sessions != NULL) give(encounters, "sessions.csv", sessions);
    if (stays != NULL) give(encounters, "stay.csv", stays);
    if (accepted != NULL) give(encounters, "accepted.csv", accepted);
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = verdict_of(results, "RB-2001", clause);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    free(attendance);
    return verdict;
}

#define MET "session_id,date,platform,facilitator\nS-0602,2026-06-02,"

/* RB-2001 is of RB10001, on 2 June, in S-0602. */
Test(schema, a_sites_row_is_found_by_a_step_further)
{
    enum { NO_STAY, ON_PLATFORM };
    cr_expect_eq(further(NULL, NULL, NULL, NO_STAY), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(further(NULL, "member,from,to\nRB10001,2026-06-01,2026-06-02\n", NULL, NO_STAY), ADJ_CLAUSE_FAIL);
    cr_expect_eq(further(NULL, "member,from,to\nRB10001,2026-05-01,2026-06-01\n", NULL, NO_STAY), ADJ_CLAUSE_PASS);
    cr_expect_eq(further(NULL, "member,from,to\nRB10002,2026-06-01,2026-06-02\n", NULL, NO_STAY), ADJ_CLAUSE_PASS);
    const char *meet = MET "Meet,1700000114\n", *none = MET ",1700000114\n", *unknown = MET "unknown,1700000114\n";
    const char *harbor = "platform,payer\nMeet,HARBOR\n", *summit = "platform,payer\nMeet,SUMMIT\n";
    cr_expect_eq(further(meet, NULL, harbor, ON_PLATFORM), ADJ_CLAUSE_PASS);
    cr_expect_eq(further(meet, NULL, summit, ON_PLATFORM), ADJ_CLAUSE_FAIL);
    cr_expect_eq(further(none, NULL, harbor, ON_PLATFORM), ADJ_CLAUSE_FAIL, "no platform is none that is accepted");
    cr_expect_eq(further(unknown, NULL, harbor, ON_PLATFORM), ADJ_CLAUSE_CANNOT_TELL, "nobody knows which");
    cr_expect_eq(further(unknown, NULL, summit, ON_PLATFORM), ADJ_CLAUSE_FAIL, "none of them is the payer's");
    cr_expect_eq(further(NULL, NULL, harbor, ON_PLATFORM), ADJ_CLAUSE_CANNOT_TELL, "nobody knows the session");
}
