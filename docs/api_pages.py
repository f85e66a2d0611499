#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes a page (HTML) of each public header from its comments.

usage: docs/api_pages.py [--out FOLDER] [ROOT]

A header is public if a target of public visibility lists it. Its page has the
comment at its top, and each public declaration with its comment. Names of
other public declarations and headers are links. FOLDER/index.html lists the
pages. Without --out the headers are only checked, as //docs:api_pages does.

Each warning is one line: `file:line: warning: action`.

| warning | cause |
|---|---|
| no_top_comment | the header does not begin with a comment on its contents |
| no_comment | a public declaration has no comment |
| unread | the script does not understand a declaration |
| table | a row of a table has another number of cells than the first |
| name | a comment names an identifier or a file that the tree lacks |

A comment above a declaration also counts for those that follow without an empty
line.
These need none: constructors and destructors, operators, overrides, members whose
body is one return, data members, and a struct or enum that comments each value.

Exit status: 0 without warnings, 1 with warnings. ROOT is the folder of
MODULE.bazel. Default: the folder that MODULE.bazel in the current folder links
to, as in a Bazel test; otherwise the tree of this script.
"""

import argparse
import collections
import html
import os
import re
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bazel", "tidy"))
sys.dont_write_bytecode = True

import tidy  # noqa: E402

Warning = collections.namedtuple("Warning", "file line warning action")

# Names of other projects that look like identifiers.
FOREIGN = {
    "AddressSanitizer", "ChaCha20", "FuzzTest", "GiB", "GoogleMock",
    "GoogleTest", "KiB", "MiB", "OpenSSL", "VariantWith",
}

# Functions that need no comment, whatever their arguments: their meaning is a
# convention of the library or of Abseil.
CONVENTIONS = {"ValueFields", "AbslHashValue", "AbslStringify", "PrintTo"}


def strip_angles(code):
    """Returns the code without the arguments of its templates."""
    before = None
    while before != code:
        before, code = code, re.sub(r"<[^<>]*>", "", code)
    return re.sub(r"^(template\s*)+", "", code)


class Declaration:
    """A declaration of a header, or a comment that belongs to none.

    kind      "type", "enum", "function", "value", "alias", "comment"
    name      without its scope; "" for a comment
    line      the first line, from 1
    end       the last line
    code      without body and comments
    comment   lines of text, with their indentation behind "// "
    above     a comment stands above it
    follows   it stands below another declaration, without an empty line or a
              comment between
    returns   its body is one return statement
    members   of a type or an enum
    """

    def __init__(self, kind, name, line, end, code, comment=()):
        self.kind = kind
        self.name = name
        self.line = line
        self.end = end
        self.code = code
        self.comment = list(comment)
        self.returns = False
        self.above = False
        self.follows = False
        self.members = []


# Reading headers.


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def skip_braces(code, at):
    """Returns the place behind the brace that closes the one at `at`."""
    depth = 0
    while at < len(code):
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        at += 1
        if depth == 0:
            break
    return at


TYPE_HEAD = re.compile(
    r"(?:template\s*<.*>\s*)?(class|struct|union|enum(?:\s+class)?)\s+"
    r"(?:\[\[\w+\]\]\s*|ABSL_\w+\s+)*((?:\w+::)*\w+)\s*(?:final\s*)?"
    r"(?::(?!:)[^()]*)?$",
    re.DOTALL)


class Header:
    """A header's text, and its public declarations."""

    def __init__(self, path, text):
        self.path = path
        self.lines = text.split("\n")
        code = tidy.split_cpp(text)[0]
        self.code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code,
                           flags=re.MULTILINE)
        self._code_lines = self.code.split("\n")
        self.top = self._top_comment()
        self.declarations = self._scope(0, len(self.code), True)

    def is_comment(self, line):
        """Whether line `line` (from 1) holds only a comment."""
        return (0 < line <= len(self.lines) and
                self.lines[line - 1].lstrip().startswith("//"))

    def comment_text(self, line):
        return re.sub(r"^.*?// ?", "", self.lines[line - 1])

    def _top_comment(self):
        """Returns the lines between the licence and the include guard."""
        top = []
        for number, line in enumerate(self.lines, 1):
            if line.startswith("#"):
                break
            if self.is_comment(number):
                top.append(self.comment_text(number))
            elif top:
                top.append("")
        licence = tidy.LICENCE
        if top[:len(licence)] == licence:
            top = top[len(licence):]
        return "\n".join(top).strip("\n").split("\n") if any(top) else []

    def _line(self, at):
        return self.code.count("\n", 0, at) + 1

    def _comments_of(self, first, last, previous, whole):
        """Returns the comment of lines `first` to `last`, and its last line.

        It stands above, behind line `previous`, and at the ends of the lines;
        of the last line alone if not `whole`.
        """
        above = first
        while above - 1 > previous and self.is_comment(above - 1):
            above -= 1
        comment = [self.comment_text(n) for n in range(above, first)]
        behind = ""
        for number in range(first if whole else last, last + 1):
            code = self._code_lines[number - 1].rstrip()
            behind = self.lines[number - 1][len(code):].strip()
            if behind.startswith("//"):
                comment.append(re.sub(r"^// ?", "", behind))
        line = self.lines[first - 1]
        indent = len(line) - len(line.lstrip())
        while (behind.startswith("//") and self.is_comment(last + 1) and
               self.lines[last].index("//") > indent):
            comment.append(self.comment_text(last + 1))
            last += 1
        return comment, last

    def _add(self, found, declaration):
        """Appends to `found`, with the declaration's comment."""
        before = found[-1].end if found else 0
        comment, end = self._comments_of(
            declaration.line, declaration.end, before,
            declaration.kind in ("value", "alias"))
        declaration.follows = bool(found) and declaration.line == before + 1
        declaration.above = (not declaration.follows and
                             self.is_comment(declaration.line - 1))
        declaration.comment = comment
        declaration.end = max(end, declaration.end)
        found.append(declaration)

    def _free_comments(self, found, first, last):
        """Adds the comments in the lines that belong to no declaration."""
        taken = set()
        for declaration in found:
            line = declaration.line
            while self.is_comment(line - 1):
                line -= 1
            taken.update(range(line, declaration.end + 1))
        block = []
        for number in list(range(first, last + 1)) + [None]:
            if (number and number not in taken and self.is_comment(number)):
                block.append(number)
            elif block:
                found.append(Declaration(
                    "comment", "", block[0], block[-1], "",
                    [self.comment_text(n) for n in block]))
                block = []
        found.sort(key=lambda d: d.line)

    def _scope(self, at, end, public):
        """Returns the public declarations of code[at:end]."""
        found = []
        while True:
            match = re.compile(r"[\s;]*(?:(public|protected|private)\s*:(?!:))?"
                               ).match(self.code, at)
            if match.group(1):
                public = match.group(1) != "private"
                at = match.end()
                continue
            at = match.end()
            if at >= end:
                return found
            at, declaration = self._declaration(at, end)
            if isinstance(declaration, list):
                found += declaration
            elif declaration and public:
                self._add(found, declaration)

    def _declaration(self, start, end):
        """Reads one declaration. Returns (behind it, Declaration or list)."""
        at, depth, body = start, 0, None
        while at < end:
            mark = self.code[at]
            depth += {"(": 1, ")": -1}.get(mark, 0)
            if mark == ";" and depth == 0:
                break
            if mark == "{" and depth == 0:
                head = self.code[start:at].strip()
                named = re.match(r"(?:inline\s+)?namespace\s*([\w:]*)$", head)
                close = skip_braces(self.code, at)
                if named:
                    if named.group(1).endswith("internal"):
                        return close, None
                    return close, self._scope(at + 1, close - 1, True)
                if TYPE_HEAD.match(head):
                    return self._type(start, at, close)
                value = re.search(r"(?<![=!<>])=(?!=)", re.sub(
                    r"\([^()]*\)|operator\S+", "", re.sub(
                        r"\([^()]*\)", "", strip_angles(head))))
                member = re.search(r"\)[\w\s]*:[^:].*[\w>]$", head, re.DOTALL)
                if "(" in head and not value and not member:
                    body, at = at, close
                    if self.code[at:at + 1] == ";":
                        at += 1
                    break
                at = close
                continue
            at += 1
        last = body if body is not None else at
        code = re.sub(r"\s+", " ", self.code[start:last]).strip()
        if body is None:
            at += 1
        declaration = self._plain(code, start, at)
        if declaration and body is not None and re.match(
                r"\{\s*return\b[^;]*;\s*\}", self.code[body:at]):
            declaration.returns = True
        return at, declaration

    def _plain(self, code, start, at):
        """Returns the Declaration of a function, value or alias, or None."""
        line, last = self._line(start), self._line(at - 1)
        bare = strip_angles(code).strip()
        if not code or re.match(r"friend|static_assert|extern|[A-Z_]+\(", code):
            return Declaration("friend", "", line, last, "")
        if re.match(r"(using|typedef)\b", bare):
            name = re.match(r"using (\w+) =", bare)
            kind = "alias" if name else "friend"
            return Declaration(kind, name.group(1) if name else "", line, last,
                               self._source(line, last))
        if re.match(r"(class|struct|enum)\b[^(=]*$", bare):
            return Declaration("friend", "", line, last, "")
        head = re.sub(r"ABSL_\w+(\([^()]*\))?|\[\[\w+\]\]|alignas\(.*?\)", "",
                      bare)
        call = re.search(r"(operator\s*(?:\(\)|[^\w\s(]+|[\w:]+)|~?\w+)\s*\(",
                         head)
        value = re.match(r"[^(]*?(\w+)(\[\w*\])?\s*(=|\{|$)", head)
        if call and not (value and value.group(3) != "" and
                         value.end() <= call.start(1)):
            if head[:call.start(1)].endswith("::"):
                return None  # Declared in its class.
            return Declaration("function", call.group(1), line, last,
                               self._source(line, last))
        return Declaration("value", value.group(1) if value else "", line,
                           last, self._source(line, last))

    def _source(self, first, last):
        """Returns the code of the lines, as written, without a body."""
        code = "\n".join(
            self.lines[n - 1][:len(self._code_lines[n - 1].rstrip())]
            for n in range(first, last + 1) if not self.is_comment(n))
        opened = re.search(r"\)[^;{}()]*(?:\s:\s[^;{}]*)?\{", code)
        if opened:
            code = code[:code.index("{", opened.start())].rstrip()
            code = re.sub(r"\)(\s*noexcept)?\s*:\s.*", r")\1", code,
                          flags=re.DOTALL) + ";"
        indent = len(code) - len(code.lstrip())
        return "\n".join(re.sub("^ {0,%d}" % indent, "", line)
                         for line in code.split("\n"))

    def _type(self, start, brace, close):
        head = self.code[start:brace].strip()
        match = TYPE_HEAD.match(head)
        at = self.code.index(";", close) + 1
        line = self._line(start)
        declaration = Declaration(
            "enum" if match.group(1).startswith("enum") else "type",
            match.group(2).split("::")[-1], line, self._line(at - 1),
            re.sub(r"\s+", " ", head))
        if declaration.kind == "enum":
            declaration.members = self._enumerators(brace + 1, close - 1)
        else:
            declaration.members = self._scope(
                brace + 1, close - 1, match.group(1) != "class")
        self._free_comments_in(declaration, brace, close)
        return at, declaration

    def _free_comments_in(self, declaration, brace, close):
        """Adds the floating comments of a type's public part."""
        last = self._line(close)
        for number in range(self._line(brace), last):
            if re.match(r"\s*private\s*:", self._code_lines[number - 1]):
                last = number
                break
        self._free_comments(declaration.members, self._line(brace) + 1,
                            last - 1)

    def _enumerators(self, at, end):
        found = []
        for match in re.finditer(r"(\w+)(\s*=\s*[^,]*?)?\s*(?:,|\Z)",
                                 self.code[at:end]):
            line = self._line(at + match.start(1))
            self._add(found, Declaration("value", match.group(1), line, line,
                                         match.group().strip().rstrip(",")))
        return found

    def all_comments(self):
        """Yields (first line, lines) of each block of whole-line comments."""
        block, first = [], 0
        for number in range(1, len(self.lines) + 2):
            if self.is_comment(number):
                first = first or number
                block.append(self.comment_text(number))
            elif block:
                yield first, block
                block, first = [], 0


