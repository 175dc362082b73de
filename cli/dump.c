/* adjudge dump: shows a policy as the compiler sees it. */
#include "cli/cli.h"

#include <string.h>

static const char usage[] =
    "Usage: adjudge dump --stage tokens|ast|plan|kernels|ir|asm FILE...\n"
    "       adjudge dump --stage schema [FILE...]\n"
    "       adjudge dump --stage files\n"
    "\n"
    "Shows a policy at one stage of its compilation:\n"
    "  tokens  the words of the text      ast  the tree, with types      plan  the steps that both evaluators run\n"
    "  kernels what is done for many lines at a time: shapes that clauses share, their inputs and constants\n"
    "  ir      LLVM's intermediate code   asm  machine code of this processor\n"
    "  schema  every record and field that policies can name, with those that the files add\n"
    "  files   every side file and column that can be read beside claims\n"
    "\n"
    "Example:\n"
    "  adjudge dump --stage plan policies/ct_medicaid_clinic.adj\n";

static bool read_stage(const char *word, adj_stage *stage)
{
    static const char *const words[] = {"tokens", "ast", "plan", "ir", "asm", "schema", "kernels"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) != 0) continue;
        *stage = (adj_stage)i;
        return true;
    }
    return false;
}

typedef struct dump_options {
    cli_texts files;
    adj_stage stage;
    bool staged, side_files;
} dump_options;

static int read_options(int count, char **arguments, dump_options *options)
{
    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (strcmp(argument, "--stage") == 0) {
            i++;
            options->side_files = i < count && strcmp(arguments[i], "files") == 0;
            options->staged = options->side_files || (i < count && read_stage(arguments[i], &options->stage));
            if (!options->staged)
                return cli_usage_error("dump", "--stage takes tokens, ast, plan, kernels, ir, asm, schema or files");
        } else if (argument[0] == '-' && argument[1] != '\0') {
            return cli_usage_error("dump", "there is no option %s", argument);
        } else if (!cli_find_policies(argument, &options->files)) {
            return EXIT_INPUT;
        }
    }
    if (!options->staged) return cli_usage_error("dump", "--stage is missing");
    if (options->side_files) return EXIT_CLEAN;
    if (options->files.count == 0 && options->stage != ADJ_STAGE_SCHEMA)
        return cli_usage_error("dump", "no policy file was given");
    return EXIT_CLEAN;
}

/* Without files there is the standard schema to show: an empty module has it. */
static int compile(const dump_options *options, adj_policies **policies)
{
    if (options->files.count > 0) return cli_compile(&options->files, ADJ_EVALUATOR_INTERPRETER, 0, false, policies);
    const char *name = "schema", *text = "module standard_only\n";
    adj_status status = adj_policies_compile_text(&name, &text, 1, NULL, policies);
    return status == ADJ_OK ? EXIT_CLEAN : EXIT_OURS;
}

static int show_side_files(void)
{
    char *text = NULL;
    if (adj_describe_files(NULL, &text) != ADJ_OK) return EXIT_OURS;
    fputs(text, stdout);
    adj_text_free(text, NULL);
    return fflush(stdout) == 0 ? EXIT_CLEAN : EXIT_OURS;
}

static int show(const dump_options *options)
{
    if (options->side_files) return show_side_files();
    adj_policies *policies = NULL;
    int code = compile(options, &policies);
    /* What did not compile still has words and a tree. */
    const char *text = policies == NULL ? NULL : adj_policies_dump(policies, options->stage);
    if (text != NULL) fputs(text, stdout);
    if (text == NULL && code == EXIT_CLEAN) {
        code = cli_usage_error("dump", "this build has no LLVM, so it has no such stage");
    }
    adj_policies_free(policies);
    return code;
}

int cli_dump(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    dump_options options = {.stage = ADJ_STAGE_PLAN};
    int code = read_options(count, arguments, &options);
    if (code == EXIT_CLEAN) code = show(&options);
    cli_texts_free(&options.files);
    return code;
}
