/* A plan once more, for many lines at a time: kernels over columns.
 *
 * Expects a plan that is built; produces, for each clause and for each truth that several clauses ask for, a unit: a shape
 * (what is done, shared by all units that do the same), the inputs that it reads and the constants that it compares with.
 * Leaves the plan as it is. What a shape cannot do for many lines at once (history, tables, lists, calendars) is an input of
 * its own, worked out line by line by the interpreter, which stays the meaning. */
#ifndef PLAN_KERNELS_H
#define PLAN_KERNELS_H

#include "compiler/plan/plan.h"

enum { PLAN_PATH_LIMIT = 6, PLAN_SHAPE_LIMIT = 60000, PLAN_LEAF_LIMIT = 5 };

/* Fields from the subject's own to the last one; no fields: not a path. */
typedef struct plan_path {
    uint8_t count;
    uint16_t fields[PLAN_PATH_LIMIT];
} plan_path;

typedef enum BASE_COMPACT plan_input_kind {
    PLAN_INPUT_VALUE,    /* what a path holds */
    PLAN_INPUT_YES,      /* a path's yes-or-no as a truth */
    PLAN_INPUT_PRESENCE, /* whether a path holds anything */
    PLAN_INPUT_CODE,     /* whether a path's code or text is symbol `number` */
    PLAN_INPUT_SET,      /* whether set `number` holds a path's code on the date of another path */
    PLAN_INPUT_ANY_OF,   /* whether any of a path's list is in set `number` on that date */
    PLAN_INPUT_ALL_OF,   /* whether all of it are */
    PLAN_INPUT_HAS,      /* whether a path's list has symbol `number` */
    PLAN_INPUT_DURING,   /* whether a path's span contains the date of another path */
    PLAN_INPUT_STEP,     /* a step of a policy's block, by the interpreter */
    PLAN_INPUT_UNIT      /* a truth that another unit works out */
} plan_input_kind;

typedef struct plan_input {
    plan_input_kind kind;
    bool truth;  /* two bits a line; else a value */
    bool filled; /* some of what it depends on is worked out line by line */
    bool dated;  /* of SET: there is a date */
    plan_path path, date;
    int64_t number;
    uint32_t block, step; /* of STEP */
    /* Of STEP: the steps that it needs, in plan_kernels.cones: rows and fields first, the step itself last. What it follows from alone,
     * if it depends on few fields and neither on history nor on other lines, stands behind them. */
    uint32_t cone, cone_count, load_count, leaf_count;
    bool far;      /* of STEP: it depends on history, or on what other lines come to */
    uint32_t unit; /* of UNIT */
} plan_input;

typedef enum BASE_COMPACT plan_lane_operation {
    PLAN_LANE_TRUTH,    /* truth: slot a */
    PLAN_LANE_CONSTANT, /* truth: constant a, a run_truth */
    PLAN_LANE_NOT,
    PLAN_LANE_AND,
    PLAN_LANE_OR,
    PLAN_LANE_DECIDE,
    PLAN_LANE_PRESENT, /* truth: whether value a is present */
    PLAN_LANE_EQUAL,   /* truths of values a and b */
    PLAN_LANE_LESS,
    PLAN_LANE_AT_MOST,
    PLAN_LANE_VALUE,  /* value: slot a */
    PLAN_LANE_NUMBER, /* value: constant a */
    PLAN_LANE_ADD,
    PLAN_LANE_SUBTRACT,
    PLAN_LANE_OR_ELSE
} plan_lane_operation;

/* One step of a shape. Truths and values have registers of their own; one is used again after the last step that reads it. */
typedef struct plan_lane_step {
    uint8_t operation;
    uint16_t a, b;
    uint16_t to;
} plan_lane_step;

typedef struct plan_shape {
    plan_lane_step *steps;
    uint32_t step_count;
    uint16_t slot_count, constant_count, truth_count, value_count; /* the last two: registers */
    uint16_t results[3]; /* truths: applicable, requirement, failing; of a shape that is no clause the first alone */
    bool clause;
    bool plain; /* of a clause: failing is the requirement's contrary, so that nothing is excused */
    uint64_t hash;
    uint64_t *truth_slots; /* bit set: the slot is a truth */
} plan_shape;

