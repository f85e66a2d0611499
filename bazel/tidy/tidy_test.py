#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests tidy.py: each rule finds a planted line and passes a good one."""

import collections
import contextlib
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import tidy  # noqa: E402

CPP = ("// Copyright 2026 The kevy_replica Authors\n"
       "// SPDX-License-Identifier: Apache-2.0\n")
SCRIPT = CPP.replace("//", "#")

EVENTS = "| event | level | meaning |\n|---|---|---|\n"

# One rule's two trees. `finding` is "file:line", where `bad` fails.
Case = collections.namedtuple("Case", "rule finding bad good")


def function(name, lines):
    """Returns a C++ function of so many lines."""
    return "void %s() {\n%s}\n" % (name, "  Call();\n" * (lines - 2))


CASES = [
    Case("words", "a.cc:2",
         {"a.cc": "int a;\n// Deletes what was stored.\n"},
         {"a.cc": "int a;  // Deletes the stored position.\n"}),
    # A phrase may be broken over two lines, and it is found at its beginning.
    Case("words", "a.h:1",
         {"a.h": "// Deletes all of it but\n// for the position.\n"},
         {"a.h": "// Deletes all of it, but\nint a;\n// for the position.\n"}),
    Case("words", "a.py:2",
         {"a.py": "def f():\n    '''Returns it.'''\n".replace(
             "'''Returns it.'''", '"""Returns what it holds."""')},
         {"a.py": 'A = "what it holds"\n'}),
    Case("words", "BUILD.bazel:1",
         {"BUILD.bazel": "# The name is to be unique.\n"},
         {"BUILD.bazel": "# The name must be unique.\n"}),
    Case("words", "README.md:3",
         {"README.md": "# Title\n\nRuns for ever.\n"},
         {"README.md": "# What it does\n\nWhat is a link? (What is a file?)\n"
                       "```\nwhat it does\n```\nSays `what it does`.\n"}),
    Case("line_length", "a.cc:2",
         {"a.cc": "int a;\n" + "x" * 81 + "\n"},
         {"a.cc": "x" * 80 + "\n"}),
    Case("function_length", "a.cc:2",
         {"a.cc": "int a;\n" + function("F", 71)},
         {"a.cc": "int a;\n" + function("F", 70) + function("G", 70)}),
    # Braces in comments and literals do not end a function.
    Case("function_length", "a.h:2",
         {"a.h": "class A {\n" + function(
             "F", 71).replace("Call();", "'}';  // }")+ "};\n"},
         {"a.h": "class A {\n" + "  int a;\n" * 80 + "};\n"
                 "const int kTable[] = {\n" + "  F(1),\n" * 80 + "};\n"}),
    Case("function_length", "a.cc:1",
         {"a.cc": function("PayloadDecoder::Skip", 71)},
         {"a.cc": function("PayloadDecoder::Next", 71)}),
    Case("function_length", "a.py:1",
         {"a.py": "def f():\n" + "    g()\n" * 70},
         {"a.py": "def f():\n" + "    g()\n" * 69}),
    Case("licence", "a.cc:1",
         {"a.cc": "// Frames.\n"}, {"a.cc": CPP + "\n// Frames.\n"}),
    Case("licence", "a.sh:1",
         {"a.sh": "#!/bin/sh\necho\n"}, {"a.sh": "#!/bin/sh\n" + SCRIPT}),
    Case("licence", "BUILD.bazel:1",
         {"BUILD.bazel": ""}, {"BUILD.bazel": SCRIPT}),
    Case("test_support", "codec/internal/test_util.h:1",
         {"codec/internal/test_util.h": ""},
         {"codec/internal/a_test.cc": "", "codec/testing/test_util.h": ""}),
    Case("test_support", "codec/BUILD.bazel:2",
         {"codec/BUILD.bazel": '\ncc_library(\n    testonly = True,\n'
                               '    hdrs = ["internal/pairs.h"],\n)\n'},
         {"codec/BUILD.bazel": 'cc_library(\n    testonly = True,\n'
                               '    hdrs = ["testing/pairs.h"],\n)\n'
                               'cc_library(\n    hdrs = ["internal/a.h"],\n)\n'
          }),
    Case("todo", "a.cc:1",
         {"a.cc": "// TODO: later\n"},
         {"a.cc": "// TODO(someday): reads twice, which costs 3 ns.\n"}),
    Case("sorted_deps", "BUILD.bazel:3",
         {"BUILD.bazel": 'cc_library(\n    deps = [\n        "//b",\n'
                         '        ":a",\n    ],\n)\n'},
         {"BUILD.bazel": 'cc_library(\n    deps = [\n        ":a",\n'
                         '        "//b",\n        "@c//:c",\n    ],\n)\n'}),
    Case("sorted_deps", "BUILD.bazel:4",
         {"BUILD.bazel": 'cc_library(\n    deps = [\n        ":a",\n'
                         '        ":a",\n    ],\n)\n'},
         {"BUILD.bazel": 'cc_library(\n    deps = [":a"],\n)\n'}),
    Case("dead_files", "codec/b/dead.cc:1",
         {"codec/BUILD.bazel": 'cc_library(srcs = ["b/a.cc"])',
          "codec/b/a.cc": "", "codec/b/dead.cc": ""},
         {"codec/BUILD.bazel": 'cc_library(srcs = glob(["b/*.cc"]))',
          "codec/b/a.cc": ""}),
    Case("dead_files", "tools/dead.py:1",
         {"tools/dead.py": "", "README.md": "`tools/live.py`"},
         {"tools/live.py": "import part\n", "tools/part.py": "",
          "README.md": "`tools/live.py`"}),
    Case("own_header_first", "codec/a.cc:1",
         {"codec/a.h": "", "codec/a.cc":
          '#include <string>\n#include "kevy_replica/codec/a.h"\n'},
         {"codec/a.h": "", "codec/a.cc":
          '#include "kevy_replica/codec/a.h"\n#include <string>\n'}),
    Case("own_header_first", "codec/a_test.cc:1",
         {"codec/a.h": "", "codec/a_test.cc": "#include <string>\n"},
         {"codec/a.h": "", "codec/b_test.cc": "#include <string>\n"}),
    Case("tabs", "a.cc:2",
         {"a.cc": "int a;\n\tint b;\n"}, {"a.cc": "int a;\n  int b;\n"}),
    Case("test_names", "a_test.cc:1",
         {"a_test.cc": "TEST(LinkTest, WhatIsLost) {}\n"},
         {"a_test.cc": "TEST(LinkTest, EndReportsLostBytes) {}\n"}),
    Case("links", "README.md:2",
         {"README.md": "text\n[a](docs/a.md)\n"},
         {"README.md": "text\n[a](docs/a.md) [b](https://b.example/)\n"
                       "```\nv[0](x)\n```\n",
          "docs/a.md": "# A\n"}),
    Case("links", "docs/a.md:3",
         {"docs/a.md": "# A b, c\n\n[a](../README.md#d)\n",
          "README.md": "# C\n"},
         {"docs/a.md": "# A b, c\n\n[a](../README.md#c) [b](#a-b-c)\n",
          "README.md": "## `C`\n"}),
    Case("log_events", "tools/a.cc:2",
         {"docs/operations.md": EVENTS + "| `up` | info | |\n",
          "tools/a.cc": 'Say({LogLevel::kInfo, "up", text});\n'
                        'Say({LogLevel::kInfo, "down", text});\n'},
         {"docs/operations.md": EVENTS + "| `up`, `down` | info | |\n",
          "tools/a.cc": 'Say({LogLevel::kInfo, up ? "up" : "down", text});\n'}),
    Case("log_events", "tools/a.cc:1",
         {"docs/operations.md": EVENTS + "| `up` | info | |\n"
                                "| `down` | info | |\n",
          "tools/a.cc": 'Say({LogLevel::kWarning,\n     "down", text});\n'
                        'Say({LogLevel::kInfo, "up", text});\n'
                        'Say({LogLevel::kInfo, "down", text});\n'},
         {"docs/operations.md": EVENTS + "| `down` | warning | |\n",
          "tools/a.cc": 'Say({LogLevel::kWarning,\n     "down", text});\n'}),
    # A row that no program logs. Other tables are no events.
    Case("log_events", os.path.join("docs", "operations.md") + ":3",
         {"docs/operations.md": EVENTS + "| `gone` | info | |\n",
          "tools/a.cc": "int a;\n"},
         {"docs/operations.md": EVENTS + "\n| `flag` | info | |\n",
          "tools/a.cc": "int a;\n"}),
    Case("named_tests", "SECURITY.md:2",
         {"SECURITY.md": "`ATest.Ends`\n`ATest.Lasts`\n",
          "a_test.cc": "TEST_F(ATest, Ends) {\n"},
         {"SECURITY.md": "`ATest.Ends` `ATest`\n",
          "a_test.cc": "TEST_F(\n    ATest, Ends) {\n"}),
    Case("named_tests", os.path.join("docs", "reliability.md") + ":1",
         {"docs/reliability.md": "`//a:b_test`\n",
          "a/BUILD.bazel": 'name = "a_test"\n'},
         {"docs/reliability.md": "`//a:a_test`\n",
          "a/BUILD.bazel": 'name = "a_test"\n'}),
    Case("module_version", "README.md:2",
         {"MODULE.bazel": 'module(\n    name = "a",\n    version = "2",\n)\n',
          "README.md": 'text\nbazel_dep(name = "a", version = "1")\n'},
         {"MODULE.bazel": 'module(\n    name = "a",\n    version = "2",\n)\n',
          "README.md": 'bazel_dep(name = "b", version = "1")\n'
                       'bazel_dep(name = "a", version = "2")\n'}),
]