def public_libraries(tree):
    """Returns {label: its headers} of the libraries of public visibility."""
    libraries = {}
    for path in tree.build_files():
        folder = os.path.dirname(path)
        if folder.split(os.sep)[0] in ("tools", "examples", "fuzz", "bazel"):
            continue
        text = tree.text(path)
        default = re.search(r"default_visibility = \[([^\]]*)\]", text)
        for _, rule in tidy.build_rules(text):
            if not rule.startswith("cc_library("):
                continue
            visibility = re.search(r"\bvisibility = \[([^\]]*)\]", rule)
            visibility = visibility or default
            if visibility and "//visibility:public" in visibility.group(1):
                headers = [
                    os.path.join(folder, name)
                    for hdrs in re.findall(r"\bhdrs = \[([^\]]*)\]", rule)
                    for name in re.findall(r'"([^":]+\.h)"', hdrs)]
                headers = [h for h in headers
                           if not {"internal", "testing"} & set(h.split(os.sep)[1:])]
                if headers:
                    name = re.search(r'\bname = "([^"]+)"', rule)[1]
                    libraries["//%s:%s" % (folder, name)] = headers
    return libraries


def public_headers(tree):
    """Returns the headers that targets of public visibility list."""
    return sorted({h for headers in public_libraries(tree).values() for h in headers})


