/* Reading in batches and in parts, against reading all at once: the same lines, the same problems, the same verdicts. */
#include "tests/differential/generator.h"
#include "tests/suites/support.h"

#include "readers/parts/parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* ---- a practice in files ---- */

typedef struct practice {
    char folder[64];
    char names[16][64];
    FILE *files[16];
    size_t count;
} practice;

static bool keep_file(void *state, const char *file, const char *bytes, size_t length)
{
    practice *p = state;
    size_t at = 0;
    while (at < p->count && strcmp(p->names[at], file) != 0) at++;
    if (at == p->count) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", p->folder, file);
        p->files[at] = fopen(path, "wb");
        cr_assert_not_null(p->files[at]);
        snprintf(p->names[p->count++], sizeof p->names[0], "%s", file);
    }
    return fwrite(bytes, 1, length, p->files[at]) == length;
}

static void make_practice(practice *p, adj_form form, int64_t lines)
{
    *p = (practice){.folder = "/tmp/adjudge-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(p->folder));
    adj_generator made = {.seed = 3, .lines = lines, .form = form};
    adj_read_date("2026-01-01", &made.from);
    adj_read_date("2026-03-31", &made.to);
    for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) made.mistakes[i] = 20000;
    adj_generated generated;
    cr_assert_eq(adj_generate(&made, keep_file, p, &generated), ADJ_OK);
    cr_expect_eq(generated.lines, lines);
    for (size_t i = 0; i < p->count; i++) cr_assert_eq(fclose(p->files[i]), 0);
}

static char *in_practice(const practice *p, const char *file)
{
    static char path[4][256];
    static size_t next;
    char *result = path[next++ % 4];
    snprintf(result, 256, "%s/%s", p->folder, file);
    return result;
}

static void end_practice(practice *p)
{
    for (size_t i = 0; i < p->count; i++) unlink(in_practice(p, p->names[i]));
    rmdir(p->folder);
}

/* ---- batches ---- */

typedef struct seen {
    size_t batches, lines, problems, at_most;
    char *problem_texts;
    size_t length;
} seen;

static void note_problems(seen *s, const adj_encounters *encounters)
{
    for (size_t i = 0; i < adj_encounters_problem_count(encounters); i++) {
        adj_problem p = adj_encounters_problem(encounters, i);
        char text[2048];
        int length = snprintf(text, sizeof text, "%s %zu:%zu:%zu %s %s\n", p.code, p.segment, p.line, p.column,
                              p.claim == NULL ? "" : p.claim, p.message);
        char *grown = realloc(s->problem_texts, s->length + (size_t)length + 1);
        cr_assert(grown != NULL && (size_t)length < sizeof text);
        s->problem_texts = grown;
        memcpy(s->problem_texts + s->length, text, (size_t)length + 1);
        s->length += (size_t)length;
        s->problems++;
    }
}

static bool take(void *state, adj_encounters *batch)
{
    seen *s = state;
    size_t lines = adj_encounters_line_count(batch);
    s->batches++;
    s->lines += lines;
    if (lines > s->at_most) s->at_most = lines;
    note_problems(s, batch);
    return true;
}

static void compare(const char *path, adj_role role, size_t records)
{
    seen whole = {0}, parts = {0};
    adj_encounters *encounters = adj_encounters_new(NULL), *batched = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_keep_rejects(batched);
    adj_status status = adj_encounters_read_as(encounters, path, role);
    note_problems(&whole, encounters);
    cr_expect_eq(adj_encounters_read_batches(batched, path, role, records, take, &parts), status);
    cr_expect_eq(adj_encounters_end_batches(batched, take, &parts), ADJ_OK);
    cr_expect_eq(parts.lines, adj_encounters_line_count(encounters), "%s: %zu of %zu lines", path, parts.lines,
                 adj_encounters_line_count(encounters));
    cr_expect_eq(adj_encounters_claim_count(batched), adj_encounters_claim_count(encounters));
    cr_expect_eq(adj_encounters_payment_count(batched), adj_encounters_payment_count(encounters));
    cr_expect_eq(adj_encounters_rejected_count(batched), adj_encounters_rejected_count(encounters));
    cr_expect_eq(parts.problems, whole.problems);
    if (whole.length > 0 && parts.length > 0) cr_expect_str_eq(parts.problem_texts, whole.problem_texts);
    cr_expect_leq(parts.at_most, records + 50);
    const char *a, *b;
    size_t a_length, b_length;
    cr_expect_eq(adj_encounters_rejects_count(batched), adj_encounters_rejects_count(encounters));
    const char *kept = adj_encounters_rejects(encounters, 0, &a, &a_length);
    const char *again = adj_encounters_rejects(batched, 0, &b, &b_length);
    cr_expect_eq(a_length, b_length);
    cr_expect(a_length == b_length && memcmp(kept, again, a_length) == 0, "%s: rejects differ", path);
    free(whole.problem_texts);
    free(parts.problem_texts);
    adj_encounters_free(encounters);
    adj_encounters_free(batched);
}

