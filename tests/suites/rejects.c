/* Rejects: what could not be read, in its own format, which can be mended and read again; and claims beside the run. */
#include "tests/suites/support.h"

#define ENVELOPE                                                                                                       \
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~\n"     \
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~\nST*837*0077*005010X222A1~\nBHT*0019*00*1*20260710*0915*CH~\n"
#define PRACTICE "HL*%s**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n"
#define CLAIM(id, date)                                                                                                \
    "CLM*" id "*100***11:B:1*Y*A*Y*Y~\nHI*ABK:F331~\nLX*1~\nSV1*HC:90853*100*UN*1***1~\nDTP*472*D8*" date "~\n"
#define MEMBER(hl, id)                                                                                                 \
    "HL*" hl "*1*22*0~\nSBR*P*18*******CI~\nNM1*IL*1*DOE*JANE****MI*" id "~\nNM1*PR*2*HARBOR*****PI*HARBOR~\n"

static adj_encounters *read_keeping(const char *name, const char *text, adj_role role)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_read_bytes_as(encounters, name, text, strlen(text), role);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    return encounters;
}

static void expect_rejects(const char *name, const char *text, adj_role role, const char *wanted)
{
    adj_encounters *encounters = read_keeping(name, text, role);
    const char *input;
    size_t length;
    cr_assert_eq(adj_encounters_rejects_count(encounters), wanted == NULL ? 0 : 1);
    if (wanted != NULL) {
        const char *rejects = adj_encounters_rejects(encounters, 0, &input, &length);
        cr_expect_str_eq(rejects, wanted);
        cr_expect_eq(length, strlen(wanted));
        cr_expect_str_eq(input, name);
    }
    adj_encounters_free(encounters);
}

Test(rejects, a_claim_is_kept_with_all_that_surrounds_it)
{
    static const char text[] = ENVELOPE "HL*1**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n" MEMBER("2", "M1")
        CLAIM("C1", "20260602") CLAIM("C2", "20260230") MEMBER("3", "M2") CLAIM("C3", "20260602")
            CLAIM("C4", "20261301") "SE*37*0077~\nGE*1*42~\nIEA*1*000000042~\n";
#define KEPT(number, member, claim, count)                                                                             \
    "ST*837*" number "*005010X222A1~\nBHT*0019*00*1*20260710*0915*CH~\n"                                               \
    "HL*1**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n" MEMBER("2", member) claim "SE*" count "*" number "~\n"
    static const char kept[] =
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~\n"
        "GS*HC*A*B*20260710*0915*42*X*005010X222A1~\n" KEPT("0001", "M1", CLAIM("C2", "20260230"), "14")
            KEPT("0002", "M2", CLAIM("C4", "20261301"), "14") "GE*2*42~\nIEA*1*000000042~\n";
    expect_rejects("c.837", text, ADJ_ROLE_JUDGED, kept);
    expect_rejects("kept.837", kept, ADJ_ROLE_JUDGED, kept);
    adj_encounters *again = read_keeping("kept.837", kept, ADJ_ROLE_JUDGED);
    cr_expect_eq(support_problems(again, ADJ_SEVERITY_WARNING), 0, "trailers and levels are right");
    adj_encounters_free(again);
}

Test(rejects, claim_payments_are_kept_too)
{
#define PAYMENT(body, count)                                                                                           \
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~\n"     \
    "GS*HP*A*B*20260810*0915*43*X*005010X221A1~\nST*835*0001~\nBPR*I*80*C*ACH************20260801~\n" body "SE*" count \
    "*0001~\nGE*1*43~\nIEA*1*000000042~\n"
    expect_rejects(
        "p.835",
        PAYMENT("LX*1~\nCLP*C1*1*100*80~\nSVC*HC:90853*100*80~\nCAS*CO*45*20~\nCLP*C2*1*1x0*0~\nDTM*232*20260602~\n",
                "9"),
        ADJ_ROLE_BESIDE, PAYMENT("CLP*C2*1*1x0*0~\nDTM*232*20260602~\n", "5"));
}