# The parts of a comment.


def blocks_of(comment):
    """Yields ("text" or "code" or "table" or "list", lines) of a comment."""
    kind, block, table = None, [], False
    for line in comment + [""]:
        new = ("table" if line.startswith("|") else
               "list" if re.match(r"(-|\d+\.) ", line) or
               (kind == "list" and line.startswith("  ")) else
               "code" if line.startswith("  ") else
               "code" if kind == "code" and not line else
               None if not line.strip() else "text")
        if new != kind:
            while block and not block[-1].strip():
                block.pop()
            if block:
                yield kind, block
            kind, block = new, []
        block.append(line)
    while block and not block[-1].strip():
        block.pop()
    if block and kind:
        yield kind, block


def cells_of(row):
    return [cell.strip() for cell in
            re.split(r"(?<!\\)\|", row.strip().strip("|"))]


# Warnings.


class Names:
    """The identifiers and files that comments may name."""

    def __init__(self, tree):
        self.files = set(tree.files)
        self.base_names = {os.path.basename(f) for f in tree.files}
        self.identifiers = set()
        self.bodies = {}  # Of a type: the identifiers inside, and its bases.
        for path in tree.cpp_files():
            code = tree.cpp(path)[0]
            self.identifiers.update(re.findall(r"[A-Za-z_]\w*", code))
            self.identifiers.update(re.findall(r"\b[a-z_]+(?=[/.\w]*[>\"])",
                                               tree.text(path)))
            for match in re.finditer(
                    r"\b(?:class|struct|union|enum(?: class)?)\s+"
                    r"(?:\[\[\w+\]\]\s*|ABSL_\w+\s+)*(\w+)([^;{}()]*)\{",
                    code):
                inside = code[match.end():skip_braces(code, match.end() - 1)]
                body = self.bodies.setdefault(match.group(1), (set(), set()))
                body[0].update(re.findall(r"\w+", inside))
                body[1].update(re.findall(r"(?:public|private) ([\w:]+)",
                                          match.group(2)))

    def has_member(self, name, member):
        """Whether type `name` has the member; True if the tree lacks it."""
        if name not in self.bodies:
            return True
        inside, bases = self.bodies[name]
        return member in inside or any(
            self.has_member(base.split("::")[-1], member) for base in bases)

    def missing(self, text):
        """Yields the names in a line of a comment that nothing has."""
        text = re.sub(r'"[^"]*"', '""', text)
        for name in re.findall(r"\b[\w/]+\.(?:h|cc|md|py|sh)\b", text):
            if name not in self.files and name not in self.base_names:
                yield name
        text = re.sub(r"\b[\w/]+\.(?:h|cc|md|py|sh)\b", "", text)
        found = re.findall(r"\b((?:\w+::)*\w+)\(", text)
        found += re.findall(r"\b((?:\w+::)+\w+)", text)
        found += re.findall(r"\bk[A-Z]\w+", text)
        found += re.findall(r"\b[A-Z][a-z]+[A-Z]\w*", text)
        found += re.findall(r"`([A-Za-z_]\w*)`", text)
        for name in sorted(set(found)):
            parts = name.split("::")
            plural = parts[-1][:-1] if parts[-1].endswith("s") else None
            if parts[0] in ("std", "absl") or parts[-1] in FOREIGN:
                continue
            if not {parts[-1], plural} & self.identifiers:
                yield name
            elif len(parts) > 1 and not self.has_member(*parts[-2:]):
                yield name


