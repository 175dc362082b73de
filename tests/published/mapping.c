/* What the keys of a scenario are called here: each record becomes the text of a policy below the payer's own, with one test. */
#include "tests/published/scenarios.h"

#include "adjudge.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct word {
    const char *theirs, *ours;
} word;

/* ---- names ---- */

typedef struct payer {
    const char *name;   /* of the record's payer */
    const char *kind;   /* what the scenario's own payer begins with; "" for any */
    const char *policy; /* that judges it */
} payer;

static const payer payers[] = {
    {"CT-MEDICAID", "", "ct_medicaid.clinic_psychotherapy"},
    {"MEDICARE-NGS", "", "medicare.part_b_ngs"},
    {"MEDICARE-B", "", "medicare.part_b"},
    {"MEDICARE-OPPS", "", "medicare.opps_mue"},
    {"IN-MHS", "", "in_medicaid.mhs"},
    {"MASSHEALTH", "", "ma_medicaid.outpatient"},
    {"UHC", "", "commercial.telehealth"},
    {"ANY", "General", "general.claim_edits"},
    {"ANY", "Seed", "practice.charge_capture"},
};

static const word credentials[] = {{"LCSW", "lcsw"},
                                   {"MFT", "lmft"},
                                   {"LMFT", "lmft"},
                                   {"LMHC", "lmhc"},
                                   {"MHC", "lmhc"},
                                   {"BA", "bachelor"},
                                   {"MD", "physician"},
                                   {"HSPP", "hspp"},
                                   {"PHYSICIAN", "physician"},
                                   {"LCAC", "lcac"},
                                   {"APN", "advanced_practice_nurse"},
                                   {"APRN", "advanced_practice_nurse"},
                                   {NULL, NULL}};
static const word provider_types[] = {{"MHC", "mental_health_center"},
                                      {"OPD", "hospital_outpatient"},
                                      {"PSYOPD", "psychiatric_hospital_outpatient"},
                                      {NULL, NULL}};
static const word modes[] = {
    {"av", "video"}, {"audio", "audio"}, {"inperson", "in_person"}, {"in-person", "in_person"}, {NULL, NULL}};
static const word participations[] = {{"attended", "active"}, {"no-show", "absent_from_session"}, {NULL, NULL}};
static const word whereabouts[] = {
    {"home", "yes"}, {"office", "no"}, {"clinic", "no"}, {"facility", "no"}, {NULL, NULL}};
static const word primaries[] = {{"other", "yes"}, {"this", "no"}, {"self", "no"}, {NULL, NULL}};
static const word waivers[] = {{"90day", "yes"}, {"none", "no"}, {NULL, NULL}};
/* Specialties as Medicare numbers them. */
static const word specialties[] = {{"26", "2084P0800X"}, {"62", "103T00000X"}, {"68", "103TC0700X"},
                                   {"80", "1041C0700X"}, {"08", "207Q00000X"}, {"11", "207R00000X"},
                                   {NULL, NULL}};

typedef enum value_kind {
    AS_IT_IS,
    IN_QUOTES,
    WORD,    /* by its table */
    NO_FIELD /* a fact that no rule asks for */
} value_kind;

typedef struct key {
    const char *theirs;
    const char *fields; /* parted by blanks */
    value_kind kind;
    const word *words;
} key;

