/* adjudge new: beginnings of policies, tables and tests, which compile, are laid out and pass as they are. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "Usage: adjudge new policy NAME --payer PAYER [--folder FOLDER]\n"
    "       adjudge new table NAME [--folder FOLDER]\n"
    "       adjudge new test POLICY.adj [--procedure CODE] [--on DATE]\n"
    "\n"
    "Writes a beginning to go on from; a file that is there already is never touched.\n"
    "\n"
    "  policy  NAME.adj (dots become `_`): a header, a code set, a parameter, one clause, and its tests on both sides "
    "of\n"
    "          the limit\n"
    "  table   NAME.csv, to be edited in a spreadsheet, and NAME.adj, a module that reads it; a policy says `use "
    "NAME`\n"
    "  test    POLICY_tests.adj: for each clause of the policy, what a plain line comes to by it; change the facts "
    "until it\n"
    "          fails, then `adjudge test --coverage` tells what is left\n"
    "\n"
    "  --payer PAYER     the payer as claims name it\n"
    "  --folder FOLDER   where to write; here, unless it is given\n"
    "  --procedure CODE  of the plain line; 90853 unless it is given\n"
    "  --on DATE         its day; today unless it is given\n"
    "\n"
    "Example:\n"
    "  adjudge new policy acme.group_therapy --payer ACME && adjudge test acme_group_therapy.adj --coverage "
    "--boundaries\n";

typedef struct wanted {
    const char *what, *name, *payer, *folder, *procedure;
    int32_t day;
} wanted;

/* Writes a new file whole; false, and says why, where that cannot be or the file is there already. */
static bool write_new(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) {
        fprintf(stderr, "adjudge new: %s %s\n", path,
                errno == EEXIST ? "is there already; nothing was written" : "cannot be written");
        return false;
    }
    size_t length = strlen(text), done = 0;
    while (done < length) {
        ssize_t put = write(file, text + done, length - done);
        if (put <= 0) break;
        done += (size_t)put;
    }
    if (close(file) == 0 && done == length) {
        printf("%s\n", path);
        return true;
    }
    unlink(path);
    fprintf(stderr, "adjudge new: %s cannot be written whole\n", path);
    return false;
}

/* The path of a new file: the folder, the name with `_` for dots, the ending. The caller frees it. */
static char *path_of(const wanted *w, const char *ending)
{
    size_t room = strlen(w->folder) + strlen(w->name) + strlen(ending) + 2;
    char *path = malloc(room);
    if (path == NULL) return NULL;
    int before = snprintf(path, room, "%s/", strcmp(w->folder, ".") == 0 ? "" : w->folder);
    if (strcmp(w->folder, ".") == 0) before = 0;
    snprintf(path + before, room - (size_t)before, "%s%s", w->name, ending);
    for (size_t i = (size_t)before; i < (size_t)before + strlen(w->name); i++) {
        if (path[i] == '.') path[i] = '_';
    }
    return path;
}

/* A name of the language: words of small letters, digits and `_`, parted by dots. */
static bool is_name(const char *name, bool dots)
{
    bool begins = true;
    for (const char *at = name; *at != '\0'; at++) {
        bool letter = *at >= 'a' && *at <= 'z', inner = (*at >= '0' && *at <= '9') || *at == '_';
        if (*at == '.' && (!dots || begins)) return false;
        if (*at != '.' && !letter && (begins || !inner)) return false;
        begins = *at == '.';
    }
    return !begins && strlen(name) <= 64;
}

