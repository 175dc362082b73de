/* The 835 reader: what a payer answers to which line, and what it says that does not come out even. */
#include "tests/suites/support.h"

#define ISA "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"
#define CLAIMS                                                                                                         \
    ISA "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"           \
        "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"                                                              \
        "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~"                                  \
        "NM1*PR*2*HARBOR*****PI*HARBOR~CLM*C1*250***11:B:1*Y*A*Y*Y~HI*ABK:F331~"                                       \
        "LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~REF*6R*L1~"                                                \
        "LX*2~SV1*HC:90834*150*UN*1***1~DTP*472*D8*20260602~SE*16*0001~GE*1*42~IEA*1*000000042~"
#define PAYMENT(date, total, body)                                                                                     \
    ISA "GS*HP*A*B*20260810*0915*43*X*005010X221A1~ST*835*0009~"                                                       \
        "BPR*I*" total "*C*ACH************" date "~TRN*1*1*1~LX*1~" body "SE*9*0009~GE*1*43~IEA*1*000000042~"

typedef struct read_files {
    adj_encounters *encounters;
    adj_results *results;
    adj_policies *policies;
} read_files;

static read_files read_all(const char *condition, const char *const *payments, size_t count)
{
    char text[600];
    snprintf(text, sizeof text, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    read_files f = {.policies = support_policies(text), .encounters = adj_encounters_new(NULL)};
    cr_assert_eq(adj_encounters_read_bytes(f.encounters, "c.837", CLAIMS, strlen(CLAIMS)), ADJ_OK);
    for (size_t i = 0; i < count; i++)
        adj_encounters_read_bytes(f.encounters, "p.835", payments[i], strlen(payments[i]));
    cr_assert_eq(adj_encounters_finish(f.encounters), ADJ_OK);
    f.results = support_evaluate(f.policies, f.encounters);
    return f;
}

static void let_go(read_files *f)
{
    adj_results_free(f->results);
    adj_encounters_free(f->encounters);
    adj_policies_free(f->policies);
}

static adj_clause_verdict ask(size_t line, const char *condition, const char *const *payments, size_t count)
{
    read_files f = read_all(condition, payments, count);
    adj_clause_verdict verdict = adj_results_clause(f.results, line, 0);
    let_go(&f);
    return verdict;
}

#define ASK(line, condition, ...)                                                                                      \
    ask(line, condition, (const char *const[]){__VA_ARGS__},                                                           \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

#define BOTH                                                                                                           \
    PAYMENT("20260801", "80",                                                                                          \
            "CLP*C1*1*250*80*10*12*ICN1~SVC*HC:90834*150*0**0~DTM*472*20260602~CAS*CO*97*150~LQ*HE*N20~"               \
            "SVC*HC:90853*100*80**1~DTM*472*20260602~CAS*CO*45*10~CAS*PR*3*10~REF*6R*L1~AMT*B6*90~")

Test(remittances, a_service_answers_its_line)
{
    static const char paid[] = "remittance is present and remittance.status = paid and remittance.paid = $80.00 and "
                               "remittance.allowed = $90.00 and remittance.patient_responsibility = $10.00 and "
                               "remittance.reasons include all of 45, 3 and remittance.remarks include only N20";
    cr_expect_eq(ASK(0, paid, BOTH), ADJ_CLAUSE_PASS);
    static const char denied[] = "remittance is present and remittance.status = denied and remittance.paid = $0.00 and "
                                 "remittance.reasons include only 97 and remittance.remarks include N20 and "
                                 "remittance.date is present and remittance.date = 2026-08-01";
    cr_expect_eq(ASK(1, denied, BOTH), ADJ_CLAUSE_PASS);
}

Test(remittances, what_balances_is_not_spoken_of)
{
    read_files f = read_all("units = 1", (const char *const[]){BOTH}, 1);
    for (size_t i = 0; i < adj_encounters_problem_count(f.encounters); i++) {
        adj_problem problem = adj_encounters_problem(f.encounters, i);
        cr_expect_str_eq(problem.code, "D0105", "%s", problem.message); /* the counts of these trailers are not right */
    }
    let_go(&f);
}

Test(remittances, lines_that_nobody_answered)
{
    cr_expect_eq(ask(0, "remittance is absent", NULL, 0), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(ASK(1, "remittance is absent",
                     PAYMENT("20260801", "80", "CLP*C1*1*100*80*20~SVC*HC:90853*100*80~CAS*PR*2*20~")),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK(0, "remittance is absent",
                     PAYMENT("20260801", "80", "CLP*C9*1*100*80*20~SVC*HC:90853*100*80~CAS*PR*2*20~")),
                 ADJ_CLAUSE_PASS, "another claim's");
    cr_expect_eq(ASK(0, "remittance is absent", PAYMENT("20260801", "99", "CLP*C1*1*99*99*0~SVC*HC:90853*99*99~")),
                 ADJ_CLAUSE_PASS, "another charge");
    cr_expect_eq(ASK(0, "remittance is absent",
                     PAYMENT("20260801", "100", "CLP*C1*1*100*100*0~SVC*HC:90853*100*100~DTM*472*20260603~")),
                 ADJ_CLAUSE_PASS, "another day");
    cr_expect_eq(ASK(0, "remittance is absent", PAYMENT("20260801", "0", "CLP*C1*25*250*0*0~")), ADJ_CLAUSE_PASS,
                 "priced beforehand, not answered");
}

Test(remittances, the_procedure_that_was_billed_counts)
{
    cr_expect_eq(ASK(0, "remittance is present and remittance.paid = $60.00",
                     PAYMENT("20260801", "60",
                             "CLP*C1*1*100*60*0~SVC*HC:90849*100*60***HC:90853~DTM*472*20260602~CAS*CO*45*40~")),
                 ADJ_CLAUSE_PASS);
}

Test(remittances, a_reversal_takes_back_and_a_correction_stands)
{
#define FIRST PAYMENT("20260801", "80", "CLP*C1*1*100*80*20~SVC*HC:90853*100*80~CAS*PR*2*20~")
#define BACK PAYMENT("20260901", "-80", "CLP*C1*22*-100*-80*0~SVC*HC:90853*-100*-80~CAS*PR*2*-20~")
#define AGAIN PAYMENT("20260901", "0", "CLP*C1*4*100*0*0~SVC*HC:90853*100*0~CAS*CO*29*100~")
    cr_expect_eq(ASK(0, "remittance is absent", FIRST, BACK), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK(0, "remittance is present and remittance.status = denied", FIRST, BACK, AGAIN), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK(0, "remittance is present and remittance.status = denied", AGAIN, FIRST), ADJ_CLAUSE_PASS,
                 "the latest day counts, in any order of files");
}

Test(remittances, the_status_of_a_claim_counts)
{
#define TO_PATIENT(status) PAYMENT("20260801", "0", "CLP*C1*" status "*100*0*100~SVC*HC:90853*100*0~CAS*PR*96*100~")
    cr_expect_eq(ASK(0, "remittance is present and remittance.status = denied", TO_PATIENT("4")), ADJ_CLAUSE_PASS,
                 "denied, though the patient is to pay");
    cr_expect_eq(ASK(0, "remittance is present and remittance.status = paid", TO_PATIENT("1")), ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK(0, "remittance is absent", TO_PATIENT("23")), ADJ_CLAUSE_PASS, "only forwarded");
    cr_expect_eq(ASK(0, "remittance is absent", TO_PATIENT("25")), ADJ_CLAUSE_PASS, "priced beforehand");
}

Test(remittances, a_claim_that_does_not_come_out_even_is_where_it_begins)
{
    static const char odd[] = PAYMENT("20260801", "70", "CLP*C1*1*100*70*0~SVC*HC:90853*100*80~CAS*CO*45*20~");
    read_files f = read_all("units = 1", (const char *const[]){odd}, 1);
    cr_expect_eq(support_problem(f.encounters, "D0215").segment, 7u);
    cr_expect_eq(strncmp(support_problem(f.encounters, "D0215").message, "CLP: ", 5), 0);
    let_go(&f);
}

Test(remittances, a_claim_answered_as_one)
{
    static const char claim[] = PAYMENT("20260801", "0", "CLP*C1*4*250*0*0~CAS*CO*27*250~MOA***N30~");
    cr_expect_eq(ASK(1,
                     "remittance is present and remittance.status = denied and remittance.reasons include 27 and "
                     "remittance.remarks include N30",
                     claim),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ASK(1, "remittance is present and remittance.paid = $0.00", claim), ADJ_CLAUSE_CANNOT_TELL,
                 "of one of several lines the amount is not known");
}

Test(remittances, two_services_that_look_alike_answer_two_lines)
{
    static const char twice[] = PAYMENT("20260801", "80",
                                        "CLP*C1*1*200*80*0~SVC*HC:90853*100*80~CAS*CO*45*20~"
                                        "SVC*HC:90853*100*0~CAS*CO*119*100~");
    read_files f = read_all("units = 1", (const char *const[]){twice}, 1);
    cr_expect_not_null(strstr(support_problem(f.encounters, "D0404").message, "1 of 2 answers"));
    let_go(&f);
    cr_expect_eq(ASK(0, "remittance is present and remittance.paid = $80.00", twice), ADJ_CLAUSE_PASS);
}

Test(remittances, what_does_not_come_out_even_is_said)
{
    static const char odd[] =
        PAYMENT("20260801", "75", "CLP*C1*1*100*80*0~SVC*HC:90853*100*80~CAS*CO*45*15~PLB*1*20261231*WO:X*3.00~");
    read_files f = read_all("units = 1", (const char *const[]){odd}, 1);
    cr_expect_not_null(
        strstr(support_problem(f.encounters, "D0215").message, "less adjustments 15.00 is 85.00, and 80.00 was paid"));
    cr_expect_eq(support_problem(f.encounters, "D0215").segment, 8u, "where the service begins");
    cr_expect_eq(strncmp(support_problem(f.encounters, "D0215").message, "SVC: ", 5), 0);
    cr_expect_not_null(strstr(support_problem(f.encounters, "D0217").message, "come to 80.00"));
    cr_expect_not_null(strstr(support_problem(f.encounters, "D0218").message, "3.00 for reason WO"));
    let_go(&f);
}

Test(remittances, what_cannot_be_read_leaves_a_hole)
{
    static const char bad[] = PAYMENT("20260801", "80", "CLP*C1*1*100*8O*0~SVC*HC:90853*100*80~CAS*CO*45*20~");
    read_files f = read_all("remittance is absent", (const char *const[]){bad}, 1);
    cr_expect_not_null(strstr(support_problem(f.encounters, "D0201").message, "8O"));
    cr_expect_eq(adj_encounters_rejected_count(f.encounters), 1u);
    cr_expect_eq(adj_results_clause(f.results, 1, 0), ADJ_CLAUSE_CANNOT_TELL);
    let_go(&f);
    cr_expect_eq(ASK(0, "remittance is absent",
                     PAYMENT("20260801", "80",
                             "CLP*C1*1*250*80*0~SVC*HC:90853*100*80~CAS*CO*45*20~"
                             "SVC*HC:90834*150*0~CAS*CO*97*1.5.0~")),
                 ADJ_CLAUSE_CANNOT_TELL, "all of a claim payment is read, or nothing");
    cr_expect_eq(ASK(0, "remittance is absent", PAYMENT("20260801", "0", "SVC*HC:90853*100*80~")),
                 ADJ_CLAUSE_CANNOT_TELL, "a service outside any claim");
    cr_expect_eq(ASK(0, "remittance is absent", PAYMENT("20260801", "0", "CLP**1*100*100*0~")), ADJ_CLAUSE_CANNOT_TELL);
}
