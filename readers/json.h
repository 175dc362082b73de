/* JSON documents, read by simdjson. The parser is C++; this is all that the readers see of it. */
#ifndef READ_JSON_H
#define READ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that must be readable after a text that is parsed where it stands. */
enum { JSON_PADDING = 64, JSON_DEPTH = 128 };

typedef struct json_parser json_parser;

typedef enum json_kind { JSON_NONE, JSON_NULL, JSON_TRUTH, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT } json_kind;

/* A value of the document that its parser read last; good until that parser reads another. Zeros: no value. */
typedef struct json_value {
    const void *document;
    size_t place;
} json_value;

/* NULL when memory runs out. Its memory is the C++ library's own. */
json_parser *json_parser_new(void);
void json_parser_free(json_parser *parser);

typedef enum json_outcome { JSON_READ, JSON_MALFORMED, JSON_NO_MEMORY } json_outcome;

/* Parses one document, all of the text. `room` is how many bytes may be read from `bytes` on, at least `length`; where
 * it is less than length and padding, the text is copied. */
json_outcome json_parse(json_parser *parser, const char *bytes, size_t length, size_t room, json_value *root);

json_kind json_kind_of(json_value value);

/* The value of a key of an object; no value where there is none, or `object` is no object. */
json_value json_get(json_value object, const char *key);

/* The values of a list, or of an object with their keys, one after the other: start with a zeroed cursor. */
typedef struct json_cursor {
    json_value value;
    const char *key; /* of an object's value */
    size_t key_length;
    size_t place;
    bool started;
} json_cursor;
bool json_next(json_value container, json_cursor *cursor);

/* The text of a string, not terminated; NULL and 0 for other kinds. */
const char *json_text(json_value value, size_t *length);
bool json_truth(json_value value);

/* A number as decimal text into `buffer`; the length, 0 if it is none. Numbers of up to 15 digits come as they were
 * written, but for zeros at the end. */
size_t json_number(json_value value, char buffer[32]);

#ifdef __cplusplus
}
#endif
#endif
