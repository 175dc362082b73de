/* X12 files as segments: delimiters, elements, components, and where each stands. */
#ifndef READ_X12_H
#define READ_X12_H

#include "readers/encounters.h"

enum { X12_ELEMENT_LIMIT = 48, X12_SEGMENT_LIMIT = 65536 };

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

typedef struct x12_scanner {
    read_input *input;
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

#endif
