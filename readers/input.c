/* Inputs: opening and unpacking a file, telling from its content what it is, and reading it as a whole or in batches. */
#include "readers/encounters.h"
#include "readers/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_LOOK = 1 << 16 };

static read_encounters *inner(adj_encounters *encounters)
{
    return (read_encounters *)encounters; /* the handle is its first member */
}

static bool starts_with(const char *bytes, size_t length, const char *word)
{
    size_t wanted = strlen(word);
    return length >= wanted && memcmp(bytes, word, wanted) == 0;
}

/* An X12 file begins with an interchange, or, without its envelope, with a group or a transaction. */
static bool looks_like_x12(const char *bytes, size_t length)
{
    if (starts_with(bytes, length, "\xEF\xBB\xBF")) {
        bytes += 3;
        length -= 3;
    }
    while (length > 0 && strchr(" \t\r\n", *bytes) != NULL) {
        bytes++;
        length--;
    }
    if (length < 4) return false;
    bool letter = (bytes[2] >= '0' && bytes[2] <= '9') || (bytes[2] >= 'A' && bytes[2] <= 'z');
    return starts_with(bytes, length, "ISA") ||
           ((starts_with(bytes, length, "GS") || starts_with(bytes, length, "ST")) && !letter);
}

static bool looks_like_json(const char *bytes, size_t length)
{
    size_t at = starts_with(bytes, length, "\xEF\xBB\xBF") ? 3 : 0;
    while (at < length && strchr(" \t\r\n", bytes[at]) != NULL) at++;
    return at < length && (bytes[at] == '{' || bytes[at] == '[');
}

static void note_problem(run_store *store, const char *code, const char *name, const char *message)
{
    run_store_problem(store, ADJ_SEVERITY_ERROR, code, base_arena_copy(&store->arena, name, strlen(name)), 0, 0, 0,
                      NULL, "%s", message);
}

/* ---- the window ---- */

void read_fill(read_input *input, size_t upto)
{
    if (input->source == NULL || input->filled >= upto) return;
    read_source_fill(input->source, upto);
    input->filled = input->source->filled;
    input->store->source_filled = input->filled;
    if (!input->source->failed || input->length == input->filled) return;
    note_problem(input->store, "D0003", input->name,
                 "the file became shorter, or could not be read on, while it was read");
    input->rejected++;
    input->length = input->filled;
}

void read_go_to(read_input *input, size_t at)
{
    if (input->source == NULL) return;
    read_source_go_to(input->source, at);
    input->filled = input->source->filled;
    read_fill(input, at);
}

void read_again(read_input *input, size_t from, size_t to)
{
    if (input->source != NULL) read_source_again(input->source, from, to);
}

/* ---- batches ---- */

static bool take_batch(read_encounters *encounters)
{
    read_batches *batches = encounters->batches;
    if (!batches->stopped && !batches->take(batches->state, &encounters->handle)) batches->stopped = true;
    return !batches->stopped;
}

bool read_batch_end(read_input *input, size_t at)
{
    read_encounters *encounters = input->encounters;
    run_store *store = input->store;
    const char *name = base_arena_copy(&input->arena, input->name, strlen(input->name));
    if (name == NULL || !take_batch(encounters)) return false;
    if (!run_store_reset(store) || !read_begin_maps(encounters)) return false;
    input->name_symbol = base_intern_add(&store->symbols, name, strlen(name));
    if (input->name_symbol == BASE_INTERN_NONE) return false;
    input->name = base_intern_text(&store->symbols, input->name_symbol);
    if (input->source != NULL) read_source_drop(input->source, at);
    input->given = input->accepted + input->rejected;
    return true;
}

/* ---- reading ---- */

static bool read_content(read_input *input)
{
    if (looks_like_x12(input->bytes, input->filled)) return read_x12(input);
    if (looks_like_json(input->bytes, input->filled)) return read_json(input);
    return read_side_file(input);
}

/* What was unpacked must be plain. */
static bool refuse_twice_packed(run_store *store, const char *name, const char *bytes, size_t length)
{
    if (read_packing_of(bytes, length) == READ_PLAIN) return false;
    note_problem(store, "D0002", name, "what is in the compressed file is compressed again; unpack it once");
    return true;
}

static adj_status not_unpacked(run_store *store, const char *name, const char *why)
{
    if (why == NULL) return ADJ_OUT_OF_MEMORY;
    run_store_problem(store, ADJ_SEVERITY_ERROR, "D0002", base_arena_copy(&store->arena, name, strlen(name)), 0, 0, 0,
                      NULL, "the compressed file cannot be unpacked: %s; nothing of it is read", why);
    return ADJ_INVALID_INPUT;
}

