/* The 837P reader: envelopes of every kind, what a line takes from its claim, and what is said of bad input. */
#include "tests/suites/support.h"

static const char policy_text[] = "policy p\nclause c\n cite \"1\"\n require units <= 1\n warn \"{units}\"\n";

#define ISA "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"
#define HEAD                                                                                                           \
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"               \
    "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~"                                                                  \
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~NM1*PR*2*HARBOR*****PI*HARBOR~"
#define CLAIM                                                                                                          \
    "CLM*C1*200***11:B:1*Y*A*Y*Y~REF*G1*AUTH1~HI*ABK:F331*ABF:F411~NM1*82*1*ALDER*RUTH****XX*1700000114~"              \
    "LX*1~SV1*HC:90853:95:GT*100*UN*1***2:1~DTP*472*D8*20260602~REF*6R*L1~"                                            \
    "LX*2~SV1*HC:90834*100*UN*1.5*02**1~DTP*472*RD8*20260603-20260604~REF*G1*AUTH2~NM1*82*1*BIRCH*OMAR****XX*"         \
    "1700000122~"
#define TAIL "SE*23*0001~GE*1*42~IEA*1*000000042~"

static adj_line line_of(const char *claims, size_t index, size_t expected)
{
    static adj_policies *policies;
    static adj_encounters *encounters;
    static adj_results *results;
    adj_results_free(results);
    adj_encounters_free(encounters);
    if (policies == NULL) policies = support_policies(policy_text);
    encounters = support_read(claims);
    results = support_evaluate(policies, encounters);
    cr_assert_eq(adj_results_count(results), expected, "%zu lines", adj_results_count(results));
    return adj_results_line(results, index);
}

Test(x12, a_claim_reads_as_mapped)
{
    adj_line line = line_of(ISA HEAD CLAIM TAIL, 0, 2);
    cr_expect_str_eq(line.claim, "C1");
    cr_expect_str_eq(line.patient, "M1");
    cr_expect_str_eq(line.payer, "HARBOR");
    cr_expect_str_eq(line.procedure, "90853");
    cr_expect_str_eq(line.modifiers, "95, GT");
    cr_expect_str_eq(line.place_of_service, "11");
    cr_expect_str_eq(line.date, "2026-06-02");
    cr_expect_eq(line.charge, 10000);
    line = line_of(ISA HEAD CLAIM TAIL, 1, 2);
    cr_expect_str_eq(line.place_of_service, "02", "the line's place of service overrides the claim's");
    cr_expect_str_eq(line.units, "1.5");
    cr_expect_eq(line.number, 2);
}

Test(x12, a_clean_file_has_no_problems)
{
    adj_encounters *encounters = support_read(ISA HEAD CLAIM TAIL);
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        cr_expect_fail("%s", adj_encounters_problem(encounters, i).message);
    }
    cr_expect_eq(adj_encounters_claim_count(encounters), 1u);
    adj_encounters_free(encounters);
}

