/* Adjudge: predicts what a payer will deny, and names the clause that will cause it.
 *
 * The three steps of every use:
 *
 *     adj_policies *policies;
 *     if (adj_policies_compile(paths, count, NULL, &policies) != ADJ_OK) show(adj_policies_diagnostics(policies));
 *
 *     adj_encounters *encounters = adj_encounters_new(NULL);
 *     adj_encounters_read(encounters, "claims.837");
 *     adj_encounters_read(encounters, "sessions.csv");
 *     adj_encounters_finish(encounters);
 *
 *     adj_results *results;
 *     adj_evaluate(policies, encounters, NULL, &results);
 *     for (size_t i = 0; i < adj_results_count(results); i++) { ... adj_results_line(results, i) ... }
 *
 * Compiled policies are immutable: any number of threads may evaluate with them. An adj_encounters or adj_results
 * belongs to one thread at a time. Nothing here prints, exits or keeps global state. Handles are released with their
 * `_free` function; texts and arrays reached through a handle live as long as the handle. */
#ifndef ADJUDGE_H
#define ADJUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADJ_API __attribute__((visibility("default")))

typedef enum adj_status {
    ADJ_OK,
    ADJ_INVALID_POLICY, /* the policies have errors; see adj_policies_diagnostics */
    ADJ_INVALID_INPUT,  /* an input file cannot be read as what it is */
    ADJ_NOT_FOUND,      /* there is no such file, field or line */
    ADJ_OUT_OF_MEMORY,
    ADJ_INTERNAL /* our own failure: the two evaluators differ, machine code could not be made */
} adj_status;

/* Where memory comes from. `reallocate(state, NULL, n)` allocates, `(state, p, 0)` frees. */
typedef struct adj_allocator {
    void *(*reallocate)(void *state, void *block, size_t size);
    void *state;
} adj_allocator;

typedef enum adj_evaluator {
    ADJ_EVALUATOR_BEST, /* kernels over many lines, interpreted at first; machine code where it pays and this build has it */
    ADJ_EVALUATOR_INTERPRETER, /* one step after the other, line by line: the meaning */
    ADJ_EVALUATOR_MACHINE,     /* machine code from the first line on */
    ADJ_EVALUATOR_BOTH         /* in every way, and fail with ADJ_INTERNAL on any difference */
} adj_evaluator;

typedef struct adj_options {
    adj_evaluator evaluator;
    const adj_allocator *allocator; /* NULL for the C library's, from which machine code is in any case */
    bool colour;                    /* of diagnostics */
    int32_t today;                  /* for `review by`: days since 1970-01-01; 0 to leave review dates alone */
    bool keep_sources;              /* of policies: see adj_policies_source */
    bool
        redact; /* problems of inputs, lines and explanations say "(hidden)" for what tells who a member is: identifier, birth,
                    death, sex, state, age, numbers of authorizations and referrals, and texts that could not be read */
    unsigned
        threads; /* of adj_evaluate: how many judge lines; of adj_encounters_new: how many read claims and payments (837, 835) and finish; 0 and 1: only
                    the calling one. An allocator of one's own must then be safe on threads. Results are the same for any number */
    const char
        *code_cache; /* of policies: a directory where machine code is kept for the next time; NULL for none. It is made
                               where it is missing. Only what is the user's own, and nobody else's to write, is run */
    unsigned batch;  /* of adj_evaluate: lines that are judged at once, at most 4,096; 0 for the best number */
} adj_options;

/* What a clause says of a line. */
typedef enum adj_clause_verdict {
    ADJ_CLAUSE_NOT_APPLICABLE,
    ADJ_CLAUSE_PASS,
    ADJ_CLAUSE_FAIL,
    ADJ_CLAUSE_EXCUSED,
    ADJ_CLAUSE_CANNOT_TELL,
    ADJ_CLAUSE_WAIVED /* it fails, or cannot be told, and a waiver lets the line go; explained and counted all the same */
} adj_clause_verdict;

/* What all clauses together say of a line; in the order in which one silences another. */
typedef enum adj_verdict {
    ADJ_DENY,
    ADJ_REVIEW,
    ADJ_CANNOT_TELL,
    ADJ_REDUCE,
    ADJ_AUDIT,
    ADJ_WARN,
    ADJ_PASS,
    ADJ_NOT_ADJUDICATED, /* no policy is for the payer, plan and product, or the claim is a void */
    ADJ_UNREADABLE,      /* the line's data is malformed; see its problems */
    ADJ_VERDICT_COUNT
} adj_verdict;

typedef enum adj_severity { ADJ_SEVERITY_ERROR, ADJ_SEVERITY_WARNING, ADJ_SEVERITY_NOTE } adj_severity;

/* Something that was wrong with an input, and where. `segment` and `line` count from 1; 0 where they don't apply. */
typedef struct adj_problem {
    adj_severity severity;
    const char *file;
    size_t segment;      /* X12: the segment's number in the file */
    size_t line;         /* of text */
    size_t column;       /* the byte within the line, from 1 */
    const char *code;    /* stable: D0101 and so on, see docs/formats.md */
    const char *message; /* what was found and what was expected */
    const char *claim;   /* the claim's identifier where one is known, else NULL */
} adj_problem;

