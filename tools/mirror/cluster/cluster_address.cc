// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cluster_address.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kPlain = "redis+cluster:";
constexpr absl::string_view kTls = "rediss+cluster:";

// `text` must not hold the password.
absl::Status Wrong(absl::string_view text, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(
      Escaped(text), ": ", reason,
      "; expected redis+cluster://[[USER]:PASSWORD@]HOST:PORT[,HOST:PORT...], "
      "or rediss+cluster://... for TLS"));
}

}  // namespace

TargetAddress ClusterAddress::At(const NodeAddress& node) const {
  TargetAddress address = login;
  address.server.host = node.host;
  address.server.port = node.port;
  return address;
}

std::string ClusterAddress::ToString() const {
  return absl::StrCat(
      login.tls.has_value() ? kTls : kPlain, "//",
      absl::StrJoin(seeds, ",", [](std::string* out, const NodeAddress& seed) {
        absl::StrAppend(out, seed.ToString());
      }));
}

bool IsClusterAddress(absl::string_view text) {
  return absl::StartsWith(text, kPlain) || absl::StartsWith(text, kTls);
}

absl::StatusOr<ClusterAddress> ParseClusterAddress(absl::string_view text) {
  ClusterAddress result;
  const absl::string_view scheme = absl::StartsWith(text, kTls) ? kTls : kPlain;
  const size_t at = text.rfind('@');
  absl::string_view nodes =
      at == absl::string_view::npos ? text : text.substr(at + 1);
  absl::string_view credentials =
      at == absl::string_view::npos ? "" : text.substr(0, at + 1);
  if (!absl::ConsumePrefix(
          at == absl::string_view::npos ? &nodes : &credentials,
          absl::StrCat(scheme, "//"))) {
    return Wrong(scheme, "the scheme is another one");
  }
  const std::string shown = absl::StrCat(scheme, "//", nodes);
  // The credentials are those of a single server.
  const absl::StatusOr<TargetAddress> login = ParseTargetAddress(absl::StrCat(
      scheme == kTls ? "rediss" : "redis", "://", credentials, "localhost"));
  if (!login.ok()) return Wrong(shown, "a % needs two hexadecimal digits");
  result.login = *login;
  result.login.server = Address();
  if (absl::StrContains(nodes, '/')) {
    return Wrong(shown, "a cluster has one database: leave out the /");
  }
  for (const absl::string_view node : absl::StrSplit(nodes, ',')) {
    const absl::StatusOr<Address> address = ParseAddress(node);
    if (!address.ok()) return Wrong(shown, address.status().message());
    if (!IsNodeHost(address->host) || address->port == 0) {
      return Wrong(shown, absl::StrCat(Escaped(node), " is no node's address"));
    }
    result.seeds.push_back({address->host, address->port});
  }
  return result;
}

}  // namespace kevy_replica
