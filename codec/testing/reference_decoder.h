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
// A second decoder, to check the first against: as plain as can be.

#ifndef KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
#define KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"

namespace kevy_replica {
namespace codec_testing {

// Decodes a whole stream that lies in memory, a character at a time. It shares
// no code with the codec but the escaping of text.
DecodeRun ReferenceDecode(absl::string_view bytes, const Limits& limits,
                          StreamStart start);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_REFERENCE_DECODER_H_
