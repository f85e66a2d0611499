// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

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
