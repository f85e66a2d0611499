#!/bin/sh
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

# The benchmark has a row for each corpus and each handler, without an error.
set -eu
rows=$(examples/apply_benchmark --benchmark_min_time=0.001)
echo "$rows"
for corpus in set57 hset17 value1k value64k mixed; do
  echo "$rows" | grep -q "^Decode/$corpus .*per_frame="
  echo "$rows" | grep -q "^Apply/$corpus .*per_frame="
done
! echo "$rows" | grep ERROR
