/* The buffer of the writers, and the public doors. */
#include "readers/writer.h"

#include <string.h>

enum { MUCH = 1 << 16 };

void format_begin(format_writer *w, const run_store *store, adj_write write, void *state, const char *file)
{
    *w = (format_writer){.write = write, .state = state, .file = file};
    base_arena_init(&w->arena, &store->arena.allocator);
    base_text_init(&w->buffer, &w->arena);
}

void format_put(format_writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    base_text_format_list(&w->buffer, format, arguments);
    va_end(arguments);
}

void format_flush(format_writer *w, bool all)
{
    if (w->buffer.length == 0 || (!all && w->buffer.length < MUCH)) return;
    bool good = !w->arena.failed && w->write(w->state, w->file, base_text_string(&w->buffer), w->buffer.length);
    w->failed = w->failed || !good;
    w->buffer.length = 0;
}

void format_end(format_writer *w)
{
    format_flush(w, true);
    base_arena_release(&w->arena);
}

adj_status adj_encounters_write(adj_encounters *encounters, adj_form form, const char *name, adj_write write,
                                void *state, adj_written *written)
{
    read_encounters *inner = (read_encounters *)encounters;
    *written = (adj_written){0};
    read_resolve_references(inner);
    inner->writing_as = "w";
    bool good = false;
    switch (form) {
    case ADJ_FORM_837P: good = format_write_837(inner, write, state, name, written); break;
    case ADJ_FORM_835: good = format_write_835(inner, write, state, name, written); break;
    case ADJ_FORM_NDJSON:
        good = format_write_records(inner, false, true, write, state, name, written) &&
               format_write_records(inner, false, false, write, state, name, written);
        break;
    case ADJ_FORM_CSV:
        good = format_write_records(inner, true, true, write, state, name, written) &&
               format_write_records(inner, true, false, write, state, name, written);
        break;
    }
    if (good) return ADJ_OK;
    return encounters->store.arena.failed ? ADJ_OUT_OF_MEMORY : ADJ_INTERNAL;
}
