#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets with libFuzzer, and prints a table. See README.md.

usage: campaign.py [--cpu_seconds N] [--parallel N] [--out DIR] [--no_build]
                   [--bazel_arg ARG] [TARGET ...] [-- LIBFUZZER_FLAG ...]
       campaign.py --list
       campaign.py --write_options DIR
       campaign.py --table [--out DIR] [TARGET ...]

A target runs until it has used its CPU seconds, so the load of the machine does
not change its share. It ends earlier with its first finding. DIR keeps, for
each target, the program, its log, the seeds, the merged corpus, which a later
campaign goes on from, and the artifacts of findings. options.ini has
libFuzzer's options of each target. Ctrl-C (or SIGTERM) ends the running targets
early, with their rows; the second one ends them at once.

Exit status: 0 without findings, 1 with findings, 2 if a build or a run fails.
"""

import argparse
import configparser
import glob
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

FUZZ = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(FUZZ)

POLL_SECONDS = 0.2
# libFuzzer's time limit of one input is wall time, and the machine may be
# loaded.
INPUT_SECONDS = 300
# libFuzzer tells of a slow input by a file, which is no finding.
NO_FINDING = "slow-unit-"
# A stopped process passes its time limit, too: such an input runs again.
TIMEOUT = "timeout-"

HEAD = ("| target | CPU s | executions | a CPU second | cov | ft | corpus | "
        "findings |\n|---|---|---|---|---|---|---|---|")


def all_targets():
    """Returns the names of the targets, in order."""
    return sorted(os.path.basename(path)[:-len("_fuzz.cc")]
                  for path in glob.glob(os.path.join(FUZZ, "*_fuzz.cc")))


def options_of(targets):
    """Returns {target: {option: value}} of options.ini."""
    parser = configparser.ConfigParser()
    with open(os.path.join(FUZZ, "options.ini"), encoding="utf-8") as file:
        parser.read_file(file)
    unknown = set(parser.sections()) - set(all_targets())
    if unknown:
        sys.exit("options.ini: no such target: %s" % ", ".join(sorted(unknown)))
    return {target: dict(parser[target] if parser.has_section(target)
                         else parser.defaults()) for target in targets}


def write_options(folder):
    """Writes the options of all targets as OSS-Fuzz reads them."""
    for target, options in options_of(all_targets()).items():
        path = os.path.join(folder, target + "_fuzz.options")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[libfuzzer]\n")
            for name, value in options.items():
                file.write("%s = %s\n" % (name, value))
        if "dict" in options:
            shutil.copy(os.path.join(FUZZ, options["dict"]), folder)


def libfuzzer_flags(options):
    """Returns the options as flags. The dictionary lies in this folder."""
    return ["-%s=%s" % (name, os.path.join(FUZZ, value) if name == "dict"
                        else value) for name, value in options.items()]


def build(targets, out, bazel_args):
    """Builds targets into their folders of `out`, with their seeds."""
    # bazel-bin is of the last build, so the programs are copied at once.
    for config, suffix in (([], "_fuzz_test"), (["--config=fuzz"], "_fuzz")):
        subprocess.run(
            [os.path.join(ROOT, "bazelw"), "build"] + bazel_args + config +
            ["//fuzz:" + target + suffix for target in targets],
            cwd=ROOT, check=True)
        for target in targets:
            name = target + suffix
            # A copy in place would fail while the old program runs.
            new = os.path.join(out, target, name + ".new")
            shutil.copy(os.path.join(ROOT, "bazel-bin", "fuzz", name), new)
            os.replace(new, os.path.join(out, target, name))
    for target in targets:
        seeds = os.path.join(out, target, "seeds")
        shutil.rmtree(seeds, ignore_errors=True)
        os.makedirs(seeds)
        subprocess.run([os.path.join(out, target, target + "_fuzz_test"),
                        seeds], cwd=ROOT, check=True)


def cpu_seconds_of(pid):
    """Returns the CPU time that a process has used, its threads included."""
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def parse_log(text):
    """Returns libFuzzer's figures from its log."""
    found = {"executions": 0, "cov": 0, "ft": 0}
    for name in ("cov", "ft"):
        numbers = re.findall(r"^#\d+\t.*\b%s: (\d+)" % name, text,
                             re.MULTILINE)
        if numbers:
            found[name] = int(numbers[-1])
    # Without final statistics, as after a crash of the sanitizer itself, the
    # last status line counts.
    for pattern in (r"^#(\d+)\t",
                    r"^stat::number_of_executed_units: +(\d+)"):
        numbers = re.findall(pattern, text, re.MULTILINE)
        if numbers:
            found["executions"] = int(numbers[-1])
    return found


