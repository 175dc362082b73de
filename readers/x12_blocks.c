/* Claims, or payments, of one file on several threads. The file is taken in blocks, each from one transaction, group or interchange to another; whoever
 * takes a block reads it into a store of its own, as if it followed on what is known where the first block begins, and then, block after
 * block in the order of the file, checks that it does, and appends what it read to the encounters. What comes out is what reading one
 * after the other gives, to the last symbol. Where a block cannot be told apart, reading goes on there as if there were no blocks. */
#include "readers/x12_837p.h"
#include "runtime/append.h"
#include "runtime/crew.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 20, /* bytes, as a rule */
    REACH = 1 << 24, /* so far the next transaction may be */
    PIECE = 1 << 16, /* what is read at a time to find it */
    BLANKS = 16      /* between a terminator and what follows, at most */
};

/* What one thread works with. */
typedef struct worker {
    base_allocator allocator;
    adj_encounters *encounters; /* of the block at hand; NULL before the first */
    base_arena arena;           /* of the block at hand */
    char *bytes;                /* of the file, from `from` on */
    size_t room, from, filled;
    read_input input;
    x12_reader reader;
} worker;

typedef struct blocks {
    x12_reader *main;
    x12_scanner known; /* delimiters, as they are where the first block begins */
    char version[sizeof(((x12_reader *)0)->version)];
    run_store told; /* what the run was told by then: what is appended later may tell more */
    size_t begin;   /* where that is */
    size_t size;    /* of blocks, about */
    worker *workers;
    pthread_mutex_t lock; /* of the turn */
    pthread_cond_t turned;
    size_t turn; /* the block that is appended next */
    bool stopped;
    pthread_rwlock_t columns; /* written where they grow, read where rows are written */
} blocks;

/* ---- finding a block ---- */

