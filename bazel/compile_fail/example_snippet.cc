// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Two misuses under macros, and right code around them: see compile_fail.bzl.

namespace {

[[nodiscard]] int Answer() { return 42; }

}  // namespace

int main() {
#ifdef DROPS_RESULT
  Answer();
#endif
#ifdef MISSES_SEMICOLON
  return Answer()
#else
  return Answer() - 42;
#endif
}