Test(rejects, records_of_side_files_are_kept_under_their_header)
{
    expect_rejects("s.csv",
                   "session_id,date,minutes\r\nS1,2026-06-02,60\r\nS2,2026-02-30,60\r\nS3,2026-06-02,\"a\nb\"\r\n"
                   "S4,2026-06-03,60\r\nS5,\"2026-06-03,60\r\nS6,2026-06-03,50",
                   ADJ_ROLE_BESIDE,
                   "session_id,date,minutes\r\nS2,2026-02-30,60\r\nS3,2026-06-02,\"a\nb\"\r\nS5,\"2026-06-03,60\r\n");
    expect_rejects("s.csv", "session_id,date,minutes\nS1,2026-06-02,60\n", ADJ_ROLE_BESIDE, NULL);
}

Test(rejects, claims_of_a_kind_that_is_not_read_are_kept)
{
    static const char dental[] =
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~\n"
        "GS*HC*A*B*20260710*0915*42*X*005010X224A2~\nST*837*0001*005010X224A2~\nBHT*0019*00*1*20260710*0915*CH~\n"
        "CLM*C1*100***11:B:1~\nSE*4*0001~\nGE*1*42~\nIEA*1*000000042~\n";
    expect_rejects("d.837", dental, ADJ_ROLE_JUDGED, dental);
}

/* ---- claims that are only to be known ---- */

static adj_clause_verdict ask(const char *condition, const char *beside)
{
    static const char judged[] = ENVELOPE "HL*1**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n" MEMBER("2", "M1")
        CLAIM("C1", "20260602") "SE*14*0077~\nGE*1*42~\nIEA*1*000000042~\n";
    static const char before[] = ENVELOPE "HL*1**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n" MEMBER("2", "M1")
        CLAIM("C0", "20260502") "SE*14*0077~\nGE*1*42~\nIEA*1*000000042~\n";
    char text[600];
    snprintf(text, sizeof text, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = support_read(judged);
    adj_encounters_read_bytes_as(encounters, "before.837", before, strlen(before), ADJ_ROLE_BESIDE);
    if (beside != NULL) adj_encounters_read_bytes(encounters, "h.csv", beside, strlen(beside));
    adj_results *results = support_evaluate(policies, encounters);
    cr_expect_eq(adj_results_count(results), 1);
    cr_expect_eq(adj_encounters_claim_count(encounters), 1);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

Test(roles, claims_beside_the_run_are_counted_and_not_judged)
{
    cr_expect_eq(ask("at most 1 of history in the last 90 days where procedure = 90853", NULL), ADJ_CLAUSE_FAIL);
    cr_expect_eq(ask("at most 2 of history in the last 90 days where procedure = 90853", NULL), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ask("at most 2 of history in the last 90 days where procedure = 90853",
                     "member_id,claim_id,date,procedure,status\nM1,C0,2026-05-02,90853,paid\n"),
                 ADJ_CLAUSE_PASS, "the payer's record of the same claim is that claim");
}

/* Once a transaction that began inside a level of another one made the reader write before its table of levels. */
Test(rejects, a_transaction_that_begins_within_a_level)
{
    static const char text[] =
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"
        "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~HL*1**20*1~"
        "ST*837*0002*005010X222A1~CLM*C1*x***11:B:1~LX*1~SV1*HC:90853*100*UN*1***1~SE*5*0002~GE*1*42~IEA*1*000000042~";
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_read_bytes(encounters, "claims.837", text, strlen(text));
    const char *name;
    size_t length;
    const char *kept = adj_encounters_rejects(encounters, 0, &name, &length);
    cr_expect_not_null(strstr(kept, "CLM*C1*x"), "%s", kept);
    cr_expect_null(strstr(kept, "HL*"), "the level is of another transaction: %s", kept);
    adj_encounters_free(encounters);
}

/* Once a segment of fifty million signs was shown whole. */
Test(rejects, messages_are_for_people)
{
    enum { LENGTH = 200000 };
    char *text = malloc(LENGTH + 200);
    size_t used = (size_t)sprintf(
        text,
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~");
    memset(text + used, 'A', LENGTH);
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes(encounters, "claims.837", text, used + LENGTH);
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++)
        cr_expect_leq(strlen(adj_encounters_problem(encounters, i).message), 1100u);
    support_problem(encounters, "D0103");
    adj_encounters_free(encounters);
    free(text);
}
