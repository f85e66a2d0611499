#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests coverage.py: how it reads llvm-cov's data, and the report."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import coverage  # noqa: E402

# As llvm-cov-14 exports it for F<1>(1), F<1>(2), F<2>(1), and no call of Never.
TEXT = """template <int n> int F(int a) {
  if constexpr (n > 1) {
    if (a > n) return 1;
  }
  if (a == 5 && a == 1) return 2;
  switch (a) {
    case 1: return 7;
    case 2: return 8;
  }
  return 3;
}

int Never(int a) {
  return a;
}
"""
BRANCHES = [
    # F<1>.
    [2, 17, 2, 22, 0, 0, 0, 0, 4],
    [5, 7, 5, 13, 0, 2, 0, 0, 4],
    [5, 17, 5, 23, 0, 0, 0, 0, 4],
    [6, 11, 6, 12, 0, 2, 0, 0, 4],
    [7, 5, 7, 11, 1, 1, 0, 0, 4],
    [8, 5, 8, 11, 1, 1, 0, 0, 4],
    # F<2>.
    [2, 17, 2, 22, 0, 0, 0, 0, 4],
    [3, 9, 3, 14, 0, 1, 0, 0, 4],
    [5, 7, 5, 13, 0, 1, 0, 0, 4],
    [5, 17, 5, 23, 0, 0, 0, 0, 4],
    [6, 11, 6, 12, 0, 1, 0, 0, 4],
    [7, 5, 7, 11, 1, 0, 0, 0, 4],
    [8, 5, 8, 11, 0, 1, 0, 0, 4],
]
SEGMENTS = [
    [1, 31, 3, True, True, False], [2, 17, 3, True, True, False],
    [2, 22, 3, True, False, False], [2, 24, 1, True, True, False],
    [3, 9, 1, True, True, False], [3, 14, 1, True, False, False],
    [3, 15, 0, True, False, True], [3, 16, 0, True, True, False],
    [3, 24, 1, True, False, False], [4, 4, 3, True, False, False],
    [5, 7, 3, True, True, False], [5, 13, 3, True, False, False],
    [5, 17, 0, True, True, False], [5, 23, 3, True, False, False],
    [5, 24, 0, True, False, True], [5, 25, 0, True, True, False],
    [5, 33, 3, True, False, False], [6, 3, 3, True, False, False],
    [6, 14, 0, True, False, True], [7, 5, 2, True, True, False],
    [7, 21, 0, True, False, True], [8, 5, 1, True, True, False],
    [8, 21, 3, True, False, False], [9, 4, 0, True, False, True],
    [10, 3, 0, True, True, False], [11, 2, 0, False, False, False],
    [13, 18, 0, True, True, False], [15, 2, 0, False, False, False],
]


def source(name="codec/a.h"):
    return coverage.SourceFile(name, TEXT.split("\n"), [{
        "filename": name, "branches": BRANCHES, "segments": SEGMENTS}])


