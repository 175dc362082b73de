/* Tables whose rows come from files: what is wrong in a file is said with its place; nothing is guessed. */
#include "tests/suites/support.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void write_text(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
}

static adj_policies *compile(const char *policy, const char *rows, adj_status *status)
{
    strcpy(folder, "/tmp/adjudge-rows-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    write_text("p.adj", policy);
    if (rows != NULL) write_text("rows.csv", rows);
    char path[200];
    snprintf(path, sizeof path, "%s/p.adj", folder);
    const char *paths[] = {path};
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    adj_policies *policies = NULL;
    *status = adj_policies_compile(paths, 1, &options, &policies);
    unlink(path);
    snprintf(path, sizeof path, "%s/rows.csv", folder);
    unlink(path);
    rmdir(folder);
    return policies;
}

#define POLICY                                                                                                         \
    "policy p\n\ntable t (procedure, pos) gives (rate: money)\n  unique\n  from \"rows.csv\" (rate as \"Rate\")\n\n"   \
    "clause c\n  cite \"1\"\n  require t(procedure, pos) is found\n  warn \"x\"\n"

static void expect_error(const char *policy, const char *rows, const char *code, const char *place)
{
    adj_status status;
    adj_policies *policies = compile(policy, rows, &status);
    const char *shown = adj_policies_diagnostics(policies);
    cr_expect_eq(status, ADJ_INVALID_POLICY, "compiles with\n%s", rows == NULL ? "no file" : rows);
    cr_expect(strstr(shown, code) != NULL, "no %s in\n%s", code, shown);
    cr_expect(strstr(shown, place) != NULL, "no %s in\n%s", place, shown);
    adj_policies_free(policies);
}

Test(imports, what_is_wrong_is_said_with_its_place)
{
    expect_error(POLICY, NULL, "E0710", "rows.csv");
    expect_error(POLICY, "", "E0710", "rows.csv");
    expect_error(POLICY, "procedure,pos\n90853,11\n", "E0711", "Rate");
    expect_error(POLICY, "procedure,pos,Rate\n90853,11,$40.00\n9085X9,11,$40.00\n", "E0712", "rows.csv:3:1");
    expect_error(POLICY, "procedure,pos,Rate\n90853,11,forty dollars\n", "E0201", "rows.csv:2");
    expect_error(POLICY, "procedure,pos,Rate\n90853,11,40.005\n", "E0712", "rows.csv:2:10");
    expect_error(POLICY, "procedure,pos,Rate\n90853,11,40.00\n90853,11,41.00\n", "E0703", "90853 / 11");
    expect_error(POLICY, "procedure,pos,Rate\n90853,\"11,40.00\n", "E0712", "never closed");
    expect_error("policy p\n\ntable t (procedure) gives (rate: money)\n  from \"rows.csv\" (rates as \"Rate\")\n",
                 "procedure,rate\n90853,40.00\n", "E0711", "no column `rates`");
}

/* Rows that hold more than plain values are read as if they were written, and known by their lines all the same. */
Test(imports, rows_further_down_are_found)
{
    char rows[4000] = "procedure,pos,Rate\n\"90832, 90834\",11,40.00\n";
    for (unsigned i = 3; i <= 200; i++)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                 i == 157 ? "9083X1,%02u,40.00\n" : "90853,%02u,40.00\n", i % 90 + 10);
    expect_error(POLICY, rows, "E0401", "rows.csv:157");
    char twice[4000] = "procedure,pos,Rate\n\"90832, 90834\",11,40.00\n";
    for (unsigned i = 3; i <= 80; i++)
        snprintf(twice + strlen(twice), sizeof twice - strlen(twice), "90853,%02u,40.00\n", i == 77 ? 60 : i);
    expect_error(POLICY, twice, "E0703", "rows.csv:77");
    expect_error(POLICY, twice, "E0703", "rows.csv:60");
}

Test(imports, a_row_that_stands_twice_is_one_row)
{
    adj_status status;
    adj_policies *policies =
        compile(POLICY, "procedure\tpos\tRate\tnote\n90853\t11\t40.00\ta\n90853\t11\t40.00\tb\n", &status);
    cr_expect_eq(status, ADJ_OK, "%s", adj_policies_diagnostics(policies));
    adj_policies_free(policies);
}

