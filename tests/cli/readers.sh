#!/usr/bin/env bash
# Reading and writing from the command line: what is generated, converted, judged in parts, hidden, and kept to be mended.
# Usage: readers.sh ADJUDGE
set -u
adjudge=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

check() { # what, expected, actual
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1: expected $2, got $3"
    fi
}
same() { # what, file, file
    if cmp -s "$2" "$3"; then
        check "$1" 0 0
    else
        check "$1 ($(diff "$2" "$3" 2>&1 | head -3))" "the same" "another"
    fi
}

# ---- generate ----
for form in 837 ndjson csv; do
    "$adjudge" generate --lines 400 --output "$work/$form" --form "$form" --mistakes 0.2 --to 2026-06-30 >"$work/$form.said"
    check "generate $form" 0 $?
    "$adjudge" generate --lines 400 --output "$work/$form.again" --form "$form" --mistakes 0.2 --to 2026-06-30 >/dev/null
    check "the same options give the same bytes: $form" "" "$(diff -rq "$work/$form" "$work/$form.again")"
done
"$adjudge" generate --lines 400 --output "$work/other" --form csv --seed 2 --mistakes 0.2 --to 2026-06-30 >/dev/null
cmp -s "$work/csv/lines.csv" "$work/other/lines.csv"
check "another seed gives another practice" 1 $?
check "the key has what was said" "$(awk '$1 ~ /_/ { n += $2 } END { print n }' "$work/837.said")" "$(tail -n +2 "$work/837/key.csv" | wc -l)"
check "the key does not depend on the form" "" "$(diff "$work/837/key.csv" "$work/csv/key.csv")"
"$adjudge" generate --lines 300 --output "$work/clean" --form csv --mistakes 0 >/dev/null
check "no mistakes, no key" 1 "$(wc -l <"$work/clean/key.csv")"
printf 'member_id,claim_id,date,procedure\n' >"$work/no_history.csv"
"$adjudge" check "$work/clean/lines.csv" --policy policies --policy examples/harbor --with "$work/no_history.csv" --with "$work/clean/sessions.csv" \
    --with "$work/clean/attendance.csv" --with "$work/clean/authorizations.csv" --with "$work/clean/eligibility.csv" >"$work/clean.report" 2>&1
check "without mistakes nothing is denied" 0 $?
"$adjudge" generate --lines 300 --output "$work/one" --form csv --mistakes 0 --mistake minutes_as_units=1 >/dev/null
check "every line with one mistake" 300 "$(grep -c minutes_as_units "$work/one/key.csv")"
check "whose lines show it" 0 "$(tail -n +2 "$work/one/lines.csv" | awk -F, '$7 == 1' | wc -l)"
"$adjudge" generate --lines 12000 --output "$work/month" --form csv --from 2026-01-01 --to 2026-01-21 >/dev/null
check "some groups without a session among a thousand" 0 $?
"$adjudge" generate --lines 10 --output "$work/weekend" --form csv --from 2026-01-03 --to 2026-01-04 >/dev/null 2>&1
check "days without any session" 2 $?
"$adjudge" generate --lines x --output "$work/x" 2>/dev/null
check "generate with a number that is none" 2 $?
"$adjudge" generate --lines 10 --output "$work/csv/lines.csv/under" 2>/dev/null
check "generate into what is no folder" 2 $?

