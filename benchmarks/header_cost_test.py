#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests header_cost.py on made-up costs and files, without a compiler."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import header_cost  # noqa: E402

REPORT = """
Total allocated maps size:            3893k
Memory still allocated at the end of the compilation process
Size      Allocated        Used    Overhead
8               120k        117k       3600
Total           181M        168M       2463k

Heap vectors
Total                                                               0
"""


class FakeCompiler:
    """Costs of a source: the number of its includes, and of its template."""

    def __init__(self):
        self.timed = 0

    def preprocess(self, source):
        if "framework" in source:
            source += '# 1 "/usr/include/gmock/gmock.h" 1\n'
        return source.replace("#include", "include")

    def memory(self, source):
        return 1000 * source.count("include")

    def time(self, source):
        self.timed += 1
        return 0.5 / self.timed if "status.h" in source else 1.0


class HeaderCostTest(unittest.TestCase):

    def test_memory_is_that_in_use(self):
        self.assertEqual(header_cost.parse_memory(REPORT), 168 << 20)
        self.assertEqual(header_cost.parse_memory(REPORT.replace("168M", "912k")),
                         912 << 10)

    def test_bytes_leave_out_empty_lines_and_markers(self):
        self.assertEqual(header_cost.text_bytes('# 1 "a.h"\n\n  \nint a;\n'), 7)

    def test_frameworks_belong_to_the_base(self):
        marker = '# 1 "/usr/include/gtest/gtest.h" 1 3\nint a;'
        self.assertEqual(header_cost.frameworks_of(marker),
                         '#include "gtest/gtest.h"\n')
        self.assertEqual(header_cost.frameworks_of('# 1 "/x/gtest/printers.h"'), "")

    def test_ratios_are_against_the_base_of_the_header(self):
        compiler = FakeCompiler()
        costs, abseil = header_cost.measure(
            compiler, ["codec/frame.h", "testing/framework.h"], 0)
        self.assertEqual(compiler.timed, 0)
        self.assertEqual(abseil.memory, 2000)
        self.assertEqual(costs["codec/frame.h"].memory, 0.5)
        self.assertAlmostEqual(costs["testing/framework.h"].memory, 1 / 3)
        self.assertIsNone(costs["codec/frame.h"].time)

    def test_the_least_time_counts(self):
        costs, abseil = header_cost.measure(FakeCompiler(), ["codec/frame.h"], 3)
        self.assertEqual(abseil.time, 0.5 / 6)
        self.assertEqual(costs["codec/frame.h"].time, 12)

    def test_each_limit_counts(self):
        cost = header_cost.Cost
        self.assertEqual(header_cost.over(cost(1.2, 1.2, 1.35)), [])
        self.assertEqual(header_cost.over(cost(None, 1.0, None)), [])
        self.assertEqual(header_cost.over(cost(1.21, 1.0, 1.0)), ["time"])
        self.assertEqual(header_cost.over(cost(None, 1.21, 1.0)), ["bytes"])
        self.assertEqual(header_cost.over(cost(None, 1.0, 1.36)), ["memory"])

    def test_a_row_has_each_column(self):
        libraries = {"//codec:frame": ["codec/frame.h"], "//codec:ack": ["codec/ack.h"]}
        costs = {"codec/frame.h": header_cost.Cost(0.5, 0.625, None)}
        head, _, *rows = header_cost.rows(
            libraries, costs, {"//codec:frame": (1024, 4096)})
        self.assertEqual(rows, ["| `//codec:frame` | `frame.h` | 0.50 | 0.62 |  | 1.0 | 4.0 |"])
        self.assertEqual(head.count("|"), rows[0].count("|"))
        rows = list(header_cost.rows(libraries, costs, None))
        self.assertEqual(head.count("|"), rows[2].count("|"))

    def test_a_closure_has_each_target_once(self):
        deps = {"//a:a": ["//b:b", "//c:c"], "//b:b": ["//c:c"], "//c:c": []}
        self.assertEqual(header_cost.closure("//a:a", deps),
                         {"//a:a", "//b:b", "//c:c"})


if __name__ == "__main__":
    unittest.main()