/* The pair edits and unit limits as they are published, where the machine has them. */
Test(imports, published_files_load_as_they_come)
{
    const char *ptp = "/../shared/data/ref-ncci/andrewallenbruce__northstar/ncci_ptp_prac.tsv.gz";
    char path[600];
    snprintf(path, sizeof path, "%s%s", SOURCE_FOLDER, ptp);
    struct stat status;
    if (stat(path, &status) != 0) cr_skip_test("the published pair edits are not on this machine");
    char policy[4000];
    snprintf(policy, sizeof policy,
             "policy p\n\ntable ptp (column_one: procedure, column_two: procedure) gives (indicator: count)\n  unique\n"
             "  from \"%s\" (column_one as \"column1\", column_two as \"column2\", to as \"deletion_date\",\n"
             "       indicator as \"modifier_ind\")\n"
             "  | column_one | column_two | indicator |\n  | 90847 | 90846 | 0 | from 2000-01-01\n\n"
             "clause c\n  cite \"1\"\n  when ptp(procedure, 90846) is found\n  require units = 1\n  warn \"x\"\n\n"
             "test \"a pair whose first day is known\"\n  given line 90847 on 2026-03-05\n  expect pass by c\n\n"
             "test \"a pair whose first day is not\"\n  given line 90849 on 2026-03-05\n  expect pass by c\n\n"
             "test \"no pair\"\n  given line 99213 on 2026-03-05\n  expect not applicable by c\n",
             path);
    adj_status compiled;
    adj_policies *policies = compile(policy, NULL, &compiled);
    cr_assert_eq(compiled, ADJ_OK, "%s", adj_policies_diagnostics(policies));
    for (size_t i = 0; i < adj_policies_test_count(policies); i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, NULL, &result), ADJ_OK);
        if (i != 1) cr_expect(result.passed, "%s:\n%s", result.title, result.difference);
    }
    adj_policies_free(policies);
}

/* A spreadsheet says `any` for every plan, and money and minutes without their signs, whether or not a cell holds a list. */
Test(imports, any_and_bare_numbers_of_a_spreadsheet)
{
    static const char policy[] =
        "policy p\n\ntable t (plan, procedure) gives (rate: money, shortest: minutes)\n  from \"rows.csv\"\n\n"
        "section \"S\"\n  for each line\n  let row = t(plan, procedure)\n\n"
        "clause c\n  cite \"1\"\n  when row is found\n  require charge = row.rate and session.minutes = row.shortest\n "
        " warn \"x\"\n\n"
        "test \"a plan\"\n  given line 90853 on 2026-03-05, plan \"HMO\", charge $41.50, session.minutes 45\n  expect "
        "pass by c\n\n"
        "test \"another\"\n  given line 90853 on 2026-03-05, plan \"PPO\", charge $41.50, session.minutes 45\n  expect "
        "pass by c\n\n"
        "test \"the one that is written out\"\n  given line 90834 on 2026-03-05, plan \"PPO\", charge $9.00, "
        "session.minutes 50\n"
        "  expect pass by c\n";
    static const char *const rows[] = {
        "plan,procedure,rate,shortest\nany,90853,41.50,45\nPPO,90834,9,50\n",
        "plan,procedure,rate,shortest\n*,\"90853, 90849\",41.50,45\nPPO,90834,$9.00,50 minutes\n"};
    for (size_t i = 0; i < 2; i++) {
        adj_status status;
        adj_policies *policies = compile(policy, rows[i], &status);
        cr_assert_eq(status, ADJ_OK, "%s", adj_policies_diagnostics(policies));
        for (size_t t = 0; t < 3; t++) {
            adj_test_result result;
            cr_assert_eq(adj_policies_run_test(policies, t, NULL, &result), ADJ_OK);
            cr_expect(result.passed, "file %zu, %s:\n%s", i, result.title, result.difference);
        }
        adj_policies_free(policies);
    }
}

