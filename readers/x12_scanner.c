/* The X12 scanner. It takes delimiters from each ISA by counting elements, not bytes, since real ISA segments are not
 * always 106 bytes; it reads files without an envelope; and it accepts any line ends, indents and wrapped lines. */
#include "readers/x12.h"

#include <string.h>

bool x12_scanner_init(x12_scanner *scanner, read_input *input)
{
    *scanner = (x12_scanner){.input = input, .component = ':'};
    if (input->length >= 3 && memcmp(input->bytes, "\xEF\xBB\xBF", 3) == 0) scanner->at = 3;
    scanner->scratch = base_arena_alloc(&input->store->arena, X12_SEGMENT_LIMIT + 1);
    return scanner->scratch != NULL;
}

static bool blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void skip_blank(x12_scanner *scanner)
{
    while (scanner->at < scanner->input->length && blank(scanner->input->bytes[scanner->at])) scanner->at++;
}

/* Line and column of an offset. Problems come in file order, so the count goes on from the last one. */
static void place(x12_scanner *scanner, size_t offset, size_t *line, size_t *column)
{
    const read_input *input = scanner->input;
    if (offset < scanner->placed_offset || scanner->placed_line == 0) {
        scanner->placed_offset = scanner->placed_line_start = 0;
        scanner->placed_line = 1;
    }
    for (; scanner->placed_offset < offset && scanner->placed_offset < input->length; scanner->placed_offset++) {
        if (input->bytes[scanner->placed_offset] != '\n') continue;
        scanner->placed_line++;
        scanner->placed_line_start = scanner->placed_offset + 1;
    }
    *line = scanner->placed_line;
    *column = offset - scanner->placed_line_start + 1;
}

void x12_problem(x12_scanner *scanner, adj_severity severity, const char *code, const x12_segment *segment,
                 size_t element, const char *claim, const char *format, ...)
{
    const read_input *input = scanner->input;
    size_t line, column;
    place(scanner, segment == NULL ? input->length : segment->offset, &line, &column);
    base_text text;
    base_text_init(&text, &input->store->arena);
    if (segment != NULL && segment->count > 0) {
        base_text_add(&text, segment->elements[0].start, segment->elements[0].length);
        if (element > 0) base_text_format(&text, "%02zu", element);
        base_text_put(&text, ": ");
    }
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&text, format, arguments);
    va_end(arguments);
    run_store_problem(input->store, severity, code, input->name,
                      segment == NULL ? scanner->segment_number : segment->number, line, column, claim, "%s",
                      base_text_string(&text));
}

static bool plain(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Whether a known segment follows at an offset, blanks aside. */
static bool segment_follows(const x12_scanner *scanner, size_t at)
{
    const read_input *input = scanner->input;
    while (at < input->length && blank(input->bytes[at])) at++;
    if (at == input->length) return true;
    static const char *const starts[] = {"GS", "ST", "TA1", "ISA", "IEA"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (at + length < input->length && memcmp(input->bytes + at, starts[i], length) == 0 &&
            input->bytes[at + length] == scanner->element)
            return true;
    }
    return false;
}

/* Reads the delimiters that an ISA at the current place declares. */
static void read_delimiters(x12_scanner *scanner)
{
    const read_input *input = scanner->input;
    const char *bytes = input->bytes + scanner->at;
    size_t left = input->length - scanner->at, separators = 0, at = 3;
    scanner->element = left > 3 ? bytes[3] : '*';
    size_t eleventh = 0;
    for (; at < left && at < 400; at++) {
        if (bytes[at] != scanner->element) continue;
        separators++;
        if (separators == 11) eleventh = at + 1;
        if (separators == 16) break;
    }
    scanner->repetition = '\0';
    if (eleventh > 0 && eleventh < left && !plain(bytes[eleventh]) && !blank(bytes[eleventh])) {
        scanner->repetition = bytes[eleventh];
    }
    size_t component = at + 1;
    bool lacking = separators < 16 || component >= left;
    if (!lacking && component + 1 < left && !plain(bytes[component]) &&
        (segment_follows(scanner, scanner->at + component + 2) ||
         !segment_follows(scanner, scanner->at + component + 1))) {
        scanner->component = bytes[component];
        scanner->terminator = bytes[component + 1];
        bool newline = scanner->terminator == '\r' || scanner->terminator == '\n';
        if (newline) scanner->terminator = '\n';
        return;
    }
    /* ISA16 is empty, or the segment too short: what stands before the next segment ends this one. */
    scanner->component = ':';
    scanner->terminator = memchr(bytes, '~', left) != NULL ? '~' : '\n';
    x12_segment segment = {.offset = scanner->at, .number = scanner->segment_number + 1};
    segment.elements[0] = (x12_text){bytes, 3};
    segment.count = 1;
    x12_problem(scanner, ADJ_SEVERITY_WARNING, "D0102", &segment, 0, NULL,
                "this ISA does not declare its delimiters as it should (16 elements, then the terminator); `:` and "
                "`%s` are assumed",
                scanner->terminator == '\n' ? "line end" : "~");
}

/* A file that begins inside an envelope: delimiters as its first segment shows them. */
static void assume_delimiters(x12_scanner *scanner)
{
    const read_input *input = scanner->input;
    const char *bytes = input->bytes + scanner->at;
    size_t left = input->length - scanner->at;
    scanner->element = left > 2 ? bytes[2] : '*';
    scanner->component = ':';
    scanner->terminator = memchr(bytes, '~', left) != NULL ? '~' : '\n';
    x12_segment segment = {.offset = scanner->at, .number = 1};
    segment.elements[0] = (x12_text){bytes, 2};
    segment.count = 1;
    x12_problem(scanner, ADJ_SEVERITY_WARNING, "D0101", &segment, 0, NULL,
                "the file has no interchange envelope (ISA); its delimiters are taken from its first segment");
}

static void split(x12_scanner *scanner, x12_segment *segment, const char *text, size_t length)
{
    segment->count = 0;
    size_t start = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && text[i] != scanner->element) continue;
        if (segment->count < X12_ELEMENT_LIMIT)
            segment->elements[segment->count++] = (x12_text){text + start, i - start};
        start = i + 1;
    }
}

