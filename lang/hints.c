/* What to write instead, where the grammar stops: for words of other languages, and for slips that newcomers make. */
#include "lang/build.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A slip: the word that was found (NULL for any), what stands right before it, the first word of its line, and something
 * that stands between; NULL where it does not matter. `#` stands for a number, `a` for a name, `C` for a code. */
typedef struct slip {
    const char *word, *before, *starts, *holds, *advice;
} slip;

#define REASON "the reason is a group code, a number and a category: `deny CO-119 as limit \"...\"`"
#define WRITTEN_OUT "units are written out: `45 minutes`, `2 hours`, `6 months`"
#define ONE_WORD "a name is one word, joined with underscores: `group_size`"
#define COUNTING "put what counts in parentheses: `(count of history ... where ...) <= 8`"
#define TWO_COMPARISONS "write `age between 19 and 63`, or join two comparisons with `and`"
#define EXISTS "ask `exists other in history on the same day where procedure in ...`"
#define SMALL "write it in small letters: `and`, `or`, `not`"
#define DIGITS "numbers are written in digits: `6 months`"
#define SYSTEM "code systems are written small: `cpt`, `icd10`, `pos`, `modifier`"

static const slip slips[] = {
    {"history", "#", NULL, NULL, "`of` stands before what is counted: `at most 8 of history ...`"},
    {"a", "#", NULL, "at most ", "say of what: `at most 4 of history in the last 30 days where ...`"},
    {"a", "#", NULL, "at least ", "say of what: `at least 4 of history in the last 30 days where ...`"},
    {"of", "history", NULL, NULL, "count it: `at most 4 of history in the last 30 days where procedure in ...`"},
    {"only", NULL, NULL, NULL, "write `include only 95, GT`"},
    {"except", NULL, NULL, NULL, "an exception is written `unless ...`, before or after the outcome"},
    {"a", NULL, "expect", NULL, "the verdict comes first: `expect deny by session_cap`"},
    {"=", NULL, "given", NULL, "the value follows its field: `units 4`"},
    {",", NULL, NULL, " <> ", "of several values ask `pos not in 11, 22`"},
    {",", NULL, NULL, " = ", "of several values ask `pos in 11, 22`"},
    {"#", "deny", NULL, NULL, REASON},
    {"#", "audit", NULL, NULL, REASON},
    {"a", NULL, "deny", NULL, REASON},
    {"a", NULL, "audit", NULL, REASON},
    {"(", "in", NULL, NULL, "lists stand without brackets: `in 11, 22`"},
    {"AND", NULL, NULL, NULL, SMALL},
    {"OR", NULL, NULL, NULL, SMALL},
    {"NOT", NULL, NULL, NULL, SMALL},
    {"min", "#", NULL, NULL, WRITTEN_OUT},
    {"mins", "#", NULL, NULL, WRITTEN_OUT},
    {"hr", "#", NULL, NULL, WRITTEN_OUT},
    {"hrs", "#", NULL, NULL, WRITTEN_OUT},
    {"mo", "#", NULL, NULL, WRITTEN_OUT},
    {"yrs", "#", NULL, NULL, WRITTEN_OUT},
    {"dollars", NULL, NULL, NULL, "money is written `$100.00`"},
    {"usd", NULL, NULL, NULL, "money is written `$100.00`"},
    {"exists", NULL, NULL, NULL, "of a field write `is present`; of lines, `exists other in history ... where ...`"},
    {"in", "history", NULL, NULL,
     "a window is written `in the last 6 months`, `on the same day`, `in the benefit year`"},
    {"more than", "no", NULL, NULL, "write `at most 8 of ...`"},
    {"fewer than", "no", NULL, NULL, "write `at least 8 of ...`"},
    {"six", NULL, NULL, NULL, DIGITS},
    {"two", NULL, NULL, NULL, DIGITS},
    {"three", NULL, NULL, NULL, DIGITS},
    {"twelve", NULL, NULL, NULL, DIGITS},
    {"<=", NULL, NULL, " where ", COUNTING},
    {"<", NULL, NULL, " where ", COUNTING},
    {">=", NULL, NULL, " where ", COUNTING},
    {">", NULL, NULL, " where ", COUNTING},
    {"<=", NULL, NULL, NULL, TWO_COMPARISONS},
    {"<", NULL, NULL, NULL, TWO_COMPARISONS},
    {"on the same day", NULL, NULL, " in ", EXISTS},
    {"in the last", NULL, NULL, " in ", EXISTS},
    {".", "C", NULL, NULL, "all codes that begin alike are written `F32.*`"},
    {"to", NULL, NULL, " between ", "write `between 18 and 64`"},
    {"a", NULL, "clause", NULL, ONE_WORD},
    {"a", NULL, "codes", NULL, ONE_WORD},
    {"a", NULL, "parameter", NULL, ONE_WORD},
    {"a", NULL, "table", NULL, ONE_WORD},
    {"-", "#", NULL, NULL, "a range is written with two dots: `90832..90838`"},
    {"C", ":", NULL, NULL, SYSTEM},
    {"#", "#", NULL, NULL, "put a comma between two codes: `90853, 90834`"},
    {"C", "#", NULL, NULL, "put a comma between two codes: `90853, H0005`"},
    {"C", "C", NULL, NULL, "put a comma between two codes: `F32.1, F33.1`"},
    {"=", "=", NULL, NULL, "equality is one `=`"},
    {"=", NULL, "parameter", NULL, "say what it is first: `parameter cap : count = 8`"},
    {"if", NULL, NULL, NULL, "conditions of a clause start with `when`"},
    {"then", NULL, NULL, NULL, "a clause says what must hold with `require`; there is no `then`"},
    {"else", NULL, NULL, NULL,
     "there is no `else`: write a second clause, or `or else` for a value that may be absent"},
    {">", NULL, NULL, NULL, "write `>=` for at least, `<>` for different"},
    {"because", NULL, NULL, NULL, "the reason of a waiver is its `why \"...\"`"},
    {"expires", NULL, NULL, NULL, "the last day of a waiver is its `until 2026-12-31`"},
    {"unverified", NULL, NULL, NULL, "write `source unverified`"},
    {"rule", NULL, NULL, NULL, "a rule is a `clause`"},
    {"payers", NULL, "payers", NULL, "one payer or several are named by `payer \"HARBOR\", \"STATE AID\"`"},
    {"plan", NULL, "plan", NULL, "one plan or several are named by `plans \"HMO\"`"},
    {"product", NULL, "product", NULL, "one product or several are named by `products HM, 12`"},
    {"a", NULL, "products", NULL, "products are named by what claims have for them: `products HM, 12`"},
    {"must", NULL, NULL, NULL, "what must hold is a `require`"},
    {"reject", NULL, NULL, NULL, "the outcome is `deny`"},
    {"denied", NULL, NULL, NULL, "the outcome is `deny`"},
    {"approve", NULL, NULL, NULL, "a clause says what fails; what no clause fails passes"},
    {"equals", NULL, NULL, NULL, "equality is `=`"},
    {"is", NULL, NULL, NULL, "write `=`, `<` or `>`; or `is present`, `is absent`, `is found`"},
    {"includes", NULL, NULL, NULL, "write `include`"},
    {"contains", NULL, NULL, NULL, "write `contain` for spans, `include` for lists"},
    {"has", NULL, NULL, NULL, "write `include any of` for lists, `exists other in history ... where ...` for lines"},
    {"within", NULL, NULL, NULL, "write `within 6 months before`, `in the last 6 months` or `on the same day`"},
    {"last", NULL, NULL, NULL, "write `in the last 6 months`"},
    {"per", NULL, NULL, NULL, "write `on the same day`, `in the same calendar week` or `per lifetime`"},
    {"greater", NULL, NULL, NULL, "write `>`"},
    {"less", NULL, NULL, NULL, "write `<`"},
    {"exceeds", NULL, NULL, NULL, "write `>`"},
    {"-", NULL, NULL, NULL, "names are joined with underscores: `session_cap`"},
    {"unique", NULL, NULL, NULL, "the hit policy stands after the columns, before the rows"},
    {"message", NULL, NULL, NULL, "the message is a text in quotes after the outcome"},
};