typedef struct adj_policies adj_policies;
typedef struct adj_encounters adj_encounters;
typedef struct adj_results adj_results;
typedef struct adj_explanation adj_explanation;
typedef struct adj_measure adj_measure;

/* The words "deny", "cannot tell" and so on. */
ADJ_API const char *adj_verdict_name(adj_verdict verdict);
ADJ_API const char *adj_clause_verdict_name(adj_clause_verdict verdict);
ADJ_API const char *adj_status_name(adj_status status);
ADJ_API const char *adj_version(void);

/* Whether this build makes machine code. */
ADJ_API bool adj_has_machine_code(void);

/* ---- policies ---- */

/* Compiles policy files (not folders) and the modules they use. Always sets *policies, unless memory ran out: after an
 * error it holds the diagnostics. `options` may be NULL. */
ADJ_API adj_status adj_policies_compile(const char *const *paths, size_t count, const adj_options *options,
                                        adj_policies **policies);

/* The same over texts: texts[i] is the content of the file that names[i] calls. Modules are looked for among them. */
ADJ_API adj_status adj_policies_compile_text(const char *const *names, const char *const *texts, size_t count,
                                             const adj_options *options, adj_policies **policies);

/* The same where not every text is a policy file of its own: `paths` are, and the texts hold them and what they use, tables
 * too. texts[i] has lengths[i] bytes. */
ADJ_API adj_status adj_policies_compile_sources(const char *const *paths, size_t path_count, const char *const *names,
                                                const char *const *texts, const size_t *lengths, size_t count,
                                                const adj_options *options, adj_policies **policies);
ADJ_API void adj_policies_free(adj_policies *policies);

/* Errors and warnings, drawn under their source lines; "" if there are none. */
ADJ_API const char *adj_policies_diagnostics(const adj_policies *policies);
ADJ_API size_t adj_policies_error_count(const adj_policies *policies);
ADJ_API size_t adj_policies_clause_count(const adj_policies *policies);
ADJ_API size_t adj_policies_policy_count(const adj_policies *policies);
ADJ_API size_t adj_policies_test_count(const adj_policies *policies);

/* The files that were read to compile, tables too, where options->keep_sources was set: name and bytes (unpacked). */
ADJ_API size_t adj_policies_source_count(const adj_policies *policies);
ADJ_API const char *adj_policies_source(const adj_policies *policies, size_t index, const char **name, size_t *length);

typedef enum adj_stage {
    ADJ_STAGE_TOKENS,
    ADJ_STAGE_AST,
    ADJ_STAGE_PLAN,
    ADJ_STAGE_IR,
    ADJ_STAGE_ASM,
    ADJ_STAGE_SCHEMA, /* the records and fields that the policies can name, as Markdown tables */
    ADJ_STAGE_KERNELS /* what is done for many lines at a time: shapes, their inputs, and the units of clauses */
} adj_stage;

/* Writes one stage of the compilation as text, owned by `policies`; NULL where this build lacks the stage. */
ADJ_API const char *adj_policies_dump(adj_policies *policies, adj_stage stage);

/* Lays a policy file out in its one form. *text is released with adj_text_free. ADJ_INVALID_POLICY if the file does not
 * parse: *text then holds the diagnostics. */
ADJ_API adj_status adj_format(const char *name, const char *source, const adj_options *options, char **text);
ADJ_API void adj_text_free(char *text, const adj_options *options);

/* What a diagnostic's code means, a page of text; NULL for a code that does not exist. Static. */
ADJ_API const char *adj_explain_code(const char *code);

/* The i-th code there is, in the order of the codes; NULL past the last. */
ADJ_API const char *adj_diagnostic_code(size_t index);

/* "unused", the name by which `allow` silences a warning; and what the code is about, in one phrase. */
ADJ_API const char *adj_diagnostic_label(size_t index);
ADJ_API const char *adj_diagnostic_about(size_t index);

/* The layers of the policies as a tree: who extends whom, and what each overrides or excepts. Owned by `policies`. */
ADJ_API const char *adj_policies_layers(adj_policies *policies);

/* ---- encounters ---- */

/* Encounters of the standard schema. */
ADJ_API adj_encounters *adj_encounters_new(const adj_options *options);

/* Encounters that also hold the records and fields that the files of `policies` add to the schema; side files may then
 * bring them. `policies` must outlive the encounters. */
ADJ_API adj_encounters *adj_encounters_new_for(const adj_policies *policies, const adj_options *options);
ADJ_API void adj_encounters_free(adj_encounters *encounters);

/* The day on which claims will be submitted (days since 1970-01-01); without it the transaction's own date counts. */
ADJ_API void adj_encounters_submit_on(adj_encounters *encounters, int32_t day);

/* Pins the run to a day: history of later days was not known then and does not count. */
ADJ_API void adj_encounters_as_of(adj_encounters *encounters, int32_t day);

/* Says that a history feed holds only the provider's own lines: its counts are then lower bounds. */
ADJ_API void adj_encounters_history_is_own(adj_encounters *encounters);

