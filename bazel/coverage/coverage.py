#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts the lines and branches of the product that tests run. See README.md.

usage: coverage.py [--list FOLDER] [--test LABEL] [--work DIR]
                   [--bazel_arg ARG] [--reuse]

Builds the tests with clang's coverage, runs them, and prints a table by folder.
Exit status: 0 if the goals are met, 1 if not, 2 if the build or a test fails.
"""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys

ROOMS = ["codec", "transport", "client", "tools"]
TESTS = ["//%s/..." % room for room in ROOMS]

# At least this part of the lines of each folder at or below these.
LINE_GOAL = 0.95
LINE_GOAL_FOLDERS = ["transport", "client", "tools/mirror"]
# Each branch and each line at or below this folder, or an explanation.
FULL_GOAL_FOLDER = "codec"

HERE = os.path.dirname(os.path.realpath(__file__))
EXPLANATIONS = os.path.join(HERE, "explained.txt")

# One thing that no test does. `outcome`: "never true: CONDITION",
# "never false: CONDITION" or "never run". `code`: the text of line `line`.
Hole = collections.namedtuple("Hole", "file line last_line outcome code")


def fail(message):
    print("coverage.py: %s" % message, file=sys.stderr)
    sys.exit(2)


# Reading llvm-cov's data.


class SourceFile:
    """The counts of one file of the product.

    `entries` are elements of "files" of `llvm-cov export`: a header has one
    for each path that leads to it. `lines` is the text.
    """

    def __init__(self, name, lines, entries):
        self.name = name
        self.lines = lines
        self.counts = collections.Counter()
        # The position of a branch: [count of true, count of false]. Each
        # instance of a template has its own.
        self.branches = collections.defaultdict(lambda: [0, 0])
        executed = set()
        for entry in entries:
            for line, count in line_counts(entry["segments"]).items():
                self.counts[line] += count
            for branch in entry["branches"]:
                self.add(branch)
            for expansion in entry.get("expansions", []):
                for branch in expansion["branches"]:
                    if expansion["filenames"][branch[6]] == entry["filename"]:
                        self.add(branch)
            executed.update((segment[0], segment[1])
                            for segment in entry["segments"]
                            if segment[3] and segment[2] > 0)
        checks = self.invariant_checks()
        for place in list(self.branches):
            if (self.is_constant(place, place[:2] in executed) or
                    place[0] in checks):
                del self.branches[place]
        for line in checks:
            self.counts.pop(line, None)

    def add(self, branch):
        counts = self.branches[tuple(branch[:4])]
        counts[0] += branch[4]
        counts[1] += branch[5]

    def invariant_checks(self):
        """Returns the lines of CheckInvariants(), which only tests call. Most
        of them run only if there is a bug."""
        found = set()
        inside = False
        for number, line in enumerate(self.lines, 1):
            inside = inside or "::CheckInvariants() const {" in line
            if inside:
                found.add(number)
            inside = inside and line != "}"
        return found

    def text(self, place):
        """Returns the source text of a condition, in one line."""
        line, column, last_line, last_column = place
        lines = self.lines[line - 1:last_line]
        if not lines:
            return ""
        lines[-1] = lines[-1][:last_column - 1]
        lines[0] = lines[0][column - 1:]
        return " ".join(" ".join(lines).split())

    def code(self, line):
        if line > len(self.lines):
            return ""
        return " ".join(self.lines[line - 1].split())

    def is_constant(self, place, executed):
        """Says whether the compiler knows the condition's value: clang counts
        no outcome for it."""
        if self.branches[place] != [0, 0]:
            return False
        return (executed or self.text(place) in ("true", "false") or
                "if constexpr" in self.code(place[0]))

    def is_implicit_default(self, place):
        """Says whether the branch is the missing `default` of a switch: its
        place is the switch's condition. -Wswitch demands all enumerators."""
        return self.lines[place[0] - 1][:place[1] - 1].endswith("switch (")

    def outcomes(self):
        """Yields (place, "true" or "false", count) for each outcome."""
        for place, counts in sorted(self.branches.items()):
            if not self.is_implicit_default(place):
                yield place, "true", counts[0]
                yield place, "false", counts[1]

    def holes(self):
        """Returns the branches and lines that no test runs."""
        found = []
        for place, outcome, count in self.outcomes():
            if count == 0:
                found.append(Hole(
                    self.name, place[0], place[0],
                    "never %s: %s" % (outcome, self.text(place)),
                    self.code(place[0])))
        first = None
        for line in sorted(self.counts) + [0]:
            if line and self.counts[line] == 0:
                if first is None:
                    first = last = line
                    continue
                if line == last + 1:
                    last = line
                    continue
            if first is not None:
                found.append(Hole(self.name, first, last, "never run",
                                  self.code(first)))
                first = None
                if line and self.counts[line] == 0:
                    first = last = line
        return sorted(found, key=lambda hole: (hole.line, hole.outcome))