static const key keys[] = {
    {"prog", "claim.program", AS_IT_IS, NULL},
    {"prov.npi", "rendering_provider", AS_IT_IS, NULL},
    {"prov.lic", "practitioner.credential", WORD, credentials},
    {"prov.type", "claim.provider_type", WORD, provider_types},
    {"prov.tax", "rendering_taxonomy", AS_IT_IS, NULL},
    {"prov.spec", "rendering_taxonomy", WORD, specialties},
    {"prov.cred_to", "practitioner.credential_ends", AS_IT_IS, NULL},
    {"pt.dob", "patient.birth_date", AS_IT_IS, NULL},
    {"pt.death", "patient.death_date", AS_IT_IS, NULL},
    {"pt.loc", "attendance.at_home", WORD, whereabouts},
    {"sess.size", "session.attendees", AS_IT_IS, NULL},
    {"sess.min", "session.minutes", AS_IT_IS, NULL},
    {"sess.id", "session.id", IN_QUOTES, NULL},
    {"sess.modality", "session.mode", WORD, modes},
    {"sess.related", "session.one_family", AS_IT_IS, NULL},
    {"att.min", "attendance.minutes", AS_IT_IS, NULL},
    {"att.status", "attendance.participation", WORD, participations},
    {"claim.recv", "claim.received", AS_IT_IS, NULL},
    {"claim.first_recv", "claim.first_received", AS_IT_IS, NULL},
    {"claim.freq", "claim.frequency", AS_IT_IS, NULL},
    {"claim.orig_ref", "claim.original_reference", IN_QUOTES, NULL},
    {"claim.tob", "claim.type_of_bill", IN_QUOTES, NULL},
    {"claim.waiver", "claim.waiver_requested", WORD, waivers},
    {"cob.primary", "claim.other_payer_first", WORD, primaries},
    {"cob.eob_date", "claim.other_payer_answered", AS_IT_IS, NULL},
    {"exc.retro_entitlement", "claim.retroactive_entitlement", AS_IT_IS, NULL},
    {"intake.date", "claim.intake_date", AS_IT_IS, NULL},
    {"intake.review_date", "claim.intake_review", AS_IT_IS, NULL},
    {"tele.first", "claim.first_telehealth", AS_IT_IS, NULL},
    {"last_inperson", "claim.last_in_person_visit", AS_IT_IS, NULL},
    {"episode", "episode", IN_QUOTES, NULL},
    {"auth.required", "claim.authorization_required", AS_IT_IS, NULL},
    {"doc.size_documented", "session.participants_documented", AS_IT_IS, NULL},
    {"doc.addendum", "attendance.observations_documented attendance.progress_documented", AS_IT_IS, NULL},
    {"doc.group_note", "session.goals_documented session.interventions_documented", AS_IT_IS, NULL},
    {"doc.addendum_unique", "attendance.addendum_is_own", AS_IT_IS, NULL},
    {"doc.multi_therapy", "claim.multiple_therapies_documented", AS_IT_IS, NULL},
    {"doc.second_eval_reason", "claim.second_evaluation_reason", IN_QUOTES, NULL},
    {"doc.inperson_exception", "claim.in_person_exception_documented", AS_IT_IS, NULL},
    {"doc.tele_consent", "attendance.telehealth_consent", AS_IT_IS, NULL},
    {"doc.benefit_check", "claim.benefits_verified", AS_IT_IS, NULL},
    {"auth.no", "authorization.number", IN_QUOTES, NULL},
    {"auth.units", "authorization.units", AS_IT_IS, NULL},
    {"auth.codes", "authorization.procedures", AS_IT_IS, NULL},
    {"auth.prov", "authorization.provider", AS_IT_IS, NULL},
    /* Who else was in the room, who enrolled, when a member was added: the rules ask how many attended, and what is on file. */
    {"sess.medicaid", "", NO_FIELD, NULL},
    {"sess.size_start", "", NO_FIELD, NULL},
    {"sess.size_peak", "", NO_FIELD, NULL},
    {"sess.enrolled", "", NO_FIELD, NULL},
    {"elig.added", "", NO_FIELD, NULL},
    {"claim.type", "", NO_FIELD, NULL}, /* the type of bill says it */
    {"edit.table", "", NO_FIELD, NULL}, /* the shipped table is a part, too */
    {"hist", "", NO_FIELD, NULL},       /* no lines are no lines */
    {"payer", "", NO_FIELD, NULL},
};

/* ---- a record ---- */

static void fail(scenario *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (s->flaw[0] == '\0') vsnprintf(s->flaw, sizeof s->flaw, format, arguments);
    va_end(arguments);
}

/* A value as text: of a list its texts, parted by commas. */
static const char *text_of(const json_t *value, char room[512])
{
    room[0] = '\0';
    if (json_is_string(value)) snprintf(room, 512, "%s", json_string_value(value));
    if (json_is_integer(value)) snprintf(room, 512, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) snprintf(room, 512, "%g", json_real_value(value));
    size_t used = 0;
    for (size_t i = 0; i < json_array_size(value) && used < 400; i++)
        used += (size_t)snprintf(room + used, 512 - used, "%s%s", i == 0 ? "" : ", ",
                                 json_string_value(json_array_get(value, i)));
    return room;
}

static const char *get(const scenario *s, const char *name, char room[512])
{
    const json_t *value = json_object_get(s->record, name);
    return value == NULL ? NULL : text_of(value, room);
}