/* Whether a word is what a pattern asks for. */
static bool fits(const char *pattern, const char *word, size_t length)
{
    if (pattern == NULL) return true;
    if (length == 0) return false;
    bool kind = pattern[1] == '\0' && strchr("#aC", pattern[0]) != NULL;
    if (!kind) return strlen(pattern) == length && memcmp(pattern, word, length) == 0;
    if (pattern[0] == '#') return isdigit((unsigned char)word[0]) != 0;
    return pattern[0] == 'a' ? islower((unsigned char)word[0]) != 0 : isupper((unsigned char)word[0]) != 0;
}

static bool wordy(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_';
}

/* The word that ends where a text does, blanks aside. */
static size_t last_word(const char *text, size_t length, const char **word)
{
    while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
    size_t start = length;
    while (start > 0 && wordy(text[start - 1])) start--;
    if (start == length && length > 0) start--;
    *word = text + start;
    return length - start;
}

static bool holds(const char *text, size_t length, const char *part)
{
    if (part == NULL) return true;
    size_t size = strlen(part);
    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(text + i, part, size) == 0) return true;
    }
    return false;
}

/* Whether the line begins as a slip does, be it with the word itself. */
static bool starts(const slip *s, const char *line, size_t prefix, size_t first)
{
    bool itself = prefix == 0 && s->starts != NULL && s->word != NULL && strcmp(s->starts, s->word) == 0;
    return itself || fits(s->starts, line, first);
}

const char *lang_hint(const lang_file *file, lang_span span)
{
    const char *text = file->text;
    size_t start = span.start, length = span.end - span.start;
    while (start > 0 && text[start - 1] != '\n') start--;
    const char *line = text + start;
    while (line < text + span.start && isspace((unsigned char)*line)) line++;
    size_t prefix = (size_t)(text + span.start - line), first = 0;
    while (first < prefix && wordy(line[first])) first++;
    const char *before;
    size_t before_length = last_word(line, prefix, &before);
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        const slip *s = &slips[i];
        bool good = fits(s->word, text + span.start, length) && fits(s->before, before, before_length) &&
                    starts(s, line, prefix, first) && holds(line, prefix, s->holds);
        if (good) return s->advice;
    }
    return NULL;
}

bool lang_is_month(const char *word)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    static const char *const wholes[] = {"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};
    for (size_t i = 0; i < 12; i++) {
        if (strcasecmp(word, months[i]) == 0 || strcasecmp(word, wholes[i]) == 0) return true;
    }
    return false;
}
