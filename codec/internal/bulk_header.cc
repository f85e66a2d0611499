// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/bulk_header.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {
namespace internal {

bool BulkHeader::ReadLong(const char* p, size_t left) {
  if (std::memcmp(p - 2, "\r\n$", 3) != 0) return false;
  constexpr uint64_t kMost = 999'999'999;  // 9 digits.
  DecimalReader reader;
  size_t at = 1;
  while (at != 10 && at != left && reader.Take(p[at], kMost)) ++at;
  if (at == 1 || left - at < 2 || std::memcmp(p + at, "\r\n", 2) != 0) {
    return false;
  }
  size = at + 2;
  length = static_cast<size_t>(reader.value());
  return true;
}

}  // namespace internal
}  // namespace kevy_replica
