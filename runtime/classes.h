/* Classes of subjects. What a `where` says of an element may depend on the subject, as in `procedure = this.procedure`, but as a rule on few
 * of its fields; subjects that have the same there are of one class. Where a window holds many elements, as with a member number that stands for
 * nobody in particular, walking them anew for each subject would take the square of their number: once some subjects of a class have walked as
 * many as there are, the elements are judged and summed up for all of it (sums.h). */
#ifndef RUN_CLASSES_H
#define RUN_CLASSES_H

#include "runtime/sweep.h"

typedef struct run_classes run_classes;

/* Classes that a context meets, ahead of others in a list; NULL when memory runs out. */
run_classes *run_classes_new(const base_allocator *allocator, run_context *context, run_classes *next);

/* Gives back a list of them. */
void run_classes_free(run_classes *classes);

/* What an aggregate comes to on a subject whose window is known, from the sums of its class. `self` is its place among what was found; SIZE_MAX
 * where that is not known. False where that cannot be done, or does not pay so far, and nothing is changed. */
bool run_classes_take(run_context *context, uint32_t aggregate, uint32_t line, size_t self, const run_window *window,
                      const run_candidates *found, run_value *result, bool *open);

/* Elements that are worth a look for a subject: by place among what was found, those of [0, undated) and of [first, end); a bit for each, one
 * behind the other. */
typedef struct run_worth {
    const uint64_t *bits; /* NULL: all are */
    uint32_t undated, first, end;
} run_worth;

/* Which elements may count for a subject, or with `doubts` which it cannot be told of, where its class was summed up; else all. Elements
 * without a day are always among them. */
run_worth run_classes_worth(run_context *context, uint32_t aggregate, uint32_t line, bool doubts,
                            const run_window *window, const run_candidates *found);

/* The first place from one on that is worth a look; `end` if there is none before it. */
size_t run_next_worth(const run_worth *worth, size_t place, size_t end);

#endif
