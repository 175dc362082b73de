/* libFuzzer: any bytes as JSON beside one claim: FHIR, or records of our own layout, in a document or in lines. What was read is
 * written as NDJSON, and must be read back. */
#include "adjudge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool ignore(void *state, const char *file, const char *text, size_t length)
{
    (void)state;
    (void)file;
    (void)text;
    (void)length;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_keep_rejects(encounters);
    adj_encounters_read_bytes_as(encounters, "fuzz.json", (const char *)bytes, size, ADJ_ROLE_JUDGED);
    adj_encounters_read_bytes(encounters, "again.json", (const char *)bytes, size);
    adj_written written;
    if (adj_encounters_write(encounters, ADJ_FORM_NDJSON, "lines.ndjson", ignore, NULL, &written) != ADJ_OK) abort();
    if (adj_encounters_finish(encounters) != ADJ_OK) abort();
    adj_encounters_free(encounters);
    return 0;
}
