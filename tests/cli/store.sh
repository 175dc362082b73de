#!/usr/bin/env bash
# The store, with SQLite and, where Debian's server is installed, with a PostgreSQL server of its own: the same commands
# give the same bytes. Usage: store.sh ADJUDGE
set -u
adjudge=$1
work=$(mktemp -d)
failed=0
passed=0
server=""

stop() {
    [ -n "$server" ] && as_server "$server/pg_ctl" -D "$work/server" -m immediate stop >/dev/null 2>&1
    rm -rf "$work"
}
trap stop EXIT

check() { # what, expected exit code, actual
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1: expected $2, got $3"
    fi
}
same() { # what, file, file
    if cmp -s "$2" "$3"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
        diff "$2" "$3" | head -5
    fi
}

# The server does not run as root; its files then belong to nobody in particular.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME="$work" "$@"
    else
        "$@"
    fi
}

start_server() {
    for folder in /usr/lib/postgresql/*/bin; do [ -x "$folder/initdb" ] && server=$folder; done
    [ -n "$server" ] || return 1
    mkdir "$work/server" "$work/socket"
    [ "$(id -u)" -eq 0 ] && chown 65534:65534 "$work/server" "$work/socket" && chmod 711 "$work"
    as_server "$server/initdb" -D "$work/server" -A trust -U adjudge --no-sync >"$work/initdb.log" 2>&1 || return 1
    as_server "$server/pg_ctl" -D "$work/server" -w -l "$work/server/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$work/socket -c fsync=off" start >"$work/start.log" 2>&1
}

demo=examples/demo
feeds=("$demo/history.csv" "$demo/sessions.csv" "$demo/attendance.csv" "$demo/authorizations.csv" "$demo/eligibility.csv")
policies=(--policy policies --policy examples/harbor)
with=()
for feed in "${feeds[@]}"; do with+=(--with "$feed"); done
printf 'member_id,claim_id,date,procedure\nM1,C1,2026-02-30,90853\n' >"$work/bad.csv"
printf 'member_id,claim_id,date,procedure,frequency,original_reference,payer_claim_number,charge\nM1,C1,2026-02-01,90853,1,,ICN1,100\nM1,C1,2026-02-01,90853,7,ICN1,ICN2,90\n' >"$work/replaced.csv"
printf 'session_id,date,minutes\nS-1,2026-02-01,60\n' >"$work/first.csv"
printf 'session_id,date,minutes\nS-1,2026-02-01,45\n' >"$work/second.csv"

commands() { # store, folder for what comes out
    local store=$1 out=$2
    mkdir "$out"
    "$adjudge" import "${feeds[@]}" --store "$store" >"$out/import" 2>&1
    check "import into $store" 0 $?
    "$adjudge" import "${feeds[@]}" --store "$store" >"$out/again" 2>&1
    check "importing twice" 0 $?
    "$adjudge" check "$demo/claims.837" "${policies[@]}" --store "$store" --save >"$out/check" 2>"$out/problems"
    check "check against the store" 1 $?
    "$adjudge" history --store "$store" --format csv >"$out/history"
    check "history" 0 $?
    "$adjudge" import "$work/bad.csv" "$work/first.csv" --store "$store" >"$out/bad" 2>&1
    check "a bad file is refused" 2 $?
    "$adjudge" history --store "$store" --format csv >"$out/after_bad"
    same "a bad file changes nothing" "$out/history" "$out/after_bad"
    "$adjudge" import "$work/replaced.csv" "$demo/payment.835" "$demo/claims.837" --store "$store" >"$out/more" 2>&1
    check "more imports" 0 $?
    "$adjudge" import "$work/first.csv" --store "$store" >"$out/first" 2>&1
    "$adjudge" import "$work/second.csv" --store "$store" >"$out/second" 2>&1
    "$adjudge" history --store "$store" --member M1 --format json >"$out/replaced"
    "$adjudge" history --store "$store" --import 1 --format csv >"$out/as_it_was"
    same "what was known after the first import" "$out/history" "$out/as_it_was"
    "$adjudge" reproduce 1 --store "$store" >"$out/reproduced" 2>"$out/reproduced_said"
    check "reproduce" 1 $?
    same "the same predictions, byte for byte" "$out/check" "$out/reproduced"
    "$adjudge" reproduce 7 --store "$store" >/dev/null 2>"$out/no_run"
    check "a run that is not there" 2 $?
    "$adjudge" measure "$demo/claims.837" "${policies[@]}" --store "$store" >"$out/measures" 2>/dev/null
    check "measures" 0 $?
}

commands "$work/practice.db" "$work/sqlite"
"$adjudge" check "$demo/claims.837" "${policies[@]}" "${with[@]}" >"$work/direct" 2>/dev/null
same "the store tells what the files tell" "$work/direct" "$work/sqlite/check"
# More names than are asked for in one transaction, and more records than are read at once.
"$adjudge" generate --lines 3000 --output "$work/many" --form csv >/dev/null
many=()
many_with=()
for feed in sessions attendance authorizations eligibility schedule remittance; do
    many+=("$work/many/$feed.csv")
    many_with+=(--with "$work/many/$feed.csv")
done
"$adjudge" import "${many[@]}" --store "$work/many.db" >"$work/many_import" 2>&1
check "importing many records" 0 $?
"$adjudge" check "$work/many/lines.csv" "${policies[@]}" "${many_with[@]}" --format csv >"$work/many_direct" 2>/dev/null
"$adjudge" check "$work/many/lines.csv" "${policies[@]}" --store "$work/many.db" --format csv >"$work/many_stored" 2>/dev/null
same "many records from a store" "$work/many_direct" "$work/many_stored"
check "many lines are judged" 1 "$([ "$(wc -l <"$work/many_stored")" -gt 3000 ] && echo 1)"
grep -q '^Import 1: .* new, 0 changed' "$work/sqlite/import"
check "the import is counted" 0 $?
grep -q 'nothing changes' "$work/sqlite/again"
check "the second import says so" 0 $?
grep -q '1 changed' "$work/sqlite/second"
check "a newer record takes the place of an older one" 0 $?
grep -q '"retired":true' "$work/sqlite/replaced" && [ "$(grep -c '"retired":false' "$work/sqlite/replaced")" = 1 ]
check "a replaced claim is retired" 0 $?
"$adjudge" history --store "$work/none/x.db" >/dev/null 2>&1
check "a store that is not there" 2 $?
"$adjudge" import "$demo/history.csv" --store "$work/bad.csv" >/dev/null 2>&1
check "a file that is no store" 2 $?
"$adjudge" check "$demo/claims.837" "${policies[@]}" --save >/dev/null 2>&1
check "--save without a store" 2 $?
"$adjudge" import --store "postgresql://nobody@/none?host=$work/nowhere" "$demo/history.csv" >/dev/null 2>&1
check "a server that is not there" 2 $?

if start_server; then
    commands "postgresql://adjudge@/postgres?host=$work/socket" "$work/postgresql"
    for file in import again check history more second replaced reproduced measures; do
        same "PostgreSQL gives what SQLite gives: $file" "$work/sqlite/$file" "$work/postgresql/$file"
    done
else
    echo "SKIPPED: no PostgreSQL server is installed (apt-get install postgresql); SQLite alone was tested"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
