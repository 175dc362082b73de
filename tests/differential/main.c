/* Compares the two evaluators on random policies and encounters: a fixed number (the default test), for a number of
 * seconds, or for ever (ADJUDGE_DIFFERENTIAL_SECONDS, 0 for ever). Stops at the first difference with its seed. */
#include "tests/differential/generator.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINES = 200, DEFAULT_POLICIES = 2000 };

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

static bool more(uint64_t done, uint64_t policies, const char *seconds, time_t start)
{
    if (seconds == NULL) return done < policies;
    long limit = strtol(seconds, NULL, 10);
    return limit == 0 || time(NULL) - start < limit;
}

int main(int count, char **arguments)
{
    uint64_t seed = number("ADJUDGE_DIFFERENTIAL_SEED", 20261),
             policies = number("ADJUDGE_DIFFERENTIAL_POLICIES", DEFAULT_POLICIES);
    const char *seconds = getenv("ADJUDGE_DIFFERENTIAL_SECONDS");
    if (seconds != NULL) seed = number("ADJUDGE_DIFFERENTIAL_SEED", (uint64_t)time(NULL));
    if (count > 1) {
        /* Show the policy of one seed. */
        generator g = {.state = strtoull(arguments[1], NULL, 10)};
        base_arena arena;
        base_arena_init(&arena, NULL);
        fputs(generate_policy(&g, &arena), stdout);
        base_arena_release(&arena);
        return 0;
    }
    comparison total = {0};
    time_t start = time(NULL);
    for (uint64_t i = 0; more(i, policies, seconds, start); i++) {
        if (!compare_once(seed + i, LINES, &total)) return 1;
        if (total.differences > 0) {
            fprintf(stderr, "The evaluators differ: %s\n", total.first_difference);
            return 1;
        }
    }
    printf("%zu policies (%zu rejected) times %d encounters, %zu lines, %zu in batches: no difference\n",
           total.policies, total.rejected, LINES, total.lines, total.in_batches);
    printf("verdicts: %zu not applicable, %zu pass, %zu fail, %zu excused, %zu cannot tell\n", total.verdicts[0],
           total.verdicts[1], total.verdicts[2], total.verdicts[3], total.verdicts[4]);
    printf("%zu kernels of machine code, %zu changes tried\n", total.kernels, total.changed);
    bool varied = total.kernels > total.policies && total.changed > total.policies;
    for (int v = 0; v < 5; v++) varied = varied && total.verdicts[v] > total.lines / 100;
    if (!varied || total.rejected * 20 > total.policies) {
        fprintf(stderr, "The generator is of no use: a verdict is rare, kernels are, or more than one policy in twenty "
                        "does not compile.\n");
        return 1;
    }
    printf("1 passed, 0 failed\n");
    return 0;
}
