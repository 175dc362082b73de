/* Names of the tree's enumerations. */
#include "lang/ast.h"

const char *lang_outcome_name(lang_outcome outcome)
{
    static const char *const names[] = {"deny", "review", "reduce", "audit", "warn", "pass"};
    return names[outcome];
}

const char *lang_window_name(lang_window_kind kind)
{
    static const char *const names[] = {"per lifetime",
                                        "on the same day",
                                        "in the last N days",
                                        "in the last N months",
                                        "in the same calendar week",
                                        "in the same calendar month",
                                        "in the same calendar quarter",
                                        "in the same calendar year",
                                        "in the benefit year",
                                        "during",
                                        "since"};
    return names[kind];
}

const char *lang_collection_name(lang_collection collection)
{
    static const char *const names[] = {"history", "claim.lines", "authorizations", "session.attendance", "nothing"};
    return names[collection];
}

const char *lang_path_text(base_arena *arena, const lang_names *names)
{
    base_text text;
    base_text_init(&text, arena);
    for (size_t i = 0; i < names->count; i++) {
        if (i > 0) base_text_put(&text, ".");
        base_text_put(&text, names->items[i].text);
    }
    return base_text_string(&text);
}
