#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Compiles headers alone: headers.sh [HEADER ...]. Default: those without a .cc
# file or test beside them. (The others are included first there, which the tidy
# test checks, so the build compiles them alone.) $CXX names the compiler.
# Default: g++.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

list() {
  if [ $# -gt 0 ]; then
    printf '%s\0' "$@"
  else
    find . -path './bazel*' -prune -o -name '*.h' -print | sort |
      while read -r header; do
        [ -e "${header%.h}.cc" ] || [ -e "${header%.h}_test.cc" ] ||
          printf '%s\0' "$header"
      done
  fi
}

# shellcheck disable=SC2046  # One flag a word.
list "$@" | xargs -0 -n 1 -P "$(nproc)" \
  "${CXX:-g++}" $(cat compile_flags.txt) -Werror -Wno-error=deprecated-declarations -fsyntax-only
