/* 271, 277CA and 278: what a payer answers beside payments; appointments and contract rates. */
#include "tests/suites/support.h"

#define ISA "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"
#define CLAIMS                                                                                                         \
    ISA "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"           \
        "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"                                                              \
        "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~"                                  \
        "NM1*PR*2*HARBOR*****PI*HARBOR~CLM*C1*100***11:B:1*Y*A*Y*Y~REF*G1*A1~HI*ABK:F331~"                             \
        "LX*1~SV1*HC:90853:95*100*UN*1***1~DTP*472*D8*20260602~SE*15*0001~GE*1*42~IEA*1*000000042~"
#define ANSWER(kind, version, body)                                                                                    \
    ISA "GS*HB*A*B*20260810*0915*43*X*" version "~ST*" kind "*0009~BHT*0022*11*1*20260602*0915~" body                  \
        "SE*9*0009~GE*1*43~IEA*1*000000042~"

static adj_encounters *read_both(const char *beside)
{
    adj_encounters *encounters = support_read(CLAIMS);
    adj_encounters_read_bytes_as(encounters, "beside", beside, strlen(beside), ADJ_ROLE_BESIDE);
    return encounters;
}

static adj_clause_verdict ask(const char *condition, const char *beside)
{
    char text[600];
    snprintf(text, sizeof text, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = read_both(beside);
    adj_results *results = support_evaluate(policies, encounters);
    cr_assert_eq(adj_results_count(results), 1);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

#define HOLDS(condition, beside) cr_expect_eq(ask(condition, beside), ADJ_CLAUSE_PASS, "%s", condition)
#define FAILS(condition, beside) cr_expect_eq(ask(condition, beside), ADJ_CLAUSE_FAIL, "%s", condition)
#define OPEN(condition, beside) cr_expect_eq(ask(condition, beside), ADJ_CLAUSE_CANNOT_TELL, "%s", condition)

#define MEMBER(id, body)                                                                                               \
    ANSWER("271", "005010X279A1",                                                                                      \
           "HL*1**20*1~NM1*PR*2*HARBOR*****PI*HARBOR~HL*2*1*21*1~NM1*1P*2*PRACTICE*****XX*1234567893~HL*3*2*22*0~"     \
           "NM1*IL*1*DOE*JANE****MI*" id "~" body)

Test(eligibility, active_coverage_is_a_span_of_its_plan)
{
    HOLDS("coverage is present and plan = \"GOLD\" and coverage.dates contain 2026-01-01 and coverage_ends is present "
          "and coverage_ends = 9999-12-31",
          MEMBER("M1", "DTP*346*D8*20260101~EB*1**30**GOLD~EB*C*IND*30***23*500~EB*1**MH^33~"));
    HOLDS("coverage is present and coverage_ends is present and coverage_ends = 2026-06-30",
          MEMBER("M1", "EB*1**30**GOLD~DTP*291*RD8*20260101-20260630~"));
    HOLDS("coverage is absent", MEMBER("M1", "EB*1**30**GOLD~DTP*291*RD8*20260101-20260531~"));
    HOLDS("plan = \"MENTAL\"", MEMBER("M1", "DTP*346*D8*20260101~EB*1**MH**MENTAL~"));
}

Test(eligibility, inactive_is_none_and_silence_is_unknown)
{
    HOLDS("coverage is absent", MEMBER("M1", "EB*6**30~"));
    OPEN("coverage is present", MEMBER("M2", "EB*6**30~"));
    OPEN("coverage is present", MEMBER("M1", "AAA*Y**42*R~"));
    OPEN("coverage is present", MEMBER("M1", "EB*1**30**GOLD~"));
    OPEN("coverage is present", MEMBER("M1", "EB*1**30**GOLD~DTP*291*D8*20260230~"));
    adj_encounters *encounters = read_both(MEMBER("M1", "EB*1**30**GOLD~DTP*291*D8*20260230~"));
    cr_expect_eq(support_problem(encounters, "D0202").severity, ADJ_SEVERITY_ERROR);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1);
    adj_encounters_free(encounters);
}

#define CLAIM_STATUS(claim, status)                                                                                    \
    ANSWER("277", "005010X214",                                                                                        \
           "HL*1**20*1~NM1*AY*2*HOUSE*****46*H~HL*2*1*21*1~NM1*41*2*P*****46*S~TRN*2*BATCH~STC*A1:20*20260711*WQ*100~" \
           "HL*3*2*19*1~NM1*85*2*PRACTICE*****XX*1234567893~HL*4*3*PT~NM1*QC*1*DOE*JANE****MI*M1~TRN*2*" claim         \
           "~" status "REF*1K*ICN~DTP*472*D8*20260602~")

Test(acknowledgments, the_front_door_accepts_or_rejects)
{
    HOLDS("claim.acknowledgment is present and claim.acknowledgment = accepted",
          CLAIM_STATUS("C1", "STC*A2:20:PR*20260711*WQ*100~"));
    HOLDS("claim.acknowledgment is present and claim.acknowledgment = rejected",
          CLAIM_STATUS("C1", "STC*A2:20*20260711*WQ*100~STC*A7:562:85*20260711*U*100~"));
    HOLDS("claim.acknowledgment is absent", CLAIM_STATUS("C9", "STC*A2:20*20260711*WQ*100~"));
    OPEN("claim.acknowledgment is present", "payer_id,payer\nX,Y\n");
    HOLDS("claim.acknowledgment is present and claim.acknowledgment = pending",
          "claim_id,acknowledgment\nC1,pending\n");
    HOLDS("claim.acknowledgment is present and claim.acknowledgment = accepted",
          CLAIM_STATUS("C1", "STC*A2:20*20260711*WQ*100~SVC*HC:90853*100****1~STC*A7:562~"));
}

#define REVIEW(body)                                                                                                   \
    ANSWER("278", "005010X217",                                                                                        \
           "HL*1**20*1~NM1*X3*2*HARBOR*****46*HARBOR~HL*2*1*21*1~NM1*1P*1*P*****46*S~HL*3*2*22*1~"                     \
           "NM1*IL*1*DOE*JANE****MI*M1~HL*4*3*EV*1~TRN*2*1~UM*HS*I*A4~" body)

Test(reviews, what_was_certified_is_an_authorization)
{
    static const char certified[] =
        REVIEW("HCR*A1*A1~DTP*AAH*RD8*20260501-20260630~HL*5*4*SS*0~HCR*A1*A1~SV1*HC:90853**UN*12~");
    HOLDS(
        "authorization is present and authorization.dates contain date and authorization.procedures include 90853 and "
        "authorization.units = 12",
        certified);
    FAILS("authorization is present and authorization.procedures include 90834", certified);
    OPEN("authorization is present and authorization.dates contain date", REVIEW("HCR*A3*A1~DTP*AAH*D8*20260501~"));
    HOLDS("authorization is present and authorization.dates contain date and authorization.units = 8",
          REVIEW("HCR*A6*A0~DTP*AAH*D8*20260501~HL*5*4*SS*0~HCR*A1*A1~DTP*472*D8*20260602~HSD*VS*8~"));
}

Test(schedule, appointments_find_the_lines_that_bill_them)
{
#define SCHEDULE "member_id,date,appointment_status,provider,start,end\n"
    HOLDS("appointment is present and appointment.status = no_show", SCHEDULE "M1,2026-06-02,no_show,1234567893,,\n");
    HOLDS("appointment is absent", SCHEDULE "M1,2026-06-03,kept,1234567893,,\nM2,2026-06-02,kept,1234567893,,\n");
    OPEN("appointment is present",
         SCHEDULE "M1,2026-06-02,kept,1234567893,17:00,18:00\nM1,2026-06-02,no_show,1234567893,18:00,19:00\n");
    OPEN("appointment is present", SCHEDULE "M1,2026-02-30,kept,1234567893,,\n");
}

Test(rates, the_most_particular_rate_counts)
{
#define RATES "payer,procedure,contract_rate,from,to,plan,modifier\n"
    HOLDS("contract_rate is present and contract_rate = $80.00", RATES "HARBOR,90853,80,2026-01-01,,,\n");
    HOLDS("contract_rate is present and contract_rate = $70.00",
          RATES "HARBOR,90853,80,2026-01-01,,,\nHARBOR,90853,70,2026-01-01,,,95\nHARBOR,90853,60,2026-01-01,,,GT\n");
    HOLDS("contract_rate is absent", RATES "HARBOR,90834,80,2026-01-01,,,\nOTHER,90853,80,2026-01-01,,,\n"
                                           "HARBOR,90853,80,2026-07-01,,,\n");
    OPEN("contract_rate is present", RATES "HARBOR,90853,80,2026-01-01,,,\nHARBOR,90853,90,2026-01-01,,GOLD,\n");
    OPEN("contract_rate is present", RATES "HARBOR,90853,80,2026-01-01,,,\nHARBOR,90853,90,2026-01-01,,,\n");
}
