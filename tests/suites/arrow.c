/* The Arrow C data and stream interfaces: every type that a cell can hold, and batches that are not what they say. */
#include "tests/suites/support.h"

static size_t released;

static void release_schema(struct ArrowSchema *schema)
{
    released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    released++;
    array->release = NULL;
}

/* A column: its schema and array are filled from these. */
typedef struct column {
    const char *name, *format;
    const void *buffers[3];
    int64_t buffer_count, null_count, offset;
    struct ArrowSchema *dictionary_schema, *child_schema;
    struct ArrowArray *dictionary, *child;
} column;

enum { COLUMNS = 12 };

typedef struct batch {
    struct ArrowSchema schema, schemas[COLUMNS], *schema_places[COLUMNS];
    struct ArrowArray array, arrays[COLUMNS], *array_places[COLUMNS];
    struct ArrowSchema *child_schemas[COLUMNS];
    struct ArrowArray *children[COLUMNS];
} batch;

static void fill(batch *b, const column *columns, size_t count, int64_t length)
{
    static const void *no_buffers[] = {NULL};
    memset(b, 0, sizeof *b);
    for (size_t i = 0; i < count; i++) {
        const column *c = &columns[i];
        b->child_schemas[i] = c->child_schema;
        b->children[i] = c->child;
        b->schemas[i] = (struct ArrowSchema){.format = c->format, .name = c->name, .dictionary = c->dictionary_schema};
        b->schemas[i].n_children = c->child_schema != NULL;
        b->schemas[i].children = &b->child_schemas[i];
        b->arrays[i] = (struct ArrowArray){.length = length,
                                           .null_count = c->null_count,
                                           .offset = c->offset,
                                           .n_buffers = c->buffer_count,
                                           .buffers = (const void **)(uintptr_t)c->buffers,
                                           .dictionary = c->dictionary};
        b->arrays[i].n_children = c->child != NULL;
        b->arrays[i].children = &b->children[i];
        b->schema_places[i] = &b->schemas[i];
        b->array_places[i] = &b->arrays[i];
    }
    b->schema = (struct ArrowSchema){.format = "+s",
                                     .name = "",
                                     .n_children = (int64_t)count,
                                     .children = b->schema_places,
                                     .release = release_schema};
    b->array = (struct ArrowArray){.length = length,
                                   .n_buffers = 1,
                                   .buffers = no_buffers,
                                   .n_children = (int64_t)count,
                                   .children = b->array_places,
                                   .release = release_array};
}

static const int32_t two[] = {0, 2, 4, 6};
static const char members[] = "M1M2M3", claims[] = "C1C2C3";

/* The columns that every line has; more follow. */
static size_t begin(column *columns)
{
    static const int32_t days[] = {20485, 20486, 20487}; /* 2026-02-01 and on */
    static const uint8_t places[] = {0, 0, 1};
    static const int32_t code_ends[] = {0, 5, 10};
    static const char codes[] = "9085390834";
    static const void *code_buffers[] = {NULL, code_ends, codes};
    static struct ArrowSchema code_schema = {.format = "u"};
    static struct ArrowArray code_array = {.length = 2, .n_buffers = 3, .buffers = code_buffers};
    columns[0] = (column){.name = "member_id", .format = "u", .buffers = {NULL, two, members}, .buffer_count = 3};
    columns[1] = (column){.name = "claim_id", .format = "u", .buffers = {NULL, two, claims}, .buffer_count = 3};
    columns[2] = (column){.name = "date", .format = "tdD", .buffers = {NULL, days}, .buffer_count = 2};
    columns[3] = (column){.name = "procedure",
                          .format = "C",
                          .buffers = {NULL, places},
                          .buffer_count = 2,
                          .dictionary_schema = &code_schema,
                          .dictionary = &code_array};
    return 4;
}

static adj_encounters *read(const column *columns, size_t count, int64_t length, adj_status wanted)
{
    batch b;
    fill(&b, columns, count, length);
    released = 0;
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(adj_encounters_read_arrow(encounters, "batch", "history", ADJ_ROLE_JUDGED, &b.schema, &b.array),
                 wanted);
    cr_expect_eq(released, 2u, "schema and array are released once each");
    return encounters;
}

