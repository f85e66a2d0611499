#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests instructions.py on counts, without valgrind."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import instructions  # noqa: E402

TEXT = """# A comment.
x86-64 g++ 12: set57=50.00 mixed=200.00
x86-64 g++ 14: set57=49.00 mixed=190.00
"""
KNOWN = instructions.parse(TEXT)


def compare(set57, mixed, compiler="x86-64 g++ 12"):
    return instructions.compare(compiler, {"set57": set57, "mixed": mixed}, KNOWN)


class InstructionsTest(unittest.TestCase):

    def test_counts_within_the_tolerance_pass(self):
        for set57, mixed in ((50, 200), (50.99, 196.1), (49.01, 203.9)):
            self.assertTrue(compare(set57, mixed)[1])

    def test_counts_beyond_the_tolerance_fail(self):
        for set57, mixed in ((51.1, 200), (50, 195.9), (50, 204.1)):
            report, good = compare(set57, mixed)
            self.assertFalse(good)
            self.assertEqual(report.count("WRONG: beyond 2 %"), 1)
            self.assertIn("--update", report)

    def test_each_compiler_has_its_own_counts(self):
        self.assertFalse(compare(50, 190, "x86-64 g++ 14")[1])
        self.assertTrue(compare(49, 190, "x86-64 g++ 14")[1])

    def test_unknown_compiler_is_skipped_loudly(self):
        report, good = compare(1, 1, "x86-64 g++ 99")
        self.assertTrue(good)
        self.assertIn("SKIPPED, nothing was compared", report)
        self.assertIn("x86-64 g++ 99: set57=1.00 mixed=1.00", report)

    def test_missing_corpora_fail(self):
        for counts in ({"set57": 50}, {"set57": 50, "mixed": 200, "new": 1}):
            report, good = instructions.compare("x86-64 g++ 12", counts, KNOWN)
            self.assertFalse(good)
            self.assertIn("WRONG: only in the", report)

    def test_update_replaces_one_line(self):
        text = instructions.update(TEXT, "x86-64 g++ 14", {"set57": 48, "mixed": 9.5})
        self.assertEqual(text, TEXT.replace("set57=49.00 mixed=190.00",
                                            "set57=48.00 mixed=9.50"))
        added = instructions.update(TEXT, "x86-64 clang 19", {"set57": 1})
        self.assertEqual(added, TEXT + "x86-64 clang 19: set57=1.00\n")

    def test_the_file_is_well_formed(self):
        with open(instructions.FILE, encoding="utf-8") as file:
            known = instructions.parse(file.read())
        self.assertIn("x86-64 g++ 12", known)
        corpora = {frozenset(counts) for counts in known.values()}
        self.assertEqual(len(corpora), 1)


if __name__ == "__main__":
    unittest.main()
