/* Plain records of CSV, which are read many at a time, against the same records read one by one. */
#include "base/csv.h"
#include "tests/differential/generator.h"
#include "tests/suites/told.h"

#include <unistd.h>

/* ---- the places of cells ---- */

typedef struct cells {
    char text[1 << 16];
    size_t length;
} cells;

static void add_cell(cells *c, const char *text, size_t length, size_t column)
{
    int used = snprintf(c->text + c->length, sizeof c->text - c->length, "%.*s@%zu|", (int)length, text, column);
    c->length += (size_t)used;
    cr_assert_lt(c->length, sizeof c->text);
}

static void end_row(cells *c, size_t line, const char *error)
{
    int used = snprintf(c->text + c->length, sizeof c->text - c->length, "/%zu %s\n", line, error == NULL ? "" : error);
    c->length += (size_t)used;
    cr_assert_lt(c->length, sizeof c->text);
}

/* Reads a text; with `width`, rows of so many cells many at a time where that can be. Gives how many were read so. */
static size_t read_rows(cells *c, char separator, const char *text, size_t length, size_t width, size_t most)
{
    base_arena arena;
    base_arena_init(&arena, NULL);
    csv_reader reader;
    csv_rows rows = {0};
    csv_cell row[CSV_COLUMN_LIMIT];
    size_t count, together = 0;
    c->length = 0;
    c->text[0] = '\0';
    base_csv_init(&reader, &arena, text, length);
    reader.separator = separator;
    if (width > 0) cr_assert(base_csv_rows_init(&rows, &arena, width));
    for (;;) {
        if (width > 0) base_csv_next_rows(&reader, &rows, most);
        for (size_t i = 0; i < rows.count; i++) {
            size_t first = i * width;
            for (size_t k = 0; k < width; k++) {
                size_t from = rows.begins[first + k], end = base_csv_row_end(&rows, first + k, k + 1 == width);
                add_cell(c, rows.text + from, end - from, from - rows.begins[first] + 1);
            }
            end_row(c, rows.line + i, NULL);
        }
        together += rows.count;
        if (rows.count > 0) continue;
        if (!base_csv_next(&reader, row, &count)) break;
        for (size_t k = 0; k < count; k++) add_cell(c, row[k].text, row[k].length, row[k].column);
        end_row(c, reader.line, reader.error);
    }
    base_arena_release(&arena);
    return together;
}

/* A text of rows of about `width` cells, most of them plain. */
static size_t make_rows(generator *g, char *text, size_t room, char separator, size_t width)
{
    static const char *const values[] = {"", "", "a", "90853", "2026-01-07", "a longer text of a cell", "G1M1"};
    static const char *const odd[] = {" x", "x ", "\t", " ", "\"q\"", "a\"b", "\"a,b\"", "\"a\nb\"", "x\r", "\rx"};
    size_t length = 0;
    bool returns = generator_chance(g, 30);
    uint32_t oddness = generator_below(g, 4);
    while (length + 40 * (width + 2) < room) {
        size_t count = width + (generator_chance(g, oddness) ? 1 : 0) - (generator_chance(g, oddness) ? 1 : 0);
        for (size_t i = 0; i < count; i++) {
            const char *value =
                generator_chance(g, oddness) ? odd[generator_below(g, 10)] : values[generator_below(g, 7)];
            if (i > 0) text[length++] = separator;
            length += (size_t)sprintf(text + length, "%s", value);
        }
        bool other = generator_chance(g, oddness);
        length += (size_t)sprintf(text + length, "%s", other ? "\n\n" : returns ? "\r\n" : "\n");
    }
    return length;
}

Test(csv_rows, many_at_a_time_are_what_they_are_one_by_one)
{
    static cells one, many;
    generator g = {.state = 5};
    size_t together = 0;
    for (int round = 0; round < 1500; round++) {
        char made[6000];
        char separator = generator_chance(&g, 20) ? '\t' : ',';
        size_t width = 2 + generator_below(&g, 5);
        size_t length = make_rows(&g, made, 300 + generator_below(&g, 5700), separator, width);
        char *text = malloc(length + 1); /* nothing may be read behind it */
        memcpy(text, made, length);
        read_rows(&one, separator, text, length, 0, 0);
        together +=
            read_rows(&many, separator, text, length, width, generator_chance(&g, 50) ? 1000 : 1 + (size_t)round % 9);
        cr_expect_str_eq(many.text, one.text, "round %d", round);
        free(text);
    }
    cr_expect_gt(together, 20000, "most rows are plain");
}

