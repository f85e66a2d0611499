# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""The medians in a JSON file of Google Benchmark, for the scripts beside it."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

CORPORA = ["set57", "hset17", "value1k", "value64k", "mixed", "recorded"]

PAYLOADS = ["string16", "string1k", "string64k", "hash1m"]

# Decoding alone, and its comparisons.
DECODE = [
    "next_frames", "next", "one_shot", "hiredis", "hiredis_parse", "memcpy",
]

# Decoding with the bytes copied in, by the decoder and by the layers above it.
STREAM = [
    "next_frames", "next", "session_frames", "session_event", "client_frames",
    "client_frame", "client_range", "client_event", "client_applied",
    "hiredis", "feed", "memcpy",
]

RUN_OPTIONS = [
    "--benchmark_enable_random_interleaving=true",
    "--benchmark_repetitions=9",
    "--benchmark_report_aggregates_only=true",
    "--benchmark_out_format=json",
]


class Results:
    """The context of a file, and the medians of each benchmark."""

    def __init__(self, document):
        self.context = document["context"]
        self._medians = {}
        self._real_time = set()
        repetitions = {}
        for row in document["benchmarks"]:
            if row.get("error_occurred"):
                raise SystemExit("%s: %s" % (row["name"], row["error_message"]))
            name = row.get("run_name", row["name"])
            real_time = "real_time" in name or "manual_time" in name
            # Drop the parts of the name that describe the run.
            name = "/".join(
                part for part in name.split("/")
                if part not in ("real_time", "manual_time") and
                not part.startswith("min_time:") and
                not part.startswith("iterations:") and
                not part.startswith("repeats:"))
            if real_time:
                self._real_time.add(name)
            if row.get("run_type") != "aggregate":
                repetitions.setdefault(name, []).append(row)
            elif row["aggregate_name"] == "median":
                self._medians[name] = row
        for name, rows in repetitions.items():
            if name not in self._medians:
                # Counters are floats, as times are.
                self._medians[name] = {
                    key: statistics.median(row[key] for row in rows)
                    for key, value in rows[0].items()
                    if isinstance(value, float)
                }
                self._medians[name]["time_unit"] = rows[0]["time_unit"]

    def names(self):
        return list(self._medians)

    def seconds(self, name):
        """Returns the time that the benchmark measures.

        That is the time of a frame, or of an iteration if it counts no frames;
        real time if the benchmark asks for it, and else CPU time.
        """
        row = self._medians[name]
        if "per_frame" in row:
            return row["per_frame"]
        return row["real_time" if name in self._real_time else "cpu_time"] * {
            "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[row["time_unit"]]

    def ns_per_frame(self, name):
        """Returns nanoseconds, or None for a benchmark outside the results."""
        per_frame = self.counter(name, "per_frame")
        return per_frame and per_frame * 1e9

    def bytes_per_second(self, name):
        return self.counter(name, "bytes_per_second")

    def counter(self, name, key):
        row = self._medians.get(name)
        return row and row.get(key)

    def machine(self):
        """Returns the machine in one line."""
        context = self.context
        return "%s, %d CPUs at %d MHz; load %s; %s; hiredis %s; %s" % (
            context.get("cpu_model", "unknown CPU"), context["num_cpus"],
            context["mhz_per_cpu"],
            " ".join("%.2f" % load for load in context.get("load_avg", [])),
            "compiler " + context.get("compiler", "unknown"),
            context.get("hiredis", "unknown"), context["date"])


def load(path, only="."):
    """Returns the results of a JSON file, or of a benchmark, which it runs.

    `only` filters the names of the benchmark.
    """
    if not (os.path.isfile(path) and os.access(path, os.X_OK)):
        with open(path, encoding="utf-8") as file:
            return Results(json.load(file))
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        subprocess.run(
            [os.path.abspath(path), "--benchmark_out=" + out,
             "--benchmark_filter=" + only] + RUN_OPTIONS,
            stdout=sys.stderr, check=True)
        with open(out, encoding="utf-8") as file:
            return Results(json.load(file))