static int new_policy(const wanted *w)
{
    if (w->payer == NULL) return cli_usage_error("new", "a policy needs --payer");
    if (strpbrk(w->payer, "\"{}\\\n") != NULL)
        return cli_usage_error("new", "a payer's name has no quotes, braces or backslashes");
    char day[16], *text = NULL, *path = path_of(w, ".adj");
    size_t length;
    adj_write_date(w->day, day);
    int year = atoi(day);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL || path == NULL) {
        if (out != NULL) fclose(out);
        free(text);
        free(path);
        return EXIT_OURS;
    }
    fprintf(out,
            "# What %s pays, by its manual: one clause for each of its sentences.\n"
            "\n"
            "policy %s\n"
            "  title     \"What the manual is about\"\n"
            "  payer     \"%s\"\n"
            "  source    \"Name of the manual, its edition, the chapter\"\n"
            "  effective %d-01-01\n"
            "  review by %d-01-01\n"
            "\n"
            "codes covered_here : cpt\n"
            "  90853\n"
            "\n"
            "parameter most_units_a_day : count = 1\n"
            "  cite \"paragraph of the manual\"\n"
            "\n"
            "section \"Chapter of the manual\"\n"
            "  for each line where procedure in covered_here\n"
            "\n"
            "clause units_of_a_day\n"
            "  cite    \"paragraph of the manual\"\n"
            "  require units <= most_units_a_day\n"
            "  deny    CO-151 as limit \"{units} units on {date}; {most_units_a_day} is paid.\"\n"
            "\n"
            "test \"as many units as are paid\"\n"
            "  given   line 90853 on %d-01-15, units 1\n"
            "  expect  pass by units_of_a_day\n"
            "\n"
            "test \"and one more\"\n"
            "  given   line 90853 on %d-01-15, units 2\n"
            "  expect  deny CO-151 by units_of_a_day\n"
            "\n"
            "test \"from its first day on\"\n"
            "  given   line 90853 on %d-12-31, units 2\n"
            "          line 90853 on %d-01-01, units 2\n"
            "  expect  not applicable by units_of_a_day on line 1\n"
            "  expect  deny CO-151 by units_of_a_day on line 2\n",
            w->payer, w->name, w->payer, year, year + 1, year, year, year - 1, year);
    int code = fclose(out) == 0 && write_new(path, text) ? EXIT_CLEAN : EXIT_INPUT;
    free(text);
    free(path);
    return code;
}

static int new_table(const wanted *w)
{
    char *rows = path_of(w, ".csv"), *module = path_of(w, ".adj"), *text = NULL;
    size_t length;
    FILE *out = rows == NULL || module == NULL ? NULL : open_memstream(&text, &length);
    if (out == NULL) {
        free(rows);
        free(module);
        return EXIT_OURS;
    }
    const char *file = strrchr(rows, '/');
    fprintf(out,
            "# The rows are in the CSV file; `adjudge table diff OLD NEW --key procedure,pos` tells how they changed.\n"
            "\n"
            "module %s\n"
            "\n"
            "table %s (procedure, pos) gives (units_a_day: count)\n"
            "  unique\n"
            "  from \"%s\"\n",
            w->name, w->name, file == NULL ? rows : file + 1);
    bool good = fclose(out) == 0;
    if (access(module, F_OK) == 0) {
        fprintf(stderr, "adjudge new: %s is there already; nothing was written\n", module);
        good = false;
    }
    good = good && write_new(rows, "procedure,pos,units_a_day\n90853,11,1\n90853,10,1\n") && write_new(module, text);
    free(text);
    free(rows);
    free(module);
    return good ? EXIT_CLEAN : EXIT_INPUT;
}

/* ---- tests ---- */

/* What a plain line comes to by the i-th test, as its difference says; "pass" where there is none. */
static bool word_of(adj_policies *policies, const char *policy, const char *clause, char word[80])
{
    adj_options options = {.evaluator = ADJ_EVALUATOR_INTERPRETER};
    for (size_t i = 0; i < adj_policies_test_count(policies); i++) {
        adj_test_result result;
        if (adj_policies_run_test(policies, i, &options, &result) != ADJ_OK) return false;
        if (strcmp(result.policy, policy) != 0 || strcmp(result.title, clause) != 0) continue;
        const char *actual = result.passed ? NULL : strstr(result.difference, "actual    ");
        snprintf(word, 80, "%s", actual == NULL ? "pass" : actual + 10);
        word[strcspn(word, ":\n")] = '\0';
        char *needing = strstr(word, " needing ");
        if (needing != NULL) *needing = '\0';
        return result.passed || actual != NULL;
    }
    return false;
}

/* Writes the tests of a policy's clauses: that they pass, or, with `found`, what they come to. */
static char *write_tests(const wanted *w, const char *policy, const adj_covered *list, size_t count,
                         adj_policies *found)
{
    char day[16], tests[128], *text = NULL;
    size_t length;
    adj_write_date(w->day, day);
    snprintf(tests, sizeof tests, "%s_tests", policy);
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return NULL;
    fprintf(out,
            "# What a plain line comes to by each clause. Change the facts until each one fails, on both sides of its "
            "limits.\n"
            "\n"
            "policy %s extends %s\n"
            "  title     \"Tests\"\n"
            "  payer     \"TESTS OF %s\"\n",
            tests, policy, policy);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        char word[80] = "pass";
        if (list[i].kind != ADJ_COVERED_CLAUSE || strcmp(list[i].policy, policy) != 0) continue;
        if (found != NULL) good = word_of(found, tests, list[i].name, word) && good;
        fprintf(out, "\ntest \"%s\"\n  given   line %s on %s\n  expect  %s by %s\n", list[i].name, w->procedure, day,
                word, list[i].name);
    }
    if (fclose(out) == 0 && good) return text;
    free(text);
    return NULL;
}

