// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Tokens of read-your-writes, as the primary's reply and as text. An accepted
// token survives formatting. A reply is a token exactly if the reply decoder
// reads pairs of numbers in it. And versions: an accepted one survives
// formatting.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

constexpr size_t kMaxMessage = 700;

// Whether `reply` is pairs of a generation and an offset.
bool IsToken(ReplyView reply) {
  if (reply.type() != ReplyType::kArray || reply.size() == 0 ||
      reply.size() % 2 != 0) {
    return false;
  }
  for (size_t i = 0; i < reply.size(); ++i) {
    if (reply[i].type() != ReplyType::kInteger || reply[i].integer() < 0 ||
        (i % 2 == 0 && reply[i].integer() == 0)) {
      return false;
    }
  }
  return true;
}

void CheckReply(absl::string_view bytes,
                const absl::StatusOr<ReplicationToken>& token) {
  ReplyDecoder decoder;
  decoder.Feed(bytes);
  if (decoder.Next() != Outcome::kDone || !decoder.at_boundary()) return;
  const ReplyView reply = decoder.reply();
  if (!IsToken(reply)) {
    FUZZ_CHECK(!token.ok());
    return;
  }
  // A reply's 0 may have a sign and more zeros, a token's number no sign.
  if (!token.ok() && absl::StrContains(bytes, ":-0")) return;
  FUZZ_CHECK(token.ok());
  FUZZ_CHECK(token->shards.size() == reply.size() / 2);
  for (size_t i = 0; i < token->shards.size(); ++i) {
    FUZZ_CHECK(token->shards[i].generation ==
               static_cast<uint64_t>(reply[2 * i].integer()));
    FUZZ_CHECK(token->shards[i].next_offset ==
               static_cast<uint64_t>(reply[2 * i + 1].integer()));
  }
}

void Parse(absl::string_view bytes) {
  const absl::StatusOr<ReplicationToken> token = ParseReplicationToken(bytes);
  if (token.ok()) {
    FUZZ_CHECK(!token->shards.empty());
    const absl::StatusOr<ReplicationToken> same =
        ParseReplicationToken(ToString(*token));
    FUZZ_CHECK(same.ok() && *same == *token);
  } else {
    const absl::string_view message = token.status().message();
    FUZZ_CHECK(absl::IsInvalidArgument(token.status()));
    FUZZ_CHECK(message.size() <= kMaxMessage);
    FUZZ_CHECK(
        std::all_of(message.begin(), message.end(), absl::ascii_isprint));
  }
  if (!bytes.empty() && bytes[0] == '*') CheckReply(bytes, token);

  const std::optional<KevyVersion> version = ParseKevyVersion(bytes);
  if (!version.has_value()) return;
  std::string text;
  AppendText(*version, &text);
  FUZZ_CHECK(ParseKevyVersion(text) == version);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Parse(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