/* Line values override claim values, pointers pick diagnoses: asked by a policy, since results show only a part. */
Test(x12, providers_authorizations_and_pointers)
{
    adj_policies *policies = support_policies(
        "policy p\n"
        "clause rendering\n cite \"1\"\n require rendering_provider = 1700000114\n warn \"{rendering_provider}\"\n"
        "clause number\n cite \"1\"\n when authorization is present\n require authorization.number = \"AUTH1\"\n warn "
        "\"{authorization.number}\"\n"
        "clause pointed\n cite \"1\"\n require diagnoses include F41.1\n warn \"{diagnoses}\"\n"
        "clause age\n cite \"1\"\n require age = 46\n warn \"{age}\"\n");
    adj_encounters *encounters = support_read(ISA HEAD CLAIM TAIL);
    adj_results *results = support_evaluate(policies, encounters);
    for (size_t c = 0; c < 4; c++)
        cr_expect_eq(adj_results_clause(results, 0, c), ADJ_CLAUSE_PASS, "clause %zu of line 1", c);
    for (size_t c = 0; c < 3; c++)
        cr_expect_eq(adj_results_clause(results, 1, c), ADJ_CLAUSE_FAIL, "clause %zu of line 2", c);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

static char *replaced(const char *text, const char *from, const char *to)
{
    char *result = calloc(1, strlen(text) * 7 + 1);
    cr_assert_not_null(result);
    size_t used = 0;
    while (*text != '\0') {
        bool found = strncmp(text, from, strlen(from)) == 0;
        const char *added = found ? to : text;
        size_t length = found ? strlen(to) : 1;
        memcpy(result + used, added, length);
        used += length;
        text += found ? strlen(from) : 1;
    }
    return result;
}

Test(x12, line_ends_indents_and_bom_do_not_matter)
{
    static const char *const ends[] = {"~\n", "~\r\n", "~\n    ", "~\r", "\n", "~\n\n\n"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *text = replaced("\xEF\xBB\xBF" ISA HEAD CLAIM TAIL, "~", ends[i]);
        adj_line line = line_of(text, 1, 2);
        cr_expect_str_eq(line.procedure, "90834", "with line end %zu", i);
        free(text);
    }
}

Test(x12, any_delimiters)
{
    char *text = replaced(ISA HEAD CLAIM TAIL, "*", "|");
    char *second = replaced(text, ":", ">");
    char *third = replaced(second, "~", "!");
    cr_expect_str_eq(line_of(third, 0, 2).modifiers, "95, GT");
    free(text);
    free(second);
    free(third);
}

Test(x12, wrapped_lines_inside_segments)
{
    char *text = replaced(ISA HEAD CLAIM TAIL, "HC:90853", "HC:90\n853");
    cr_expect_str_eq(line_of(text, 0, 2).procedure, "90853");
    free(text);
}

Test(x12, an_isa16_that_lies_is_noticed)
{
    char *text = replaced(ISA, "*T*:", "*T*>");
    char *whole = calloc(1, 4096);
    strcat(strcat(whole, text), HEAD CLAIM TAIL);
    adj_encounters *encounters = support_read(whole);
    cr_expect_eq(support_problem(encounters, "D0108").severity, ADJ_SEVERITY_WARNING);
    adj_encounters_free(encounters);
    cr_expect_str_eq(line_of(whole, 0, 2).modifiers, "95, GT");
    free(text);
    free(whole);
}

Test(x12, several_interchanges_and_no_envelope)
{
    cr_expect_str_eq(line_of(ISA HEAD CLAIM TAIL ISA HEAD CLAIM TAIL, 3, 4).procedure, "90834");
    adj_encounters *encounters = support_read("ST*837*0001*005010X222A1~" CLAIM "SE*3*0001~");
    support_problem(encounters, "D0101");
    cr_expect_eq(adj_encounters_line_count(encounters), 2u);
    adj_encounters_free(encounters);
}

Test(x12, wrong_counts_are_warnings)
{
    adj_encounters *encounters = support_read(ISA HEAD CLAIM "SE*99*0001~GE*1*42~IEA*1*000000042~");
    adj_problem problem = support_problem(encounters, "D0105");
    cr_expect_eq(problem.severity, ADJ_SEVERITY_WARNING);
    cr_expect_not_null(strstr(problem.message, "states 99 segments; there are 23"), "%s", problem.message);
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_ERROR), 0u);
    adj_encounters_free(encounters);
}

Test(x12, a_truncated_file_says_where_it_stops)
{
    adj_encounters *encounters = support_read(ISA HEAD "CLM*C1*200***11:B:1*Y*A*Y*Y~LX*1~SV1*HC:90853*10");
    support_problem(encounters, "D0103");
    support_problem(encounters, "D0104");
    cr_expect_eq(adj_encounters_claim_count(encounters), 1u);
    adj_encounters_free(encounters);
}

