/* A check in parts: what is read goes through temporary files, each part is judged and its lines are kept as they will be
 * printed, and then they are printed in the order in which they were read. */
#include "cli/inputs.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct part_lines {
    FILE *file;
    cli_kept_line next;
    char *text; /* of the next line */
    size_t room;
    bool more;
} part_lines;

typedef struct parts_check {
    const cli_inputs *inputs;
    const cli_format *format;
    adj_policies *policies;
    adj_parts *parts;
    cli_report report;
    cli_counts counts;
    size_t read_lines;
    part_lines *lines;
    size_t part_count;
} parts_check;

static int no_memory(void)
{
    fprintf(stderr, "adjudge check: memory ran out\n");
    return EXIT_OURS;
}

static int parts_failed(const parts_check *c, adj_status status)
{
    if (status == ADJ_OUT_OF_MEMORY) return no_memory();
    fprintf(stderr, "adjudge check: %s\n", adj_parts_message(c->parts));
    return EXIT_INPUT;
}

static FILE *temporary_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/adjudge-XXXXXX", folder == NULL || *folder == '\0' ? "/tmp" : folder);
    int file = mkstemp(path);
    if (file < 0) return NULL;
    unlink(path);
    return fdopen(file, "w+b");
}

/* ---- reading ---- */

static bool tell(void *state, adj_encounters *batch)
{
    parts_check *c = state;
    cli_show_problems(batch);
    c->read_lines += adj_encounters_line_count(batch);
    for (size_t i = 0; i < adj_encounters_problem_count(batch); i++)
        c->counts.problems[adj_encounters_problem(batch, i).severity]++;
    return true;
}

static int read_all(parts_check *c)
{
    const cli_texts *lists[] = {&c->inputs->columns, &c->inputs->claims, &c->inputs->sides};
    const adj_role roles[] = {ADJ_ROLE_BY_CONTENT, ADJ_ROLE_JUDGED, ADJ_ROLE_BESIDE};
    int code = EXIT_CLEAN;
    for (size_t l = 0; l < 3; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            adj_status status = adj_parts_read(c->parts, lists[l]->items[i], roles[l], tell, c);
            if (*adj_parts_message(c->parts) != '\0' || status == ADJ_OUT_OF_MEMORY) {
                tell(c, adj_parts_encounters(c->parts));
                return parts_failed(c, status) + EXIT_OURS;
            }
            if (status != ADJ_OK) code = EXIT_INPUT;
        }
    }
    adj_status divided = adj_parts_divide(c->parts);
    tell(c, adj_parts_encounters(c->parts));
    return divided == ADJ_OK ? code : parts_failed(c, divided) + EXIT_OURS;
}

/* ---- judging ---- */

static int judge_part(parts_check *c, size_t part)
{
    adj_encounters *encounters = NULL;
    adj_results *results = NULL;
    adj_status status = adj_parts_load(c->parts, part, &encounters);
    if (status != ADJ_OK) return parts_failed(c, status);
    int code = cli_inputs_load(c->inputs, encounters);
    if (code == EXIT_CLEAN && adj_encounters_finish(encounters) != ADJ_OK) code = no_memory();
    if (code == EXIT_CLEAN) {
        tell(c, encounters);
        c->counts.rejected += adj_encounters_rejected_count(encounters);
        c->counts.claims += adj_encounters_claim_count(encounters);
        code = cli_inputs_evaluate(c->inputs, c->policies, encounters, &results);
    }
    if (code == EXIT_CLEAN) {
        c->lines[part].file = temporary_file();
        if (c->lines[part].file == NULL) {
            fprintf(stderr, "adjudge check: a temporary file cannot be written; set TMPDIR to a folder with room\n");
            code = EXIT_INPUT;
        } else {
            code = cli_keep_all(c->format, &c->report, cli_inputs_threads(c->inputs), results, c->lines[part].file);
        }
    }
    adj_results_free(results);
    adj_encounters_free(encounters);
    return code;
}

/* ---- printing ---- */

/* Takes the next kept line of a part; false if the file cannot be read. */
static bool next_line(part_lines *lines)
{
    size_t got = fread(&lines->next, 1, sizeof lines->next, lines->file);
    lines->more = got == sizeof lines->next;
    if (!lines->more) return got == 0 && ferror(lines->file) == 0;
    const cli_kept_line *next = &lines->next;
    size_t length = (size_t)next->file + next->claim + next->heading + next->body;
    if (length > lines->room) {
        char *grown = realloc(lines->text, length * 2);
        if (grown == NULL) return false;
        lines->text = grown;
        lines->room = length * 2;
    }
    return fread(lines->text, 1, length, lines->file) == length;
}