Test(csv_rows, a_row_of_too_many_cells_is_for_the_other_way)
{
    static char text[1 << 15];
    static cells one, many;
    memset(text, ',', sizeof text);
    for (size_t i = 0; i < 8; i++) text[i] = "a,b\nc,d\n"[i];
    text[sizeof text - 1] = '\n';
    read_rows(&one, ',', text, sizeof text, 0, 0);
    cr_expect_eq(read_rows(&many, ',', text, sizeof text, 2, 64), 2);
    cr_expect_str_eq(many.text, one.text);
}

Test(csv_rows, a_row_longer_than_the_reach_is_for_the_other_way)
{
    static char text[1 << 18];
    memset(text, 'x', sizeof text);
    text[10] = ',';
    text[(1 << 17) + 5] = '\n';
    csv_reader reader;
    csv_rows rows;
    base_arena arena;
    base_arena_init(&arena, NULL);
    base_csv_init(&reader, &arena, text, sizeof text);
    cr_assert(base_csv_rows_init(&rows, &arena, 2));
    base_csv_next_rows(&reader, &rows, 64);
    cr_expect_eq(rows.count, 0);
    cr_expect_eq(reader.at, 0, "nothing was passed");
    base_arena_release(&arena);
}

/* ---- records of side files ---- */

typedef struct kind {
    const char *header;
    const char *columns[20][6]; /* values that a cell may have; NULL after the last */
    adj_role role;
} kind;

#define MEMBERS {"M1", "M2", "M3", "a member of another practice", "M4"}
#define DATES {"2026-01-07", "2026-01-07", "2026-01-08", "20260109", "2026-02-29", ""}
#define TRUTHS {"yes", "no", "", "unknown", "none", "perhaps"}