Test(x12, malformed_values_make_a_line_unreadable_not_unknown)
{
    static const char *const lines[] = {"LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20240230~",
                                        "LX*1~SV1*HC:90853*1OO*UN*1***1~DTP*472*D8*20260602~",
                                        "LX*1~SV1*HC:90853*100*UN*one***1~DTP*472*D8*20260602~",
                                        "LX*1~SV1*HC*100*UN*1***1~DTP*472*D8*20260602~",
                                        "LX*1~SV1*HC:90853*100*UN*1***1~",
                                        "LX*1~DTP*472*D8*20260602~",
                                        "LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*RD8*20260602-20260601~"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[2048];
        snprintf(text, sizeof text, "%sCLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F331~%sSE*1*0001~", ISA HEAD, lines[i]);
        adj_line line = line_of(text, 0, 1);
        cr_expect_eq(line.verdict, ADJ_UNREADABLE, "case %zu is %s", i, adj_verdict_name(line.verdict));
        cr_expect_str_neq(line.reason, "");
    }
}

Test(x12, errors_name_segment_line_and_element)
{
    adj_encounters *encounters = support_read(
        ISA "\n" HEAD "\nCLM*C1*100***11:B:1*Y*A*Y*Y~\nLX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20240230~");
    adj_problem problem = support_problem(encounters, "D0202");
    cr_expect_eq(problem.severity, ADJ_SEVERITY_ERROR);
    cr_expect_eq(problem.line, 4u);
    cr_expect_eq(problem.segment, 15u, "segment %zu", problem.segment);
    cr_expect_not_null(strstr(problem.message, "DTP03: found `20240230`"), "%s", problem.message);
    cr_expect_str_eq(problem.claim, "C1");
    adj_encounters_free(encounters);
}

Test(x12, other_transactions_are_counted_not_read)
{
    adj_encounters *encounters = support_read(ISA "GS*HC*A*B*20260710*0915*42*X*005010X224A2~ST*837*0001*005010X224A2~"
                                                  "CLM*I1*100***11:A:1~SE*3*0001~GE*1*42~IEA*1*000000042~");
    cr_expect_not_null(strstr(support_problem(encounters, "D0110").message, "1 claim"));
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1u);
    cr_expect_eq(adj_encounters_line_count(encounters), 0u);
    adj_encounters_free(encounters);
}

Test(x12, a_dependent_is_not_the_subscriber)
{
    adj_line line = line_of(ISA HEAD "HL*3*2*23*0~PAT*19~NM1*QC*1*DOE*IVY~DMG*D8*20150101*F~" CLAIM TAIL, 0, 2);
    cr_expect_str_eq(line.patient, "M1/IVY");
}

#define SUBSCRIBER                                                                                                     \
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"               \
    "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******CI~"
#define NAMED "NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~NM1*PR*2*HARBOR*****PI*HARBOR~"

