/* Side files: the rules of knowledge (given, not given, no row), and records that cannot be read. */
#include "tests/suites/support.h"

#include <zlib.h>
#include <zstd.h>

#define CLAIM                                                                                                          \
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"       \
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"               \
    "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"                                                                  \
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~NM1*PR*2*HARBOR*****PI*HARBOR~"        \
    "CLM*C1*100***11:B:1*Y*A*Y*Y~REF*G1*A1~HI*ABK:F331~LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~"            \
    "SE*18*0001~GE*1*42~IEA*1*000000042~"

static void with(adj_encounters *encounters, const char *text)
{
    cr_expect_eq(adj_encounters_read_bytes(encounters, "side.csv", text, strlen(text)), ADJ_OK);
}

static char taken[4096];

static bool take_text(void *state, const char *file, const char *bytes, size_t length)
{
    (void)state;
    (void)file;
    cr_assert_lt(length, sizeof taken);
    memcpy(taken, bytes, length);
    taken[length] = '\0';
    return true;
}

static adj_clause_verdict ask(const char *condition, const char *const *sides, size_t count)
{
    char text[512];
    snprintf(text, sizeof text, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = support_read(CLAIM);
    for (size_t i = 0; i < count; i++) with(encounters, sides[i]);
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

#define ASK(condition, ...)                                                                                            \
    ask(condition, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#define SESSIONS                                                                                                       \
    "session_id,date,start,end,minutes,attendees,mode,procedure,facilitator,program\nS1,2026-06-02,17:00,18:00,60,8,"  \
    "video,90853,1234567893,intermediate\n"
#define ATTENDANCE "session_id,member_id,minutes\nS1,M1,30\n"

Test(side_files, a_feed_that_was_not_given_leaves_its_fields_unknown)
{
    cr_expect_eq(ask("session.minutes >= 45 minutes", NULL, 0), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ask("coverage is present", NULL, 0), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ask("at most 8 of history in the last 6 months", NULL, 0), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ask("no history in the last 6 months", NULL, 0), ADJ_CLAUSE_FAIL, "the line itself is one already");
}

Test(side_files, a_given_feed_without_a_row_means_absent_or_unknown)
{
    cr_expect_eq(ASK("coverage is present", "member_id,from,plan\nM2,2026-01-01,HMO\n"), ADJ_CLAUSE_FAIL);
    cr_expect_eq(ASK("session.minutes >= 45 minutes", SESSIONS), ADJ_CLAUSE_CANNOT_TELL,
                 "the session is required, so unknown");
    cr_expect_eq(ASK("at most 8 of history in the last 6 months", "member_id,claim_id,date,procedure\n"),
                 ADJ_CLAUSE_PASS);
}

Test(side_files, the_ends_of_coverage_are_those_of_all_spans_of_the_payer)
{
    static const char spans[] = "member_id,from,to,payer\nM1,2026-01-01,2026-05-31,HARBOR\nM1,2026-07-01,,HARBOR\n"
                                "M1,2020-01-01,2020-12-31,OTHER\nM2,2019-01-01,,HARBOR\n";
    cr_expect_eq(ASK("coverage is present", spans), ADJ_CLAUSE_FAIL, "the line falls into the gap");
    cr_expect_eq(ASK("coverage_begins is present and coverage_begins = 2026-01-01", spans), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("coverage_ends is present and coverage_ends > 2026-07-01", spans), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("coverage_begins is absent", "member_id,from,plan\nM2,2026-01-01,HMO\n"), ADJ_CLAUSE_PASS);
    cr_expect_eq(ask("coverage_begins is absent", NULL, 0), ADJ_CLAUSE_CANNOT_TELL);
}

Test(side_files, a_number_without_a_row_is_present_with_unknown_contents)
{
    cr_expect_eq(ask("authorization is present", NULL, 0), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("authorization is present and authorization.units > 0", "authorization_number,member_id\nA2,M1\n"),
                 ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(
        ASK("authorization is present and authorization.units > 0", "authorization_number,member_id,units\nA1,M1,3\n"),
        ADJ_CLAUSE_PASS);
    cr_expect_eq(
        ASK("authorization is present and authorization.units > 0", "authorization_number,member_id,units\nA1,M9,3\n"),
        ADJ_CLAUSE_CANNOT_TELL, "the number of another member");
}

Test(side_files, a_line_finds_its_session_by_member_day_and_provider)
{
    cr_expect_eq(ASK("session.minutes = 60 minutes and attendance.minutes = 30 minutes", SESSIONS, ATTENDANCE),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("claim.program = intermediate", SESSIONS, ATTENDANCE), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("session.minutes = 60 minutes", ATTENDANCE, SESSIONS), ADJ_CLAUSE_PASS, "in any order of files");
    cr_expect_eq(ASK("session.minutes = 60 minutes",
                     SESSIONS "S2,2026-06-02,19:00,20:00,60,8,video,90853,1234567893,\n", ATTENDANCE "S2,M1,60\n"),
                 ADJ_CLAUSE_CANNOT_TELL, "two sessions fit");
    cr_expect_eq(ASK("session.minutes = 60 minutes",
                     "session_id,date,minutes,procedure,facilitator\nS1,2026-06-02,60,90834,1234567893\n", ATTENDANCE),
                 ADJ_CLAUSE_CANNOT_TELL, "a session of another procedure");
}

Test(side_files, history_counts_as_a_payer_counts)
{
#define HISTORY "member_id,claim_id,line,date,procedure,status\n"
    const char *paid = HISTORY "M1,H1,1,2026-05-01,90853,paid\n";
    cr_expect_eq(ASK("at most 1 of history in the last 6 months", paid), ADJ_CLAUSE_FAIL);
    cr_expect_eq(ASK("at most 1 of history in the last 6 months", HISTORY "M1,H1,1,2026-05-01,90853,denied\n"),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("at most 1 of history in the last 6 months", HISTORY "M1,H1,1,2026-05-01,90853,pending\n"),
                 ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ASK("at most 1 of history in the last 6 months where status = denied",
                     HISTORY "M1,H1,1,2026-05-01,90853,denied\nM1,H2,1,2026-05-02,90853,denied\n"),
                 ADJ_CLAUSE_FAIL);
    cr_expect_eq(ASK("at most 1 of history in the last 6 months", HISTORY "M2,H1,1,2026-05-01,90853,paid\n"),
                 ADJ_CLAUSE_PASS, "another member");
    /* A whole-day window, so that the order of lines cannot hide a second count. */
    cr_expect_eq(ASK("at most 1 of history on the same day", HISTORY "M1,C1,1,2026-06-02,90853,paid\n"),
                 ADJ_CLAUSE_PASS, "the claim itself, already known");
    cr_expect_eq(ASK("at most 1 of history on the same day", HISTORY "M1,C2,1,2026-06-02,90853,paid\n"),
                 ADJ_CLAUSE_FAIL, "another claim of the day");
    cr_expect_eq(ASK("at most 3 of history in the last 6 months",
                     "member_id,claim_id,date,procedure,status,completeness\nM1,H1,2026-05-01,90853,paid,own\n"),
                 ADJ_CLAUSE_CANNOT_TELL, "own history is a lower bound");
}

/* The same claim as CLAIM, sent as a replacement (7) of what the payer knows as P1. */
static adj_clause_verdict ask_replacement(const char *frequency, const char *reference, const char *history)
{
    char *claims = calloc(1, 4096);
    cr_assert_not_null(claims);
    const char *at = strstr(CLAIM, "11:B:1*Y*A*Y*Y~");
    snprintf(claims, 4096, "%.*s11:B:%s*Y*A*Y*Y~REF*F8*%s~%s", (int)(at - CLAIM), CLAIM, frequency, reference, at + 15);
    adj_policies *policies = support_policies(
        "policy p\nclause c\n cite \"1\"\n require at most 1 of history on the same day\n warn \"x\"\n");
    adj_encounters *encounters = support_read(claims);
    with(encounters, history);
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    free(claims);
    return verdict;
}

Test(side_files, a_replaced_claim_is_gone)
{
    const char *history =
        "member_id,claim_id,line,date,procedure,status,payer_claim_number\nM1,OLD,1,2026-06-02,90853,paid,P1\n";
    cr_expect_eq(ask_replacement("7", "P1", history), ADJ_CLAUSE_PASS, "by the payer's number");
    cr_expect_eq(ask_replacement("7", "OLD", history), ADJ_CLAUSE_PASS, "by the provider's number");
    cr_expect_eq(ask_replacement("7", "P2", history), ADJ_CLAUSE_FAIL, "another claim was replaced");
    cr_expect_eq(ask_replacement("1", "P1", history), ADJ_CLAUSE_FAIL, "an original replaces nothing");
}

Test(side_files, a_bad_record_is_reported_and_the_others_go_on)
{
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters,
         "member_id,claim_id,date,procedure,status\nM1,H1,2026-02-30,90853,paid\nM1,H2,2026-05-01,90853,paid\n");
    adj_problem problem = support_problem(encounters, "D0305");
    cr_expect_eq(problem.line, 2u);
    cr_expect_eq(problem.column, 7u);
    cr_expect_not_null(strstr(problem.message, "found `2026-02-30` in `date`, expected a date that exists"), "%s",
                       problem.message);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1u);
    adj_encounters_free(encounters);
    /* A hole in the history: what is left is a lower bound. */
    cr_expect_eq(ASK("at most 3 of history in the last 6 months",
                     "member_id,claim_id,date,procedure,status\nM1,H1,2026-02-30,90853,paid\n"),
                 ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ASK("coverage is present", "member_id,from,plan\nM1,yesterday,HMO\n"), ADJ_CLAUSE_CANNOT_TELL);
}

Test(side_files, what_stands_twice_counts_once)
{
    const char *history = "member_id,claim_id,line,date,procedure,status\nM1,H1,1,2026-05-01,90853,paid\n";
    cr_expect_eq(ASK("at most 2 of history in the last 6 months", history, history), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("session.minutes = 60 minutes", SESSIONS, ATTENDANCE, ATTENDANCE), ADJ_CLAUSE_PASS);
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters, history);
    with(encounters, history);
    cr_expect_eq(support_problem(encounters, "D0309").severity, ADJ_SEVERITY_WARNING);
    adj_encounters_free(encounters);
    encounters = support_read(CLAIM CLAIM);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    support_problem(encounters, "D0403");
    adj_encounters_free(encounters);
}

Test(side_files, answers_to_other_lines_are_told)
{
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters, "claim_id,line,status,paid\nC1,1,paid,80.00\nC9,3,paid,80.00\nC1,2,denied,0\n");
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    adj_problem problem = support_problem(encounters, "D0404");
    cr_expect_eq(problem.severity, ADJ_SEVERITY_NOTE);
    cr_expect_str_eq(problem.claim, "C9");
    cr_expect_not_null(strstr(problem.message, "2 of 3 answers"), "%s", problem.message);
    adj_encounters_free(encounters);
    encounters = support_read(CLAIM);
    with(encounters, "claim_id,line,status,paid\nC1,1,paid,80.00\n");
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_NOTE), 0u);
    adj_encounters_free(encounters);
}

