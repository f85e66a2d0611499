#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells the cost of each public header: header_cost.py [--check] [HEADER ...].

Compiles a file that includes only the header, and one that includes Abseil's
absl/status/status.h and absl/time/time.h. (If the header includes those of
GoogleTest or Google Benchmark, so does the second file.) A ratio is the first
file's cost by the second's.

| column | meaning |
|---|---|
| time | user CPU time of the compiler; the least of --rounds interleaved runs |
| bytes | of the preprocessed file, without empty lines |
| memory | that the compiler takes for declarations and templates; g++ only |
| text | KiB of the target's own code and constants, built with -c opt |
| with deps | the same, with the targets of this library that it depends on |

Time depends on the machine's pace. Bytes and memory are the same in each run:
--check leaves out the time, and fails if they exceed their limits. A header's
memory exceeds that of Abseil's by more than its time does, since preprocessing
takes time alone. So the limit of memory is larger.

Text needs the objects. `./bazelw build -c opt $(header_cost.py --targets)`
makes them.

$CXX names the compiler. Default: g++. Exit status: 1 if a header is over a
limit; else 0.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "docs"), os.path.join(ROOT, "bazel", "tidy")]
sys.dont_write_bytecode = True

import api_pages  # noqa: E402
import tidy  # noqa: E402

ABSEIL = '#include "absl/status/status.h"\n#include "absl/time/time.h"\n'
# Headers whose own cost is not this library's.
FRAMEWORKS = ("gmock/gmock.h", "gtest/gtest.h", "benchmark/benchmark.h")
LIMITS = {"time": 1.2, "bytes": 1.2, "memory": 1.35}
UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}

Cost = collections.namedtuple("Cost", "time bytes memory")  # None: not known.