/* The claim of a member, with what its loops say before it, judged by one requirement. */
static adj_clause_verdict asked(const char *condition, const char *loops, const char *history)
{
    char policy[600], claims[2000];
    snprintf(policy, sizeof policy, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    snprintf(claims, sizeof claims, ISA "%s" TAIL, loops);
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(adj_encounters_read_bytes(encounters, "c.837", claims, strlen(claims)), ADJ_OK);
    if (history != NULL) cr_expect_eq(adj_encounters_read_bytes(encounters, "h.csv", history, strlen(history)), ADJ_OK);
    cr_expect_eq(adj_encounters_finish(encounters), ADJ_OK);
    adj_results *results = support_evaluate(policies, encounters);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

Test(x12, an_institutional_claim_reads_as_mapped)
{
#define HOSPITAL                                                                                                       \
    "GS*HC*A*B*20260710*0915*42*X*005010X223A2~ST*837*0001*005010X223A2~BHT*0019*00*1*20260710*0915*CH~"               \
    "HL*1**20*1~NM1*85*2*HOSPITAL*****XX*1234567893~"                                                                  \
    "HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~DMG*D8*19800229*F~NM1*PR*2*HARBOR*****PI*HARBOR~"        \
    "CLM*I1*500***13:A:1**A*Y*Y~DTP*434*RD8*20260601-20260603~DTP*435*DT*202606010830~CL1*3*1*01~"                     \
    "HI*ABK:F331~HI*ABJ:F329~HI*ABF:F411~NM1*71*1*ELM*ANN****XX*1700000114~"
#define SERVICES "LX*1~SV2*0915*HC:90853:59*300*UN*3~DTP*472*D8*20260602~LX*2~SV2*0250**200*UN*1.5~"
    cr_expect_eq(asked("procedure in 90853 and modifiers include only 59 and units = 3 and charge = $300.00 and "
                       "date = 2026-06-02 and revenue_code is present and revenue_code = 0915",
                       HOSPITAL SERVICES, NULL),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("claim.type_of_bill is present and claim.type_of_bill = \"131\" and claim.frequency = 1 and "
                       "claim.attending_provider is present and claim.attending_provider = 1700000114 and "
                       "claim.admission_date is present and claim.admission_date = 2026-06-01 and "
                       "diagnoses include all of F33.1, F41.1 and diagnoses include none of F32.9",
                       HOSPITAL SERVICES, NULL),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("pos in 11, 13", HOSPITAL SERVICES, NULL), ADJ_CLAUSE_CANNOT_TELL,
                 "a facility type is no place of service");
    cr_expect_eq(asked("date = 2026-06-01 and end_date = 2026-06-03 and units = 1.5 and not (procedure in 90853) and "
                       "revenue_code is present and revenue_code = 0250",
                       HOSPITAL "LX*1~SV2*0250**200*UN*1.5~", NULL),
                 ADJ_CLAUSE_PASS, "a line of its revenue code alone, on the days of the statement");
    cr_expect_eq(asked("claim.type_of_bill is absent and claim.attending_provider is absent and revenue_code is absent",
                       SUBSCRIBER NAMED CLAIM, NULL),
                 ADJ_CLAUSE_PASS, "a professional one");
}

Test(x12, services_of_the_other_kind_are_refused)
{
    adj_encounters *encounters = support_read(ISA HOSPITAL "LX*1~SV1*HC:90853*300*UN*3~" TAIL);
    cr_expect_not_null(strstr(support_problem(encounters, "D0206").message, "expected SV2"));
    cr_expect_not_null(strstr(support_problem(encounters, "D0203").message, "no service (SV2)"));
    adj_encounters_free(encounters);
}

Test(x12, the_date_of_death_is_that_of_the_member)
{
#define DIED "PAT*****D8*20260601~"
    static const char died[] = "patient.death_date is present and patient.death_date = 2026-06-01";
    cr_expect_eq(asked(died, SUBSCRIBER DIED NAMED CLAIM, NULL), ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("patient.death_date is absent", SUBSCRIBER NAMED CLAIM, NULL), ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("patient.death_date is absent", SUBSCRIBER "PAT*****D8*20260230~" NAMED CLAIM, NULL),
                 ADJ_CLAUSE_CANNOT_TELL, "a day that does not exist is not no day");
    cr_expect_eq(asked("patient.death_date is absent",
                       SUBSCRIBER DIED NAMED "HL*3*2*23*0~PAT*19~NM1*QC*1*DOE*IVY~DMG*D8*20150101*F~" CLAIM, NULL),
                 ADJ_CLAUSE_PASS, "the subscriber died, not the dependent");
    cr_expect_eq(asked(died,
                       SUBSCRIBER NAMED "HL*3*2*23*0~PAT*19****D8*20260601~NM1*QC*1*DOE*IVY~DMG*D8*20150101*F~" CLAIM,
                       NULL),
                 ADJ_CLAUSE_PASS, "the dependent");
}

Test(x12, a_named_condition_is_shown_as_yes_or_no)
{
    adj_policies *policies =
        support_policies("policy p\nsection \"S\"\n for each line\n let many = units > 1\n"
                         " let dated = date < 2026-06-03\n let long = session.minutes > 5 minutes\n"
                         "clause c\n cite \"1\"\n require many or not dated\n"
                         " warn \"{many} {dated} {long}\"\n");
    adj_encounters *encounters = support_read(ISA HEAD CLAIM TAIL);
    adj_results *results = support_evaluate(policies, encounters);
    adj_explanation *explanation = NULL;
    cr_assert_eq(adj_results_explain(results, 0, &explanation), ADJ_OK);
    cr_assert_eq(adj_explanation_count(explanation), 1u);
    cr_expect_str_eq(adj_explanation_finding(explanation, 0)->message, "no yes unknown");
    adj_explanation_free(explanation);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

Test(x12, a_void_meets_no_clause)
{
#define OF_FREQUENCY(code)                                                                                             \
    SUBSCRIBER NAMED "CLM*C1*100***11:B:" code "*Y*A*Y*Y~REF*F8*ICN1~HI*ABK:F331~LX*1~SV1*HC:90853*100*UN*1***1~"      \
                     "DTP*472*D8*20260602~"
    cr_expect_eq(asked("units > 1", OF_FREQUENCY("8"), NULL), ADJ_CLAUSE_NOT_APPLICABLE);
    cr_expect_eq(asked("units > 1", OF_FREQUENCY("7"), NULL), ADJ_CLAUSE_FAIL);
}

Test(x12, the_claim_that_a_replacement_names_is_known_or_not)
{
#define REPLACEMENT                                                                                                    \
    SUBSCRIBER NAMED "CLM*C1*100***11:B:7*Y*A*Y*Y~REF*F8*ICN1~HI*ABK:F331~LX*1~SV1*HC:90853*100*UN*1***1~"             \
                     "DTP*472*D8*20260602~"
#define HISTORY "member_id,claim_id,date,procedure,payer_claim_number,completeness\n"
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M1,B9,2026-06-02,90853,ICN1,\n"), ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M1,ICN1,2026-06-02,90853,,\n"), ADJ_CLAUSE_PASS);
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M1,B9,2026-06-02,90853,ICN2,\n"), ADJ_CLAUSE_FAIL);
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M1,B9,2026-06-02,90853,,\n"),
                 ADJ_CLAUSE_CANNOT_TELL, "it may be the one whose number nobody told us");
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M2,B9,2026-06-02,90853,,\n"), ADJ_CLAUSE_FAIL,
                 "another member's is not");
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, NULL), ADJ_CLAUSE_CANNOT_TELL);
    cr_expect_eq(asked("claim.original_found", REPLACEMENT, HISTORY "M1,B9,2026-06-02,90853,ICN2,own\n"),
                 ADJ_CLAUSE_CANNOT_TELL);
}

