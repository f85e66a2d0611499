// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Golden files of snapshot payloads: bytes, and what they decode to.
// testdata/payload/README.md has the format.

#ifndef KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_
#define KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_

#include <cstddef>
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
  size_t known_with = 0;  // How many bytes tell the error.

  bool fails() const { return expected.error != WireError::kNone; }
};

// All files in testdata/payload. Aborts if one is malformed.
std::vector<PayloadGolden> AllPayloadGolden();

// For GoogleTest: the name, as a parameter and in messages.
std::string PayloadGoldenTestName(const PayloadGolden& golden);
std::ostream& operator<<(std::ostream& out, const PayloadGolden& golden);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_PAYLOAD_GOLDEN_H_
