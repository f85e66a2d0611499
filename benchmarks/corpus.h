// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Generated frames to measure with: the same bytes on every machine.

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

// Seven digits, as a primary's offsets have after a while, and enough room
// before the eighth that a corpus never gets one.
inline constexpr uint64_t kFirstOffset = 1'000'000;

// Each corpus stops at the first frame that passes this size: more than most
// cores' L2 holds, less than an L3. So a pass over one comes neither all from
// the nearest cache nor all from memory, and its frames are too many for a
// branch predictor to know by heart.
inline constexpr size_t kCorpusBytes = 4 << 20;

// The five corpora that are compared, generated at the first call:
//
//   set57     SET of a 10-byte key and a 7-byte value: every frame has 57 bytes
//   hset17    HSET of 17 arguments behind the name: a key, 8 fields, 8 values
//   value1k   SET of a 10-byte key and a value of 1 KiB
//   value64k  the same with 64 KiB
//   mixed     five commands of changing lengths; its distribution is in
//             corpus.cc
const std::vector<Corpus>& Corpora();

// Frames of `argc` arguments (1 or more), all of 4 bytes. One frame if that
// makes kCorpusBytes or more.
Corpus ArgumentCorpus(size_t argc);

// SET of a value of `value_bytes`. One frame if that makes kCorpusBytes or
// more.
Corpus ValueCorpus(size_t value_bytes);

// What makes a corpus endless: an empty snapshot, which takes a Session back to
// the first offset, so that the same frames may follow again.
std::string Joint(const Corpus& corpus);

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_CORPUS_H_