Test(x12, other_payers_loops_do_not_leak)
{
    adj_line line = line_of(ISA HEAD "CLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F331~SBR*S*18*******MB~NM1*IL*1*DOE*JOHN****"
                                     "MI*OTHER~NM1*PR*2*MEDICARE*****PI*MEDICARE~"
                                     "LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~SE*1*0001~",
                            0, 1);
    cr_expect_str_eq(line.payer, "HARBOR");
    cr_expect_str_eq(line.patient, "M1");
}

Test(x12, a_claim_without_any_list)
{
    adj_policies *policies = support_policies("policy p\nclause c\n cite \"1\"\n require modifiers include 59 or "
                                              "diagnoses include any of F33.*\n warn \"{modifiers}\"\n");
    adj_encounters *encounters =
        support_read(ISA HEAD "CLM*C1*100***11:B:1*Y*A*Y*Y~LX*1~SV1*HC:90853*100*UN*1~DTP*472*D8*20260602~SE*1*0001~");
    adj_results *results = support_evaluate(policies, encounters);
    cr_expect_eq(adj_results_clause(results, 0, 0), ADJ_CLAUSE_FAIL);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

Test(x12, a_service_outside_any_claim_is_not_lost_in_silence)
{
    adj_encounters *encounters =
        support_read(ISA HEAD "LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~SE*14*0001~GE*1*42~IEA*1*000000042~");
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_ERROR), 1u);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1u);
    adj_encounters_free(encounters);
}