Test(batches, give_what_reading_all_at_once_gives)
{
    practice x12, csv, ndjson;
    make_practice(&x12, ADJ_FORM_837P, 700);
    make_practice(&csv, ADJ_FORM_CSV, 700);
    make_practice(&ndjson, ADJ_FORM_NDJSON, 700);
    static const size_t sizes[] = {1, 7, 100, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        compare(in_practice(&x12, "claims.837"), ADJ_ROLE_JUDGED, sizes[i]);
        compare(in_practice(&x12, "payments.835"), ADJ_ROLE_BY_CONTENT, sizes[i]);
        compare(in_practice(&csv, "lines.csv"), ADJ_ROLE_JUDGED, sizes[i]);
        compare(in_practice(&csv, "attendance.csv"), ADJ_ROLE_BY_CONTENT, sizes[i]);
        compare(in_practice(&ndjson, "lines.ndjson"), ADJ_ROLE_JUDGED, sizes[i]);
        compare(in_practice(&ndjson, "side.ndjson"), ADJ_ROLE_BY_CONTENT, sizes[i]);
    }
    end_practice(&x12);
    end_practice(&csv);
    end_practice(&ndjson);
}

static void write_bytes(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

/* Files with mistakes anywhere: what cannot be read is told, and kept, as it is without batches. */
Test(batches, tell_the_same_of_what_cannot_be_read)
{
    static const char *const files[] = {"claims.837", "payments.835", "lines.csv", "lines.ndjson"};
    static const adj_form forms[] = {ADJ_FORM_837P, ADJ_FORM_837P, ADJ_FORM_CSV, ADJ_FORM_NDJSON};
    generator g = {.state = 5};
    for (size_t f = 0; f < 4; f++) {
        practice p;
        make_practice(&p, forms[f], 60);
        char *path = in_practice(&p, files[f]), *text = support_file(path);
        size_t length = strlen(text);
        for (int round = 0; round < 25; round++) {
            char *changed = strdup(text);
            for (uint32_t changes = 1 + generator_below(&g, 12); changes > 0; changes--)
                changed[generator_below(&g, (uint32_t)length)] = "*~:^ \n0A9,\"{}"[generator_below(&g, 13)];
            write_bytes(path, changed, generator_chance(&g, 20) ? generator_below(&g, (uint32_t)length) : length);
            compare(path, f == 1 ? ADJ_ROLE_BY_CONTENT : ADJ_ROLE_JUDGED, 10);
            free(changed);
        }
        free(text);
        end_practice(&p);
    }
}

/* What surrounds a claim, and the header of a side file, stand where memory was given back long ago. */
Test(batches, bring_back_what_surrounds_a_reject)
{
    enum { CLAIMS = 30000 };
    char path[] = "/tmp/adjudge-test-large";
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fprintf(
        file,
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~\n"
        "GS*HC*A*B*20260710*0915*42*X*005010X222A1~\nST*837*0001*005010X222A1~\nBHT*0019*00*1*20260710*0915*CH~\n"
        "HL*1**20*1~\nNM1*85*2*PRACTICE*****XX*1234567893~\n");
    for (int i = 0; i < CLAIMS; i++)
        fprintf(
            file,
            "HL*%d*1*22*0~\nSBR*P*18*******CI~\nNM1*IL*1*DOE*JANE****MI*M%d~\nNM1*PR*2*HARBOR*****PI*HARBOR~\n"
            "CLM*C%d*100***11:B:1*Y*A*Y*Y~\nHI*ABK:F331~\nLX*1~\nSV1*HC:90853*100*UN*1***1~\nDTP*472*D8*202602%02d~\n",
            i + 2, i, i, i % 10000 == 9999 ? 30 : 1 + i % 28);
    fprintf(file, "SE*%d*0001~\nGE*1*42~\nIEA*1*000000042~\n", 9 * CLAIMS + 5);
    cr_assert_gt(ftell(file), 5000000L);
    fclose(file);
    compare(path, ADJ_ROLE_JUDGED, 1000);
    file = fopen(path, "wb");
    cr_assert_not_null(file);
    fprintf(file, "member_id,claim_id,date,procedure,rendering_provider,billing_provider,session_id,payer\n");
    for (int i = 0; i < 2 * CLAIMS; i++)
        fprintf(
            file,
            "MEMBER%d,CLAIM-%d,2026-02-%02d,90853,1234567893,1234567893,SESSION-%d-OF-THE-GROUP,HARBOR HEALTH PLAN\n",
            i, i, i % 20000 == 19999 ? 30 : 1 + i % 28, i / 8);
    cr_assert_gt(ftell(file), 5000000L);
    fclose(file);
    compare(path, ADJ_ROLE_JUDGED, 1000);
    unlink(path);
}

Test(batches, unpack_through_a_file)
{
    practice p;
    make_practice(&p, ADJ_FORM_CSV, 300);
    char *plain = in_practice(&p, "lines.csv"), *text = support_file(plain);
    char packed[] = "/tmp/adjudge-test-packed.gz";
    gzFile file = gzopen(packed, "wb");
    cr_assert_eq((size_t)gzwrite(file, text, (unsigned)strlen(text)), strlen(text));
    gzclose(file);
    compare(packed, ADJ_ROLE_JUDGED, 50);
    FILE *cut = fopen(packed, "rb+");
    cr_assert_not_null(cut);
    fseek(cut, 0, SEEK_END);
    long size = ftell(cut);
    fclose(cut);
    cr_assert_eq(truncate(packed, size - 20), 0);
    adj_encounters *encounters = adj_encounters_new(NULL);
    seen s = {0};
    cr_expect_eq(adj_encounters_read_batches(encounters, packed, ADJ_ROLE_JUDGED, 10, take, &s), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_encounters_end_batches(encounters, take, &s), ADJ_OK);
    cr_expect_eq(s.lines, 0u, "half a file is no file");
    cr_expect_not_null(strstr(s.problem_texts, "D0002"));
    free(s.problem_texts);
    adj_encounters_free(encounters);
    unlink(packed);
    free(text);
    end_practice(&p);
}

static size_t compare_folder(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        char inner[1024];
        struct stat status;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (stat(inner, &status) != 0) continue;
        if (S_ISDIR(status.st_mode)) {
            count += compare_folder(inner);
            continue;
        }
        compare(inner, ADJ_ROLE_BY_CONTENT, 2);
        count++;
    }
    if (folder != NULL) closedir(folder);
    return count;
}

