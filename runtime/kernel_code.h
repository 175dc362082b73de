/* Machine code of shapes: made when a run first meets a shape with columns of some widths, kept for all runs of the policies and,
 * where a directory is given, on disk for all that come later. Until it is there, shapes are interpreted. */
#ifndef RUN_KERNEL_CODE_H
#define RUN_KERNEL_CODE_H

#include "runtime/batch.h"

typedef struct run_object_maker run_object_maker;
typedef struct run_kernel_code run_kernel_code;

/* For one set of policies; nothing is made yet. `cache` is a directory, or NULL. NULL when memory runs out. */
run_kernel_code *run_kernel_code_new(const base_allocator *allocator, const plan_kernels *kernels, const char *cache);

/* Waits for what is being made and lets all code go. */
void run_kernel_code_free(run_kernel_code *code);

/* Around a run: as long as one is going on, a thread beside it makes code. It ends with the last of them, after the kernel at hand, so
 * that none is left when a process ends in the middle: LLVM's own memory goes then. What is still wanted is made in later runs. */
void run_kernel_code_begin(run_kernel_code *code);
void run_kernel_code_end(run_kernel_code *code);

/* Waits until the best of all that was asked for is there, or is known not to be had. */
void run_kernel_code_settle(run_kernel_code *code);

/* How many units' shapes have code, and how many of them from the disk alone. */
void run_kernel_code_count(run_kernel_code *code, size_t *made, size_t *loaded);

/* ---- objects (object_code.c) ---- */

/* Code that is mapped into this process. */
typedef struct run_object {
    void *memory;
    size_t size;
    run_kernel kernel;
    run_kernel compare; /* to be called before it; NULL for nothing */
} run_object;

/* Loads an object of gen_make_object; false where it is not one for this processor, or asks for anything else. */
bool run_object_load(run_object *object, const char *bytes, size_t length);
void run_object_unload(run_object *object);

/* A number for this processor: code for one may not run on another. */
uint64_t run_processor_digest(void);

/* ---- on disk (code_cache.c) ---- */

/* Reads what is kept under a key; false where there is nothing whole. The bytes come from the arena. */
bool run_cache_read(base_arena *arena, const char *directory, const uint64_t key[2], const char **bytes,
                    size_t *length);

/* Keeps an object under a key: whole or not at all, whoever else does the same. A failure only means that it is not kept. */
void run_cache_write(base_arena *arena, const char *directory, const uint64_t key[2], const char *bytes, size_t length);

#endif