def source_files(root, products, entries):
    """Returns a SourceFile for each of `products` that has an entry. Bazel's
    links lead to the headers: an entry's path ends with the file's name."""
    by_name = collections.defaultdict(list)
    for entry in entries:
        parts = entry["filename"].split("/")
        for i in range(len(parts)):
            name = "/".join(parts[i:])
            if name in products:
                by_name[name].append(entry)
                break
    files = []
    for name, found in sorted(by_name.items()):
        with open(os.path.join(root, name), encoding="utf-8") as file:
            files.append(SourceFile(name, file.read().split("\n"), found))
    return files


def line_counts(segments):
    """Returns {line: count} of the lines with code: the largest count of the
    regions that begin in the line or surround its start. A line behind the gap
    of an assertion has the count of its own regions, too.

    A segment is [line, column, count, has count, begins a region, is a gap].
    """
    by_line = collections.defaultdict(list)
    for segment in segments:
        by_line[segment[0]].append(segment)
    counts = {}
    around = None  # The last segment of the lines before.
    lines = sorted(by_line)
    for line in range(lines[0], lines[-1] + 1) if lines else []:
        here = by_line.get(line, [])
        surrounded = around is not None and around[3]
        behind_gap = surrounded and around[5]
        starts = [s[2] for s in here if s[3] and not s[5] and
                  (s[4] or behind_gap)]
        skipped = bool(here) and not here[0][3] and here[0][4]
        if not skipped and (surrounded or starts):
            counts[line] = max(([around[2]] if surrounded else []) + starts)
        if here:
            around = here[-1]
    return counts


# The report.


def is_below(folder, parent):
    return folder == parent or folder.startswith(parent + "/")


def percent(part, whole):
    # Rounded down, so that 100.0 means all.
    return "%d/%d %.1f %%" % (
        part, whole, 1000 * part // whole / 10 if whole else 100)


def row_of(files):
    """Returns (lines run, lines, outcomes taken, outcomes) of some files."""
    lines = [count for file in files for count in file.counts.values()]
    outcomes = [count for file in files for _, _, count in file.outcomes()]
    return (sum(map(bool, lines)), len(lines),
            sum(map(bool, outcomes)), len(outcomes))


def print_table(folders):
    """Prints a Markdown table, and returns whether the goals of lines hold."""
    met = True
    print("| folder | lines | branches | goal |")
    print("|---|---|---|---|")
    for folder in sorted(folders):
        run, lines, taken, outcomes = row_of(folders[folder])
        goal = ""
        if is_below(folder, FULL_GOAL_FOLDER):
            goal = "all, or explained"
        elif any(is_below(folder, parent) for parent in LINE_GOAL_FOLDERS):
            reached = run >= LINE_GOAL * lines
            met = met and reached
            goal = "%d %% of lines%s" % (100 * LINE_GOAL,
                                         "" if reached else ": MISSED")
        print("| %s | %s | %s | %s |" % (
            folder, percent(run, lines), percent(taken, outcomes), goal))
    return met


def print_holes(holes):
    for hole in holes:
        lines = str(hole.line)
        if hole.last_line != hole.line:
            lines += "-%d" % hole.last_line
        print("%s:%s: %s\n    %s" % (hole.file, lines, hole.outcome, hole.code))


def parse_explanations(text):
    """Returns {(file, code, outcome): reason}. A record is a paragraph: the
    lines of file, code, outcome and reason. The reason may have more lines.
    A line that begins with # is a comment."""
    explanations = {}
    for paragraph in "\n".join(
            line for line in text.split("\n")
            if not line.startswith("#")).split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().split("\n")]
        if lines == [""]:
            continue
        if len(lines) < 4:
            fail("explained.txt: a record needs file, code, outcome and "
                 "reason: %s" % lines[0])
        explanations[tuple(lines[:3])] = " ".join(lines[3:])
    return explanations


def check_explanations(holes, explanations):
    """Returns the holes without an explanation, and the explanations without a
    hole."""
    keys = {(hole.file, hole.code, hole.outcome) for hole in holes}
    return ([hole for hole in holes
             if (hole.file, hole.code, hole.outcome) not in explanations],
            sorted(key for key in explanations if key not in keys))


def report(files, listed, explanations):
    """Prints the report. Returns whether the goals are met."""
    folders = collections.defaultdict(list)
    for file in files:
        folders[os.path.dirname(file.name)].append(file)
    met = print_table(folders)
    for folder in listed:
        print()
        print_holes(hole for file in files
                    if is_below(os.path.dirname(file.name), folder.strip("/"))
                    for hole in file.holes())
    open_holes, stale = check_explanations(
        [hole for file in files if is_below(file.name, FULL_GOAL_FOLDER)
         for hole in file.holes()], explanations)
    if open_holes:
        print("\nNo test takes these, and explained.txt has no reason:")
        print_holes(open_holes)
    if stale:
        print("\nRecords of explained.txt whose line is gone, or that a test "
              "takes:")
        for key in stale:
            print("%s: %s\n    %s" % (key[0], key[2], key[1]))
    print("\n%d explained" % len(explanations))
    return met and not open_holes and not stale