static bool is_unknown(const scenario *s, const char *name)
{
    json_t *list = json_object_get(s->record, "unknown"), *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0) return true;
    }
    return false;
}

/* ---- what a line says ---- */

static void say(scenario *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("\n            ", s->out);
    vfprintf(s->out, format, arguments);
    va_end(arguments);
}

static const char *word_of(scenario *s, const key *k, const char *value)
{
    for (const word *w = k->words; w->theirs != NULL; w++) {
        if (strcmp(w->theirs, value) == 0) return w->ours;
    }
    fail(s, "`%s` of %s has no word here", value, k->theirs);
    return value;
}

static void say_key(scenario *s, const key *k, const char *value)
{
    char fields[200];
    snprintf(fields, sizeof fields, "%s", k->fields);
    for (char *rest, *field = strtok_r(fields, " ", &rest); field != NULL; field = strtok_r(NULL, " ", &rest)) {
        if (value == NULL)
            say(s, "%s unknown", field);
        else if (strcmp(value, "none") == 0)
            say(s, "%s absent", field);
        else if (k->kind == IN_QUOTES)
            say(s, "%s \"%s\"", field, value);
        else
            say(s, "%s %s", field, k->kind == WORD ? word_of(s, k, value) : value);
    }
}

static const key *find_key(const char *name)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].theirs, name) == 0) return &keys[i];
    }
    return NULL;
}

/* Codes of a comma list: blanks behind the commas, two points for a range. */
static const char *codes_of(const char *list, bool ranges, char room[512])
{
    size_t used = 0;
    for (; *list != '\0' && used < 500; list++) {
        if (*list == ',' && list[1] != ' ')
            used += (size_t)sprintf(room + used, ", ");
        else if (*list == '-' && ranges)
            used += (size_t)sprintf(room + used, "..");
        else
            room[used++] = *list;
    }
    room[used] = '\0';
    return room;
}

/* A group of providers, by a billing number of its own with its check digit. */
static const char *number_of_group(const char *group, char room[12])
{
    unsigned long name = 0;
    for (const char *at = group; *at != '\0'; at++) name = name * 31 + (unsigned char)*at;
    snprintf(room, 12, "1%08lu0", name % 100000000UL);
    int sum = 24;
    for (int i = 0; i < 9; i++) {
        int digit = (room[i] - '0') * (i % 2 == 0 ? 2 : 1);
        sum += digit / 10 + digit % 10;
    }
    room[9] = (char)('0' + (10 - sum % 10) % 10);
    return room;
}

static void say_dx(scenario *s, const json_t *line)
{
    char room[512], list[512], pointed[512];
    const char *all = get(s, "dx", room), *pointers = json_string_value(json_object_get(line, "dxptr"));
    if (all == NULL || strcmp(all, "none") == 0) return;
    say(s, "claim.diagnoses %s", codes_of(all, false, list));
    if (pointers == NULL) {
        say(s, "diagnoses %s", list);
        return;
    }
    size_t used = 0;
    for (const char *at = pointers; *at != '\0'; at++) {
        if (*at < '1' || *at > '9') continue;
        const char *from = all;
        for (int skip = *at - '1'; skip > 0 && from != NULL; skip--)
            from = strchr(from, ',') == NULL ? NULL : strchr(from, ',') + 1;
        if (from == NULL) continue;
        used += (size_t)snprintf(pointed + used, sizeof pointed - used, "%s%.*s", used == 0 ? "" : ", ",
                                 (int)strcspn(from, ","), from);
    }
    say(s, "diagnoses %s", pointed);
}

/* The authorization: none; or with what is left of its units. */
static void say_authorization(scenario *s)
{
    char room[512], other[512], *end;
    const char *whole = get(s, "auth", room), *number = get(s, "auth.no", other);
    if ((whole != NULL && strcmp(whole, "none") == 0) || (number != NULL && strcmp(number, "none") == 0)) {
        say(s, "authorization absent");
        return;
    }
    if (number == NULL) return;
    say_key(s, find_key("auth.no"), number);
    static const char *const simple[] = {"auth.units", "auth.codes", "auth.prov"};
    for (size_t i = 0; i < 3; i++) {
        const char *value = get(s, simple[i], room);
        if (value != NULL || is_unknown(s, simple[i]))
            say_key(s, find_key(simple[i]), value == NULL ? NULL : codes_of(value, false, other));
    }
    const char *from = get(s, "auth.from", room), *to = get(s, "auth.to", other);
    if (from != NULL && to != NULL) say(s, "authorization.dates %s to %s", from, to);
    const char *units = get(s, "auth.units", room), *used = get(s, "auth.used", other);
    if (is_unknown(s, "auth.used")) say(s, "authorization.units_remaining unknown");
    if (units != NULL && used != NULL)
        say(s, "authorization.units_remaining %g", strtod(units, &end) - strtod(used, &end));
}