/* Reads a file: X12 (837P, 837I, 835), FHIR R4 (JSON or NDJSON), or one of the side files (CSV, or NDJSON with the same names),
 * plain or packed with gzip or Zstandard; which, is told from its content. Problems are collected; a record that cannot
 * be read is left out or marked, the others are read. ADJ_INVALID_INPUT if nothing in it could be. "-" is standard
 * input. */
ADJ_API adj_status adj_encounters_read(adj_encounters *encounters, const char *path);

/* What the claims of a file are for. */
typedef enum adj_role {
    ADJ_ROLE_BY_CONTENT, /* claims are judged; a history, and benefits that a payer has explained, are only known */
    ADJ_ROLE_JUDGED,     /* all are judged: those of a file of lines and of ExplanationOfBenefit too */
    ADJ_ROLE_BESIDE      /* none is judged: they are known as the provider's own */
} adj_role;
ADJ_API adj_status adj_encounters_read_as(adj_encounters *encounters, const char *path, adj_role role);

/* The same as adj_encounters_read from memory; `name` stands for the path in messages. */
ADJ_API adj_status adj_encounters_read_bytes(adj_encounters *encounters, const char *name, const char *bytes,
                                             size_t length);
ADJ_API adj_status adj_encounters_read_bytes_as(adj_encounters *encounters, const char *name, const char *bytes,
                                                size_t length, adj_role role);

/* Takes the encounters of a batch, and may write, import or count them; they are gone when it returns. False wants no more. */
typedef bool (*adj_take)(void *state, adj_encounters *batch);

/* Reads a file of any size in batches of about so many records, in memory that does not grow with the file. A batch ends between
 * claims or records; what joins them (patients, sessions, claims of several records) is known within a batch alone, and problems
 * are those of the batch. What does not fill a batch stays: read the next file, and at last end the batches. What is compressed, or
 * standard input, goes through a temporary file. One JSON document is read whole, and FHIR resources, which refer to each other
 * also between files, all stay. ADJ_INTERNAL if the taker wanted no more. */
ADJ_API adj_status adj_encounters_read_batches(adj_encounters *encounters, const char *path, adj_role role,
                                               size_t records, adj_take take, void *state);

/* Gives what is left after the last file. */
ADJ_API adj_status adj_encounters_end_batches(adj_encounters *encounters, adj_take take, void *state);

/* ---- Arrow ---- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
/* The Arrow C data interface, as its specification prints it. */
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif

/* Reads a record batch of the Arrow C data interface: a struct whose columns are those of a side file (docs/formats.md). `record` says
 * which ("history", "sessions", ...), or is NULL to tell it from the columns. Columns are texts, numbers, decimals, booleans, days,
 * lists of texts, or dictionaries of these; null is an empty cell. In problems, `line` counts the records from 1. Schema and array are
 * released in any case; both are read, never changed. */
ADJ_API adj_status adj_encounters_read_arrow(adj_encounters *encounters, const char *name, const char *record,
                                             adj_role role, struct ArrowSchema *schema, struct ArrowArray *array);

/* The same for all batches of a stream, which is released in any case. */
ADJ_API adj_status adj_encounters_read_arrow_stream(adj_encounters *encounters, const char *name, const char *record,
                                                    adj_role role, struct ArrowArrayStream *stream);

/* Keeps what cannot be read, in its own format, so that it can be mended and read again. Call before reading. */
ADJ_API void adj_encounters_keep_rejects(adj_encounters *encounters);

/* Inputs that have rejects, and those of one of them: text of *length bytes, and the input's name. */
ADJ_API size_t adj_encounters_rejects_count(const adj_encounters *encounters);
ADJ_API const char *adj_encounters_rejects(const adj_encounters *encounters, size_t index, const char **name,
                                           size_t *length);

/* ---- encounters of any size, in parts ---- */

/* Encounters that do not fit into memory together: they are read in batches to temporary files (in the folder that TMPDIR names),
 * and judged in parts. Members whose lines meet in what the policies ask (of one session, or of one provider where a policy counts
 * a provider's lines) are in the same part, so that the verdicts are those of one run over all. */
typedef struct adj_parts adj_parts;

/* `memory` is how many bytes a part may take while it is judged. NULL when memory runs out. */
ADJ_API adj_parts *adj_parts_new(const adj_policies *policies, size_t memory, const adj_options *options);
ADJ_API void adj_parts_free(adj_parts *parts);

/* What is read into, for the options of reading (adj_encounters_submit_on and so on, adj_encounters_keep_rejects) and the counts of
 * the whole run; its lines and problems go with each batch. */
ADJ_API adj_encounters *adj_parts_encounters(adj_parts *parts);

/* Reads a file; `tell` is given each batch, for its problems, and may be NULL. ADJ_NOT_FOUND as adj_encounters_read;
 * ADJ_INTERNAL where no temporary file can be written; ADJ_INVALID_INPUT also for FHIR, whose resources refer to each other. */
ADJ_API adj_status adj_parts_read(adj_parts *parts, const char *path, adj_role role, adj_take tell, void *state);

