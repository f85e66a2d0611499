#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests campaign.py with a program that behaves as libFuzzer does."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import campaign  # noqa: E402

# Uses CPU time until SIGUSR1, or ends by -runs=crash, hang, pause or die.
PROGRAM = r"""#!/usr/bin/env python3
import os, signal, sys
flags = dict(a[1:].split("=", 1) for a in sys.argv[1:] if a.startswith("-"))
folders = [a for a in sys.argv[1:] if not a.startswith("-")]
def write(path):
    open(path, "w").close()
if not any(map(os.path.isdir, folders)):  # An input again.
    sys.exit(1 if "hang" in folders[0] else 0)
if "merge" in flags:
    write(os.path.join(folders[0], "merged"))
    sys.exit(0)
def end(*_):
    print("#70\tNEW    cov: 11 ft: 22 corp: 3/9b exec/s: 1 rss: 30Mb")
    print("stat::number_of_executed_units: 1234")
    sys.stdout.flush()
    os._exit(0)
signal.signal(signal.SIGUSR1, end)
print("#2\tINITED cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb", flush=True)
write(os.path.join(folders[0], "found"))
if flags.get("runs") == "crash":
    write(flags["artifact_prefix"] + "slow-unit-1")
    write(flags["artifact_prefix"] + "crash-2")
    os._exit(77)
if flags.get("runs") in ("hang", "pause"):
    write(flags["artifact_prefix"] + "timeout-" + flags["runs"])
    os._exit(70)
if flags.get("runs") == "die":
    os._exit(3)
while True:
    pass
"""


class CampaignTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.program = os.path.join(self.folder, "t_fuzz")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        os.chmod(self.program, 0o755)
        os.mkdir(os.path.join(self.folder, "seeds"))

    def run_program(self, cpu_seconds=0.2, flags=()):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            results = campaign.run_all(
                ["t"], lambda target: campaign.Run(
                    target, self.folder, {"max_len": "9"}, cpu_seconds,
                    list(flags)), 2)
        self.row = out.getvalue()
        return results["t"]

    def test_cpu_seconds_end_a_run(self):
        result = self.run_program()
        self.assertGreaterEqual(result["cpu"], 0.2)
        self.assertEqual(result["executions"], 1234)
        self.assertEqual((result["cov"], result["ft"]), (11, 22))
        self.assertEqual(result["findings"], [])
        self.assertNotIn("failed", result)
        self.assertIn("| `t` | 0 | 1,234 | ", self.row)
        self.assertIn(" | 11 | 22 | 1 | 0 |\n", self.row)

    def test_merged_corpus_replaces_the_corpus(self):
        self.run_program()
        self.assertEqual(os.listdir(os.path.join(self.folder, "corpus")),
                         ["merged"])

    def test_failed_merge_keeps_the_corpus(self):
        text = PROGRAM.replace("sys.exit(0)", "sys.exit(1)")
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(text)
        result = self.run_program()
        self.assertEqual(result["failed"], "merge: see merge_log")
        self.assertEqual(os.listdir(os.path.join(self.folder, "corpus")),
                         ["found"])

    def test_finding_ends_a_run_and_counts(self):
        result = self.run_program(60, ["-runs=crash"])
        self.assertEqual(result["findings"], ["crash-2"])
        self.assertNotIn("failed", result)
        # The next run counts new ones only.
        self.assertEqual(self.run_program()["findings"], [])

    def test_timeout_of_a_stopped_process_is_no_finding(self):
        result = self.run_program(60, ["-runs=pause"])
        self.assertEqual(result["findings"], [])
        self.assertEqual(result["failed"], "the process was stopped too long")
        result = self.run_program(60, ["-runs=hang"])
        self.assertEqual(result["findings"], ["timeout-hang"])

    def test_end_without_a_finding_is_a_failure(self):
        result = self.run_program(60, ["-runs=die"])
        self.assertEqual(result["failed"], "exit status 3: see log")

    def test_results_are_saved(self):
        result = self.run_program()
        out, target = os.path.split(self.folder)
        self.assertEqual(campaign.saved_results([target], out),
                         {target: result})

    def test_interrupt_ends_runs_with_their_rows(self):
        runs = []

        def make_run(target):
            run = campaign.Run(target, self.folder, {}, 600, [])
            poll = run.poll

            def poll_once_interrupted():
                run.poll = poll
                raise KeyboardInterrupt

            # Once the program is up.
            def poll_until_up():
                if os.listdir(os.path.join(self.folder, "corpus")):
                    run.poll = poll_once_interrupted
                return poll()

            run.poll = poll_until_up
            runs.append(run)
            return run

        with contextlib.redirect_stdout(io.StringIO()):
            results = campaign.run_all(["t", "never"], make_run, 1)
        self.assertEqual(list(results), ["t"])
        self.assertEqual(results["t"]["executions"], 1234)
        self.assertEqual(len(runs), 1)

    def test_options_name_real_targets_and_dictionaries(self):
        options = campaign.options_of(campaign.all_targets())
        for target, values in options.items():
            self.assertIn("max_len", values, target)
            if "dict" in values:
                self.assertTrue(os.path.exists(
                    os.path.join(campaign.FUZZ, values["dict"])), target)

    def test_written_options_are_those_of_oss_fuzz(self):
        campaign.write_options(self.folder)
        for target in campaign.all_targets():
            path = os.path.join(self.folder, target + "_fuzz.options")
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertTrue(text.startswith("[libfuzzer]\n"), target)
            self.assertIn("\nmax_len = ", text)

    def test_unknown_target_is_an_error(self):
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises(SystemExit):
                campaign.parse_arguments(["no_such_target"])
        flags = campaign.parse_arguments(["stream", "--", "-runs=5"])
        self.assertEqual((flags.targets, flags.flags), (["stream"],
                                                        ["-runs=5"]))


if __name__ == "__main__":
    unittest.main()
