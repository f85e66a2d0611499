// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Golden files: bytes, and their decoded elements. The format is in
// testdata/golden/README.md.

#ifndef KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_
#define KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"

namespace kevy_replica {
namespace codec_testing {

struct Golden {
  std::string name;  // Without folder and suffix.
  std::string bytes;
  std::string what;  // The word behind "decode": "stream", "request", ...
  Limits limits;
  DecodeRun expected;      // Its `given` is the size of `bytes`.
  size_t known_with = 0;   // The index of the byte that shows the error.
  bool canonical = false;  // The elements encode to `bytes`.

  bool is_stream() const { return what == "stream" || has_answer(); }
  bool has_answer() const { return what == "answer+stream"; }
  StreamStart start() const {
    return has_answer() ? StreamStart::kAnswer : StreamStart::kElements;
  }
  bool fails() const { return expected.error != WireError::kNone; }
};

// Parses a pair of files: `bytes`, and the text `expected`. Returns nothing,
// and sets `*wrong` to the first malformed line, if the text is malformed. The
// name stays empty.
std::optional<Golden> ParseGolden(std::string bytes, absl::string_view expected,
                                  std::string* wrong);

// Returns all pairs of files in testdata/golden and testdata/captures. Aborts
// if one is malformed or lacks its partner.
std::vector<Golden> AllGolden();

// For GoogleTest: the name, as a parameter and in messages.
std::string GoldenTestName(const Golden& golden);
std::ostream& operator<<(std::ostream& out, const Golden& golden);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_GOLDEN_H_
