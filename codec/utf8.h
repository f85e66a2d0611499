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

// UTF-8, as the replica's id must be.

#ifndef KEVY_REPLICA_CODEC_UTF8_H_
#define KEVY_REPLICA_CODEC_UTF8_H_

#include "absl/strings/string_view.h"

namespace kevy_replica {

// Returns whether `bytes` are well-formed UTF-8 (RFC 3629: no overlong forms,
// no surrogates, nothing over U+10FFFF). The empty string is.
bool IsUtf8(absl::string_view bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_UTF8_H_
