// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The replies of a cluster's nodes to a mirror. The first two bytes choose a
// slot. A question about it ends after a bounded number of commands, and each
// node that is asked has an address that leads to a host. A map and a
// redirection keep their contracts.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/fuzz/byte_link.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/cluster/slot_map.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

const NodeAddress& Seed() {
  static const auto* const seed = new NodeAddress{"seed", 6379};
  return *seed;
}

void CheckNode(const NodeAddress& node) {
  FUZZ_CHECK(IsNodeHost(node.host));
  FUZZ_CHECK(node.port != 0);
}

void CheckMap(const SlotMap& map) {
  FUZZ_CHECK(map.masters().size() <= kMaxNodes);
  FUZZ_CHECK(map.replicas().size() <= kMaxNodes);
  for (const NodeAddress& node : map.masters()) CheckNode(node);
  for (const NodeAddress& node : map.replicas()) CheckNode(node);
  int covered = 0;
  for (uint16_t slot = 0; slot < kSlots; ++slot) {
    covered += map.MasterOf(slot) != nullptr;
  }
  FUZZ_CHECK(covered == map.covered());
}

void CheckStatus(const absl::Status& status) {
  FUZZ_CHECK(absl::IsUnavailable(status) ||
             absl::IsFailedPrecondition(status) ||
             absl::IsResourceExhausted(status));
  FUZZ_CHECK(std::all_of(status.message().begin(), status.message().end(),
                         absl::ascii_isprint));
}

void CheckRedirection(absl::string_view error) {
  const std::optional<Redirection> redirection =
      ParseRedirection(error, Seed());
  if (!redirection.has_value()) return;
  CheckNode(redirection->node);
  FUZZ_CHECK(redirection->slot < kSlots);
}

void Ask(uint16_t slot, absl::string_view replies) {
  // 16 commands, and two maps from a seed, the masters and 16 other nodes.
  constexpr size_t kMaxConnections = 100;
  size_t connections = 0;
  ClusterLinks links({Seed()},
                     [&](const NodeAddress& node)
                         -> absl::StatusOr<std::unique_ptr<TargetLink>> {
                       CheckNode(node);
                       FUZZ_CHECK(++connections < kMaxConnections);
                       return std::make_unique<ByteLink>(&replies,
                                                         TargetReplyLimits());
                     });
  const absl::StatusOr<TargetReply> reply = links.Ask(slot, {"GET", "key"});
  if (!reply.ok()) CheckStatus(reply.status());
  CheckMap(links.slots());
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::CheckRedirection(bytes);
  if (size < 2) return 0;
  const auto slot =
      static_cast<uint16_t>((data[0] << 8 | data[1]) % kevy_replica::kSlots);
  kevy_replica::Ask(slot, bytes.substr(2));
  return 0;
}
