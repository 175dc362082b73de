/* The X12 scanner. It takes delimiters from each ISA by counting elements, not bytes, since real ISA segments are not
 * always 106 bytes; it reads files without an envelope; and it accepts any line ends, indents and wrapped lines. */
#include "readers/x12.h"

#include <string.h>

bool x12_scanner_init(x12_scanner *scanner, read_input *input)
{
    *scanner = (x12_scanner){.input = input, .component = ':', .line = 1};
    base_scan_begin(&scanner->scan, input->bytes, input->filled, "*~\n\r");
    if (input->length >= 3 && memcmp(input->bytes, "\xEF\xBB\xBF", 3) == 0) scanner->at = 3;
    scanner->scratch = base_arena_alloc(&input->arena, X12_SEGMENT_LIMIT + 1);
    return scanner->scratch != NULL;
}

/* The separators of the interchange that begins. */
static void look_for_delimiters(x12_scanner *scanner)
{
    char other = scanner->terminator == '\n' ? '\n' : '\r';
    const char wanted[4] = {scanner->element, scanner->terminator, '\n', other};
    base_scan_begin(&scanner->scan, scanner->input->bytes, scanner->input->filled, wanted);
}

void x12_scanner_follow(x12_scanner *scanner, const x12_scanner *before)
{
    scanner->element = before->element;
    scanner->component = before->component;
    scanner->repetition = before->repetition;
    scanner->terminator = before->terminator;
    scanner->started = true;
    look_for_delimiters(scanner);
}

void x12_scanner_go_to(x12_scanner *scanner, size_t at)
{
    scanner->at = at;
    look_for_delimiters(scanner);
}

static void fill(x12_scanner *scanner, size_t upto)
{
    if (scanner->input->filled >= upto || scanner->input->filled == scanner->input->length) return;
    read_fill(scanner->input, upto);
    base_scan_grow(&scanner->scan, scanner->input->filled);
}

static void pass_line_end(x12_scanner *scanner, size_t at)
{
    scanner->line++;
    scanner->line_start = at + 1;
}

static void skip_blank(x12_scanner *scanner)
{
    read_input *input = scanner->input;
    for (;;) {
        for (; scanner->at < input->filled && x12_blank(input->bytes[scanner->at]); scanner->at++) {
            if (input->bytes[scanner->at] == '\n') pass_line_end(scanner, scanner->at);
        }
        if (scanner->at < input->filled || input->filled >= input->length) break;
        fill(scanner, input->filled + 1);
    }
    fill(scanner, scanner->at + X12_SEGMENT_LIMIT);
}

void x12_problem(x12_scanner *scanner, adj_severity severity, const char *code, const x12_segment *segment,
                 size_t element, const char *claim, const char *format, ...)
{
    const read_input *input = scanner->input;
    size_t line = segment == NULL ? scanner->line : segment->line;
    size_t column = segment == NULL ? input->length - scanner->line_start + 1 : segment->column;
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
    while (at < input->filled && x12_blank(input->bytes[at])) at++;
    if (at == input->filled) return true;
    static const char *const starts[] = {"GS", "ST", "TA1", "ISA", "IEA"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (at + length < input->filled && memcmp(input->bytes + at, starts[i], length) == 0 &&
            input->bytes[at + length] == scanner->element)
            return true;
    }
    return false;
}

static void set_place(const x12_scanner *scanner, x12_segment *segment)
{
    segment->line = scanner->line;
    segment->column = segment->offset - scanner->line_start + 1;
}