Test(side_files, csv_in_all_its_forms)
{
    cr_expect_eq(ASK("coverage is present and coverage.plan is present and coverage.plan = \"HMO, gold\"",
                     "\xEF\xBB\xBFmember_id,from,plan\r\n\"M1\",2026-01-01,\"HMO, gold\"\r\n"),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("coverage is present and coverage.plan is present and coverage.plan = \"an \\\"odd\\\" plan\"",
                     "member_id,from,plan\nM1,2026-01-01,\"an \"\"odd\"\" plan\""),
                 ADJ_CLAUSE_PASS);
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters, "member_id,from,plan,colour\nM1,2026-01-01\n\"M1,2026-01-01,HMO,red\n");
    cr_expect_not_null(strstr(support_problem(encounters, "D0302").message, "colour"));
    cr_expect_not_null(strstr(support_problem(encounters, "D0303").message, "2 cells"));
    cr_expect_not_null(strstr(support_problem(encounters, "D0308").message, "never closed"));
    adj_encounters_free(encounters);
}

Test(side_files, what_is_neither_x12_nor_csv_is_refused)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    static const char *const inputs[] = {"", "hello", "a,b,c\n1,2,3\n", "{\"json\": 1}", "\x89PNG\r\n\x1a\n"};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        cr_expect_eq(adj_encounters_read_bytes(encounters, "x", inputs[i], strlen(inputs[i])), ADJ_INVALID_INPUT);
    }
    support_problem(encounters, "D0301");
    cr_expect_eq(adj_encounters_read(encounters, "/nowhere/at/all"), ADJ_NOT_FOUND);
    adj_encounters_free(encounters);
}