typedef enum BASE_COMPACT plan_constant_kind {
    PLAN_CONSTANT_NUMBER,
    PLAN_CONSTANT_SYMBOL,
    PLAN_CONSTANT_PARAMETER,
    PLAN_CONSTANT_KNOWN
} plan_constant_kind;

typedef struct plan_constant {
    plan_constant_kind kind;
    int64_t number;
} plan_constant;

typedef struct plan_unit {
    uint32_t shape;
    uint32_t clause;           /* PLAN_NO_STEP for a truth that units share */
    uint32_t slots, constants; /* where they begin in plan_kernels.slots and .constants */
    bool filled;
} plan_unit;

typedef struct plan_policy_units {
    uint32_t payer, dates; /* inputs: the truths of its scope */
} plan_policy_units;

typedef struct plan_kernels {
    BASE_ARRAY(plan_shape) shapes;
    BASE_ARRAY(plan_input) inputs; /* each after those that it depends on */
    BASE_ARRAY(plan_unit) units;
    BASE_ARRAY(uint32_t) slots;
    BASE_ARRAY(plan_constant) constants;
    BASE_ARRAY(uint32_t) cones;
    uint32_t *clause_units;      /* by clause of the plan; PLAN_NO_STEP where no policy judges it */
    plan_policy_units *policies; /* by policy of the plan */
    /* Values that are kept in thousandths and meet no other: all of a scale may be told in whole units, or none. By input and by
     * constant, scale + 1; 0 for none. */
    uint32_t *input_scales, *constant_scales;
    uint32_t scale_count;
} plan_kernels;

/* How much of what is kept makes a whole unit, of values that have a scale. */
enum { PLAN_SCALE = 1000 };

/* Whether a step of a block gives a truth; the others give values. */
bool plan_gives_truth(plan_operation operation);

/* How many times at most the code of a shape puts a bit for each line aside: for comparisons, and for sums that may be past the range. */
uint32_t plan_shape_asides(const plan_shape *shape);

/* How many operands of a step are steps: the first of a and b. */
int plan_lane_operands(const plan_lane_step *step);

/* How wide a value is that a step works out of values of two widths: 2 for 32 bits, 3 for 64. PLAN_OF_NUMBER stands for a
 * constant, which is as wide as what it meets. */
enum { PLAN_OF_NUMBER = 0xFF };
uint8_t plan_lane_width(plan_lane_operation operation, uint8_t a, uint8_t b);

/* Whether lanes of a width (1 << width bytes) may hold a number: any but the least and the largest, so that a constant beyond the width
 * compares with all of them as the nearest number of that width does. */
bool plan_lane_fits(int64_t number, uint8_t width);

/* Sums of a column of 8 or 16 bits and a constant, compared with another such column, are worked out in the wider of the two, with
 * saturation: columns never hold the least and the largest number, so that what saturates compares as the sum would. The constant comes
 * in two halves, each in a lane's bits, the first below the second: so it may be as large as anything that a sum does not saturate with.
 * What is to be known of an operand of a comparison: */
typedef struct plan_operand {
    uint8_t width; /* of the value; PLAN_OF_NUMBER for a constant */
    bool column;
    bool sum;             /* of a column and a constant, or a column less a constant */
    uint8_t column_width; /* of that column */
} plan_operand;

enum { PLAN_NOT_SATURATED = 0xFE };

/* How wide the lanes are that two operands are compared in with saturation; PLAN_NOT_SATURATED where they are not. */
uint8_t plan_saturated_width(const plan_operand *a, const plan_operand *b);

/* What machine code takes for a unit's constants with slots of such widths; false where it cannot be used: something is past what a
 * constant is added to, or stands for. There is room for as many as the shape has. */
bool plan_fit_constants(const plan_shape *shape, const uint8_t *slot_widths, const int64_t *constants,
                        int64_t *fitting);

/* Builds the kernels of a plan; NULL when memory runs out. */
plan_kernels *plan_build_kernels(base_arena *arena, const plan_program *plan);

/* Writes shapes, inputs and units. */
void plan_print_kernels(const plan_program *plan, const plan_kernels *kernels, base_text *out);

#endif
