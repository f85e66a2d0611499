#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the source tree against the rules that no compiler checks.

usage: tidy.py [--all] [ROOT]

Each rule is a function below, and its docstring states the rule. A finding is
one line: `file:line: rule: action`. Exit status: 0 without findings, 1 with
findings. --all shows the findings in PENDING, too. ROOT is the folder of
MODULE.bazel. Default: the folder that MODULE.bazel in the current folder links
to, as in a Bazel test.

To add a rule, write its function, list it in RULES, and plant a bad and a good
file for it in tidy_test.py.
"""

import ast
import collections
import fnmatch
import io
import os
import re
import sys
import tokenize

# Folders (and files) that a rule does not check yet. Empty it by mending them.
PENDING = {}

MAX_COLUMNS = 80
MAX_FUNCTION_LINES = 70
# One switch over all states, which reads best in one piece.
LONG_FUNCTIONS = {"PayloadDecoder::Next"}

LICENCE = [
    "Copyright 2026 The kevy_replica Authors",
    "SPDX-License-Identifier: Apache-2.0",
]

# Phrases that stand where a noun is missing. See CONTRIBUTING.md, "Words".
BANNED = re.compile(
    r"\bwhat (?:is|was|are|were|has|have|had|came|comes?|follow(?:s|ed)?|it"
    r"|they|there|goes|went|lies|lay|stands|stood|remains|cannot)\b"
    r"|\bbut for\b|\bbe it\b|\bfor ever\b|\b(?:is|are) to be\b"
    r"|\bof no known\b",
    re.IGNORECASE)

Finding = collections.namedtuple("Finding", "file line rule action")


class Tree:
    """The files below a folder, without build outputs, git's data and links."""

    def __init__(self, root):
        self.root = root
        self.files = []
        self._texts = {}
        self._cpp = {}
        for folder, folders, files in os.walk(root):
            inside = os.path.relpath(folder, root)
            folders[:] = sorted(
                name for name in folders
                if (not name.startswith(".") or name == ".ci")
                and not name.startswith("bazel-") and name != "__pycache__"
                and not os.path.islink(os.path.join(folder, name)))
            for name in sorted(files):
                path = os.path.normpath(os.path.join(inside, name))
                if not os.path.islink(os.path.join(root, path)):
                    self.files.append(path)

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8",
                      errors="replace", newline="") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def cpp(self, path):
        """Returns split_cpp() of a C++ file."""
        if path not in self._cpp:
            self._cpp[path] = split_cpp(self.text(path))
        return self._cpp[path]

    def cpp_files(self):
        return [f for f in self.files if f.endswith((".h", ".cc"))]

    def build_files(self):
        return [f for f in self.files if os.path.basename(f) == "BUILD.bazel"]


# Reading files.

CPP_TOKEN = re.compile(
    r'(?P<raw>R"(?P<mark>[^()\\ ]*)\(.*?\)(?P=mark)")'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')"
    r"|(?P<line>//[^\n]*)"
    r"|(?P<block>/\*.*?\*/)",
    re.DOTALL)


def split_cpp(text):
    """Returns (code, comments) of C++ source.

    `code` has the same lines and columns, with comments and literals blanked.
    `comments` lists (line, text).
    """
    comments = []

    def blank(match):
        token = match.group()
        if match.lastgroup in ("line", "block"):
            line = text.count("\n", 0, match.start()) + 1
            for offset, part in enumerate(token.split("\n")):
                comments.append((line + offset, part.strip(" /*")))
        return re.sub(r"[^\n]", " ", token)

    return CPP_TOKEN.sub(blank, text), comments


def is_script(path):
    """Says whether `path` is a file whose comments begin with '#'."""
    name = os.path.basename(path)
    return (name.endswith((".py", ".sh", ".bzl", ".BUILD", "bazelrc")) or
            name in ("BUILD.bazel", "MODULE.bazel", "WORKSPACE", "bazelw",
                     "WORKSPACE.bzlmod", ".clang-tidy",
                     ".clang-format") or
            path == os.path.join(".ci", "run"))