/* Copies a segment without the line ends inside it; wrapped files break lines anywhere. */
static size_t unwrap(x12_scanner *scanner, const char *text, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used < X12_SEGMENT_LIMIT; i++) {
        if (text[i] != '\r' && text[i] != '\n') scanner->scratch[used++] = text[i];
    }
    return used;
}

bool x12_next(x12_scanner *scanner, x12_segment *segment)
{
    read_input *input = scanner->input;
    skip_blank(scanner);
    if (scanner->at >= input->length) return false;
    const char *bytes = input->bytes;
    bool interchange =
        input->length - scanner->at > 3 && memcmp(bytes + scanner->at, "ISA", 3) == 0 && !plain(bytes[scanner->at + 3]);
    if (interchange)
        read_delimiters(scanner);
    else if (!scanner->started)
        assume_delimiters(scanner);
    scanner->started = true;
    const char *start = bytes + scanner->at;
    const char *end = memchr(start, scanner->terminator, input->length - scanner->at);
    size_t length = end == NULL ? input->length - scanner->at : (size_t)(end - start);
    segment->offset = scanner->at;
    segment->number = ++scanner->segment_number;
    segment->count = 0;
    scanner->at += length + (end == NULL ? 0 : 1);
    bool wrapped =
        scanner->terminator != '\n' && (memchr(start, '\n', length) != NULL || memchr(start, '\r', length) != NULL);
    if (wrapped) {
        length = unwrap(scanner, start, length);
        start = scanner->scratch;
    }
    while (length > 0 && blank(start[length - 1])) length--;
    split(scanner, segment, start, length);
    if (end == NULL && scanner->terminator != '\n') {
        x12_problem(scanner, ADJ_SEVERITY_WARNING, "D0103", segment, 0, NULL,
                    "the file stops inside this segment, before its terminator `%c`", scanner->terminator);
    }
    return true;
}

x12_text x12_element(const x12_segment *segment, size_t index)
{
    if (index >= segment->count) return (x12_text){"", 0};
    x12_text text = segment->elements[index];
    while (text.length > 0 && blank(text.start[0])) {
        text.start++;
        text.length--;
    }
    while (text.length > 0 && blank(text.start[text.length - 1])) text.length--;
    return text;
}

x12_text x12_component(const x12_scanner *scanner, x12_text element, size_t index)
{
    size_t start = 0;
    for (size_t i = 0; i <= element.length; i++) {
        if (i < element.length && element.start[i] != scanner->component) continue;
        if (index-- == 0) {
            x12_text text = {element.start + start, i - start};
            while (text.length > 0 && blank(text.start[text.length - 1])) text.length--;
            return text;
        }
        start = i + 1;
    }
    return (x12_text){"", 0};
}

bool x12_is(x12_text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.start, word, text.length) == 0;
}