/* Ends reading; adj_parts_encounters may have problems to tell of afterwards. ADJ_INVALID_INPUT if what must stay together is larger than `memory` allows: adj_parts_message says what. */
ADJ_API adj_status adj_parts_divide(adj_parts *parts);
ADJ_API size_t adj_parts_count(const adj_parts *parts);
ADJ_API const char *adj_parts_message(const adj_parts *parts);

/* The encounters of a part, not finished yet: the caller's. Their lines are in the order in which they were read, and
 * adj_line.place says where each stands in the run. */
ADJ_API adj_status adj_parts_load(adj_parts *parts, size_t part, adj_encounters **encounters);

/* The side files and their columns as Markdown. *text is released with adj_text_free. */
ADJ_API adj_status adj_describe_files(const adj_options *options, char **text);

/* ---- a store of history and side feeds ---- */

/* A database of what was read: an SQLite file, or a PostgreSQL server (postgresql://...). Belongs to one thread at a time. */
typedef struct adj_store adj_store;

/* Opens a store; a file is made when new, unless `existing` says that it must be there. Always sets *store, unless memory
 * ran out: after a failure it holds the message. */
ADJ_API adj_status adj_store_open(const char *where, bool existing, const adj_options *options, adj_store **store);
ADJ_API void adj_store_free(adj_store *store);
ADJ_API const char *adj_store_message(const adj_store *store);

/* SHA-256 as 64 hexadecimal digits; false where it cannot be worked out, or the file cannot be read. */
ADJ_API bool adj_digest(const char *bytes, size_t length, char digest[65]);
ADJ_API bool adj_digest_file(const char *path, char digest[65]);

/* A file that is imported; role is "claims" for the provider's own claims, else "". */
typedef struct adj_import_file {
    const char *name, *digest, *role;
} adj_import_file;

typedef struct adj_import {
    int64_t number;                 /* of this import, from 1 */
    size_t records, added, changed; /* all, new ones, and those that replace others */
} adj_import;

/* Whether a file of that digest was imported in that role. */
ADJ_API bool adj_store_has(adj_store *store, const adj_import_file *file);

/* An import is one transaction, all or nothing: it begins with the files that it comes from, takes encounters (batch by batch, not
 * finished; each serves no other purpose afterwards), and ends, or is given up. A record with the key of an older one ends that one.
 * A failure gives it up. */
ADJ_API adj_status adj_store_begin_import(adj_store *store, const adj_import_file *files, size_t count,
                                          adj_import *import);
ADJ_API adj_status adj_store_add(adj_store *store, adj_encounters *encounters, adj_import *import);
ADJ_API adj_status adj_store_end_import(adj_store *store);
ADJ_API void adj_store_give_up_import(adj_store *store);

/* Adds to encounters what the store knows of their members, sessions and claims: as of an import, or the last for 0. Call
 * after reading claims and before adj_encounters_finish. */
ADJ_API adj_status adj_store_load(adj_store *store, adj_encounters *encounters, int64_t import);

/* The same for one member, who need not be of a claim that was read; and for all members that the store knows. */
ADJ_API adj_status adj_store_load_member(adj_store *store, adj_encounters *encounters, const char *member,
                                         int64_t import);
ADJ_API adj_status adj_store_load_all(adj_store *store, adj_encounters *encounters, int64_t import);

/* A line that is known and not judged. Texts live as long as the encounters, but for those said to be of the call. */
typedef struct adj_history_line {
    const char *member, *claim, *payer; /* "" for unknown */
    int64_t number;
    bool dated;
    int32_t date; /* days since 1970-01-01 */
    const char *procedure;
    const char *modifiers; /* "95, GT"; of the call */
    const char *units;     /* of the call; "" for unknown */
    bool charge_known;
    int64_t charge;     /* cents */
    const char *status; /* of the call; "" for unknown */
    bool retired;       /* its claim was replaced or voided */
    bool own;           /* known from the provider's claims, not from the payer */
} adj_history_line;

/* The lines that are known, by member, date, claim and number. After adj_encounters_finish. */
ADJ_API size_t adj_encounters_history_count(const adj_encounters *encounters);
ADJ_API adj_history_line adj_encounters_history_line(adj_encounters *encounters, size_t index);

/* A run whose predictions were kept, and all that it came from. */
typedef struct adj_run {
    int64_t number;
    const char *made;    /* when, in UTC */
    const char *facts;   /* what the caller kept: text, JSON for the command */
    int64_t last_import; /* what the store knew then */
    const char *digest;  /* of the predictions: adj_results_digest */
    int64_t lines;
} adj_run;

/* A digest of all verdicts of all clauses on all lines, and of what the lines are. */
ADJ_API bool adj_results_digest(adj_results *results, char digest[65]);

/* Keeps a run: its number in run->number, its predictions in the table adjudge_prediction. `facts` is the caller's. */
ADJ_API adj_status adj_store_save_run(adj_store *store, adj_results *results, const char *facts, adj_run *run);
ADJ_API adj_status adj_store_read_run(adj_store *store, int64_t number, adj_run *run);

/* Keeps bytes, such as a policy's or an input's, under their digest; and gives them back, as long as the store does not read
 * another. Part of a run's facts: with its contents a run can be made again. */
