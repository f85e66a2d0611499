#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares the instructions of decoding with a file: instructions.py PROGRAM.

PROGRAM is //benchmarks:count_instructions, built with -c opt. Callgrind counts
the instructions of one pass over each corpus. Their number does not depend on
the machine's pace or load. It depends on the compiler, so instructions.txt has
a line for each one. Needs valgrind.

Exit status: 1 if a count differs from the file's by more than 2 %, up or down.
0 if none does, or, with a loud message, if the file lacks the compiler.
--update writes the counts into the file instead.
"""

import argparse
import os
import re
import subprocess
import tempfile

FILE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "instructions.txt")
TOLERANCE = 0.02


def measure(program):
    """Returns the compiler, and the instructions a frame by corpus."""
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind",
             "--callgrind-out-file=" + os.path.join(folder, "out"),
             "--toggle-collect=CountedPass", "--dump-after=CountedPass",
             os.path.abspath(program)],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        compiler, *lines = output.splitlines()
        counts = {}
        for call, line in enumerate(lines, 1):
            corpus, frames = line.split()
            # Callgrind numbers the files by calls.
            with open(os.path.join(folder, "out.%d" % call), encoding="utf-8") as file:
                total = int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M)[1])
            counts[corpus] = total / int(frames)
    return compiler, counts


def parse(text):
    """Returns {compiler: {corpus: instructions a frame}} of a file's text."""
    known = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            compiler, counts = line.split(": ")
            known[compiler] = {
                corpus: float(count)
                for corpus, count in (part.split("=") for part in counts.split())
            }
    return known


def format_line(compiler, counts):
    return "%s: %s" % (compiler, " ".join(
        "%s=%.2f" % item for item in counts.items()))


def compare(compiler, counts, known):
    """Returns the report, and whether all counts are as in the file."""
    if compiler not in known:
        return ("instructions: SKIPPED, nothing was compared: instructions.txt has no "
                "line for '%s'. To add it: benchmarks/instructions.py PROGRAM --update\n%s"
                % (compiler, format_line(compiler, counts))), True
    expected = known[compiler]
    lines = ["%s, instructions a frame" % compiler]
    good = True
    for corpus in sorted(set(expected) | set(counts)):
        if corpus not in expected or corpus not in counts:
            lines.append("%-9s WRONG: only in %s" % (
                corpus, "the file" if corpus in expected else "the program"))
            good = False
            continue
        change = counts[corpus] / expected[corpus] - 1
        within = abs(change) <= TOLERANCE
        good = good and within
        lines.append("%-9s %9.2f, in the file %9.2f, %+.1f %%%s" % (
            corpus, counts[corpus], expected[corpus], 100 * change,
            "" if within else "  WRONG: beyond %g %%" % (100 * TOLERANCE)))
    if not good:
        lines.append("If the change is meant: benchmarks/instructions.py PROGRAM --update")
    return "\n".join(lines), good


def update(text, compiler, counts):
    """Returns the file's text with the counts of one compiler."""
    lines = [line for line in text.splitlines()
             if not line.startswith(compiler + ": ")]
    return "\n".join(lines + [format_line(compiler, counts)]) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", metavar="PROGRAM")
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    with open(FILE, encoding="utf-8") as file:
        text = file.read()
    compiler, counts = measure(args.program)
    if args.update:
        with open(FILE, "w", encoding="utf-8") as file:
            file.write(update(text, compiler, counts))
        print(format_line(compiler, counts))
        return
    report, good = compare(compiler, counts, parse(text))
    print(report)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
