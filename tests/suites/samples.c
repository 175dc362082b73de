/* Third parties' 837P files, where they lie beside the project: every claim is read or reported. Skipped, visibly,
 * where they are missing. */
#include "tests/suites/support.h"

#include <dirent.h>
#include <sys/stat.h>

typedef struct walk {
    size_t files, claims, lines, payments;
    adj_policies *policies;
} walk;

/* Segments that a file holds, found without the reader: claims are CLM, claim payments CLP. */
static size_t segments_in(const char *bytes, size_t length, const char *identifier)
{
    size_t count = 0;
    for (size_t i = 0; i + 4 < length; i++) {
        bool begins = i == 0 || strchr("~!\n\r \t", bytes[i - 1]) != NULL;
        if (begins && memcmp(bytes + i, identifier, 3) == 0 && strchr("*|+^", bytes[i + 3]) != NULL) count++;
    }
    return count;
}

static void check_file(void *state, const char *path)
{
    walk *w = state;
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    char *bytes = malloc(1 << 20);
    size_t length = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes(encounters, path, bytes, length);
    size_t read = adj_encounters_claim_count(encounters), refused = 0;
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        refused += strcmp(adj_encounters_problem(encounters, i).code, "D0110") == 0
                       ? adj_encounters_rejected_count(encounters)
                       : 0;
    }
    size_t claims = segments_in(bytes, length, "CLM"), payments = segments_in(bytes, length, "CLP");
    cr_expect_eq(read + refused, claims, "%s: %zu claims read, %zu refused, %zu there", path, read, refused, claims);
    cr_expect_eq(adj_encounters_payment_count(encounters), payments, "%s: %zu of %zu claim payments", path,
                 adj_encounters_payment_count(encounters), payments);
    w->payments += adj_encounters_payment_count(encounters);
    adj_results *results = support_evaluate(w->policies, encounters);
    w->files++;
    w->claims += read;
    w->lines += adj_results_count(results);
    adj_results_free(results);
    adj_encounters_free(encounters);
    free(bytes);
}

static void walk_folder(const char *path, void (*check)(void *state, const char *path), void *state)
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        char inner[1024];
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        cr_assert(length > 0 && (size_t)length < sizeof inner, "a path is too long: %s", path);
        struct stat status;
        if (stat(inner, &status) != 0) continue;
        if (S_ISDIR(status.st_mode))
            walk_folder(inner, check, state);
        else
            check(state, inner);
    }
    if (folder != NULL) closedir(folder);
}

Test(samples, every_837p_is_read_or_reported)
{
    static const char folder[] = SOURCE_FOLDER "/../shared/data/x12-837p";
    struct stat status;
    if (stat(folder, &status) != 0) cr_skip_test("third-party samples are not here (%s)", folder);
    walk w = {.policies =
                  support_policies("policy p\nclause c\n cite \"1\"\n require units <= 1\n warn \"{units}\"\n")};
    walk_folder(folder, check_file, &w);
    cr_expect_geq(w.files, 70u);
    cr_expect_geq(w.claims, 500u);
    cr_expect_geq(w.lines, 1500u);
    adj_policies_free(w.policies);
}

Test(samples, every_837i_is_read_or_reported)
{
    static const char folder[] = SOURCE_FOLDER "/../shared/data/x12-837i";
    struct stat status;
    if (stat(folder, &status) != 0) cr_skip_test("third-party samples are not here (%s)", folder);
    walk w = {.policies =
                  support_policies("policy p\nclause c\n cite \"1\"\n require units <= 1\n warn \"{units}\"\n")};
    walk_folder(folder, check_file, &w);
    cr_expect_geq(w.files, 30u);
    cr_expect_geq(w.claims, 40u, "%zu claims", w.claims);
    cr_expect_geq(w.lines, 100u, "%zu lines", w.lines);
    adj_policies_free(w.policies);
}