ADJ_API adj_status adj_store_put_content(adj_store *store, const char *bytes, size_t length, char digest[65]);
ADJ_API adj_status adj_store_get_content(adj_store *store, const char *digest, const char **bytes, size_t *length);
ADJ_API void adj_store_forget(adj_store *store); /* what was given back */

/* ---- writing ---- */

typedef enum adj_form {
    ADJ_FORM_837P,   /* professional claims that are to be judged */
    ADJ_FORM_835,    /* answers of payers to services */
    ADJ_FORM_NDJSON, /* all records in our own layout: lines to be judged in the file named, the others in side.ndjson */
    ADJ_FORM_CSV     /* the same as tables: the others in history.csv, sessions.csv and so on */
} adj_form;

/* Takes the next bytes of a file; false stops the writing. */
typedef bool (*adj_write)(void *state, const char *file, const char *bytes, size_t length);

typedef struct adj_written {
    size_t claims, lines, records;
    size_t left_out; /* claims, answers or records that the form cannot hold */
    size_t not_said; /* values that are unknown and will be read back as absent, for want of a way to say so */
} adj_written;

/* Writes what was read; reading it again gives the same. Call before adj_encounters_finish. */
ADJ_API adj_status adj_encounters_write(adj_encounters *encounters, adj_form form, const char *name, adj_write write,
                                        void *state, adj_written *written);

/* ---- made-up encounters ---- */

/* Mistakes that the generator makes, each about so many of a million lines. */
enum { ADJ_MISTAKE_COUNT = 14 };
ADJ_API const char *adj_mistake_name(size_t index);  /* "short_session"; NULL past the last */
ADJ_API const char *adj_mistake_about(size_t index); /* what is wrong then */

typedef struct adj_generator {
    uint64_t seed;
    int64_t lines;    /* service lines to make */
    int32_t from, to; /* the days that they lie between, in days since 1970-01-01 */
    int32_t mistakes[ADJ_MISTAKE_COUNT];
    adj_form form; /* of the claims and what lies beside; ADJ_FORM_835 is not one of its own: 837P comes with 835 */
} adj_generator;

typedef struct adj_generated {
    int64_t lines, claims, groups;
    int64_t mistakes[ADJ_MISTAKE_COUNT]; /* lines with each */
} adj_generated;

/* Makes the encounters of a practice and gives them to `write`, group by group, so that memory does not grow: claims.837 and
 * payments.835 with the other feeds as CSV, or lines.ndjson with side.ndjson, or lines.csv with the other tables. key.csv names every
 * line with a mistake. The same generator gives the same bytes. */
ADJ_API adj_status adj_generate(const adj_generator *generator, adj_write write, void *state, adj_generated *generated);

/* Joins claims with their side files and prepares history. Call once, after the last read. */
ADJ_API adj_status adj_encounters_finish(adj_encounters *encounters);

/* Records of claim and side files that could not be read. */
ADJ_API size_t adj_encounters_rejected_count(const adj_encounters *encounters);

/* Reads YYYY-MM-DD as days since 1970-01-01; false if there is no such day. */
ADJ_API bool adj_read_date(const char *text, int32_t *day);

/* Writes a day as YYYY-MM-DD. */
ADJ_API void adj_write_date(int32_t day, char text[16]);

ADJ_API size_t adj_encounters_claim_count(const adj_encounters *encounters);
/* Claim payments of remittances (CLP of an 835), those that could not be read among them. */
ADJ_API size_t adj_encounters_payment_count(const adj_encounters *encounters);
ADJ_API size_t adj_encounters_line_count(const adj_encounters *encounters);
ADJ_API size_t adj_encounters_problem_count(const adj_encounters *encounters);
ADJ_API adj_problem adj_encounters_problem(const adj_encounters *encounters, size_t index);

/* ---- evaluation ---- */

ADJ_API adj_status adj_evaluate(const adj_policies *policies, const adj_encounters *encounters,
                                const adj_options *options, adj_results **results);
ADJ_API void adj_results_free(adj_results *results);

/* Another handle on the same results, for another thread, which may ask of its lines while the others do. `results` outlives it. */
ADJ_API adj_status adj_results_view(const adj_results *results, adj_results **view);

/* ---- one encounter at a time ----
 *
 * For an engine that has a line's fields at hand and wants its verdict now. An adj_single belongs to one thread; it judges with
 * what it was told of this line, and with the history beside which it was made: other lines of the claim and who else attended are
 * unknown, and so is every field that is not set, those too that reading would derive or join (age, coverage and so on). Once every
 * code and text has been met, and of a history every member, nothing is allocated. */
typedef struct adj_single adj_single;

enum { ADJ_SINGLE_NO_FIELD = -1 };

/* What a clause says that does not simply pass. */
typedef struct adj_single_event {
    uint32_t clause; /* as in adj_results_clause */
    adj_clause_verdict verdict;
} adj_single_event;

typedef struct adj_single_answer {
    adj_verdict verdict;
    const char *reason;             /* as in adj_line */
    const adj_single_event *events; /* by clause; live until the next call */
    size_t event_count;
} adj_single_answer;

