// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Key files: exactly 64 hex digits and at most one line end are a key. The
// message about any other file repeats none of it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/memory_file.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {
namespace {

// A shorter run of digits may stand in the message by chance.
constexpr size_t kSecret = 8;

bool IsKey(absl::string_view text) {
  return text.size() == 2 * PrivateKey::kSize &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

void CheckMessage(absl::string_view message, absl::string_view bytes) {
  for (size_t i = 0; i + kSecret <= bytes.size(); ++i) {
    const absl::string_view part = bytes.substr(i, kSecret);
    if (!IsKey(std::string(2 * PrivateKey::kSize - kSecret, '0') +
               std::string(part))) {
      continue;
    }
    FUZZ_CHECK(!absl::StrContains(message, part));
  }
}

void Read(absl::string_view bytes) {
  static MemoryFile& file = *new MemoryFile;
  file.SetContents(bytes);
  const absl::StatusOr<PrivateKey> key = PrivateKey::FromFile(file.path());
  absl::string_view text = bytes;
  absl::ConsumeSuffix(&text, "\n");
  absl::ConsumeSuffix(&text, "\r");
  FUZZ_CHECK(key.ok() == IsKey(text));
  if (!key.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(key.status()));
    CheckMessage(key.status().message(), bytes);
  } else {
    const absl::StatusOr<PrivateKey> same = PrivateKey::FromHex(text);
    FUZZ_CHECK(same.ok() && same->public_key() == key->public_key());
  }
  const absl::StatusOr<PublicKey> public_key = PublicKey::FromHex(bytes);
  FUZZ_CHECK(public_key.ok() == IsKey(bytes));
  if (public_key.ok()) {
    FUZZ_CHECK(public_key->ToHex() == absl::AsciiStrToLower(bytes));
  } else {
    CheckMessage(public_key.status().message(), bytes);
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Read(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