/* Has the file in memory up to a place, or to its end. */
static bool have(worker *w, const read_input *file, size_t upto)
{
    if (upto > file->length) upto = file->length;
    size_t wanted = upto - w->from;
    if (wanted > w->room) {
        char *grown = w->allocator.reallocate(w->allocator.state, w->bytes, wanted + wanted / 8);
        if (grown == NULL) return false;
        w->bytes = grown;
        w->room = wanted + wanted / 8;
    }
    while (w->filled < wanted) {
        ssize_t got = pread(file->source->file, w->bytes + w->filled, wanted - w->filled, (off_t)(w->from + w->filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        w->filled += (size_t)got;
    }
    return true;
}

static bool begins_with(const blocks *b, const char *at, size_t left)
{
    static const char *const starts[] = {"ST", "GS", "ISA"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (left > length && memcmp(at, starts[i], length) == 0 && at[length] == b->known.element) return true;
    }
    return false;
}

/* The first place from `from` on, of those that are in memory, where a transaction, group or interchange begins after a terminator. */
static bool find_start(const blocks *b, const worker *w, size_t from, size_t *start)
{
    const char *end = w->bytes + w->filled, *at = w->bytes + (from - w->from);
    for (at -= from - w->from < BLANKS ? from - w->from : BLANKS; at < end; at++) {
        at = memchr(at, b->known.terminator, (size_t)(end - at));
        if (at == NULL) return false;
        const char *next = at + 1;
        while (next < end && next - at < BLANKS && x12_blank(*next)) next++;
        *start = w->from + (size_t)(next - w->bytes);
        if (*start >= from && begins_with(b, next, (size_t)(end - next))) return true;
    }
    return false;
}

/* The same, as far as need be; the file's length where none is left. False where it is too far away, or the file cannot be read. */
static bool reach_start(const blocks *b, worker *w, size_t from, size_t *start)
{
    const read_input *file = b->main->scanner.input;
    if (from >= file->length) {
        *start = file->length;
        return have(w, file, file->length);
    }
    for (size_t upto = from + PIECE; upto - from <= REACH; upto += upto - from) {
        if (!have(w, file, upto)) return false;
        if (find_start(b, w, from, start)) return true;
        *start = file->length;
        if (upto >= file->length) return true;
    }
    return false;
}

/* Reads the bytes of a block, which may be none. */
static bool fetch(const blocks *b, worker *w, size_t item, size_t *start, size_t *end)
{
    size_t from = b->begin + item * b->size;
    w->from = item == 0 ? from : from - BLANKS;
    w->filled = 0;
    *start = from;
    return (item == 0 || reach_start(b, w, from, start)) && reach_start(b, w, from + b->size, end);
}

/* ---- reading a block ---- */

static bool begin_store(const blocks *b, worker *w)
{
    run_store *store = b->main->store;
    if (w->encounters != NULL && w->encounters->store.arena.failed) return false;
    if (w->encounters != NULL)
        return run_store_reset(&w->encounters->store) && read_begin_maps((read_encounters *)w->encounters);
    adj_allocator same = {w->allocator.reallocate, w->allocator.state};
    w->encounters = read_encounters_like(store->schema, &same);
    if (w->encounters == NULL) return false;
    run_store_copy_told(&w->encounters->store, &b->told);
    base_arena_init(&w->arena, &w->allocator);
    return true;
}

/* Reads what is in memory from `start` to `end`, as following on what `before` has read. */
static bool read_block(const blocks *b, worker *w, const x12_scanner *before, const char *version, size_t start,
                       size_t end)
{
    const read_input *file = b->main->scanner.input;
    if (!begin_store(b, w)) return false;
    read_encounters *encounters = (read_encounters *)w->encounters;
    run_store *store = &w->encounters->store;
    encounters->claim_count = encounters->rejected_claims = 0;
    store->remitted_claims = 0;
    base_arena_reset(&w->arena);
    w->input = (read_input){.role = file->role,
                            .trusted = file->trusted,
                            .encounters = encounters,
                            .store = store,
                            .arena = w->arena,
                            .bytes = w->bytes + (start - w->from),
                            .length = end - start,
                            .room = end - start,
                            .filled = end - start};
    w->input.name_symbol = base_intern_add(&store->symbols, file->name, strlen(file->name));
    w->input.name = base_intern_text(&store->symbols, w->input.name_symbol);
    x12_reader *r = &w->reader;
    bool good = x12_reader_begin(r, &w->input);
    if (good) x12_scanner_follow(&r->scanner, before);
    memcpy(r->version, version, sizeof r->version);
    r->in_block = r->tried_blocks = true;
    good = good && x12_read_on(r);
    w->arena = w->input.arena;
    return good && !store->arena.failed && !w->arena.failed;
}

/* Whether all of a block ended with it, and it held nothing but claims and payments. */
static bool stands_alone(const x12_reader *r)
{
    return !r->in_transaction && r->claim == RUN_NO_ROW && !r->members_seen && !r->unclear && !r->scanner.cut_off &&
           run_may_append(r->store);
}

/* Whether the block was read as following on what was in truth before it. */
static bool follows(const blocks *b, const worker *w, size_t start)
{
    const x12_scanner *now = &b->main->scanner;
    const char *bytes = w->bytes + (start - w->from);
    if (memcmp(bytes, "ISA", 3) == 0) return true; /* says it all itself */
    bool same = now->element == b->known.element && now->component == b->known.component &&
                now->repetition == b->known.repetition && now->terminator == b->known.terminator;
    return same && (!w->reader.leans || strcmp(b->main->version, b->version) == 0);
}

/* ---- appending it ---- */

/* A place of a block, in the file. */
static void move_place(const x12_scanner *now, size_t start, size_t *segment, size_t *line, size_t *column)
{
    if (*line == 1 && *column > 0) *column += start - now->line_start;
    if (*segment > 0) *segment += now->segment_number;
    if (*line > 0) *line += now->line - 1;
}

/* Compares what a trailer states of what began before the block. */
static void check_stated(x12_reader *main, x12_stated *stated, size_t start, bool groups)
{
    x12_segment *segment = &stated->segment;
    move_place(&main->scanner, start, &segment->number, &segment->line, &segment->column);
    if (groups)
        x12_check_groups(main, segment, main->groups_in_interchange + stated->counted);
    else
        x12_check_transactions(main, segment, main->transactions_in_group + stated->counted);
}

/* A group ends before its interchange: its trailer's problem comes first. */
static void append_problems(x12_reader *main, x12_reader *r, size_t start)
{
    for (size_t i = 0; i <= r->store->problems.count; i++) {
        if (r->stated_transactions.given && r->stated_transactions.problem == i)
            check_stated(main, &r->stated_transactions, start, false);
        if (r->stated_groups.given && r->stated_groups.problem == i) check_stated(main, &r->stated_groups, start, true);
        if (i == r->store->problems.count) break;
        adj_problem problem = r->store->problems.items[i];
        move_place(&main->scanner, start, &problem.segment, &problem.line, &problem.column);
        problem.file = main->scanner.input->name;
        run_store_add_problem(main->store, &problem);
    }
}

/* What reading knows at the block's end. */
static void go_on_behind(x12_reader *main, const x12_reader *r, size_t start, size_t end)
{
    x12_scanner *to = &main->scanner;
    const x12_scanner *from = &r->scanner;
    const read_input *input = from->input;
    to->at = end;
    to->segment_number += from->segment_number;
    if (from->line > 1) to->line_start = start + from->line_start;
    to->line += from->line - 1;
    to->element = from->element;
    to->component = from->component;
    to->repetition = from->repetition;
    to->terminator = from->terminator;
    to->cut_off = from->cut_off;
    main->transactions += r->transactions;
    main->transactions_in_group = r->transactions_in_group + (r->group_begun ? 0 : main->transactions_in_group);
    main->groups_in_interchange = r->groups_in_interchange + (r->interchange_begun ? 0 : main->groups_in_interchange);
    memcpy(main->version, r->version, sizeof main->version);
    main->ended = r->ended;
    to->input->accepted += input->accepted;
    to->input->rejected += input->rejected;
    to->input->encounters->blocks++;
    to->input->encounters->claim_count += input->encounters->claim_count;
    to->input->encounters->rejected_claims += input->encounters->rejected_claims;
    main->store->source_filled = end;
}

/* The extras of lines that a block has begin at the segments that they have in the block. */
static void move_lines(x12_reader *r, size_t segments)
{
    for (size_t i = 0; i < r->store->lines.count; i++) r->store->lines.items[i].segment += (uint32_t)segments;
}

/* Appends a block, whose turn it is. False when memory runs out. */
static bool append(blocks *b, worker *w, size_t start, size_t end, run_append *rows)
{
    x12_reader *main = b->main, *r = &w->reader;
    move_lines(r, main->scanner.segment_number);
    if (!run_append_begin(rows, &w->arena, main->store, r->store)) return false;
    append_problems(main, r, start);
    go_on_behind(main, r, start, end);
    bool good = true;
    if (run_append_lacks_room(rows)) {
        pthread_rwlock_wrlock(&b->columns);
        good = run_append_make_room(rows);
        pthread_rwlock_unlock(&b->columns);
    }
    if (good) run_append_take_places(rows);
    return good;
}

/* ---- one after the other ---- */

/* Waits until all blocks before this one are appended; false where no more are. */
static bool wait_for_turn(blocks *b, size_t item)
{
    pthread_mutex_lock(&b->lock);
    while (b->turn != item && !b->stopped) pthread_cond_wait(&b->turned, &b->lock);
    bool ours = !b->stopped;
    pthread_mutex_unlock(&b->lock);
    return ours;
}

static void end_turn(blocks *b, bool stop)
{
    pthread_mutex_lock(&b->lock);
    b->stopped = b->stopped || stop;
    b->turn++;
    pthread_cond_broadcast(&b->turned);
    pthread_mutex_unlock(&b->lock);
}

/* Reads a block and, in its turn, appends it. */
static bool take_block(void *state, size_t worker_number, size_t item)
{
    blocks *b = state;
    worker *w = &b->workers[worker_number];
    size_t start = 0, end = 0;
    bool found = fetch(b, w, item, &start, &end);
    bool none = found && start >= end;
    bool good = found && !none && read_block(b, w, &b->known, b->version, start, end);
    if (!wait_for_turn(b, item)) return true;
    if (good && !follows(b, w, start)) good = read_block(b, w, &b->main->scanner, b->main->version, start, end);
    run_append rows;
    bool alone = good && stands_alone(&w->reader), appended = alone && append(b, w, start, end, &rows);
    if (alone && !appended) b->main->store->arena.failed = true;
    end_turn(b, !appended && !none);
    if (!appended) return true;
    pthread_rwlock_rdlock(&b->columns);
    run_append_rows(&rows);
    pthread_rwlock_unlock(&b->columns);
    return true;
}

static void release_worker(worker *w)
{
    if (w->encounters != NULL) base_arena_release(&w->arena);
    adj_encounters_free(w->encounters);
    if (w->bytes != NULL) w->allocator.reallocate(w->allocator.state, w->bytes, 0);
}

bool x12_read_blocks(x12_reader *r)
{
    read_input *input = r->scanner.input;
    const read_encounters *encounters = input->encounters;
    size_t threads = encounters->threads, left = input->length - r->scanner.at;
    size_t size = encounters->block == 0 ? BLOCK : encounters->block;
    bool many = threads > 1 && input->source != NULL && !input->source->failed && left > 2 * size;
    bool apart = !r->in_transaction && !r->members_seen && r->transactions > 0;
    r->tried_blocks = true;
    if (!many || !apart || encounters->batches != NULL || encounters->keeps_rejects) return true;
    size_t count = (left + size - 1) / size;
    if (threads > count) threads = count;
    blocks b = {.main = r, .known = r->scanner, .told = *r->store, .begin = r->scanner.at, .size = size};
    memcpy(b.version, r->version, sizeof b.version);
    b.workers = base_arena_alloc(&input->arena, threads * sizeof *b.workers);
    if (b.workers == NULL) return false;
    for (size_t i = 0; i < threads; i++) b.workers[i].allocator = r->store->arena.allocator;
    pthread_mutex_init(&b.lock, NULL);
    pthread_cond_init(&b.turned, NULL);
    pthread_rwlock_init(&b.columns, NULL);
    run_crew_in_order(&input->arena, threads, count, take_block, &b);
    for (size_t i = 0; i < threads; i++) release_worker(&b.workers[i]);
    pthread_rwlock_destroy(&b.columns);
    pthread_cond_destroy(&b.turned);
    pthread_mutex_destroy(&b.lock);
    read_go_to(input, r->scanner.at);
    x12_scanner_go_to(&r->scanner, r->scanner.at);
    return !r->store->arena.failed;
}