class TidyTest(unittest.TestCase):

    @contextlib.contextmanager
    def tree(self, files):
        """Yields the folder of a tree with these files."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                path = os.path.join(root, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            yield root

    def findings(self, rule, files):
        """Returns "file:line" of each finding of one rule in a tree."""
        with self.tree(files) as root:
            return ["%s:%d" % finding[:2]
                    for finding in getattr(tidy, rule)(tidy.Tree(root))]

    def run_main(self, arguments):
        """Returns the exit status and the output."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = tidy.main(arguments)
        return status, output.getvalue()

    def test_each_rule_finds_its_planted_line(self):
        for case in CASES:
            with self.subTest(case.rule, finding=case.finding):
                self.assertEqual(self.findings(case.rule, case.bad),
                                 [case.finding])

    def test_each_rule_passes_its_good_line(self):
        for case in CASES:
            with self.subTest(case.rule, finding=case.finding):
                self.assertEqual(self.findings(case.rule, case.good), [])

    def test_each_rule_has_a_case(self):
        self.assertEqual(set(rule.__name__ for rule in tidy.RULES),
                         set(case.rule for case in CASES))

    def test_each_banned_phrase_is_found(self):
        for phrase in ("what is", "what was", "what were", "what are",
                       "what has", "what had", "what came", "what comes",
                       "what follows", "what it", "what they", "what there",
                       "but for", "be it", "for ever", "is to be",
                       "are to be", "of no known"):
            with self.subTest(phrase):
                self.assertEqual(
                    self.findings("words", {"a.cc": "// X %s y.\n" % phrase}),
                    ["a.cc:1"])

    def test_pending_leaves_out_whole_folders(self):
        finding = tidy.Finding("tools/a.cc", 1, "words", "")
        with mock.patch.object(tidy, "PENDING", {"words": ["tool"]}):
            self.assertFalse(tidy.pending(finding))
        with mock.patch.object(tidy, "PENDING", {"words": ["tools"]}):
            self.assertTrue(tidy.pending(finding))
            self.assertFalse(tidy.pending(finding._replace(rule="tabs")))

    def test_all_shows_pending_findings(self):
        files = {"MODULE.bazel": SCRIPT, "tools/a.cc": CPP + "\n// Be it so.\n",
                 "tools/BUILD.bazel": SCRIPT + 'cc_test(srcs = ["a.cc"])\n'}
        with self.tree(files) as root, \
                mock.patch.object(tidy, "PENDING", {"words": ["tools"]}):
            self.assertEqual(self.run_main([root]), (0, ""))
            status, output = self.run_main(["--all", root])
        self.assertEqual(status, 1)
        self.assertRegex(
            output, "^tools/a.cc:4: words: .*\ntidy: 1 findings\n$")

    def test_missing_tree_is_an_error(self):
        with self.tree({}) as root:
            status, output = self.run_main([root])
        self.assertEqual(status, 1)
        self.assertIn("no MODULE.bazel", output)


if __name__ == "__main__":
    unittest.main()