typedef struct told {
    char text[4096];
    size_t length;
} told;

static bool keep(void *state, const char *file, const char *bytes, size_t length)
{
    told *t = state;
    if (strcmp(file, "lines.ndjson") != 0) return true;
    cr_assert_lt(t->length + length, sizeof t->text);
    memcpy(t->text + t->length, bytes, length);
    t->length += length;
    t->text[t->length] = '\0';
    return true;
}

static told write_out(adj_encounters *encounters)
{
    told t = {.length = 0};
    adj_written written;
    cr_assert_eq(adj_encounters_write(encounters, ADJ_FORM_NDJSON, "lines.ndjson", keep, &t, &written), ADJ_OK);
    adj_encounters_free(encounters);
    return t;
}

Test(arrow, every_type_becomes_what_a_file_would_say)
{
    static const uint8_t valid[] = {5}; /* the first and the third */
    static const int16_t units[] = {1, 2, 3};
    static const int64_t charges[] = {4150, 0, 4151, 0, -100, -1};
    static const int32_t ends[] = {0, 2, 2, 3};
    static const int32_t modifier_ends[] = {0, 2, 4, 6};
    static const char modifiers[] = "95GTHQ";
    static const void *modifier_buffers[] = {NULL, modifier_ends, modifiers};
    static struct ArrowSchema modifier_schema = {.format = "u", .name = "item"};
    static struct ArrowArray modifier_array = {.length = 3, .n_buffers = 3, .buffers = modifier_buffers};
    static const int64_t instants[] = {1769990400, 1770076799,
                                       1770076800}; /* 2026-02-02 00:00, 23:59:59, 02-03 00:00 */
    static const uint32_t numbers[] = {9, 1, 2, 3}; /* from an offset */
    column columns[COLUMNS];
    size_t count = begin(columns);
    columns[count++] =
        (column){.name = "units", .format = "s", .buffers = {valid, units}, .buffer_count = 2, .null_count = 1};
    columns[count++] = (column){.name = "charge", .format = "d:10,2", .buffers = {NULL, charges}, .buffer_count = 2};
    columns[count++] = (column){.name = "modifiers",
                                .format = "+l",
                                .buffers = {NULL, ends},
                                .buffer_count = 2,
                                .child_schema = &modifier_schema,
                                .child = &modifier_array};
    columns[count++] =
        (column){.name = "end_date", .format = "tss:UTC", .buffers = {NULL, instants}, .buffer_count = 2};
    columns[count++] =
        (column){.name = "line", .format = "I", .buffers = {NULL, numbers}, .buffer_count = 2, .offset = 1};
    told t = write_out(read(columns, count, 3, ADJ_OK));
    cr_expect_str_eq(
        t.text,
        "{\"record\":\"history\",\"member_id\":\"M1\",\"claim_id\":\"C1\",\"date\":\"2026-02-01\",\"procedure\":"
        "\"90853\",\"line\":1,"
        "\"modifiers\":[\"95\",\"GT\"],\"units\":1,\"charge\":\"41.50\",\"status\":\"submitted\",\"end_date\":\"2026-"
        "02-02\"}\n"
        "{\"record\":\"history\",\"member_id\":\"M2\",\"claim_id\":\"C2\",\"date\":\"2026-02-02\",\"procedure\":"
        "\"90853\",\"line\":2,"
        "\"modifiers\":[],\"charge\":\"41.51\",\"status\":\"submitted\",\"end_date\":\"2026-02-02\"}\n"
        "{\"record\":\"history\",\"member_id\":\"M3\",\"claim_id\":\"C3\",\"date\":\"2026-02-03\",\"procedure\":"
        "\"90834\",\"line\":3,"
        "\"modifiers\":[\"HQ\"],\"units\":3,\"charge\":-1,\"status\":\"submitted\",\"end_date\":\"2026-02-03\"}\n");
}

Test(arrow, a_record_that_cannot_be_read_is_told_by_its_number)
{
    static const double charges[] = {1.5, 1e300, 2.25};
    column columns[COLUMNS];
    size_t count = begin(columns);
    columns[count++] = (column){.name = "charge", .format = "g", .buffers = {NULL, charges}, .buffer_count = 2};
    adj_encounters *encounters = read(columns, count, 3, ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 2u);
    cr_expect_eq(adj_encounters_rejected_count(encounters), 1u);
    adj_problem problem = support_problem(encounters, "D0305");
    cr_expect_eq(problem.line, 2u);
    cr_expect_not_null(strstr(problem.message, "charge"));
    adj_encounters_free(encounters);
}