Test(x12, a_file_without_claims_says_so)
{
    adj_encounters *encounters = support_read(ISA HEAD "SE*11*0001~GE*1*42~IEA*1*000000042~");
    support_problem(encounters, "D0112");
    adj_encounters_free(encounters);
    encounters = support_read(ISA "IEA*0*000000042~");
    support_problem(encounters, "D0113");
    adj_encounters_free(encounters);
}

/* The billing provider's taxonomy stands before its name, the rendering provider's after. */
Test(x12, taxonomies_of_both_providers)
{
    adj_policies *policies = support_policies("policy p\n"
                                              "clause billing\n cite \"1\"\n require billing_taxonomy is present and "
                                              "billing_taxonomy = 261QM0850X\n warn \"{billing_taxonomy}\"\n"
                                              "clause rendering\n cite \"1\"\n require rendering_taxonomy is present "
                                              "and rendering_taxonomy = 1041C0700X\n warn \"{rendering_taxonomy}\"\n");
    adj_encounters *encounters = support_read(
        ISA "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~HL*1**"
            "20*1~PRV*BI*PXC*261QM0850X~"
            "NM1*85*2*PRACTICE*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~NM1*PR*2*H***"
            "**PI*H~"
            "CLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F331~NM1*82*1*ALDER*RUTH****XX*1234567893~PRV*PE*PXC*1041C0700X~"
            "LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~SE*1*0001~");
    adj_results *results = support_evaluate(policies, encounters);
    cr_expect_eq(adj_results_clause(results, 0, 0), ADJ_CLAUSE_PASS);
    cr_expect_eq(adj_results_clause(results, 0, 1), ADJ_CLAUSE_PASS);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* Loops 2320 and 2330 are about another payer: its authorization and provider are not this claim's. */
Test(x12, other_payers_references_do_not_leak)
{
    adj_policies *policies = support_policies(
        "policy p\n"
        "clause nothing\n cite \"1\"\n require authorization is absent\n warn \"x\"\n"
        "clause ours\n cite \"1\"\n require rendering_provider = 1700000114\n warn \"{rendering_provider}\"\n"
        "clause first\n cite \"1\"\n require claim.original_reference is absent\n warn \"x\"\n");
    adj_encounters *encounters = support_read(
        ISA HEAD
        "CLM*C1*100***11:B:1*Y*A*Y*Y~HI*ABK:F331~NM1*82*1*ALDER*RUTH****XX*1700000114~"
        "SBR*S*18*******MB~NM1*IL*1*DOE*JOHN****MI*OTHER~NM1*PR*2*MEDICARE*****PI*MEDICARE~REF*G1*THEIRS~REF*F8*THEIRS~"
        "NM1*82*1*BIRCH*OMAR****XX*1700000122~LX*1~SV1*HC:90853*100*UN*1***1~DTP*472*D8*20260602~SE*1*0001~");
    adj_results *results = support_evaluate(policies, encounters);
    for (size_t c = 0; c < 3; c++) cr_expect_eq(adj_results_clause(results, 0, c), ADJ_CLAUSE_PASS, "clause %zu", c);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* A span that its qualifier calls a day is one all the same. */
Test(x12, a_span_under_the_qualifier_of_a_day_is_read)
{
    static const char before[] = "DTP*472*RD8*20260603-20260604~", after[] = "DTP*472*D8*20260603-20260604~";
    char text[4096];
    static const char claims[] = ISA HEAD CLAIM;
    const char *at = strstr(claims, before);
    cr_assert_not_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - claims), claims, after, at + strlen(before));
    adj_encounters *encounters = support_read(text);
    cr_expect_eq(support_problems(encounters, ADJ_SEVERITY_ERROR), 0u);
    adj_encounters_free(encounters);
}
