// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/node_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

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
  // inet_pton() would stop at a null byte.
  if (absl::StrContains(host, '\0')) return false;
  in6_addr v6;
  return std::all_of(host.begin(), host.end(),
                     [](unsigned char c) {
                       return absl::ascii_isalnum(c) || c == '.' || c == '-' ||
                              c == '_';
                     }) ||
         inet_pton(AF_INET6, std::string(host).c_str(), &v6) == 1;
}

}  // namespace kevy_replica
