/* What a payer's front door says of claims: 277CA (acceptance) and 277 (status). */
#include "readers/x12_members.h"

#include <string.h>

/* The word for a status category code; -1 for those that say nothing of acceptance. */
static int word_of(const x12_members *m, x12_text category)
{
    static const struct {
        const char *category, *word;
    } words[] = {{"A0", "received"}, {"A1", "received"}, {"A2", "accepted"}, {"A3", "rejected"}, {"A4", "not_found"},
                 {"A5", "accepted"}, {"A6", "rejected"}, {"A7", "rejected"}, {"A8", "rejected"}, {"P", "pending"},
                 {"F", "accepted"},  {"R", "pending"},   {"D0", "not_found"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].category);
        if (category.length < length || memcmp(category.start, words[i].category, length) != 0) continue;
        return (int)lang_schema_word_find(m->store->schema, LANG_ENUMERATION_acknowledgment, words[i].word);
    }
    return -1;
}

static void end_claim(x12_members *m)
{
    if (m->claim == 0 || m->acknowledgment < 0 || m->garbled) return;
    read_claim_fact *fact = BASE_PUSH(&m->store->arena, &m->scanner->input->encounters->claim_facts);
    read_site_value *value = fact == NULL ? NULL : BASE_PUSH(&m->store->arena, &fact->values);
    if (value == NULL) return;
    fact->claim_id = m->claim;
    fact->program = -1;
    *value = (read_site_value){LANG_FIELD_claim_acknowledgment, RUN_PRESENT, m->acknowledgment};
    m->store->feeds[LANG_FEED_ACKNOWLEDGMENTS] = true;
    m->told++;
    m->scanner->input->accepted++;
}

void x12_status_segment(x12_members *m, const x12_segment *segment, x12_text id)
{
    if (x12_is(id, "TRN") && x12_is(x12_element(segment, 1), "2")) {
        end_claim(m);
        m->claim = x12_members_symbol(m, x12_element(segment, 2));
        m->acknowledgment = -1;
        m->in_line = false;
    } else if (x12_is(id, "SVC")) {
        m->in_line = true;
    } else if (x12_is(id, "STC") && !m->in_line) {
        /* A claim has one STC or more; the first that tells counts, but a rejection counts before all. */
        static const char rejected[] = "rejected";
        int word = word_of(m, x12_component(m->scanner, x12_element(segment, 1), 0));
        int no = (int)lang_schema_word_find(m->store->schema, LANG_ENUMERATION_acknowledgment, rejected);
        if (word >= 0 && (m->acknowledgment < 0 || word == no)) m->acknowledgment = word;
    } else if (x12_is(id, "REF") && !m->in_line && x12_is(x12_element(segment, 1), "EJ")) {
        /* 277 (not CA) names the provider's claim here. */
        uint32_t claim = x12_members_symbol(m, x12_element(segment, 2));
        if (claim != 0) m->claim = claim;
    }
}

void x12_status_end_member(x12_members *m)
{
    end_claim(m);
    m->claim = 0;
}
