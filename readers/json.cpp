// The shim over simdjson's document object model: a value is a place in the parser's tape, copied in and out as it is.
#define SIMDJSON_EXCEPTIONS 0
#include "readers/json.h"

#include <simdjson.h>

#include <cstdio>
#include <cstring>
#include <new>

using simdjson::dom::element;

struct json_parser {
    simdjson::dom::parser parser;
};

static_assert(sizeof(json_value) == sizeof(element), "a value must hold what simdjson's element holds");
static_assert(std::is_trivially_copyable<element>::value, "elements are copied as bytes");
static_assert(JSON_PADDING >= simdjson::SIMDJSON_PADDING, "simdjson reads past the end by this much");

static element inner(json_value value)
{
    element result;
    memcpy(static_cast<void *>(&result), &value, sizeof result);
    return result;
}

static json_value outer(element value)
{
    json_value result;
    memcpy(&result, static_cast<const void *>(&value), sizeof result);
    return result;
}

static json_value nothing()
{
    return json_value{nullptr, 0};
}

json_parser *json_parser_new(void)
{
    return new (std::nothrow) json_parser;
}

void json_parser_free(json_parser *parser)
{
    delete parser;
}

json_outcome json_parse(json_parser *parser, const char *bytes, size_t length, size_t room, json_value *root)
{
    *root = nothing();
    bool copy = room < length + JSON_PADDING;
    element result;
    if (length + JSON_PADDING > parser->parser.capacity()) {
        simdjson::error_code grown = parser->parser.allocate(length + JSON_PADDING, JSON_DEPTH);
        if (grown != simdjson::SUCCESS) return grown == simdjson::MEMALLOC ? JSON_NO_MEMORY : JSON_MALFORMED;
    }
    simdjson::error_code error = parser->parser.parse(bytes, length, copy).get(result);
    if (error == simdjson::MEMALLOC) return JSON_NO_MEMORY;
    if (error != simdjson::SUCCESS) return JSON_MALFORMED;
    *root = outer(result);
    return JSON_READ;
}

json_kind json_kind_of(json_value value)
{
    if (value.document == nullptr) return JSON_NONE;
    switch (inner(value).type()) {
    case simdjson::dom::element_type::ARRAY: return JSON_LIST;
    case simdjson::dom::element_type::OBJECT: return JSON_OBJECT;
    case simdjson::dom::element_type::STRING: return JSON_TEXT;
    case simdjson::dom::element_type::BOOL: return JSON_TRUTH;
    case simdjson::dom::element_type::NULL_VALUE: return JSON_NULL;
    default: return JSON_NUMBER;
    }
}

json_value json_get(json_value object, const char *key)
{
    if (object.document == nullptr) return nothing();
    simdjson::dom::object members;
    element found;
    if (inner(object).get_object().get(members) != simdjson::SUCCESS) return nothing();
    if (members.at_key(key).get(found) != simdjson::SUCCESS) return nothing();
    return outer(found);
}

// A cursor keeps the element that comes next, or whose key comes next; element and iterators share their layout.
template <typename iterator> static iterator restore(size_t place, json_value container)
{
    json_value at = {container.document, place};
    iterator result;
    memcpy(static_cast<void *>(&result), &at, sizeof at);
    return result;
}

template <typename iterator> static size_t keep(const iterator &at)
{
    static_assert(sizeof(iterator) == sizeof(json_value), "an iterator is a place in the tape");
    json_value raw;
    memcpy(&raw, static_cast<const void *>(&at), sizeof raw);
    return raw.place;
}

static bool next_member(json_value container, json_cursor *cursor)
{
    using iterator = simdjson::dom::object::iterator;
    simdjson::dom::object members;
    if (inner(container).get_object().get(members) != simdjson::SUCCESS) return false;
    iterator at = cursor->started ? restore<iterator>(cursor->place, container) : members.begin();
    if (cursor->started) ++at;
    if (!(at != members.end())) return false;
    cursor->key = at.key_c_str();
    cursor->key_length = at.key_length();
    cursor->value = outer(at.value());
    cursor->place = keep(at);
    return true;
}

static bool next_item(json_value container, json_cursor *cursor)
{
    using iterator = simdjson::dom::array::iterator;
    simdjson::dom::array items;
    if (inner(container).get_array().get(items) != simdjson::SUCCESS) return false;
    iterator at = cursor->started ? restore<iterator>(cursor->place, container) : items.begin();
    if (cursor->started) ++at;
    if (!(at != items.end())) return false;
    cursor->value = outer(*at);
    cursor->place = keep(at);
    return true;
}

bool json_next(json_value container, json_cursor *cursor)
{
    json_kind kind = json_kind_of(container);
    bool more =
        kind == JSON_OBJECT ? next_member(container, cursor) : kind == JSON_LIST && next_item(container, cursor);
    cursor->started = true;
    return more;
}

const char *json_text(json_value value, size_t *length)
{
    *length = 0;
    if (value.document == nullptr) return nullptr;
    std::string_view text;
    if (inner(value).get_string().get(text) != simdjson::SUCCESS) return nullptr;
    *length = text.size();
    return text.data();
}

bool json_truth(json_value value)
{
    bool truth = false;
    return value.document != nullptr && inner(value).get_bool().get(truth) == simdjson::SUCCESS && truth;
}

size_t json_number(json_value value, char buffer[32])
{
    buffer[0] = '\0';
    if (value.document == nullptr) return 0;
    element number = inner(value);
    int64_t whole;
    double real;
    int written = 0;
    if (number.get_int64().get(whole) == simdjson::SUCCESS)
        written = snprintf(buffer, 32, "%lld", static_cast<long long>(whole));
    else if (number.get_double().get(real) == simdjson::SUCCESS)
        written = snprintf(buffer, 32, "%.15g", real);
    return written > 0 ? static_cast<size_t>(written) : 0;
}
