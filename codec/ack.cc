// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/ack.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kReplconfAck = "REPLCONF ACK ";

char* Write(const Ack& ack, char* p) {
  p = internal::WriteText(kReplconfAck, p);
  return internal::WriteText(internal::kCrlf,
                             internal::WriteDecimal(ack.next_offset, p));
}

}  // namespace

DecodeResult DecodeAck(absl::string_view input, const Limits& limits,
                       std::optional<Ack>* ack) {
  const size_t most = static_cast<size_t>(
      std::min<uint64_t>(input.size(), limits.max_line_bytes));
  const size_t lf = input.substr(0, most).find('\n');
  if (lf == absl::string_view::npos) {
    if (input.size() > most) {
      return DecodeResult::Error(WireError::kLineTooLong, most);
    }
    return DecodeResult::NeedMore(input.size());
  }
  ack->reset();
  absl::string_view line = input.substr(0, lf);
  if (absl::ConsumeSuffix(&line, "\r") &&
      absl::StartsWithIgnoreCase(line, kReplconfAck)) {
    const std::optional<uint64_t> offset =
        internal::ParseDecimal(line.substr(kReplconfAck.size()));
    if (offset.has_value()) *ack = Ack{*offset};
  }
  return DecodeResult::Done(lf + 1);
}

size_t EncodedSize(const Ack& ack) {
  return kReplconfAck.size() + internal::DecimalSize(ack.next_offset) +
         internal::kCrlf.size();
}

EncodeResult Encode(const Ack& ack, absl::Span<char> out) {
  return internal::EncodeInto(out, WireError::kNone, EncodedSize(ack),
                              [&](char* p) { Write(ack, p); });
}

WireError Append(const Ack& ack, std::string* out) {
  return internal::AppendTo(out, WireError::kNone, EncodedSize(ack),
                            [&](char* p) { Write(ack, p); });
}

void AppendText(const Ack& ack, std::string* out) {
  absl::StrAppend(out, "ack next_offset=", ack.next_offset);
}

}  // namespace kevy_replica
