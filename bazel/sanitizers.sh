#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Runs the tests under sanitizers:
#
#   bazel/sanitizers.sh asan      AddressSanitizer and UndefinedBehaviorSanitizer: every test
#   bazel/sanitizers.sh tsan      ThreadSanitizer: every test of the rooms that have threads
#   bazel/sanitizers.sh valgrind  memcheck, which also finds reads of uninitialised bytes: every test of codec/
#   bazel/sanitizers.sh all       one after the other
#
# More arguments are targets, instead of the default ones, and flags of Bazel. They stand behind one kind, not behind
# `all`. The exit status is 0 if all tests passed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() {
  sed -n '5,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

run_tests() {
  ./bazelw test --build_tests_only --keep_going "$@"
}

asan() {
  [ $# -gt 0 ] || set -- //...
  run_tests --config=asan --config=ubsan "$@"
}

# ThreadSanitizer of g++ 12 and clang 14 supports at most 28 random bits of address space.
tsan() {
  local run_under=()
  if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    run_under=(--run_under="setarch -R")
  fi
  [ $# -gt 0 ] || set -- //transport/... //client/... //testing/... //tools/... //examples/...
  run_tests --config=tsan --test_env=TSAN_OPTIONS="second_deadlock_stack=1:suppressions=$PWD/bazel/tsan_suppressions.txt" \
    ${run_under[@]+"${run_under[@]}"} "$@"
}

# Programs alone: memcheck would check the shell of a script.
valgrind() {
  type -P valgrind >/dev/null || { echo "valgrind is missing: apt-get install valgrind" >&2; return 1; }
  if [ $# -eq 0 ]; then
    local tests
    tests=$(./bazelw query --noshow_progress 'kind(cc_test, //codec/...)')
    # shellcheck disable=SC2086  # A list of words.
    set -- $tests
  fi
  run_tests --config=valgrind "$@"
}

if [ $# -eq 0 ]; then usage; fi
kind=$1
shift
case $kind in
  asan | tsan | valgrind) "$kind" "$@" ;;
  all)
    if [ $# -gt 0 ]; then usage; fi
    status=0
    for kind in asan tsan valgrind; do
      echo "=== $kind"
      "$kind" || status=1
    done
    exit $status
    ;;
  *) usage ;;
esac
