// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_version.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {

void AppendText(const KevyVersion& version, std::string* out) {
  absl::StrAppend(out, version.major, ".", version.minor, ".", version.patch);
}

std::optional<KevyVersion> ParseKevyVersion(absl::string_view text) {
  text = text.substr(0, text.find_first_of("-+"));
  KevyVersion version;
  for (uint32_t* part : {&version.major, &version.minor, &version.patch}) {
    const size_t end = std::min(text.find('.'), text.size());
    const std::optional<uint64_t> number =
        internal::ParseDecimal(text.substr(0, end));
    if (!number.has_value() || *number > std::numeric_limits<uint32_t>::max()) {
      return std::nullopt;
    }
    *part = static_cast<uint32_t>(*number);
    if (end == text.size()) return version;
    text.remove_prefix(end + 1);
  }
  return std::nullopt;  // A fourth part.
}

}  // namespace kevy_replica
