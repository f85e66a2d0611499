// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Addresses of a primary: an accepted one survives formatting, and the message
// about another one has no byte from behind the "?", and no control byte.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

void CheckMessage(const absl::Status& status, absl::string_view text) {
  FUZZ_CHECK(absl::IsInvalidArgument(status));
  FUZZ_CHECK(std::all_of(status.message().begin(), status.message().end(),
                         absl::ascii_isprint));
  // A shorter run of digits may stand in the message by chance.
  constexpr size_t kSecret = 16;
  const size_t query = text.find('?');
  if (query == absl::string_view::npos || absl::StartsWith(text, "unix:")) {
    return;
  }
  // The digits of an escaped byte may join those behind it.
  const absl::string_view shown = text.substr(0, query);
  if (!std::all_of(shown.begin(), shown.end(), absl::ascii_isprint)) return;
  for (size_t i = query + 1; i + kSecret <= text.size(); ++i) {
    const absl::string_view part = text.substr(i, kSecret);
    if (!std::all_of(part.begin(), part.end(), absl::ascii_isxdigit)) continue;
    FUZZ_CHECK(absl::StrContains(shown, part) ||
               !absl::StrContains(status.message(), part));
  }
}

template <typename Value>
void Check(absl::string_view text,
           absl::StatusOr<Value> (*parse)(absl::string_view)) {
  const absl::StatusOr<Value> value = parse(text);
  if (!value.ok()) {
    CheckMessage(value.status(), text);
    return;
  }
  std::string formatted;
  AppendText(*value, &formatted);
  const absl::StatusOr<Value> again = parse(formatted);
  FUZZ_CHECK(again.ok());
  FUZZ_CHECK(*again == *value);
  for (const std::string& key : value->keys) FUZZ_CHECK(key.size() == 64);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  kevy_replica::Check(text, kevy_replica::ParseKevyUrl);
  kevy_replica::Check(text, kevy_replica::ParseListenerAddress);
  return 0;
}