# Building and running.


def need(program, package):
    """Installs a Debian package if its program is missing."""
    if shutil.which(program):
        return
    if not shutil.which("apt-get"):
        fail("needs %s" % program)
    as_root = [] if os.geteuid() == 0 else ["sudo"]
    print("coverage.py: installing %s" % package, flush=True)
    for command in (["apt-get", "update", "-qq"],
                    ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get",
                     "install", "-y", "-qq", "--no-install-recommends",
                     package]):
        if subprocess.run(as_root + command, stdout=subprocess.DEVNULL,
                          check=False).returncode != 0:
            fail("could not install %s" % package)


class Run:
    """One build and run of the tests."""

    def __init__(self, root, work, bazel_args):
        self.root = root
        self.work = work
        self.flags = [
            "--config=coverage", "--build_tests_only",
            "--per_file_copt=^(%s)/.*\\.cc$@-MMD,-idirafter,%s,"
            "-include,plain_branches.h,-Wno-parentheses-equality,"
            "-Wno-unused-command-line-argument" % (
                "|".join(ROOMS + ["fuzz", "testing"]), HERE),
            *bazel_args]

    def bazel(self, command, *arguments):
        """Returns the words that Bazel prints."""
        done = subprocess.run(["./bazelw", command, *arguments], cwd=self.root,
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            fail("bazelw %s fails" % command)
        return done.stdout.split()

    def tool(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            fail("%s fails" % command[0])
        return done.stdout

    def products(self):
        """Returns the files of targets that are not testonly."""
        rules = 'kind("cc_(library|binary) rule", %s)' % " + ".join(TESTS)
        labels = self.bazel(
            "query", "--noshow_progress",
            "let t = %s except attr(testonly, 1, %s) in "
            "labels(srcs, $t) + labels(hdrs, $t)" % (rules, rules))
        return {label[2:].replace(":", "/").lstrip("/") for label in labels
                if label.startswith("//") and label.endswith((".cc", ".h"))}

    def test(self, labels):
        """Runs the tests, and writes the merged profile."""
        raw = os.path.join(self.work, "raw")
        shutil.rmtree(raw, ignore_errors=True)
        os.makedirs(raw)
        # A file for each program (%m): its runs add to it, those of child
        # processes too.
        done = subprocess.run(
            ["./bazelw", "test", *self.flags, "--nocache_test_results",
             "--sandbox_writable_path=" + raw,
             "--test_env=LLVM_PROFILE_FILE=%s/%%m.profraw" % raw, *labels],
            cwd=self.root, check=False)
        if done.returncode != 0:
            fail("a test fails, or the build")
        self.tool("llvm-profdata", "merge", "-sparse", "-o", self.profile(),
                  *(os.path.join(raw, name) for name in os.listdir(raw)))
        shutil.rmtree(raw)

    def profile(self):
        return os.path.join(self.work, "merged.profdata")

    def programs(self, labels):
        """Returns the paths of the tests, and of the programs that they run."""
        tests = 'kind("cc_test rule", tests(set(%s)))' % " ".join(labels)
        found = self.bazel(
            "query", "--noshow_progress",
            'kind("cc_(test|binary) rule", deps(%s)) intersect //...' % tests)
        top = self.bazel("info", "--config=coverage", "bazel-bin")[0]
        paths = [os.path.join(top, label[2:].replace(":", "/").lstrip("/"))
                 for label in found]
        return [path for path in paths if os.path.exists(path)]

    def files(self, labels):
        """Returns the SourceFile of each product file with code."""
        programs = self.programs(labels)
        data = json.loads(self.tool(
            "llvm-cov", "export", "-skip-functions",
            "-ignore-filename-regex=_test\\.cc$",
            "-instr-profile=" + self.profile(), programs[0],
            *("-object=" + program for program in programs[1:])))
        return source_files(self.root, self.products(),
                            data["data"][0]["files"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="append", default=[],
                        metavar="FOLDER",
                        help="print the lines and branches that no test runs")
    parser.add_argument("--test", action="append",
                        help="default: %s" % " ".join(TESTS))
    parser.add_argument("--work", default="/var/tmp/kevy_coverage",
                        help="folder of the profile; default: %(default)s")
    parser.add_argument("--bazel_arg", action="append", default=[],
                        help="an argument for the build, as --jobs=1")
    parser.add_argument("--reuse", action="store_true",
                        help="print the report of the last run again")
    options = parser.parse_args()
    need("clang", "clang")
    need("llvm-cov", "llvm")
    root = os.path.dirname(os.path.dirname(HERE))
    run = Run(root, options.work, options.bazel_arg)
    labels = options.test or TESTS
    if not options.reuse:
        run.test(labels)
    with open(EXPLANATIONS, encoding="utf-8") as file:
        explanations = parse_explanations(file.read())
    return 0 if report(run.files(labels), options.list, explanations) else 1


if __name__ == "__main__":
    sys.exit(main())