Test(batches, give_the_same_of_third_parties_files)
{
    static const char *const folders[] = {"x12-837p", "x12-837i", "x12-835", "x12-mixed", "x12-270-271", "x12-278"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[512];
        snprintf(path, sizeof path, SOURCE_FOLDER "/../shared/data/%s", folders[i]);
        struct stat status;
        if (stat(path, &status) != 0) cr_skip_test("third-party samples are not here (%s)", path);
        count += compare_folder(path);
    }
    cr_expect_geq(count, 150u);
}

static bool stop_at_once(void *state, adj_encounters *batch)
{
    (void)batch;
    ++*(size_t *)state;
    return false;
}

Test(batches, end_when_no_more_is_wanted)
{
    practice p;
    make_practice(&p, ADJ_FORM_837P, 200);
    size_t taken = 0;
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_neq(adj_encounters_read_batches(encounters, in_practice(&p, "claims.837"), ADJ_ROLE_JUDGED, 10,
                                              stop_at_once, &taken),
                  ADJ_OK);
    cr_expect_eq(taken, 1u);
    adj_encounters_free(encounters);
    end_practice(&p);
}

/* ---- parts ---- */

static const char policy[] =
    "policy p\n  payer \"HARBOR\", \"MERIDIAN\", \"STATE AID\"\n"
    "clause often\n  cite \"1\"\n  require at most 3 of history in the last 30 days\n  deny CO-119 N362 as limit "
    "\"{count}\"\n"
    "clause size\n  cite \"2\"\n  require count of session.attendance <= 9\n  deny CO-273 as limit \"{count}\"\n"
    "clause covered\n  cite \"3\"\n  require coverage is present\n  deny CO-27 as eligibility \"no coverage\"\n"
    "clause approved\n  cite \"4\"\n  require authorization is present\n  warn \"no authorization\"\n"
    "clause paid\n  cite \"5\"\n  require remittance is present\n  warn \"not paid\"\n";

typedef struct verdict {
    uint64_t place;
    char text[300];
} verdict;

static int by_place(const void *a, const void *b)
{
    uint64_t x = ((const verdict *)a)->place, y = ((const verdict *)b)->place;
    return x < y ? -1 : x > y;
}