/* Spans of coverage: the one of the day, else that there is none then; and its first and last day. */
static void say_coverage(scenario *s, const char *day)
{
    char room[512], other[512], *rest, *more;
    if (is_unknown(s, "elig.from")) {
        say(s, "coverage unknown, coverage_begins unknown, coverage_ends unknown");
        return;
    }
    const char *begins = get(s, "elig.from", room), *ends = get(s, "elig.to", other);
    if (begins == NULL || ends == NULL) return;
    char first[16] = "9999-99-99", last[16] = "";
    bool covered = false;
    char *from = strtok_r(room, ", ", &rest), *to = strtok_r(other, ", ", &more);
    for (; from != NULL && to != NULL; from = strtok_r(NULL, ", ", &rest), to = strtok_r(NULL, ", ", &more)) {
        if (strcmp(from, first) < 0) snprintf(first, sizeof first, "%s", from);
        if (strcmp(to, last) > 0) snprintf(last, sizeof last, "%s", to);
        if (strcmp(from, day) > 0 || strcmp(to, day) < 0) continue;
        covered = true;
        say(s, "coverage.dates %s to %s", from, to);
    }
    if (!covered) say(s, "coverage absent");
    say(s, "coverage_begins %s, coverage_ends %s", first, last);
}

/* How the session was held: in a hybrid one, others were in the room. */
static void say_mode(scenario *s)
{
    char room[512];
    const key *k = find_key("sess.modality");
    const char *mode = get(s, "sess.modality", room),
               *hybrid = json_string_value(json_object_get(s->record, "sess.hybrid"));
    if (hybrid != NULL && strcmp(hybrid, "yes") == 0) {
        say(s, "session.mode in_person");
        if (mode != NULL) say(s, "attendance.mode %s", word_of(s, k, mode));
    } else if (mode != NULL || is_unknown(s, "sess.modality")) {
        say_key(s, k, mode);
    }
}

/* When the claim is received: on the day of the run, where it was not sent yet. */
static void say_received(scenario *s)
{
    char room[512];
    const char *received = get(s, "claim.recv", room), *as_of = json_string_value(json_object_get(s->record, "asof"));
    if (received != NULL)
        say(s, "claim.received %s", received);
    else if (is_unknown(s, "claim.recv") && as_of != NULL)
        say(s, "status planned, claim.received %s", as_of);
    else if (is_unknown(s, "claim.recv"))
        say(s, "claim.received unknown");
}

/* The claim that this one replaces is found among the history, or is not. */
static void say_original(scenario *s)
{
    char room[512];
    const char *reference = get(s, "claim.orig_ref", room);
    if (reference == NULL) return;
    say_key(s, find_key("claim.orig_ref"), reference);
    if (strcmp(reference, "none") == 0) return;
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(s->record, "history"), i, row)
    {
        const char *number = json_string_value(json_object_get(row, "icn"));
        if (number != NULL && strcmp(number, reference) == 0) return;
    }
    say(s, "claim.original_found no");
}

/* Keys that functions here, and not the list of names, write. */
static const char *const written_apart[] = {"lines",
                                            "history",
                                            "unknown",
                                            "dx",
                                            "pos",
                                            "prov.npi",
                                            "prov.group",
                                            "auth",
                                            "auth.no",
                                            "auth.from",
                                            "auth.to",
                                            "auth.used",
                                            "auth.units",
                                            "auth.codes",
                                            "auth.prov",
                                            "elig.from",
                                            "elig.to",
                                            "sess.hybrid",
                                            "sess.modality",
                                            "claim.recv",
                                            "claim.orig_ref",
                                            "asof",
                                            "plan.sessions",
                                            "plan.start",
                                            "limit",
                                            "rule.inperson",
                                            "edit.mai",
                                            "matrix.refreshed",
                                            "policy.dx",
                                            "policy.dxscope",
                                            "policy.pos",
                                            "policy.min",
                                            "policy.min_scope",
                                            "sess.min",
                                            "att.min"};