static size_t gzipped(const char *text, char *out, size_t room)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)strlen(text)};
    cr_assert_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)room;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

Test(side_files, compressed_files_are_unpacked)
{
    char packed[4000];
    for (int z = 0; z < 2; z++) {
        adj_encounters *encounters = adj_encounters_new(NULL);
        size_t length = z == 0 ? gzipped(CLAIM, packed, sizeof packed)
                               : ZSTD_compress(packed, sizeof packed, CLAIM, strlen(CLAIM), 3);
        cr_expect_eq(adj_encounters_read_bytes(encounters, "c.gz", packed, length), ADJ_OK);
        cr_expect_eq(adj_encounters_claim_count(encounters), 1u);
        adj_encounters_free(encounters);
    }
    /* Two members, or frames, after one another are one text. */
    for (int z = 0; z < 2; z++) {
        static const char *const parts[] = {"member_id,from,plan\n", "M1,2026-01-01,HMO\n"};
        size_t length = 0;
        for (int i = 0; i < 2; i++) {
            size_t room = sizeof packed - length;
            length += z == 0 ? gzipped(parts[i], packed + length, room)
                             : ZSTD_compress(packed + length, room, parts[i], strlen(parts[i]), 3);
        }
        adj_encounters *encounters = adj_encounters_new(NULL);
        cr_expect_eq(adj_encounters_read_bytes(encounters, "e.gz", packed, length), ADJ_OK);
        cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_WARNING), 0u);
        adj_encounters_free(encounters);
    }
}