def python_comments(text):
    """Yields (line, text) of comments and docstrings."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    previous = None
    for token in tokens:
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")
        elif token.type == tokenize.STRING and previous in (
                None, tokenize.NEWLINE, tokenize.INDENT):
            for offset, part in enumerate(token.string.split("\n")):
                yield token.start[0] + offset, part.strip(' "')
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            previous = token.type


def script_comments(tree, path):
    """Returns the (line, text) of a script's comments and docstrings."""
    if path.endswith(".py"):
        return list(python_comments(tree.text(path)))
    return [(number, match.group(1))
            for number, line in enumerate(tree.lines(path), 1)
            for match in [re.match(r"\s*#+ ?(.*)", line)] if match]


def comments_of(tree, path):
    """Returns the (line, text) of a source file's comments."""
    if path.endswith((".h", ".cc")):
        return tree.cpp(path)[1]
    return script_comments(tree, path) if is_script(path) else []


def prose_of(tree, path):
    """Returns the (line, text) of a Markdown file, without code and headings.

    An empty text separates paragraphs.
    """
    prose = []
    fenced = False
    for number, line in enumerate(tree.lines(path), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            line = ""
        if fenced or re.match(r"#+ |    ", line):
            line = ""
        line = re.sub(r"`[^`]*`", "`", line)
        prose.append((number, line))
        if line.startswith("|"):
            prose.append((number, ""))
    return prose


def paragraphs(lines):
    """Joins (line, text) pairs that follow each other.

    Returns a list of (text, starts); `starts` lists (offset in text, line).
    """
    result = []
    text, starts, last = "", [], None
    for number, part in lines + [(None, "")]:
        if not part.strip() or (last is not None and number > last + 1):
            if text:
                result.append((text, starts))
            text, starts = "", []
        if part.strip():
            starts.append((len(text), number))
            text += re.sub(r"\s+", " ", part.strip()) + " "
        last = number
    return result


def cpp_functions(code):
    """Yields (name, first line, last line) of function bodies in `code`.

    `code` is blanked by split_cpp(). Lambdas and local classes count for the
    function around them.
    """
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    containers = []  # For each open brace: None, or a function's (name, start).
    head = 0  # Where the current declaration begins.
    inside = 0  # Functions among `containers`.
    for match in re.finditer(r"[{};]", code):
        at, mark = match.start(), match.group()
        if mark == "{":
            opened = None
            if not inside:
                before = code[head:at].strip()
                found = re.search(r"([\w:~]+|operator\W+)\s*\(", before)
                named = re.match(
                    r"(template\s*<.*>\s*)?(class|struct|union|enum|namespace)"
                    r"\b[^()]*$", before, re.DOTALL)
                if found and not named and not re.search(r"=\s*$", before):
                    start = head + len(code[head:at]) - len(
                        code[head:at].lstrip())
                    name = found.group(1)
                    test = re.search(r"\bTEST\w*\((\w+),\s*(\w+)", before)
                    if test:
                        name = ".".join(test.groups())
                    opened = (name, code.count("\n", 0, start) + 1)
            containers.append(opened)
            inside += opened is not None
        elif mark == "}" and containers:
            closed = containers.pop()
            if closed:
                inside -= 1
                yield closed[0], closed[1], code.count("\n", 0, at) + 1
        if not inside:
            head = at + 1


# The rules.


def words(tree):
    """Comments and Markdown name things with nouns: no banned phrase."""
    for path in tree.files:
        if path.endswith(".md"):
            lines = prose_of(tree, path)
        else:
            lines = comments_of(tree, path)
        for text, starts in paragraphs(lines):
            for match in BANNED.finditer(text):
                # A plain question is good English: "What is a link?"
                end = re.search(r"[.?!:;]", text[match.end():])
                begins = re.search(r"(^|[.?!:;|] )[\"(]?$", text[:match.start()])
                if begins and end and end.group() == "?":
                    continue
                line = [n for at, n in starts if at <= match.start()][-1]
                yield Finding(
                    path, line, "words",
                    'replace "%s" by a noun of the glossary, or by a plain '
                    "verb (docs/architecture.md)" % match.group())


def line_length(tree):
    """Lines of C++ have at most 80 columns."""
    for path in tree.cpp_files():
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > MAX_COLUMNS:
                yield Finding(path, number, "line_length",
                              "shorten %d columns to %d" %
                              (len(line), MAX_COLUMNS))


def function_length(tree):
    """Functions have at most 70 lines, signature and braces included."""
    for path in tree.files:
        if path.endswith((".h", ".cc")):
            functions = cpp_functions(tree.cpp(path)[0])
        elif path.endswith(".py"):
            functions = [
                (node.name, node.lineno,
                 max(getattr(n, "lineno", 0) for n in ast.walk(node)))
                for node in ast.walk(ast.parse(tree.text(path)))
                if isinstance(node, ast.FunctionDef)]
        else:
            continue
        for name, first, last in functions:
            length = last - first + 1
            if length > MAX_FUNCTION_LINES and name not in LONG_FUNCTIONS:
                yield Finding(path, first, "function_length",
                              "split %s: %d lines, at most %d" %
                              (name, length, MAX_FUNCTION_LINES))


def licence(tree):
    """Each source and build file begins with the two lines of the licence."""
    for path in tree.files:
        if path.startswith("testdata") and not path.endswith("BUILD.bazel"):
            continue
        if path.endswith((".h", ".cc")):
            expected = ["// " + line for line in LICENCE]
        elif is_script(path):
            expected = ["# " + line for line in LICENCE]
        else:
            continue
        lines = tree.lines(path)
        if lines[0].startswith("#!"):
            lines = lines[1:]
        if lines[:2] != expected:
            yield Finding(path, 1, "licence",
                          'begin with "%s" and "%s"' % tuple(expected))


def test_support(tree):
    """internal/ holds product code and its tests, no support of tests."""
    for path in tree.cpp_files():
        folder, name = os.path.split(path)
        if ("internal" in folder.split(os.sep) and "test" in name and
                not name.endswith("_test.cc")):
            yield Finding(path, 1, "test_support",
                          "move to the room's testing/ folder")
    for path in tree.build_files():
        for line, rule in build_rules(tree.text(path)):
            if not re.search(r"testonly = (True|1)", rule):
                continue
            for name in re.findall(r'"((?:\w+/)*internal/[^":]+)"', rule):
                yield Finding(path, line, "test_support",
                              "testonly: move %s to the room's testing/ "
                              "folder" % name)


def todo(tree):
    """Each `TODO` names a person or a time and the reason for waiting."""
    for path in tree.files:
        for line, text in comments_of(tree, path):
            for match in re.finditer(r"\bTODO\b(?!\([\w-]+\): \w)", text):
                if text[:match.start()].endswith("`"):
                    continue
                yield Finding(path, line, "todo",
                              "write " + "TODO(name): and the reason")


def build_rules(text):
    """Yields (line, text) of each rule of a BUILD file."""
    for match in re.finditer(r"^\w+\(\n.*?^\)", text,
                             re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 1, match.group()


def label_order(label):
    """Orders labels as buildifier does: ":x", then "//x", then "@x"."""
    return (0 if label.startswith(":") else 2 if label.startswith("@") else 1,
            label.replace(":", "\0"))


def sorted_deps(tree):
    """Lists of deps in BUILD files are sorted, without duplicates."""
    for path in tree.build_files():
        text = tree.text(path)
        for match in re.finditer(r"^ +deps = \[\n([^\]]*)\]", text,
                                 re.MULTILINE):
            labels = re.findall(r'^\s*"([^"]*)"', match.group(1), re.MULTILINE)
            line = text.count("\n", 0, match.start()) + 1
            right = sorted(set(labels), key=label_order)
            for offset, (have, want) in enumerate(
                    zip(labels, right + [None] * len(labels)), 1):
                if have != want:
                    yield Finding(path, line + offset, "sorted_deps",
                                  "sort deps: %s" % (
                                      'first "%s"' % want if want else
                                      'drop "%s"' % have))
                    break


def dead_files(tree):
    """Each C++ file lies in a target, and each script is named somewhere."""
    packages = {os.path.dirname(f): f for f in tree.build_files()}
    named = "".join(
        tree.text(f) for f in tree.files
        if f.endswith((".md", ".BUILD", "bazelw", "WORKSPACE"))
        or os.path.basename(f) in ("BUILD.bazel", "MODULE.bazel")
        or f.startswith(".ci"))
    loads = "".join(tree.text(f) for f in tree.files if f.endswith(".bzl"))
    imports = set(re.findall(
        r"^import (\w+)", "".join(tree.text(f) for f in tree.files
                                  if f.endswith(".py")), re.MULTILINE))
    for path in tree.files:
        name = os.path.basename(path)
        if path.endswith((".h", ".cc")):
            package = os.path.dirname(path)
            while package and package not in packages:
                package = os.path.dirname(package)
            inside = os.path.relpath(path, package or ".")
            build = packages.get(package)
            patterns = re.findall(r'"([^"\n]*)"', tree.text(build)) if build \
                else []
            if not any(fnmatch.fnmatchcase(inside, p) or
                       (p.startswith("_") and inside.endswith(p))
                       for p in patterns):
                yield Finding(path, 1, "dead_files",
                              "name it in a target of %s, or delete it" %
                              (build or "a BUILD.bazel"))
        elif path.endswith((".py", ".sh", ".bzl")):
            texts = named + (loads if name.endswith(".bzl") else "")
            if (not re.search(r"[\"/:` ]%s\b" % re.escape(name), texts) and
                    name[:-len(".py")] not in imports):
                yield Finding(path, 1, "dead_files",
                              "name it in a BUILD.bazel, .ci/run or a "
                              "document, or delete it")


def own_header_first(tree):
    """x.cc and x_test.cc include x.h first, so it must compile alone.

    bazel/tidy/headers.sh compiles the headers without such a file. A workspace
    of its own (examples/downstream_*) has its headers at its root.
    """
    headers = set(f for f in tree.files if f.endswith(".h"))
    for path in tree.files:
        if not path.endswith(".cc"):
            continue
        stem = path[:-len(".cc")]
        own = [h for h in (stem + ".h", re.sub("_test$", "", stem) + ".h")
               if h in headers]
        if not own:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = re.match(r'#include ["<]([^">]+)[">]', line)
            if match:
                first = "kevy_replica/" + own[0].replace(os.sep, "/")
                if path.startswith("examples/downstream_"):
                    first = os.path.basename(own[0])
                if match.group(1) != first:
                    yield Finding(path, number, "own_header_first",
                                  'include "%s" first' % first)
                break


def tabs(tree):
    """Sources and documents are indented by spaces."""
    for path in tree.files:
        if path.endswith((".h", ".cc", ".md")) or is_script(path):
            for number, line in enumerate(tree.lines(path), 1):
                if "\t" in line:
                    yield Finding(path, number, "tabs",
                                  "replace the tab by spaces")


def test_names(tree):
    """A test's name is subject, verb, outcome: it never begins with What."""
    for path in tree.cpp_files():
        if not path.endswith("_test.cc"):
            continue
        code = tree.cpp(path)[0]
        for match in re.finditer(r"^(?:TYPED_)?TEST(?:_F|_P)?\(\w+,\s*(What\w*)",
                                 code, re.MULTILINE):
            yield Finding(path, code.count("\n", 0, match.start()) + 1,
                          "test_names",
                          "rename %s: subject, verb, outcome" %
                          match.group(1))


# The level and the name of a LogEvent, or both names of `x ? "a" : "b"`.
LOG_EVENT = re.compile(
    r'LogLevel::k(\w+),\s*(?:\w+ \? "(\w+)" : )?"(\w+)"')


def heading_anchors(text):
    """The anchors that a Markdown file's headings have on its page."""
    return set(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
               for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE))


def links(tree):
    """A relative link of Markdown leads to a file, and to one of its headings.

    Code blocks are left out. Links to other sites are not looked at.
    """
    for path in tree.files:
        if not path.endswith(".md"):
            continue
        fenced = False
        for number, line in enumerate(tree.lines(path), 1):
            fenced ^= line.startswith("```")
            if fenced:
                continue
            for link in re.findall(r"\]\(([^)\s]+)\)", line):
                if re.match(r"\w+:", link):
                    continue
                target, _, anchor = link.partition("#")
                name = os.path.normpath(os.path.join(
                    os.path.dirname(path), target)) if target else path
                if not (name in tree.files or
                        any(f.startswith(name + os.sep) for f in tree.files)
                        or os.path.exists(os.path.join(tree.root, name))):
                    yield Finding(path, number, "links",
                                  "no file %s: mend the link" % name)
                elif anchor and anchor not in heading_anchors(tree.text(name)):
                    yield Finding(path, number, "links",
                                  "no heading #%s in %s: mend the link" %
                                  (anchor, name))


def log_events(tree):
    """Each event of the programs' log has a row in docs/operations.md, with its
    level, and each row has an event."""
    page = os.path.join("docs", "operations.md")
    rows = {}
    header = False
    for number, line in enumerate(
            tree.lines(page) if page in tree.files else [], 1):
        cells = [cell.strip() for cell in line.split("|")[1:]]
        header = cells[:2] == ["event", "level"] or header and bool(cells)
        for name in re.findall(r"`(\w+)`", cells[0]) if header else []:
            rows[name, cells[1]] = number
    told = set()
    for path in tree.cpp_files():
        if not path.startswith("tools" + os.sep) or path.endswith("_test.cc"):
            continue
        text = tree.text(path)
        for match in LOG_EVENT.finditer(text):
            for name in filter(None, match.groups()[1:]):
                event = name, match.group(1).lower()
                told.add(event)
                if event not in rows:
                    yield Finding(path, text.count("\n", 0, match.start()) + 1,
                                  "log_events", "give %s (%s) a row in %s" %
                                  (event + (page,)))
    for event, number in rows.items():
        if event not in told:
            yield Finding(page, number, "log_events",
                          "remove %s (%s), which no program logs" % event)


TEST_NAME = re.compile(
    r"^(?:TYPED_)?TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


def named_tests(tree):
    """Tests and targets that SECURITY.md and docs/reliability.md name exist."""
    tests = {".".join(match.groups()) for path in tree.cpp_files()
             for match in TEST_NAME.finditer(tree.text(path))}
    labels = {"//%s:%s" % (os.path.dirname(path), name)
              for path in tree.build_files()
              for name in re.findall(r'name = "([^"]+)"', tree.text(path))}
    for page in ["SECURITY.md", os.path.join("docs", "reliability.md")]:
        for number, line in enumerate(
                tree.lines(page) if page in tree.files else [], 1):
            named = re.findall(r"`(\w+(?:Test|Simulation)\.\w+)`", line)
            named += re.findall(r"`(//[\w/]+:\w+)`", line)
            for name in named:
                if name not in tests | labels:
                    yield Finding(page, number, "named_tests",
                                  "correct %s, which does not exist" % name)


def module_version(tree):
    """Each bazel_dep on this module, in Markdown or an example, has its
    version."""
    module = re.search(r'module\(\s*name = "(\w+)",\s*version = "([^"]+)"',
                       tree.text("MODULE.bazel"))
    if not module:
        return
    for path in tree.files:
        if not path.endswith((".md", "MODULE.bazel")):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            dep = re.search(r'bazel_dep\(name = "(\w+)", version = "([^"]+)"',
                            line)
            if dep and dep[1] == module[1] and dep[2] != module[2]:
                yield Finding(path, number, "module_version",
                              "write %s, the version in MODULE.bazel" %
                              module[2])


RULES = [
    words, line_length, function_length, licence, test_support, todo,
    sorted_deps, dead_files, own_header_first, tabs, test_names, log_events,
    links, named_tests, module_version,
]


def pending(finding):
    return any(finding.file == folder or
               finding.file.startswith(folder.rstrip("/") + "/")
               for folder in PENDING.get(finding.rule, []))


def check(root):
    """Returns the findings of all rules below `root`."""
    tree = Tree(root)
    return [finding for rule in RULES for finding in rule(tree)]


def main(arguments):
    everything = arguments[:1] == ["--all"]
    arguments = arguments[everything:]
    root = arguments[0] if arguments else os.path.dirname(
        os.path.realpath("MODULE.bazel"))
    if not os.path.isfile(os.path.join(root, "MODULE.bazel")):
        print("tidy: %s has no MODULE.bazel: give the tree's folder" % root)
        return 1
    findings = [finding for finding in check(root)
                if everything or not pending(finding)]
    for finding in findings:
        print("%s:%d: %s: %s" % finding)
    if findings:
        print("tidy: %d findings" % len(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
