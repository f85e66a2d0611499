#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands that the documents tell.

usage: docs/commands.py            runs each command, or its stand-in
       docs/commands.py --fast     the stand-ins that take seconds, as in CI
       docs/commands.py --check    runs none, and checks commands.txt only
       docs/commands.py --list     prints each command with its stand-in

       --only TEXT   only commands that contain TEXT; may be repeated

Commands stand in the Markdown files of the tree: in blocks fenced as `sh` or
`console`, in indented blocks whose first line begins with a program, and in
`code` that begins with a script of the tree. `$ ` may begin a command; the
lines behind it are then its output. A comment behind a command is left out.

docs/commands.txt has a record for each command that does not run as it is:

    command: ./bazelw test //...      as collected; several lines: several
    run:     ./bazelw build //codec   the stand-in; several lines: a script
    fast:    true                     the stand-in with --fast, if another
    fails:   refused                  it must fail, and print this (a regular
                                      expression)
    prints:  docs/tutorial.md         each line of the block behind the command
                                      in that file is printed, in this order
    reason:  .ci/run runs it          why it does not run as it is

Without `run` the command never runs; `fast: -` leaves it out of --fast. In
stand-ins, $SCRATCH is a folder that all commands share, $KEVY and $SHARD are the client
port and the replication port of //tools/testing:recorded_kevy, and $REDIS is
the Unix socket of a redis-server. kevy_tail and its like are those that Bazel
builds. A command runs in the folder of
MODULE.bazel, and must not change a file there.

Shown output is compared by shape: digits, and hexadecimal numbers of 16 and
more digits, are equal to each other; `...` and `…` stand for any text.

