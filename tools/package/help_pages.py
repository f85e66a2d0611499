#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Makes a program's man page and bash completion of its --help.

    help_pages.py man PROGRAM VERSION DATE > PROGRAM.1
    help_pages.py completion PROGRAM > PROGRAM.bash

PROGRAM is a path. --help is the one source: "NAME: its purpose", an example,
paragraphs, flags ("  --flag (default: value)" and an indented text), and the
exit statuses.
"""

import os
import re
import subprocess
import sys

FLAG = re.compile(r"^  --(\w+) \(default: (.*)\)$")


class Help:
    """The parts of a program's --help."""

    def __init__(self, program):
        self.name = os.path.basename(program)
        text = subprocess.run([program, "--help"], stdout=subprocess.PIPE,
                              check=True, text=True).stdout
        head, _, rest = text.partition("\n\n")
        self.summary = " ".join(head.split(": ", 1)[1].split()).rstrip(".")
        self.paragraphs = []  # Each is text, or an indented example.
        self.flags = []       # (name, default, text)
        self.statuses = []    # (number, text)
        if head.split(":", 1)[0] != self.name or not self.summary:
            raise ValueError("--help does not begin with the name")
        for block in rest.split("\n\n"):
            self._take(block)
        if not self.flags or not self.statuses:
            raise ValueError("--help of %s lacks flags or statuses" % self.name)

    def _take(self, block):
        lines = block.rstrip("\n").split("\n")
        if lines[0] == "Exit status:":
            for line in lines[1:]:
                number = re.match(r"^  (\d+)  (.*)$", line)
                if number:
                    self.statuses.append([number[1], number[2]])
                else:
                    self.statuses[-1][1] += " " + line.strip()
        elif FLAG.match(lines[0]):
            for line in lines:
                flag = FLAG.match(line)
                if flag:
                    self.flags.append([flag[1], flag[2], ""])
                else:
                    self.flags[-1][2] += " " + line.strip()
        else:
            self.paragraphs.append(block.rstrip("\n"))


def troff(text):
    """Escapes `text` for a line of a man page."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def man(page, version, date):
    out = ['.TH %s 1 "%s" "kevy_replica %s" "kevy_replica"' %
           (page.name.upper(), date, version),
           ".SH NAME", "%s \\- %s" % (page.name, troff(page.summary)),
           ".SH SYNOPSIS", ".B %s" % page.name, "[\\fB\\-\\-FLAG\\fR=VALUE ...]",
           ".SH DESCRIPTION"]
    for number, paragraph in enumerate(page.paragraphs):
        if number > 0:
            out.append(".PP")
        if paragraph.startswith("  "):
            out += [".nf", ".RS 4"]
            out += [troff(line.strip()) for line in paragraph.split("\n")]
            out += [".RE", ".fi"]
        else:
            out += [troff(line) for line in paragraph.split("\n")]
    out.append(".SH OPTIONS")
    for name, default, text in page.flags:
        out += [".TP", ".B \\-\\-%s\\fR (default: %s)" % (name, troff(default)),
                troff(text.strip())]
    out.append(".SH EXIT STATUS")
    for number, text in page.statuses:
        out += [".TP", ".B %s" % number, troff(text)]
    return "\n".join(out) + "\n"


def completion(page):
    flags = " ".join("--%s=" % name for name, _, _ in page.flags)
    return """# bash completion of {name}
_{name}() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  case $word in
    --*) mapfile -t COMPREPLY < <(compgen -W "{flags} --help --version" -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
  esac
  [[ ${{COMPREPLY[0]}} != *= ]] || compopt -o nospace
}}
complete -o filenames -F _{name} {name}
""".format(name=page.name, flags=flags)


def main():
    if len(sys.argv) == 5 and sys.argv[1] == "man":
        sys.stdout.write(man(Help(sys.argv[2]), *sys.argv[3:]))
    elif len(sys.argv) == 3 and sys.argv[1] == "completion":
        sys.stdout.write(completion(Help(sys.argv[2])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
