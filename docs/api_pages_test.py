#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests api_pages.py: each warning is found, and good headers have none."""

import contextlib
import io
import os
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import api_pages  # noqa: E402

BUILD = ('package(\n    default_visibility = ["//visibility:public"],\n)\n\n'
         'cc_library(\n    name = "a",\n    hdrs = ["a.h"],\n)\n')

HEADER = """// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames.

#ifndef A_H_
#define A_H_

namespace kevy_replica {

%s

}  // namespace kevy_replica

#endif  // A_H_
"""

GOOD = """// A link to Primary.
//
// | a | b |
// |---|---|
// | 1 | 2 |
class Link : public Base {
 public:
  Link() = default;
  explicit Link(int size) : size_{size} {}
  ~Link() override;
  Link& operator=(const Link&) = delete;
  void Close() override;
  int size() const { return size_; }

  // Sends `bytes` within `timeout`: see Primary::name and kFirst.
  template <typename T, IfInteger<T> = 0>
  void Send(const std::map<T, int>& bytes,
            Duration timeout = Duration{});
  void SendAll();  // Flushes, too.

 private:
  void Secret();
  int size_ = 0;
};

// Both primaries of a test.
struct Primary {
  std::string name = "a;{";
  std::function<void()> on_close;
};

enum class Order : uint8_t {
  kFirst,   // In front,
            // of all.
  kSecond,  // Behind.
};

namespace link_internal {
void Hidden();
}  // namespace link_internal

// The largest size, in Link objects.
inline constexpr size_t kMaxSize = std::numeric_limits<size_t>::max();

using Links = std::vector<Link>;  // Many.
"""


class ApiPagesTest(unittest.TestCase):

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = temporary.name
        self.write("MODULE.bazel", "")
        self.write("codec/BUILD.bazel", BUILD)

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def check(self, *arguments):
        """Returns (exit status, output) of main()."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = api_pages.main(list(arguments) + [self.root])
        return status, output.getvalue()

    def expect_warning(self, declarations, line, warning):
        self.write("codec/a.h", HEADER % declarations)
        status, output = self.check()
        expected = "codec/a.h:%d: %s: " % (line + 11, warning)
        self.assertEqual(status, 1, output)
        self.assertIn(expected, output)
        self.assertIn("1 warnings", output)

    def expect_none(self, declarations):
        self.write("codec/a.h", HEADER % declarations)
        self.assertEqual(self.check(), (
            0, "api_pages: 1 headers, 0 warnings\n"))

    def test_good_header_has_no_warnings(self):
        self.expect_none(GOOD)

    def test_missing_top_comment_is_found(self):
        self.write("codec/a.h", (HEADER % "").replace("// Frames.\n", ""))
        self.assertIn("codec/a.h:1: no_top_comment", self.check()[1])

    def test_missing_comments_are_found(self):
        for declarations, line in [
                ("void F();", 0),
                ("\nint Sum(int a) {\n  return a;\n}", 1),
                ("template <typename T, If<T> = 0>\nvoid F(T t) { G(t); }", 0),
                ("// A.\nvoid F();\n\nvoid G();", 3),
                ("class A;\n\nclass A {\n public:\n  // Go.\n  A();\n};", 2),
                ("// A.\nclass A {\n public:\n  void F();\n};", 3),
                ("// A.\nclass A {\n public:\n  int F() { G(); return 1; }\n};",
                 3),
                ("// A.\nclass A {\n protected:\n  void F();\n};", 3),
                ("// A.\nclass A {\n  class B;\n};\nclass A::B {\n public:\n"
                 "  // Go.\n  B();\n};\n\nvoid F();", 10),
                ("enum class E { kA, kB };", 0),
                ("enum class E {\n  kA,  // A.\n  kB,\n};", 0),
                ("struct A {\n  int a;  // One.\n\n  int b;\n};", 0),
                ("using A = std::vector<int>;", 0),
                ("constexpr int kA[] = {1, 2};", 0),
                ("inline constexpr int kA = F();", 0)]:
            with self.subTest(declarations):
                self.expect_warning(declarations, line, "no_comment")

    def test_comments_of_groups_count(self):
        self.expect_none("// Both.\nvoid F();\nvoid G(int a,\n       int b);")
        self.expect_none("// A.\nstruct A {\n  int a;\n};")
        self.expect_none("struct A {\n  // Both.\n  int a;\n  int b;\n};")

    def test_private_and_internal_declarations_need_none(self):
        self.expect_none("// A.\nclass A {\n  void F();\n\n private:\n"
                         "  void G();\n};\nnamespace a_internal {\nvoid F();\n"
                         "}  // namespace a_internal")

    def test_broken_table_is_found(self):
        self.expect_warning("// | a | b |\n// |---|---|\n// | 1 |\nvoid F();",
                            2, "table")

    def test_unknown_names_are_found(self):
        for text in ["See Lost().", "As kLost.", "Of LostFrame.", "See lost.h.",
                     "See docs/lost.md.", "`lost` bytes.", "As A::Lost().",
                     "As A::lost."]:
            with self.subTest(text):
                self.expect_warning(
                    "// %s\nstruct A {\n  int a;\n};" % text, 0, "name")

    def test_known_names_pass(self):
        self.write("README.md", "")
        self.expect_none(
            "// See A::a, `a`, B::a, README.md, codec/a.h, a.h, \"Lost()\", "
            "std::lost() and many FrameViews.\n"
            "//   Lost();\nstruct A {\n  int a;\n};\n"
            "// B.\nstruct B : public A {};\n// C.\nclass FrameView {};")

    def test_only_public_headers_count(self):
        private = BUILD.replace("visibility:public", "visibility:private")
        self.write("codec/BUILD.bazel", private + BUILD[BUILD.index("cc_"):]
                   .replace("a.h", "internal/b.h"))
        self.write("codec/a.h", HEADER % "void F();")
        self.write("codec/internal/b.h", HEADER % "void F();")
        # A tree without public headers is a mistake, too.
        self.assertEqual(self.check(), (
            1, "api_pages: 0 headers, 0 warnings\n"))

    def page(self, declarations):
        self.write("codec/a.h", HEADER % declarations)
        out = os.path.join(self.root, "out")
        self.check("--out", out)
        with open(os.path.join(out, "index.html")) as file:
            self.assertIn('<a href="codec_a.html">codec/a.h</a>', file.read())
        with open(os.path.join(out, "codec_a.html")) as file:
            return file.read()

    def test_page_has_declarations_comments_and_links(self):
        page = self.page(GOOD)
        for part in ['<p>Frames.</p>',
                     '#include &quot;kevy_replica/codec/a.h&quot;',
                     '<p>A link to <a href="codec_a.html#Primary">',
                     '<th>a</th>', '<td>2</td>',
                     'id="Link::Send">', '<code>bytes</code>',
                     '<a href="codec_a.html#Primary::name">Primary::name</a>',
                     'id="Order::kFirst">kFirst',
                     '<p>In front,\nof all.</p>', '<p>Flushes, too.</p>']:
            self.assertIn(part, page)
        for part in ["Secret", "Hidden", "int size_"]:
            self.assertNotIn(part, page)

    def test_links_of_a_page_lead_to_places(self):
        page = self.page(GOOD)
        places = set(re.findall(r'id="([^"]+)"', page))
        links = re.findall(r'href="codec_a.html#([^"]+)"', page)
        self.assertGreater(len(links), 5)
        self.assertEqual(set(links) - places, set())


if __name__ == "__main__":
    unittest.main()
