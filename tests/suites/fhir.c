/* FHIR R4 and NDJSON: what resources tell, how they find each other, and what cannot be read. */
#include "tests/suites/support.h"

#define PATIENT                                                                                                        \
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"identifier\":[{\"type\":{\"coding\":[{\"code\":\"MB\"}]},"          \
    "\"value\":\"M1\"}],\"gender\":\"female\",\"birthDate\":\"1980-02-29\",\"deceasedBoolean\":false,"                 \
    "\"address\":[{\"state\":\"CT\"}]}\n"
#define PRACTITIONER                                                                                                   \
    "{\"resourceType\":\"Practitioner\",\"id\":\"d1\",\"identifier\":[{\"system\":\"http://hl7.org/fhir/sid/us-npi\"," \
    "\"value\":\"1700000114\"}],\"qualification\":[{\"code\":{\"coding\":[{\"system\":"                                \
    "\"http://nucc.org/provider-taxonomy\",\"code\":\"1041C0700X\"}]}}]}\n"
#define ORGANIZATION                                                                                                   \
    "{\"resourceType\":\"Organization\",\"id\":\"o1\",\"identifier\":[{\"system\":\"http://hl7.org/fhir/sid/us-npi\"," \
    "\"value\":\"1600000016\"}],\"name\":\"Practice\"}\n"
#define PAYER "{\"resourceType\":\"Organization\",\"id\":\"h1\",\"identifier\":[{\"value\":\"HARBOR\"}]}\n"
#define COVERAGE                                                                                                       \
    "{\"resourceType\":\"Coverage\",\"id\":\"c1\",\"status\":\"active\",\"beneficiary\":{\"reference\":"               \
    "\"Patient/p1\"},\"period\":{\"start\":\"2026-01-01\",\"end\":\"2026-06-30\"},\"payor\":[{\"reference\":"          \
    "\"Organization/h1\"}],\"class\":[{\"type\":{\"coding\":[{\"code\":\"plan\"}]},\"value\":\"GOLD\"}]}\n"
#define ITEM(more)                                                                                                     \
    "{\"sequence\":1,\"careTeamSequence\":[1],\"diagnosisSequence\":[2,1],\"productOrService\":{\"coding\":[{"         \
    "\"system\":\"http://www.ama-assn.org/go/cpt\",\"code\":\"90853\"}]},\"modifier\":[{\"coding\":[{\"code\":"        \
    "\"95\"}]}],\"servicedDate\":\"2026-06-02\",\"locationCodeableConcept\":{\"coding\":[{\"code\":\"11\"}]},"         \
    "\"quantity\":{\"value\":1.5},\"net\":{\"value\":100.25,\"currency\":\"USD\"}" more "}"
#define CLAIM_OF(items)                                                                                                \
    "{\"resourceType\":\"Claim\",\"id\":\"k1\",\"identifier\":[{\"value\":\"C-1\"}],\"status\":\"active\",\"type\":{"  \
    "\"coding\":[{\"code\":\"professional\"}]},\"use\":\"claim\",\"patient\":{\"reference\":\"Patient/p1\"},"          \
    "\"created\":\"2026-06-10\",\"provider\":{\"reference\":\"Organization/o1\"},\"careTeam\":[{\"sequence\":1,"       \
    "\"provider\":{\"reference\":\"Practitioner/d1\"},\"role\":{\"coding\":[{\"code\":\"primary\"}]}}],"               \
    "\"diagnosis\":[{\"sequence\":1,\"diagnosisCodeableConcept\":{\"coding\":[{\"system\":"                            \
    "\"http://hl7.org/fhir/sid/icd-10-cm\",\"code\":\"F33.1\"}]}},{\"sequence\":2,\"diagnosisCodeableConcept\":{"      \
    "\"coding\":[{\"code\":\"F41.1\"}]}}],\"insurance\":[{\"sequence\":1,\"focal\":true,\"coverage\":{\"reference\":"  \
    "\"Coverage/c1\"},\"preAuthRef\":[\"A1\"]}],\"item\":[" items "],\"total\":{\"value\":100.25}}\n"
#define CLAIM CLAIM_OF(ITEM(""))
#define PEOPLE PATIENT PRACTITIONER ORGANIZATION PAYER COVERAGE

typedef struct read_text {
    const char *name, *text;
    adj_role role;
} read_text;

static adj_encounters *read_texts(const read_text *texts, size_t count)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    for (size_t i = 0; i < count; i++)
        adj_encounters_read_bytes_as(encounters, texts[i].name, texts[i].text, strlen(texts[i].text), texts[i].role);
    return encounters;
}

