#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Draws decode throughput as SVG: chart.py <results.json | benchmark> <out.svg>.

Medians, in frames a second, on a logarithmic scale. value64k is left out: it
shows that a decoder leaves values untouched, and not how fast it is.
"""

import argparse
import math

import results as results_lib

# The colours are legible on white and on black. Text follows the theme of the
# page.
BARS = [
    ("next_frames", "StreamDecoder", "#2f81f7"),
    ("hiredis", "hiredis redisReader", "#d2691e"),
    ("memcpy", "memcpy", "#8b949e"),
]
STYLE = """
text { font: 12px sans-serif; fill: #1f2328; }
.grid { stroke: #8b949e; stroke-opacity: 0.35; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
"""

LEFT, TOP, WIDTH, RIGHT = 80, 40, 560, 90
BAR, GAP = 16, 14


def label(rate):
    for unit, name in ((1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s")):
        if rate >= unit:
            return "%.3g %s" % (rate / unit, name)
    return "%.3g/s" % rate


def rates(results, corpus):
    ns = {
        who: results.ns_per_frame("Decode/%s/%s" % (who, corpus))
        for who, _, _ in BARS
    }
    return {who: value and 1e9 / value for who, value in ns.items()}


def draw(results):
    groups = [(corpus, rates(results, corpus)) for corpus in results_lib.CORPORA
              if corpus != "value64k"]
    groups = [(corpus, rate) for corpus, rate in groups if all(rate.values())]
    if not groups:
        raise SystemExit("chart: each corpus lacks one of next_frames, hiredis and memcpy: "
                         "run with --benchmark_filter=^Decode/")
    every = [value for _, rate in groups for value in rate.values()]
    low = math.floor(math.log10(min(every)))
    high = math.ceil(math.log10(max(every)))
    # A single power of ten would give an empty scale.
    high = max(high, low + 1)

    def x(rate):
        return LEFT + WIDTH * (math.log10(rate) - low) / (high - low)

    bottom = TOP + len(groups) * (len(BARS) * BAR + GAP)
    out = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">'
        % (LEFT + WIDTH + RIGHT, bottom + 30),
        "<title>Decoding: frames a second, logarithmic</title>",
        "<style>%s</style>" % STYLE,
    ]
    for i, (_, name, colour) in enumerate(BARS):
        at = LEFT + 180 * i
        out.append('<rect x="%d" y="10" width="12" height="12" fill="%s"/>'
                   '<text x="%d" y="20">%s</text>' % (at, colour, at + 18, name))
    for power in range(low, high + 1):
        at = x(10**power)
        out.append('<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>'
                   '<text x="%.1f" y="%d" text-anchor="middle">%s</text>' %
                   (at, TOP - 8, at, bottom, at, bottom + 18, label(10**power)))
    y = TOP
    for corpus, rate in groups:
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' %
                   (LEFT - 8, y + BAR * len(BARS) // 2 + 4, corpus))
        for who, _, colour in BARS:
            end = x(rate[who])
            out.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
                       '<text x="%.1f" y="%d">%s</text>' %
                       (LEFT, y, end - LEFT, BAR - 2, colour, end + 5,
                        y + BAR - 5, label(rate[who])))
            y += BAR
        y += GAP
    out.append("</svg>\n")
    return "\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="a JSON file, or a benchmark to run")
    parser.add_argument("out", help="the SVG to write")
    args = parser.parse_args()
    only = "^Decode/(%s)/" % "|".join(who for who, _, _ in BARS)
    svg = draw(results_lib.load(args.path, only))
    with open(args.out, "w", encoding="utf-8") as file:
        file.write(svg)


if __name__ == "__main__":
    main()