Test(side_files, damaged_compressed_files_are_refused_whole)
{
    char packed[4000];
    for (int z = 0; z < 2; z++) {
        size_t length = z == 0 ? gzipped(CLAIM, packed, sizeof packed)
                               : ZSTD_compress(packed, sizeof packed, CLAIM, strlen(CLAIM), 3);
        for (size_t cut = 4; cut < length; cut += 7) {
            adj_encounters *encounters = adj_encounters_new(NULL);
            cr_expect_eq(adj_encounters_read_bytes(encounters, "c.gz", packed, cut), ADJ_INVALID_INPUT, "cut at %zu",
                         cut);
            cr_expect_not_null(strstr(support_problem(encounters, "D0002").message, "it ends early"));
            cr_expect_eq(adj_encounters_claim_count(encounters), 0u);
            adj_encounters_free(encounters);
        }
        packed[length / 2] ^= 0x55;
        adj_encounters *encounters = adj_encounters_new(NULL);
        adj_status status = adj_encounters_read_bytes(encounters, "c.gz", packed, length);
        if (z == 0) cr_expect_eq(status, ADJ_INVALID_INPUT, "gzip has a checksum");
        adj_encounters_free(encounters);
    }
    adj_encounters *encounters = adj_encounters_new(NULL);
    char again[4000];
    size_t length = gzipped(CLAIM, packed, sizeof packed);
    length = ZSTD_compress(again, sizeof again, packed, length, 3);
    cr_expect_eq(adj_encounters_read_bytes(encounters, "c.gz", again, length), ADJ_INVALID_INPUT);
    cr_expect_not_null(strstr(support_problem(encounters, "D0002").message, "compressed again"));
    adj_encounters_free(encounters);
}

#define MAP                                                                                                            \
    "header,column,value,means\n"                                                                                      \
    "Patient ID,member_id,,\nSvc Dt,date,MM/DD/YYYY,date\nEncounter,claim_id,,\nCPT,procedure,,\n"                     \
    "State,status,P,paid\nState,status,D,denied\n"

Test(side_files, other_peoples_columns_are_mapped)
{
    static const char theirs[] = "Patient ID,Encounter,Svc Dt,CPT,State\nM1,H1,5/1/2026,90853,P\n"
                                 "M1,H2,05/08/2026,90853,D\n";
    cr_expect_eq(ASK("(count of history in the last 6 months where procedure in 90853) = 2", MAP, theirs),
                 ADJ_CLAUSE_PASS, "the line and the paid one");
    cr_expect_eq(ASK("exists other in history where date = 2026-05-08 and status = denied", MAP, theirs),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK("exists other in history where date = 2026-05-01", MAP,
                     "member_id,claim_id,date,procedure,status\nM1,H1,2026-05-01,90853,paid\n"),
                 ADJ_CLAUSE_PASS, "our own names stay as they are");
}

