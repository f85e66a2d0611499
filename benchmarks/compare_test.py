#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests compare.py on results with known changes, and with programs."""

import math
import os
import random
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import compare  # noqa: E402
import results as results_lib  # noqa: E402

CONTEXT = {"date": "2026-01-01", "num_cpus": 2, "mhz_per_cpu": 2600}
ROWS = ["Decode/next_frames/%d/min_time:0.100" % i for i in range(10)]


def document(times, **more):
    """Returns results as Google Benchmark writes them, from {name: seconds}."""
    return {
        "context": CONTEXT,
        "benchmarks": [
            dict(name=name, run_name=name, run_type="iteration", time_unit="us",
                 real_time=3e6 * seconds, cpu_time=1e6 * seconds, **more)
            for name, seconds in times.items()
        ],
    }


def rounds_of(rng, changes, rounds=15, noise=0.05):
    """Returns rounds whose machine changes its pace by a factor of two.

    `changes` has B / A of the rows that differ.
    """
    pairs = []
    for _ in range(rounds):
        pace = rng.uniform(1, 2)
        pairs.append(tuple(
            results_lib.Results(document({
                name: pace * 1e-6 * math.exp(rng.gauss(0, noise)) *
                      (changes.get(name, 1) if b else 1) for name in ROWS
            })) for b in (False, True)))
    return pairs


def verdicts(pairs, **options):
    return {
        row.name: row.verdict
        for row in compare.compare(pairs, **options) if row.verdict
    }


def short(name):
    return name[:name.index("/min_time")]


class StatisticTest(unittest.TestCase):

    def test_sign_test_gives_binomial_tails(self):
        self.assertEqual(compare.sign_test([1.1] * 15), 2 / 2**15)
        self.assertEqual(compare.sign_test([0.9] * 4 + [1.1]), 12 / 32)
        self.assertEqual(compare.sign_test([0.9, 1.1]), 1)
        self.assertEqual(compare.sign_test([1, 1, 1]), 1)

    def test_range_has_the_coverage(self):
        # 1 - 2 (1 + 15 + 105 + 455) / 2^15 = 0.965, and with one more 0.88.
        self.assertEqual(compare.median_range(list(range(15))), (3, 11))
        self.assertEqual(compare.median_range(list(range(6))), (0, 5))
        self.assertEqual(compare.median_range([7]), (7, 7))

    def test_holm_stops_at_the_first_accepted(self):
        self.assertEqual(compare.holm([0.04, 0.01], 0.05), [True, True])
        self.assertEqual(compare.holm([0.04, 0.03], 0.05), [False, False])
        self.assertEqual(compare.holm([0.001, 0.04, 0.026], 0.05),
                         [True, False, False])


class CompareTest(unittest.TestCase):

    def test_names_the_changed_rows_alone(self):
        rng = random.Random(1)
        pairs = rounds_of(rng, {ROWS[2]: 1.2, ROWS[7]: 0.8})
        self.assertEqual(verdicts(pairs),
                         {short(ROWS[2]): "slower", short(ROWS[7]): "faster"})

    def test_equal_builds_rarely_differ(self):
        rng = random.Random(2)
        wrong = sum(bool(verdicts(rounds_of(rng, {}))) for _ in range(200))
        self.assertLessEqual(wrong, 10)

    def test_small_changes_are_none(self):
        changes = {ROWS[0]: 1.02}
        self.assertEqual(
            verdicts(rounds_of(random.Random(3), changes, noise=0.001)),
            {short(ROWS[0]): "slower"})
        self.assertEqual(
            verdicts(rounds_of(random.Random(3), changes, noise=0.001),
                     least=0.03), {})

    def test_takes_the_measured_time(self):
        name = "Loopback/client/real_time"
        cpu = results_lib.Results(document({"Decode/a": 1}))
        real = results_lib.Results(document({name: 1}))
        counted = results_lib.Results(document({name: 1}, per_frame=4e-9))
        self.assertEqual(cpu.seconds("Decode/a"), 1)
        self.assertEqual(real.seconds("Loopback/client"), 3)
        self.assertEqual(counted.seconds("Loopback/client"), 4e-9)

    def test_report_names_rows_of_one_build(self):
        a = results_lib.Results(document({"both": 1, "old": 1}))
        b = results_lib.Results(document({"both": 1, "new": 1}))
        text, worse = compare.report([(a, b)])
        self.assertIn("Only in A: old", text)
        self.assertIn("Only in B: new", text)
        self.assertTrue(worse)
        self.assertFalse(compare.report([(b, b)])[1])


# A program that takes the time in its first line for its only row.
PROGRAM = """#!/usr/bin/env python3
import json, random, sys
seconds = %s * random.uniform(1, 1.01)
out = [arg[16:] for arg in sys.argv if arg.startswith("--benchmark_out=")][0]
row = {"name": "row", "run_type": "iteration", "time_unit": "s",
       "cpu_time": seconds, "real_time": seconds}
context = {"date": "", "num_cpus": 2, "mhz_per_cpu": 2600}
rows = [row] if "--benchmark_filter=nothing" not in sys.argv else []
json.dump({"context": context, "benchmarks": rows}, open(out, "w"))
"""


class ProgramTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.programs = {}
        for name, seconds in (("fast", 1), ("slow", 1.5)):
            path = os.path.join(folder.name, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(PROGRAM % seconds)
            os.chmod(path, 0o755)
            self.programs[name] = path

    def run_compare(self, a, b, *options):
        return subprocess.run(
            [sys.executable, os.path.join(HERE, "compare.py"), self.programs[a],
             self.programs[b], "--rounds=6", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def test_slower_program_fails(self):
        result = self.run_compare("fast", "slow")
        self.assertIn("1 slower, 0 faster, of 1.", result.stdout)
        self.assertEqual(result.returncode, 1)

    def test_faster_program_passes(self):
        result = self.run_compare("slow", "fast")
        self.assertIn("0 slower, 1 faster, of 1.", result.stdout)
        self.assertEqual(result.returncode, 0)

    def test_filter_without_rows_is_an_error(self):
        result = self.run_compare("fast", "slow", "--filter=nothing")
        self.assertIn("no such benchmark", result.stderr)
        self.assertNotEqual(result.returncode, 0)


if __name__ == "__main__":
    unittest.main()