Test(samples, every_835_is_read_or_reported)
{
    static const char folder[] = SOURCE_FOLDER "/../shared/data/x12-835";
    struct stat status;
    if (stat(folder, &status) != 0) cr_skip_test("third-party samples are not here (%s)", folder);
    walk w = {.policies =
                  support_policies("policy p\nclause c\n cite \"1\"\n require units <= 1\n warn \"{units}\"\n")};
    walk_folder(folder, check_file, &w);
    cr_expect_geq(w.files, 30u);
    cr_expect_geq(w.payments, 100u, "%zu claim payments", w.payments);
    adj_policies_free(w.policies);
}

Test(samples, minutes_billed_as_units_are_read_as_they_stand)
{
    static const char path[] =
        SOURCE_FOLDER "/../shared/data/x12-837p/CloudFocused__healthcare-edi-converter/samples/sample837p_01.txt";
    struct stat status;
    if (stat(path, &status) != 0) cr_skip_test("third-party samples are not here");
    adj_policies *policies =
        support_policies("policy p\nclause c\n cite \"1\"\n require units <= 1\n warn \"{units}\"\n");
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_assert_eq(adj_encounters_read(encounters, path), ADJ_OK);
    adj_results *results = support_evaluate(policies, encounters);
    cr_assert_eq(adj_results_count(results), 5u);
    adj_line line = adj_results_line(results, 3);
    cr_expect_str_eq(line.procedure, "90853");
    cr_expect_str_eq(line.units, "120");
    cr_expect_str_eq(line.place_of_service, "53");
    cr_expect_eq(line.charge, 23400);
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
}

/* What any file must do: be read, or say where it cannot be. */
typedef struct any_walk {
    size_t files, read, lines, known;
} any_walk;

static void check_any(void *state, const char *path)
{
    any_walk *w = state;
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_status status = adj_encounters_read(encounters, path);
    size_t errors = support_problems(encounters, ADJ_SEVERITY_ERROR);
    cr_expect(status == ADJ_OK || errors > 0, "%s: neither read nor refused", path);
    cr_expect_eq(adj_encounters_rejected_count(encounters) > 0 && errors == 0, false, "%s: rejected without a word",
                 path);
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem p = adj_encounters_problem(encounters, i);
        cr_expect(p.severity != ADJ_SEVERITY_ERROR || (p.file != NULL && *p.file != '\0' && *p.message != '\0'), "%s",
                  path);
    }
    cr_assert_eq(adj_encounters_finish(encounters), ADJ_OK);
    w->files++;
    w->read += status == ADJ_OK;
    w->lines += adj_encounters_line_count(encounters);
    w->known += adj_encounters_history_count(encounters);
    adj_encounters_free(encounters);
}

Test(samples, every_file_is_read_or_says_where_it_cannot_be)
{
    static const char data[] = SOURCE_FOLDER "/../shared/data";
    static const struct {
        const char *folder;
        size_t files, read; /* at least */
    } folders[] = {{"x12-270-271", 30, 30}, {"x12-276-277", 1, 1}, {"x12-278", 1, 1},  {"x12-ack", 1, 0},
                   {"x12-mixed", 1, 1},     {"x12-other", 20, 0},  {"x12-837d", 1, 0}, {"fhir-eob", 40, 30},
                   {"fhir-pas", 60, 40},    {"fhir-crd", 5, 3},    {"csv-rcm", 10, 0}, {"csv-synthea", 10, 0}};
    struct stat status;
    if (stat(data, &status) != 0) cr_skip_test("third-party samples are not here (%s)", data);
    any_walk all = {0};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", data, folders[i].folder);
        any_walk w = {0};
        walk_folder(path, check_any, &w);
        cr_expect_geq(w.files, folders[i].files, "%s: %zu files", folders[i].folder, w.files);
        cr_expect_geq(w.read, folders[i].read, "%s: %zu of %zu read", folders[i].folder, w.read, w.files);
        all.lines += w.lines;
        all.known += w.known;
    }
    cr_expect_geq(all.lines, 1u, "%zu lines", all.lines);
    cr_expect_geq(all.known, 100u, "%zu lines of explained benefits", all.known);
}
