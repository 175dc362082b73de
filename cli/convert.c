/* adjudge convert: reads claims and what lies beside them, and writes them in another form. */
#include "cli/inputs.h"
#include "cli/output.h"

#include <string.h>

static const char usage[] = "Usage: adjudge convert CLAIMS... --to FORM [--output FOLDER] [--with FILE]... [options]\n"
                            "\n"
                            "Writes what was read in another form; reading that again gives the same.\n"
                            "\n"
                            "  --to FORM        837 (professional claims), 835 (answers of payers), ndjson or csv "
                            "(all, in Adjudge's own layout)\n"
                            "  --output FOLDER  where to write: claims.837, payments.835, lines.ndjson and "
                            "side.ndjson, or lines.csv, sessions.csv\n"
                            "                   and so on; without it 837 and 835 go to standard output\n"
                            "  --with FILE      what lies beside the claims, as in `adjudge check`\n"
                            "  --policy PATH    policy files that declare records and fields of your own\n"
                            "  --columns, --rejects   as in `adjudge check`\n"
                            "\n"
                            "Exit codes: 0 all was written; 2 a record could not be read, or the form cannot hold it; "
                            "3 adjudge itself failed.\n";

static const struct {
    const char *word, *file;
    adj_form form;
} forms[] = {{"837", "claims.837", ADJ_FORM_837P},
             {"835", "payments.835", ADJ_FORM_835},
             {"ndjson", "lines.ndjson", ADJ_FORM_NDJSON},
             {"csv", "lines.csv", ADJ_FORM_CSV}};

static int read_files(const cli_inputs *inputs, adj_encounters *encounters)
{
    const cli_texts *lists[] = {&inputs->columns, &inputs->claims, &inputs->sides};
    const adj_role roles[] = {ADJ_ROLE_BY_CONTENT, ADJ_ROLE_JUDGED, ADJ_ROLE_BESIDE};
    int code = EXIT_CLEAN;
    for (size_t l = 0; l < 3; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            adj_status status = adj_encounters_read_as(encounters, lists[l]->items[i], roles[l]);
            if (status == ADJ_OUT_OF_MEMORY) return EXIT_OURS;
            if (status != ADJ_OK) code = EXIT_INPUT;
        }
    }
    cli_show_problems(encounters);
    if (cli_write_rejects(inputs, encounters) != EXIT_CLEAN) return EXIT_INPUT;
    return adj_encounters_rejected_count(encounters) > 0 ? EXIT_INPUT : code;
}

static int write_form(adj_encounters *encounters, size_t form, const char *folder)
{
    cli_output output;
    adj_written written;
    int code = cli_output_begin(&output, "convert", folder);
    if (code != EXIT_CLEAN) return code;
    adj_status status =
        adj_encounters_write(encounters, forms[form].form, forms[form].file, cli_output_write, &output, &written);
    code = cli_output_end(&output, "convert");
    if (status != ADJ_OK && code == EXIT_CLEAN) code = EXIT_OURS;
    if (code != EXIT_CLEAN) return code;
    if (written.claims > 0)
        fprintf(stderr, "%zu claim%s, %zu line%s.\n", written.claims, written.claims == 1 ? "" : "s", written.lines,
                written.lines == 1 ? "" : "s");
    if (written.records > 0) fprintf(stderr, "%zu record%s.\n", written.records, written.records == 1 ? "" : "s");
    if (written.not_said > 0)
        fprintf(stderr, "%zu value%s unknown, and will be read back as absent: the form cannot say it.\n",
                written.not_said, written.not_said == 1 ? " is" : "s are");
    if (written.left_out == 0) return EXIT_CLEAN;
    fprintf(stderr, "%zu that the form cannot hold %s left out.\n", written.left_out,
            written.left_out == 1 ? "was" : "were");
    return EXIT_INPUT;
}

static int run(const cli_inputs *inputs, size_t form, const char *folder)
{
    adj_policies *policies = NULL;
    adj_encounters *encounters = NULL;
    int code = cli_inputs_begin(inputs, &policies, &encounters);
    if (code == EXIT_CLEAN) {
        int read = read_files(inputs, encounters);
        code = read == EXIT_OURS ? read : write_form(encounters, form, folder);
        if (code == EXIT_CLEAN) code = read;
    }
    adj_encounters_free(encounters);
    adj_policies_free(policies);
    return code;
}

int cli_convert(int count, char **arguments)
{
    if (cli_wants_help(count, arguments)) {
        fputs(usage, stdout);
        return EXIT_CLEAN;
    }
    enum { FORMS = sizeof forms / sizeof *forms };
    cli_inputs inputs = {.command = "convert"};
    const char *folder = NULL;
    size_t form = FORMS;
    int code = EXIT_CLEAN;
    for (int i = 1; i < count && code == EXIT_CLEAN; i++) {
        const char *name = arguments[i], *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (name[0] != '-' || name[1] == '\0') {
            code = cli_texts_add(&inputs.claims, name) ? EXIT_CLEAN : EXIT_OURS;
            continue;
        }
        if (strcmp(name, "--to") == 0) {
            for (form = 0; value != NULL && form < FORMS && strcmp(forms[form].word, value) != 0;) form++;
            if (value == NULL || form == FORMS) code = cli_usage_error("convert", "--to takes 837, 835, ndjson or csv");
        } else if (strcmp(name, "--output") == 0) {
            folder = value;
            if (value == NULL) code = cli_usage_error("convert", "--output takes a folder");
        } else {
            code = cli_inputs_option(&inputs, name, value);
            if (code < 0) code = cli_usage_error("convert", "there is no option %s", name);
        }
        i++;
    }
    if (code == EXIT_CLEAN && inputs.claims.count + inputs.sides.count == 0)
        code = cli_usage_error("convert", "no file was given");
    if (code == EXIT_CLEAN && form == FORMS) code = cli_usage_error("convert", "no form was given; add --to FORM");
    bool several = form < FORMS && (forms[form].form == ADJ_FORM_NDJSON || forms[form].form == ADJ_FORM_CSV);
    if (code == EXIT_CLEAN && several && folder == NULL)
        code = cli_usage_error("convert", "%s is several files; add --output FOLDER", forms[form].word);
    if (code == EXIT_CLEAN && inputs.policy_missing) code = EXIT_INPUT;
    if (code == EXIT_CLEAN) code = run(&inputs, form, folder);
    cli_inputs_free(&inputs);
    return code;
}
