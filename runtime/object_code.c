/* Loads the object of one kernel: an ELF file for x86-64 whose code calls nothing and refers at most to its own constants. What asks
 * for more is refused. Writable memory is never executable: the pages are filled, then made read-only and executable. */
#include "runtime/kernel_code.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct elf_view {
    const char *bytes;
    size_t length;
    const Elf64_Ehdr *header;
    const Elf64_Shdr *sections;
    size_t *places; /* by section: where it lies in the loaded memory; SIZE_MAX where it does not */
    char *memory;
} elf_view;

enum { SECTIONS = 64 };

static bool inside(const elf_view *e, uint64_t offset, uint64_t size)
{
    return offset <= e->length && size <= e->length - offset;
}

/* What stands at an offset of the file. */
static const void *at_offset(const elf_view *e, uint64_t offset)
{
    return e->bytes + offset;
}

static bool open_view(elf_view *e, const char *bytes, size_t length)
{
    *e = (elf_view){.bytes = bytes, .length = length};
    if (length < sizeof(Elf64_Ehdr) || (uintptr_t)bytes % 8 != 0) return false;
    e->header = at_offset(e, 0);
    const Elf64_Ehdr *h = e->header;
    bool good = memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 && h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_type == ET_REL &&
                h->e_machine == EM_X86_64 && h->e_shentsize == sizeof(Elf64_Shdr) && h->e_shnum > 0 &&
                h->e_shnum <= SECTIONS && h->e_shoff % 8 == 0 && inside(e, h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr));
    if (!good) return false;
    e->sections = at_offset(e, h->e_shoff);
    for (size_t i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *s = &e->sections[i];
        if (s->sh_type != SHT_NOBITS && !inside(e, s->sh_offset, s->sh_size)) return false;
    }
    return true;
}

/* Gives every section that is to be in memory its place; the size of all. */
static size_t lay_out(elf_view *e)
{
    size_t size = 0;
    for (size_t i = 0; i < e->header->e_shnum; i++) {
        const Elf64_Shdr *s = &e->sections[i];
        e->places[i] = SIZE_MAX;
        /* Tables for unwinding are of no use to code that calls nothing. */
        bool loaded = (s->sh_flags & SHF_ALLOC) != 0 && s->sh_type == SHT_PROGBITS && s->sh_size < (1U << 28);
        if (!loaded) continue;
        size_t align = s->sh_addralign > 64 || s->sh_addralign == 0 ? 64 : (size_t)s->sh_addralign;
        size = (size + align - 1) / align * align;
        e->places[i] = size;
        size += s->sh_size;
    }
    return size;
}

static bool symbol_place(const elf_view *e, const Elf64_Shdr *table, size_t index, size_t *place)
{
    if (index >= table->sh_size / sizeof(Elf64_Sym)) return false;
    const Elf64_Sym *symbols = at_offset(e, table->sh_offset), *symbol = &symbols[index];
    if (symbol->st_shndx >= e->header->e_shnum || e->places[symbol->st_shndx] == SIZE_MAX ||
        symbol->st_value > e->sections[symbol->st_shndx].sh_size)
        return false;
    *place = e->places[symbol->st_shndx] + symbol->st_value;
    return true;
}

static bool relocate(const elf_view *e, const Elf64_Shdr *s)
{
    if (s->sh_info >= e->header->e_shnum || s->sh_link >= e->header->e_shnum || s->sh_offset % 8 != 0) return false;
    size_t base = e->places[s->sh_info];
    if (base == SIZE_MAX) return true; /* of a section that is not loaded */
    const Elf64_Rela *items = at_offset(e, s->sh_offset);
    for (size_t i = 0; i < s->sh_size / sizeof *items; i++) {
        size_t to;
        uint64_t kind = ELF64_R_TYPE(items[i].r_info);
        uint64_t size = e->sections[s->sh_info].sh_size;
        if (kind != R_X86_64_PC32 || size < 4 || items[i].r_offset > size - 4 ||
            !symbol_place(e, &e->sections[s->sh_link], ELF64_R_SYM(items[i].r_info), &to))
            return false;
        size_t at = base + items[i].r_offset;
        int32_t distance = (int32_t)((int64_t)to + items[i].r_addend - (int64_t)at);
        memcpy(e->memory + at, &distance, sizeof distance);
    }
    return true;
}

