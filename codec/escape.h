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

// Bytes made readable.

#ifndef KEVY_REPLICA_CODEC_ESCAPE_H_
#define KEVY_REPLICA_CODEC_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// Appends `bytes` between double quotes as Redis prints them (sdscatrepr):
// `\\`, `\"`, `\n`, `\r`, `\t`, `\a`, `\b`, printable ASCII as it is, all else
// `\xhh`.
void AppendEscaped(absl::string_view bytes, std::string* out);

// The same, returned.
std::string Escaped(absl::string_view bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_ESCAPE_H_