static adj_clause_verdict ask_of(const char *condition, const read_text *texts, size_t count)
{
    char text[900];
    snprintf(text, sizeof text, "policy p\nclause c\n cite \"1\"\n require %s\n warn \"x\"\n", condition);
    adj_policies *policies = support_policies(text);
    adj_encounters *encounters = read_texts(texts, count);
    adj_results *results = support_evaluate(policies, encounters);
    cr_assert_eq(adj_results_count(results), 1);
    adj_clause_verdict verdict = adj_results_clause(results, 0, 0);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return verdict;
}

static adj_clause_verdict ask(const char *condition, const char *first, const char *second)
{
    read_text texts[] = {{"a.ndjson", first, ADJ_ROLE_BY_CONTENT}, {"b.ndjson", second, ADJ_ROLE_BY_CONTENT}};
    return ask_of(condition, texts, second == NULL ? 1 : 2);
}

#define HOLDS(condition, first, second) cr_expect_eq(ask(condition, first, second), ADJ_CLAUSE_PASS, "%s", condition)
#define OPEN(condition, first, second)                                                                                 \
    cr_expect_eq(ask(condition, first, second), ADJ_CLAUSE_CANNOT_TELL, "%s", condition)

Test(fhir, a_claim_tells_its_line)
{
    HOLDS("procedure = 90853 and units = 1.5 and charge = $100.25 and pos = 11 and modifiers include 95", PEOPLE CLAIM,
          NULL);
    HOLDS("date = 2026-06-02 and claim.received = 2026-06-10 and claim.charge = $100.25", PEOPLE CLAIM, NULL);
    HOLDS("diagnoses include all of F411, F331 and claim.frequency = 1", PEOPLE CLAIM, NULL);
    HOLDS("rendering_provider = 1700000114 and billing_provider = 1600000016 and payer = \"HARBOR\"", PEOPLE CLAIM,
          NULL);
    HOLDS("rendering_taxonomy is present and rendering_taxonomy = 1041C0700X", PEOPLE CLAIM, NULL);
    HOLDS("patient.birth_date = 1980-02-29 and patient.sex = female and patient.death_date is absent", PEOPLE CLAIM,
          NULL);
    HOLDS("coverage is present and plan = \"GOLD\" and authorization is present and authorization.number = \"A1\"",
          PEOPLE CLAIM, NULL);
    HOLDS("supervising_provider is absent and claim.original_reference is absent", PEOPLE CLAIM, NULL);
}

Test(fhir, references_lead_to_other_files_in_any_order)
{
    HOLDS("rendering_provider = 1700000114 and payer = \"HARBOR\" and plan = \"GOLD\"", CLAIM, PEOPLE);
    OPEN("rendering_provider = 1700000114", CLAIM, PATIENT);
    OPEN("payer = \"HARBOR\"", CLAIM, PATIENT);
}

Test(fhir, a_member_is_who_other_files_call_so)
{
    static const char history[] = "member_id,claim_id,date,procedure,status\nM1,H1,2026-05-02,90853,paid\n";
    HOLDS("at least 2 of history in the last 90 days where procedure = 90853", PEOPLE CLAIM, history);
    static const char other[] = "member_id,claim_id,date,procedure,status\np1,H1,2026-05-02,90853,paid\n";
    cr_expect_eq(ask("at least 2 of history in the last 90 days where procedure = 90853", PEOPLE CLAIM, other),
                 ADJ_CLAUSE_FAIL, "the server's name of the patient is not the member's number");
}

Test(fhir, coverage_that_has_ended_is_none)
{
    static const char late[] = PATIENT COVERAGE CLAIM_OF(
        "{\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":\"2026-07-01\"}");
    HOLDS("coverage is absent", late, PAYER);
    static const char cancelled[] =
        "{\"resourceType\":\"Coverage\",\"id\":\"c1\",\"status\":\"cancelled\",\"beneficiary\":{\"reference\":"
        "\"Patient/p1\"},\"period\":{\"start\":\"2026-01-01\"},\"payor\":[{\"display\":\"HARBOR\"}]}";
    OPEN("coverage is present", PATIENT CLAIM, cancelled);
}

#define TYPED(type)                                                                                                    \
    CLAIM PATIENT PRACTITIONER ORGANIZATION PAYER                                                                      \
        "{\"resourceType\":\"Coverage\",\"id\":\"c1\",\"status\":\"active\",\"beneficiary\":{\"reference\":"           \
        "\"Patient/p1\"},\"payor\":[{\"reference\":\"Organization/h1\"}]" type "}\n"