/* Compiles the policy, and a draft of its tests beside it where there is one. */
static int compile(const char *policy, const char *draft, adj_policies **policies)
{
    cli_texts files = {0};
    bool added = cli_texts_add(&files, policy) && (draft == NULL || cli_texts_add(&files, draft));
    int code = added ? cli_compile(&files, ADJ_EVALUATOR_INTERPRETER, cli_today(), false, policies) : EXIT_OURS;
    cli_texts_free(&files);
    return code;
}

static bool write_draft(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fputs(text, file) >= 0;
    if (file != NULL) good = fclose(file) == 0 && good;
    return good;
}

static int new_test(const wanted *w)
{
    size_t stem = strlen(w->name), count = 0;
    if (stem < 5 || strcmp(w->name + stem - 4, ".adj") != 0)
        return cli_usage_error("new", "%s is no .adj file", w->name);
    char *path = malloc(stem + 16), *draft = malloc(stem + 16), *text = NULL, *plain = NULL;
    adj_policies *policies = NULL, *with_draft = NULL;
    int code = path == NULL || draft == NULL ? EXIT_OURS : compile(w->name, NULL, &policies);
    const adj_covered *list = code == EXIT_CLEAN ? adj_policies_coverage(policies, &count) : NULL;
    const char *policy = NULL;
    for (size_t i = 0; i < count; i++) {
        if (list[i].kind == ADJ_COVERED_CLAUSE && strcmp(list[i].file, w->name) == 0) policy = list[i].policy;
    }
    if (code == EXIT_CLEAN && policy == NULL) {
        fprintf(stderr, "adjudge new: %s has no clauses to test\n", w->name);
        code = EXIT_INPUT;
    }
    if (code == EXIT_CLEAN) {
        snprintf(path, stem + 16, "%.*s_tests.adj", (int)stem - 4, w->name);
        snprintf(draft, stem + 16, "%.*s_tests.new", (int)stem - 4, w->name);
        plain = write_tests(w, policy, list, count, NULL);
        if (plain == NULL || !write_draft(draft, plain)) code = EXIT_OURS;
        if (code == EXIT_CLEAN) code = compile(w->name, draft, &with_draft);
        unlink(draft);
        text = code != EXIT_CLEAN ? NULL : write_tests(w, policy, list, count, with_draft);
        if (code == EXIT_CLEAN && text == NULL) code = EXIT_OURS;
        if (code == EXIT_CLEAN && !write_new(path, text)) code = EXIT_INPUT;
    }
    adj_policies_free(with_draft);
    adj_policies_free(policies);
    free(plain);
    free(text);
    free(path);
    free(draft);
    return code;
}

/* ---- options ---- */

static int read_options(int count, char **arguments, wanted *w)
{
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        bool option = argument[0] == '-';
        if (option && value == NULL) return cli_usage_error("new", "%s takes a value", argument);
        if (strcmp(argument, "--payer") == 0)
            w->payer = value;
        else if (strcmp(argument, "--folder") == 0)
            w->folder = value;
        else if (strcmp(argument, "--procedure") == 0)
            w->procedure = value;
        else if (strcmp(argument, "--on") == 0 && !adj_read_date(value, &w->day))
            return cli_usage_error("new", "--on takes a date such as 2026-01-05, not %s", value);
        else if (option && strcmp(argument, "--on") != 0)
            return cli_usage_error("new", "there is no option %s", argument);
        else if (!option && w->what == NULL)
            w->what = argument;
        else if (!option && w->name == NULL)
            w->name = argument;
        else if (!option)
            return cli_usage_error("new", "%s is one name too many", argument);
        if (option) i++;
    }
    return EXIT_CLEAN;
}

int cli_new(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    wanted w = {.folder = ".", .procedure = "90853", .day = cli_today()};
    int code = read_options(count, arguments, &w);
    if (code != EXIT_CLEAN) return code;
    if (w.what == NULL || w.name == NULL)
        return cli_usage_error("new", "say what, policy, table or test, and its name");
    if (strcmp(w.what, "test") == 0) return new_test(&w);
    bool policy = strcmp(w.what, "policy") == 0, table = strcmp(w.what, "table") == 0;
    if (!policy && !table) return cli_usage_error("new", "policy, table or test, not %s", w.what);
    if (!is_name(w.name, policy))
        return cli_usage_error("new", "%s is no name: small letters, digits and `_`%s", w.name,
                               policy ? ", in parts with dots between" : "");
    return policy ? new_policy(&w) : new_table(&w);
}
