// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/heartbeat.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/encode.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kPing = "+PING ";

char* Write(const Heartbeat& heartbeat, char* p) {
  p = internal::WriteText(kPing, p);
  if (heartbeat.generation != 0) {
    p = internal::WriteDecimal(heartbeat.generation, p);
    *p++ = ' ';
  }
  return internal::WriteText(internal::kCrlf,
                             internal::WriteDecimal(heartbeat.next_offset, p));
}

}  // namespace

DecodeResult DecodeHeartbeat(absl::string_view input, const Limits& limits,
                             Heartbeat* heartbeat) {
  internal::ControlLineScanner scanner;
  const DecodeResult result = internal::ScanControlLine(
      input, internal::Kinds(internal::LineKind::kPing), limits, &scanner);
  if (result.done()) *heartbeat = {scanner.generation(), scanner.offset()};
  return result;
}

size_t EncodedSize(const Heartbeat& heartbeat) {
  return kPing.size() +
         (heartbeat.generation != 0
              ? internal::DecimalSize(heartbeat.generation) + 1
              : 0) +
         internal::DecimalSize(heartbeat.next_offset) + internal::kCrlf.size();
}

EncodeResult Encode(const Heartbeat& heartbeat, absl::Span<char> out) {
  return internal::EncodeInto(out, WireError::kNone, EncodedSize(heartbeat),
                              [&](char* p) { Write(heartbeat, p); });
}

WireError Append(const Heartbeat& heartbeat, std::string* out) {
  return internal::AppendTo(out, WireError::kNone, EncodedSize(heartbeat),
                            [&](char* p) { Write(heartbeat, p); });
}

void AppendText(const Heartbeat& heartbeat, std::string* out) {
  absl::StrAppend(out, "# heartbeat generation=", heartbeat.generation,
                  " next_offset=", heartbeat.next_offset);
}

}  // namespace kevy_replica
