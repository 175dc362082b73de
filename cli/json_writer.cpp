// The shim over RapidJSON's writer. What it writes to, and the memory of its nesting, are ours: both may run out of memory without harm.
#include "cli/json_writer.h"

#include <rapidjson/writer.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

struct text_stream {
    typedef char Ch;
    char *bytes;
    size_t length, room;
    bool failed;

    bool grow()
    {
        size_t wanted = room == 0 ? 4096 : room * 2;
        char *grown = failed ? nullptr : static_cast<char *>(realloc(bytes, wanted));
        failed = grown == nullptr;
        if (failed) return false;
        bytes = grown;
        room = wanted;
        return true;
    }
    void Put(char byte)
    {
        if (length == room && !grow()) return;
        bytes[length++] = byte;
    }
    void Flush()
    {
    }
};

// Room for the nesting of a report, which is a few levels deep.
struct level_memory {
    [[maybe_unused]] static const bool kNeedFree = false; // asked by some versions of RapidJSON
    alignas(16) char room[1024];

    void *Malloc(size_t size)
    {
        if (size > sizeof room) abort();
        return room;
    }
    void *Realloc(void *, size_t, size_t size)
    {
        return size == 0 ? nullptr : Malloc(size);
    }
    static void Free(void *)
    {
    }
};

typedef rapidjson::Writer<text_stream, rapidjson::UTF8<>, rapidjson::UTF8<>, level_memory> row_writer;

} // namespace

struct json_writer {
    text_stream stream;
    level_memory levels;
    row_writer writer;

    json_writer() : stream(), levels(), writer(stream, &levels)
    {
    }
};

json_writer *json_writer_new(void)
{
    return new (std::nothrow) json_writer();
}

void json_writer_free(json_writer *writer)
{
    if (writer == nullptr) return;
    free(writer->stream.bytes);
    delete writer;
}

void json_writer_begin(json_writer *writer)
{
    writer->stream.length = 0;
    writer->writer.Reset(writer->stream);
}

const char *json_writer_bytes(const json_writer *writer, size_t *length)
{
    *length = writer->stream.length;
    return writer->stream.failed ? nullptr : writer->stream.bytes;
}

void json_put_object(json_writer *writer)
{
    writer->writer.StartObject();
}

void json_put_object_end(json_writer *writer)
{
    writer->writer.EndObject();
}

void json_put_list(json_writer *writer)
{
    writer->writer.StartArray();
}

void json_put_list_end(json_writer *writer)
{
    writer->writer.EndArray();
}

void json_put_name(json_writer *writer, const char *name)
{
    writer->writer.Key(name, static_cast<rapidjson::SizeType>(strlen(name)));
}

static void text_with_other_bytes(json_writer *writer, const char *value, size_t length)
{
    char *shown = static_cast<char *>(malloc(4 * length + 1)); // \xNN for each byte, at most
    size_t used = 0;
    if (shown == nullptr) {
        writer->stream.failed = true;
        return;
    }
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = static_cast<unsigned char>(value[i]);
        if (byte < 0x80)
            shown[used++] = value[i];
        else
            used += static_cast<size_t>(snprintf(shown + used, 5, "\\x%02X", byte));
    }
    writer->writer.String(shown, static_cast<rapidjson::SizeType>(used));
    free(shown);
}

void json_put_text(json_writer *writer, const char *value)
{
    size_t length = strlen(value);
    if (simdjson::validate_utf8(value, length))
        writer->writer.String(value, static_cast<rapidjson::SizeType>(length));
    else
        text_with_other_bytes(writer, value, length);
}

void json_put_integer(json_writer *writer, int64_t value)
{
    writer->writer.Int64(value);
}

void json_put_number(json_writer *writer, double value)
{
    writer->writer.Double(value);
}

void json_put_truth(json_writer *writer, bool value)
{
    writer->writer.Bool(value);
}

void json_put_nothing(json_writer *writer)
{
    writer->writer.Null();
}
