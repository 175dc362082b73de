#!/usr/bin/env bash
# The command as its users call it: exit codes, streams, formats, bad input, determinism. Arguments: the command, and the
# shared library whose exported symbols are compared.
set -u
adjudge=$1 library=$2
passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ADJUDGE_CACHE="$work/cache" # not the user's own

# expect NAME CODE COMMAND...: runs it, keeps its streams, compares its exit code.
expect() {
    local name=$1 code=$2
    shift 2
    "$@" >"$work/out" 2>"$work/err" </dev/null
    local got=$?
    if [ "$got" -eq "$code" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $name: exit code $got, expected $code"
        head -n 5 "$work/err"
    fi
}

# holds NAME FILE TEXT: the text stands in the file.
holds() {
    if grep -qF -- "$3" "$work/$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: \"$3\" is not in $2:"
        head -n 8 "$work/$2"
    fi
}

lacks() { ! grep -qF -e "$3" "$work/$2" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL $1: $2 has: $3"; }; }

same() {
    if cmp -s "$2" "$3"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAIL $1: the files differ"
        diff "$2" "$3" | head -n 20
    fi
}

demo=(check examples/demo/claims.837 --policy policies --policy examples/harbor)
for side in sessions attendance authorizations eligibility history; do demo+=(--with "examples/demo/$side.csv"); done

expect "help" 0 "$adjudge" --help
holds "help" out "adjudge check CLAIMS"
expect "version" 0 "$adjudge" --version
expect "no command" 2 "$adjudge"
expect "unknown command" 2 "$adjudge" chek
for command in check test dump measure fmt explain layers table; do expect "$command --help" 0 "$adjudge" "$command" --help && holds "$command --help" out "Example:"; done

expect "the shipped tests" 0 "$adjudge" test policies examples
holds "the shipped tests" out " 0 failed"
expect "the language tests" 0 "$adjudge" test tests/language
holds "the language tests" out "218 passed, 0 failed"
expect "the scenarios" 0 "$adjudge" test policies examples tests/scenarios --coverage --boundaries
lacks "the scenarios" err "warning["
holds "the scenarios" out "Boundaries: 253 of 253 numbers and dates are held on both sides"
holds "the scenarios" out "Coverage: 167 of 167 clauses, 22 of 22 exceptions, 80 of 80 table rows"

# What no test shows: a clause that never fails, one that nothing meets, an exception that excuses nothing, a row.
cat >"$work/half.adj" <<'POLICY'
policy half
  title     "Half tested"

table most (procedure) gives (units: count)
  unique
  | procedure | units |
  | 90853     | 1     |
  | 90834     | 2     |

section "Limits"
  for each line
  let own = most(procedure)

clause few_units
  cite    "1"
  when    own is found
  require units <= own.units
  unless  modifiers include any of 59 as told_apart
  warn    "{units}"

clause whole_days
  cite    "2"
  when    procedure in 99999
  require units <= 1
  warn    "{units}"

clause one_unit
  cite    "3"
  require units <= 1
  unless  modifiers include any of 76 as repeated
  unless  modifiers include any of 77 as repeated_by_another
  warn    "{units}"

test "one unit"
  given   line 90853 on 2026-01-05
          line 90853 on 2026-01-06, units 2, modifiers 76
  expect  pass by few_units on line 1
  expect  excused by one_unit on line 2
POLICY
expect "what no test shows" 1 "$adjudge" test "$work/half.adj" --coverage
holds "what no test shows" out "Coverage: 1 of 3 clauses, 1 of 3 exceptions, 1 of 2 table rows"
holds "what no test shows" out "half.adj:8: a row of table most is met by no test"
holds "what no test shows" out "half.adj:27: clause one_unit is failed in no test"
holds "what no test shows" out "the exception repeated_by_another of clause one_unit excuses nothing in any test"
lacks "what no test shows" out "the exception repeated of"
holds "what no test shows" out "the exception told_apart of clause few_units excuses nothing in any test"
holds "what no test shows" out "clause whole_days is neither passed nor failed in any test"
printf 'policy beside\n  title     "Another"\n\nclause one\n  cite    "1"\n  require units <= 1\n  warn    "x"\n\ntest "one, and three"\n  given   line 90853 on 2026-01-05\n          line 90853 on 2026-01-06, units 3\n  expect  pass on line 1\n  expect  warn on line 2\n' >"$work/beside.adj"
expect "another policy's tests" 1 "$adjudge" test "$work/half.adj" "$work/beside.adj" --coverage
holds "another policy's tests" out "half.adj:27: clause one_unit is failed in no test"
expect "without the question, they pass" 0 "$adjudge" test "$work/half.adj"

# What policies look like, what messages mean, who overrides whom.
expect "everything is laid out" 0 "$adjudge" fmt --check policies examples tests/language tests/scenarios lang/standard.adj
printf 'policy p title "P"\nclause c require units<=1 warn "x"\n' >"$work/squeezed.adj"
expect "a squeezed policy is not" 1 "$adjudge" fmt --check "$work/squeezed.adj"
holds "a squeezed policy is not" out "squeezed.adj"
expect "laying it out" 0 "$adjudge" fmt "$work/squeezed.adj"
expect "then it is" 0 "$adjudge" fmt --check "$work/squeezed.adj"
printf 'policy p\nclause {\n' >"$work/wrong.adj"
cp "$work/wrong.adj" "$work/before.adj"
expect "what does not parse" 2 "$adjudge" fmt "$work/wrong.adj"
same "what does not parse is left alone" "$work/wrong.adj" "$work/before.adj"
expect "a policy through pipes" 0 sh -c "'$adjudge' fmt - < '$work/squeezed.adj'"
same "a policy through pipes" "$work/out" "$work/squeezed.adj"
expect "fmt of nothing" 2 "$adjudge" fmt
expect "fmt of what is not there" 2 "$adjudge" fmt "$work/nowhere.adj"

expect "a page" 0 "$adjudge" explain e0504
holds "a page" out "E0504 may_be_absent"
expect "a lint by its name" 0 "$adjudge" explain table_gap
expect "no such page" 2 "$adjudge" explain E9999
expect "every page" 0 "$adjudge" explain --all
same "docs/diagnostics.md is made of the pages" "$work/out" docs/diagnostics.md

expect "the layers" 0 "$adjudge" layers tests/language/layers
holds "the layers" out "overrides clause group_attended of layers.state"
holds "the layers" out "exception emergency to clause service_covered of layers.state"
expect "layers of a circle" 2 "$adjudge" layers tests/golden/errors/e0322_circle.adj

measured=(measure examples/demo/claims.837 --policy policies --policy examples/harbor --with examples/demo/remittance.csv)
for side in sessions attendance authorizations eligibility history; do measured+=(--with "examples/demo/$side.csv"); done
expect "the measures" 0 "$adjudge" "${measured[@]}"
holds "the measures" out "denial_rate: Lines denied, of lines adjudicated"
cp "$work/out" "$work/by_csv"
expect "the measures by an 835" 0 "$adjudge" "${measured[@]/remittance.csv/payment.835}"
same "the measures by an 835" "$work/by_csv" "$work/out"
lacks "the measures by an 835" err "warning"
holds "the measures" out "revenue_per_session"
for measure in attended_minutes same_day_group_and_individual same_day_denial_rate charges_per_session average_attendance denial_rate_by_therapist denials_of_place_and_modifier scheduled_participants_billed documented_duration telehealth_denial_rate days_to_payment days_in_receivables missed_appointments_by_mode missed_appointments_by_group_type; do
    holds "the measures" out "$measure: "
done

# The guide's checklist names what is there.
for name in $(grep -o '`[a-z]*_[a-z_]*`' docs/guide-coverage.md | tr -d '`' | sort -u); do
    [ "$name" = authorized_after ] && continue
    grep -qE "^(overridable )?(clause|table|measure) $name\\b" policies/*.adj examples/*/*.adj && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL the guide's checklist names $name, which is nowhere"; }
done
expect "one measure as JSON" 0 "$adjudge" "${measured[@]}" --only authorization_lapse_rate --format json
holds "one measure as JSON" out '{"measure":"authorization_lapse_rate","by":{"payer":"HARBOR"},"value":"0.5","exact":true,"subjects":2,"perhaps":0,"alert":null,"alert_of":null}'
expect "measures as CSV" 0 "$adjudge" "${measured[@]}" --format csv
holds "measures as CSV" out 'revenue_per_session,program=clinic,$71.64,yes,9,0,no'
cat >"$work/alerts.adj" <<'ADJ'
module alerts

measure beside_individual_therapy
  for each line where procedure in 90853
  by    payer
  value (count where exists other in history on the same day where procedure in 90832, 90834, 90837) / count
  alert above 0.05

measure minutes_of_facilitators
  for each session where procedure in 90853
  by    facilitator
  value average of minutes
  alert apart 15 percent
ADJ
expect "alerts of measures" 0 "$adjudge" "${measured[@]}" --policy "$work/alerts.adj"
holds "alerts of measures" out "HARBOR               28  0.107  ALERT: above 0.05"
holds "alerts of measures" out "1700000130            5  45 minutes  ALERT: more than 15 percent from 53.182 minutes, of all together"
lacks "alerts of measures" out "1700000114            4  60 minutes  ALERT"
expect "alerts where history is only the provider's own" 0 "$adjudge" "${measured[@]}" --policy "$work/alerts.adj" --history own --only beside_individual_therapy --format json
holds "alerts where history is only the provider's own" out '{"measure":"beside_individual_therapy","by":{"payer":"SUMMIT"},"value":"from 0 to 1","exact":false,"subjects":1,"perhaps":0,"alert":"perhaps","alert_of":"above 0.05"}'
expect "a measure that is not there" 2 "$adjudge" "${measured[@]}" --only nothing
without=(measure examples/demo/claims.837 --policy policies --policy examples/harbor --only denial_rate)
expect "a measure whose feed was not given" 0 "$adjudge" "${without[@]}"
holds "a measure whose feed was not given" out "more may count"

printf 'code,to,x\n90853,9999-12-31,1\n90832,9999-12-31,1\n' >"$work/old.csv"
printf 'code,to,x\n90853,2026-12-31,1\n90834,9999-12-31,1\n' >"$work/new.csv"
expect "two editions" 1 "$adjudge" table diff "$work/old.csv" "$work/new.csv" --key code --to to
holds "two editions" out "ended: 1"
holds "two editions" out "came: 1"
expect "one edition" 0 "$adjudge" table diff "$work/old.csv" "$work/old.csv" --key code --to to
expect "an edition that is not there" 2 "$adjudge" table diff "$work/old.csv" "$work/nowhere.csv" --key code
expect "no key" 2 "$adjudge" table diff "$work/old.csv" "$work/new.csv"

# Arithmetic past its range is an error of its clause, never a wrapped number.
cat >"$work/range.adj" <<'ADJ'
policy range
  payer "HARBOR", "CT-MEDICAID", "SUMMIT"

clause far_too_much
  cite    "A1"
  require charge * 90000000000 * 90000000000 <= $1.00
  deny    CO-45 "{charge}"
ADJ
expect "past the range" 0 "$adjudge" check examples/demo/claims.837 --policy "$work/range.adj"
holds "past the range" out "goes past what can be counted"
holds "past the range" out "far_too_much"

expect "the demo predicts denials" 1 "$adjudge" "${demo[@]}"
cp "$work/out" "$work/text"
if [ -n "${ADJUDGE_GOLDEN_WRITE:-}" ]; then cp "$work/out" tests/golden/demo.txt; fi
same "the demo reads as it should" tests/golden/demo.txt "$work/text"
for evaluator in interpreter both; do
    if [ "$evaluator" = both ] && "$adjudge" --version | grep -q "interpreter only"; then continue; fi
    expect "the demo by $evaluator" 1 "$adjudge" "${demo[@]}" --evaluator $evaluator
    same "the demo by $evaluator" "$work/text" "$work/out"
done
expect "json" 1 "$adjudge" "${demo[@]}" --format json
holds "json" out '"verdict":"deny"'
[ "$(wc -l <"$work/out")" -eq 40 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL json: one object per line"; }
if command -v python3 >/dev/null; then
    expect "json parses" 0 python3 -c "import json,sys; [json.loads(l) for l in open('$work/out')]"
fi
expect "csv" 1 "$adjudge" "${demo[@]}" --format csv
holds "csv" out "file,segment,claim,line,member"
# Cells of every length with what has to be quoted in every place, and without.
printf 'claim_id,member_id,payer,line,date,procedure,units,charge\n' >"$work/marks.csv"
: >"$work/marks"
for length in 1 2 3 4 5 7 8 9 12 15 16 17 20; do
    for ((at = 0; at <= length; at++)); do
        for mark in , '""'; do
            cell=$(printf "%${at}s" '')$mark$(printf "%$((length - at))s" '')
            [ "$at" = "$length" ] && cell=$(printf "%$((length + 1))s" '')
            printf '"%s",M,HARBOR,1,2026-06-02,90853,1,10.00\n' "${cell// /k}" >>"$work/marks.csv"
            [ "$at" = "$length" ] && echo "${cell// /k}" >>"$work/marks" || echo "\"${cell// /k}\"" >>"$work/marks"
        done
    done
done
"$adjudge" check "$work/marks.csv" --policy policies --format csv --no-summary 2>"$work/err" | sed -n 's/^[^,]*,[0-9]*,\(.*\),1,M,HARBOR,2026.*/\1/p' >"$work/told"
same "cells in quotation marks" <(sort -u "$work/marks") <(sort -u "$work/told")
expect "only findings" 1 "$adjudge" "${demo[@]}" --only-findings
! grep -q "  pass$" "$work/out" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL only findings"; }
expect "no colour into a file" 1 "$adjudge" "${demo[@]}"
! grep -q $'\033' "$work/out" "$work/err" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL colour"; }
cp examples/demo/claims.837 "$work/claims.837"
expect "standard input" 1 bash -c "'$adjudge' check - --policy policies --policy examples/harbor <'$work/claims.837'"

printf 'policy p\nclause c\n  require unts <= 1\n  warn "x"\n' >"$work/bad.adj"
expect "a policy with an error" 2 "$adjudge" test "$work/bad.adj"
holds "a policy with an error" err "did you mean \`units\`?"
printf 'policy p\nclause c\n  cite "1"\n  require units <= 1\n  warn "x"\ntest "t"\n  given line 90853 on 2026-01-01, units 2\n  expect pass by c\n' >"$work/fails.adj"
expect "a test that fails" 1 "$adjudge" test "$work/fails.adj"
holds "a test that fails" out "expected  pass"
holds "a test that fails" out "actual    warn"
expect "a claims file that is not there" 2 "$adjudge" check nowhere.837 --policy policies
holds "a claims file that is not there" err "no such file"
expect "a folder as claims" 2 "$adjudge" check policies --policy policies
expect "a policy that is not there" 2 "$adjudge" check examples/demo/claims.837 --policy nowhere
expect "no policy" 2 "$adjudge" check examples/demo/claims.837
expect "only modules" 2 "$adjudge" check examples/demo/claims.837 --policy policies/behavioral_health.adj
holds "only modules" err "only modules"
printf 'payer_id,payer\nSUMMIT,HARBOR\n' >"$work/payers.csv"
expect "payers are mapped" 1 "$adjudge" "${demo[@]}" --with "$work/payers.csv"
! grep -q "no policy names its payer" "$work/out" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL payers are mapped"; }
sed '1s/.*/Visit,Member,Minutes,Level,Relevant,Observed,Progress,Plan,Consent,Identity,Private/' examples/demo/attendance.csv >"$work/their_attendance.csv"
paste -d, <(printf 'header\nVisit\nMember\nMinutes\nLevel\nRelevant\nObserved\nProgress\nPlan\nConsent\nIdentity\nPrivate\n') \
    <(printf 'column\n'; head -n 1 examples/demo/attendance.csv | tr ',' '\n') >"$work/columns.csv"
theirs=("${demo[@]/examples\/demo\/attendance.csv/$work/their_attendance.csv}")
expect "other people's columns" 1 "$adjudge" "${theirs[@]}" --columns "$work/columns.csv"
same "other people's columns" tests/golden/demo.txt "$work/out"
expect "no claims" 2 "$adjudge" check --policy policies
expect "an unknown option" 2 "$adjudge" check examples/demo/claims.837 --polcy policies
expect "a date that is none" 2 "$adjudge" check examples/demo/claims.837 --policy policies --submit-on 2026-02-30
expect "a binary as claims" 2 "$adjudge" check "$adjudge" --policy policies
printf 'member_id,claim_id,date,procedure,status\nRB10001,X,2026-13-01,90853,paid\n' >"$work/history.csv"
expect "a side file with a bad record" 1 "$adjudge" "${demo[@]}" --with "$work/history.csv"
holds "a side file with a bad record" err "history.csv:2:11"
printf 'ST*837*1*005010X222A1~CLM*U1*100***11:B:1~LX*1~SV1*HC:90853*100*UN*1~DTP*472*D8*20260230~SE*6*1~' >"$work/unreadable.837"
expect "a line that is unreadable" 2 "$adjudge" check "$work/unreadable.837" --policy policies
holds "a line that is unreadable" out "unreadable: its date of service (DTP03) is not a date"
printf 'ST*837*1*005010X222A1~CLM*U1*100***11:B:1~LX*1~SV1*HC:90853*100*UN*1~DTP*472*D8*20260228~SE*6*1~' >"$work/readable.837"
expect "a line that is readable and not denied" 0 "$adjudge" check "$work/readable.837" --policy policies/ct_medicaid_clinic.adj
expect "submitted late" 1 "$adjudge" "${demo[@]}" --submit-on 2027-12-31 --format csv
[ "$(grep -c timely_filing "$work/out")" -gt 20 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL submit-on"; }
expect "history is only our own" 1 "$adjudge" "${demo[@]}" --history own
holds "history is only our own" out "cannot tell  session_cap"
expect "as of a day before the history" 1 "$adjudge" "${demo[@]}" --as-of 2026-01-31 --format csv
! grep -q "RB-2003.*,session_cap,deny" "$work/out" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL as-of"; }

printf 'policy p\n  title "P"\n  source "S"\n  review by 2025-06-30\n\nclause c\n  cite "1"\n  require units <= 100\n  warn "Many"\n' >"$work/late.adj"
SOURCE_DATE_EPOCH=1751241600 expect "on the last day of review" 0 "$adjudge" test "$work/late.adj" # 2025-06-30
lacks "on the last day of review" err "W0010"
SOURCE_DATE_EPOCH=1751328000 expect "a review overdue" 0 "$adjudge" test "$work/late.adj"
holds "a review overdue" err 'warning[W0010]: `p` was to be reviewed by 2025-06-30'
expect "a review overdue as of a day" 0 "$adjudge" check "$work/readable.837" --policy "$work/late.adj" --as-of 2025-07-01
holds "a review overdue as of a day" err "W0010"

printf 'policy p\n  payer "HARBOR"\n\nclause open\n  cite "1"\n  require session.minutes >= 45 minutes\n  warn "x"\n\nclause let_pass\n  cite "2"\n  require session.attendees <= 12\n  warn "x"\n  if unknown pass\n' >"$work/let.adj"
expect "what is let pass" 0 "$adjudge" check examples/demo/claims.837 --policy "$work/let.adj"
lacks "what is let pass" out "let_pass"
lacks "what is let pass" out "session.attendees"
expect "what is let pass, for programs" 0 "$adjudge" check examples/demo/claims.837 --policy "$work/let.adj" --format json
holds "what is let pass, for programs" out '"let_pass"'

expect "a measure without what it rests on" 0 "$adjudge" measure examples/demo/claims.837 --policy policies --policy examples/harbor --with examples/demo/sessions.csv --only revenue_per_session --format json
holds "a measure without what it rests on" out '"value":"at least $0.00","exact":false'
expect "dump schema" 0 "$adjudge" dump --stage schema
same "the encounter model lists every field" <(sed -n '/^### line:/,$p' docs/encounter.md) "$work/out"

for stage in tokens ast kernels plan; do expect "dump $stage" 0 "$adjudge" dump --stage $stage policies/ct_medicaid_clinic.adj; done
holds "dump plan" out "VERDICT"
if ! "$adjudge" --version | grep -q "interpreter only"; then
    expect "dump ir" 0 "$adjudge" dump --stage ir policies/ct_medicaid_clinic.adj
    holds "dump ir" out "define void @policy_0"
    expect "dump asm" 0 "$adjudge" dump --stage asm policies/ct_medicaid_clinic.adj
    holds "dump asm" out "policy_0:"
fi
expect "dump without a stage" 2 "$adjudge" dump policies/ct_medicaid_clinic.adj

# Beginnings: what is written compiles, is laid out, passes and covers; nothing is written over.
mkdir "$work/new"
expect "a new policy" 0 "$adjudge" new policy acme.group_therapy --payer ACME --folder "$work/new"
holds "a new policy" out "$work/new/acme_group_therapy.adj"
expect "a new policy passes" 0 "$adjudge" test "$work/new/acme_group_therapy.adj" --coverage --boundaries
expect "a new table" 0 "$adjudge" new table acme_ways --folder "$work/new"
printf 'policy uses_it\n  title     "It"\n\nuse acme_ways\n\nclause units\n  cite    "1"\n  when    acme_ways(procedure, pos) is found\n  require units <= acme_ways(procedure, pos).units_a_day\n  warn    "{units}"\n\ntest "one, and two"\n  given   line 90853 on 2026-01-05\n          line 90853 on 2026-01-06, units 2\n  expect  pass by units on line 1\n  expect  warn by units on line 2\n' >"$work/new/uses_it.adj"
expect "a policy uses the new table" 0 "$adjudge" test "$work/new/uses_it.adj" --coverage
expect "new tests" 0 "$adjudge" new test "$work/new/acme_group_therapy.adj" --procedure 90837 --on 2026-02-03
holds "new tests" out "acme_group_therapy_tests.adj"
expect "new tests pass" 0 "$adjudge" test "$work/new"
ls "$work/new"/*.new >/dev/null 2>&1 && { failed=$((failed + 1)); echo "FAIL a draft is left behind"; }
grep -qF "expect  not applicable by units_of_a_day" "$work/new/acme_group_therapy_tests.adj" && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL new tests do not say what a plain line comes to"; }
expect "all of it is laid out" 0 "$adjudge" fmt --check "$work/new"
ls "$work/new" >"$work/before"
cp "$work/new/acme_group_therapy.adj" "$work/kept"
expect "a policy that is there" 2 "$adjudge" new policy acme.group_therapy --payer OTHER --folder "$work/new"
holds "a policy that is there" err "is there already; nothing was written"
expect "a table that is there" 2 "$adjudge" new table acme_ways --folder "$work/new"
expect "tests that are there" 2 "$adjudge" new test "$work/new/acme_group_therapy.adj"
same "a policy that is there stays" "$work/kept" "$work/new/acme_group_therapy.adj"
ls "$work/new" >"$work/after"
same "nothing is left behind" "$work/before" "$work/after"
for wrong in "policy" "policy Acme --payer A" "policy a..b --payer A" "policy a" "table a.b" "thing a" "table a b" "table a --payer" "test a.txt" "test a.adj --on 2026-02-30" "table a --nope b" "table a --folder $work/nowhere"; do
    expect "new $wrong" 2 "$adjudge" new $wrong
done
expect "tests of a module" 2 "$adjudge" new test policies/practice_data.adj
holds "tests of a module" err "has no clauses to test"
ADJUDGE=$adjudge expect "a repository of policies" 0 bash examples/policy_repository/check.sh "$work/new"
printf 'policy p title "P"\nclause c require units<=1 warn "x"\n' >"$work/new/squeezed.adj"
ADJUDGE=$adjudge expect "and one that is not well" 1 bash examples/policy_repository/check.sh "$work/new"
ADJUDGE=$work/nowhere expect "and one without the command" 3 bash examples/policy_repository/check.sh "$work/new"
holds "says what is missing" err "put adjudge on the path"

# Boundaries: which numbers no test holds, on which side; codes are none, and neither is what lies before the policy's first day.
cat >"$work/bounds.adj" <<'ADJ'
policy bounds
  effective 2026-01-01

codes some : cpt
  90834, 90853

parameter most : count
  6  from 2025-01-01
  8  from 2026-01-01
  12 from 2026-07-01

clause few
  cite    "1"
  when    procedure in some
  require units <= most
  deny    CO-151 N362 as limit "{units}"

clause long
  cite    "2"
  require session.minutes between 45 minutes and 60 minutes
  warn    "{session.minutes}"

clause charged
  cite    "3"
  require charge >= $10.00
  warn    "{charge}"

test "at eight"
  given   line 90853 on 2026-06-30, units 8, charge $10.00
          line 90853 on 2026-06-30, units 9
          line 90853 on 2026-07-01, units 12
          line 90834 on 2025-12-31, session.minutes 44
          line 90834 on 2026-01-01, session.minutes 44
  expect  pass by few on line 1
  expect  deny by few on line 2
  expect  pass by few on line 3
  expect  not applicable by long on line 4
  expect  warn by long on line 5
  expect  pass by long on line 1
  expect  pass by charged on line 1
ADJ
expect "boundaries" 1 "$adjudge" test "$work/bounds.adj" --boundaries
sed "s|$work/||" "$work/out" >"$work/bounds"
cat >"$work/wanted" <<'TEXT'
1 passed, 0 failed
Boundaries: 3 of 9 numbers and dates are held on both sides
  bounds.adj:8:3: no test fails where `6` has 5, or 7
  bounds.adj:9:11: no test fails where `2026-01-01` has 2026-01-02
  bounds.adj:10:3: no test fails where `12` has 13
  bounds.adj:20:35: no test fails where `45 minutes` has 46
  bounds.adj:20:50: no test fails where `60 minutes` has 61
  bounds.adj:25:21: no test fails where `$10.00` has $9.99
TEXT
same "boundaries" "$work/wanted" "$work/bounds"
expect "boundaries where a test fails" 1 "$adjudge" test "$work/bounds.adj" "$work/half.adj" --boundaries
expect "boundaries of what does not compile" 2 "$adjudge" test "$work/new/squeezed.adj" tests/golden/errors/e0101_braces.adj --boundaries

# The tables of CMS as docs/authoring.md loads them.
mkdir "$work/cms"
printf 'Column 1,Column 2,Effective Date,Deletion Date,Modifier Indicator\n90853,90834,20141001,*,1\n99213,36415,20200101,20201231,0\n' >"$work/cms/ncci_ptp_practitioner.csv"
printf 'HCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator\n99213,2,3\n' >"$work/cms/mue_practitioner.csv"
sed -n '/^policy our.medicare/,/^```/p' docs/authoring.md | sed '/^```/d' >"$work/cms/our_medicare.adj"
cat >>"$work/cms/our_medicare.adj" <<'ADJ'

test "by CMS's tables"
  given   line 36415 on 2020-12-31
          line 99213 on 2020-12-31, units 3
          line 36415 on 2021-01-01
          line 99213 on 2021-01-01, units 2
  expect  deny CO-236 by pair_edit on line 1
  expect  deny CO-151 by likely_units_of_a_day on line 2
  expect  pass by pair_edit on line 3
  expect  pass by likely_units_of_a_day on line 4
ADJ
ln -s "$PWD/policies" "$work/cms/policies"
expect "the tables of CMS" 0 "$adjudge" test "$work/cms/our_medicare.adj"

# A waived line is denied by nothing, and shown in every format, also where only findings are asked for.
cat >"$work/decisions.adj" <<'ADJ'
policy decisions

waiver modifier_agreed to harbor.group_psychotherapy.telehealth_modifier
  by      "R. Ortiz"
  why     "agreed by telephone"
  until   2099-12-31
  when    claim.id = "RB-2009"
ADJ
expect "waivers" 1 "$adjudge" "${demo[@]}" --policy "$work/decisions.adj" --only-findings
holds "waivers" out "waived deny CO-4 N822  telehealth_modifier  (coding)"
holds "waivers" out "waiver    decisions.modifier_agreed, by R. Ortiz, until 2099-12-31: agreed by telephone"
holds "waivers" out "Waived: these clauses fail, and somebody lets the lines go"
holds "waivers" out "deny  harbor.group_psychotherapy.telehealth_modifier     1 line         \$58.00"
holds "waivers" out "line 1   2026-06-04  90853  at 10  1 unit  \$58.00  pass"
cp "$work/out" "$work/waived"
expect "waivers in parts" 1 "$adjudge" "${demo[@]}" --policy "$work/decisions.adj" --only-findings --memory 64M
same "waivers in parts" "$work/waived" "$work/out"
expect "waivers as JSON" 1 "$adjudge" "${demo[@]}" --policy "$work/decisions.adj" --format json --no-summary
holds "waivers as JSON" out '"verdict":"waived","outcome":"waived"'
holds "waivers as JSON" out '"waivers":[{"name":"decisions.modifier_agreed","by":"R. Ortiz","why":"agreed by telephone","until":"2099-12-31"}]'
expect "waivers as CSV" 1 "$adjudge" "${demo[@]}" --policy "$work/decisions.adj" --format csv --no-summary
holds "waivers as CSV" out ',"decisions.modifier_agreed, by R. Ortiz, until 2099-12-31: agreed by telephone"'
sed -i 's/2099-12-31/2026-07-09/' "$work/decisions.adj"
expect "a waiver past its day" 1 "$adjudge" "${demo[@]}" --policy "$work/decisions.adj" --submit-on 2026-07-10
holds "a waiver past its day" err "W0013"
lacks "a waiver past its day" out "waived"

# What nobody verified reviews, and says so.
printf 'policy u\n\nclause c\n  cite "heard of"\n  source unverified\n  forbid procedure in 90834\n  review "look"\n' >"$work/unverified.adj"
expect "an unverified source" 1 "$adjudge" "${demo[@]}" --policy "$work/unverified.adj"
holds "an unverified source" out "source    heard of; not verified;"
expect "an unverified source as JSON" 1 "$adjudge" "${demo[@]}" --policy "$work/unverified.adj" --format json --no-summary
holds "an unverified source as JSON" out '"source_verified":false'

# Any number of threads gives the same report; machine code is kept where it is told to be, and found there.
"$adjudge" generate --lines 9000 --output "$work/many" --form csv >/dev/null 2>&1
many=(check "$work/many/lines.csv" --policy policies --only-findings --format csv)
expect "one thread" 1 "$adjudge" "${many[@]}" --threads 1
cp "$work/out" "$work/by_one"
expect "three threads" 1 "$adjudge" "${many[@]}" --threads 3
same "three threads" "$work/by_one" "$work/out"
for form in text json; do
    shown=(check "$work/many/lines.csv" --policy policies --format $form)
    expect "$form by one thread" 1 "$adjudge" "${shown[@]}" --threads 1
    cp "$work/out" "$work/by_one_$form"
    expect "$form by three threads" 1 "$adjudge" "${shown[@]}" --threads 3
    same "$form by three threads" "$work/by_one_$form" "$work/out"
done
awk 'BEGIN { print "claim_id,member_id,payer,line,date,procedure,pos,units,charge"
    for (i = 1; i <= 1300; i++) printf "%s,M1,HARBOR,%d,2026-01-07,90853,11,1,65.00\n", i < 10 ? "FIRST" : "BIG", i }' >"$work/big.csv"
expect "a claim of many blocks" 1 "$adjudge" check "$work/big.csv" --policy policies --policy examples/harbor --threads 3
[ "$(grep -c "^[^ ].*BIG" "$work/out")" = 1 ] && passed=$((passed + 1)) || { echo "FAILED: a claim of many blocks has not one heading"; failed=$((failed + 1)); }
[ "$(grep -c '^$' "$work/out")" = 2 ] && passed=$((passed + 1)) || { echo "FAILED: blank lines stand within a claim"; failed=$((failed + 1)); }
expect "by machine code at once" 1 "$adjudge" "${many[@]}" --evaluator best
same "by machine code at once" "$work/by_one" "$work/out"
expect "the interpreter" 1 "$adjudge" "${many[@]}" --evaluator interpreter
same "the interpreter" "$work/by_one" "$work/out"
expect "no threads" 2 "$adjudge" "${many[@]}" --threads 0
expect "threads by word" 2 "$adjudge" "${many[@]}" --threads many
expect "too many threads" 2 "$adjudge" "${many[@]}" --threads 5000
if "$adjudge" --version | grep -q LLVM && [ "$(uname -m)" = x86_64 ]; then
    expect "code for the disk" 1 "$adjudge" "${many[@]}" --evaluator machine
    same "code for the disk" "$work/by_one" "$work/out"
    expect "code is kept" 0 test -d "$work/cache"
    expect "nothing is kept where nothing is to be" 1 env ADJUDGE_CACHE= "$adjudge" "${many[@]}" --evaluator machine
    chmod 555 "$work/cache"
    # No machine code is made where nothing is to be tested: of a library it takes seconds.
    printf 'policy untested\n  title     "Without tests"\n\nclause one\n  cite    "1"\n  require units <= 1\n  warn    "x"\n' >"$work/untested.adj"
    expect "policies without tests" 0 env LD_DEBUG=files LD_DEBUG_OUTPUT="$work/loaded" "$adjudge" test "$work/untested.adj"
    grep -q 'libLLVM' "$work"/loaded.* && { echo "FAILED: policies without tests load LLVM"; failed=$((failed + 1)); } || passed=$((passed + 1))
    expect "a folder that cannot be written" 1 "$adjudge" "${many[@]}" --evaluator machine
    same "a folder that cannot be written" "$work/by_one" "$work/out"
    chmod 755 "$work/cache"
fi

# Cells of a CSV report stand in quotation marks where they hold what would end them; longer and shorter than eight bytes.
printf 'member_id,claim_id,line,date,procedure,payer\n"M,1","say ""so"" and more, twice",1,2026-01-05,90853,"a""b"\nM2,plain identifier,1,2026-01-05,90853,","\n' >"$work/quoted.csv"
"$adjudge" check "$work/quoted.csv" --policy policies --format csv --no-summary >"$work/out" 2>"$work/err" || true
holds "cells in quotation marks" out ',"say ""so"" and more, twice",1,"M,1","a""b",2026-01-05,90853,'
holds "a comma alone" out ',plain identifier,1,M2,",",2026-01-05,90853,'

# What a text report wraps is not cut off, however long it is.
printf 'policy few\n  payer "HARBOR"\n\nclause few\n  cite "1"\n  require at most 3 of history in the last 12 months\n  deny CO-119 as limit "{count}"\n' >"$work/few.adj"
{
    echo 'claim_id,member_id,payer,line,date,procedure,pos,units,charge'
    for i in $(seq 1 250); do echo "LONG$i,M1,HARBOR,1,$(date -d "2026-01-01 +$i days" +%F),90853,11,1,10.00"; done
} >"$work/long.csv"
"$adjudge" check "$work/long.csv" --policy "$work/few.adj" --no-summary >"$work/all" 2>"$work/err" || true
tr -s ' \n' '  ' <"$work/all" >"$work/out"
holds "a long list to its end" out 'LONG250 line 1 source'

# JSON stays JSON, whatever bytes an input has; a share is written as it is said.
printf 'policy odd\n  payer "HARBOR"\n\nclause units\n  cite "1"\n  require units <= 1\n  reduce by 33.333 percent CO-45 as payment "{units} units."\n' >"$work/odd.adj"
printf 'claim_id,member_id,payer,line,date,procedure,pos,units,charge\nC\xe91"\\\x01,M\xff1,HARBOR,1,2026-01-07,90853,11,2,50\n' >"$work/odd.csv"
"$adjudge" check "$work/odd.csv" --policy "$work/odd.adj" --format json --no-summary >"$work/out" 2>"$work/err" || true
holds "bytes that are no text" out '"claim":"C\\xE91\"\\\u0001","line":1,"member":"M\\xFF1"'
printf 'claim_id,member_id,payer,line,date,procedure,pos,units,charge\n%s\xe9END,M1,HARBOR,1,2026-01-07,90853,11,2,50\n' "$(printf 'x%.0s' $(seq 1500))" >"$work/odd_long.csv"
"$adjudge" check "$work/odd_long.csv" --policy "$work/odd.adj" --format json --no-summary >"$work/out_long" 2>"$work/err" || true
holds "a long text of such bytes" out_long 'xxx\\xE9END","line":1'
holds "a share of a percent" out '"reduce_percent":33.333,'

# Negative amounts are written as such.
printf 'claim_id,member_id,payer,line,date,procedure,pos,units,charge\nC1,M1,HARBOR,1,2026-01-07,90853,11,1,-1.50\n' >"$work/negative.csv"
"$adjudge" check "$work/negative.csv" --policy policies --format csv --no-summary >"$work/out" 2>"$work/err" || true
holds "a negative charge" out ',11,1,-1.50,'

# Where libcrypto cannot be loaded, everything works that needs no digest, and the rest says what is missing.
if ! ldd "$adjudge" | grep -q -e libasan -e libtsan && command -v cc >/dev/null; then
    cat >"$work/without.c" <<'SHIM'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
void *dlopen(const char *name, int flags)
{
    void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return name != NULL && strstr(name, "libcrypto") != NULL ? NULL : next(name, flags);
}
SHIM
    cc -shared -fPIC "$work/without.c" -o "$work/without.so" -ldl
    expect "without libcrypto a check works" 1 env LD_PRELOAD="$work/without.so" "$adjudge" check "$work/negative.csv" --policy policies
    expect "without libcrypto no import" 2 env LD_PRELOAD="$work/without.so" "$adjudge" import examples/demo/history.csv --store "$work/without.db"
    holds "without libcrypto no import" err "libcrypto.so.3 cannot be loaded; install libssl3"
    expect "without libcrypto no store" 2 env LD_PRELOAD="$work/without.so" "$adjudge" history --store "$work/without.db"
    holds "without libcrypto no store" err "install libssl3"
fi

# Nothing but the public interface is exported.
if command -v nm >/dev/null; then
    nm -D --defined-only "$library" | awk '$2 ~ /[TDBRVW]/ {print $3}' | grep -v -e '^adj_' -e '^_' -e '^__' -e 'asan' -e 'tsan' -e gcov -e mangle_path >"$work/leaks"
    [ ! -s "$work/leaks" ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL exported beside adj_:"; head "$work/leaks"; }
    grep -o 'adj_[a-z_]*(' runtime/include/adjudge.h | tr -d '(' | sort -u >"$work/declared"
    nm -D --defined-only "$library" | awk '{print $3}' | grep '^adj_' | sort -u >"$work/exported"
    same "the header declares what is exported" "$work/declared" "$work/exported"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