static bool apart(const char *name)
{
    if (strncmp(name, "batch.", 6) == 0) return true;
    for (size_t i = 0; i < sizeof written_apart / sizeof *written_apart; i++) {
        if (strcmp(written_apart[i], name) == 0) return true;
    }
    return false;
}

static void say_keys(scenario *s)
{
    const char *name;
    json_t *value;
    char room[512];
    json_object_foreach(s->record, name, value)
    {
        const key *k = find_key(name);
        if (apart(name) || (k != NULL && k->kind == NO_FIELD)) continue;
        if (k == NULL)
            fail(s, "the key %s has no name here", name);
        else
            say_key(s, k, text_of(value, room));
    }
    size_t i;
    json_array_foreach(json_object_get(s->record, "unknown"), i, value)
    {
        name = json_string_value(value);
        const key *k = find_key(name);
        if (k == NULL && !apart(name)) fail(s, "the unknown key %s has no name here", name);
        if (k != NULL && (!apart(name) || strcmp(name, "sess.min") == 0 || strcmp(name, "att.min") == 0))
            say_key(s, k, NULL);
    }
}

/* Minutes of a session are those of its line, where that has them; a member is there all the time unless it is said. */
static void say_minutes(scenario *s, const json_t *line)
{
    char room[512];
    json_t *own = json_object_get(line, "min");
    const char *minutes = own != NULL ? text_of(own, room) : get(s, "sess.min", room);
    if (minutes != NULL) say(s, "session.minutes %s", minutes);
    char other[512];
    const char *attended = get(s, "att.min", other);
    if (attended == NULL && own != NULL) attended = minutes;
    if (attended != NULL) say(s, "attendance.minutes %s", attended);
}

static void say_provider(scenario *s, const json_t *line)
{
    char room[512], group[12];
    const char *provider = json_string_value(json_object_get(line, "prov"));
    if (provider == NULL) provider = get(s, "prov.npi", room);
    if (provider != NULL && strcmp(provider, "none") == 0)
        fail(s, "a line without a rendering provider is rendered by its billing provider: none is never told");
    else if (provider != NULL && strlen(provider) != 10)
        fail(s, "%s is no identifier of a provider: a record that has it is reported, not judged", provider);
    else if (provider != NULL)
        say_key(s, find_key("prov.npi"), provider);
    const char *of_group = json_string_value(json_object_get(s->record, "prov.group"));
    if (of_group != NULL) say(s, "billing_provider %s", number_of_group(of_group, group));
}

/* The beginning of a line: what every one says of itself. */
static void say_line(scenario *s, const json_t *line, const char *day)
{
    char room[512], list[512];
    const char *value = text_of(json_object_get(line, "units"), room);
    if (*value != '\0' && strcmp(value, "1") != 0) say(s, "units %s", value);
    if (json_array_size(json_object_get(line, "mods")) > 0)
        say(s, "modifiers %s", codes_of(text_of(json_object_get(line, "mods"), room), false, list));
    const char *of_claim = get(s, "pos", room), *place = json_string_value(json_object_get(line, "pos"));
    if (of_claim != NULL) say(s, "claim.pos %s", of_claim);
    if (place != NULL && strlen(place) != 2)
        fail(s, "%s is no place of service: a record that has it is reported, not judged", place);
    if (place != NULL || of_claim != NULL) say(s, "pos %s", place == NULL ? of_claim : place);
    const char *until = json_string_value(json_object_get(line, "dos_to"));
    if (until != NULL) say(s, "end_date %s", until);
    const char *start = json_string_value(json_object_get(line, "start")),
               *end = json_string_value(json_object_get(line, "end"));
    if (start != NULL && end != NULL) say(s, "session.time %s to %s", start, end);
    say_provider(s, line);
    say_dx(s, line);
    say_minutes(s, line);
    say_mode(s);
    say_received(s);
    say_original(s);
    say_authorization(s);
    say_coverage(s, day);
    say_keys(s);
}

/* ---- the test ---- */

/* Lines of other members that stand before: patient=P:CODE@DAY*UNITS:sess=S. Gives how many. */
static int say_batch(scenario *s)
{
    int count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(s->record, name, value)
    {
        char patient[64], code[16], day[16], session[64] = "";
        int units;
        if (strncmp(name, "batch.", 6) != 0) continue;
        int got = sscanf(json_string_value(value), "patient=%63[^:]:%15[^@]@%15[^*]*%d:sess=%63[^:]", patient, code,
                         day, &units, session);
        if (got < 4) {
            fail(s, "a line of the batch is not understood: %s", json_string_value(value));
            return 0;
        }
        fprintf(s->out, "\n          line %s on %s, patient.id \"%s\"", code, day, patient);
        if (units != 1) say(s, "units %d", units);
        if (got == 5) say(s, "session.id \"%s\"", session);
        count++;
    }
    return count;
}

