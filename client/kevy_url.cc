// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/kevy_url.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kScheme = "kevy://";

}  // namespace

bool IsKevyUrl(absl::string_view text) {
  return absl::StartsWith(text, kScheme);
}

absl::StatusOr<std::vector<Address>> ParseKevyUrl(absl::string_view url) {
  if (absl::StrContains(url, '@')) {
    return absl::InvalidArgumentError(
        "a kevy:// URL has a user or a password: kevy knows neither; write "
        "kevy://host:port");
  }
  const auto error = [url](absl::string_view fault) {
    return absl::InvalidArgumentError(absl::StrCat(Escaped(url), ": ", fault));
  };
  absl::string_view rest = url;
  if (!absl::ConsumePrefix(&rest, kScheme)) {
    return error("a list of nodes begins with kevy://");
  }
  if (absl::StrContains(rest, '/')) {
    return error("a path or a Unix socket; write kevy://host:port");
  }
  std::vector<Address> nodes;
  for (const absl::string_view text : absl::StrSplit(rest, ',')) {
    absl::StatusOr<Address> node = ParseAddress(text);
    if (!node.ok()) return error(node.status().message());
    if (node->kind != Address::Kind::kTcp) {
      return error("a node needs a host and a port, as in localhost:6004");
    }
    if (node->port == 0) return error("port 0 is not a client port");
    if (std::find(nodes.begin(), nodes.end(), *node) != nodes.end()) {
      return error(absl::StrCat(node->ToString(), " stands twice"));
    }
    if (nodes.size() == kMaxKevyNodes) {
      return error(absl::StrCat("more than ", kMaxKevyNodes, " nodes"));
    }
    nodes.push_back(*std::move(node));
  }
  return nodes;
}

}  // namespace kevy_replica
