#!/usr/bin/env bash
# What a repository of policies runs on every change: layout, lints, and tests with their coverage and boundaries. `adjudge` is on the
# path, or ADJUDGE says where it is. Argument: the folder of the policies; here, unless it is given. Exit code: 0 all is well; 1 a file is
# not laid out, a lint warns, a test fails, or something is held in place by none; 2 a policy is wrong;
# 3 adjudge itself is missing or failed.
#
# A step of any continuous integration:   bash check.sh policies
set -u
adjudge=${ADJUDGE:-adjudge}
folder=${1:-.}
worst=0
if ! command -v "$adjudge" >/dev/null; then
    echo "check.sh: \`$adjudge\` is not a command here; put adjudge on the path, or set ADJUDGE to where it is" >&2
    exit 3
fi
keep() { [ "$1" -gt "$worst" ] && worst=$1; }

echo "Layout"
"$adjudge" fmt --check "$folder"
keep $?
echo "Tests"
lints=$(mktemp)
trap 'rm -f "$lints"' EXIT
"$adjudge" test "$folder" --coverage --boundaries 2>"$lints"
keep $?
cat "$lints" >&2
echo "Lints: $(grep -c '^warning\[' "$lints")"
grep -q '^warning\[' "$lints" && keep 1
exit "$worst"