/* A lower layer loads an edition of its own: it takes the place of all rows above, for its own lines alone. */
Test(imports, an_edition_takes_the_place_of_a_table_above)
{
    strcpy(folder, "/tmp/adjudge-rows-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    write_text("up.adj",
               "policy up\n  payer \"UP\"\n\noverridable table t (procedure) gives (units: count)\n  partial\n"
               "  | procedure | units |\n  | 90853     | 1     |\n  | 90834     | 1     |\n\n"
               "clause most\n  cite \"1\"\n  require t(procedure) is found and units <= t(procedure).units\n"
               "  deny CO-151 N362 as limit \"{units}\"\n\n"
               "test \"above\"\n  given line 90853 on 2026-03-05, units 2\n  expect deny by most\n");
    write_text("rows.csv", "HCPCS,MUE Values\n90853,4\n");
    write_text(
        "p.adj",
        "policy p extends up\n  payer \"P\"\n\noverride table t\n"
        "  from \"rows.csv\" (procedure as \"HCPCS\", units as \"MUE Values\")\n\n"
        "test \"by the file\"\n  given line 90853 on 2026-03-05, units 4\n        line 90853 on 2026-03-05, units 5\n"
        "  expect pass by most on line 1\n  expect deny by most on line 2\n\n"
        "test \"a row that only the table above has, which says no more that it is a part\"\n"
        "  given line 90834 on 2026-03-05\n  expect deny by most\n\n"
        "test \"nor one that no table has\"\n  given line 90832 on 2026-03-05\n  expect deny by most\n");
    char paths[3][200];
    const char *names[] = {"up.adj", "p.adj", "rows.csv"};
    for (size_t i = 0; i < 3; i++) snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    const char *both[] = {paths[0], paths[1]};
    adj_policies *policies = NULL;
    cr_assert_eq(adj_policies_compile(both, 2, NULL, &policies), ADJ_OK, "%s", adj_policies_diagnostics(policies));
    cr_assert_eq(adj_policies_test_count(policies), 4u);
    for (size_t i = 0; i < 4; i++) {
        adj_test_result result;
        cr_assert_eq(adj_policies_run_test(policies, i, NULL, &result), ADJ_OK);
        cr_expect(result.passed, "%s:\n%s", result.title, result.difference);
    }
    adj_policies_free(policies);
    for (size_t i = 0; i < 3; i++) unlink(paths[i]);
    rmdir(folder);
}

Test(imports, two_editions_differ_by_rows)
{
    strcpy(folder, "/tmp/adjudge-rows-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    write_text("old.csv", "a,b,to,x\n1,2,9999-12-31,p\n1,3,2020-12-31,p\n1,4,9999-12-31,p\n1,5,9999-12-31,p\n");
    write_text("new.csv",
               "a,b,to,x\n1,2,2025-12-31,p\n1,3,2020-12-31,p\n1,3,9999-12-31,p\n1,4,9999-12-31,q\n1,6,*,p\n");
    char old_path[200], new_path[200];
    snprintf(old_path, sizeof old_path, "%s/old.csv", folder);
    snprintf(new_path, sizeof new_path, "%s/new.csv", folder);
    adj_table_diff *diff = NULL;
    cr_assert_eq(adj_table_compare(old_path, new_path, "a,b", NULL, "to", &diff), ADJ_OK);
    static const char *const wanted[] = {"1 / 6 : p", "1 / 5 : p", "1 / 3 : p", "1 / 2:  -> to 2025-12-31",
                                         "1 / 4 : p -> q"};
    for (int kind = 0; kind < ADJ_TABLE_KINDS; kind++) {
        cr_assert_eq(adj_table_diff_count(diff, (adj_table_change)kind), 1u, "kind %d", kind);
        cr_expect_str_eq(adj_table_diff_row(diff, (adj_table_change)kind, 0), wanted[kind]);
    }
    adj_table_diff_free(diff);
    cr_expect_eq(adj_table_compare(old_path, new_path, "a,z", NULL, NULL, &diff), ADJ_INVALID_INPUT);
    cr_expect(strstr(adj_table_diff_error(diff), "`z`") != NULL);
    adj_table_diff_free(diff);
    unlink(old_path);
    unlink(new_path);
    rmdir(folder);
}
