// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Replies of a mirror's target: the reader gives the same replies and the same
// end for any pieces, and the replies that hiredis gives, as long as both
// accept the bytes. Brief replies have the types of whole ones.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/hiredis_value.h"
#include "kevy_replica/fuzz/tight_reply_limits.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using codec_testing::Cuts;
using codec_testing::RandomPieces;
using codec_testing::Whole;

struct Replies {
  std::vector<TargetReply> replies;
  std::vector<std::string> texts;
  absl::Status end;

  friend bool operator==(const Replies& a, const Replies& b) {
    return a.texts == b.texts && a.end.code() == b.end.code();
  }
};

void AppendText(const TargetReply& reply, std::string* out) {
  absl::StrAppend(out, static_cast<int>(reply.type), " ", reply.integer, " ",
                  Escaped(reply.text), " (");
  for (const TargetReply& element : reply.elements) AppendText(element, out);
  *out += ")";
}

Replies Read(absl::string_view bytes, ReplyDetail detail,
             const TargetReplyLimits& limits, const Cuts& cuts) {
  ReplyReader reader(limits);
  Replies result;
  while (!bytes.empty()) {
    absl::string_view piece = bytes.substr(0, cuts(bytes.size()));
    bytes.remove_prefix(piece.size());
    while (!piece.empty()) {
      TargetReply reply;
      const absl::StatusOr<bool> taken = reader.Take(detail, &piece, &reply);
      if (!taken.ok()) {
        result.end = taken.status();
        return result;
      }
      FUZZ_CHECK(*taken || piece.empty());
      if (!*taken) break;
      std::string text;
      AppendText(reply, &text);
      result.texts.push_back(std::move(text));
      result.replies.push_back(std::move(reply));
    }
  }
  return result;
}

void CheckSame(const TargetReply& reply, const HiredisValue& value) {
  using Type = TargetReply::Type;
  switch (value.type) {
    case '+':
    case '$':
      FUZZ_CHECK(reply.type == Type::kText && reply.text == value.text);
      break;
    case '-':
      FUZZ_CHECK(reply.type == Type::kError);
      break;
    case ':':
      FUZZ_CHECK(reply.type == Type::kInteger &&
                 reply.integer == value.integer);
      break;
    case '*':
      FUZZ_CHECK(reply.type == Type::kArray);
      FUZZ_CHECK(reply.elements.size() == value.elements.size());
      for (size_t i = 0; i < value.elements.size(); ++i) {
        CheckSame(reply.elements[i], value.elements[i]);
      }
      break;
    default:
      FUZZ_CHECK(reply.type == Type::kNull);
  }
}

void Decode(absl::string_view bytes, const TargetReplyLimits& limits) {
  const Replies whole = Read(bytes, ReplyDetail::kWhole, limits, Whole());
  const Replies brief = Read(bytes, ReplyDetail::kBrief, limits, Whole());
  const uint64_t seed = bytes.size();
  FUZZ_CHECK(Read(bytes, ReplyDetail::kWhole, limits, RandomPieces(seed)) ==
             whole);
  FUZZ_CHECK(Read(bytes, ReplyDetail::kBrief, limits, RandomPieces(seed)) ==
             brief);

  size_t common = std::min(whole.replies.size(), brief.replies.size());
  for (size_t i = 0; i < common; ++i) {
    const TargetReply& a = whole.replies[i];
    const TargetReply& b = brief.replies[i];
    FUZZ_CHECK(a.type == b.type && a.integer == b.integer);
    FUZZ_CHECK(!a.is_error() || a.text == b.text);
    FUZZ_CHECK(a.elements.size() == b.elements.size());
  }
  const std::vector<HiredisValue> values = HiredisValues(bytes);
  common = std::min(whole.replies.size(), values.size());
  for (size_t i = 0; i < common; ++i) CheckSame(whole.replies[i], values[i]);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Decode(bytes, kevy_replica::TargetReplyLimits());
  kevy_replica::Decode(bytes, kevy_replica::TightReplyLimits());
  return 0;
}
