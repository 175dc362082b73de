/* Writing the tree for people: one node a line, children indented, types once the checker has run. */
#include "lang/program.h"

#include <inttypes.h>

typedef struct dumper {
    base_text *out;
    const lang_program *program;
    size_t depth;
} dumper;

static void line(dumper *d, const char *label)
{
    base_text_repeat(d->out, ' ', d->depth * 2);
    base_text_put(d->out, label);
}

static void end(dumper *d, const lang_expression *expression)
{
    if (expression->type.kind != LANG_TYPE_ERROR) {
        base_text_format(d->out, "  : %s", lang_type_label(d->program->schema, d->out->arena, expression->type));
    }
    base_text_put(d->out, "\n");
}

static void expression(dumper *d, const char *role, const lang_expression *node);

static void items(dumper *d, const lang_items *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const lang_item *item = &list->items[i];
        if (item->any || item->absent) {
            line(d, item->any ? "any\n" : "absent\n");
        } else if (item->high != NULL) {
            expression(d, "from", item->low);
            expression(d, "to", item->high);
        } else {
            expression(d, "item", item->low);
        }
    }
}

static void quantified(dumper *d, const lang_expression *node)
{
    static const char *const names[] = {"exists",     "no",       "every",  "at most", "at least", "more than",
                                        "fewer than", "count of", "sum of", "min of",  "max of"};
    static const char *const cuts[] = {"", ", so far", ", earlier"};
    base_text_format(d->out, "%s, %s", names[node->as.quantified.quantifier],
                     lang_window_name(node->as.quantified.window.kind));
    if (node->as.quantified.window.length > 0)
        base_text_format(d->out, ", N = %" PRId64, node->as.quantified.window.length);
    base_text_put(d->out, cuts[node->as.quantified.window.cut]);
    if (node->as.quantified.distinct) base_text_put(d->out, ", distinct");
    if (node->as.quantified.key != LANG_HISTORY_MEMBER)
        base_text_format(d->out, ", of the %s", lang_history_key_name(node->as.quantified.key));
    if (node->as.quantified.binder.text != NULL) base_text_format(d->out, ", as %s", node->as.quantified.binder.text);
    end(d, node);
    d->depth++;
    if (node->as.quantified.bound != NULL) expression(d, "bound", node->as.quantified.bound);
    if (node->as.quantified.value != NULL) expression(d, "value", node->as.quantified.value);
    if (node->as.quantified.second != NULL) expression(d, "and", node->as.quantified.second);
    expression(d, "over", node->as.quantified.collection);
    if (node->as.quantified.window.bound != NULL) expression(d, "window", node->as.quantified.window.bound);
    if (node->as.quantified.where != NULL) expression(d, "where", node->as.quantified.where);
    d->depth--;
}

static void binary(dumper *d, const lang_expression *node, const char *name)
{
    base_text_put(d->out, name);
    end(d, node);
    d->depth++;
    expression(d, "left", node->as.binary.left);
    if (node->as.binary.right != NULL) expression(d, "right", node->as.binary.right);
    d->depth--;
}

/* Long because there is a case for each kind of expression. */
static void expression(dumper *d, const char *role, const lang_expression *node)
{
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">=", "+", "-", "*", "/"};
    static const char *const inclusions[] = {"include", "include any of", "include all of", "include none of",
                                             "include only"};
    if (node == NULL) return;
    line(d, role);
    base_text_put(d->out, " ");
    switch (node->kind) {
    case LANG_LITERAL:
        base_text_format(d->out, "literal %s", node->as.literal.spelling);
        end(d, node);
        break;
    case LANG_PATH:
        base_text_format(d->out, "path %s", lang_path_text(d->out->arena, &node->as.path.names));
        end(d, node);
        break;
    case LANG_COMPARE:
    case LANG_ARITHMETIC: binary(d, node, operators[node->as.binary.operator_kind]); break;
    case LANG_NOT: binary(d, node, "not"); break;
    case LANG_NEGATE: binary(d, node, "minus"); break;
    case LANG_AND: binary(d, node, "and"); break;
    case LANG_OR: binary(d, node, "or"); break;
    case LANG_CONTAIN: binary(d, node, "contain"); break;
    case LANG_OVERLAP: binary(d, node, "overlaps"); break;
    case LANG_OR_ELSE: binary(d, node, "or else"); break;
    case LANG_BETWEEN:
        base_text_put(d->out, "between");
        end(d, node);
        d->depth++;
        expression(d, "value", node->as.between.value);
        expression(d, "low", node->as.between.low);
        expression(d, "high", node->as.between.high);
        d->depth--;
        break;
    case LANG_IN:
    case LANG_INCLUDE:
        base_text_put(d->out, node->kind == LANG_IN ? "in" : inclusions[node->as.membership.inclusion]);
        end(d, node);
        d->depth++;
        expression(d, "value", node->as.membership.value);
        items(d, &node->as.membership.items);
        d->depth--;
        break;
    case LANG_PRESENCE:
        base_text_put(d->out, node->as.presence.presence == LANG_IS_PRESENT ? "is present" : "is absent");
        end(d, node);
        d->depth++;
        expression(d, "value", node->as.presence.value);
        d->depth--;
        break;
    case LANG_CALL:
        base_text_format(d->out, "table %s", node->as.call.name.text);
        end(d, node);
        d->depth++;
        for (size_t i = 0; i < node->as.call.arguments.count; i++)
            expression(d, "input", node->as.call.arguments.items[i]);
        d->depth--;
        break;
    case LANG_QUANTIFIED: quantified(d, node); break;
    case LANG_PART: {
        static const char *const parts[] = {"year of", "quarter of", "month of", "weekday of"};
        base_text_put(d->out, parts[node->as.part.part]);
        end(d, node);
        d->depth++;
        expression(d, "value", node->as.part.value);
        d->depth--;
        break;
    }
    case LANG_DENIED:
        base_text_format(d->out, "%s is denied by", node->as.denied.subject.text);
        for (size_t i = 0; i < node->as.denied.names.count; i++) {
            base_text_format(d->out, " %s", lang_path_text(d->out->arena, &node->as.denied.names.items[i]));
        }
        end(d, node);
        break;
    case LANG_TALLY: {
        static const char *const tallies[] = {"count", "sum of", "min of", "max of"};
        base_text_format(d->out, "%s%s", node->as.tally.distinct ? "distinct " : "",
                         tallies[node->as.tally.quantifier - LANG_COUNT_OF]);
        end(d, node);
        d->depth++;
        expression(d, "value", node->as.tally.value);
        expression(d, "where", node->as.tally.where);
        d->depth--;
        break;
    }
    }
}