static const kind kinds[] = {
    {"member_id,claim_id,date,procedure,line,modifiers,units,charge,status,rendering_provider,billing_provider,"
     "original_reference,birth_date,sex,session_id,frequency,death_date,referral_number,claim_charge,program",
     {MEMBERS,
      {"C1", "C2", "C3", "C4", "unknown"},
      {"2026-01-07", "2026-01-08", "2026-01-09"},
      {"90853", "90837", "none", "9083700000"},
      {"1", "2", "3", "", "x"},
      {"HQ", "HQ 95", "none", ""},
      {"1", "2", "1.5", "", "one"},
      {"65", "58.5", "", "1.234"},
      {"submitted", "paid", "", "denied"},
      {"1700000007", "1700000008", "", "1234567893"},
      {"1600000016", "", "unknown"},
      {"", "none", "R1", "unknown"},
      {"1980-05-05", "", "1981-05-05", "unknown", "none"},
      {"female", "", "male", "none"},
      {"S1", "S2", ""},
      {"1", "7", "", "none"},
      {"", "2026-03-01", "none"},
      {""}, /* of an optional field, which nobody fills */
      {""},
      {"clinic", ""}},
     ADJ_ROLE_JUDGED},
    {"member_id,claim_id,date,procedure,line,completeness,status,payer_claim_number,authorization_number,known_from",
     {MEMBERS,
      {"C1", "C2", "C3", "C4"},
      {"2026-01-07", "2026-01-08", "bad"},
      {"90853", "90837"},
      {"1", "2", "3", ""},
      {"complete", "own", "", "?"},
      {"paid", "denied", ""},
      {"P1", "P2", ""},
      {"A1", "", "none"},
      {"payer", "own_claims", ""}},
     ADJ_ROLE_BESIDE},
    {"session_id,member_id,minutes,join,leave,date,participation,relevance_documented,technical_problems",
     {{"S1", "S2", "S3", "a session with a long name", "S4", ""},
      MEMBERS,
      {"60", "45", "", "none", "long"},
      {"09:00", "23:30", "", "9"},
      {"10:00", "00:15", "", "25:00"},
      DATES,
      {"active", "passive", "", "unknown"},
      TRUTHS,
      TRUTHS},
     ADJ_ROLE_BESIDE},
    {"session_id,date,start,end,minutes,mode,procedure,goals_documented",
     {{"S1", "S2", "S3", "S4", "S5", "S6"},
      DATES,
      {"09:00", "", "18:30"},
      {"10:00", "", "19:30"},
      {"60", "", "x"},
      {"in_person", "video", "", "by post"},
      {"90853", ""},
      TRUTHS},
     ADJ_ROLE_BESIDE},
    {"authorization_number,member_id,from,to,procedures,units",
     {{"A1", "A2", "A3", ""},
      MEMBERS,
      DATES,
      {"2026-12-31", "", "2025-01-01"},
      {"90853", "90853 90837", ""},
      {"10", "", "x"}},
     ADJ_ROLE_BESIDE},
    {"member_id,from,to,payer,plan",
     {MEMBERS, DATES, {"2026-12-31", "", "2025-01-01"}, {"HARBOR", ""}, {"GOLD", ""}},
     ADJ_ROLE_BESIDE},
    {"member_id,date,start,end,appointment_status,session_id,program",
     {MEMBERS, DATES, {"09:00", ""}, {"10:00", ""}, {"attended", "no_show", "", "?"}, {"S1", ""}, {"clinic", ""}},
     ADJ_ROLE_BESIDE},
    {"claim_id,line,paid,status,date,allowed,reasons,what",
     {{"C1", "C2", "C3", "none"},
      {"1", "2", "", "one"},
      {"41.50", "0", "", "x"},
      {"paid", "denied", ""},
      DATES,
      {"60", "", "none"},
      {"CO-45", "CO-45 PR-1", "", "none"},
      {"not ours", ""}},
     ADJ_ROLE_BESIDE},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The same file twice: as it is, and with the first cell of every record in quotes, which no record that is read with others
 * has. */
static void make_files(generator *g, const kind *k, int records, told *plain, told *quoted)
{
    told_keep(plain, "", k->header, strlen(k->header));
    told_keep(quoted, "", k->header, strlen(k->header));
    uint32_t faults = generator_below(g, 8);
    bool returns = generator_chance(g, 30);
    for (int i = 0; i < records; i++) {
        told_keep(plain, "", returns ? "\r\n" : "\n", returns ? 2 : 1);
        told_keep(quoted, "", "\n", 1);
        size_t width = 0;
        while (width < 20 && k->columns[width][0] != NULL) width++;
        if (generator_chance(g, faults / 4)) width--;
        for (size_t c = 0; c < width; c++) {
            size_t values = 0;
            while (values < 6 && k->columns[c][values] != NULL) values++;
            uint32_t good = values < 3 ? (uint32_t)values : 2;
            const char *value =
                k->columns[c][generator_below(g, generator_chance(g, faults) ? (uint32_t)values : good)];
            char cell[80];
            told_keep(plain, "", cell, (size_t)sprintf(cell, "%s%s", c == 0 ? "" : ",", value));
            told_keep(quoted, "", cell, (size_t)sprintf(cell, c == 0 ? "\"%s\"" : ",%s", value));
        }
    }
    told_keep(plain, "", "\n", 1);
    told_keep(quoted, "", "\n", 1);
}

static bool add_batch(void *state, adj_encounters *batch)
{
    told_add(state, batch, "f.csv", "");
    told_keep(state, "", "--\n", 3);
    return true;
}

/* The batches of a text in a file. */
static told batches_of(const told *text, adj_role role, size_t records)
{
    char path[] = "/tmp/adjudge-test-XXXXXX";
    int file = mkstemp(path);
    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, text->text, text->length), (ssize_t)text->length);
    close(file);
    told result = {0};
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_assert_eq(adj_encounters_read_batches(encounters, path, role, records, add_batch, &result), ADJ_OK);
    cr_assert_eq(adj_encounters_end_batches(encounters, add_batch, &result), ADJ_OK);
    adj_encounters_free(encounters);
    unlink(path);
    return result;
}

/* Files of every kind, plain and quoted, all at once or in batches, say the same. */
static void compare_kinds(uint64_t seed, int rounds, bool batches)
{
    generator g = {.state = seed};
    for (int round = 0; round < rounds; round++) {
        const kind *k = &kinds[round % KINDS];
        told texts[2] = {{0}, {0}}, said[2];
        make_files(&g, k, 10 + (int)generator_below(&g, 300), &texts[0], &texts[1]);
        size_t records = 1 + generator_below(&g, 100);
        for (int i = 0; i < 2; i++)
            said[i] = batches ? batches_of(&texts[i], k->role, records)
                              : told_of("f.csv", texts[i].text, texts[i].length, k->role, "");
        cr_expect_str_eq(said[0].text, said[1].text, "round %d of %s", round, k->header);
        cr_expect_null(strstr(said[0].text, "D0301"), "%s", k->header);
        for (int i = 0; i < 2; i++) {
            free(texts[i].text);
            free(said[i].text);
        }
    }
}

Test(csv_rows, records_read_together_are_what_they_are_alone)
{
    compare_kinds(11, 160, false);
}

Test(csv_rows, batches_end_at_the_same_records)
{
    compare_kinds(12, 40, true);
}
