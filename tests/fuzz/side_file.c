/* libFuzzer: any bytes as a side file beside one claim. */
#include "adjudge.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char claim[] =
    "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260710*0915*^*00501*000000042*0*T*:~"
    "GS*HC*A*B*20260710*0915*42*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260710*0915*CH~"
    "HL*1**20*1~NM1*85*2*PRACTICE*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*DOE*JANE****MI*M1~"
    "NM1*PR*2*HARBOR*****PI*HARBOR~CLM*C1*100***11:B:1*Y*A*Y*Y~REF*G1*A1~HI*ABK:F331~LX*1~SV1*HC:90853*100*UN*1***1~"
    "DTP*472*D8*20260602~SE*16*0001~GE*1*42~IEA*1*000000042~";

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    adj_encounters *encounters = adj_encounters_new(NULL);
    adj_encounters_read_bytes(encounters, "claim.837", claim, strlen(claim));
    adj_encounters_read_bytes(encounters, "fuzz.csv", (const char *)bytes, size);
    if (adj_encounters_finish(encounters) != ADJ_OK) abort();
    adj_encounters_free(encounters);
    return 0;
}
