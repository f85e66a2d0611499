// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/decimal.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace internal {

std::optional<uint64_t> ParseDecimal(absl::string_view text) {
  DecimalReader reader;
  for (const char c : text) {
    if (!reader.Take(c, std::numeric_limits<uint64_t>::max())) {
      return std::nullopt;
    }
  }
  if (reader.digits() == 0) return std::nullopt;
  return reader.value();
}

char* WriteLongDecimal(uint64_t value, char* out) {
  char* const end = out + DecimalSize(value);
  for (char* p = end; value >= 100; value /= 100) {
    p -= 2;
    std::memcpy(p, kDigitPairs + 2 * (value % 100), 2);
  }
  WriteDecimal(value, out);
  return end;
}

}  // namespace internal
}  // namespace kevy_replica
