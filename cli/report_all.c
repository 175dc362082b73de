/* Reporting what was judged: lines are explained and written in blocks, on several threads, and the blocks put out in their order, so
 * that the report is the same whoever wrote them. */
#include "cli/report.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_LINES = 256, WAITING_BLOCKS = 4 /* for each thread, at most */ };

/* Some lines as they are written. */
typedef struct block {
    bool done, failed;
    char *text;
    size_t length;
    size_t heading;     /* how much of it is the heading of its first claim, due where that is another than before */
    char *first, *last; /* file and claim of the first and the last line that is shown; NULL where none is */
    cli_kept_line kept[BLOCK_LINES]; /* of lines that are kept for later, one text behind the other */
    size_t kept_count;
    cli_report report;
} block;

typedef struct pool {
    const cli_format *format;
    bool only_findings, colour;
    FILE *kept; /* where lines are kept for later; NULL: they are put out */
    adj_results *results;
    size_t count; /* of lines */
    size_t block_count, window;
    block *blocks; /* a ring of `window` */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t next, out; /* blocks that were begun, and put out */
    bool stopped;
} pool;

/* Notes the first line that is shown, and writes the heading of its claim. */
static bool begin_claim(const pool *p, const adj_line *line, block *b)
{
    cli_is_next_claim(&b->report, line->file, line->claim);
    b->first = b->report.last == NULL ? NULL : strdup(b->report.last);
    if (b->first == NULL) return false;
    p->format->claim(&b->report, line);
    if (fflush(b->report.out) != 0) return false;
    b->heading = b->length;
    return true;
}

/* How much was written of a block until now; false where memory ran out. */
static bool written(block *b, size_t *length)
{
    if (fflush(b->report.out) != 0 || ferror(b->report.out) || b->report.failed) return false;
    *length = b->length;
    return true;
}

/* Writes a line that is kept for later, with all that is needed to put it out. */
static bool keep_line(const pool *p, const adj_line *line, const adj_explanation *explanation, block *b)
{
    cli_tally_line(&b->report, line, explanation);
    if (!cli_shows(&b->report, p->format, line, explanation)) return !b->report.failed;
    size_t file = strlen(line->file), claim = strlen(line->claim), begin, heading, end;
    fwrite(line->file, 1, file, b->report.out);
    fwrite(line->claim, 1, claim, b->report.out);
    if (!written(b, &begin)) return false;
    if (p->format->claim != NULL) p->format->claim(&b->report, line);
    if (!written(b, &heading)) return false;
    p->format->line(&b->report, line, explanation);
    if (!written(b, &end)) return false;
    b->kept[b->kept_count++] = (cli_kept_line){.place = line->place,
                                               .file = (uint32_t)file,
                                               .claim = (uint32_t)claim,
                                               .heading = (uint32_t)(heading - begin),
                                               .body = (uint32_t)(end - heading)};
    return true;
}

static bool write_line(const pool *p, const adj_line *line, const adj_explanation *explanation, block *b)
{
    if (p->kept != NULL) return keep_line(p, line, explanation, b);
    bool first = b->first == NULL && p->format->claim != NULL && cli_shows(&b->report, p->format, line, explanation);
    if (first && !begin_claim(p, line, b)) return false;
    cli_report_line(&b->report, p->format, line, explanation);
    cli_tally_line(&b->report, line, explanation);
    return !b->report.failed;
}

static bool write_lines(const pool *p, adj_results *results, size_t number, block *b)
{
    size_t end = (number + 1) * BLOCK_LINES < p->count ? (number + 1) * BLOCK_LINES : p->count;
    bool good = true;
    for (size_t i = number * BLOCK_LINES; good && i < end; i++) {
        adj_line line = adj_results_line(results, i);
        adj_explanation *explanation = NULL;
        if (line.out_of_memory) return false;
        if (line.findings > 0 && adj_results_explain_parts(results, i, p->format->parts, &explanation) != ADJ_OK)
            return false;
        good = write_line(p, &line, explanation, b);
        adj_explanation_free(explanation);
    }
    return good;
}

static void write_block(const pool *p, adj_results *results, size_t number, block *b)
{
    memset(b, 0, sizeof *b);
    b->failed = true;
    b->report = (cli_report){.colour = p->colour, .only_findings = p->only_findings};
    b->report.out = open_memstream(&b->text, &b->length);
    if (b->report.out == NULL) return;
    bool good = write_lines(p, results, number, b);
    good = fclose(b->report.out) == 0 && good;
    b->last = b->report.last;
    b->report.last = NULL;
    b->failed = !good;
}

static void free_block(block *b)
{
    free(b->text);
    free(b->first);
    free(b->last);
    cli_report_free(&b->report);
    memset(b, 0, sizeof *b);
}

/* Puts what is kept of a block behind what was before; false where it cannot be written. */
static bool put_kept(FILE *file, const block *b)
{
    size_t at = 0;
    for (size_t i = 0; i < b->kept_count; i++) {
        const cli_kept_line *kept = &b->kept[i];
        size_t length = (size_t)kept->file + kept->claim + kept->heading + kept->body;
        if (fwrite(kept, sizeof *kept, 1, file) != 1 || fwrite(b->text + at, 1, length, file) != length) return false;
        at += length;
    }
    return true;
}

