/* X12 files as segments: delimiters, elements, components, and where each stands. */
#ifndef READ_X12_H
#define READ_X12_H

#include "readers/encounters.h"

enum { X12_ELEMENT_LIMIT = 48, X12_SEGMENT_LIMIT = 65536, X12_CONTROL_ROOM = 24 };

typedef struct x12_text {
    const char *start;
    size_t length;
} x12_text;

typedef struct x12_segment {
    x12_text elements[X12_ELEMENT_LIMIT]; /* 0 is the identifier */
    size_t count;
    size_t number; /* within the file, from 1 */
    size_t offset; /* of its first byte */
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
    size_t at;
    size_t segment_number;
    char element; /* delimiters of the interchange at hand */
    char component;
    char repetition; /* 0 in versions before 5010 */
    char terminator;
    bool started;
    size_t placed_offset, placed_line, placed_line_start; /* of the last problem */
    char *scratch;                                        /* a segment with its line ends taken out */
} x12_scanner;

bool x12_scanner_init(x12_scanner *scanner, read_input *input);

/* The next segment; false at the end of the file. */
bool x12_next(x12_scanner *scanner, x12_segment *segment);

/* The n-th element without blanks around it; empty where the segment is shorter. */
x12_text x12_element(const x12_segment *segment, size_t index);

/* The n-th component of an element, from 0. */
x12_text x12_component(const x12_scanner *scanner, x12_text element, size_t index);

bool x12_is(x12_text text, const char *word);

/* Notes a problem at a segment, and at an element of it if not 0. */
void x12_problem(x12_scanner *scanner, adj_severity severity, const char *code, const x12_segment *segment,
                 size_t element, const char *claim, const char *format, ...) BASE_PRINTF(7, 8);

/* Follows where the parts of a transaction stand; call for each segment once it is read, and has ended what it ends. */
void x12_follow(x12_scanner *scanner, const x12_segment *segment, x12_text id);

/* Keeps a rejected claim, or all of a transaction's, from an offset to the segment at hand, with what must surround it. */
void x12_keep_reject(x12_scanner *scanner, size_t from);
void x12_keep_transaction(x12_scanner *scanner);

/* Ends the envelopes of what was kept. */
void x12_end_rejects(x12_scanner *scanner);

#endif