static void clause(dumper *d, const lang_clause *node)
{
    line(d, base_format(d->out->arena, "clause %s, %s %s\n", node->name.text, lang_outcome_name(node->outcome),
                        node->group_reason.text == NULL ? "" : node->group_reason.text));
    d->depth++;
    for (size_t i = 0; i < node->whens.count; i++) expression(d, "when", node->whens.items[i]);
    expression(d, node->forbid ? "forbid" : "require", node->requirement);
    for (size_t i = 0; i < node->exceptions.count; i++) expression(d, "unless", node->exceptions.items[i].condition);
    d->depth--;
}

static void section(dumper *d, const lang_file *file, const lang_section *node)
{
    if (node != NULL) {
        line(d, base_format(d->out->arena, "section \"%s\"\n", node->title));
        d->depth++;
        for (size_t i = 0; i < node->wheres.count; i++) expression(d, "where", node->wheres.items[i]);
        for (size_t i = 0; i < node->lets.count; i++) {
            expression(d, base_format(d->out->arena, "let %s", node->lets.items[i]->name.text),
                       node->lets.items[i]->value);
        }
    }
    size_t count = node == NULL ? file->loose.count : node->clauses.count;
    for (size_t i = 0; i < count; i++) clause(d, node == NULL ? file->loose.items[i] : node->clauses.items[i]);
    if (node != NULL) d->depth--;
}

static void declarations(dumper *d, const lang_file *file)
{
    for (size_t i = 0; i < file->code_sets.count; i++) {
        const lang_code_set *set = file->code_sets.items[i];
        line(d, base_format(d->out->arena, "codes %s : %s\n", set->name.text, set->system_name.text));
        d->depth++;
        for (size_t r = 0; r < set->row_count; r++) {
            if (set->rows[r].except) line(d, "except\n");
            for (size_t k = 0; k < set->rows[r].texts.count; k++) {
                const lang_code_text *text = &set->rows[r].texts.items[k];
                line(d, text->prefix ? "codes " : "code ");
                base_text_format(d->out, "%s%s\n", text->code, text->prefix ? "*" : "");
            }
            items(d, &set->rows[r].items);
        }
        d->depth--;
    }
    for (size_t i = 0; i < file->parameters.count; i++) {
        const lang_parameter *parameter = file->parameters.items[i];
        line(d, base_format(d->out->arena, "parameter %s : %s\n", parameter->name.text, parameter->type_name.text));
        d->depth++;
        for (size_t r = 0; r < parameter->rows.count; r++) expression(d, "value", parameter->rows.items[r].value);
        d->depth--;
    }
    for (size_t i = 0; i < file->tables.count; i++) {
        size_t rows = file->tables.items[i]->rows.count;
        line(d, base_format(d->out->arena, "table %s, %zu rows\n", file->tables.items[i]->name.text,
                            rows == 0 ? 0 : rows - 1));
    }
    for (size_t i = 0; i < file->defines.count; i++) {
        expression(d, base_format(d->out->arena, "define %s", file->defines.items[i]->name.text),
                   file->defines.items[i]->body);
    }
    for (size_t i = 0; i < file->exceptions.count; i++) {
        const lang_exception *exception = file->exceptions.items[i];
        line(d,
             base_format(d->out->arena, "%s %s\n", exception->waiver ? "waiver" : "exception", exception->name.text));
        d->depth++;
        for (size_t w = 0; w < exception->whens.count; w++) expression(d, "when", exception->whens.items[w]);
        d->depth--;
    }
    for (size_t i = 0; i < file->measures.count; i++) {
        const lang_measure *measure = file->measures.items[i];
        line(d, base_format(d->out->arena, "measure %s, for each %s\n", measure->name.text,
                            measure->subject.text == NULL ? "" : measure->subject.text));
        d->depth++;
        expression(d, "where", measure->where);
        for (size_t b = 0; b < measure->by.count; b++) expression(d, "by", measure->by.items[b]);
        expression(d, "value", measure->value);
        d->depth--;
    }
}

void lang_dump_tree(const lang_program *program, base_text *out)
{
    dumper d = {out, program, 0};
    for (size_t i = 0; i < program->files.count; i++) {
        const lang_file *file = program->files.items[i];
        base_text_format(out, "%s %s (%s)\n", file->is_module ? "module" : "policy", file->full_name, file->path);
        d.depth = 1;
        declarations(&d, file);
        section(&d, file, NULL);
        for (size_t c = 0; c < file->clause_overrides.count; c++) {
            line(&d, "override ");
            clause(&d, file->clause_overrides.items[c]);
        }
        for (size_t s = 0; s < file->sections.count; s++) section(&d, file, file->sections.items[s]);
        for (size_t t = 0; t < file->tests.count; t++) {
            line(&d, base_format(out->arena, "test \"%s\"\n", file->tests.items[t]->title.text));
        }
    }
}
