// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames for measurements, generated and recorded: the same bytes on every
// machine.

#ifndef KEVY_REPLICA_BENCHMARKS_CORPUS_H_
#define KEVY_REPLICA_BENCHMARKS_CORPUS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kevy_replica {
namespace benchmarks {

// Whole frames, back to back. Their offsets rise by 1 from `first_offset`.
struct Corpus {
  std::string name;
  std::string bytes;
  size_t frames = 0;
  uint64_t first_offset = 0;
};

// Offsets of seven digits, as a primary has after a while. A corpus ends long
// before the eighth digit.
inline constexpr uint64_t kFirstOffset = 1'000'000;

// Each corpus ends with the first frame that passes this size. The size exceeds
// the L2 of most cores, and fits their L3. A pass therefore mixes both caches,
// and has too many frames for a branch predictor to learn.
inline constexpr size_t kCorpusBytes = 4 << 20;

// The six corpora of the comparison, made at the first call:
//
//   set57     SET of a 10-byte key and a 7-byte value: 57 bytes each
//   hset17    HSET with 17 arguments: a key, 8 fields, 8 values
//   value1k   SET of a 10-byte key and a value of 1 KiB
//   value64k  the same with 64 KiB
//   mixed     five commands of changing lengths: see corpus.cc
//   recorded  the frames of testdata/captures, in runs: see corpus.cc
const std::vector<Corpus>& Corpora();

// Frames of `argc` arguments (at least 1) of 4 bytes each, up to kCorpusBytes,
// and at least one frame.
Corpus ArgumentCorpus(size_t argc);

// SET commands with values of `value_bytes`, up to kCorpusBytes, and at least
// one frame.
Corpus ValueCorpus(size_t value_bytes);

// An empty snapshot, which takes a Session back to the first offset. It joins
// repetitions of a corpus to an endless stream.
std::string Joint(const Corpus& corpus);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CORPUS_H_
