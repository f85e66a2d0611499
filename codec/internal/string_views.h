// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Ranges of strings as lists of views.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_STRING_VIEWS_H_
#define KEVY_REPLICA_CODEC_INTERNAL_STRING_VIEWS_H_

#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace codec_internal {

// int, if `Strings` is no list of views itself.
template <typename Strings>
using IfStrings = std::enable_if_t<
    !std::is_convertible<const Strings&,
                         absl::Span<const absl::string_view>>::value,
    int>;

// The views are valid as long as the strings of `strings`.
template <typename Strings>
std::vector<absl::string_view> StringViews(const Strings& strings) {
  return std::vector<absl::string_view>(strings.begin(), strings.end());
}

}  // namespace codec_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_STRING_VIEWS_H_