def needs_comment(owner, declaration):
    """Whether the declaration needs a comment of its own."""
    name, code = declaration.name, declaration.code
    if declaration.kind in ("comment", "friend") or declaration.comment:
        return False
    if declaration.kind == "function":
        return not (
            name.startswith(("operator", "~")) or name in CONVENTIONS or
            (owner and (name == owner.name or declaration.returns)) or
            re.search(r"\boverride\b|= (default|delete);?$", code))
    if declaration.kind == "value":
        return not owner
    if declaration.kind == "alias":
        return not owner
    return True


def with_coverage(declarations):
    """Yields (declaration, whether a comment covers it), without comments."""
    group = False
    for declaration in declarations:
        if declaration.kind != "comment":
            group = declaration.above or (declaration.follows and group)
            yield declaration, group or bool(declaration.comment)


def undocumented(header, declarations, owner=None):
    for declaration, covered in with_coverage(declarations):
        if not declaration.name and declaration.kind != "friend":
            yield Warning(header.path, declaration.line, "unread",
                          "teach docs/api_pages.py this declaration")
            continue
        values = [inner for member, inner in with_coverage(declaration.members)
                  if member.kind == "value"]
        if (not covered and not (values and all(values)) and
                needs_comment(owner, declaration)):
            yield Warning(header.path, declaration.line, "no_comment",
                          "write a comment for %s" % declaration.name)
        if declaration.kind == "type":
            yield from undocumented(header, declaration.members, declaration)


