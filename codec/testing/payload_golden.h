// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Golden files of snapshot payloads: bytes, and their decoded events. The
// format is in testdata/payload/README.md.

#ifndef KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_
#define KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_

#include <cstddef>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

struct PayloadGolden {
  std::string name;  // Without folder and suffix.
  std::string bytes;
  PayloadWay way;  // Its limits and time.
  PayloadRun expected;
  size_t known_with = 0;  // The number of bytes that show the error.
  size_t ended_at = std::numeric_limits<size_t>::max();  // PayloadEnd.

  bool fails() const { return expected.error != WireError::kNone; }
};

// Returns all files in testdata/payload. Aborts if one is malformed.
std::vector<PayloadGolden> AllPayloadGolden();

// For GoogleTest: the name, as a parameter and in messages.
std::string PayloadGoldenTestName(const PayloadGolden& golden);
std::ostream& operator<<(std::ostream& out, const PayloadGolden& golden);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_