def files_in(folder):
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()


def hangs(program, path):
    """Says whether an input takes INPUT_SECONDS of CPU time, or fails."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (INPUT_SECONDS, INPUT_SECONDS))

    return subprocess.run(
        [program, "-timeout=0", path], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, preexec_fn=limit,
        check=False).returncode != 0


class Run:
    """One target: it fuzzes, and then merges its corpus."""

    def __init__(self, target, folder, options, cpu_seconds, flags):
        self.target = target
        self._folder = folder
        self._cpu_seconds = cpu_seconds
        self._program = os.path.join(folder, target + "_fuzz")
        self._corpus = os.path.join(folder, "corpus")
        self._artifacts = os.path.join(folder, "artifacts")
        self._merged = os.path.join(folder, "merged")
        for path in (self._corpus, self._artifacts):
            os.makedirs(path, exist_ok=True)
        self._old = files_in(self._artifacts)
        self._merging = False
        self._stopped = False
        self.result = None
        self._start("log", libfuzzer_flags(options) + [
            "-timeout=%d" % INPUT_SECONDS,
            "-print_final_stats=1",
            "-artifact_prefix=" + self._artifacts + "/",
        ] + flags + [self._corpus, os.path.join(folder, "seeds")])

    def _start(self, log, arguments):
        with open(os.path.join(self._folder, log), "wb") as file:
            self._process = subprocess.Popen(
                [self._program] + arguments, cwd=ROOT, stdout=file,
                stderr=file, stdin=subprocess.DEVNULL,
                # Ctrl-C comes by stop(), in order.
                start_new_session=True)

    def poll(self):
        """Returns whether all is done. `result` is then set."""
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if pid == 0:
            if cpu_seconds_of(self._process.pid) >= self._cpu_seconds:
                self.stop()
            return False
        self._process.returncode = os.WEXITSTATUS(status) or -os.WTERMSIG(
            status)
        if not self._merging:
            self._finish_fuzzing(usage.ru_utime + usage.ru_stime)
            self._merging = True
            shutil.rmtree(self._merged, ignore_errors=True)
            os.makedirs(self._merged)
            self._start("merge_log", [
                "-merge=1", "-artifact_prefix=" + self._folder + "/merge-",
                self._merged, self._corpus, os.path.join(self._folder,
                                                         "seeds")])
            return False
        if self._process.returncode == 0:
            shutil.rmtree(self._corpus)
            os.rename(self._merged, self._corpus)
        else:
            self.result["failed"] = "merge: see merge_log"
        self.result["corpus"] = len(files_in(self._corpus))
        with open(os.path.join(self._folder, "result.json"), "w",
                  encoding="utf-8") as file:
            json.dump(self.result, file)
        return True

    def stop(self):
        """Ends fuzzing. libFuzzer finishes the input that it runs."""
        if not self._merging and not self._stopped:
            self._process.send_signal(signal.SIGUSR1)
            self._stopped = True

    def _finish_fuzzing(self, cpu):
        with open(os.path.join(self._folder, "log"), encoding="utf-8",
                  errors="replace") as file:
            self.result = parse_log(file.read())
        self.result["cpu"] = cpu
        self.result["findings"] = sorted(
            name for name in files_in(self._artifacts) - self._old
            if not name.startswith(NO_FINDING))
        paused = [name for name in self.result["findings"]
                  if name.startswith(TIMEOUT) and not hangs(
                      self._program, os.path.join(self._artifacts, name))]
        for name in paused:
            self.result["findings"].remove(name)
            os.remove(os.path.join(self._artifacts, name))
        if paused and not self.result["findings"]:
            self.result["failed"] = "the process was stopped too long"
        elif self._process.returncode != 0 and not self.result["findings"]:
            self.result["failed"] = "exit status %d: see log" % (
                self._process.returncode)

    def kill(self):
        self._process.kill()
        self._process.wait()


def row(target, result):
    """Returns the table's row of a target."""
    return "| `%s` | %d | %s | %s | %d | %d | %d | %s |" % (
        target, result["cpu"], format(result["executions"], ","),
        format(int(result["executions"] / max(result["cpu"], 0.01)), ","),
        result["cov"], result["ft"], result["corpus"],
        result.get("failed") or len(result["findings"]))


