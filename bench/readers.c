/* The readers, each over a generated file from warm cache, on one core, as a ratio to a plain read of the same bytes and beside
 * another parser: libcsv for CSV, simdjson's documents for NDJSON (bench/x12_other.py has one for X12). All fill
 * columns, codes interned, in batches; what they take of memory is measured for a file and for one eight times as large. */
#include "bench/bench.h"

#include "adjudge.h"
#include "readers/json.h"

#include <csv.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 1024, PIECE = 1 << 18 };

/* ---- data ---- */

typedef struct folder_writer {
    const char *folder;
    char names[24][48];
    FILE *files[24];
    size_t count;
} folder_writer;

static bool write_file(void *state, const char *file, const char *bytes, size_t length)
{
    folder_writer *w = state;
    size_t at = 0;
    while (at < w->count && strcmp(w->names[at], file) != 0) at++;
    if (at == sizeof w->files / sizeof *w->files) return false;
    if (at == w->count) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", w->folder, file);
        w->files[at] = fopen(path, "wb");
        if (w->files[at] == NULL) return false;
        snprintf(w->names[at], sizeof w->names[at], "%s", file);
        w->count++;
    }
    return fwrite(bytes, 1, length, w->files[at]) == length;
}

static bool generate(const char *folder, adj_form form, long lines)
{
    struct stat status;
    if (stat(folder, &status) == 0) return true;
    if (mkdir(folder, 0777) != 0) return false;
    folder_writer writer = {.folder = folder};
    adj_generator generator = {.seed = 1, .lines = lines, .form = form};
    adj_read_date("2026-01-01", &generator.from);
    adj_read_date("2027-12-31", &generator.to);
    for (size_t i = 0; i < ADJ_MISTAKE_COUNT; i++) generator.mistakes[i] = 50000 / ADJ_MISTAKE_COUNT;
    adj_generated generated;
    bool good = adj_generate(&generator, write_file, &writer, &generated) == ADJ_OK;
    for (size_t i = 0; i < writer.count; i++) good = fclose(writer.files[i]) == 0 && good;
    return good;
}

/* ---- ways to read ---- */

static size_t size_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (size_t)status.st_size : 0;
}

/* A plain read: all bytes through one buffer, and a sum of them so that they are looked at. */
static uint64_t read_plainly(const char *path)
{
    static char buffer[PIECE];
    uint64_t sum = 0;
    int file = open(path, O_RDONLY);
    for (ssize_t got; file >= 0 && (got = read(file, buffer, sizeof buffer)) > 0;) {
        for (ssize_t i = 0; i < got; i++) sum += (unsigned char)buffer[i];
    }
    if (file >= 0) close(file);
    return sum;
}

static bool count_batch(void *state, adj_encounters *batch)
{
    *(size_t *)state += adj_encounters_line_count(batch);
    return true;
}

static uint64_t read_by_us(const char *path, adj_role role)
{
    size_t lines = 0;
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_status status = adj_encounters_read_batches(encounters, path, role, BATCH, count_batch, &lines);
    if (status == ADJ_OK) status = adj_encounters_end_batches(encounters, count_batch, &lines);
    adj_encounters_free(encounters);
    if (status == ADJ_OK) return lines + 1;
    fprintf(stderr, "bench: %s: %s\n", path, adj_status_name(status));
    exit(3);
}

static void one_cell(void *cell, size_t length, void *state)
{
    (void)cell;
    *(uint64_t *)state += length;
}

static uint64_t read_by_libcsv(const char *path)
{
    static char buffer[PIECE];
    struct csv_parser parser;
    uint64_t sum = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL || csv_init(&parser, 0) != 0) exit(3);
    for (size_t got = sizeof buffer; got == sizeof buffer;) {
        got = fread(buffer, 1, sizeof buffer, file);
        csv_parse(&parser, buffer, got, one_cell, NULL, &sum);
    }
    csv_fini(&parser, one_cell, NULL, &sum);
    csv_free(&parser);
    fclose(file);
    return sum;
}

/* Documents, a line each, and nothing done with them. */
static uint64_t read_by_simdjson(const char *path)
{
    char *line = NULL;
    size_t room = 0;
    uint64_t count = 0;
    FILE *file = fopen(path, "rb");
    json_parser *parser = json_parser_new();
    for (ssize_t length; file != NULL && (length = getline(&line, &room, file)) > 0;) {
        json_value root;
        count += json_parse(parser, line, (size_t)length, room, &root) == JSON_READ;
    }
    json_parser_free(parser);
    free(line);
    if (file != NULL) fclose(file);
    return count;
}

/* ---- measuring ---- */

static volatile uint64_t seen; /* so that nothing is left out */

static double speed(uint64_t (*way)(const char *path), const char *path)
{
    double times[BENCH_RUNS];
    for (int i = 0; i < BENCH_RUNS; i++) {
        double start = bench_now();
        seen += way(path);
        times[i] = bench_now() - start;
    }
    return (double)size_of(path) / bench_median(times, BENCH_RUNS) / 1e6;
}

static double our_speed(const char *path, adj_role role)
{
    double times[BENCH_RUNS];
    for (int i = 0; i < BENCH_RUNS; i++) {
        double start = bench_now();
        seen += read_by_us(path, role);
        times[i] = bench_now() - start;
    }
    return (double)size_of(path) / bench_median(times, BENCH_RUNS) / 1e6;
}

