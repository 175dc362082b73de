/* A shim over RapidJSON's writer: JSON put out piece by piece, without a tree of it in memory. */
#ifndef CLI_JSON_WRITER_H
#define CLI_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct json_writer json_writer;

/* A writer of nothing yet; NULL when memory runs out. */
json_writer *json_writer_new(void);
void json_writer_free(json_writer *writer);

/* Forgets what was written, and keeps the memory. */
void json_writer_begin(json_writer *writer);

/* What was written since, and its length; NULL where memory ran out. */
const char *json_writer_bytes(const json_writer *writer, size_t *length);

void json_put_object(json_writer *writer);
void json_put_object_end(json_writer *writer);
void json_put_list(json_writer *writer);
void json_put_list_end(json_writer *writer);

/* The name of the value that comes next. */
void json_put_name(json_writer *writer, const char *name);

/* A text. Bytes that are not UTF-8 are shown by their hexadecimal value, so that what is written stays valid. */
void json_put_text(json_writer *writer, const char *value);
void json_put_integer(json_writer *writer, int64_t value);
void json_put_number(json_writer *writer, double value);
void json_put_truth(json_writer *writer, bool value);
void json_put_nothing(json_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
