// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Replies of a server, for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_REPLIES_H_
#define KEVY_REPLICA_TOOLS_TESTING_REPLIES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

inline TargetReply TextReply(std::string text) {
  TargetReply reply;
  reply.type = TargetReply::Type::kText;
  reply.text = std::move(text);
  return reply;
}

inline TargetReply ErrorReply(std::string text) {
  TargetReply reply = TextReply(std::move(text));
  reply.type = TargetReply::Type::kError;
  return reply;
}

inline TargetReply IntegerReply(int64_t integer) {
  TargetReply reply;
  reply.type = TargetReply::Type::kInteger;
  reply.integer = integer;
  return reply;
}

inline TargetReply ArrayReply(std::vector<TargetReply> elements) {
  TargetReply reply;
  reply.type = TargetReply::Type::kArray;
  reply.integer = static_cast<int64_t>(elements.size());
  reply.elements = std::move(elements);
  return reply;
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_REPLIES_H_
