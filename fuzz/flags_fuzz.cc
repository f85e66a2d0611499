// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Values of flags: an accepted one survives formatting, and the message about
// another one is printable. The addresses of a target and of a cluster never
// show their password.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

void CheckMessage(absl::string_view message) {
  FUZZ_CHECK(!message.empty());
  FUZZ_CHECK(std::all_of(message.begin(), message.end(), absl::ascii_isprint));
}

bool operator==(const StartFlag& a, const StartFlag& b) {
  return a.start_at == b.start_at && a.position == b.position;
}

template <typename Value>
void CheckFlag(absl::string_view text) {
  Value value{};
  std::string error;
  if (!AbslParseFlag(text, &value, &error)) {
    CheckMessage(error);
    return;
  }
  Value same{};
  FUZZ_CHECK(AbslParseFlag(AbslUnparseFlag(value), &same, &error));
  FUZZ_CHECK(same == value);
}

void CheckAddress(absl::string_view text) {
  const absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(address.status()));
    CheckMessage(address.status().message());
    return;
  }
  const absl::StatusOr<Address> same = ParseAddress(address->ToString());
  FUZZ_CHECK(same.ok() && *same == *address);
}

// The message of `parse` about `text` is the same with another password.
template <typename Value>
void CheckPasswordIsHidden(absl::string_view text, absl::string_view message,
                           absl::StatusOr<Value> (*parse)(absl::string_view)) {
  const size_t at = text.rfind('@');
  if (at == absl::string_view::npos) return;
  const size_t colon = text.substr(0, at).rfind(':');
  const size_t scheme = text.find("://");
  // Without a password, or with one that is a fault itself.
  if (scheme == absl::string_view::npos || colon == absl::string_view::npos ||
      colon <= scheme || !absl::StartsWith(text, "redis") ||
      absl::StrContains(text.substr(colon, at - colon), "%")) {
    return;
  }
  const std::string other =
      absl::StrCat(text.substr(0, colon + 1), "other", text.substr(at));
  FUZZ_CHECK(parse(other).status().message() == message);
}

void CheckTarget(absl::string_view text) {
  const absl::StatusOr<TargetAddress> target = ParseTargetAddress(text);
  if (!target.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(target.status()));
    CheckMessage(target.status().message());
    CheckPasswordIsHidden(text, target.status().message(), ParseTargetAddress);
    return;
  }
  const absl::StatusOr<TargetAddress> same =
      ParseTargetAddress(target->ToString());
  FUZZ_CHECK(same.ok());
  FUZZ_CHECK(same->server == target->server);
  FUZZ_CHECK(same->database == target->database);
  FUZZ_CHECK(same->tls.has_value() == target->tls.has_value());
  FUZZ_CHECK(same->user.empty() && same->password.empty());
}

void CheckCluster(absl::string_view text) {
  const absl::StatusOr<ClusterAddress> cluster = ParseClusterAddress(text);
  if (!cluster.ok()) {
    FUZZ_CHECK(absl::IsInvalidArgument(cluster.status()));
    CheckMessage(cluster.status().message());
    CheckPasswordIsHidden(text, cluster.status().message(),
                          ParseClusterAddress);
    return;
  }
  const absl::StatusOr<ClusterAddress> same =
      ParseClusterAddress(cluster->ToString());
  FUZZ_CHECK(same.ok());
  FUZZ_CHECK(!same->seeds.empty() && same->seeds == cluster->seeds);
  FUZZ_CHECK(same->login.tls.has_value() == cluster->login.tls.has_value());
  FUZZ_CHECK(same->login.user.empty() && same->login.password.empty());
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  kevy_replica::CheckFlag<kevy_replica::FeedPosition>(text);
  kevy_replica::CheckFlag<kevy_replica::StartFlag>(text);
  kevy_replica::CheckFlag<kevy_replica::ProtocolChoice>(text);
  kevy_replica::CheckAddress(text);
  kevy_replica::CheckTarget(text);
  kevy_replica::CheckCluster(text);
  return 0;
}