Exit status: 0 if each command has succeeded and each record fits, otherwise 1.
"""

import argparse
import collections
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "bazel", "tidy"))
sys.dont_write_bytecode = True

import tidy  # noqa: E402

TABLE = os.path.join("docs", "commands.txt")
PROGRAMS = ("apt-get", "bazel", "bazelisk", "cmake", "curl", "docker", "git",
            "journalctl", "kevy", "kevy_keygen", "kevy_mirror", "kevy_tail",
            "kevy_verify", "make", "openssl", "python3", "redis-cli",
            "redis-server", "sudo", "systemctl", "taskset", "valgrind")
FIELDS = ("command", "run", "fast", "fails", "prints", "reason")
TIMEOUT = {True: 120, False: 3600}  # Seconds of one command, by --fast.

# `output` lists the lines behind a `$ ` command; `block` are the lines of the
# next block in the document.
Command = collections.namedtuple("Command", "file line text output block")


# Reading documents.


def is_program(tree, word):
    """Whether `word` begins a command."""
    path = word[2:] if word.startswith("./") else word
    return (word in PROGRAMS or word.startswith(("bazel-bin/", "/tmp/")) or
            "/" in word and path in tree.files and
            os.access(os.path.join(tree.root, path), os.X_OK))


def blocks_of(tree, path):
    """Yields (language, first line, lines) of a document's blocks.

    The language of an indented block is "".
    """
    lines = tree.lines(path)
    number = 0
    while number < len(lines):
        fence = re.match(r"( *)```\s*(\S*)", lines[number])
        if fence:
            first = number + 1
            number = first
            while number < len(lines) and "```" not in lines[number]:
                number += 1
            indent = len(fence.group(1))
            yield fence.group(2) or "text", first + 1, [
                line[indent:] for line in lines[first:number]]
        elif (re.match(r" {4}", lines[number]) and
              (number == 0 or not lines[number - 1].strip())):
            first = number
            indent = re.match(" *", lines[number]).group()
            block = []
            while number < len(lines) and (not lines[number].strip() or
                                           lines[number].startswith(indent)):
                block.append(lines[number][len(indent):])
                number += 1
            while not block[-1].strip():
                block.pop()
            yield "", first + 1, block
            continue
        number += 1


def without_comment(line):
    """Returns a shell line without the comment at its end."""
    return re.sub(r"\s+#\s.*$", "", line).strip()


def block_commands(tree, lines):
    """Returns [(index, command, output lines)] of a block of commands."""
    if lines[0].startswith("#!"):
        return [(0, lines[0], [])]
    console = any(line.startswith("$ ") for line in lines)
    commands = []
    number = 0
    while number < len(lines):
        line = lines[number]
        first = number
        number += 1
        if console and not line.startswith("$ "):
            if commands and line.strip():
                commands[-1][2].append(line)
            continue
        while line.endswith("\\") and number < len(lines):
            line = line[:-1].rstrip() + " " + lines[number].strip()
            number += 1
        line = without_comment(line[2:] if console else line)
        if line and not line.startswith("#"):
            commands.append((first, line, []))
    return commands


def commands_of(tree, path):
    """Yields a Command for each command of a document."""
    blocks = list(blocks_of(tree, path))
    for number, (language, first, lines) in enumerate(blocks):
        if not lines:
            continue
        words = lines[0].split() or [""]
        shell = language in ("sh", "bash", "shell", "console") or (
            not language and (words[0] in ("$", "#!/bin/bash") or
                              is_program(tree, words[0])))
        behind = blocks[number + 1][2] if number + 1 < len(blocks) else []
        for index, text, output in block_commands(tree, lines) if shell else []:
            yield Command(path, first + index, text, output, behind)
        if language in ("", "text") and not shell:
            for index, line in enumerate(lines):
                if is_program(tree, (line.split() or [""])[0]):
                    yield Command(path, first + index, line.strip(), [], [])
    for line, text in tidy_spans(tree, path):
        word = text.split(" ")[0]
        if " " in text and "/" in word and is_program(tree, word):
            yield Command(path, line, text, [], [])


def tidy_spans(tree, path):
    """Yields (line, text) of each `code` in a document's prose."""
    fenced = False
    for number, line in enumerate(tree.lines(path), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if not fenced and not line.startswith("    "):
            for text in re.findall(r"`([^`]+)`", line):
                yield number, text


def all_commands(tree):
    return [command for path in tree.files if path.endswith(".md")
            for command in commands_of(tree, path)]


# The table.


class Record:
    """A record of commands.txt: lists of the values of its fields."""

    def __init__(self, line):
        self.line = line
        self.fields = {field: [] for field in FIELDS}

    def value(self, field):
        return "\n".join(self.fields[field]) or None


def read_table(text):
    """Returns (records, findings) of the text of commands.txt."""
    records, findings, record = [], [], None
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            continue
        if not line.strip():
            record = None
            continue
        field, _, value = line.partition(":")
        if field not in FIELDS or not value.strip():
            findings.append("%s:%d: no field of a record" % (TABLE, number))
            continue
        if record is None:
            record = Record(number)
            records.append(record)
        record.fields[field].append(value.strip())
    for record in records:
        if not record.fields["command"]:
            findings.append("%s:%d: add a command" % (TABLE, record.line))
        # Output of a command that runs as it is needs no reason.
        if not record.fields["reason"] and (
                not record.fields["prints"] or record.fields["run"]):
            findings.append("%s:%d: add a reason" % (TABLE, record.line))
    return records, findings


class Plan:
    """A command with its record, if it has one."""

    def __init__(self, command, record):
        self.command = command
        self.record = record

    def script(self, fast):
        """Returns the script to run, or None."""
        if self.record is None:
            return self.command.text
        only_prints = self.record.fields["prints"] and not (
            self.record.fields["run"])
        run = self.command.text if only_prints else self.record.value("run")
        stand_in = self.record.value("fast") if fast else None
        return None if stand_in == "-" else stand_in or run

    def fails(self):
        return self.record.value("fails") if self.record else None

    def shown(self):
        """Returns the lines of output that the document shows."""
        if self.record and self.command.file in self.record.fields["prints"]:
            return self.command.block
        return self.command.output


def plans_of(tree):
    """Returns (plans, findings), one plan for each different command."""
    text = tree.text(TABLE) if TABLE in tree.files else ""
    records, findings = read_table(text)
    by_command = {command: record for record in records
                  for command in record.fields["command"]}
    plans = {}
    for command in all_commands(tree):
        record = by_command.get(command.text)
        shown = Plan(command, record).shown()
        if command.text not in plans or shown:
            plans[command.text] = Plan(command, record)
    for text, record in by_command.items():
        if text not in plans:
            findings.append("%s:%d: remove the command, which no document "
                            "tells: %s" % (TABLE, record.line, text))
    for record in records:
        for path in record.fields["prints"]:
            if not any(plan.command.file == path and plan.record is record
                       for plan in plans.values()):
                findings.append("%s:%d: %s does not tell the command" %
                                (TABLE, record.line, path))
    return list(plans.values()), findings


# Output.


def shape(line):
    """Returns a regular expression for lines of the shape of `line`."""
    parts = re.split(r"(\.\.\.|…|\b[0-9a-f]{16,}\b|\d+)", line.strip())
    return "".join(
        ".*" if part in ("...", "…") else
        "[0-9a-f]+" if re.match(r"[0-9a-f]{16,}$", part) else
        r"\d+" if part.isdigit() else re.escape(part) for part in parts)


def missing_line(shown, output):
    """Returns the first shown line that the output lacks, or None.

    The shown lines follow each other in the output; others may lie between.
    """
    printed = iter(output.split("\n"))
    for line in shown:
        pattern = re.compile(shape(line))
        if line.strip() and not any(
                pattern.fullmatch(text.strip()) for text in printed):
            return line
    return None


# Running.


def build(targets):
    subprocess.run(["./bazelw", "build"] + targets, cwd=ROOT, check=True,
                   stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def servers(scripts, scratch):
    """Starts the servers that a script needs. Yields their variables."""
    variables = {"SCRATCH": scratch}
    running = []
    try:
        build(["//tools:" + name for name in PROGRAMS
               if name.startswith("kevy_")])
        if any("$KEVY" in text or "$SHARD" in text for text in scripts):
            build(["//tools/testing:recorded_kevy"])
            kevy = subprocess.Popen(
                ["bazel-bin/tools/testing/recorded_kevy"], cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
            running.append(kevy)
            variables["KEVY"] = kevy.stdout.readline().strip()[len("kevy://"):]
            variables["SHARD"] = kevy.stdout.readline().strip()
        if any("$REDIS" in text for text in scripts):
            path = os.path.join(scratch, "redis")
            running.append(subprocess.Popen(
                ["redis-server", "--port", "0", "--unixsocket", path, "--save",
                 ""], stdout=subprocess.DEVNULL, cwd=scratch))
            deadline = time.monotonic() + 60
            while not os.path.exists(path) and time.monotonic() < deadline:
                time.sleep(0.05)
            variables["REDIS"] = path
        yield variables
    finally:
        for process in running:
            process.terminate()
            process.wait()


def state_of(tree):
    """Returns {file: its time and size} of the tree's files."""
    state = {}
    for path in tree.files:
        status = os.stat(os.path.join(tree.root, path))
        state[path] = (status.st_mtime_ns, status.st_size)
    return state


def run_script(script, limit, variables):
    """Runs a script. Returns (error or None, output, exit status)."""
    # Functions, because with another PATH Bazel would build everything anew.
    programs = "".join(
        '%s() { bazel-bin/tools/%s "$@"; }\n' % (name, name)
        for name in PROGRAMS if name.startswith("kevy_"))
    with subprocess.Popen(
            ["bash", "-eu", "-o", "pipefail", "-c", programs + script],
            cwd=ROOT, env=dict(os.environ, **variables), text=True,
            errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            return None, process.communicate(timeout=limit)[0], (
                process.returncode)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return ("not done after %d s" % limit, process.communicate()[0],
                    None)


def judge(plan, status, output):
    """Returns the error of a plan whose script has ended, or None."""
    fails = plan.fails()
    if fails and status == 0:
        return "it succeeds, but must fail"
    if fails and not re.search(fails, output):
        return "it does not print: %s" % fails
    if not fails and status != 0:
        return "exit status %d" % status
    missing = missing_line(plan.shown(), output)
    return None if missing is None else "it does not print: %s" % missing


def run_all(plans, fast):
    """Runs each different script once. Returns findings."""
    findings = []
    before = state_of(tidy.Tree(ROOT))
    by_script = collections.defaultdict(list)
    for plan in plans:
        by_script[plan.script(fast)].append(plan)
    excepted = by_script.pop(None, [])
    with tempfile.TemporaryDirectory() as scratch, \
            servers(by_script, scratch) as variables:
        for script, same in by_script.items():
            start = time.monotonic()
            error, output, status = run_script(script, TIMEOUT[fast], variables)
            print("%6.1f s  %s" % (time.monotonic() - start,
                                   script.replace("\n", "; ")), flush=True)
            after = state_of(tidy.Tree(ROOT))
            changed = sorted(path for path in set(after) | set(before)
                             if after.get(path) != before.get(path))
            before = after
            for plan in same:
                told = error or judge(plan, status, output) or (
                    "it changes %s" % ", ".join(changed) if changed else None)
                if told:
                    findings.append("%s:%d: %s: %s" % (
                        plan.command.file, plan.command.line, told,
                        plan.command.text))
                    print(output[-3000:])
    print("commands: %d told, %d excepted, %d failed; %d scripts run" % (
        len(plans), len(excepted), len(findings), len(by_script)))
    return findings


def main(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", action="append")
    options = parser.parse_args(arguments)
    plans, findings = plans_of(tidy.Tree(ROOT))
    if options.only:
        plans = [plan for plan in plans
                 if any(text in plan.command.text for text in options.only)]
    if options.list:
        for plan in plans:
            print("%s:%d: %s\n    %s" % (
                plan.command.file, plan.command.line, plan.command.text,
                (plan.script(options.fast) or "-").replace("\n", "\n    ")))
    elif not options.check:
        findings += run_all(plans, options.fast)
    for finding in findings:
        print(finding)
    return 1 if findings or not plans else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
