#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Draws a command and its output as a terminal, in SVG.

    docs/terminal.py --lines 14 'COMMAND SHOWN' PROGRAM [ARG ...]

PROGRAM is run, and some lines of its standard output are drawn below the shown
command. Lines that are too long are cut. The picture of the README:

    docs/terminal.py --skip-to '# set "s0"' './bazelw run //tools:kevy_tail' \\
        bazel-bin/tools/kevy_tail > docs/tail.svg
"""

import argparse
import html
import subprocess

COLUMNS = 92
LINE = 18  # Pixels.
CHARACTER = 7.8


def draw(command, output, lines):
    shown = ["$ " + command] + output[:lines]
    if len(output) > lines:
        shown.append("...")
    width = int(COLUMNS * CHARACTER + 32)
    height = LINE * len(shown) + 32
    rows = []
    for i, line in enumerate(shown):
        if len(line) > COLUMNS:
            line = line[:COLUMNS - 3] + "..."
        color = "#7ee787" if i == 0 else \
            "#8b949e" if line.startswith("#") else "#e6edf3"
        rows.append('<text x="16" y="%d" fill="%s" xml:space="preserve">%s'
                    "</text>" % (28 + LINE * i, color, html.escape(line)))
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="monospace" font-size="13">\n'
            '<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>\n'
            "%s\n</svg>\n" % (width, height, "\n".join(rows)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=14)
    parser.add_argument("--skip-to", default="",
                        help="the beginning of the first line to draw")
    parser.add_argument("command", help="the command to show")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    output = subprocess.run(args.program, stdout=subprocess.PIPE, check=True,
                            text=True, stderr=subprocess.DEVNULL).stdout
    lines = output.splitlines()
    first = next(i for i, line in enumerate(lines)
                 if line.startswith(args.skip_to))
    if first > 0:
        lines = ["..."] + lines[first:]
    print(draw(args.command, lines, args.lines), end="")


if __name__ == "__main__":
    main()