/* Where a function lies. */
static bool find_function(const elf_view *e, const char *wanted, size_t *place)
{
    size_t size = strlen(wanted) + 1;
    for (size_t i = 0; i < e->header->e_shnum; i++) {
        const Elf64_Shdr *table = &e->sections[i];
        if (table->sh_type != SHT_SYMTAB || table->sh_link >= e->header->e_shnum || table->sh_offset % 8 != 0) continue;
        const Elf64_Shdr *names = &e->sections[table->sh_link];
        for (size_t n = 0; n < table->sh_size / sizeof(Elf64_Sym); n++) {
            const Elf64_Sym *symbols = at_offset(e, table->sh_offset), *symbol = &symbols[n];
            bool function = ELF64_ST_TYPE(symbol->st_info) == STT_FUNC;
            if (!function || symbol->st_name + size > names->sh_size) continue;
            const char *name = e->bytes + names->sh_offset + symbol->st_name;
            if (memcmp(name, wanted, size) == 0) return symbol_place(e, table, n, place);
        }
    }
    return false;
}

static bool fill(const elf_view *e)
{
    for (size_t i = 0; i < e->header->e_shnum; i++) {
        const Elf64_Shdr *s = &e->sections[i];
        if (e->places[i] != SIZE_MAX && s->sh_size > 0)
            memcpy(e->memory + e->places[i], e->bytes + s->sh_offset, s->sh_size);
    }
    for (size_t i = 0; i < e->header->e_shnum; i++) {
        const Elf64_Shdr *s = &e->sections[i];
        if (s->sh_type == SHT_REL) return false;
        if (s->sh_type == SHT_RELA && !relocate(e, s)) return false;
    }
    return true;
}

bool run_object_load(run_object *object, const char *bytes, size_t length)
{
    elf_view e;
    size_t places[SECTIONS], kernel, compare;
    *object = (run_object){0};
#if !defined(__x86_64__)
    return false;
#endif
    if (!open_view(&e, bytes, length)) return false;
    e.places = places;
    size_t size = lay_out(&e), page = (size_t)sysconf(_SC_PAGESIZE);
    if (size == 0) return false;
    size = (size + page - 1) / page * page;
    e.memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (e.memory == MAP_FAILED) return false;
    if (!fill(&e) || !find_function(&e, "kernel", &kernel) || mprotect(e.memory, size, PROT_READ | PROT_EXEC) != 0) {
        munmap(e.memory, size);
        return false;
    }
    char *entry = e.memory + kernel;
    *object = (run_object){.memory = e.memory, .size = size};
    memcpy(&object->kernel, &entry, sizeof entry);
    if (!find_function(&e, "compare", &compare)) return true;
    entry = e.memory + compare;
    memcpy(&object->compare, &entry, sizeof entry);
    return true;
}

void run_object_unload(run_object *object)
{
    if (object->memory != NULL) munmap(object->memory, object->size);
    *object = (run_object){0};
}

uint64_t run_processor_digest(void)
{
#if defined(__x86_64__)
    /* Who made it, its family, model and stepping, and what it can do. */
    static const unsigned leaves[][2] = {{0, 0}, {1, 0}, {7, 0}, {7, 1}, {13, 0}};
    unsigned words[5 * 4] = {0};
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        unsigned *w = words + i * 4;
        __get_cpuid_count(leaves[i][0], leaves[i][1], &w[0], &w[1], &w[2], &w[3]);
        if (leaves[i][0] == 1) w[1] &= 0x0000FFFFU; /* the rest says on which core this was asked */
    }
    return XXH3_64bits(words, sizeof words);
#else
    return 0;
#endif
}