/* Machine code of a policy is made beside the work, on a thread of the policies' own, when a line meets it first; until it is there the
 * policy is interpreted, which says the same and takes some times as long. */
ADJ_API adj_status adj_single_new(const adj_policies *policies, adj_single **single);
ADJ_API void adj_single_free(adj_single *single);

/* Keeps room in encounters for `count` of them, before they are finished. */
ADJ_API void adj_encounters_seat_singles(adj_encounters *encounters, uint32_t count);

/* One that counts the lines of `history`, those that were to be judged too, as what was before the line at hand: those of its member,
 * whom adj_single_member names, and of its providers. Any number of threads may each have one beside the same history, which was read
 * for these policies, is finished, and outlives them. ADJ_NOT_FOUND where all seats are taken. */
ADJ_API adj_status adj_single_new_with(const adj_policies *policies, adj_encounters *history, adj_single **single);

/* Says who the line's member is, by the identifier that lines of the history have; false where it has none of that member, who then has
 * no history. What it knows of the member is known of the line's patient, unless that is set. Without this call the member's history
 * is unknown. */
ADJ_API bool adj_single_member(adj_single *single, const char *member, size_t length);

/* The handle of a field of the line, "units", or of a record that it leads to, "session.minutes"; ADJ_SINGLE_NO_FIELD for none. */
ADJ_API int64_t adj_single_field(const adj_single *single, const char *path);

/* The number that stands for a code, text or word of a field's enumeration: the same for equal texts as long as `single` lives; -1 for
 * a word that the enumeration has not, for no field, and when memory runs out. */
ADJ_API int64_t adj_single_text(adj_single *single, int64_t field, const char *text, size_t length);

/* Waits until there is machine code for all policies that lines have met so far, for who would rather wait once than be slow for a while: after a
 * line or two of each payer. */
ADJ_API void adj_single_prepare(adj_single *single);

/* Forgets the line before: every field is unknown. */
ADJ_API void adj_single_begin(adj_single *single);

/* Sets a field: days since 1970-01-01 for dates, cents for money, thousandths for quantities and minutes, 0 or 1 for yes-or-no, what
 * adj_single_text gives for codes, texts and words, what adj_single_span gives for first and last days. ADJ_NOT_FOUND for no field;
 * ADJ_INVALID_INPUT for a record, which is known by what is set of it, for a list, for -1 where a number stands for a text, and for such
 * numbers and days that take more than 32 bits: the field then stays as it was. */
ADJ_API adj_status adj_single_set(adj_single *single, int64_t field, int64_t value);
ADJ_API int64_t adj_single_span(int32_t from, int32_t to);

/* Says that there is none: "authorization" for a line without one. */
ADJ_API adj_status adj_single_set_absent(adj_single *single, int64_t field);

/* Sets a list of codes; none of them for an empty list. ADJ_INVALID_INPUT where the field is no list, or a code is none that
 * adj_single_text gives, as -1. */
ADJ_API adj_status adj_single_set_list(adj_single *single, int64_t field, const int64_t *codes, size_t count);

/* Judges the line. */
ADJ_API adj_status adj_single_judge(adj_single *single, adj_single_answer *answer);

/* What is known of one field of a line. Zeros: nobody told it. */
typedef enum adj_told { ADJ_TOLD_NOTHING, ADJ_TOLD_ABSENT, ADJ_TOLD_PRESENT } adj_told;
typedef struct adj_single_value {
    int64_t value;        /* as in adj_single_set; of a list, how many codes; of a record, nothing */
    const int64_t *codes; /* of a list, as in adj_single_set_list */
    adj_told told;
} adj_single_value;

/* Says of which fields adj_single_judge_values is told, and in which order; the fields of the last call count. ADJ_NOT_FOUND for no field,
 * ADJ_INVALID_INPUT for one that stands there twice, and for fields of more than 63 records: those of the call before then stay. */
ADJ_API adj_status adj_single_fields(adj_single *single, const int64_t *fields, size_t count);

/* Judges a line of which these values are told, one for each of those fields, and nothing else but the member, where adj_single_member was
 * called since the line before: adj_single_begin, a call for each field and adj_single_judge in one. ADJ_INVALID_INPUT as for those calls;
 * nothing is judged then. */
ADJ_API adj_status adj_single_judge_values(adj_single *single, const adj_single_value *values,
                                           adj_single_answer *answer);

typedef struct adj_line {
    adj_verdict verdict;
    const char *reason;  /* for not adjudicated, unreadable and no known version: why; else "" */
    const char *file;    /* the input that brought the line */
    size_t segment;      /* where it begins in that file */
    uint64_t place;      /* among all lines of the run, in the order in which they were read */
    const char *claim;   /* claim identifier */
    int64_t number;      /* line number within the claim */
    const char *patient; /* member identifier; "" if unknown */
    const char *payer;   /* "" if unknown */
    const char *date;    /* YYYY-MM-DD; "" if unknown */
    const char *procedure;
    const char *modifiers; /* "95, GT"; "" for none */
    const char *place_of_service;
    const char *units;
    int64_t charge; /* cents */
    bool charge_known;
    size_t failing;     /* findings with verdict fail */
    size_t findings;    /* see adj_results_explain */
    bool out_of_memory; /* memory ran out: texts are missing above */
} adj_line;