# ---- the three forms say the same ----
claims=(837/claims.837 csv/lines.csv ndjson/lines.ndjson)
for file in "${claims[@]}"; do
    name=${file%%/*}
    "$adjudge" convert "$work/$file" --to ndjson --output "$work/from.$name" 2>/dev/null
    check "convert $file" 0 $?
done
same "837P and CSV hold the same lines" "$work/from.837/lines.ndjson" "$work/from.csv/lines.ndjson"
same "NDJSON and CSV hold the same lines" "$work/from.ndjson/lines.ndjson" "$work/from.csv/lines.ndjson"
"$adjudge" convert "$work/837/claims.837" --to 837 2>/dev/null >"$work/once.837"
"$adjudge" convert - --to 837 <"$work/once.837" 2>/dev/null >"$work/twice.837"
same "an 837P written and read again, through standard input" "$work/once.837" "$work/twice.837"
"$adjudge" convert --with "$work/837/payments.835" --to 835 2>/dev/null >"$work/once.835"
"$adjudge" convert --with "$work/once.835" --to 835 2>/dev/null >"$work/twice.835"
same "an 835 written and read again" "$work/once.835" "$work/twice.835"

# ---- in parts ----
policies=(--policy policies --policy examples/harbor)
with=()
for feed in sessions attendance authorizations eligibility schedule; do with+=(--with "$work/csv/$feed.csv"); done
(head -n 1 "$work/csv/lines.csv" && tail -n +2 "$work/csv/lines.csv" | sort -t, -k16,16 -k2,2r) >"$work/shuffled.csv"
for format in text json csv; do
    "$adjudge" check "$work/shuffled.csv" "${policies[@]}" "${with[@]}" --with "$work/csv/remittance.csv" --format "$format" >"$work/whole" 2>"$work/whole.said"
    check "check a generated practice" 1 $?
    "$adjudge" check "$work/shuffled.csv" "${policies[@]}" "${with[@]}" --with "$work/csv/remittance.csv" --format "$format" --memory 2M >"$work/parts" 2>"$work/parts.said"
    check "check it in parts" 1 $?
    same "the same report in parts: $format" "$work/whole" "$work/parts"
done
{ head -n 1 "$work/csv/lines.csv"; for line in 1 2 3; do tail -n +2 "$work/csv/lines.csv" | sed "s/,90853,1,/,90853,$line,/"; done; } >"$work/several.csv"
"$adjudge" check "$work/several.csv" "${policies[@]}" --only-findings >"$work/whole" 2>/dev/null
"$adjudge" check "$work/several.csv" "${policies[@]}" --only-findings --memory 3M >"$work/parts" 2>/dev/null
same "claims whose lines stand far apart" "$work/whole" "$work/parts"
"$adjudge" check "$work/shuffled.csv" "${policies[@]}" "${with[@]}" --memory 1M >/dev/null 2>"$work/little"
code=$?
[ $code -eq 1 ] || grep -q "more memory is needed" "$work/little"
check "too little memory is said, or is enough" 0 $?
gzip -k "$work/837/claims.837"
"$adjudge" check "$work/837/claims.837" "${policies[@]}" --format csv >"$work/whole" 2>/dev/null
"$adjudge" check "$work/837/claims.837.gz" "${policies[@]}" --format csv --memory 64M 2>/dev/null | sed 's/claims\.837\.gz/claims.837/' >"$work/parts"
same "a compressed file in parts" "$work/whole" "$work/parts"
"$adjudge" check - "${policies[@]}" --format csv --memory 64M <"$work/837/claims.837" 2>/dev/null | sed "s#standard input#$work/837/claims.837#" >"$work/parts"
same "standard input in parts" "$work/whole" "$work/parts"
TMPDIR=$work/nowhere "$adjudge" check "$work/837/claims.837" "${policies[@]}" --memory 64M >/dev/null 2>"$work/no_room"
check "no folder for temporary files" 2 $?
grep -q TMPDIR "$work/no_room"
check "is said" 0 $?
"$adjudge" check "$work/837/claims.837" "${policies[@]}" --memory 64 >/dev/null 2>&1
check "a size without its unit" 2 $?
"$adjudge" check "$work/none.837" "${policies[@]}" --memory 64M >/dev/null 2>"$work/missing"
check "a file that is not there, in parts" 2 $?
grep -q D0001 "$work/missing"
check "is said in parts too" 0 $?

# ---- hidden ----
for more in "" "--memory 64M"; do
    # shellcheck disable=SC2086
    "$adjudge" check examples/demo/claims.837 "${policies[@]}" --with examples/demo/history.csv --with examples/demo/eligibility.csv --redact $more >"$work/hidden" 2>&1
    check "no member in what is hidden $more" 0 "$(grep -c 'RB100[0-9][0-9]' "$work/hidden")"
done

# ---- kept to be mended ----
sed 's/DTP\*472\*D8\*2026060[23]~/DTP*472*D8*20260230~/' examples/demo/claims.837 >"$work/broken.837"
"$adjudge" check "$work/broken.837" "${policies[@]}" --rejects "$work/rejects.837" >/dev/null 2>&1
sed 's/20260230/20260602/' "$work/rejects.837" >"$work/mended.837"
"$adjudge" convert "$work/mended.837" --to ndjson --output "$work/mended" 2>"$work/mended.said"
check "what was mended is read" 0 $?
check "no problem is left" 0 "$(grep -cE '^(error|warning)' "$work/mended.said")"
"$adjudge" check "$work/broken.837" "${policies[@]}" --rejects "$work/again.837" --memory 64M >/dev/null 2>&1
same "rejects in parts" "$work/rejects.837" "$work/again.837"

# ---- the page ----
"$adjudge" dump --stage files >"$work/files"
sed -n '/^### history: each/,/^### What a site adds/p' docs/formats.md | head -n -2 >"$work/page"
same "docs/formats.md lists every side file and column" "$work/files" "$work/page"
for code in $(cat readers/*.c readers/*/*.c runtime/*.c | grep -oE '"D0[0-9]{3}"' | tr -d '"' | sort -u); do
    grep -q "^| $code |" docs/formats.md
    check "docs/formats.md says what $code is" 0 $?
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