Test(arrow, places_outside_a_dictionary_are_told)
{
    static const uint8_t places[] = {0, 7, 1};
    column columns[COLUMNS];
    size_t count = begin(columns);
    columns[3].buffers[1] = places;
    adj_encounters *encounters = read(columns, count, 3, ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 2u);
    cr_expect_eq(support_problem(encounters, "D0602").line, 2u);
    adj_encounters_free(encounters);
}

Test(arrow, a_null_in_a_dictionary_is_an_empty_cell)
{
    static const uint8_t valid[] = {1};
    static const int32_t ends[] = {0, 5, 10};
    static const void *buffers[] = {valid, ends, "9085390834"};
    static struct ArrowSchema schema = {.format = "u"};
    static struct ArrowArray array = {.length = 2, .null_count = 1, .n_buffers = 3, .buffers = buffers};
    column columns[COLUMNS];
    size_t count = begin(columns);
    columns[3].dictionary = &array;
    columns[3].dictionary_schema = &schema;
    adj_encounters *encounters = read(columns, count, 3, ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 2u);
    cr_expect_eq(support_problem(encounters, "D0304").line, 3u, "a procedure is needed");
    adj_encounters_free(encounters);
}

Test(arrow, a_batch_that_is_not_what_its_schema_says_is_refused)
{
    column columns[COLUMNS];
    size_t count = begin(columns);
    columns[0].buffer_count = 2;
    adj_encounters *encounters = read(columns, count, 3, ADJ_INVALID_INPUT);
    support_problem(encounters, "D0601");
    adj_encounters_free(encounters);
    count = begin(columns);
    columns[2].buffers[1] = NULL;
    encounters = read(columns, count, 3, ADJ_INVALID_INPUT);
    support_problem(encounters, "D0601");
    adj_encounters_free(encounters);
    count = begin(columns);
    columns[1].format = "+m";
    encounters = read(columns, count, 3, ADJ_INVALID_INPUT);
    cr_expect_not_null(strstr(support_problem(encounters, "D0601").message, "claim_id"));
    adj_encounters_free(encounters);
}

/* ---- streams ---- */

typedef struct stream_state {
    batch batch;
    int batches;
    int fails_after; /* -1 for never */
} stream_state;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    *out = ((stream_state *)stream->private_data)->batch.schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_state *state = stream->private_data;
    memset(out, 0, sizeof *out);
    if (state->fails_after >= 0 && state->batches >= state->fails_after) return 5;
    if (state->batches++ < 2) *out = state->batch.array;
    return 0;
}

static const char *last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the line is dead";
}

static void release_stream(struct ArrowArrayStream *stream)
{
    released++;
    stream->release = NULL;
}

static adj_status read_stream(adj_encounters *encounters, int fails_after)
{
    stream_state state = {.fails_after = fails_after};
    column columns[COLUMNS];
    fill(&state.batch, columns, begin(columns), 3);
    struct ArrowArrayStream stream = {get_schema, get_next, last_error, release_stream, &state};
    released = 0;
    return adj_encounters_read_arrow_stream(encounters, "stream", NULL, ADJ_ROLE_JUDGED, &stream);
}

Test(arrow, all_batches_of_a_stream_are_read)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(read_stream(encounters, -1), ADJ_OK);
    cr_expect_eq(adj_encounters_line_count(encounters), 6u);
    cr_expect_eq(released, 4u, "two arrays, the schema and the stream");
    adj_encounters_free(encounters);
}

Test(arrow, a_stream_that_fails_says_why)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    cr_expect_eq(read_stream(encounters, 1), ADJ_INVALID_INPUT);
    cr_expect_eq(adj_encounters_line_count(encounters), 3u);
    cr_expect_not_null(strstr(support_problem(encounters, "D0603").message, "the line is dead"));
    cr_expect_eq(released, 3u);
    adj_encounters_free(encounters);
}