def report(files, explanations):
    """Returns the report's verdict and text."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        met = coverage.report(files, [], explanations)
    return met, text.getvalue()


class SourceFileTest(unittest.TestCase):

    def test_finds_holes_of_all_instances(self):
        self.assertEqual(
            [(hole.line, hole.last_line, hole.outcome, hole.code)
             for hole in source().holes()],
            [(3, 3, "never true: a > n", "if (a > n) return 1;"),
             (5, 5, "never false: a == 1", "if (a == 5 && a == 1) return 2;"),
             (5, 5, "never true: a == 1", "if (a == 5 && a == 1) return 2;"),
             (5, 5, "never true: a == 5", "if (a == 5 && a == 1) return 2;"),
             (10, 11, "never run", "return 3;"),
             (13, 15, "never run", "int Never(int a) {")])

    def test_counts_lines_as_llvm_cov_does(self):
        counts = source().counts
        self.assertEqual(sorted(counts), [*range(1, 12), 13, 14, 15])
        self.assertEqual([line for line in counts if not counts[line]],
                         [10, 11, 13, 14, 15])
        self.assertEqual(counts[3], 1)

    def test_counts_outcomes_without_constants_and_implicit_default(self):
        self.assertEqual(coverage.row_of([source()]), (9, 14, 6, 10))

    def test_joins_the_lines_of_a_condition(self):
        file = coverage.SourceFile("a", ["if (a <", "    b) {"], [{
            "filename": "a", "segments": [],
            "branches": [[1, 5, 2, 6, 1, 0, 0, 0, 4]]}])
        self.assertEqual([hole.outcome for hole in file.holes()],
                         ["never false: a < b"])


    def test_line_behind_an_assertion_has_its_own_count(self):
        self.assertEqual(coverage.line_counts([
            [1, 10, 3, True, True, False], [2, 3, 3, True, True, False],
            [2, 19, 0, True, False, True], [3, 3, 3, True, False, False],
            [4, 2, 0, False, False, False]]), {1: 3, 2: 3, 3: 3, 4: 3})

    def test_leaves_out_invariant_checks(self):
        text = ["bool A::CheckInvariants() const {", "  return a && b;", "}",
                "bool B() {", "  return c && d;", "}"]
        branches = [[line, 10, line, 11, 1, 0, 0, 0, 4] for line in (2, 5)]
        file = coverage.SourceFile("a", text, [{
            "filename": "a", "branches": branches,
            "segments": [[1, 34, 0, True, True, False],
                         [6, 2, 0, False, False, False]]}])
        self.assertEqual([(hole.line, hole.outcome) for hole in file.holes()],
                         [(4, "never run"), (5, "never false: c")])

    def test_joins_the_paths_of_a_header(self):
        never = [[7, 5, 7, 11, 0, 2, 0, 0, 4]]
        paths = ["/proc/self/cwd/bazel-out/bin/codec/_virtual_includes/%s/"
                 "kevy_replica/codec/a.h" % name for name in "bc"]
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, "codec"))
            with open(os.path.join(root, "codec", "a.h"), "w",
                      encoding="utf-8") as file:
                file.write(TEXT)
            files = coverage.source_files(root, {"codec/a.h", "codec/b.h"}, [
                {"filename": paths[0], "branches": never, "segments": []},
                {"filename": paths[1], "branches": BRANCHES,
                 "segments": SEGMENTS},
                {"filename": "/proc/self/cwd/codec/testing/a.h",
                 "branches": never, "segments": []}])
        self.assertEqual([file.name for file in files], ["codec/a.h"])
        self.assertEqual(files[0].branches[7, 5, 7, 11], [2, 3])
        self.assertEqual(coverage.row_of(files), (9, 14, 6, 10))


class ReportTest(unittest.TestCase):

    def reasons(self):
        return {(hole.file, hole.code, hole.outcome): "why"
                for hole in source().holes()}

    def test_passes_if_each_hole_is_explained(self):
        met, text = report([source()], self.reasons())
        self.assertTrue(met, text)
        self.assertIn("| codec | 9/14 64.2 % | 6/10 60.0 % |", text)

    def test_fails_for_a_hole_without_explanation(self):
        reasons = self.reasons()
        del reasons["codec/a.h", "return 3;", "never run"]
        met, text = report([source()], reasons)
        self.assertFalse(met)
        self.assertIn("codec/a.h:10-11: never run\n    return 3;", text)

    def test_fails_for_an_explanation_without_a_hole(self):
        for stale in (("codec/a.h", "return 4;", "never run"),
                      ("codec/a.h", "case 1: return 7;", "never true: case 1")):
            met, text = report([source()], {**self.reasons(), stale: "why"})
            self.assertFalse(met)
            self.assertIn("%s: %s\n    %s" % (stale[0], stale[2], stale[1]),
                          text)

    def test_fails_below_the_goal_of_lines(self):
        met, text = report([source("client/internal/a.h")], {})
        self.assertFalse(met)
        self.assertIn("MISSED", text)
        self.assertTrue(report([source("tools/a.h")], {})[0])
        self.assertTrue(report([source("tools/mirrored/a.h")], {})[0])

    def test_percent_is_rounded_down(self):
        self.assertEqual(coverage.percent(9999, 10000), "9999/10000 99.9 %")


class ExplanationsTest(unittest.TestCase):

    def test_reads_records(self):
        self.assertEqual(
            coverage.parse_explanations(
                "# A comment.\n\na.h\nif (a)\nnever true: a\nOne\nreason.\n"
                "\n\nb.h\nb();\nnever run\nAnother.\n"),
            {("a.h", "if (a)", "never true: a"): "One reason.",
             ("b.h", "b();", "never run"): "Another."})

    def test_refuses_a_record_without_reason(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(
                io.StringIO()):
            coverage.parse_explanations("a.h\nif (a)\nnever true: a\n")

    def test_reads_the_records_of_the_tree(self):
        with open(coverage.EXPLANATIONS, encoding="utf-8") as file:
            coverage.parse_explanations(file.read())


if __name__ == "__main__":
    unittest.main()
