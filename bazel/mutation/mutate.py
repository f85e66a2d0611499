#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures which changes to the code the tests notice. See README.md.

usage: mutate.py [--folder FOLDER] [--count N] [--seed N] [--file GLOB]
                 [--test LABEL] [--work DIR] [--bazel_arg ARG] [--again]
                 [--no_objects] [--plant] [--parallel N] [--list]

Draws mutants by seed, builds them all into one set of test binaries, and then
switches on one at a time. A mutant is killed if a test fails or hangs. Exit
status: 0 if all mutants with a verdict were killed, 1 if one survived, 2 if the
build or the tests fail without a mutant.
"""

import argparse
import collections
import concurrent.futures
import difflib
import fnmatch
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

FOLDERS = ["codec", "client", "transport", "tools/mirror"]

# The tests of a folder. Default: those below it.
TESTS = {"tools/mirror": "//tools/..."}

# Replaces text[begin:end] of `file` by `plain`. `edits` is the same change with
# a switch: [(opening text, position), (closing text, position)], with "<%d>" for
# the mutant's number. None for an operator: see switches.h.
Mutant = collections.namedtuple("Mutant", "file begin end plain edits")

OTHERS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"],
    "&": ["|"], "|": ["&"], "<<": [">>"], ">>": ["<<"],
}
SPACED_OPERATOR = re.compile(r"(?<=\s)(<=|>=|==|!=|<<|>>|[-+*/%&|<>])(?=\s)")
INTEGER = re.compile(r"(?<![\w.'])(0[xX][0-9a-fA-F']+|\d[\d']*)([uUlL]*)"
                     r"(?![\w.'])")
STATEMENT = re.compile(
    r"(?:\+\+|--|\*)?[A-Za-z_][\w:]*(?:(?:\.|->)\w+|\[[^\]]*\])*"
    r"(?:\(| [-+*/|&^%]?= |\+\+|--|;)|(?:\+\+|--)\*?[A-Za-z_]")
NO_STATEMENT = re.compile(
    r"(return|break|continue|goto|using|typedef|static_assert|assert|if|for|"
    r"while|switch|do|else|case|default|delete|throw|template|public|private|"
    r"protected|friend|namespace|const|auto|static|constexpr|ABSL_\w+)\b")
DECLARATION = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def blank(match):
    """Returns spaces in place of a comment or literal, lines kept."""
    return re.sub(r"[^\n]", " ", match.group())


def code_of(text):
    """Returns `text` with comments, literals and directives blanked."""
    text = re.sub(r'//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|'
                  r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", blank, text,
                  flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.M)


def function_ranges(code):
    """Returns the ranges [begin, end) of `code` inside function bodies."""
    ranges, stack, begin = [], [], 0
    head = 0  # Of the current declaration or statement.
    for i, c in enumerate(code):
        if c == "{":
            before = code[head:i].strip()
            inside = bool(stack) and stack[-1]
            is_body = inside or (
                not DECLARATION.match(re.sub(r"^(template\s*<.*?>|typedef)\s*",
                                             "", before, flags=re.S)) and
                re.search(r"\)\s*(const|noexcept|override|mutable|->[^;]*|\s)*$"
                          r"|\)\s*:.*[)}]$", before, re.S) is not None)
            if is_body and not inside:
                begin = i + 1
            stack.append(is_body)
            head = i + 1
        elif c == "}" and stack:
            if stack.pop() and not (stack and stack[-1]):
                ranges.append((begin, i))
            head = i + 1
        elif c == ";":
            head = i + 1
    return ranges


def close_of(code, begin):
    """Returns the position of the bracket that closes the one at `begin`."""
    depth = 0
    for i in range(begin, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(code)


def end_of(code, at, stops):
    """Returns the end of the expression at `at`: a stop outside brackets, or
    the bracket that closes around it."""
    depth = 0
    while at < len(code):
        if depth == 0 and (code[at] in ")]}" or stops.match(code, at)):
            break
        depth += (code[at] in "([{") - (code[at] in ")]}")
        at += 1
    return at


def operator_mutants(file, code, begin, end):
    for match in SPACED_OPERATOR.finditer(code, begin, end):
        op = match.group()
        line = code[code.rfind("\n", 0, match.start()) + 1:match.start()]
        if op in "<>" and re.search(r"\b(template|operator)\b", line):
            continue
        for other in OTHERS[op]:
            yield Mutant(file, match.start(), match.end(), other, None)


def constant_mutants(file, code, begin, end):
    for match in INTEGER.finditer(code, begin, end):
        yield Mutant(file, match.start(), match.end(),
                     "(%s + 1)" % match.group(),
                     [("Number<%d>(", match.start()), (")", match.end())])
    for match in re.finditer(r"\b(true|false)\b", code[begin:end]):
        at, to = begin + match.start(), begin + match.end()
        yield Mutant(file, at, to, "(!%s)" % match.group(),
                     [("Bool<%d>(", at), (")", to)])


def condition_mutants(file, code, begin, end):
    """Conditions that never or always hold, and operands dropped."""
    for match in re.finditer(r"\b(if|while) \(", code[begin:end]):
        at = begin + match.end()
        to = close_of(code, at - 1)
        condition = code[at:to]
        if ";" in condition or re.search(r"[\w>*&] \*?\w+ = ", condition):
            continue  # It declares a variable.
        yield Mutant(file, at, to, "false", [("!On<%d>() && (", at), (")", to)])
        if match.group(1) == "if":
            yield Mutant(file, at, to, "true",
                         [("On<%d>() || (", at), (")", to)])
    for match in re.finditer(r" (&&|\|\|)\s", code[begin:end]):
        middle, right = begin + match.start(), begin + match.end()
        is_and = match.group(1) == "&&"
        to = end_of(code, right, re.compile(
            r"[;,]| [?:] |\s*\|\|" + (r"|\s*&&" if is_and else "")))
        yield Mutant(file, middle, to, "",
                     [("(On<%d>() || (" if is_and else "(!On<%d>() && (",
                       right), ("))", to)])


def statement_mutants(file, code, begin, end):
    for match in re.finditer(r"[;{})]\s+|\belse\s+|:\n\s+",
                             code[begin - 1:end]):
        at = begin - 1 + match.end()
        if NO_STATEMENT.match(code, at) or not STATEMENT.match(code, at):
            continue
        if match.group()[0] == ")" and not re.search(
                r"\b(if|while|for) \($",
                code[:open_of(code, begin - 1 + match.start()) + 1]):
            continue
        to = end_of(code, at, re.compile(";")) + 1
        if to > end or code[to - 1] != ";":
            continue
        yield Mutant(file, at, to, ";", [("{ if (!On<%d>()) ", at), (" }", to)])


def open_of(code, at):
    """Returns the position of the bracket that the one at `at` closes."""
    depth = 0
    for i in range(at, -1, -1):
        depth += (code[i] in ")]}") - (code[i] in "([{")
        if depth == 0:
            return i
    return 0


def mutants_of(file, text):
    """Returns all mutants of a file."""
    code = code_of(text)
    # An assertion says nothing new to a test.
    for match in reversed(list(re.finditer(r"\b(static_)?assert\(", code))):
        to = close_of(code, match.end() - 1)
        code = code[:match.start()] + re.sub(
            r"[^\n]", " ", code[match.start():to]) + code[to:]
    result = []
    for begin, end in function_ranges(code):
        for find in (operator_mutants, constant_mutants, condition_mutants,
                     statement_mutants):
            result += find(file, code, begin, end)
    return result


def sources_of(root, folder):
    """Returns the product's files of a folder."""
    result = []
    for path, folders, names in os.walk(os.path.join(root, folder)):
        folders[:] = sorted(set(folders) - {"testing", "simulation"})
        for name in sorted(names):
            if (name.endswith((".cc", ".h")) and
                    not name.endswith(("_test.cc", "_conformance.h",
                                       "_snippet.cc"))):
                result.append(os.path.relpath(os.path.join(path, name), root))
    return result


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def switched(text, mutants, support):
    """Returns the file's text with all of `mutants` ({number: Mutant}), each
    behind its switch, on the lines of the original."""
    operators = collections.OrderedDict()
    edits = []  # (position, rank, order, text): the inner one is closed first.
    for number, mutant in sorted(mutants.items()):
        if mutant.edits is None:
            operators.setdefault((mutant.begin, mutant.end), {})[
                mutant.plain] = number
            continue
        (opening, begin), (closing, end) = mutant.edits
        edits.append((begin, 1, begin - end, re.sub(
            r"(\w+)<%d>", r"kevy_mutation::\1<%d>" % number, opening)))
        edits.append((end, 0, end - begin, closing))
    for (begin, end), numbers in operators.items():
        op = text[begin:end]
        first, second = ([numbers.get(plain, 0) for plain in OTHERS[op]] +
                         [0])[:2]
        edits.append((begin, 2, 0, "%s kevy_mutation::Op<%d>() " % (
            op, first << 16 | second)))
    result, at = [], 0
    for position, _, _, inserted in sorted(edits, key=lambda e: e[:3]):
        result += [text[at:position], inserted]
        at = position
    result.append(text[at:])
    return '%s\n#line 1\n%s' % (support, "".join(result))