#define TYPE(system, code) ",\"type\":{\"coding\":[{\"system\":\"" system "\",\"code\":\"" code "\"}]}"
#define ACT "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define PRODUCT(code) "claim.filing_indicator is present and claim.filing_indicator = " code

Test(fhir, a_coverage_says_the_product_of_its_claims)
{
    HOLDS(PRODUCT("MC"), TYPED(TYPE("https://codesystem.x12.org/005010/1032", "MC")), NULL);
    HOLDS(PRODUCT("HM"), TYPED(TYPE(ACT, "HMO")), NULL);
    HOLDS(PRODUCT("12"), TYPED(TYPE(ACT, "PPO")), NULL);
    HOLDS(PRODUCT("13"), TYPED(TYPE(ACT, "POS")), NULL);
    OPEN(PRODUCT("HM"), TYPED(TYPE(ACT, "EHCPOL")), NULL);
    OPEN(PRODUCT("HM"), TYPED(TYPE("http://example.org/own", "HMO")), NULL);
    OPEN(PRODUCT("HM"), TYPED(""), NULL);
    OPEN(PRODUCT("HM"), TYPED(",\"type\":7"), NULL);
    OPEN(PRODUCT("HM"), CLAIM, NULL);
}

Test(fhir, bundles_name_their_entries_by_address)
{
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
        "{\"fullUrl\":\"urn:uuid:aa\",\"resource\":{\"resourceType\":\"Claim\",\"id\":\"k\",\"status\":\"active\","
        "\"use\":\"claim\",\"patient\":{\"reference\":\"urn:uuid:bb\"},\"provider\":{\"reference\":\"#o\"},"
        "\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\",\"identifier\":[{\"system\":"
        "\"http://hl7.org/fhir/sid/us-npi\",\"value\":\"1600000016\"}]}],"
        "\"item\":[{\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":"
        "\"2026-06-02\"}]}},"
        "{\"fullUrl\":\"urn:uuid:bb\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"zz\",\"birthDate\":"
        "\"1990-01-01\"}}]}";
    HOLDS("patient.birth_date = 1990-01-01 and billing_provider = 1600000016", bundle, NULL);
    HOLDS("rendering_provider = 1600000016", bundle, NULL);
}

Test(fhir, an_explained_benefit_is_history_or_judged)
{
#define BENEFIT                                                                                                        \
    "{\"resourceType\":\"ExplanationOfBenefit\",\"id\":\"e1\",\"status\":\"active\",\"use\":\"claim\",\"patient\":{"   \
    "\"reference\":\"Patient/p1\"},\"insurer\":{\"display\":\"HARBOR\"},\"item\":[{\"sequence\":1,"                    \
    "\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":\"2026-05-02\",\"adjudication\":["      \
    "{\"category\":{\"coding\":[{\"code\":\"submitted\"}]},\"amount\":{\"value\":80}},"                                \
    "{\"category\":{\"coding\":[{\"code\":\"benefit\"}]},\"amount\":{\"value\":0}},"                                   \
    "{\"category\":{\"coding\":[{\"code\":\"denialreason\"}]},\"reason\":{\"coding\":[{\"system\":"                    \
    "\"https://x12.org/codes/claim-adjustment-reason-codes\",\"code\":\"119\"}]}}]}]}\n"
    HOLDS("at least 1 of history in the last 90 days where procedure = 90853 and status = denied", PEOPLE CLAIM,
          BENEFIT);
    read_text judged[] = {{"p.ndjson", PATIENT, ADJ_ROLE_BY_CONTENT}, {"e.ndjson", BENEFIT, ADJ_ROLE_JUDGED}};
    cr_expect_eq(ask_of("charge = $80.00 and remittance is present and remittance.status = denied and "
                        "remittance.reasons include 119",
                        judged, 2),
                 ADJ_CLAUSE_PASS);
}