/* Puts a block out behind those before it. */
static void put_out(cli_report *report, block *b)
{
    size_t from = 0;
    if (b->first != NULL) {
        bool same = report->last != NULL && strcmp(report->last, b->first) == 0;
        if (same) from = b->heading;
        if (!same && report->last != NULL) fputc('\n', report->out);
    }
    fwrite(b->text + from, 1, b->length - from, report->out);
    if (b->last != NULL) {
        free(report->last);
        report->last = b->last;
        b->last = NULL;
    }
    cli_report_add(report, &b->report);
}

typedef struct writer {
    pool *pool;
    adj_results *results; /* its own view */
    pthread_t thread;
    bool started;
} writer;

/* With the lock held, which it lets go meanwhile: writes the next block, if there is one and room for it. */
static bool write_next(pool *p, adj_results *results)
{
    if (p->next == p->block_count || p->next - p->out >= p->window) return false;
    size_t number = p->next++;
    pthread_mutex_unlock(&p->lock);
    block written;
    write_block(p, results, number, &written);
    pthread_mutex_lock(&p->lock);
    written.done = true;
    p->blocks[number % p->window] = written;
    pthread_cond_broadcast(&p->changed);
    return true;
}

/* Writes one block after the other, as far ahead as there is room. */
static void *write_blocks(void *state)
{
    writer *w = state;
    pool *p = w->pool;
    pthread_mutex_lock(&p->lock);
    while (!p->stopped && p->next < p->block_count) {
        if (!write_next(p, w->results)) pthread_cond_wait(&p->changed, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* The next block in order; this thread writes others as long as it is not there. False where it could not be written. */
static bool take_block(pool *p, block *b)
{
    pthread_mutex_lock(&p->lock);
    block *slot = &p->blocks[p->out % p->window];
    while (!slot->done) {
        if (!write_next(p, p->results)) pthread_cond_wait(&p->changed, &p->lock);
    }
    *b = *slot;
    *slot = (block){0};
    p->out++;
    p->stopped = b->failed;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return !b->failed;
}

static size_t start_writers(pool *p, writer *writers, unsigned threads)
{
    size_t started = 0;
    for (unsigned i = 0; i + 1 < threads; i++) {
        writer *w = &writers[started];
        *w = (writer){.pool = p};
        /* A thread that cannot be had leaves its share to the others. */
        if (adj_results_view(p->results, &w->results) != ADJ_OK) break;
        w->started = pthread_create(&w->thread, NULL, write_blocks, w) == 0;
        started++;
    }
    return started;
}

static bool report_blocks(pool *p, cli_report *report, unsigned threads, bool *unwritten)
{
    writer *writers = calloc(threads, sizeof *writers);
    p->blocks = calloc(p->window, sizeof *p->blocks);
    bool good = writers != NULL && p->blocks != NULL;
    size_t started = good ? start_writers(p, writers, threads) : 0;
    for (size_t i = 0; good && !*unwritten && i < p->block_count; i++) {
        block b;
        good = take_block(p, &b);
        if (good && p->kept != NULL) {
            *unwritten = !put_kept(p->kept, &b);
            cli_report_add(report, &b.report);
        } else if (good) {
            put_out(report, &b);
        }
        free_block(&b);
        size_t done = (i + 1) * BLOCK_LINES;
        if (p->kept == NULL) cli_progress(done < p->count ? done : p->count, p->count);
    }
    pthread_mutex_lock(&p->lock);
    p->stopped = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < started; i++) {
        if (writers[i].started) pthread_join(writers[i].thread, NULL);
        adj_results_free(writers[i].results);
    }
    for (size_t i = 0; p->blocks != NULL && i < p->window; i++) free_block(&p->blocks[i]);
    free(p->blocks);
    free(writers);
    return good;
}

/* Writes all lines of the results, or keeps them; false where memory runs out. */
static bool write_all(pool *p, cli_report *report, unsigned threads, bool *unwritten)
{
    p->count = adj_results_count(p->results);
    p->block_count = (p->count + BLOCK_LINES - 1) / BLOCK_LINES;
    if (threads > p->block_count) threads = p->block_count == 0 ? 1 : (unsigned)p->block_count;
    p->window = (size_t)threads * WAITING_BLOCKS;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    bool good = report_blocks(p, report, threads, unwritten);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    if (!good) fprintf(stderr, "adjudge check: memory ran out\n");
    return good;
}

int cli_report_all(const cli_format *format, bool only_findings, bool no_summary, unsigned threads,
                   adj_results *results, const adj_encounters *encounters)
{
    cli_report report = {.out = stdout, .colour = cli_colour(stdout), .only_findings = only_findings};
    cli_counts counts = {0};
    pool p = {.format = format, .only_findings = only_findings, .colour = report.colour, .results = results};
    bool unwritten = false;
    format->begin(&report);
    bool good = write_all(&p, &report, threads, &unwritten);
    cli_count(&counts, encounters);
    int code = cli_report_end(&report, format, no_summary || !good, &counts);
    return good ? code : EXIT_OURS;
}

int cli_keep_all(const cli_format *format, cli_report *report, unsigned threads, adj_results *results, FILE *file)
{
    pool p = {.format = format,
              .only_findings = report->only_findings,
              .colour = report->colour,
              .kept = file,
              .results = results};
    bool unwritten = false;
    if (!write_all(&p, report, threads, &unwritten)) return EXIT_OURS;
    if (!unwritten) return EXIT_CLEAN;
    fprintf(stderr, "adjudge check: a temporary file cannot be written; set TMPDIR to a folder with room\n");
    return EXIT_INPUT;
}
