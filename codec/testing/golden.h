// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Golden files: bytes, and what they decode to. testdata/golden/README.md has
// the format.

#ifndef KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_
#define KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"

namespace kevy_replica {
namespace codec_testing {

struct Golden {
  std::string name;  // Without folder and suffix.
  std::string bytes;
  std::string what;  // What stands behind "decode": "stream", "request", ...
  Limits limits;
  DecodeRun expected;      // Its `given` is the size of `bytes`.
  size_t known_with = 0;   // The byte with which the error is known.
  bool canonical = false;  // Encoding the elements gives `bytes` again.

  bool is_stream() const { return what == "stream" || has_answer(); }
  bool has_answer() const { return what == "answer+stream"; }
  StreamStart start() const {
    return has_answer() ? StreamStart::kAnswer : StreamStart::kElements;
  }
  bool fails() const { return expected.error != WireError::kNone; }
};

// All pairs of files in testdata/golden and testdata/captures. Aborts if one is
// malformed or has no partner.
std::vector<Golden> AllGolden();

// For GoogleTest: the name, as a parameter and in messages.
std::string GoldenTestName(const Golden& golden);
std::ostream& operator<<(std::ostream& out, const Golden& golden);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_
