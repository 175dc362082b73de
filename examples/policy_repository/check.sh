#!/usr/bin/env bash
# What a repository of policies runs on every change: layout, then tests with their coverage. `adjudge` is on the path, or
# ADJUDGE says where it is. Argument: the folder of the policies; here, unless it is given. Exit code: 0 all is well; 1 a file is not
# laid out, a test fails or something is tested by none; 2 a policy is wrong.
#
# A step of any continuous integration:   bash check.sh policies
set -u
adjudge=${ADJUDGE:-adjudge}
folder=${1:-.}
worst=0
keep() { [ "$1" -gt "$worst" ] && worst=$1; }

echo "Layout"
"$adjudge" fmt --check "$folder"
keep $?
echo "Tests"
"$adjudge" test "$folder" --coverage
keep $?
exit "$worst"