static bool comes_before(const parts_check *c, size_t a, size_t b)
{
    return c->lines[a].next.place < c->lines[b].next.place;
}

/* Lets the heap's entry at a place sink to where it belongs. */
static void sink(const parts_check *c, size_t *heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child < count && child <= 2 * at + 2; child++) {
            if (comes_before(c, heap[child], heap[least])) least = child;
        }
        if (least == at) return;
        size_t other = heap[at];
        heap[at] = heap[least];
        heap[least] = other;
        at = least;
    }
}

static bool print_line(parts_check *c, const part_lines *lines)
{
    const cli_kept_line *next = &lines->next;
    char *file = strndup(lines->text, next->file), *claim = strndup(lines->text + next->file, next->claim);
    const char *heading = lines->text + next->file + next->claim;
    bool good = file != NULL && claim != NULL, any = c->report.last != NULL;
    if (good && next->heading > 0 && cli_is_next_claim(&c->report, file, claim)) {
        if (any) fputc('\n', stdout);
        fwrite(heading, 1, next->heading, stdout);
    }
    fwrite(heading + next->heading, 1, next->body, stdout);
    free(file);
    free(claim);
    return good;
}

static bool print_all(parts_check *c)
{
    size_t count = 0, *heap = malloc((c->part_count + 1) * sizeof *heap);
    bool good = heap != NULL;
    for (size_t i = 0; good && i < c->part_count; i++) {
        good = fseek(c->lines[i].file, 0, SEEK_SET) == 0 && next_line(&c->lines[i]);
        if (good && c->lines[i].more) heap[count++] = i;
    }
    for (size_t i = count; good && i-- > 0;) sink(c, heap, count, i);
    while (good && count > 0) {
        part_lines *first = &c->lines[heap[0]];
        good = print_line(c, first) && next_line(first);
        if (!first->more) heap[0] = heap[--count];
        sink(c, heap, count, 0);
    }
    free(heap);
    return good;
}

static int judge_all(parts_check *c)
{
    int code = EXIT_CLEAN;
    c->part_count = adj_parts_count(c->parts);
    c->lines = calloc(c->part_count, sizeof *c->lines);
    if (c->lines == NULL) return no_memory();
    for (size_t i = 0; i < c->part_count && code == EXIT_CLEAN; i++) {
        code = judge_part(c, i);
        cli_progress((i + 1) * 10000, c->part_count * 10000);
    }
    if (code != EXIT_CLEAN) return code;
    c->format->begin(&c->report);
    if (print_all(c)) return EXIT_CLEAN;
    fprintf(stderr, "adjudge check: a temporary file cannot be read\n");
    return EXIT_INPUT;
}

static int check(parts_check *c, bool no_summary)
{
    const adj_encounters *read = adj_parts_encounters(c->parts);
    int code = read_all(c);
    if (code > EXIT_OURS) return code - EXIT_OURS; /* nothing may be judged of it */
    int written = cli_write_rejects(c->inputs, read);
    if (written != EXIT_CLEAN) return written;
    c->counts.payments = adj_encounters_payment_count(read);
    c->counts.rejected = adj_encounters_rejected_count(read);
    if (code != EXIT_CLEAN && c->read_lines == 0) return code;
    int judged = judge_all(c);
    if (judged != EXIT_CLEAN) return judged;
    int reported = cli_report_end(&c->report, c->format, no_summary, &c->counts);
    return code == EXIT_CLEAN || reported == EXIT_OURS ? reported : code;
}

int cli_check_in_parts(const cli_inputs *inputs, size_t memory, const cli_format *format, bool only_findings,
                       bool no_summary)
{
    parts_check c = {.inputs = inputs, .format = format};
    c.report = (cli_report){.out = stdout, .colour = cli_colour(stdout), .only_findings = only_findings};
    int code = cli_inputs_compile(inputs, &c.policies);
    if (code == EXIT_CLEAN) {
        adj_options options = {.redact = inputs->redact, .threads = cli_inputs_threads(inputs)};
        c.parts = adj_parts_new(c.policies, memory, &options);
        if (c.parts == NULL) {
            code = no_memory();
        } else {
            cli_inputs_prepare(inputs, adj_parts_encounters(c.parts));
            code = check(&c, no_summary);
        }
    }
    for (size_t i = 0; c.lines != NULL && i < c.part_count; i++) {
        if (c.lines[i].file != NULL) fclose(c.lines[i].file);
        free(c.lines[i].text);
    }
    free(c.lines);
    adj_parts_free(c.parts);
    adj_policies_free(c.policies);
    return code;
}
