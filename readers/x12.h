/* X12 files as segments: delimiters, elements, components, and where each stands. */
#ifndef READ_X12_H
#define READ_X12_H

#include "base/scan.h"
#include "readers/encounters.h"

#include <string.h>

enum { X12_ELEMENT_LIMIT = 48, X12_SEGMENT_LIMIT = 65536, X12_CONTROL_ROOM = 24 };

typedef struct x12_text {
    const char *start;
    size_t length;
} x12_text;

/* An identifier of up to three signs as a number, for a switch; 0 for a longer one. */
#define X12_ID(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

typedef struct x12_segment {
    x12_text elements[X12_ELEMENT_LIMIT]; /* 0 is the identifier */
    size_t count;
    size_t number; /* within the file, from 1 */
    size_t offset; /* of its first byte */
    size_t line;   /* of text, from 1 */
    size_t column; /* of its first byte within the line */
} x12_segment;

/* A piece of the file, `to` exclusive. */
typedef struct x12_span {
    size_t from, to;
} x12_span;

/* Where what surrounds a claim stands, so that a claim that cannot be read is kept with it (x12_rejects.c). */
typedef struct x12_context {
    x12_span interchange, group; /* ISA, GS */
    x12_span header;             /* from ST to the first level, service heading or claim */
    x12_span levels[3];          /* billing provider, subscriber, patient: from HL to the next level or claim */
    size_t level;                /* one more than that of the last HL; 0 before the first */
    bool header_open, level_open;
    size_t now; /* where the segment at hand begins */
    /* the envelopes that were written last: their offsets and one, 0 for none, and what their trailers say */
    size_t written_interchange, written_group;
    char interchange_control[X12_CONTROL_ROOM], group_control[X12_CONTROL_ROOM];
    char element, terminator;
    size_t transactions, groups;
} x12_context;

typedef struct x12_scanner {
    read_input *input;
    x12_context context;
    base_scan scan; /* for element separators, terminators and line ends */
    size_t at;
    size_t segment_number;
    char element; /* delimiters of the interchange at hand */
    char component;
    char repetition; /* 0 in versions before 5010 */
    char terminator;
    bool started;
    bool cut_off;            /* a segment stood without its terminator at the end */
    size_t line, line_start; /* line ends that were passed and one, and where the last line begins */
    char *scratch;           /* a segment with its line ends taken out */
} x12_scanner;

bool x12_scanner_init(x12_scanner *scanner, read_input *input);

/* Goes on in another text as if it followed on what another scanner has read: with its delimiters. */
void x12_scanner_follow(x12_scanner *scanner, const x12_scanner *before);

/* Goes on at a place further on in the file, of which more is in memory than before. */
void x12_scanner_go_to(x12_scanner *scanner, size_t at);

/* The next segment; false at the end of the file. */
bool x12_next(x12_scanner *scanner, x12_segment *segment);

static inline bool x12_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The n-th element without blanks around it; empty where the segment is shorter. */
static inline x12_text x12_element(const x12_segment *segment, size_t index)
{
    if (index >= segment->count) return (x12_text){"", 0};
    x12_text text = segment->elements[index];
    while (text.length > 0 && x12_blank(text.start[0])) {
        text.start++;
        text.length--;
    }
    while (text.length > 0 && x12_blank(text.start[text.length - 1])) text.length--;
    return text;
}

/* Keeps where a segment stands, for problems that show only later: number, offset and identifier only. */
void x12_keep_place(x12_segment *place, const x12_segment *segment, const char *identifier);

/* The n-th component of an element, from 0. */
x12_text x12_component(const x12_scanner *scanner, x12_text element, size_t index);

static inline bool x12_is(x12_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}

static inline uint32_t x12_id(x12_text text)
{
    uint32_t id = 0;
    if (text.length > 3) return 0;
    for (size_t i = 0; i < text.length; i++) id |= (uint32_t)(unsigned char)text.start[i] << (8 * i);
    return id;
}

/* Notes a problem at a segment, and at an element of it if not 0. */
void x12_problem(x12_scanner *scanner, adj_severity severity, const char *code, const x12_segment *segment,
                 size_t element, const char *claim, const char *format, ...) BASE_PRINTF(7, 8);

/* Follows where the parts of a transaction stand; call for each segment once it is read, and has ended what it ends. */
void x12_follow(x12_scanner *scanner, const x12_segment *segment, uint32_t id);

/* Keeps a rejected claim, or all of a transaction's, from an offset to the segment at hand, with what must surround it. */
void x12_keep_reject(x12_scanner *scanner, size_t from);
void x12_keep_transaction(x12_scanner *scanner);

/* Ends the envelopes of what was kept. */
void x12_end_rejects(x12_scanner *scanner);

#endif