Test(fhir, answers_find_their_claim_and_item)
{
    static const char answer[] =
        "{\"resourceType\":\"ClaimResponse\",\"id\":\"r\",\"status\":\"active\",\"use\":\"claim\",\"patient\":{"
        "\"reference\":\"Patient/p1\"},\"request\":{\"reference\":\"Claim/k1\"},\"outcome\":\"complete\",\"item\":[{"
        "\"itemSequence\":1,\"adjudication\":[{\"category\":{\"coding\":[{\"code\":\"benefit\"}]},\"amount\":{"
        "\"value\":70.5}},{\"category\":{\"coding\":[{\"code\":\"copay\"}]},\"amount\":{\"value\":20}},{\"category\":{"
        "\"coding\":[{\"code\":\"eligible\"}]},\"amount\":{\"value\":90.5}}]}]}\n";
    HOLDS("remittance is present and remittance.paid = $70.50 and remittance.patient_responsibility = $20.00 and "
          "remittance.allowed = $90.50 and remittance.status = paid",
          PEOPLE CLAIM, answer);
    static const char authorization[] =
        "{\"resourceType\":\"Claim\",\"id\":\"q\",\"status\":\"active\",\"use\":\"preauthorization\",\"patient\":{"
        "\"reference\":\"Patient/p1\"},\"item\":[{\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]}}]}\n"
        "{\"resourceType\":\"ClaimResponse\",\"id\":\"s\",\"status\":\"active\",\"use\":\"preauthorization\","
        "\"patient\":{\"reference\":\"Patient/p1\"},\"request\":{\"reference\":\"Claim/q\"},\"preAuthRef\":\"A1\","
        "\"preAuthPeriod\":{\"start\":\"2026-05-01\",\"end\":\"2026-05-31\"}}\n";
    cr_expect_eq(ask("authorization is present and authorization.dates contain date", PEOPLE CLAIM, authorization),
                 ADJ_CLAUSE_FAIL, "it ended two days before");
    HOLDS("authorization is present and authorization.procedures include 90853", PEOPLE CLAIM, authorization);
}

Test(fhir, an_encounter_is_a_session_and_one_part_of_it)
{
    static const char encounter[] =
        "{\"resourceType\":\"Encounter\",\"id\":\"n\",\"status\":\"finished\",\"class\":{\"code\":\"AMB\"},"
        "\"subject\":{\"reference\":\"Patient/p1\"},\"participant\":[{\"individual\":{\"reference\":"
        "\"Practitioner/d1\"}}],\"period\":{\"start\":\"2026-06-02T17:00:00-04:00\",\"end\":"
        "\"2026-06-02T17:50:00-04:00\"}}\n";
    static const char claim[] = CLAIM_OF(ITEM(",\"encounter\":[{\"reference\":\"Encounter/n\"}]"));
    char both[6000];
    snprintf(both, sizeof both, "%s%s", PEOPLE, claim);
    HOLDS("session.minutes = 50 minutes and attendance.minutes = 50 minutes and session.mode = in_person and "
          "session.facilitator = 1700000114",
          both, encounter);
}

Test(fhir, what_cannot_be_read_is_told_and_the_rest_goes_on)
{
    static const char bad[] =
        PEOPLE CLAIM_OF("{\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":"
                        "\"2026-02-30\"}") "{\"resourceType\":\"Claim\",\"item\":[\n" CLAIM
                                           "{\"resourceType\":\"Observation\",\"id\":\"x\"}\n";
    read_text texts[] = {{"a.ndjson", bad, ADJ_ROLE_BY_CONTENT}};
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_read_bytes(encounters, texts[0].name, bad, strlen(bad));
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 2);
    cr_expect_eq(adj_encounters_line_count(encounters), 1, "a claim is read whole or not at all");
    cr_expect_eq(support_problem(encounters, "D0202").line, 6);
    cr_expect(strstr(support_problem(encounters, "D0202").message, "item[0].servicedDate") != NULL);
    cr_expect_eq(support_problem(encounters, "D0501").line, 7);
    cr_expect_eq(support_problem(encounters, "D0502").severity, ADJ_SEVERITY_NOTE);
    cr_assert_eq(adj_encounters_rejects_count(encounters), 1);
    const char *name;
    size_t length;
    const char *rejects = adj_encounters_rejects(encounters, 0, &name, &length);
    const char *first = strstr(bad, "{\"resourceType\":\"Claim\"");
    size_t wanted = (size_t)(strstr(strchr(first, '\n') + 1, "\n") + 1 - first);
    cr_expect_eq(length, wanted);
    cr_expect_eq(memcmp(rejects, first, wanted), 0, "the two bad records, as they stand");
    adj_encounters_free(encounters);
}