static size_t note_verdicts(adj_results *results, verdict *verdicts, size_t count)
{
    for (size_t i = 0; i < adj_results_count(results); i++) {
        adj_line line = adj_results_line(results, i);
        verdict *v = &verdicts[count++];
        v->place = line.place;
        int length = snprintf(v->text, sizeof v->text, "%s %s %s %s %lld %s", line.file, line.claim, line.patient,
                              line.date, (long long)line.segment, adj_verdict_name(line.verdict));
        for (size_t c = 0; c < 5 && length < 290; c++)
            length += snprintf(v->text + length, sizeof v->text - (size_t)length, " %d",
                               (int)adj_results_clause(results, i, c));
    }
    return count;
}

static size_t judge_in_parts(const adj_policies *policies, char *const *paths, size_t files, size_t memory,
                             verdict *verdicts, size_t *part_count)
{
    adj_parts *parts = adj_parts_new(policies, memory, NULL);
    cr_assert_not_null(parts);
    size_t count = 0;
    for (size_t i = 0; i < files; i++)
        cr_expect_eq(adj_parts_read(parts, paths[i], i == 0 ? ADJ_ROLE_JUDGED : ADJ_ROLE_BESIDE, NULL, NULL), ADJ_OK);
    cr_assert_eq(adj_parts_divide(parts), ADJ_OK, "%s", adj_parts_message(parts));
    *part_count = adj_parts_count(parts);
    for (size_t i = 0; i < *part_count; i++) {
        adj_encounters *encounters = NULL;
        cr_assert_eq(adj_parts_load(parts, i, &encounters), ADJ_OK);
        adj_results *results = support_evaluate(policies, encounters);
        count = note_verdicts(results, verdicts, count);
        adj_results_free(results);
        adj_encounters_free(encounters);
    }
    adj_parts_free(parts);
    qsort(verdicts, count, sizeof *verdicts, by_place);
    return count;
}

/* Shuffles the records of a file, its header aside. */
static void shuffle_lines(const char *path)
{
    char *text = support_file(path), *lines[4096] = {NULL};
    size_t count = 0, length = strlen(text);
    for (char *at = strtok(text, "\n"); at != NULL; at = strtok(NULL, "\n")) lines[count++] = at;
    generator g = {.state = 9};
    for (size_t i = count - 1; i > 1; i--) {
        size_t other = 1 + generator_below(&g, (uint32_t)i);
        char *line = lines[i];
        lines[i] = lines[other];
        lines[other] = line;
    }
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    for (size_t i = 0; i < count; i++) fprintf(file, "%s\n", lines[i]);
    cr_assert_eq(ftell(file), (long)length);
    fclose(file);
    free(text);
}

