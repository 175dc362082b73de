/* adjudge history: what a store knows of members. */
#include "cli/report.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: adjudge history --store WHERE [--member ID]... [options]\n"
    "\n"
    "Lists the service lines that a store knows, those of claims that were replaced or voided marked so.\n"
    "\n"
    "  --store WHERE    an SQLite file, or a PostgreSQL server: postgresql://user@host/database\n"
    "  --member ID      only this member; may be given several times; without it all\n"
    "  --import NUMBER  what was known after that import; without it what is known now\n"
    "  --format WORD    text (the default), json (an object a line) or csv\n"
    "\n"
    "Exit codes: 0 listed; 2 the store cannot be read; 3 adjudge itself failed.\n";

typedef struct history_options {
    const char *store, *format;
    cli_texts members;
    int64_t import;
} history_options;

static int read_options(int count, char **arguments, history_options *options)
{
    options->format = "text";
    for (int i = 1; i < count; i += 2) {
        const char *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (value == NULL) return cli_usage_error("history", "%s takes a value", name);
        char *end = NULL;
        if (strcmp(name, "--store") == 0) {
            options->store = value;
        } else if (strcmp(name, "--member") == 0) {
            if (!cli_texts_add(&options->members, value)) return EXIT_OURS;
        } else if (strcmp(name, "--import") == 0) {
            options->import = strtoll(value, &end, 10);
            if (*end != '\0' || end == value || options->import < 1)
                return cli_usage_error("history", "--import takes the number of an import, from 1");
        } else if (strcmp(name, "--format") == 0) {
            options->format = value;
            if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0 && strcmp(value, "csv") != 0)
                return cli_usage_error("history", "--format takes text, json or csv");
        } else {
            return cli_usage_error("history", "there is no option %s", name);
        }
    }
    return options->store == NULL ? cli_usage_error("history", "no store was given; add --store WHERE") : EXIT_CLEAN;
}

static const char *state_of(const adj_history_line *line)
{
    return line->retired ? "replaced" : *line->status != '\0' ? line->status : "unknown";
}

static void show_text(const adj_history_line *line, const char *date)
{
    char money[40] = "";
    if (line->charge_known) cli_money(line->charge, money);
    printf("%-14s %-10s %-16s line %-3lld %-6s %-8s %6s %12s  %-9s %s\n", line->member, date, line->claim,
           (long long)line->number, line->procedure, line->modifiers, line->units, money, state_of(line),
           line->own ? "own claim" : "payer");
}

static void show_json(const adj_history_line *line, const char *date)
{
    json_t *object = json_object();
    const struct {
        const char *name, *text;
    } texts[] = {
        {"member", line->member},       {"date", date},         {"claim", line->claim}, {"procedure", line->procedure},
        {"modifiers", line->modifiers}, {"units", line->units}, {"payer", line->payer}, {"status", line->status}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        json_object_set_new(object, texts[i].name, *texts[i].text == '\0' ? json_null() : json_string(texts[i].text));
    if (*line->modifiers == '\0') json_object_set_new(object, "modifiers", json_string(""));
    json_object_set_new(object, "line", json_integer(line->number));
    json_object_set_new(object, "charge_cents", line->charge_known ? json_integer(line->charge) : json_null());
    json_object_set_new(object, "retired", json_boolean(line->retired));
    json_object_set_new(object, "known_from", json_string(line->own ? "own_claims" : "payer"));
    json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static void csv_text(const char *text, bool last)
{
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote) putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    if (quote) putchar('"');
    putchar(last ? '\n' : ',');
}

static void show_csv(const adj_history_line *line, const char *date)
{
    char number[24], charge[40] = "";
    snprintf(number, sizeof number, "%lld", (long long)line->number);
    if (line->charge_known) {
        uint64_t size = line->charge < 0 ? 0 - (uint64_t)line->charge : (uint64_t)line->charge;
        snprintf(charge, sizeof charge, "%s%llu.%02llu", line->charge < 0 ? "-" : "", (unsigned long long)(size / 100),
                 (unsigned long long)(size % 100));
    }
    const char *const cells[] = {line->member,
                                 date,
                                 line->claim,
                                 number,
                                 line->procedure,
                                 line->modifiers,
                                 line->units,
                                 charge,
                                 line->payer,
                                 line->status,
                                 line->retired ? "yes" : "no",
                                 line->own ? "own_claims" : "payer"};
    size_t count = sizeof cells / sizeof *cells;
    for (size_t i = 0; i < count; i++) csv_text(cells[i], i + 1 == count);
}

static void show(const history_options *options, adj_encounters *encounters)
{
    bool json = strcmp(options->format, "json") == 0, csv = strcmp(options->format, "csv") == 0;
    if (csv) puts("member,date,claim,line,procedure,modifiers,units,charge,payer,status,retired,known_from");
    size_t count = adj_encounters_history_count(encounters);
    for (size_t i = 0; i < count; i++) {
        adj_history_line line = adj_encounters_history_line(encounters, i);
        char date[16] = "";
        if (line.dated) adj_write_date(line.date, date);
        if (json)
            show_json(&line, date);
        else if (csv)
            show_csv(&line, date);
        else
            show_text(&line, date);
    }
    if (!json && !csv) printf("%zu line%s\n", count, count == 1 ? "" : "s");
}

static int run(const history_options *options)
{
    adj_store *store = NULL;
    adj_encounters *encounters = adj_encounters_new(NULL);
    if (encounters == NULL) return EXIT_OURS;
    adj_status status = adj_store_open(options->store, true, NULL, &store);
    for (size_t i = 0; status == ADJ_OK && i < options->members.count; i++)
        status = adj_store_load_member(store, encounters, options->members.items[i], options->import);
    if (status == ADJ_OK && options->members.count == 0)
        status = adj_store_load_all(store, encounters, options->import);
    if (status == ADJ_OK) status = adj_encounters_finish(encounters);
    if (status == ADJ_OK)
        show(options, encounters);
    else
        fprintf(stderr, "adjudge history: %s\n", adj_store_message(store));
    adj_encounters_free(encounters);
    adj_store_free(store);
    return status == ADJ_OK ? EXIT_CLEAN : status == ADJ_OUT_OF_MEMORY ? EXIT_OURS : EXIT_INPUT;
}

int cli_history(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    history_options options = {0};
    int code = read_options(count, arguments, &options);
    if (code == EXIT_CLEAN) code = run(&options);
    cli_texts_free(&options.members);
    return code;
}