ADJ_API size_t adj_results_count(const adj_results *results);

/* The i-th line in input order. Texts live until the next call with the same results. */
ADJ_API adj_line adj_results_line(adj_results *results, size_t index);

/* One clause's verdict on one line. */
ADJ_API adj_clause_verdict adj_results_clause(const adj_results *results, size_t line, size_t clause);

/* ---- explanation ---- */

typedef struct adj_fact {
    const char *name;  /* "session.minutes" */
    const char *value; /* "40 minutes", "none", "unknown" */
} adj_fact;

/* So many lines at most are listed of those that one count or sum is made of. */
enum { ADJ_COUNTED_MOST = 1000 };

typedef struct adj_counted_line {
    const char *claim;
    int64_t number;
    const char *date;
    const char *procedure;
    const char *units;
    bool from_history; /* else from this run */
    bool certain;      /* else it may or may not count */
} adj_counted_line;

typedef struct adj_tried_exception {
    const char *name;     /* "" if the policy gives none */
    const char *citation; /* "" if none */
    const char *result;   /* "does not hold", "holds", "cannot tell" */
    const adj_fact *facts;
    size_t fact_count;
} adj_tried_exception;

/* Somebody's decision to let lines go although a clause fails, or cannot be told. */
typedef struct adj_waiver {
    const char *name; /* with its policy: "practice.waivers.late_notes" */
    const char *by;
    const char *why;
    const char *until; /* the last day on which the payer may receive what it lets go, YYYY-MM-DD */
} adj_waiver;

/* A change of a correctable field, or of several, after which the clause no longer fails. */
typedef struct adj_cure {
    const char *field; /* "modifiers" */
    const char *from;
    const char *to;
    bool line_passes; /* the whole line then passes too */
} adj_cure;

typedef struct adj_finding {
    adj_clause_verdict verdict; /* fail, excused, cannot tell or waived */
    adj_verdict outcome;        /* what failing means: deny, audit, ... */
    const char *policy;
    const char *through; /* the policy that extends it and speaks for the line; "" for its own */
    const char *clause;
    const char *citation; /* section, then the clause's own */
    const char *source;   /* the policy's source document */
    const char *file;     /* of the policy */
    size_t line, column, end_line, end_column;
    const char *group_code; /* "CO"; "" if the clause has none */
    const char *reason_code;
    const char *const *remark_codes;
    size_t remark_count;
    const char *category; /* "" if none */
    const char *message;
    const char *fix;        /* the analyst's hint; "" if none */
    int64_t reduce_percent; /* thousandths of a percent, for reduce */
    const adj_fact *facts;
    size_t fact_count;
    const adj_counted_line *counted;
    size_t counted_count; /* at most ADJ_COUNTED_MOST for each count or sum; see counted_more */
    const adj_tried_exception *exceptions;
    size_t exception_count;
    const char *const *missing; /* fields that would settle a cannot tell */
    size_t missing_count;
    const char *const *errors; /* arithmetic past its range, in words that name the clause */
    size_t error_count;
    const adj_cure *cures;
    size_t cure_count;
    const adj_waiver *waivers; /* of verdict waived: those that hold */
    size_t waiver_count;
    bool source_unverified; /* nobody read the source that the clause cites */
    bool counted_more;      /* more lines were counted than are listed */
} adj_finding;

/* Explains the line: every clause that fails, is excused or cannot tell, the primary reason first. */
ADJ_API adj_status adj_results_explain(adj_results *results, size_t index, adj_explanation **explanation);

/* Parts of an explanation that take their time; the rest (the clause, its message, what is missing, waivers) is always there. */
typedef enum adj_explain_part {
    ADJ_EXPLAIN_FACTS = 1,      /* facts, and the lines that were counted */
    ADJ_EXPLAIN_CURES = 2,      /* changes after which the clause passes */
    ADJ_EXPLAIN_EXCEPTIONS = 4, /* exceptions that were tried */
    ADJ_EXPLAIN_ALL = 7
} adj_explain_part;

/* The same with some of these parts, added up; the arrays of others are empty. */
ADJ_API adj_status adj_results_explain_parts(adj_results *results, size_t index, unsigned parts,
                                             adj_explanation **explanation);
ADJ_API void adj_explanation_free(adj_explanation *explanation);
ADJ_API size_t adj_explanation_count(const adj_explanation *explanation);
ADJ_API const adj_finding *adj_explanation_finding(const adj_explanation *explanation, size_t index);

/* ---- measures ---- */

/* Whether a value lies where its measure alerts; perhaps, where it is known only in bounds. */
typedef enum adj_alert { ADJ_ALERT_NONE, ADJ_ALERT_PERHAPS, ADJ_ALERT_SURE } adj_alert;

typedef struct adj_measure_row {
    const char *const *dimensions; /* one text for each dimension of the measure */
    const char *value;             /* "0.125", "$40.00", "from 0.1 to 0.2", "none" where it divides by nothing */
    bool exact;                    /* false where something that counts is unknown */
    size_t subjects;               /* that surely count */
    size_t perhaps;                /* that may or may not count */
    adj_alert alert;
} adj_measure_row;