static void say_history(scenario *s)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(s->record, "history"), i, row)
    {
        char room[512], group[12];
        static const char *const known[] = {"code", "dos",     "units", "status", "prov",
                                            "icn",  "episode", "mods",  "group",  "spec"};
        fprintf(s->out, "\n          history 1 line of %s on %s", json_string_value(json_object_get(row, "code")),
                json_string_value(json_object_get(row, "dos")));
        const char *name;
        json_t *value;
        json_object_foreach(row, name, value)
        {
            const char *text = text_of(value, room);
            bool one_of = false;
            for (size_t k = 0; k < sizeof known / sizeof *known; k++) one_of = one_of || strcmp(known[k], name) == 0;
            if (!one_of) fail(s, "the key %s of a history line has no name here", name);
            if (strcmp(name, "units") == 0 && strcmp(text, "1") != 0) say(s, "units %s", text);
            if (strcmp(name, "status") == 0 && strcmp(text, "paid") != 0) say(s, "status %s", text);
            if (strcmp(name, "prov") == 0) say(s, "rendering_provider %s", text);
            if (strcmp(name, "icn") == 0) say(s, "claim.id \"%s\"", text);
            if (strcmp(name, "episode") == 0) say(s, "episode \"%s\"", text);
            if (strcmp(name, "mods") == 0 && strcmp(text, "none") != 0 && *text != '\0') say(s, "modifiers %s", text);
            if (strcmp(name, "group") == 0) say(s, "billing_provider %s", number_of_group(text, group));
            if (strcmp(name, "spec") == 0) say(s, "rendering_taxonomy %s", word_of(s, find_key("prov.spec"), text));
        }
    }
}

/* What a scenario says of the rule: the policy below the payer's own overrides it. */
static void say_overlay(scenario *s)
{
    char room[512], list[512];
    const char *value = get(s, "policy.dx", room);
    if (value != NULL)
        fprintf(s->out, "override codes covered_diagnoses : icd10\n  %s\n\n", codes_of(value, true, list));
    value = get(s, "policy.pos", room);
    if (value != NULL)
        fprintf(s->out, "override codes places_for_groups : pos\n  %s\n\n", codes_of(value, false, list));
    value = get(s, "rule.inperson", room);
    if (value != NULL)
        fprintf(s->out, "override parameter in_person_visit_required : yes_no = %s\n\n",
                strcmp(value, "on") == 0 ? "yes" : "no");
    value = get(s, "edit.mai", room);
    if (value != NULL) fprintf(s->out, "override parameter adjudication_indicator : count = %s\n\n", value);
    value = get(s, "matrix.refreshed", room);
    if (value != NULL) fprintf(s->out, "override parameter payer_matrix_refreshed : date = %s\n\n", value);
    value = get(s, "limit", room);
    int most, months;
    if (value != NULL && (sscanf(value, "%d per %d months", &most, &months) != 2 || months != 6))
        fail(s, "a limit of %s has no parameter here", value);
    else if (value != NULL)
        fprintf(s->out, "override parameter sessions_in_six_months : count = %d\n\n", most);
    value = get(s, "policy.min", room);
    const char *scope = get(s, "policy.min_scope", list);
    if (value != NULL && scope != NULL)
        fprintf(s->out, "override parameter %s : minutes = %s minutes\n\n",
                strcmp(scope, "patient") == 0 ? "shortest_attendance" : "shortest_session", value);
}