Test(side_files, what_a_column_map_does_not_cover_is_told)
{
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters, MAP "Nobody,units,,\n");
    with(encounters, "Patient ID,Encounter,Svc Dt,CPT,State\nM1,H1,2026.05.01,90853,P\nM1,H2,13/45/2026,90853,P\n"
                     "M1,H3,05/01/2026,90853,X\n");
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 3u, "another form of date, no such day, no such word");
    cr_expect_not_null(strstr(support_problem(encounters, "D0311").message, "`Nobody`"));
    adj_encounters_free(encounters);
}

Test(side_files, a_column_map_that_contradicts_itself)
{
    static const char *const wrong[] = {"header,column\nA,\n", "header,column\n,date\n",
                                        "header,column,value,means\nA,date,x,\n", "header,column\nA,date\nA,units\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        adj_encounters *encounters = adj_encounters_new(NULL);
        cr_expect_eq(adj_encounters_read_bytes(encounters, "m.csv", wrong[i], strlen(wrong[i])), ADJ_INVALID_INPUT);
        support_problem(encounters, "D0310");
        cr_expect_eq(adj_encounters_rejected_count(encounters), 1u, "%s", wrong[i]);
        adj_encounters_free(encounters);
    }
}

Test(side_files, codes_are_looked_for_in_lists_that_are_given)
{
    static const char lists[] =
        "code_system,code,from,to\ncpt,90853,,2026-05-31\ncpt,90853,2026-07-01,\nmodifier,95,,\nicd10,F33.1,,\n";
    adj_encounters *encounters = support_read(CLAIM);
    with(encounters, lists);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    adj_problem problem = support_problem(encounters, "D0221");
    cr_expect_not_null(strstr(problem.message, "90853"), "%s", problem.message);
    cr_expect_str_eq(problem.claim, "C1");
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_WARNING), 2u,
                 "the other is of a trailer; the diagnosis is in its list, by either spelling");
    adj_encounters_free(encounters);
    encounters = support_read(CLAIM);
    with(encounters, "code_system,code\ncpt,90834\n");
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_not_null(strstr(support_problem(encounters, "D0220").message, "90853"));
    adj_encounters_free(encounters);
}

Test(side_files, places_of_service_are_those_that_are_assigned)
{
    static const struct {
        const char *pos, *date;
        bool told;
    } places[] = {{"11", "2026-01-05", false}, {"29", "2026-01-05", true}, {"10", "2021-12-31", true},
                  {"10", "2022-01-01", false}, {"27", "2023-09-30", true}, {"02", "2017-01-01", false}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char text[200];
        snprintf(text, sizeof text, "member_id,claim_id,date,procedure,pos\nM1,C1,%s,90853,%s\n", places[i].date,
                 places[i].pos);
        adj_encounters *encounters = adj_encounters_new(NULL);
        adj_encounters_read_bytes_as(encounters, "lines.csv", text, strlen(text), ADJ_ROLE_JUDGED);
        cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
        cr_expect_eq(adj_encounters_problem_count(encounters), places[i].told ? 1u : 0u, "%s on %s", places[i].pos,
                     places[i].date);
        if (places[i].told) support_problem(encounters, "D0222");
        adj_encounters_free(encounters);
    }
}

/* A place that was good on one day is not so for all, and the first line that has it is told, with how many do. */
Test(side_files, places_of_service_are_asked_about_day_by_day)
{
    static const char text[] = "member_id,claim_id,date,procedure,pos\nM1,C1,2023-01-05,90853,10\n"
                               "M1,C2,2021-01-05,90853,10\nM1,C3,2022-01-01,90853,10\nM1,C4,2021-12-31,90853,10\n";
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes_as(encounters, "lines.csv", text, strlen(text), ADJ_ROLE_JUDGED);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_problem_count(encounters), 1u);
    adj_problem problem = support_problem(encounters, "D0222");
    cr_expect_str_eq(problem.claim, "C2");
    cr_expect_not_null(strstr(problem.message, "2 times"), "%s", problem.message);
    adj_encounters_free(encounters);
}

Test(side_files, the_check_digit_of_a_provider_is_checked)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    with(encounters, "member_id,claim_id,date,procedure,rendering_provider\nM1,C1,2026-02-01,90853,1234567893\nM2,C2,"
                     "2026-02-01,90853,1234567890\n"
                     "M3,C3,2026-02-01,90853,1234567890\n");
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_WARNING), 2u, "each is told of");
    cr_expect_eq(support_problem(encounters, "D0205").line, 3u);
    adj_encounters_free(encounters);
}