def check_comments(header, names):
    for first, block in header.all_comments():
        cells = None
        indented = False
        for number, line in enumerate(block, first):
            if line.startswith("|"):
                count = len(cells_of(line))
                if cells not in (None, count):
                    yield Warning(header.path, number, "table",
                                  "make it %d cells instead of %d" %
                                  (cells, count))
                cells = cells or count
            else:
                cells = None
            indented = line.startswith("  ")
            if not indented:
                for name in names.missing(line):
                    yield Warning(header.path, number, "name",
                                  "correct %s, which the tree lacks" % name)


def check(tree, headers):
    names = Names(tree)
    for header in headers:
        if not header.top:
            yield Warning(header.path, 1, "no_top_comment",
                          "say above the include guard which concept it has")
        yield from undocumented(header, header.declarations)
        yield from check_comments(header, names)


# Pages.

STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto;
  padding: 0 1em; color: #1f2328 }
pre { background: #f6f8fa; padding: .6em .8em; overflow-x: auto;
  font: 13px/1.45 monospace }
pre.declaration { border-left: 4px solid #0969da; margin-bottom: .4em }
table { border-collapse: collapse }
td, th { border: 1px solid #d0d7de; padding: .2em .6em; text-align: left }
section { margin-left: 1.5em }
a { color: #0969da; text-decoration: none }
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>%s</title><style>%s</style></head>
<body>
%s
</body>
</html>
"""


def page_of(path):
    return path.replace("/", "_").replace(".h", ".html")


class Links:
    """Where the names of public declarations and headers are told."""

    def __init__(self, headers):
        self.pages = {header.path: page_of(header.path) for header in headers}
        self.anchors = collections.defaultdict(set)  # Name: of page#anchor.
        for header in headers:
            for declaration in header.declarations:
                self._add(header, declaration, "")

    def _add(self, header, declaration, scope):
        name = scope + declaration.name
        if declaration.kind not in ("comment", "friend"):
            self.anchors[name].add("%s#%s" % (page_of(header.path), name))
            for member in declaration.members:
                self._add(header, member, name + "::")

    def target(self, name, header):
        """Returns the place of a name in a comment of `header`, or None."""
        places = self.anchors.get(name, set())
        here = {p for p in places if p.startswith(page_of(header.path) + "#")}
        places = here or places
        return next(iter(places)) if len(places) == 1 else None

    def put(self, text, header, code=False):
        """Returns the text as HTML, with its names as links."""
        def link(match):
            name = match.group()
            if name.endswith(".h"):
                folder = os.path.dirname(header.path)
                place = self.pages.get(name, self.pages.get(
                    os.path.join(folder, name)))
            else:
                place = self.target(name, header)
            return '<a href="%s">%s</a>' % (place, name) if place else name
        text = html.escape(text, quote=False)
        if not code:
            text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
        return re.sub(r"[\w/]+\.h\b|\b[A-Za-z]\w+(?:::\w+)*", link, text)


def comment_html(comment, header, links):
    parts = []
    for kind, lines in blocks_of(comment):
        if kind == "text":
            parts.append("<p>%s</p>" % links.put("\n".join(lines), header))
        elif kind == "code":
            shown = "\n".join(re.sub("^  ", "", line) for line in lines)
            parts.append("<pre>%s</pre>" % links.put(shown, header, True))
        elif kind == "list":
            items = re.split(r"\n(?=- |\d+\. )", "\n".join(lines))
            parts.append("<ul>%s</ul>" % "".join(
                "<li>%s</li>" % links.put(re.sub(r"^- ", "", item), header)
                for item in items))
        else:
            parts.append(table_html(lines, header, links))
    return "\n".join(parts)


def table_html(lines, header, links):
    rows = [cells_of(line) for line in lines]
    head = len(rows) > 1 and all(re.match("-+$", c) for c in rows[1])
    out = []
    for number, row in enumerate(rows):
        if head and number == 1:
            continue
        mark = "th" if head and number == 0 else "td"
        out.append("<tr>%s</tr>" % "".join(
            "<%s>%s</%s>" % (mark, links.put(cell, header), mark)
            for cell in row))
    return "<table>%s</table>" % "\n".join(out)


def declarations_html(declarations, header, links, scope=""):
    """Returns the declarations; those of a group stand in one box."""
    parts = []
    names = set()  # Overloads: the first one is the place of the links.
    for declaration in declarations:
        if declaration.kind == "friend":
            continue
        if declaration.kind == "comment":
            parts.append(comment_html(declaration.comment, header, links))
            continue
        name = scope + declaration.name
        box = '<pre class="declaration"%s>%s</pre>' % (
            "" if name in names else ' id="%s"' % html.escape(name),
            links.put(declaration.code, header, True))
        names.add(name)
        joined = (declaration.follows and not declaration.comment and
                  not declaration.members and parts)
        if not joined:
            parts.append("")
        parts[-1] += box + comment_html(declaration.comment, header, links)
        if declaration.kind == "enum" or declaration.members:
            parts.append("<section>%s</section>" % declarations_html(
                declaration.members, header, links, name + "::"))
    return "\n".join(parts)


def write_pages(headers, out):
    """Writes a page for each header, and index.html."""
    os.makedirs(out, exist_ok=True)
    links = Links(headers)
    rows = []
    for header in headers:
        body = '<p><a href="index.html">All headers</a></p>\n<h1>%s</h1>\n' % (
            header.path)
        body += "<pre>#include &quot;kevy_replica/%s&quot;</pre>\n" % (
            header.path)
        body += comment_html(header.top, header, links)
        body += "\n<h2>Declarations</h2>\n"
        body += declarations_html(header.declarations, header, links)
        write(os.path.join(out, page_of(header.path)),
              PAGE % (header.path, STYLE, body))
        sentence = re.split(r"(?<=[.:]) ", " ".join(header.top).strip())[0]
        rows.append('<tr><td><a href="%s">%s</a></td><td>%s</td></tr>' % (
            page_of(header.path), header.path, html.escape(sentence)))
    write(os.path.join(out, "index.html"), PAGE % (
        "kevy_replica", STYLE, "<h1>kevy_replica</h1>\n<table>%s</table>" %
        "\n".join(rows)))


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def default_root():
    module = os.path.realpath("MODULE.bazel")
    return os.path.dirname(module) if os.path.exists(module) else (
        os.path.dirname(HERE))


def main(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("root", nargs="?", default=default_root())
    options = parser.parse_args(arguments)
    tree = tidy.Tree(options.root)
    headers = [Header(path, tree.text(path)) for path in public_headers(tree)]
    warnings = list(check(tree, headers))
    for warning in warnings:
        print("%s:%d: %s: %s" % warning)
    print("api_pages: %d headers, %d warnings" % (len(headers), len(warnings)))
    if options.out:
        write_pages(headers, options.out)
        print("api_pages: open %s" % os.path.join(options.out, "index.html"))
    return 1 if warnings or not headers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
