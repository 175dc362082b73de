/* Digests by OpenSSL's libcrypto, which is loaded when one is first wanted: few runs want any, and loading it takes a fifth of a short one. */
#include "readers/store/digest.h"
#include "adjudge.h"
#include "base/load.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>

extern const char *const read_crypto_names[];
extern void *read_crypto_functions[];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool loaded;

static void load(void)
{
    static const char *const libraries[] = {"libcrypto.so.3", "libcrypto.so", NULL};
    loaded = base_load(libraries, read_crypto_names, read_crypto_functions);
}

/* An EVP_MD_CTX by another name. */
store_digest *store_digest_new(void)
{
    pthread_once(&once, load);
    EVP_MD_CTX *context = loaded ? EVP_MD_CTX_new() : NULL;
    if (context == NULL) return NULL;
    if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) return (store_digest *)context;
    EVP_MD_CTX_free(context);
    return NULL;
}

bool store_digest_add(store_digest *digest, const void *bytes, size_t length)
{
    return EVP_DigestUpdate((EVP_MD_CTX *)digest, bytes, length) == 1;
}

bool store_digest_end(store_digest *digest, bool good, char digits[STORE_DIGEST_ROOM])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (digest == NULL) return false;
    good = good && EVP_DigestFinal_ex((EVP_MD_CTX *)digest, raw, &size) == 1 && size == 32;
    for (unsigned int i = 0; good && i < size; i++) snprintf(digits + 2 * i, 3, "%02x", raw[i]);
    EVP_MD_CTX_free((EVP_MD_CTX *)digest);
    return good;
}

bool adj_digest(const char *bytes, size_t length, char digits[STORE_DIGEST_ROOM])
{
    store_digest *digest = store_digest_new();
    return store_digest_end(digest, digest != NULL && store_digest_add(digest, bytes, length), digits);
}

bool adj_digest_file(const char *path, char digits[STORE_DIGEST_ROOM])
{
    unsigned char piece[1 << 16];
    FILE *file = fopen(path, "rb");
    store_digest *digest = store_digest_new();
    bool good = file != NULL && digest != NULL;
    for (size_t got = sizeof piece; good && got == sizeof piece;) {
        got = fread(piece, 1, sizeof piece, file);
        good = ferror(file) == 0 && store_digest_add(digest, piece, got);
    }
    if (file != NULL) fclose(file);
    return store_digest_end(digest, good, digits);
}
