#!/usr/bin/env bash
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# Runs clang-tidy-19 with the checks of .clang-tidy, eight seconds a file.
#
#   clang_tidy.sh [PATH ...]   these files, or the C++ files of these folders
#   clang_tidy.sh --changed    the folders changed since origin/main, or else
#                              since the last commit; at most 24 files
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

MOST_FILES=24

# Prints the folders of the C++ files that differ from the merge base with
# origin/main. On main itself: from the last commit's parent. Without git
# history: a fixed few.
changed_folders() {
  local base
  if ! base=$(git merge-base HEAD origin/main 2>/dev/null) ||
    [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~1) || { printf "%s\n" client/internal codec/internal testing; return; }
  fi
  git diff --name-only --diff-filter=d "$base" -- '*.cc' '*.h' |
    xargs -r -n 1 dirname | sort -u
}

if [ "${1:-}" = --changed ]; then
  mapfile -t paths < <(changed_folders)
  depth=(-maxdepth 1)
else
  paths=("$@")
  depth=()
fi
if [ ${#paths[@]} -eq 0 ]; then
  echo "clang_tidy.sh: no C++ file has changed"
  exit
fi

# Files with generated parts (.inc) compile only in Bazel.
mapfile -t files < <(
  find "${paths[@]}" ${depth[@]+"${depth[@]}"} -name '*.cc' -print0 |
    xargs -0 -r grep -L '#include ".*\.inc"' | sort
)
if [ "${1:-}" = --changed ] && [ ${#files[@]} -gt $MOST_FILES ]; then
  echo "clang_tidy.sh: the first $MOST_FILES of ${#files[@]} files"
  files=("${files[@]:0:$MOST_FILES}")
fi
[ ${#files[@]} -gt 0 ] || exit 0
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 --quiet
