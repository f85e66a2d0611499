// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/value.h"

#include <ostream>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace internal {

std::ostream& Print(absl::string_view text, std::ostream& out) {
  return out << text;
}

}  // namespace internal
}  // namespace kevy_replica
