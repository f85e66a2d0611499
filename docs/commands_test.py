#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests commands.py: commands are found, run and judged; bad records fail."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import commands  # noqa: E402

SCRIPT = "#!/bin/sh\necho \"args $*\"\n"


class CommandsTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        for patch in [mock.patch.object(commands, "ROOT", self.root),
                      mock.patch.object(commands, "build")]:
            patch.start()
            self.addCleanup(patch.stop)
        self.write("bin/run.sh", SCRIPT)
        os.chmod(os.path.join(self.root, "bin/run.sh"), 0o755)
        self.write("bin/data.txt", "")

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def collect(self, text):
        """Returns [(line, command)] of a document."""
        self.write("a.md", text)
        return [(command.line, command.text) for command in
                commands.all_commands(commands.tidy.Tree(self.root))]

    def main(self, document, table="", *arguments):
        """Returns (exit status, output)."""
        self.write("a.md", document)
        self.write("docs/commands.txt", table)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = commands.main(list(arguments))
        return status, output.getvalue()

    def expect_finding(self, finding, document, table="", *arguments):
        status, output = self.main(document, table, *arguments)
        self.assertEqual(status, 1, output)
        self.assertIn(finding, output)

    def test_commands_are_collected(self):
        for text, found in [
                ("```sh\na 1\n# b\n\nc  # Comment.\n```\n",
                 [(2, "a 1"), (5, "c")]),
                ("```console\n$ a 1\noutput\n$ b\n```\n",
                 [(2, "a 1"), (4, "b")]),
                ("```sh\na \\\n  1 \\\n  2\nb\n```\n", [(2, "a 1 2"), (5, "b")]),
                ("Do:\n\n    bin/run.sh 1   # Comment.\n    b\n\nText.\n",
                 [(3, "bin/run.sh 1"), (4, "b")]),
                ("Do:\n\n    $ b 1\n    output\n", [(3, "b 1")]),
                ("- Do:\n\n      git status\n", [(3, "git status")]),
                ("See `bin/run.sh 1` and `./bin/run.sh 2`.\n",
                 [(1, "bin/run.sh 1"), (1, "./bin/run.sh 2")]),
                ("    #!/bin/bash\n    a\n    b\n", [(1, "#!/bin/bash")]),
                # A command in a block of another kind must be told, too.
                ("    NAME=1\n    git status\n", [(2, "git status")])]:
            with self.subTest(text):
                self.assertEqual(self.collect(text), found)

    def test_other_text_is_no_command(self):
        for text in ["```cpp\ngit status\n```\n", "    name = value\n",
                     "```\nname\n```\n", "Text.\n    git status\n",
                     "See `bin/run.sh`, `bin/data.txt 1` and `git status`.\n"]:
            with self.subTest(text):
                self.assertEqual(self.collect(text), [])

    def test_commands_run(self):
        status, output = self.main("```sh\ntrue\nbin/run.sh 7\n```\n")
        self.assertEqual(status, 0, output)
        self.assertIn("2 told, 0 excepted, 0 failed; 2 scripts", output)

    def test_failing_command_is_found(self):
        self.expect_finding("a.md:2: exit status 3: exit 3",
                            "```sh\nexit 3\n```\n")
        self.expect_finding("a.md:2: exit status 127: nocommand 1",
                            "```sh\nnocommand 1\n```\n")
        self.expect_finding("exit status 1: false | true",
                            "```sh\nfalse | true\n```\n")

    def test_shown_output_is_compared_by_shape(self):
        document = "```console\n$ bin/run.sh %s\n%s\n```\n"
        for argument, shown in [("17", "args 3"), ("a", "args ..."),
                                ("0123456789abcdef", "args " + 16 * "f")]:
            self.assertEqual(self.main(document % (argument, shown))[0], 0)
        for argument, shown in [("a", "args b"), ("a", "args 1"),
                                ("1", "args 1 more")]:
            self.expect_finding("a.md:2: it does not print: " + shown,
                                document % (argument, shown))

    def test_output_of_the_next_block_is_compared(self):
        table = "command: bin/run.sh 1\nprints: a.md\n"
        document = "    bin/run.sh 1\n\nIt prints:\n\n    %s 2\n"
        self.assertEqual(self.main(document % "args", table)[0], 0)
        self.expect_finding("a.md:1: it does not print: arg 2",
                            document % "arg", table)
        self.expect_finding("b.md does not tell the command",
                            document % "args", table.replace("a.md", "b.md"))

    def test_stand_ins_run(self):
        document = "```sh\nexit 3\n```\n"
        record = "command: exit 3\nreason: It fails.\n"
        self.assertEqual(self.main(document, record)[0], 0)
        self.assertEqual(self.main(document, record + "run: true\n")[0], 0)
        self.expect_finding("exit status 4", document, record + "run: exit 4\n")
        both = record + "run: exit 4\nfast: true\n"
        self.assertEqual(self.main(document, both, "--fast")[0], 0)
        self.expect_finding("exit status 4", document, both)
        without = record + "run: exit 4\nfast: -\n"
        self.assertEqual(self.main(document, without, "--fast")[0], 0)

    def test_expected_failure_is_checked(self):
        document = "```sh\nexit 3\n```\n"
        record = "command: exit 3\nreason: A.\nfails: args \\d\nrun: "
        self.assertEqual(self.main(
            document, record + "bin/run.sh 1; exit 1\n")[0], 0)
        self.expect_finding("it succeeds, but must fail", document,
                            record + "bin/run.sh 1\n")
        self.expect_finding("it does not print: args", document,
                            record + "exit 1\n")

    def test_changed_file_is_found(self):
        self.expect_finding("it changes new.txt",
                            "```sh\ntouch new.txt\n```\n")

    def test_endless_command_is_killed(self):
        with mock.patch.dict(commands.TIMEOUT, {False: 0.2}):
            self.expect_finding("not done after", "```sh\nsleep 600\n```\n")

    def test_bad_records_are_found(self):
        document = "```sh\ntrue\n```\n"
        for table, finding in [
                ("command: gone\nreason: A.\n", "no document tells: gone"),
                ("command: true\nrun: true\n", "add a reason"),
                ("run: true\nreason: A.\n", "add a command"),
                ("comand: true\n", "commands.txt:1: no field of a record"),
                ("command: true\nreason:\n", "no field of a record")]:
            with self.subTest(table):
                self.expect_finding(finding, document, table, "--check")

    def test_a_tree_without_commands_fails(self):
        self.assertEqual(self.main("Text.\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