ADJ_API size_t adj_policies_measure_count(const adj_policies *policies);

/* Works out the i-th measure of the policies over evaluated encounters. Rows come in the order of their dimensions. */
ADJ_API adj_status adj_results_measure(adj_results *results, size_t index, adj_measure **measure);
ADJ_API void adj_measure_free(adj_measure *measure);
ADJ_API const char *adj_measure_name(const adj_measure *measure);
ADJ_API const char *adj_measure_title(const adj_measure *measure);
/* What the measure alerts of: "above 0.1", "more than 25 percent from 0.3, of all together"; "" for nothing. */
ADJ_API const char *adj_measure_alert(const adj_measure *measure);
ADJ_API size_t adj_measure_dimension_count(const adj_measure *measure);
ADJ_API const char *adj_measure_dimension(const adj_measure *measure, size_t index);
ADJ_API size_t adj_measure_row_count(const adj_measure *measure);
ADJ_API adj_measure_row adj_measure_row_at(const adj_measure *measure, size_t index);

/* ---- files of rows ---- */

typedef struct adj_table_diff adj_table_diff;

typedef enum adj_table_change {
    ADJ_TABLE_CAME,
    ADJ_TABLE_WENT,
    ADJ_TABLE_REACTIVATED,
    ADJ_TABLE_ENDED,
    ADJ_TABLE_CHANGED,
    ADJ_TABLE_KINDS
} adj_table_change;

/* Compares two files of rows by the columns `key` (separated by commas) and their spans; `from` and `to` may be NULL.
 * After ADJ_INVALID_INPUT, *diff holds the error. */
ADJ_API adj_status adj_table_compare(const char *old_path, const char *new_path, const char *key, const char *from,
                                     const char *to, adj_table_diff **diff);
ADJ_API void adj_table_diff_free(adj_table_diff *diff);
ADJ_API const char *adj_table_diff_error(const adj_table_diff *diff);
ADJ_API size_t adj_table_diff_count(const adj_table_diff *diff, adj_table_change change);

/* One difference as text: its key, and what it was and is. */
ADJ_API const char *adj_table_diff_row(const adj_table_diff *diff, adj_table_change change, size_t index);

/* ---- tests written in policies ---- */

typedef struct adj_test_result {
    const char *title;
    const char *policy;
    const char *file;
    size_t line;
    bool passed;
    const char *difference; /* expected and actual, ready to print; "" when passed */
} adj_test_result;

/* Runs the i-th test of the policies. Texts live as long as `policies`. */
ADJ_API adj_status adj_policies_run_test(adj_policies *policies, size_t index, const adj_options *options,
                                         adj_test_result *result);

typedef enum adj_covered_kind { ADJ_COVERED_CLAUSE, ADJ_COVERED_EXCEPTION, ADJ_COVERED_TABLE_ROW } adj_covered_kind;

/* Something that a policy says, and what the tests that were run showed of it. A clause of a policy that others extend counts once,
 * whichever of them a test is of. */
typedef struct adj_covered {
    adj_covered_kind kind;
    const char *policy; /* or module, that says it */
    const char *name;   /* of the clause, the exception ("" where it has none), the table */
    const char *clause; /* of an exception, that it excuses; else "" */
    const char *file;
    size_t line;
    bool held;   /* a line passed the clause, was excused by the exception, met the row */
    bool failed; /* a line failed the clause; of others true */
} adj_covered;

/* What the policies' clauses, exceptions and written rows of tables came to in the tests that were run so far, in the order of the
 * files. NULL if memory ran out. The list lives as long as `policies`. */
ADJ_API const adj_covered *adj_policies_coverage(adj_policies *policies, size_t *count);

/* A number, an amount, a duration or a date that a policy says outside its tests, and whether its tests hold it in place: whether one
 * of them fails, or nothing compiles, once it is one less, and once it is one more (a day, a cent, the last digit). */
typedef struct adj_boundary {
    const char *file;
    size_t line, column;
    const char *written;     /* "8", "6 months", "2026-07-01" */
    const char *less, *more; /* what was tried; "" where there is none below */
    bool held_below, held_above;
} adj_boundary;

typedef struct adj_boundaries adj_boundaries;

/* Changes each such number of the policies at `paths` in turn, and runs the tests of the policies that it reaches. The tests must pass
 * as they are. `progress` may be NULL. After ADJ_INVALID_POLICY there is nothing. */
ADJ_API adj_status adj_boundaries_find(const char *const *paths, size_t count, const adj_options *options,
                                       void (*progress)(void *state, size_t done, size_t total), void *state,
                                       adj_boundaries **boundaries);
ADJ_API void adj_boundaries_free(adj_boundaries *boundaries);
ADJ_API size_t adj_boundaries_count(const adj_boundaries *boundaries);
ADJ_API adj_boundary adj_boundaries_at(const adj_boundaries *boundaries, size_t index);

#ifdef __cplusplus
}
#endif
#endif
