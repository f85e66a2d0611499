// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A fixed amount of decoding, for valgrind to count: see instructions.py. Its
// output has the compiler, and a line for each corpus: the name and the number
// of frames.

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "absl/base/attributes.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/readers.h"

// Callgrind counts the instructions of each call. It finds the function by its
// name, which a C++ compiler would change.
extern "C" ABSL_ATTRIBUTE_NOINLINE size_t
CountedPass(const kevy_replica::benchmarks::Corpus& corpus,
            kevy_replica::benchmarks::StreamReader* reader) {
  return reader->ReadInPlace(corpus.bytes).frames;
}

int main() {
  namespace benchmarks = kevy_replica::benchmarks;
#if defined(__x86_64__)
  constexpr char kMachine[] = "x86-64";
#elif defined(__aarch64__)
  constexpr char kMachine[] = "arm64";
#else
  constexpr char kMachine[] = "unknown";
#endif
#if defined(__clang__)
  std::printf("%s clang %d\n", kMachine, __clang_major__);
#elif defined(__GNUC__)
  std::printf("%s g++ %d\n", kMachine, __GNUC__);
#else
  std::printf("%s unknown\n", kMachine);
#endif
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::StreamReader reader(benchmarks::StreamReader::By::kNextFrames);
    // The first pass copies the corpus and learns.
    if (reader.ReadInPlace(corpus.bytes).frames != corpus.frames ||
        CountedPass(corpus, &reader) != corpus.frames) {
      std::fprintf(stderr, "%s: some frames were not found\n",
                   corpus.name.c_str());
      return EXIT_FAILURE;
    }
    std::printf("%s %zu\n", corpus.name.c_str(), corpus.frames);
  }
}
