/* Values as people read them. */
#include "runtime/handles.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A copy in the arena; "" when memory runs out. */
static const char *kept(base_arena *arena, const char *text, size_t length)
{
    const char *copy = base_arena_copy(arena, text, length);
    return copy == NULL ? "" : copy;
}

static const char *number_text(base_arena *arena, int64_t number)
{
    char digits[BASE_NUMBER_ROOM];
    return kept(arena, digits, base_number_write(number, digits));
}

static const char *thousandths(base_arena *arena, int64_t value)
{
    if (value % 1000 == 0) return number_text(arena, value / 1000);
    const char *sign = value < 0 ? "-" : "";
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t part = size % 1000;
    int places = part % 100 == 0 ? 1 : part % 10 == 0 ? 2 : 3;
    if (places == 1) part /= 100;
    if (places == 2) part /= 10;
    return base_format(arena, "%s%" PRIu64 ".%0*" PRIu64, sign, size / 1000, places, part);
}

static const char *date_text(base_arena *arena, int64_t date)
{
    if (date < BASE_DATE_MIN || date > BASE_DATE_MAX) return "a day past the calendar";
    char buffer[16];
    base_date_write((base_date)date, buffer);
    return kept(arena, buffer, strlen(buffer));
}

static const char *symbol_text(base_arena *arena, const run_context *context, lang_type type, int64_t id)
{
    const char *text = run_symbol_text(context->binding, id);
    if (text == NULL) text = "";
    return type.kind == LANG_TYPE_CODE ? lang_code_display(arena, (lang_code_system)type.detail, text) : text;
}

static const char *list_text(base_arena *arena, const run_context *context, lang_type type, int64_t list)
{
    size_t count;
    const uint32_t *items = run_list_items(context, list, &count);
    if (count == 0) return "none";
    base_text text;
    base_text_init(&text, arena);
    for (size_t i = 0; i < count; i++) {
        base_text_format(&text, "%s%s", i == 0 ? "" : ", ", symbol_text(arena, context, type, items[i]));
    }
    return base_text_string(&text);
}

/* A row as it stands in its table; of an `all` table, those that were found. */
static const char *row_text(base_arena *arena, const run_context *context, int64_t row)
{
    if ((row & RUN_LIST_SCRATCH) == 0) return base_format(arena, "row %" PRId64, row + 1);
    size_t count;
    const uint32_t *rows = run_list_items(context, row, &count);
    base_text text;
    base_text_init(&text, arena);
    for (size_t i = 0; i < count; i++)
        base_text_format(&text, "%s%" PRIu32, i > 0 ? ", " : count > 1 ? "rows " : "row ", rows[i] + 1);
    return base_text_string(&text);
}

static const char *times_text(base_arena *arena, int64_t bits)
{
    int32_t ends[2] = {run_span_from(bits), run_span_to(bits)};
    char day[16];
    base_date_write(ends[0] / 1440, day);
    return base_format(arena, "%s %02d:%02d to %02d:%02d", day, ends[0] % 1440 / 60 % 100, ends[0] % 60 % 100,
                       ends[1] % 1440 / 60 % 100, ends[1] % 60 % 100);
}

static const char *counted(base_arena *arena, const char *number, const char *unit)
{
    return base_format(arena, "%s %s%s", number, unit, strcmp(number, "1") == 0 ? "" : "s");
}

const char *run_format(base_arena *arena, const run_context *context, lang_type type, int64_t bits, uint8_t state)
{
    if (state != RUN_PRESENT) return state == RUN_ABSENT ? "none" : "unknown";
    if (type.list) return list_text(arena, context, type, bits);
    switch (type.kind) {
    case LANG_TYPE_TRUTH: return bits == 1 ? "yes" : "no";
    case LANG_TYPE_CODE:
    case LANG_TYPE_TEXT: return symbol_text(arena, context, type, bits);
    case LANG_TYPE_ENUMERATION: {
        char word[40] = "";
        lang_schema_word(context->binding->plan->program->schema, (lang_enumeration)type.detail, (size_t)bits, word);
        for (char *at = word; *at != '\0'; at++) {
            if (*at == '_') *at = ' ';
        }
        return kept(arena, word, strlen(word));
    }
    case LANG_TYPE_DATE: return date_text(arena, bits);
    case LANG_TYPE_DATES:
        return base_format(arena, "%s to %s", date_text(arena, run_span_from(bits)),
                           date_text(arena, run_span_to(bits)));
    case LANG_TYPE_TIMES: return times_text(arena, bits);
    case LANG_TYPE_MINUTES: return counted(arena, thousandths(arena, bits), "minute");
    case LANG_TYPE_DAYS: return counted(arena, number_text(arena, bits), "day");
    case LANG_TYPE_MONTHS: return counted(arena, number_text(arena, bits), "month");
    case LANG_TYPE_MONEY: {
        uint64_t size = bits < 0 ? 0 - (uint64_t)bits : (uint64_t)bits;
        return base_format(arena, "%s$%" PRIu64 ".%02" PRIu64, bits < 0 ? "-" : "", size / 100, size % 100);
    }
    case LANG_TYPE_QUANTITY: return thousandths(arena, bits);
    case LANG_TYPE_PERIOD: {
        base_civil civil = base_date_civil((base_date)bits);
        if (type.detail == LANG_PART_QUARTER)
            return base_format(arena, "%04d Q%d", civil.year, (civil.month - 1) / 3 + 1);
        return base_format(arena, "%04d-%02d", civil.year, civil.month);
    }
    case LANG_TYPE_RECORD: return "present";
    case LANG_TYPE_ROW: return row_text(arena, context, bits);
    default: return number_text(arena, bits);
    }
}
