#!/usr/bin/env python3
# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0
"""Tests mutate.py: where it finds mutants, that a mutant behind its switch does
the same as the planted one, and how it judges a test's run."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
sys.dont_write_bytecode = True

import mutate  # noqa: E402

PROGRAM = r"""#include <cstdio>
#include <cstdlib>
#include <string>
namespace n {
constexpr int kMost = 3;
struct Pair {
  explicit Pair(int a) : first(a) {}
  int first;
  bool operator<(const Pair& other) const { return first < other.first; }
};
int Clamp(int n) {
  if (n < 0) return 0;
  if (n >= kMost && n != 7 || n == 9) return kMost;  // "x" < y
  switch (n) {
    case 1:
      return 10;
    default:
      break;
  }
  return n * 2 + 1 - n % 2;
}
std::string Text(int n) {
  std::string text = "a < b";
  if (n > 1) {
    text += "!";
  } else
    text = text + "?";
  bool done = false;
  while (!done && n > 0) {
    done = n & 1;
    --n;
  }
  return text + (Pair(n) < Pair(0) ? "<" : "-");
}
}  // namespace n
int main() {
  for (int i = -2; i < 11; ++i) {
    std::printf("%d %s\n", n::Clamp(i), n::Text(i).c_str());
  }
}
"""


def plains(code):
    """Returns the pairs (text, replacement) of all mutants of a function."""
    text = "int F(int a, int b) {\n  %s\n}\n" % code
    return {(text[m.begin:m.end], m.plain) for m in mutate.mutants_of("a", text)}


class MutantsTest(unittest.TestCase):

    def test_finds_operators(self):
        self.assertEqual(
            plains("return a < b;"), {("<", "<="), ("<", ">=")})
        self.assertEqual(plains("return a - b;"), {("-", "+")})

    def test_finds_conditions(self):
        self.assertEqual(plains("if (Bad(a)) return b;"),
                         {("Bad(a)", "true"), ("Bad(a)", "false")})
        self.assertEqual(plains("return A() && B(a, b) || C();"),
                         {(" && B(a, b)", ""), (" || C()", "")})
        self.assertEqual(plains("return A() || B() && C();"),
                         {(" || B() && C()", ""), (" && C()", "")})

    def test_finds_statements(self):
        self.assertEqual(plains("Call(a,\n  b);"), {("Call(a,\n  b);", ";")})
        self.assertEqual(plains("if (a) b = a;"),
                         {("a", "true"), ("a", "false"), ("b = a;", ";")})
        self.assertEqual(plains("++a;"), {("++a;", ";")})
        self.assertEqual(plains("Type c(a);"), set())
        self.assertEqual(plains("const Type c = a;"), set())

    def test_finds_constants(self):
        self.assertEqual(plains("return 1'000u;"), {("1'000u", "(1'000u + 1)")})
        self.assertEqual(plains("return true;"), {("true", "(!true)")})
        self.assertEqual(plains("return 1.5;"), set())

    def test_passes_over_other_code(self):
        for code in ("// a < b", 'Type c = "1 < 2";', "Type c = '1';",
                     "assert(a < 1);", "Type<int> c;", "auto c = d->e;",
                     "if (auto c = D()) return c;"):
            self.assertEqual(plains(code), set(), code)
        for text in ("constexpr int kA = 1 + 2;\n", "#define A(b) { b < 1; }\n",
                     "struct A {\n  int b = 1;\n  A() = default;\n};\n"):
            self.assertEqual(mutate.mutants_of("a", text), [], text)


class SwitchTest(unittest.TestCase):

    def output(self, folder, text, number):
        """Returns the exit status and output of a program."""
        source = os.path.join(folder, "a.cc")
        binary = os.path.join(folder, "a")
        if text is not None:
            mutate.write(source, text)
            subprocess.run([os.environ.get("CXX", "g++"), "-std=c++17", "-w",
                            "-o", binary, source],
                           check=True, capture_output=True)
        try:
            done = subprocess.run(
                [binary], env=dict(os.environ, KEVY_MUTATION=str(number)),
                capture_output=True, timeout=1, check=False)
        except subprocess.TimeoutExpired:
            return "hangs"
        return done.returncode, done.stdout

    def test_switched_mutants_equal_planted_ones(self):
        mutants = dict(enumerate(mutate.mutants_of("a", PROGRAM), 1))
        planted = {}  # Of those that compile.
        with tempfile.TemporaryDirectory() as folder:
            for number, mutant in mutants.items():
                try:
                    planted[number] = self.output(
                        folder, mutate.planted(PROGRAM, mutant), 0)
                except subprocess.CalledProcessError:
                    pass
            original = self.output(folder, PROGRAM, 0)
            # The last program that is built: the rest runs it.
            self.assertEqual(original, self.output(
                folder, mutate.switched(PROGRAM, mutants,
                                        mutate.support_text()), 0))
            differ = 0
            for number, mutant in mutants.items():
                switched = self.output(folder, None, number)
                differ += switched != original
                line = PROGRAM[:mutant.begin].split("\n")[-1]
                # A case label is a constant, which no switch changes.
                if number in planted and "case" not in line:
                    self.assertEqual(switched, planted[number],
                                     (line, mutant.plain))
        self.assertGreater(differ, 20)


class RunnerTest(unittest.TestCase):

    def test_tells_failures_from_tests_that_take_too_long(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = mutate.Tree.__new__(mutate.Tree)
            tree.path = folder
            os.makedirs(os.path.join(folder, "bazel-bin/a/b_test.runfiles"))
            binary = os.path.join(folder, "bazel-bin/a/b_test")
            runner = mutate.Runner(tree)
            for line, limit, passed in (("exit 0", 60, True),
                                        ("exit 1", 60, False),
                                        ("kill -9 $$", 60, False),
                                        ("sleep 60", 0.1, None)):
                mutate.write(binary, "#!/bin/sh\n%s\n" % line)
                os.chmod(binary, 0o700)
                self.assertIs(runner.run("//a:b_test", {}, limit)[0], passed,
                              line)
            runner.seconds["//a:b_test"] = -0.99  # A limit of 0.1 s.
            self.assertEqual(runner.verdict(1, ["//a:b_test"]),
                             ("//a:b_test", True))


if __name__ == "__main__":
    unittest.main()