def support_text():
    """Returns the C++ that the switches need, for the top of a file."""
    text = read(os.path.join(os.path.dirname(os.path.realpath(__file__)),
                             "switches.h"))
    lines = []
    for i, (op, others) in enumerate(OTHERS.items()):
        first, second = (others + [op])[:2]
        lines.append("KEVY_MUTATION_OPERATOR(Operator%d, %s, %s, %s)" % (
            i, op, first, second))
    return text.replace("// The operators follow here.", "\n".join(lines))


class Tree:
    """A copy of the source tree, in which Bazel builds mutants."""

    def __init__(self, root, work, bazel_args):
        self.root = root
        self.path = os.path.join(work, "tree")
        self.bazel_args = bazel_args
        os.makedirs(work, exist_ok=True)
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=root, check=True, capture_output=True, text=True)
        names = {name for name in listed.stdout.splitlines()
                 if os.path.lexists(os.path.join(root, name))}
        for name in names:
            self.copy(name)
        for path, folders, here in os.walk(self.path):
            folders[:] = [name for name in folders if name != ".git"]
            for name in here:
                old = os.path.join(path, name)
                if os.path.relpath(old, self.path) not in names:
                    os.remove(old)

    def copy(self, name):
        """Copies a file. One that is the same keeps its time, so that Bazel
        has less to look at."""
        source = os.path.join(self.root, name)
        target = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.islink(source):
            if not os.path.lexists(target):
                os.symlink(os.readlink(source), target)
        elif (not os.path.exists(target) or
              read_bytes(source) != read_bytes(target)):
            shutil.copy2(source, target)

    def put(self, file, text):
        path = os.path.join(self.path, file)
        if not os.path.exists(path) or read(path) != text:
            write(path, text)

    def restore(self, file):
        self.put(file, read(os.path.join(self.root, file)))

    def bazel(self, command, *arguments):
        return subprocess.run(
            ["./bazelw", command, *self.bazel_args, *arguments], cwd=self.path,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False)

    def tests(self, labels):
        """Returns the labels of the cc_tests among `labels`."""
        done = subprocess.run(
            ["./bazelw", "query",
             "kind(cc_test, set(%s)) except attr(tags, manual, set(%s))" % (
                 " ".join(labels), " ".join(labels))],
            cwd=self.path, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(done.stderr)
        return sorted(done.stdout.split())


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(2)


# Of the builds that are tested. The pattern is for variables without a value.
BUILD_FLAGS = ["-k", "--copt=-O1", "--copt=-w", "--copt=-Wno-narrowing",
               "--copt=-ftrivial-auto-var-init=pattern"]


def build(tree, mutants, tests):
    """Builds the tests with all mutants but those that do not compile. Returns
    the numbers of these."""
    support = support_text()
    bad = set()
    files = sorted({mutant.file for mutant in mutants.values()})
    texts = {file: read(os.path.join(tree.root, file)) for file in files}
    while True:
        for file in files:
            here = {number: mutant for number, mutant in mutants.items()
                    if mutant.file == file and number not in bad}
            tree.put(file, switched(texts[file], here, support) if here
                     else texts[file])
        done = tree.bazel("build", *BUILD_FLAGS, *tests)
        if done.returncode == 0:
            return bad
        more = set()
        # The lines of the errors; or else all that the errors name.
        for pattern in (r"^([\w/.]+):(\d+):\d+: error", r"([\w/.]+):(\d+)[:,]"):
            lines = {(re.sub(r"^.*kevy_replica/", "", file), int(line))
                     for file, line in re.findall(pattern, done.stdout, re.M)}
            more = more or {
                number for number, mutant in mutants.items()
                if number not in bad and (mutant.file, line_of(
                    texts[mutant.file], mutant.begin)) in lines}
        if not more:
            fail(done.stdout[-4000:] + "\nmutate.py: the build fails")
        print("%d mutants do not compile; building again" % len(more),
              flush=True)
        bad |= more


def line_of(text, at):
    return text.count("\n", 0, at) + 1


class Runner:
    """Runs test binaries as Bazel would."""

    def __init__(self, tree):
        self.tree = tree
        self.seconds = {}  # Of each test without a mutant.

    def run(self, test, extra, limit):
        """Returns whether the test passed, or None if it took longer than
        `limit`; and its time in seconds."""
        path = test[2:].replace(":", "/")
        binary = os.path.realpath(
            os.path.join(self.tree.path, "bazel-bin", path))
        runfiles = binary + ".runfiles"
        inner = [name for name in os.listdir(runfiles)
                 if os.path.isdir(os.path.join(runfiles, name, "testdata")) or
                 os.path.isdir(os.path.join(runfiles, name, path.split("/")[0]))]
        workspace = inner[0] if inner else ""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="m") as folder:
            environment = dict(os.environ, TEST_SRCDIR=runfiles,
                               RUNFILES_DIR=runfiles, TEST_TMPDIR=folder,
                               TEST_WORKSPACE=workspace, TEST_TARGET=test,
                               GTEST_FAIL_FAST="1", **extra)
            with subprocess.Popen(
                    [binary], cwd=os.path.join(runfiles, workspace),
                    env=environment, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    start_new_session=True) as process:
                try:
                    passed = process.wait(limit) == 0
                except subprocess.TimeoutExpired:
                    passed = None
                finally:
                    try:
                        os.killpg(process.pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
        return passed, time.monotonic() - began

    def trace(self, test, folder):
        """Runs a test without a mutant. Returns the mutants that it reaches, or
        None if it fails."""
        path = os.path.join(folder, "reached")
        open(path, "w", encoding="utf-8").close()
        passed, seconds = self.run(test, {"KEVY_MUTATION_TRACE": path}, 600)
        if not passed:
            return None
        self.seconds[test] = seconds
        reached = {int(number) for number in read(path).split()}
        return reached

    def verdict(self, number, tests):
        """Returns the test that notices the mutant, or None; and whether it
        noticed it by taking too long."""
        for test in sorted(tests, key=self.seconds.get):
            passed, _ = self.run(test, {"KEVY_MUTATION": str(number)},
                                 10 + 10 * self.seconds[test])
            if not passed:
                return test, passed is None
        return None, False


def objects_of(tree, file, text, tests):
    """Returns the hashes of the optimised objects that `text` in place of
    `file` gives, or None if it does not compile."""
    tree.put(file, text)
    # A header is compiled in the tests.
    is_source = file.endswith(".cc")
    what = ["--compile_one_dependency", file] if is_source else tests
    if tree.bazel("build", "-c", "opt", "--copt=-w", *what).returncode != 0:
        return None
    stem = os.path.splitext(os.path.basename(file))[0]
    result = {}
    top = os.path.realpath(os.path.join(tree.path, "bazel-bin"))
    for path, _, names in os.walk(top):
        for name in names:
            if (name.endswith(".o") and "_objs" in path and
                    (not is_source or name.startswith(stem + "."))):
                object_file = os.path.join(path, name)
                result[object_file] = hashlib.sha256(
                    read_bytes(object_file)).digest()
    return result


def planted(text, mutant):
    return text[:mutant.begin] + mutant.plain + text[mutant.end:]


def same_object(tree, mutant, tests):
    """Whether the compiler makes the same code of the mutant."""
    text = read(os.path.join(tree.root, mutant.file))
    before = objects_of(tree, mutant.file, text, tests)
    after = objects_of(tree, mutant.file, planted(text, mutant), tests)
    tree.put(mutant.file, text)
    return bool(before) and before == after


def diff_of(root, mutant):
    text = read(os.path.join(root, mutant.file))
    return "".join(difflib.unified_diff(
        text.splitlines(True), planted(text, mutant).splitlines(True),
        mutant.file, mutant.file, n=1))


class Record:
    """The verdicts so far, a line each, so that a run can be resumed."""

    def __init__(self, path):
        self.path = path
        self.verdicts = {}
        if os.path.exists(path):
            for line in read(path).splitlines():
                entry = json.loads(line)
                self.verdicts[entry["key"]] = entry

    def add(self, key, verdict, test=None, too_long=False):
        entry = {"key": key, "verdict": verdict, "test": test,
                 "too_long": too_long}
        self.verdicts[key] = entry
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def key_of(root, mutant):
    """Names a mutant of a text: another text has others."""
    digest = hashlib.sha256(
        read_bytes(os.path.join(root, mutant.file))).hexdigest()[:12]
    return "%s@%s:%d-%d:%s" % (mutant.file, digest, mutant.begin, mutant.end,
                               mutant.plain)


def draw(root, folder, options):
    """Returns the drawn mutants, by number from 1 on."""
    everything = []
    for file in sources_of(root, folder):
        text = read(os.path.join(root, file))
        for mutant in mutants_of(file, text):
            place = "%s:%d" % (file, line_of(text, mutant.begin))
            if any(fnmatch.fnmatch(file, glob) or fnmatch.fnmatch(place, glob)
                   for glob in options.file or ["*"]):
                everything.append(mutant)
    everything.sort(key=lambda mutant: mutant[:4])
    random.Random("%d %s" % (options.seed, folder)).shuffle(everything)
    print("%s: %d mutants, %d drawn" % (
        folder, len(everything), min(options.count, len(everything))))
    return dict(enumerate(everything[:options.count], 1))


# The verdicts of mutants that no test has noticed.
UNNOTICED = ("survived", "compared", "unreached")


def is_doubtful(entry):
    """Returns whether a verdict may be another one by now."""
    return (entry["verdict"] in UNNOTICED or
            entry["verdict"] == "killed" and entry.get("too_long"))


def judge(tree, mutants, tests, record, keys, parallel):
    """Gives each mutant without a verdict one."""
    bad = build(tree, mutants, tests)
    for number in bad:
        record.add(keys[number], "not compiled")
    runner = Runner(tree)
    reached_by = collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for test in tests:
            reached = runner.trace(test, folder)
            if reached is None:
                fail("mutate.py: %s fails without a mutant" % test)
            for number in reached:
                reached_by[number].append(test)
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        verdicts = {pool.submit(runner.verdict, number, reached_by[number]):
                    number for number in mutants if number not in bad}
        for done in concurrent.futures.as_completed(verdicts):
            number = verdicts[done]
            test, too_long = done.result()
            if test is not None:
                record.add(keys[number], "killed", test, too_long)
            elif reached_by[number]:
                record.add(keys[number], "survived")
            else:
                record.add(keys[number], "not compiled"
                           if reached_by[-number] else "unreached")
            mutant = mutants[number]
            print("%s:%d: %s" % (
                mutant.file, line_of(read(os.path.join(
                    tree.root, mutant.file)), mutant.begin),
                record.verdicts[keys[number]]["verdict"]), flush=True)


def judge_planted(tree, mutants, tests, record, keys):
    """Judges each mutant by its own text, built anew: for those that no switch
    can turn on."""
    for number, mutant in mutants.items():
        text = read(os.path.join(tree.root, mutant.file))
        tree.put(mutant.file, planted(text, mutant))
        if tree.bazel("build", *BUILD_FLAGS, *tests).returncode != 0:
            record.add(keys[number], "not compiled")
        else:
            runner = Runner(tree)
            runner.seconds = {test: 60 for test in tests}
            test, too_long = runner.verdict(number, tests)
            record.add(keys[number], "killed" if test else "survived", test,
                       too_long)
        tree.put(mutant.file, text)
        print("%s:%d: planted: %s" % (
            mutant.file, line_of(text, mutant.begin),
            record.verdicts[keys[number]]["verdict"]), flush=True)


def report(root, folder, mutants, record, keys):
    """Prints the survivors and the figures. Returns whether one survived."""
    counts = collections.Counter()
    for number, mutant in mutants.items():
        entry = record.verdicts[keys[number]]
        verdict = entry["verdict"]
        if verdict == "killed" and entry.get("too_long"):
            counts["too long"] += 1
            print("\nkilled, as %s took too long:\n%s" % (
                entry["test"], diff_of(root, mutant)))
        if verdict == "compared":
            verdict = "survived"
        counts[verdict] += 1
        if verdict in ("survived", "unreached"):
            print("\n%s:\n%s" % (verdict, diff_of(root, mutant)))
    lived = counts["survived"] + counts["unreached"]
    judged = counts["killed"] + lived
    print("%s: killed %d of %d (%.1f %%; %d by a test that took too long), "
          "survived %d, unreached %d; same object %d, not compiled %d" % (
              folder, counts["killed"], judged,
              100.0 * counts["killed"] / max(judged, 1), counts["too long"],
              counts["survived"], counts["unreached"], counts["same object"],
              counts["not compiled"]))
    return lived != 0


def measure(root, folder, options):
    """Judges the mutants of a folder. Returns whether one survived."""
    mutants = draw(root, folder, options)
    keys = {number: key_of(root, mutant) for number, mutant in mutants.items()}
    if options.list:
        for mutant in mutants.values():
            print(diff_of(root, mutant))
        return False
    tree = Tree(root, options.work, options.bazel_arg)
    record = Record(os.path.join(options.work, "verdicts"))
    tests = tree.tests(options.test or
                       [TESTS.get(folder, "//%s/..." % folder)])
    left = {number: mutant for number, mutant in mutants.items()
            if keys[number] not in record.verdicts or
            options.again and is_doubtful(record.verdicts[keys[number]])}
    if options.plant:
        mutants = {number: mutant for number, mutant in mutants.items()
                   if record.verdicts.get(keys[number], {}).get("verdict") in
                   UNNOTICED}
        judge_planted(tree, mutants, tests, record, keys)
    elif left:
        judge(tree, left, tests, record, keys, options.parallel)
        for file in {mutant.file for mutant in left.values()}:
            tree.restore(file)
    for number, mutant in mutants.items():
        verdict = record.verdicts[keys[number]]["verdict"]
        if verdict == "survived" and not options.no_objects:
            same = same_object(tree, mutant, tests)
            record.add(keys[number], "same object" if same else "compared")
    return report(root, folder, mutants, record, keys)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", action="append",
                        help="default: %s" % ", ".join(FOLDERS))
    parser.add_argument("--count", type=int, default=100,
                        help="mutants of each folder; default: 100")
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument("--file", action="append",
                        help="only files or lines (file:line) that match; "
                        "default: all")
    parser.add_argument("--test", action="append",
                        help="tests to run; default: those of the folder")
    parser.add_argument("--work", default="/var/tmp/kevy_mutation",
                        help="folder of the build and of the verdicts")
    parser.add_argument("--bazel_arg", action="append", default=[],
                        help="an argument for `bazel build`, as --jobs=1")
    parser.add_argument("--again", action="store_true",
                        help="judge survivors, and kills by a test that "
                        "took too long, again")
    parser.add_argument("--plant", action="store_true",
                        help="judge survivors and unreached mutants again, "
                        "each by its own build")
    parser.add_argument("--parallel", type=int, default=1,
                        help="mutants judged at a time; default: 1")
    parser.add_argument("--no_objects", action="store_true",
                        help="do not compare the object files of survivors")
    parser.add_argument("--list", action="store_true",
                        help="print the drawn mutants and stop")
    options = parser.parse_args()
    root = subprocess.run(["git", "rev-parse", "--show-toplevel"], check=True,
                          capture_output=True, text=True).stdout.strip()
    survived = False
    for folder in options.folder or FOLDERS:
        survived |= measure(root, folder, options)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
