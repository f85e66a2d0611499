// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/node_address.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

// Of a name in the domain name system.
constexpr size_t kMaxHostSize = 253;

}  // namespace

std::string NodeAddress::ToString() const {
  Address address;
  address.host = host;
  address.port = port;
  return address.ToString();
}

bool IsNodeHost(absl::string_view host) {
  if (host.empty() || host.size() > kMaxHostSize) return false;
  const bool is_v6 = absl::StrContains(host, ':');
  return std::all_of(host.begin(), host.end(), [is_v6](unsigned char c) {
    if (is_v6) return absl::ascii_isxdigit(c) || c == ':' || c == '.';
    return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace kevy_replica