/* Reads the delimiters that an ISA at the current place declares. */
static void read_delimiters(x12_scanner *scanner)
{
    const read_input *input = scanner->input;
    const char *bytes = input->bytes + scanner->at;
    size_t left = input->filled - scanner->at, separators = 0, at = 3;
    scanner->element = left > 3 ? bytes[3] : '*';
    size_t eleventh = 0;
    for (; at < left && at < 400; at++) {
        if (bytes[at] != scanner->element) continue;
        separators++;
        if (separators == 11) eleventh = at + 1;
        if (separators == 16) break;
    }
    scanner->repetition = '\0';
    if (eleventh > 0 && eleventh < left && !plain(bytes[eleventh]) && !x12_blank(bytes[eleventh])) {
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
    set_place(scanner, &segment);
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
    size_t left = input->filled - scanner->at;
    scanner->element = left > 2 ? bytes[2] : '*';
    scanner->component = ':';
    scanner->terminator = memchr(bytes, '~', left) != NULL ? '~' : '\n';
    x12_segment segment = {.offset = scanner->at, .number = 1};
    set_place(scanner, &segment);
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

/* Splits the segment that begins at scanner->at where it stands; gives its end, where its terminator or the end of what is
 * there is. `wrapped` says that it has line ends inside. */
static size_t split_in_place(x12_scanner *scanner, x12_segment *segment, bool *wrapped)
{
    base_scan *scan = &scanner->scan;
    const char *bytes = scanner->input->bytes;
    size_t start = scanner->at, count = 0, end = scan->length;
    if (start >= end) return end;
    base_scan_seek(scan, start);
    uint64_t ahead = UINT64_MAX << (start - scan->block);
    do {
        /* Up to the first terminator or line end of the block all that counts are separators. */
        uint64_t others = scan->bits.others & ahead, separators = scan->bits.separators & ahead;
        while (others != 0 && bytes[scan->block + (size_t)__builtin_ctzll(others)] != scanner->terminator) {
            *wrapped = true;
            others &= others - 1;
        }
        if (others != 0) separators &= (others & -others) - 1;
        for (; separators != 0; separators &= separators - 1) {
            size_t at = scan->block + (size_t)__builtin_ctzll(separators);
            if (count < X12_ELEMENT_LIMIT) segment->elements[count++] = (x12_text){bytes + start, at - start};
            start = at + 1;
        }
        if (others != 0) end = scan->block + (size_t)__builtin_ctzll(others);
        ahead = UINT64_MAX;
    } while (end == scan->length && base_scan_advance(scan));
    if (count < X12_ELEMENT_LIMIT) segment->elements[count++] = (x12_text){bytes + start, end - start};
    segment->count = count;
    return end;
}

/* Splits the segment at hand, however long it is; sets whether its terminator is there. */
static void take_segment(x12_scanner *scanner, x12_segment *segment, bool *ended)
{
    read_input *input = scanner->input;
    bool wrapped = false;
    size_t end = split_in_place(scanner, segment, &wrapped);
    while (end == input->filled && input->filled < input->length) {
        size_t seen = input->filled - scanner->at;
        fill(scanner, input->filled + (seen > X12_SEGMENT_LIMIT ? seen : X12_SEGMENT_LIMIT));
        wrapped = false;
        end = split_in_place(scanner, segment, &wrapped);
    }
    *ended = end < input->length;
    size_t length = end - scanner->at;
    const char *start = input->bytes + scanner->at;
    for (size_t at = scanner->at; wrapped && at < end; at++) {
        if (input->bytes[at] == '\n') pass_line_end(scanner, at);
    }
    if (*ended && scanner->terminator == '\n') pass_line_end(scanner, end);
    scanner->at = end + (*ended ? 1 : 0);
    if (wrapped) {
        length = unwrap(scanner, start, length);
        start = scanner->scratch;
        while (length > 0 && x12_blank(start[length - 1])) length--;
        split(scanner, segment, start, length);
        return;
    }
    /* Blanks before the terminator are no part of the last element. */
    x12_text *last = &segment->elements[segment->count - 1];
    while (last->length > 0 && x12_blank(last->start[last->length - 1])) last->length--;
}

bool x12_next(x12_scanner *scanner, x12_segment *segment)
{
    read_input *input = scanner->input;
    skip_blank(scanner);
    if (scanner->at >= input->length) return false;
    const char *bytes = input->bytes;
    bool interchange =
        input->filled - scanner->at > 3 && memcmp(bytes + scanner->at, "ISA", 3) == 0 && !plain(bytes[scanner->at + 3]);
    if (interchange)
        read_delimiters(scanner);
    else if (!scanner->started)
        assume_delimiters(scanner);
    if (interchange || !scanner->started) look_for_delimiters(scanner);
    scanner->started = true;
    segment->offset = scanner->at;
    segment->number = ++scanner->segment_number;
    set_place(scanner, segment);
    bool ended;
    take_segment(scanner, segment, &ended);
    scanner->cut_off = !ended;
    if (!ended && scanner->terminator != '\n') {
        x12_problem(scanner, ADJ_SEVERITY_WARNING, "D0103", segment, 0, NULL,
                    "the file stops inside this segment, before its terminator `%c`", scanner->terminator);
    }
    return true;
}

void x12_keep_place(x12_segment *place, const x12_segment *segment, const char *identifier)
{
    place->number = segment->number;
    place->offset = segment->offset;
    place->line = segment->line;
    place->column = segment->column;
    place->count = 1;
    place->elements[0] = (x12_text){identifier, strlen(identifier)};
}

x12_text x12_component(const x12_scanner *scanner, x12_text element, size_t index)
{
    size_t start = 0;
    for (size_t i = 0; i <= element.length; i++) {
        if (i < element.length && element.start[i] != scanner->component) continue;
        if (index-- == 0) {
            x12_text text = {element.start + start, i - start};
            while (text.length > 0 && x12_blank(text.start[text.length - 1])) text.length--;
            return text;
        }
        start = i + 1;
    }
    return (x12_text){"", 0};
}