Test(fhir, claims_that_are_drafts_are_passed_over)
{
    static const char draft[] =
        "{\"resourceType\":\"Claim\",\"id\":\"k\",\"status\":\"draft\",\"use\":\"claim\",\"patient\":{\"reference\":"
        "\"Patient/p1\"},\"item\":[{\"sequence\":1,\"servicedDate\":\"2026-02-02\"}]}";
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(adj_encounters_read_bytes(encounters, "d.json", draft, strlen(draft)), ADJ_OK);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 0);
    cr_expect_eq(support_problem(encounters, "D0504").severity, ADJ_SEVERITY_NOTE);
    adj_encounters_free(encounters);
}

/* ---- NDJSON of our own layout ---- */

#define LINES                                                                                                          \
    "{\"claim_id\":\"C1\",\"member_id\":\"M1\",\"line\":1,\"date\":\"2026-06-02\",\"procedure\":\"90853\",\"units\":"  \
    "1,"                                                                                                               \
    "\"charge\":100.5,\"modifiers\":[\"95\",\"GT\"],\"pos\":\"11\",\"frequency\":\"1\",\"birth_date\":\"1980-02-29\"," \
    "\"received\":\"2026-06-10\",\"supervising_provider\":null}\n"

Test(ndjson, records_of_lines_are_judged_or_history)
{
    read_text judged[] = {{"c.ndjson", LINES, ADJ_ROLE_JUDGED}};
    cr_expect_eq(ask_of("procedure = 90853 and charge = $100.50 and modifiers include all of 95, GT and units = 1 and "
                        "claim.received = 2026-06-10 and patient.birth_date = 1980-02-29 and claim.frequency = 1 and "
                        "supervising_provider is absent",
                        judged, 1),
                 ADJ_CLAUSE_PASS);
    cr_expect_eq(ask_of("referring_provider is absent", judged, 1), ADJ_CLAUSE_CANNOT_TELL, "nobody told");
    adj_encounters *encounters = read_texts(&(read_text){"h.ndjson", LINES, ADJ_ROLE_BY_CONTENT}, 1);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 0);
    adj_encounters_free(encounters);
}

Test(ndjson, side_records_of_several_kinds_may_stand_in_one_file)
{
    static const char mixed[] = "{\"session_id\":\"S1\",\"date\":\"2026-06-02\",\"minutes\":60}\n\n"
                                "{\"session_id\":\"S1\",\"member_id\":\"M1\",\"minutes\":45}\n"
                                "{\"member_id\":\"M1\",\"from\":\"2026-01-01\",\"plan\":\"GOLD\"}\n";
    static const char line[] = "{\"claim_id\":\"C1\",\"member_id\":\"M1\",\"date\":\"2026-06-02\",\"procedure\":"
                               "\"90853\",\"session_id\":\"S1\"}";
    read_text texts[] = {{"c.json", line, ADJ_ROLE_JUDGED}, {"m.ndjson", mixed, ADJ_ROLE_BESIDE}};
    cr_expect_eq(
        ask_of("session.minutes = 60 minutes and attendance.minutes = 45 minutes and plan = \"GOLD\"", texts, 2),
        ADJ_CLAUSE_PASS);
}

Test(ndjson, bad_records_say_where_and_the_others_go_on)
{
    static const char bad[] = LINES "{\"claim_id\":\"C2\",\"member_id\":\"M1\",\"date\":\"2026-02-30\",\"procedure\":"
                                    "\"90853\"}\n{\"what\":1}\n[1,2]\n{\"claim_id\":\"C3\",\"member_id\":{\"a\":1},"
                                    "\"date\":\"2026-02-03\",\"procedure\":\"90853\"}\n{nonsense\n" LINES;
    adj_encounters *encounters = read_texts(&(read_text){"c.ndjson", bad, ADJ_ROLE_JUDGED}, 1);
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 6, "[1,2] holds two records");
    cr_expect_eq(adj_encounters_line_count(encounters), 1, "the last stands twice");
    cr_expect_eq(support_problem(encounters, "D0305").line, 2);
    cr_expect_eq(support_problem(encounters, "D0301").line, 3);
    cr_expect_eq(support_problem(encounters, "D0501").line, 6);
    cr_expect_eq(support_problem(encounters, "D0309").line, 7);
    adj_encounters_free(encounters);
}

Test(ndjson, one_malformed_document_says_line_and_column)
{
    static const char bad[] = "{\n  \"resourceType\": \"Patient\",\n  \"id\": 7 8\n}\n";
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(adj_encounters_read_bytes(encounters, "p.json", bad, strlen(bad)), ADJ_INVALID_INPUT);
    cr_expect_eq(support_problem(encounters, "D0501").line, 3);
    cr_expect_gt(support_problem(encounters, "D0501").column, 5);
    adj_encounters_free(encounters);
}