def run_all(targets, make_run, parallel):
    """Runs the targets, at most `parallel` at once. Returns the results."""
    waiting = list(targets)
    running = []
    results = {}
    stopped = False
    try:
        while waiting or running:
            try:
                while waiting and len(running) < parallel:
                    running.append(make_run(waiting.pop(0)))
                for run in list(running):
                    if run.poll():
                        running.remove(run)
                        results[run.target] = run.result
                        print(row(run.target, run.result), flush=True)
                time.sleep(POLL_SECONDS)
            except KeyboardInterrupt:
                if stopped:
                    raise
                stopped = True
                waiting.clear()
                for run in running:
                    run.stop()
    finally:
        for run in running:
            run.kill()
    return results


def saved_results(targets, out):
    """Returns the results that earlier campaigns have written to `out`."""
    results = {}
    for target in targets:
        path = os.path.join(out, target, "result.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                results[target] = json.load(file)
    return results


def parse_arguments(argv):
    flags = []
    if "--" in argv:
        flags = argv[argv.index("--") + 1:]
        argv = argv[:argv.index("--")]
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET",
                        help="default: all")
    parser.add_argument("--cpu_seconds", type=float, default=60,
                        help="of each target (default: %(default)s)")
    parser.add_argument("--parallel", type=int, default=1,
                        help="targets at once (default: %(default)s)")
    parser.add_argument(
        "--out", default="/tmp/kevy_fuzz",
        help="folder of programs, corpora and logs (default: %(default)s)")
    parser.add_argument("--no_build", action="store_true",
                        help="run the programs that are in --out")
    parser.add_argument("--bazel_arg", action="append", default=[],
                        help="flag of Bazel, may be repeated")
    parser.add_argument("--list", action="store_true",
                        help="print the targets")
    parser.add_argument("--write_options", metavar="DIR",
                        help="write OSS-Fuzz's options and dictionaries")
    parser.add_argument("--table", action="store_true",
                        help="print the results that are in --out")
    options = parser.parse_args(argv)
    unknown = set(options.targets) - set(all_targets())
    if unknown:
        parser.error("no such target: " + ", ".join(sorted(unknown)))
    options.targets = options.targets or all_targets()
    options.out = os.path.abspath(options.out)
    options.flags = flags
    return options


def main(argv):
    arguments = parse_arguments(argv)
    out = arguments.out
    if arguments.list:
        print("\n".join(arguments.targets))
        return 0
    if arguments.write_options:
        write_options(arguments.write_options)
        return 0
    if arguments.table:
        results = saved_results(arguments.targets, out)
        print("\n".join([HEAD] + [row(*item) for item in results.items()]))
        return 0
    options = options_of(arguments.targets)
    for target in arguments.targets:
        os.makedirs(os.path.join(out, target), exist_ok=True)
    if not arguments.no_build:
        try:
            build(arguments.targets, out, arguments.bazel_arg)
        except subprocess.CalledProcessError as error:
            print(error, file=sys.stderr)
            return 2
    # As Ctrl-C, also where a shell lets a background job ignore that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    print(HEAD, flush=True)
    results = run_all(
        arguments.targets,
        lambda target: Run(target, os.path.join(out, target), options[target],
                           arguments.cpu_seconds, arguments.flags),
        arguments.parallel).values()
    for result in results:
        for name in result["findings"]:
            print("finding: %s" % name)
    if any("failed" in result for result in results):
        return 2
    return 1 if any(result["findings"] for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