static void compare_parts(adj_form form, const char *claims, const char *answers, bool shuffled)
{
    static const char *const sides[] = {"sessions.csv", "attendance.csv", "authorizations.csv", "eligibility.csv",
                                        "schedule.csv"};
    practice p;
    make_practice(&p, form, 600);
    char *paths[8];
    size_t files = 0;
    paths[files++] = strdup(in_practice(&p, claims));
    for (size_t i = 0; i < 5; i++) paths[files++] = strdup(in_practice(&p, sides[i]));
    paths[files++] = strdup(in_practice(&p, answers));
    if (shuffled) shuffle_lines(paths[0]);
    adj_policies *policies = support_policies(policy);
    adj_encounters *encounters = adj_encounters_new(NULL);
    for (size_t i = 0; i < files; i++)
        cr_expect_eq(adj_encounters_read_as(encounters, paths[i], i == 0 ? ADJ_ROLE_JUDGED : ADJ_ROLE_BESIDE), ADJ_OK);
    adj_results *results = support_evaluate(policies, encounters);
    verdict *whole = calloc(700, sizeof *whole), *parts = calloc(700, sizeof *parts);
    size_t count = note_verdicts(results, whole, 0), divided, part_count;
    qsort(whole, count, sizeof *whole, by_place);
    static const size_t memories[] = {1500000, 3000000, 1000000000};
    for (size_t m = 0; m < 3; m++) {
        divided = judge_in_parts(policies, paths, files, memories[m], parts, &part_count);
        cr_assert_eq(divided, count);
        cr_expect(m == 2 ? part_count == 1 : part_count > 1, "%zu parts", part_count);
        for (size_t i = 0; i < count; i++) cr_expect_str_eq(parts[i].text, whole[i].text);
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    for (size_t i = 0; i < files; i++) free(paths[i]);
    free(whole);
    free(parts);
    end_practice(&p);
}

Test(parts, judge_as_one_run_does)
{
    compare_parts(ADJ_FORM_837P, "claims.837", "payments.835", false);
    compare_parts(ADJ_FORM_CSV, "lines.csv", "remittance.csv", false);
}

Test(parts, judge_what_is_in_no_order)
{
    compare_parts(ADJ_FORM_CSV, "lines.csv", "remittance.csv", true);
}

Test(parts, say_when_what_belongs_together_is_too_large)
{
    practice p;
    make_practice(&p, ADJ_FORM_837P, 300);
    adj_policies *policies = support_policies("policy p\nclause c\n cite \"1\"\n require at most 5 of history of the "
                                              "rendering provider in the last 30 days\n warn \"x\"\n");
    adj_parts *parts = adj_parts_new(policies, 400000, NULL);
    cr_assert_eq(adj_parts_read(parts, in_practice(&p, "claims.837"), ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
    cr_expect_eq(adj_parts_divide(parts), ADJ_INVALID_INPUT);
    cr_expect_not_null(strstr(adj_parts_message(parts), "more memory is needed"), "%s", adj_parts_message(parts));
    const char *about = strstr(adj_parts_message(parts), "about ");
    cr_assert_not_null(about);
    uint64_t enough = strtoull(about + 6, NULL, 10) * 1000000;
    adj_parts_free(parts);
    parts = adj_parts_new(policies, enough, NULL);
    cr_assert_eq(adj_parts_read(parts, in_practice(&p, "claims.837"), ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
    cr_expect_eq(adj_parts_divide(parts), ADJ_OK, "%llu would do: %s", (unsigned long long)enough,
                 adj_parts_message(parts));
    adj_parts_free(parts);
    adj_policies_free(policies);
    end_practice(&p);
}

Test(parts, notice_records_that_stand_twice_in_different_batches)
{
    char path[] = "/tmp/adjudge-test-twice.csv";
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fprintf(file, "member_id,claim_id,date,procedure,line\n");
    for (int i = 0; i < 9000; i++) fprintf(file, "M%d,C%d,2026-02-01,90853,1\n", i % 8000, i % 8000);
    fclose(file);
    adj_parts *parts = adj_parts_new(NULL, 1000000000, NULL);
    adj_encounters *encounters = NULL;
    cr_assert_eq(adj_parts_read(parts, path, ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
    cr_assert_eq(adj_parts_divide(parts), ADJ_OK);
    cr_assert_eq(adj_parts_load(parts, 0, &encounters), ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 8000u);
    support_problem(encounters, "D0309");
    adj_encounters_free(encounters);
    adj_parts_free(parts);
    unlink(path);
}

/* An allocator that says how many bytes are held. */
static void *counted(void *state, void *block, size_t size)
{
    size_t *held = state;
    size_t before = block == NULL ? 0 : malloc_usable_size(block);
    void *grown = NULL;
    if (size == 0)
        free(block);
    else
        grown = realloc(block, size);
    if (size == 0 || grown != NULL) *held += (grown == NULL ? 0 : malloc_usable_size(grown)) - before;
    return grown;
}

/* Who belongs to whom is known by the names of all members and sessions; parts that are judged have that memory. */
Test(parts, have_the_memory_of_the_names)
{
    enum { MEMBERS = 50000 };
    char path[] = "/tmp/adjudge-test-names.csv";
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fprintf(file, "member_id,claim_id,date,procedure,line\n");
    for (int i = 0; i < MEMBERS; i++) fprintf(file, "M%d,C%d,2026-02-01,90853,1\n", i, i);
    fclose(file);
    const size_t memories[] = {20000000, 1000000000};
    for (size_t m = 0; m < 2; m++) {
        size_t held = 0;
        adj_allocator allocator = {counted, &held};
        adj_options options = {.allocator = &allocator};
        adj_parts *parts = adj_parts_new(NULL, memories[m], &options);
        cr_assert_eq(adj_parts_read(parts, path, ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
        size_t reading = held;
        cr_assert_eq(adj_parts_divide(parts), ADJ_OK, "%s", adj_parts_message(parts));
        cr_expect(m == 1 ? adj_parts_count(parts) == 1 : adj_parts_count(parts) > 1);
        size_t buffers = adj_parts_count(parts) << 17;
        cr_expect_lt(held, reading + buffers - MEMBERS * (size_t)24, "%zu bytes, and %zu while reading", held, reading);
        adj_parts_free(parts);
        cr_expect_eq(held, 0u);
    }
    size_t held = 0;
    adj_allocator allocator = {counted, &held};
    adj_options options = {.allocator = &allocator};
    adj_parts *parts = adj_parts_new(NULL, 1000000, &options);
    cr_assert_eq(adj_parts_read(parts, path, ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
    cr_expect_eq(adj_parts_divide(parts), ADJ_INVALID_INPUT);
    cr_expect_not_null(strstr(adj_parts_message(parts), "identifiers"), "%s", adj_parts_message(parts));
    adj_parts_free(parts);
    unlink(path);
}

/* The lines of a claim of a side file are one claim, wherever they stand. */
Test(parts, join_the_lines_of_a_claim_from_different_batches)
{
    char path[] = "/tmp/adjudge-test-claims.csv";
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fprintf(file, "member_id,claim_id,date,procedure,line,charge,frequency\n");
    for (int line = 1; line <= 3; line++) {
        for (int i = 0; i < 5000; i++)
            fprintf(file, "M%d,C%d,2026-02-01,90853,%d,10,%d\n", i, i, line, i == 7 && line == 2 ? 7 : 1);
    }
    fclose(file);
    adj_policies *policies =
        support_policies("policy p\nclause c\n cite \"1\"\n require count of claim.lines = 3\n warn \"{count}\"\n");
    adj_parts *parts = adj_parts_new(policies, 4000000, NULL);
    cr_assert_eq(adj_parts_read(parts, path, ADJ_ROLE_JUDGED, NULL, NULL), ADJ_OK);
    cr_assert_eq(adj_parts_divide(parts), ADJ_OK);
    cr_expect_gt(adj_parts_count(parts), 1u);
    size_t claims = 0, lines = 0, passing = 0;
    for (size_t i = 0; i < adj_parts_count(parts); i++) {
        adj_encounters *encounters = NULL;
        cr_assert_eq(adj_parts_load(parts, i, &encounters), ADJ_OK);
        claims += adj_encounters_claim_count(encounters);
        adj_results *results = support_evaluate(policies, encounters);
        lines += adj_results_count(results);
        for (size_t l = 0; l < adj_results_count(results); l++)
            passing += adj_results_clause(results, l, 0) == ADJ_CLAUSE_PASS;
        adj_results_free(results);
        adj_encounters_free(encounters);
    }
    cr_expect_eq(lines, 15000u);
    cr_expect_eq(claims, 5001u, "%zu claims: one has a replacement of the same identifier", claims);
    cr_expect_eq(passing, 14997u, "%zu lines", passing);
    adj_parts_free(parts);
    adj_policies_free(policies);
    unlink(path);
}

/* ---- what a run was told stays told ---- */

enum { TOLD_FILES = 7, TOLD_RECORDS = 10000 };

/* Files of so many records that they are read in several batches, of which the first record cannot be read. */
static void make_told(practice *p)
{
    static const char *const names[TOLD_FILES] = {"lines.csv",      "history.csv",  "eligibility.csv",
                                                  "remittance.csv", "schedule.csv", "acknowledgments.csv",
                                                  "sessions.csv"};
    static const char *const begins[TOLD_FILES] = {
        "member_id,claim_id,date,procedure,line",
        "member_id,claim_id,date,procedure,line,completeness\nM1,H0,2026-02-30,90853,1,complete",
        "member_id,from,to\nM1,2026-02-30,2026-12-31",
        "claim_id,paid,line\nC1,much,1",
        "member_id,date,appointment_status\nM1,2026-02-30,kept",
        "claim_id,acknowledgment\nC1,perhaps",
        "session_id,date\nS1,2026-02-30"};
    static const char *const records[TOLD_FILES] = {"",
                                                    "O%d,H%d,2026-02-01,90853,1,complete",
                                                    "O%d,2026-01-01,2026-12-31",
                                                    "O%d,41,1",
                                                    "O%d,2026-02-01,kept",
                                                    "O%d,accepted",
                                                    "S9%d,2026-02-01"};
    *p = (practice){.folder = "/tmp/adjudge-test-XXXXXX"};
    cr_assert_not_null(mkdtemp(p->folder));
    for (size_t f = 0; f < TOLD_FILES; f++) {
        char row[200];
        keep_file(p, names[f], begins[f], strlen(begins[f]));
        for (int i = 0; f > 0 && i < TOLD_RECORDS; i++) {
            int length = snprintf(row, sizeof row, records[f], i, i);
            keep_file(p, names[f], "\n", 1);
            keep_file(p, names[f], row, (size_t)length);
        }
        for (int i = 0; f == 0 && i < 50; i++)
            keep_file(p, names[f], row, (size_t)snprintf(row, sizeof row, "\nM%d,C%d,2026-02-10,90853,1", i, i));
        for (int i = 0; f == 1 && i < 20; i++) /* after the day as of which the history is known */
            keep_file(
                p, names[f], row,
                (size_t)snprintf(row, sizeof row, "\nM%d,H9%d,2026-02-0%d,90853,1,complete", i % 5, i, 5 + i / 5));
        keep_file(p, names[f], "\n", 1);
    }
    for (size_t i = 0; i < p->count; i++) cr_assert_eq(fclose(p->files[i]), 0);
}

static void tell_run(adj_encounters *encounters)
{
    int32_t day;
    adj_read_date("2026-02-04", &day);
    adj_encounters_as_of(encounters, day);
}

Test(batches, leave_what_the_run_was_told)
{
    run_store store, after;
    cr_assert(run_store_init(&store, &lang_schema_standard, NULL));
    cr_assert(run_store_init(&after, &lang_schema_standard, NULL));
    for (int f = 0; f < LANG_FEED_COUNT; f++) store.feeds[f] = true;
    for (int r = 0; r < LANG_RECORD_COUNT; r++) store.site_feeds[r] = store.site_holes[r] = true;
    store.remitted_claims = 7;
    store.redact = store.history_is_own = store.as_of_given = store.submit_given = true;
    store.eligibility_has_holes = store.remittance_has_holes = store.schedule_has_holes = true;
    store.rates_have_holes = store.acknowledgments_have_holes = true;
    store.as_of = 11;
    store.submit_on = 12;
    cr_assert(run_store_reset(&store));
    run_store_copy_told(&after, &store);
    for (int f = 0; f < LANG_FEED_COUNT; f++) cr_expect(after.feeds[f]);
    for (int r = 0; r < LANG_RECORD_COUNT; r++) cr_expect(after.site_feeds[r] && after.site_holes[r]);
    cr_expect_eq(after.remitted_claims, 7u);
    cr_expect(after.redact && after.history_is_own && after.as_of_given && after.submit_given);
    cr_expect(after.eligibility_has_holes && after.remittance_has_holes && after.schedule_has_holes);
    cr_expect(after.rates_have_holes && after.acknowledgments_have_holes);
    cr_expect_eq(after.as_of, 11);
    cr_expect_eq(after.submit_on, 12);
    run_store_release(&store);
    run_store_release(&after);
}

/* Rows that come after a store was emptied know nothing of those before, however many there were. */
Test(batches, leave_nothing_in_columns)
{
    enum { ROWS = 3000 };
    run_store store;
    cr_assert(run_store_init(&store, &lang_schema_standard, NULL));
    for (uint32_t round = 1; round < 5; round++) {
        for (uint32_t row = 0; row < ROWS / round; row++) {
            cr_assert_eq(run_store_add(&store, LANG_RECORD_line), row);
            for (int f = 0; f < LANG_FIELD_COUNT; f++) {
                if (lang_schema_field(&lang_schema_standard, (lang_field)f)->record != LANG_RECORD_line) continue;
                cr_assert_eq(run_store_state(&store, (lang_field)f, row), RUN_UNKNOWN, "row %u, field %d", row, f);
                cr_assert_eq(run_store_bits(&store, (lang_field)f, row), 0, "row %u, field %d", row, f);
                if ((uint32_t)f % round == row % 7 % round) run_store_set(&store, (lang_field)f, row, row + 1);
                if ((row + (uint32_t)f) % 11 == 3) run_store_set_absent(&store, (lang_field)f, row);
                if ((row + (uint32_t)f) % 13 == 3) run_store_set_unknown(&store, (lang_field)f, row);
            }
        }
        cr_assert_eq(run_store_add(&store, LANG_RECORD_claim), 0);
        run_store_set(&store, LANG_FIELD_claim_received, 0, 9);
        /* Nor do rows that are taken back. */
        run_store_truncate(&store, LANG_RECORD_line, ROWS / round / 2);
        for (uint32_t row = ROWS / round / 2; row < ROWS / round; row++) {
            cr_assert_eq(run_store_add(&store, LANG_RECORD_line), row);
            for (int f = 0; f < LANG_FIELD_COUNT; f++) {
                if (lang_schema_field(&lang_schema_standard, (lang_field)f)->record != LANG_RECORD_line) continue;
                cr_assert_eq(run_store_state(&store, (lang_field)f, row), RUN_UNKNOWN, "row %u, field %d", row, f);
                cr_assert_eq(run_store_bits(&store, (lang_field)f, row), 0, "row %u, field %d", row, f);
            }
        }
        cr_assert(run_store_reset(&store));
        cr_expect_eq(store.counts[LANG_RECORD_line], 0u);
        cr_expect_eq(store.counts[LANG_RECORD_patient], 1u);
        cr_expect_eq(run_store_state(&store, LANG_FIELD_claim_received, 0), RUN_UNKNOWN);
    }
    run_store_release(&store);
}

static void write_and_read(int64_t number)
{
    char bytes[PARTS_NUMBER_BYTES];
    size_t length = parts_write_number(bytes, parts_folded(number));
    const char *at = bytes;
    cr_assert_leq(length, sizeof bytes);
    cr_expect_eq(parts_unfolded(parts_read_number(&at, bytes + length)), number, "%lld", (long long)number);
    cr_expect_eq(at, bytes + length);
    at = bytes;
    cr_expect_eq(parts_read_number(&at, bytes + length - 1), 0, "%lld, cut short", (long long)number);
    cr_expect(number < -64 || number > 63 || length == 1, "%lld takes %zu bytes", (long long)number, length);
}

Test(parts, write_numbers_that_come_back)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        for (int64_t near = -2; near <= 2; near++) {
            int64_t number = (int64_t)((UINT64_C(1) << shift) + (uint64_t)near);
            write_and_read(number);
            write_and_read((int64_t)(0 - (uint64_t)number));
        }
    }
}

Test(parts, know_what_was_told_in_earlier_batches)
{
    static const char told[] =
        "policy p\n"
        "clause often\n  cite \"1\"\n  require at most 3 of history in the last 30 days\n  warn \"{count}\"\n"
        "clause covered\n  cite \"2\"\n  require coverage is present\n  warn \"no coverage\"\n"
        "clause paid\n  cite \"3\"\n  require remittance is present\n  warn \"not paid\"\n"
        "clause expected\n  cite \"4\"\n  require appointment is present\n  warn \"not expected\"\n"
        "clause taken\n  cite \"5\"\n  require claim.acknowledgment is present\n  warn \"not acknowledged\"\n";
    practice p;
    make_told(&p);
    adj_policies *policies = support_policies(told);
    verdict *whole = calloc(100, sizeof *whole), *divided = calloc(100, sizeof *divided);
    adj_encounters *encounters = adj_encounters_new(NULL), *part = NULL;
    adj_parts *parts = adj_parts_new(policies, 100000000, NULL);
    tell_run(encounters);
    tell_run(adj_parts_encounters(parts));
    for (size_t i = 0; i < p.count; i++) {
        adj_role role = i == 0 ? ADJ_ROLE_JUDGED : ADJ_ROLE_BESIDE;
        cr_expect_eq(adj_encounters_read_as(encounters, in_practice(&p, p.names[i]), role), ADJ_OK);
        cr_expect_eq(adj_parts_read(parts, in_practice(&p, p.names[i]), role, NULL, NULL), ADJ_OK);
    }
    cr_expect_eq(adj_encounters_rejected_count(encounters), TOLD_FILES - 1u);
    cr_assert_eq(adj_parts_divide(parts), ADJ_OK, "%s", adj_parts_message(parts));
    cr_assert_eq(adj_parts_load(parts, 0, &part), ADJ_OK);
    adj_results *a = support_evaluate(policies, encounters), *b = support_evaluate(policies, part);
    size_t count = note_verdicts(a, whole, 0);
    cr_expect_eq(count, 50u);
    cr_assert_eq(note_verdicts(b, divided, 0), count);
    for (size_t i = 0; i < count; i++) cr_expect_str_eq(divided[i].text, whole[i].text);
    for (size_t c = 0; c < 5; c++) /* with a hole in each feed, nothing is none */
        cr_expect_eq(adj_results_clause(b, 40, c), ADJ_CLAUSE_CANNOT_TELL, "clause %zu", c);
    adj_results_free(a);
    adj_results_free(b);
    adj_encounters_free(encounters);
    adj_encounters_free(part);
    adj_parts_free(parts);
    adj_policies_free(policies);
    free(whole);
    free(divided);
    end_practice(&p);
}

Test(parts, refuse_fhir_whose_resources_refer_to_each_other)
{
    char path[] = "/tmp/adjudge-test-fhir.json";
    static const char text[] =
        "{\"resourceType\":\"Claim\",\"id\":\"C1\",\"use\":\"claim\",\"patient\":{\"reference\":\"Patient/"
        "P1\"},\"item\":[{"
        "\"sequence\":1,\"productOrService\":{\"coding\":[{\"code\":\"90853\"}]},\"servicedDate\":\"2026-02-01\"}]}";
    write_bytes(path, text, strlen(text));
    adj_parts *parts = adj_parts_new(NULL, 1000000000, NULL);
    cr_expect_eq(adj_parts_read(parts, path, ADJ_ROLE_JUDGED, NULL, NULL), ADJ_INVALID_INPUT);
    cr_expect_not_null(strstr(adj_parts_message(parts), "FHIR"));
    adj_parts_free(parts);
    unlink(path);
}
