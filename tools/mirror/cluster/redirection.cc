// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/redirection.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"

namespace kevy_replica {

bool IsRedirection(absl::string_view error) {
  return absl::StartsWith(error, "MOVED ") || absl::StartsWith(error, "ASK ");
}

std::optional<Redirection> ParseRedirection(absl::string_view error,
                                            const NodeAddress& asked) {
  Redirection result;
  if (absl::ConsumePrefix(&error, "ASK ")) {
    result.kind = Redirection::Kind::kAsk;
  } else if (!absl::ConsumePrefix(&error, "MOVED ")) {
    return std::nullopt;
  }
  const size_t space = error.find(' ');
  const size_t colon = error.rfind(':');
  if (space == absl::string_view::npos || colon == absl::string_view::npos ||
      colon < space) {
    return std::nullopt;
  }
  const std::optional<uint64_t> slot =
      internal::ParseDecimal(error.substr(0, space));
  const std::optional<uint64_t> port =
      internal::ParseDecimal(error.substr(colon + 1));
  if (!slot.has_value() || *slot >= kSlots || !port.has_value() || *port == 0 ||
      *port > std::numeric_limits<uint16_t>::max()) {
    return std::nullopt;
  }
  absl::string_view host = error.substr(space + 1, colon - space - 1);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]")) {
    host = host.substr(1, host.size() - 2);
  } else if (host.empty()) {
    host = asked.host;
  }
  if (!IsNodeHost(host)) return std::nullopt;
  result.slot = static_cast<uint16_t>(*slot);
  result.node = {std::string(host), static_cast<uint16_t>(*port)};
  return result;
}

}  // namespace kevy_replica
