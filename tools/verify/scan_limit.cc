// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/scan_limit.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

namespace kevy_replica {

std::string ScanLimit::Count(size_t keys,
                             std::optional<uint64_t> database_size) {
  largest_size_ = std::max(
      largest_size_,
      std::min(database_size.value_or(kMaxScannedSize), kMaxScannedSize));
  keys_ += keys;
  empty_replies_ += keys == 0 ? 1 : 0;
  if (empty_replies_ > slack_) {
    return absl::StrCat("SCAN does not end: ", empty_replies_,
                        " replies without a key");
  }
  if (keys_ > 2 * largest_size_ + slack_) {
    return absl::StrCat("SCAN does not end: it has brought ", keys_,
                        " keys of a database of ", largest_size_);
  }
  return "";
}

}  // namespace kevy_replica