/* What a line must come to; and the clause that decides, of the first line that does not pass. */
static void say_expectations(scenario *s, const char *policy, int before)
{
    json_t *expect = json_object_get(s->whole, "expect"), *value;
    const char *stage = json_string_value(json_object_get(s->whole, "stage"));
    const char *reason = json_string_value(json_object_get(expect, "carc")), *name;
    bool has_reason = reason != NULL && strchr(reason, '-') != NULL && reason[1] != '\0', said = false, decided = false;
    json_object_foreach(json_object_get(expect, "lines"), name, value)
    {
        const char *outcome = json_string_value(value);
        bool deny = strcmp(outcome, "deny") == 0;
        has_reason = has_reason && (!deny || !said); /* it is that of the first line that is denied */
        said = said || deny;
        if (strcmp(outcome, "cannot-tell") == 0) outcome = "cannot tell";
        if (deny && strcmp(stage, "postpay") == 0) outcome = "audit";
        fprintf(s->out, "  expect  %s%s%s on line %d\n", outcome, deny && has_reason ? " " : "",
                deny && has_reason ? reason : "", atoi(name) + before);
        const csv_cell *clause =
            scenario_clause(policy, json_string_value(json_object_get(expect, "clause")), json_string_value(value));
        if (clause == NULL || decided || strcmp(outcome, "pass") == 0) continue;
        fprintf(s->out, "  expect  %s by %.*s on line %d\n", outcome, (int)clause->length, clause->text,
                atoi(name) + before);
        decided = true;
    }
}

/* A course of sessions that are planned, from its first one on. */
static const char *say_plan(scenario *s, char start[16])
{
    char room[512], other[512];
    const char *sessions = get(s, "plan.sessions", room), *first = get(s, "plan.start", other);
    if (sessions == NULL || first == NULL) return NULL;
    snprintf(start, 16, "%s", first);
    return start;
}

static void say_rest_of_plan(scenario *s, const char *code, const char *start)
{
    int32_t day;
    char room[512], next[16];
    if (!adj_read_date(start, &day)) return;
    adj_write_date(day + 7, next);
    fprintf(s->out, "\n          history %d lines of %s weekly from %s", atoi(get(s, "plan.sessions", room)) - 1, code,
            next);
    say(s, "status planned");
}

static void say_test(scenario *s, const char *policy)
{
    char room[512], start[16];
    fprintf(s->out, "test \"%s\"\n  given ", s->id);
    const char *as_of = get(s, "asof", room);
    if (as_of != NULL) fprintf(s->out, "  as of %s\n        ", as_of);
    int before = say_batch(s);
    const char *plan = say_plan(s, start), *name, *code = "";
    json_t *line;
    json_object_foreach(json_object_get(s->record, "lines"), name, line)
    {
        static const char *const known[] = {"cpt",  "mods", "units", "dos", "dos_to", "pos",
                                            "prov", "min",  "start", "end", "dxptr"};
        const char *of_line, *day = plan != NULL ? plan : json_string_value(json_object_get(line, "dos"));
        json_t *value;
        json_object_foreach(line, of_line, value)
        {
            bool one_of = false;
            for (size_t k = 0; k < sizeof known / sizeof *known; k++) one_of = one_of || strcmp(known[k], of_line) == 0;
            if (!one_of) fail(s, "the key %s of a line has no name here", of_line);
        }
        code = json_string_value(json_object_get(line, "cpt"));
        int32_t known_day;
        if (!adj_read_date(day, &known_day))
            fail(s, "there is no day %s: a record that has it is reported, not judged", day);
        fprintf(s->out, "\n          line %s on %s", code, day);
        if (plan != NULL) say(s, "status planned");
        say_line(s, line, day);
    }
    if (plan != NULL) say_rest_of_plan(s, code, plan);
    say_history(s);
    fputs("\n", s->out);
    say_expectations(s, policy, before);
}

static const char *policy_of(scenario *s)
{
    const char *name = json_string_value(json_object_get(s->record, "payer"));
    const char *kind = json_string_value(json_object_get(s->whole, "payer"));
    for (size_t i = 0; name != NULL && kind != NULL && i < sizeof payers / sizeof *payers; i++) {
        if (strcmp(payers[i].name, name) == 0 && strncmp(payers[i].kind, kind, strlen(payers[i].kind)) == 0)
            return payers[i].policy;
    }
    fail(s, "no policy for the payer %s (%s)", name == NULL ? "" : name, kind == NULL ? "" : kind);
    return "";
}

char *scenario_policy(scenario *s, const char *name)
{
    char *text = NULL;
    size_t length = 0;
    s->out = open_memstream(&text, &length);
    if (s->out == NULL) return NULL;
    const char *policy = policy_of(s);
    fprintf(s->out, "policy %s extends %s\n  title     \"%s\"\n  payer     \"%s\"\n\n", name, policy, s->id, name);
    say_overlay(s);
    say_test(s, policy);
    fclose(s->out);
    return text;
}
