/* Units run by the code of their shape's parts: each comparison gives two planes, which the logic reads like any other truth. */
#include "compiler/plan/split.h"
#include "runtime/batch.h"

void run_composite_unit(run_packer *packer, const run_composite *composite, const uint32_t *inputs,
                        const int64_t *constants, uint64_t *const *planes)
{
    enum { SLOTS = PLAN_SPLIT_SLOTS + PLAN_PART_LIMIT };
    const plan_split *split = composite->split;
    run_lanes lanes[SLOTS];
    uint32_t own[SLOTS];
    int64_t numbers[PLAN_SPLIT_CONSTANTS];
    uint64_t *part_planes = packer->part_planes;
    for (uint32_t p = 0; p < split->count; p++) {
        const plan_part *part = &split->parts[p];
        uint64_t *const both[] = {part_planes + (size_t)p * 2 * RUN_BATCH_WORDS,
                                  part_planes + ((size_t)p * 2 + 1) * RUN_BATCH_WORDS};
        for (uint16_t i = 0; i < part->shape.slot_count; i++) own[i] = inputs[part->slots[i]];
        for (uint16_t i = 0; i < part->shape.constant_count; i++) numbers[i] = constants[part->constants[i]];
        composite->parts[p](packer->lanes, own, numbers, packer->words, both, packer->aside[0]);
    }
    for (uint16_t i = 0; i < split->logic.slot_count; i++) {
        uint8_t source = split->sources[i];
        uint32_t part = source - (uint32_t)PLAN_SPLIT_SLOTS;
        own[i] = i;
        lanes[i] = source < PLAN_SPLIT_SLOTS ? packer->lanes[inputs[source]]
                                             : (run_lanes){NULL, part_planes + (size_t)part * 2 * RUN_BATCH_WORDS,
                                                           part_planes + ((size_t)part * 2 + 1) * RUN_BATCH_WORDS, 0};
    }
    for (uint16_t i = 0; i < split->logic.constant_count; i++) numbers[i] = constants[split->constants[i]];
    composite->logic(lanes, own, numbers, packer->words, planes, packer->aside[0]);
}
