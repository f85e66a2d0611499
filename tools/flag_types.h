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

// Values of flags: how Abseil's flags read and show them. Each AbslParseFlag
// returns whether `text` is a value, and otherwise says in `*error` what is.

#ifndef KEVY_REPLICA_TOOLS_FLAG_TYPES_H_
#define KEVY_REPLICA_TOOLS_FLAG_TYPES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/session.h"
#include "kevy_replica/tools/tail_printer.h"

namespace kevy_replica {

// "GENERATION:OFFSET".
bool AbslParseFlag(absl::string_view text, FeedPosition* position,
                   std::string* error);
std::string AbslUnparseFlag(const FeedPosition& position);

// "auto", "1" or "2".
bool AbslParseFlag(absl::string_view text, ProtocolChoice* protocol,
                   std::string* error);
std::string AbslUnparseFlag(ProtocolChoice protocol);

// "text", "json" or "resp".
bool AbslParseFlag(absl::string_view text, TailFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(TailFormat format);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_FLAG_TYPES_H_
