/* Rejected claims in their own format: each in a transaction of its own, with the heading, the levels and the envelopes that
 * stood around it, so that the file can be mended and sent again. */
#include "readers/x12.h"

#include <stdio.h>
#include <string.h>

enum { X12_CONTEXT_ROOM = 4096 /* more than an ISA or GS has */ };

static void begin_level(x12_context *c, const x12_segment *segment)
{
    x12_text code = x12_element(segment, 3);
    size_t level = x12_is(code, "20") ? 0 : x12_is(code, "22") ? 1 : 2;
    for (size_t l = level; l < 3; l++) c->levels[l] = (x12_span){0};
    c->levels[level].from = segment->offset;
    c->level = level + 1;
    c->level_open = true;
}

static void end_header(x12_context *c)
{
    if (c->header_open) c->header.to = c->now;
    c->header_open = false;
}

static void end_level(x12_context *c)
{
    if (c->level_open) c->levels[c->level - 1].to = c->now;
    c->level_open = false;
}

void x12_follow(x12_scanner *scanner, const x12_segment *segment, uint32_t id)
{
    x12_context *c = &scanner->context;
    switch (id) {
    case X12_ID('C', 'L', 'P'):
    case X12_ID('L', 'X', 0): end_header(c); break;
    case X12_ID('C', 'L', 'M'):
    case X12_ID('S', 'E', 0):
        end_header(c);
        end_level(c);
        break;
    case X12_ID('H', 'L', 0):
        end_header(c);
        end_level(c);
        begin_level(c, segment);
        break;
    case X12_ID('I', 'S', 'A'):
        c->interchange = (x12_span){c->now, scanner->at};
        c->group = (x12_span){0};
        break;
    case X12_ID('G', 'S', 0): c->group = (x12_span){c->now, scanner->at}; break;
    case X12_ID('S', 'T', 0):
        c->header = (x12_span){c->now, scanner->at};
        c->header_open = true;
        c->level_open = false;
        c->level = 0;
        memset(c->levels, 0, sizeof c->levels);
        break;
    default: break;
    }
}

/* ---- writing ---- */

/* A piece of the file, on lines of its own. The last segment of a file that was cut off lacks its terminator. */
static void put(base_text *text, const x12_scanner *scanner, x12_span span)
{
    const char *bytes = scanner->input->bytes;
    read_again(scanner->input, span.from, span.to);
    while (span.to > span.from && strchr(" \t\r\n", bytes[span.to - 1]) != NULL) span.to--;
    if (span.to <= span.from) return;
    base_text_add(text, bytes + span.from, span.to - span.from);
    bool ended = scanner->terminator == '\n' || bytes[span.to - 1] == scanner->terminator;
    if (!ended) base_text_add(text, &scanner->terminator, 1);
    base_text_add(text, "\n", 1);
}

/* Copies the n-th element of the segment that begins at an offset. */
static void copy_element(const x12_scanner *scanner, size_t offset, size_t index, char control[X12_CONTROL_ROOM])
{
    const char *at = scanner->input->bytes + offset, *end = scanner->input->bytes + scanner->input->filled;
    read_again(scanner->input, offset, offset + X12_CONTEXT_ROOM);
    size_t length = 0;
    for (; at < end && *at != scanner->terminator; at++) {
        if (*at == scanner->element && index-- == 0) break;
        if (*at == scanner->element)
            length = 0;
        else if (length + 1 < X12_CONTROL_ROOM && strchr("\r\n", *at) == NULL)
            control[length++] = *at;
    }
    control[length] = '\0';
}

static size_t segments_in(const char *text, size_t length, char terminator)
{
    size_t count = 0, filled = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == terminator) {
            count += filled > 0 ? 1 : 0;
            filled = 0;
        } else if (strchr(" \t\r\n", text[i]) == NULL) {
            filled++;
        }
    }
    return count + (filled > 0 ? 1 : 0);
}

static void put_trailer(base_text *text, const x12_context *c, const char *id, size_t count, const char *control)
{
    base_text_format(text, "%s%c%zu%c%s%c%s", id, c->element, count, c->element, control, c->terminator,
                     c->terminator == '\n' ? "" : "\n");
}

static void end_group(x12_context *c, base_text *text)
{
    if (c->written_group != 0) put_trailer(text, c, "GE", c->transactions, c->group_control);
    c->written_group = 0;
    c->transactions = 0;
}

