/* The one layout of policy files. Expects a file that parses; produces its text laid out again: same tokens, same
 * comments, other spaces. Line breaks within a part of a clause are the author's and stay. */
#ifndef LANG_LAYOUT_H
#define LANG_LAYOUT_H

#include "lang/diagnostics.h"

/* The laid-out text, in the arena; NULL when memory runs out or, which no text is known to do, the tokens would change. */
const char *lang_layout(base_arena *arena, lang_file *file);

/* One token of a file, for the layout. */
typedef struct lang_token {
    int kind; /* of grammar.h */
    uint32_t start, end;
} lang_token;

typedef BASE_ARRAY(lang_token) lang_tokens;

/* All tokens of a file, row ends among them. */
bool lang_tokenize(base_arena *arena, lang_file *file, lang_tokens *tokens);

/* Whether a token begins a declaration after the one before it: `override` begins one, the `parameter` behind it does not. */
bool lang_starts_declaration(int previous, int token);

#endif
