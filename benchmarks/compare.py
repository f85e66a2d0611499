#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells which benchmarks of two builds differ beyond noise: compare.py A B.

A and B are programs of Google Benchmark, or git revisions whose --target is
built first, with -c opt. The two run in turns, one repetition a round, so that
both meet the same pace of the machine. The first one changes from round to
round.

The statistic: each round gives each row one ratio, time of B / time of A. The
table has their median, and the range that holds the true median with a
probability of 95 % or more (order statistics, no assumption about the noise).
A row has changed if both hold:

1. A two-sided sign test over the rounds (is B slower as often as faster?) has
   p < --alpha, after Holm's correction for the number of rows.
2. The median differs from 1 by --least or more.

So of runs that compare a build with itself, at most 5 in 100 name any row.
Fewer than about 12 rounds can hardly show a change in a table of 10 rows.

Exit status: 1 if a row is slower, or stands in A alone; else 0.
"""

import argparse
import collections
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import results as results_lib

Row = collections.namedtuple(
    "Row", "name a b ratio low high p verdict")  # Times in seconds.


def sign_test(ratios):
    """Returns the two-sided p of as many ratios above 1, or below."""
    above = sum(ratio > 1 for ratio in ratios)
    below = sum(ratio < 1 for ratio in ratios)
    n = above + below
    tail = sum(math.comb(n, k) for k in range(min(above, below) + 1))
    return min(1.0, 2 * tail / 2**n)


def median_range(ratios, coverage=0.95):
    """Returns the narrowest range of order statistics with that coverage.

    With fewer than six ratios no range has 95 %: then the whole range.
    """
    ordered = sorted(ratios)
    n = len(ordered)
    k, outside = 0, 2 / 2**n
    while k + 1 < n / 2:
        outside += 2 * math.comb(n, k + 1) / 2**n
        if outside > 1 - coverage:
            break
        k += 1
    return ordered[k], ordered[n - 1 - k]


def holm(p_values, alpha):
    """Returns which of the tests reject, by Holm's step-down correction."""
    rejects = [False] * len(p_values)
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(order):
        if p_values[i] >= alpha / (len(p_values) - rank):
            break
        rejects[i] = True
    return rejects


def compare(rounds, alpha=0.05, least=0.01):
    """Returns the rows that both builds have, in order of the first round.

    `rounds` are pairs of results_lib.Results, of A and of B.
    """
    both = [name for name in rounds[0][0].names() if name in rounds[0][1].names()]
    times = {
        name: [(a.seconds(name), b.seconds(name)) for a, b in rounds]
        for name in both
    }
    ratios = {name: [b / a for a, b in times[name]] for name in both}
    p_values = [sign_test(ratios[name]) for name in both]
    rows = []
    for name, p, beyond_noise in zip(both, p_values, holm(p_values, alpha)):
        ratio = statistics.median(ratios[name])
        verdict = ""
        if beyond_noise and abs(ratio - 1) >= least:
            verdict = "slower" if ratio > 1 else "faster"
        rows.append(Row(name, statistics.median(a for a, _ in times[name]),
                        statistics.median(b for _, b in times[name]), ratio,
                        *median_range(ratios[name]), p, verdict))
    return rows


def report(rounds, alpha=0.05, least=0.01):
    """Returns the table, and whether a row is slower or is gone."""
    rows = compare(rounds, alpha, least)
    lines = [
        rounds[-1][1].machine(), "",
        "%d rounds. Changed: p < %g by the sign test with Holm's correction, and "
        "by %g %% or more." % (len(rounds), alpha, 100 * least), "",
        "| | A, ns | B, ns | B / A | 95 % of the median | p | changed |",
        "|---|---:|---:|---:|---:|---:|---|"
    ]
    for row in rows:
        lines.append("| %s | %.4g | %.4g | %.3f | %.3f to %.3f | %.2g | %s |" %
                     (row.name, 1e9 * row.a, 1e9 * row.b, row.ratio, row.low,
                      row.high, row.p, row.verdict))
    names = [set(results.names()) for results in rounds[0]]
    for title, missing in (("A", names[0] - names[1]), ("B", names[1] - names[0])):
        for name in sorted(missing):
            lines.append("Only in %s: %s" % (title, name))
    changed = collections.Counter(row.verdict for row in rows)
    lines += ["", "%d slower, %d faster, of %d." %
              (changed["slower"], changed["faster"], len(rows))]
    return "\n".join(lines), bool(changed["slower"] or names[0] - names[1])


def run(program, options, folder):
    """Returns the Results of one run with one repetition."""
    out = os.path.join(folder, "out.json")
    subprocess.run(
        [program, "--benchmark_out=" + out, "--benchmark_out_format=json",
         "--benchmark_repetitions=1"] + options,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    with open(out, encoding="utf-8") as file:
        results = results_lib.Results(json.load(file))
    if not results.names():
        raise SystemExit("compare: %s has no such benchmark: see --filter" % program)
    return results


def interleave(programs, rounds, options):
    """Yields the pairs of Results of each round."""
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            pair = [None, None]
            for which in ((0, 1), (1, 0))[i % 2]:
                pair[which] = run(programs[which], options, folder)
            print("round %d of %d" % (i + 1, rounds), file=sys.stderr)
            yield tuple(pair)


def build(revision, target, folder):
    """Builds a revision's `target` in a worktree. Returns a copy of it."""
    top = subprocess.run(["git", "rev-parse", "--show-toplevel"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout.strip()
    tree = os.path.join(folder, "tree")
    program = os.path.join(folder, "program%d" % len(os.listdir(folder)))
    subprocess.run(["git", "worktree", "add", "--detach", tree, revision],
                   check=True, stdout=sys.stderr)
    try:
        own_flags = os.path.join(top, ".bazelrc.user")
        if os.path.exists(own_flags):
            shutil.copy(own_flags, tree)
        subprocess.run(["./bazelw", "build", "-c", "opt", target], cwd=tree,
                       check=True, stdout=sys.stderr)
        path = target.replace("//", "bazel-bin/").replace(":", "/")
        shutil.copy(os.path.join(tree, path), program)
        # Ends the Bazel server of the worktree, and frees its output.
        subprocess.run(["./bazelw", "clean", "--expunge"], cwd=tree,
                       check=True, stdout=sys.stderr)
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", tree], check=True)
    return program


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", metavar="A")
    parser.add_argument("b", metavar="B")
    parser.add_argument("--filter", default=".", help="rows to run. Default: all")
    parser.add_argument("--rounds", type=int, default=15, help="Default: 15")
    parser.add_argument("--target", default="//benchmarks:decode",
                        help="built of a revision. Default: //benchmarks:decode")
    parser.add_argument("--alpha", type=float, default=0.05, help="Default: 0.05")
    parser.add_argument("--least", type=float, default=0.01,
                        help="a smaller change is none. Default: 0.01")
    args = parser.parse_args()
    options = ["--benchmark_filter=" + args.filter]
    with tempfile.TemporaryDirectory() as folder:
        programs = [
            os.path.abspath(which) if os.path.isfile(which) else
            build(which, args.target, folder) for which in (args.a, args.b)
        ]
        rounds = list(interleave(programs, args.rounds, options))
    text, worse = report(rounds, args.alpha, args.least)
    print(text)
    raise SystemExit(1 if worse else 0)


if __name__ == "__main__":
    main()
