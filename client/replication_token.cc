// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/replication_token.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {
namespace {

constexpr size_t kMaxNumbers = 2 * 65536;  // A shard has a port of its own.

absl::Status Error(absl::string_view text, absl::string_view fault) {
  constexpr size_t kExcerpt = 100;
  return absl::InvalidArgumentError(absl::StrCat(
      "replication token ", Escaped(text.substr(0, kExcerpt)),
      text.size() > kExcerpt ? "..." : "", ": ", fault,
      ". It is the reply of REPL.TOKEN, or GENERATION OFFSET of each shard"));
}

}  // namespace

std::string ToString(const ReplicationToken& token) {
  std::string text;
  AppendText(token, &text);
  return text;
}

void AppendText(const ReplicationToken& token, std::string* out) {
  absl::string_view space;
  for (const FeedPosition& shard : token.shards) {
    absl::StrAppend(out, space, shard.generation, " ", shard.next_offset);
    space = " ";
  }
}

absl::StatusOr<ReplicationToken> ParseReplicationToken(absl::string_view text) {
  const bool is_reply = !text.empty() && text[0] == '*';
  std::optional<uint64_t> declared;
  ReplicationToken token;
  size_t count = 0;
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(is_reply ? "\r\n" : " ,\t\r\n"),
                      absl::SkipEmpty())) {
    if (is_reply && !declared.has_value()) {
      declared = internal::ParseDecimal(word.substr(1));
      if (!declared.has_value()) return Error(text, "a bad array header");
      continue;
    }
    if (is_reply && !absl::ConsumePrefix(&word, ":")) {
      return Error(text, "an element that is no integer");
    }
    const std::optional<uint64_t> number = internal::ParseDecimal(word);
    if (!number.has_value()) return Error(text, "a bad number");
    if (++count > kMaxNumbers) return Error(text, "too many numbers");
    if (count % 2 == 0) {
      token.shards.back().next_offset = *number;
    } else if (*number == 0) {
      return Error(text, "a generation is never 0");
    } else {
      token.shards.push_back({*number, 0});
    }
  }
  if (is_reply && declared != count) {
    return Error(text, "the array has another length than its header says");
  }
  if (count == 0) return Error(text, "no number");
  if (count % 2 != 0) return Error(text, "an offset is missing");
  return token;
}

}  // namespace kevy_replica
