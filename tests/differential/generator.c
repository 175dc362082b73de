/* The policy generator: every construct of the language, typed well enough that nearly all texts compile. */
#include "tests/differential/generator.h"

#include <string.h>

uint64_t generator_next(generator *g)
{
    uint64_t z = (g->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

uint32_t generator_below(generator *g, uint32_t limit)
{
    return (uint32_t)(generator_next(g) % limit);
}

bool generator_chance(generator *g, uint32_t percent)
{
    return generator_below(g, 100) < percent;
}

#define PICK(g, list) ((list)[generator_below((g), sizeof(list) / sizeof *(list))])
#define PUT(...) base_text_format(&g->out, __VA_ARGS__)

static const char *const procedures[] = {"90853", "90834", "90837", "90847", "H0005", "90791"};
static const char *const modifier_codes[] = {"95", "GT", "59", "XE", "93", "HQ"};
static const char *const places[] = {"11", "02", "10", "22", "53"};
static const char *const diagnosis_codes[] = {"F33.1", "F32.0", "F20.81", "F43.10", "Z63.0", "F41.1"};
static const char *const comparisons[] = {"=", "<>", "<", "<=", ">", ">="};
static const char *const dates[] = {"2025-12-31", "2026-01-01", "2026-02-28", "2026-03-15", "2026-06-30", "2026-07-01"};

static void condition(generator *g, bool element);

static void code_list(generator *g, const char *const *codes, uint32_t count, const char *set)
{
    if (generator_chance(g, 40)) {
        PUT("%s", set);
        return;
    }
    uint32_t wanted = 1 + generator_below(g, 3);
    for (uint32_t i = 0; i < wanted; i++) PUT("%s%s", i == 0 ? "" : ", ", codes[generator_below(g, count)]);
    if (generator_chance(g, 20)) PUT(", %s", set);
}

static void count_bound(generator *g)
{
    if (generator_chance(g, 30))
        PUT("cap");
    else if (generator_chance(g, 20))
        PUT("(cap + 1)");
    else
        PUT("%u", generator_below(g, 5));
}

static void window(generator *g)
{
    switch (generator_below(g, 21)) {
    case 11: PUT(" within %u days before", 1 + generator_below(g, 90)); break;
    case 12: PUT(" within %u months before", 1 + generator_below(g, 9)); break;
    case 13: PUT(" in the fiscal year from july 1"); break;
    case 14: PUT(" in the same fiscal year from october 1"); break;
    case 15: PUT(" in the same benefit year"); break;
    case 16: PUT(" in the same calendar week from monday"); break;
    case 17: PUT(" in periods of %u months from the first service", 1 + generator_below(g, 12)); break;
    case 18: PUT(" in periods of %u days from the first service", 1 + generator_below(g, 60)); break;
    case 19: PUT(" in the next %u days", 1 + generator_below(g, 60)); return;
    case 20: PUT(" during the emergency"); break;
    case 0: PUT(" on the same day"); break;
    case 1: PUT(" in the last %u days", 1 + generator_below(g, 200)); break;
    case 2: PUT(" in the last %u months", 1 + generator_below(g, 13)); break;
    case 3: PUT(" in the same calendar week"); break;
    case 4: PUT(" in the same month"); break;
    case 5: PUT(" in the same quarter"); break;
    case 6: PUT(" in the same calendar year"); break;
    case 7: PUT(" in the benefit year"); break;
    case 8: PUT(" since %s", PICK(g, dates)); break;
    case 9: PUT(" per lifetime"); break;
    default: break;
    }
    if (generator_chance(g, 20)) PUT("%s", generator_chance(g, 50) ? " so far" : " earlier");
}

static void where(generator *g)
{
    if (generator_chance(g, 25)) return;
    PUT(" where ");
    if (generator_chance(g, 30)) PUT("rendering_provider = this.rendering_provider and ");
    if (generator_chance(g, 20)) PUT("procedure = this.procedure and ");
    condition(g, true);
}

static void counting(generator *g)
{
    static const char *const bounds[] = {"at most", "at least", "more than", "fewer than"};
    static const char *const collections[] = {"history",
                                              "history",
                                              "history",
                                              "claim.lines",
                                              "session.lines",
                                              "history of the rendering provider",
                                              "history of the billing provider",
                                              "history of the session"};
    const char *collection = PICK(g, collections);
    PUT("(");
    switch (generator_below(g, 11)) {
    case 8:
        PUT("%s ", PICK(g, bounds));
        count_bound(g);
        PUT(" of distinct %s over %s", generator_chance(g, 50) ? "date" : "rendering_provider, date", collection);
        window(g);
        where(g);
        PUT(")");
        return;
    case 9:
        PUT("(count of distinct patient over %s", collection);
        window(g);
        where(g);
        PUT(") * 2 %s %u)", PICK(g, comparisons), generator_below(g, 9));
        return;
    case 10:
        PUT("eight_minute_units(sum of session.minutes over %s", collection);
        window(g);
        where(g);
        PUT(") %s units)", PICK(g, comparisons));
        return;
    case 0:
    case 1:
        PUT("%s ", PICK(g, bounds));
        count_bound(g);
        PUT(" of %s", collection);
        break;
    case 2: PUT("exists %s%s", generator_chance(g, 50) ? "other in " : "", collection); break;
    case 3: PUT("no %s", collection); break;
    case 4: PUT("every %s", collection); break;
    case 5:
        PUT("(sum of %s over %s", generator_chance(g, 70) ? "units" : "session.minutes / 60 minutes", collection);
        window(g);
        where(g);
        PUT(") %s %u)", PICK(g, comparisons), generator_below(g, 12));
        return;
    case 6:
        PUT("(count of %s", collection);
        window(g);
        where(g);
        PUT(") + 1 %s %u)", PICK(g, comparisons), generator_below(g, 6));
        return;
    default:
        PUT("((%s of date over %s", generator_chance(g, 50) ? "earliest" : "latest", collection);
        window(g);
        where(g);
        PUT(") or else date) %s date - %u days)", PICK(g, comparisons), generator_below(g, 60));
        return;
    }
    window(g);
    where(g);
    PUT(")");
}

static void other_collection(generator *g)
{
    if (generator_chance(g, 50)) {
        PUT("(at most %u of session.attendance where minutes >= %u minutes)", generator_below(g, 4),
            generator_below(g, 60));
    } else {
        PUT("(exists authorizations where dates contain this.date and procedures include this.procedure)");
    }
}

static void table_condition(generator *g)
{
    switch (generator_below(g, 8)) {
    case 5: PUT("(joined is found and modifiers include all of joined.needed)"); break;
    case 6: PUT("(dated is found and charge <= dated.rate)"); break;
    case 7: PUT("(part(procedure) is found)"); break;
    case 0: PUT("grid is found"); break;
    case 1: PUT("(grid is found and units <= grid.most)"); break;
    case 2: PUT("(grid is found and modifiers include all of grid.needed)"); break;
    case 3: PUT("(grid is not found or (grid.after is present and grid.after < age))"); break;
    default: PUT("(grid is found and charge <= (grid.rate or else $10.00))"); break;
    }
}

static void optional_condition(generator *g)
{
    switch (generator_below(g, 8)) {
    case 0: PUT("(authorization is present and authorization.units >= %u)", generator_below(g, 9)); break;
    case 1: PUT("(authorization is present and authorization.dates contain date)"); break;
    case 2: PUT("(authorization is absent or authorization.procedures include procedure)"); break;
    case 3: PUT("(claim.discharge_date or else date) %s claim.received", PICK(g, comparisons)); break;
    case 4: PUT("referral_number is present"); break;
    case 5: PUT("(coverage is present and coverage.dates contain date)"); break;
    case 6: PUT("(attendance.telehealth_consent is present and attendance.telehealth_consent)"); break;
    default: PUT("(authorization is present and authorization.units_remaining * 2 > authorization.units)"); break;
    }
}

static void value_condition(generator *g)
{
    switch (generator_below(g, 30)) {
    case 13: PUT("age(patient.birth_date, date) %s %u", PICK(g, comparisons), generator_below(g, 90)); break;
    case 14: PUT("age_in_months(patient.birth_date, date) %s %u", PICK(g, comparisons), generator_below(g, 900)); break;
    case 15:
        PUT("overlap(session.time, attendance.time) %s %u minutes", PICK(g, comparisons), generator_below(g, 40));
        break;
    case 16: PUT("length(session.time) %s %u minutes", PICK(g, comparisons), generator_below(g, 80)); break;
    case 17: PUT("eight_minute_units(session.minutes) %s units", PICK(g, comparisons)); break;
    case 18: PUT("prorate(fee, attendance.minutes, session.minutes) %s charge", PICK(g, comparisons)); break;
    case 19:
        PUT("round%s(units * 1.5) %s %u", generator_chance(g, 50) ? "_up" : "_down", PICK(g, comparisons),
            generator_below(g, 6));
        break;
    case 20: PUT("round(session.minutes / 15 minutes) %s units", PICK(g, comparisons)); break;
    case 21: PUT("weekday of date in monday, sunday"); break;
    case 22: PUT("month of date %s month of later_day(claim.received)", generator_chance(g, 50) ? "=" : "<"); break;
    case 23: PUT("year of date = year of claim.received"); break;
    case 24: PUT("small_group(session.attendees, cap)"); break;
    case 25: PUT("doubled(units) %s greater(units, 2)", PICK(g, comparisons)); break;
    case 26: PUT("first_limit %s lesser(units, 3)", PICK(g, comparisons)); break;
    case 0:
        PUT("units %s %u.%u", PICK(g, comparisons), generator_below(g, 4), g->fractions ? generator_below(g, 10) : 0);
        break;
    case 1: PUT("session.minutes %s %u minutes", PICK(g, comparisons), generator_below(g, 70)); break;
    case 2: PUT("attendance.minutes >= session.minutes / %u", 1 + generator_below(g, 4)); break;
    case 3: PUT("session.attendees between %u and %u", generator_below(g, 5), 5 + generator_below(g, 9)); break;
    case 4: PUT("age %s cap * %u - 3", PICK(g, comparisons), generator_below(g, 9)); break;
    case 5: PUT("charge %s fee", PICK(g, comparisons)); break;
    case 6: PUT("claim.received <= date + %u days", generator_below(g, 200)); break;
    case 7: PUT("claim.received <= date + %u months", generator_below(g, 13)); break;
    case 8: PUT("session.mode = %s", generator_chance(g, 50) ? "video" : "in_person"); break;
    case 9: PUT("claim.program in clinic, intermediate"); break;
    case 10: PUT("session.time overlaps attendance.time"); break;
    case 11: PUT("session.goals_documented"); break;
    case 12: PUT("units in 1, 3..4"); break;
    case 27: PUT("(coverage_begins is present and coverage_begins <= date)"); break;
    case 28: PUT("(patient.death_date is absent or patient.death_date >= date)"); break;
    case 29: PUT("claim.original_found"); break;
    default: PUT("-age < -%u", generator_below(g, 50)); break;
    }
}

static void code_condition(generator *g, bool element)
{
    switch (generator_below(g, 9)) {
    case 5:
        PUT("modifiers include only ");
        code_list(g, modifier_codes, 6, "some_modifiers");
        break;
    case 6:
        PUT("diagnoses include only ");
        code_list(g, diagnosis_codes, 6, "some_diagnoses");
        break;
    case 7: PUT("%svalid_npi(rendering_provider)", generator_chance(g, 50) ? "not " : ""); break;
    case 0:
        PUT("procedure in ");
        code_list(g, procedures, 6, "some_procedures");
        break;
    case 1:
        PUT("pos %s ", generator_chance(g, 70) ? "in" : "not in");
        code_list(g, places, 5, "some_places");
        break;
    case 2:
        PUT("modifiers include any of ");
        code_list(g, modifier_codes, 6, "some_modifiers");
        break;
    case 3:
        PUT("modifiers include none of ");
        code_list(g, modifier_codes, 6, "some_modifiers");
        break;
    case 4:
        PUT("diagnoses include any of ");
        code_list(g, diagnosis_codes, 6, "some_diagnoses");
        break;
    default:
        if (element)
            PUT("modifiers include %s this.modifiers", generator_chance(g, 50) ? "all of" : "only");
        else
            PUT("modifiers include all of %s, %s", PICK(g, modifier_codes), PICK(g, modifier_codes));
        break;
    }
}

static void element_condition(generator *g)
{
    switch (generator_below(g, 6)) {
    case 0: PUT("units %s this.units", PICK(g, comparisons)); break;
    case 1: PUT("status = %s", generator_chance(g, 50) ? "denied" : "paid"); break;
    case 2: PUT("charge > fee"); break;
    case 3: PUT("session.minutes >= this.session.minutes"); break;
    default: code_condition(g, true); break;
    }
}

static void condition(generator *g, bool element)
{
    if (g->depth < 4 && generator_chance(g, 35)) {
        g->depth++;
        uint32_t kind = generator_below(g, 5);
        PUT(kind == 0 ? "not (" : "(");
        condition(g, element);
        if (kind != 0) {
            PUT(kind < 3 ? " and " : " or ");
            condition(g, element);
        }
        PUT(")");
        g->depth--;
        return;
    }
    if (element) {
        element_condition(g);
        return;
    }
    switch (generator_below(g, 9)) {
    case 0:
    case 1: counting(g); break;
    case 8:
        PUT("%s", !g->named                 ? "not session.goals_documented"
                  : generator_chance(g, 70) ? "flag"
                                            : "(flag = session.goals_documented)");
        break;
    case 2: table_condition(g); break;
    case 3: optional_condition(g); break;
    case 4: code_condition(g, false); break;
    case 5: other_collection(g); break;
    default: value_condition(g); break;
    }
}

static void declarations(generator *g)
{
    PUT("policy random\n  title \"r\"\n");
    if (generator_chance(g, 60)) PUT("  payer \"ALPHA\", \"BETA\"\n");
    if (generator_chance(g, 20)) PUT("  plans \"HMO\"\n");
    if (generator_chance(g, 20)) PUT("  products \"HM\", \"12\"\n");
    if (generator_chance(g, 60)) PUT("  effective %s\n", PICK(g, dates));
    PUT("codes some_procedures : cpt\n  %s, %s\n  90832..90837 from %s\n  H00*\n", PICK(g, procedures),
        PICK(g, procedures), PICK(g, dates));
    if (generator_chance(g, 50)) PUT("  except %s\n", PICK(g, procedures));
    PUT("codes some_modifiers : modifier\n  %s\n  %s from %s\n", PICK(g, modifier_codes), PICK(g, modifier_codes),
        PICK(g, dates));
    PUT("overridable codes some_places : pos\n  %s, %s\n", PICK(g, places), PICK(g, places));
    PUT("codes some_diagnoses : icd10\n  F20..F29, F33.*\n  except F20.81\n  F41.1 to %s\n", PICK(g, dates));
    if (generator_chance(g, 50))
        PUT("overridable parameter cap : count = %u\n", generator_below(g, 5));
    else
        PUT("overridable parameter cap : count\n  %u from 2026-01-01\n  %u from 2026-03-15\n", generator_below(g, 4),
            generator_below(g, 6));
    PUT("parameter fee : money = $%u.%u0\n", generator_below(g, 120), generator_below(g, 10));
    PUT("parameter emergency : dates = 2026-02-01 to 2026-04-30\n");
    PUT("parameter first_limit : count by received date\n  1\n  2 from 2026-02-01 known 2026-03-01\n");
    PUT("define small_group(heads: count, most: count) : yes_no = heads <= most + 5\n");
    PUT("define doubled(n: quantity) : quantity = n * 2\n");
    PUT("define later_day(d: date) : date = d + 1 month\n");
    PUT("table join_table (procedure, pos) gives (needed: modifiers)\n  all\n  | procedure | pos | needed |\n"
        "  | some_procedures | any | %s |\n  | any | 11 | %s, %s |\n  | 90853 | some_places | none |\n",
        PICK(g, modifier_codes), PICK(g, modifier_codes), PICK(g, modifier_codes));
    PUT("table dated_table (procedure) gives (rate: money)\n  | procedure | rate |\n"
        "  | 90853, 90832 | $40.00 | from 2026-01-01 to %s\n  | 90853 | $60.00 | from 2026-07-02\n"
        "  | H0005..H0015 | $50.00 |\n",
        generator_chance(g, 50) ? "2026-06-30" : "2026-03-31");
    PUT("table part (procedure) gives (rate: money)\n  unique partial\n  | procedure | rate |\n  | %s | $1.00 |\n",
        PICK(g, procedures));
    PUT("table matrix (plan, session.mode, pos) gives (most: count, needed: modifiers, after: count optional, rate: "
        "money optional)\n  first\n");
    PUT("  | plan  | session.mode | pos    | most | needed | after | rate   |\n");
    for (int i = 0; i < 4; i++) {
        static const char *const plans[] = {"\"HMO\"", "\"PPO\"", "any"};
        static const char *const modes[] = {"video", "in_person", "any", "audio, video"};
        static const char *const cells[] = {"11", "02, 10", "some_places", "any", "10..22"};
        PUT("  | %s | %s | %s | %u | %s | %s | %s |\n", PICK(g, plans), PICK(g, modes), PICK(g, cells),
            generator_below(g, 4), generator_chance(g, 40) ? "none" : PICK(g, modifier_codes),
            generator_chance(g, 40) ? "-" : "2", generator_chance(g, 40) ? "-" : "$41.50");
    }
}

static void clause(generator *g, unsigned number)
{
    static const char *const outcomes[] = {"deny CO-119", "audit CO-152", "review", "warn",
                                           "reduce by 25 percent CO-45"};
    PUT("overridable clause c%u\n  cite \"%u\"\n", number, number);
    if (generator_chance(g, 15))
        PUT("  effective %s%s\n", PICK(g, dates), generator_chance(g, 30) ? " by received date" : "");
    if (generator_chance(g, 10)) PUT("  known 2026-03-01\n");
    if (number > 1 && generator_chance(g, 15))
        PUT("  when this is %sdenied by c%u\n", generator_chance(g, 50) ? "not " : "",
            1 + generator_below(g, number - 1));
    for (uint32_t i = generator_below(g, 3); i > 0; i--) {
        PUT("  when ");
        condition(g, false);
        PUT("\n");
    }
    bool binds = generator_chance(g, 20);
    if (binds) {
        PUT("  forbid exists other in history");
        window(g);
        PUT(" where ");
        condition(g, true);
        PUT("\n");
    } else {
        PUT(generator_chance(g, 70) ? "  require " : "  forbid ");
        condition(g, false);
        PUT("\n");
    }
    for (uint32_t i = generator_below(g, 3); i > 0; i--) {
        PUT("  unless ");
        if (binds && generator_chance(g, 60))
            PUT("(not (session.time overlaps other.session.time)) and other.units <= %u and ", generator_below(g, 3));
        condition(g, false);
        PUT("\n");
    }
    PUT("  %s \"{units} units on {date}\"\n", PICK(g, outcomes));
}

const char *generate_policy(generator *g, base_arena *arena)
{
    base_text_init(&g->out, arena);
    g->depth = 0;
    g->fractions = generator_chance(g, 40);
    declarations(g);
    unsigned number = 0;
    for (uint32_t sections = 1 + generator_below(g, 2); sections > 0; sections--) {
        PUT("section \"s%u\"\n  for each line", sections);
        if (generator_chance(g, 60)) {
            PUT(" where ");
            code_condition(g, false);
        }
        PUT("\n  let grid = matrix(plan, session.mode, pos)\n");
        PUT("  let joined = join_table(procedure, pos)\n  let dated = dated_table(procedure)\n");
        PUT("  let flag = ");
        g->named = false;
        condition(g, false);
        PUT("\n");
        g->named = true;
        for (uint32_t clauses = 1 + generator_below(g, 4); clauses > 0; clauses--) clause(g, ++number);
    }
    if (generator_chance(g, 40)) {
        PUT("exception away to c1\n  cite \"e\"\n  when ");
        g->depth = 4;
        g->named = false;
        value_condition(g);
        PUT("\n");
    }
    return base_text_string(&g->out);
}

/* A layer below the policy: other payers, and one of each kind of override. */
const char *generate_layer(generator *g, base_arena *arena)
{
    base_text_init(&g->out, arena);
    g->depth = 3;
    PUT("policy lower extends random\n  payer \"GAMMA\"\n");
    if (generator_chance(g, 50)) PUT("  effective %s\n", PICK(g, dates));
    if (generator_chance(g, 60))
        PUT("override parameter cap : count\n  %u from 2026-02-01 to 2026-05-31\n", generator_below(g, 6));
    if (generator_chance(g, 40)) PUT("override codes some_places : pos\n  %s\n", PICK(g, places));
    if (generator_chance(g, 40)) {
        PUT("override clause c1\n  cite \"o\"\n  require ");
        value_condition(g);
        PUT("\n  deny CO-11 \"{units}\"\n");
    }
    if (generator_chance(g, 40)) {
        PUT("exception below to c1\n  cite \"e\"\n  when ");
        code_condition(g, false);
        PUT("\n");
    }
    return base_text_string(&g->out);
}