static bool read_bytes_of(read_input *input, const void *state)
{
    (void)state;
    read_fill(input, FIRST_LOOK);
    return read_content(input);
}

/* Reads what `input` has: plain bytes, what comes through a window, or what `reader` gives. */
static adj_status read_plain(adj_encounters *encounters, const char *name, read_input *input, read_role role,
                             bool (*reader)(read_input *input, const void *state), const void *state)
{
    run_store *store = &encounters->store;
    input->role = role;
    input->encounters = inner(encounters);
    input->store = store;
    base_arena_init(&input->arena, &store->arena.allocator);
    input->name_symbol = base_intern_add(&store->symbols, name, strlen(name));
    if (input->name_symbol == BASE_INTERN_NONE) return ADJ_OUT_OF_MEMORY;
    input->name = base_intern_text(&store->symbols, input->name_symbol);
    /* Batches begin anew, again and again. */
    bool whole = input->source != NULL && inner(encounters)->batches == NULL;
    run_store_begin_source(store, whole ? input->length : 0);
    store->source_filled = input->filled;
    bool read = reader(input, state);
    run_store_begin_source(store, 0);
    bool failed = store->arena.failed || input->arena.failed || inner(encounters)->lasting.failed;
    base_arena_release(&input->arena);
    if (failed) return ADJ_OUT_OF_MEMORY;
    inner(encounters)->rejected_records += input->rejected;
    return read ? ADJ_OK : ADJ_INVALID_INPUT;
}

/* `room` is how many bytes may be looked at from `bytes` on. */
static adj_status read_bytes(adj_encounters *encounters, const char *name, const char *bytes, size_t length,
                             size_t room, read_role role)
{
    if (encounters->store.finished) return ADJ_INVALID_INPUT;
    base_arena arena;
    base_arena_init(&arena, &encounters->store.arena.allocator);
    adj_status result = ADJ_OK;
    if (read_packing_of(bytes, length) != READ_PLAIN) {
        const char *why, *text = NULL;
        size_t text_length = 0;
        if (!read_unpack(&arena, bytes, length, &text, &text_length, &why))
            result = not_unpacked(&encounters->store, name, why);
        else if (refuse_twice_packed(&encounters->store, name, text, text_length))
            result = ADJ_INVALID_INPUT;
        bytes = text;
        length = room = text_length;
    }
    read_input input = {.bytes = bytes, .length = length, .room = room, .filled = length};
    if (result == ADJ_OK) result = read_plain(encounters, name, &input, role, read_bytes_of, NULL);
    base_arena_release(&arena);
    return result;
}

adj_status read_by(adj_encounters *encounters, const char *name, read_role role,
                   bool (*read)(read_input *input, const void *state), const void *state)
{
    if (encounters->store.finished) return ADJ_INVALID_INPUT;
    read_input input = {.bytes = ""};
    return read_plain(encounters, name, &input, role, read, state);
}

adj_status read_own_writing(adj_encounters *encounters, const char *name, const char *bytes, size_t length, size_t room)
{
    read_input input = {.trusted = true, .bytes = bytes, .length = length, .room = room, .filled = length};
    return read_plain(encounters, name, &input, READ_BESIDE, read_bytes_of, NULL);
}

adj_status adj_encounters_read_bytes(adj_encounters *encounters, const char *name, const char *bytes, size_t length)
{
    return read_bytes(encounters, name, bytes, length, length, READ_BY_CONTENT);
}

adj_status adj_encounters_read_bytes_as(adj_encounters *encounters, const char *name, const char *bytes, size_t length,
                                        adj_role role)
{
    return read_bytes(encounters, name, bytes, length, length, (read_role)role);
}

/* ---- files ---- */

/* Copies a stream to a file of its own, for what has no places to go back to. */
static adj_status spool(FILE *stream, int file)
{
    char chunk[1 << 16];
    size_t got = sizeof chunk;
    while (got == sizeof chunk) {
        got = fread(chunk, 1, sizeof chunk, stream);
        if (!read_write_all(file, chunk, got)) return ADJ_INTERNAL;
    }
    return ferror(stream) == 0 ? ADJ_OK : ADJ_NOT_FOUND;
}