class Compiler:
    """Compiles sources in the root of the tree."""

    def __init__(self):
        self.command = [os.environ.get("CXX", "g++"), "-w"]
        with open(os.path.join(ROOT, "compile_flags.txt"), encoding="utf-8") as file:
            self.command += file.read().split()
        self.version = self.run("", "--version").splitlines()[0]

    def run(self, source, *flags):
        """Returns what the compiler prints."""
        result = subprocess.run(
            self.command + list(flags) + ["-"], input=source, cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if result.returncode != 0:
            raise SystemExit("header_cost: the compiler failed:\n" + result.stdout)
        return result.stdout

    def preprocess(self, source):
        return self.run(source, "-E")

    def memory(self, source):
        """Returns bytes, or None if the compiler does not tell them."""
        if "clang" in self.version:
            return None
        # Without a collection of garbage, which depends on the machine's memory.
        return parse_memory(self.run(source, "-fsyntax-only", "-fmem-report",
                                     "--param", "ggc-min-heapsize=10000000"))

    def time(self, source):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.run(source, "-fsyntax-only")
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def parse_memory(report):
    """Returns the bytes in use, of g++'s -fmem-report."""
    table = report[report.index("Memory still allocated at the end"):]
    number, unit = re.search(r"^Total +\d+[kMG]? +(\d+)([kMG]?)", table, re.M).groups()
    return int(number) * UNITS[unit]


def text_bytes(preprocessed):
    """Returns the bytes without empty lines and the preprocessor's own."""
    return sum(len(line) + 1 for line in preprocessed.splitlines()
               if line.strip() and not line.startswith("#"))


def frameworks_of(preprocessed):
    """Returns the lines that include the frameworks of a preprocessed header."""
    return "".join('#include "%s"\n' % name for name in FRAMEWORKS
                   if '/%s"' % name in preprocessed)


def include(header):
    return '#include "kevy_replica/%s"\n' % header


def measure(compiler, headers, rounds):
    """Returns {header: Cost as a ratio}, and the cost of Abseil's headers."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        def each(function, sources):
            return dict(zip(sources, pool.map(function, sources)))

        texts = each(compiler.preprocess, [include(header) for header in headers])
        bases = {header: ABSEIL + frameworks_of(texts[include(header)])
                 for header in headers}
        texts.update(each(compiler.preprocess, sorted({ABSEIL, *bases.values()})))
        memory = each(compiler.memory, list(texts))
    sources = list(texts)
    bytes_of = {source: text_bytes(text) for source, text in texts.items()}
    time = {}
    for _ in range(rounds):
        for source in sources:
            now = compiler.time(source)
            time[source] = min(time.get(source, now), now)

    def cost(source):
        return Cost(time.get(source), bytes_of[source], memory[source])

    return {header: ratio(cost(include(header)), cost(base))
            for header, base in bases.items()}, cost(ABSEIL)


def ratio(cost, base):
    return Cost(*(a / b if a and b else None for a, b in zip(cost, base)))


def over(cost):
    """Returns the columns in which a ratio exceeds its limit."""
    return [name for name, limit in LIMITS.items()
            if (getattr(cost, name) or 0) > limit]


# Sizes.


def package(label):
    return label[2:].split(":")[0]


def deps_of(tree):
    """Returns {label: [labels of this tree]} of all rules with deps."""
    deps = {}
    for path in tree.build_files():
        folder = os.path.dirname(path)
        for _, rule in tidy.build_rules(tree.text(path)):
            name = re.search(r'\bname = "([^"]+)"', rule)
            if name is None:
                continue
            found = re.search(r"\bdeps = \[([^\]]*)\]", rule)
            labels = re.findall(r'"([^"@]+)"', found[1]) if found else []
            deps["//%s:%s" % (folder, name[1])] = [
                "//%s%s" % (folder, label) if label.startswith(":") else
                label if ":" in label else
                "%s:%s" % (label, label.rsplit("/", 1)[-1]) for label in labels]
    return deps


def closure(label, deps):
    """Returns the label and all that it depends on."""
    found, left = set(), [label]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += deps.get(one, [])
    return found


def own_text(label, bin_folder):
    """Returns bytes of code and constants of a target's objects."""
    folder = os.path.join(bin_folder, package(label), "_objs", label.split(":")[1])
    if not os.path.isdir(folder):
        return 0
    objects = [os.path.join(folder, name) for name in sorted(os.listdir(folder))
               if name.endswith(".o")]
    # Of an object that was compiled both ways, the one for programs.
    objects = [name for name in objects if not name.endswith(".pic.o")] or objects
    output = subprocess.run(["size", *objects], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    return sum(int(line.split()[0]) for line in output.splitlines()[1:])


# Output.


def cell(value, form="%.2f"):
    return "" if value is None else form % value


def rows(libraries, costs, sizes):
    yield "| target | header | time | bytes | memory | text, KiB | with deps, KiB |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for label, headers in libraries.items():
        for header in headers:
            if header in costs:
                yield "| `%s` | `%s` | %s | %s |" % (
                    label, os.path.basename(header),
                    " | ".join(cell(value) for value in costs[header]),
                    *(["%s | %s" % tuple(cell(size / 1024, "%.1f") for size in
                                         sizes[label])] if sizes else [" | "]))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("headers", metavar="HEADER", nargs="*",
                        help="codec/frame.h; default: all public ones")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--targets", action="store_true",
                        help="only print the targets of the public headers")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bin", metavar="FOLDER",
                        help="bazel-bin, for the sizes; default: no sizes")
    args = parser.parse_args()
    tree = tidy.Tree(ROOT)
    libraries = api_pages.public_libraries(tree)
    if args.targets:
        print(" ".join(libraries))
        return
    headers = args.headers or sorted({h for some in libraries.values() for h in some})
    compiler = Compiler()
    costs, abseil = measure(compiler, headers, 0 if args.check else args.rounds)
    sizes = None
    if args.bin:
        deps = deps_of(tree)
        sizes = {label: (own_text(label, args.bin),
                         sum(own_text(one, args.bin) for one in closure(label, deps)))
                 for label in libraries}
    wrong = {header: over(cost) for header, cost in costs.items() if over(cost)}
    print("%s. Abseil's status and time headers: %s.\n" % (
        compiler.version, ", ".join(
            form % (value / unit) for form, value, unit in (
                ("%.3f s", abseil.time, 1), ("%d bytes", abseil.bytes, 1),
                ("%.0f MiB of memory", abseil.memory, 1 << 20)) if value)))
    if not args.check:
        print("\n".join(rows(libraries, costs, sizes)))
    for header, columns in wrong.items():
        for name in columns:
            print("%s: over the limit: %.2f times Abseil's %s, at most %.2f. Include "
                  "less, declare classes, and move bodies and private types into the "
                  "source file." % (header, getattr(costs[header], name), name,
                                    LIMITS[name]))
    print("%d headers, %d over a limit" % (len(costs), len(wrong)))
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
