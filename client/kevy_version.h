// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The version of a kevy server.
//
//   const std::optional<KevyVersion> version = ParseKevyVersion("5.4.0");
//   if (version.has_value() && *version < KevyVersion{5, 1, 0}) Warn();
//
// A primary tells its version on the client port: the line `kevy_version:` of
// `INFO server`. (`redis_version` is a constant.)

#ifndef KEVY_REPLICA_CLIENT_KEVY_VERSION_H_
#define KEVY_REPLICA_CLIENT_KEVY_VERSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// Versions are ordered by major, then minor, then patch number.
struct KevyVersion {
  uint32_t major = 0;
  uint32_t minor = 0;
  uint32_t patch = 0;

  template <typename T>
  static auto ValueFields(const T& version) {
    return std::tie(version.major, version.minor, version.patch);
  }
  friend bool operator<(const KevyVersion& a, const KevyVersion& b) {
    return KevyVersion::ValueFields(a) < KevyVersion::ValueFields(b);
  }
  friend bool operator>(const KevyVersion& a, const KevyVersion& b) {
    return b < a;
  }
  friend bool operator<=(const KevyVersion& a, const KevyVersion& b) {
    return !(b < a);
  }
  friend bool operator>=(const KevyVersion& a, const KevyVersion& b) {
    return !(a < b);
  }
};

// Appends "5.4.0".
void AppendText(const KevyVersion& version, std::string* out);

// Reads "5.4.0", "7.0" (7.0.0) or "7" (7.0.0). Ignores a suffix that begins
// with '-' or '+': "7.0.0-rc.1" is 7.0.0. Returns nullopt for any other text,
// such as one with spaces or a number over 2^32 - 1.
[[nodiscard]] std::optional<KevyVersion> ParseKevyVersion(
    absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_KEVY_VERSION_H_