/* The most memory that reading takes, in MB, in a process of its own; what an empty one takes is left out. */
static double memory_of(const char *path, adj_role role)
{
    int ends[2];
    long grown = 0;
    if (pipe(ends) != 0) return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rusage before, after;
        getrusage(RUSAGE_SELF, &before);
        seen += read_by_us(path, role);
        getrusage(RUSAGE_SELF, &after);
        grown = after.ru_maxrss - before.ru_maxrss;
        _exit(write(ends[1], &grown, sizeof grown) == sizeof grown ? 0 : 1);
    }
    close(ends[1]);
    bool told = child > 0 && read(ends[0], &grown, sizeof grown) == sizeof grown;
    close(ends[0]);
    if (child > 0) waitpid(child, NULL, 0);
    return told ? (double)grown / 1024 : -1;
}

typedef struct reader_case {
    const char *what, *file;
    adj_form form;
    adj_role role;
    const char *other; /* parser */
    uint64_t (*way)(const char *path);
} reader_case;

static const reader_case cases[] = {
    {"X12 837P", "claims.837", ADJ_FORM_837P, ADJ_ROLE_JUDGED, NULL, NULL},
    {"X12 835", "payments.835", ADJ_FORM_837P, ADJ_ROLE_BY_CONTENT, NULL, NULL},
    {"CSV lines", "lines.csv", ADJ_FORM_CSV, ADJ_ROLE_JUDGED, "libcsv", read_by_libcsv},
    {"CSV attendance", "attendance.csv", ADJ_FORM_CSV, ADJ_ROLE_BY_CONTENT, "libcsv", read_by_libcsv},
    {"NDJSON lines", "lines.ndjson", ADJ_FORM_NDJSON, ADJ_ROLE_JUDGED, "simdjson DOM", read_by_simdjson},
    {"NDJSON feeds", "side.ndjson", ADJ_FORM_NDJSON, ADJ_ROLE_BY_CONTENT, "simdjson DOM", read_by_simdjson},
};

/* All of a file into memory, by so many threads, and joined: seconds of both. */
static void read_whole_file(const char *path, adj_role role, unsigned threads, double *read, double *join)
{
    double reads[BENCH_RUNS], joins[BENCH_RUNS];
    adj_options options = {.threads = threads};
    for (int i = 0; i < BENCH_RUNS; i++) {
        adj_encounters *encounters = adj_encounters_new(&options);
        double start = bench_now();
        adj_status status = adj_encounters_read_as(encounters, path, role);
        reads[i] = bench_now() - start;
        if (status == ADJ_OK) status = adj_encounters_finish(encounters);
        joins[i] = bench_now() - start - reads[i];
        adj_encounters_free(encounters);
        if (status != ADJ_OK) exit(3);
    }
    *read = bench_median(reads, BENCH_RUNS);
    *join = bench_median(joins, BENCH_RUNS);
}

static void show_whole(const reader_case *c, const char *path)
{
    double one, one_joined, two, two_joined;
    read_whole_file(path, c->role, 1, &one, &one_joined);
    read_whole_file(path, c->role, 2, &two, &two_joined);
    printf("%-15s into memory: read in %.3f s, on two threads %.3f (%.2f times as fast); joined in %.3f, %.3f\n",
           c->what, one, two, one / two, one_joined, two_joined);
}

static void folder_of(char path[4096], const char *folder, adj_form form, long lines)
{
    static const char *const names[] = {[ADJ_FORM_837P] = "x12", [ADJ_FORM_NDJSON] = "ndjson", [ADJ_FORM_CSV] = "csv"};
    snprintf(path, 4096, "%s/%s-%ld", folder, names[form], lines);
}

int bench_readers(const char *folder, long lines)
{
    if (lines < 8) lines = 8;
    mkdir(folder, 0777);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const reader_case *c = &cases[i];
        char large[4096], small[4096], path[4200], lesser[4200];
        folder_of(large, folder, c->form, lines);
        folder_of(small, folder, c->form, lines / 8);
        if (!generate(large, c->form, lines) || !generate(small, c->form, lines / 8)) {
            fprintf(stderr, "bench: the data cannot be written to %s\n", folder);
            return 3;
        }
        snprintf(path, sizeof path, "%s/%s", large, c->file);
        snprintf(lesser, sizeof lesser, "%s/%s", small, c->file);
        double plain = speed(read_plainly, path), ours = our_speed(path, c->role);
        printf("%-15s %6.0f MB  %5.0f MB/s, plain read %5.0f MB/s: ratio %.1f", c->what, (double)size_of(path) / 1e6,
               ours, plain, plain / ours);
        if (c->way != NULL) printf("; %s %.0f MB/s", c->other, speed(c->way, path));
        printf("; memory %.1f MB, of an eighth of it %.1f MB\n", memory_of(path, c->role), memory_of(lesser, c->role));
        if (i == 0) show_whole(c, path);
        fflush(stdout);
    }
    char folder_csv[4096], folder_ndjson[4096], csv[4200], ndjson[4200];
    folder_of(folder_csv, folder, ADJ_FORM_CSV, lines);
    folder_of(folder_ndjson, folder, ADJ_FORM_NDJSON, lines);
    snprintf(csv, sizeof csv, "%s/lines.csv", folder_csv);
    snprintf(ndjson, sizeof ndjson, "%s/lines.ndjson", folder_ndjson);
    bench_to_events(csv, ndjson);
    char folder_x12[4096], claims[4200];
    folder_of(folder_x12, folder, ADJ_FORM_837P, lines);
    snprintf(claims, sizeof claims, "%s/claims.837", folder_x12);
    bench_to_report(claims);
    return 0;
}