/* A file through a window; what is packed in it goes through another file. */
static adj_status read_window(adj_encounters *encounters, const char *name, int file, size_t length, bool unpacked,
                              read_role role)
{
    read_source source;
    if (!read_source_open(&source, file, length)) return ADJ_OUT_OF_MEMORY;
    read_source_fill(&source, FIRST_LOOK);
    bool packed = read_packing_of(source.bytes, source.filled) != READ_PLAIN;
    adj_status result;
    if (packed && unpacked) {
        refuse_twice_packed(&encounters->store, name, source.bytes, source.filled);
        result = ADJ_INVALID_INPUT;
    } else if (packed) {
        int plain = read_temporary_file();
        const char *why = NULL;
        struct stat status;
        if (plain < 0)
            result = ADJ_INTERNAL;
        else if (!read_unpack_file(&source, plain, &why))
            result = not_unpacked(&encounters->store, name, why);
        else if (fstat(plain, &status) != 0)
            result = ADJ_INTERNAL;
        else
            result = read_window(encounters, name, plain, (size_t)status.st_size, true, role);
        if (plain >= 0) close(plain);
    } else {
        read_input input = {.bytes = source.bytes, .length = length, .room = length + READ_SOURCE_PADDING};
        input.source = &source;
        input.filled = source.filled;
        result = read_plain(encounters, name, &input, role, read_bytes_of, NULL);
    }
    read_source_close(&source);
    return result;
}

/* A file with places to go back to; that of a pipe or of standard input is a copy. -1 and a status where there is none. */
static int open_file(const char *path, struct stat *status, adj_status *result)
{
    bool standard_input = strcmp(path, "-") == 0;
    *result = ADJ_NOT_FOUND;
    int file = standard_input ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!standard_input && (file < 0 || fstat(file, status) != 0 || S_ISDIR(status->st_mode))) {
        if (file >= 0) close(file);
        return -1;
    }
    if (file >= 0 && S_ISREG(status->st_mode)) return file;
    FILE *stream = standard_input ? stdin : fdopen(file, "rb");
    int copy = read_temporary_file();
    *result = stream == NULL ? ADJ_NOT_FOUND : copy < 0 ? ADJ_INTERNAL : spool(stream, copy);
    if (!standard_input && stream != NULL) fclose(stream);
    if (!standard_input && stream == NULL) close(file);
    if (*result == ADJ_OK && fstat(copy, status) != 0) *result = ADJ_INTERNAL;
    if (*result == ADJ_OK) return copy;
    if (copy >= 0) close(copy);
    return -1;
}

static adj_status read_path(adj_encounters *encounters, const char *path, read_role role)
{
    run_store *store = &encounters->store;
    struct stat status;
    adj_status result = ADJ_OK;
    if (store->finished) return ADJ_INVALID_INPUT;
    int file = open_file(path, &status, &result);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (file >= 0) {
        result = read_window(encounters, name, file, (size_t)status.st_size, false, role);
        close(file);
    } else if (result == ADJ_NOT_FOUND) {
        note_problem(store, "D0001", path, "there is no such file, or it cannot be read");
    }
    if (result == ADJ_INTERNAL)
        note_problem(store, "D0004", name, "no temporary file can be written for it; set TMPDIR to a folder with room");
    return store->arena.failed ? ADJ_OUT_OF_MEMORY : result;
}

adj_status adj_encounters_read(adj_encounters *encounters, const char *path)
{
    return read_path(encounters, path, READ_BY_CONTENT);
}

adj_status adj_encounters_read_as(adj_encounters *encounters, const char *path, adj_role role)
{
    return read_path(encounters, path, (read_role)role);
}

adj_status adj_encounters_read_batches(adj_encounters *encounters, const char *path, adj_role role, size_t records,
                                       adj_take take, void *state)
{
    read_encounters *all = inner(encounters);
    read_batches batches = {.rows = records == 0 ? 1 : records, .take = take, .state = state};
    all->batches = &batches;
    adj_status result = read_path(encounters, path, (read_role)role);
    if (batches.stopped && result == ADJ_OK) result = ADJ_INTERNAL;
    all->batches = NULL;
    return result;
}

adj_status adj_encounters_end_batches(adj_encounters *encounters, adj_take take, void *state)
{
    read_encounters *all = inner(encounters);
    read_batches batches = {.take = take, .state = state};
    read_resolve_references(all);
    all->batches = &batches;
    bool taken = take_batch(all);
    all->batches = NULL;
    if (!run_store_reset(&encounters->store) || !read_begin_maps(all)) return ADJ_OUT_OF_MEMORY;
    return taken ? ADJ_OK : ADJ_INTERNAL;
}