Test(side_files, a_column_map_leaves_records_out_and_passes_over_times)
{
    static const char map[] = "header,column,value,means\nCLAIM,claim_id,,\nTYPE,-,CHARGE,leave "
                              "out\nAMOUNT,paid,,\nWHEN,date,YYYY-MM-DD*,date\n";
    adj_encounters *encounters = adj_encounters_new(NULL);
    with(encounters, map);
    with(encounters,
         "CLAIM,TYPE,AMOUNT,WHEN\nC1,CHARGE,,\nC1,PAYMENT,40,2026-02-01T10:00:00Z\nC2,PAYMENT,x,2026-02-01\n");
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1u, "the charge is none of ours, and not in error");
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_WARNING), 0u, "TYPE is spoken of");
    adj_written written;
    cr_assert_eq(adj_encounters_write(encounters, ADJ_FORM_NDJSON, "x", take_text, NULL, &written), ADJ_OK);
    cr_expect_not_null(strstr(taken, "\"paid\":40,\"date\":\"2026-02-01\""), "%s", taken);
    adj_encounters_free(encounters);
}

/* Once without any list of codes at hand, an empty one was looked for in no memory. */
Test(side_files, an_empty_list_is_written_where_no_list_has_a_code)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    with(encounters, "member_id,claim_id,date,procedure,modifiers\nM1,C1,2026-02-01,90853,none\n");
    adj_written written;
    taken[0] = '\0';
    cr_assert_eq(adj_encounters_write(encounters, ADJ_FORM_NDJSON, "x", take_text, NULL, &written), ADJ_OK);
    cr_expect_not_null(strstr(taken, "\"modifiers\":[]"), "%s", taken);
    adj_encounters_free(encounters);
}

/* Once an empty cell of a history took a fact back that the claim gave. */
Test(side_files, a_record_that_says_nothing_of_a_member_takes_nothing_back)
{
    cr_expect_eq(ASK("patient.state is present", "member_id,claim_id,date,procedure,state\nM1,H1,2026-01-01,90853,CT\n",
                     "member_id,claim_id,date,procedure,state\nM1,H2,2026-01-02,90853,\n"),
                 ADJ_CLAUSE_PASS);
}

Test(side_files, what_tells_who_a_member_is_can_be_hidden)
{
    adj_options options = {.redact = true, .evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_encounters *encounters = adj_encounters_new(&options);
    adj_encounters_read_bytes(encounters, "claims.837", CLAIM, strlen(CLAIM));
    with(encounters, "member_id,from,plan\nM1,2026-01-01,HMO\nSECRET,1970-13-01,HMO\n");
    adj_problem problem = support_problem(encounters, "D0305");
    cr_expect_str_eq(problem.message, "found (hidden) in `from`, expected a date that exists, as YYYY-MM-DD");
    adj_policies *policies = support_policies(
        "policy p\nclause c\n cite \"1\"\n require patient.birth_date < 1970-01-01 and age > 99 and units > 500\n"
        " warn \"born {patient.birth_date}, aged {age + 1}, {units} units, {procedure}\"\n");
    adj_results *results = NULL;
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_assert_eq(adj_evaluate(policies, encounters, &options, &results), ADJ_OK);
    cr_expect_str_eq(adj_results_line(results, 0).patient, "(hidden)");
    adj_explanation *explanation = NULL;
    cr_assert_eq(adj_results_explain(results, 0, &explanation), ADJ_OK);
    const adj_finding *finding = adj_explanation_finding(explanation, 0);
    cr_expect_str_eq(finding->message, "born (hidden), aged (hidden), 1 units, 90853");
    for (size_t i = 0; i < finding->fact_count; i++) {
        bool personal = strstr(finding->facts[i].name, "birth") != NULL || strcmp(finding->facts[i].name, "age") == 0;
        cr_expect_eq(strcmp(finding->facts[i].value, "(hidden)") == 0, personal, "%s = %s", finding->facts[i].name,
                     finding->facts[i].value);
    }
    adj_explanation_free(explanation);
    adj_results_free(results);
    adj_policies_free(policies);
    adj_encounters_free(encounters);
}