static void end_interchange(x12_context *c, base_text *text)
{
    end_group(c, text);
    if (c->written_interchange != 0) put_trailer(text, c, "IEA", c->groups, c->interchange_control);
    c->written_interchange = 0;
    c->groups = 0;
}

/* Opens the envelopes of what follows, where they are not open. */
static void open_envelopes(x12_scanner *scanner, base_text *text)
{
    x12_context *c = &scanner->context;
    size_t interchange = c->interchange.to > 0 ? c->interchange.from + 1 : 0;
    size_t group = c->group.to > 0 ? c->group.from + 1 : 0;
    if (c->written_interchange != interchange) {
        end_interchange(c, text);
        put(text, scanner, c->interchange);
        c->written_interchange = interchange;
        copy_element(scanner, c->interchange.from, 13, c->interchange_control);
    }
    c->element = scanner->element;
    c->terminator = scanner->terminator;
    if (c->written_group == group) return;
    end_group(c, text);
    put(text, scanner, c->group);
    c->written_group = group;
    c->groups++;
    copy_element(scanner, c->group.from, 6, c->group_control);
}

/* A level anew: its number is its place among those that are kept. */
static void put_level(base_text *text, const x12_scanner *scanner, size_t level, bool last)
{
    const x12_context *c = &scanner->context;
    x12_span span = c->levels[level];
    if (span.to <= span.from) return;
    const char *bytes = scanner->input->bytes;
    read_again(scanner->input, span.from, span.to);
    const char *end = memchr(bytes + span.from, scanner->terminator, span.to - span.from);
    char e = scanner->element;
    base_text_format(text, "HL%c%zu%c", e, level + 1, e);
    if (level > 0) base_text_format(text, "%zu", level);
    base_text_format(text, "%c%s%c%d%c", e,
                     level == 0   ? "20"
                     : level == 1 ? "22"
                                  : "23",
                     e, last ? 0 : 1, scanner->terminator);
    span.from = end == NULL ? span.to : (size_t)(end - bytes) + 1;
    while (span.from < span.to && strchr("\r\n", bytes[span.from]) != NULL) span.from++;
    if (scanner->terminator != '\n') base_text_add(text, "\n", 1);
    put(text, scanner, span);
}

/* The heading, or all of a transaction, under a control number of its own. */
static void put_header(base_text *text, x12_scanner *scanner, x12_span span)
{
    const char *bytes = scanner->input->bytes;
    read_again(scanner->input, span.from, span.to);
    size_t place = 0, at = span.from;
    size_t number = ++scanner->context.transactions;
    for (; at < span.to && bytes[at] != scanner->terminator && place < 2; at++) place += bytes[at] == scanner->element;
    base_text_add(text, bytes + span.from, at - span.from);
    base_text_format(text, "%04zu", number);
    while (at < span.to && bytes[at] != scanner->terminator && bytes[at] != scanner->element) at++;
    put(text, scanner, (x12_span){at, span.to});
}

static void end_kept_transaction(const x12_scanner *scanner, base_text *text, size_t from)
{
    char control[X12_CONTROL_ROOM];
    snprintf(control, sizeof control, "%04zu", scanner->context.transactions);
    size_t count = segments_in(text->bytes + from, text->length - from, scanner->terminator) + 1;
    put_trailer(text, &scanner->context, "SE", count, control);
}

void x12_keep_reject(x12_scanner *scanner, size_t from)
{
    base_text *text = read_rejects_of(scanner->input);
    const x12_context *c = &scanner->context;
    if (text == NULL) return;
    open_envelopes(scanner, text);
    size_t start = text->length;
    put_header(text, scanner, c->header);
    for (size_t l = 0; l < c->level; l++) put_level(text, scanner, l, l + 1 == c->level);
    put(text, scanner, (x12_span){from, c->now});
    if (text->length > start) end_kept_transaction(scanner, text, start);
}

void x12_keep_transaction(x12_scanner *scanner)
{
    base_text *text = read_rejects_of(scanner->input);
    const x12_context *c = &scanner->context;
    if (text == NULL) return;
    open_envelopes(scanner, text);
    size_t start = text->length;
    put_header(text, scanner, (x12_span){c->header.from, c->now});
    if (text->length > start) end_kept_transaction(scanner, text, start);
}

void x12_end_rejects(x12_scanner *scanner)
{
    if (scanner->input->rejects == 0) return;
    base_text *text = read_rejects_of(scanner->input);
    if (text != NULL) end_interchange(&scanner->context, text);
}
