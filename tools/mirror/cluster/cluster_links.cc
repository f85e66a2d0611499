// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/cluster_links.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/redirection.h"
#include "kevy_replica/tools/mirror/cluster/slot_map.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// Nodes that are neither seeds nor linked, for one Refresh(). A hostile map may
// have many that take the whole timeout.
constexpr size_t kMaxStrangers = 16;

// Nodes that one Ask() sends its command to.
constexpr int kMaxHops = 16;

// New maps for one Ask().
constexpr int kMaxNewMaps = 2;

// Faults in the message of Refresh().
constexpr size_t kMaxFaults = 4;

absl::Status NotCovered(uint16_t slot) {
  return absl::UnavailableError(
      absl::StrCat("no node of the cluster covers slot ", slot));
}

}  // namespace

ClusterLinks::ClusterLinks(std::vector<NodeAddress> seeds,
                           NodeConnector connect)
    : seeds_(std::move(seeds)), connect_(std::move(connect)) {}

std::vector<NodeAddress> ClusterLinks::NodesToAsk() {
  std::vector<NodeAddress> nodes;
  const auto add = [&nodes](const NodeAddress& node) {
    if (!absl::c_linear_search(nodes, node)) nodes.push_back(node);
  };
  for (const NodeAddress& node : slots_.masters()) {
    const auto link = links_.find(node);
    if (link != links_.end() && link->second->status().ok()) add(node);
  }
  if (!nodes.empty()) {
    std::rotate(nodes.begin(), nodes.begin() + refreshes_ % nodes.size(),
                nodes.end());
  }
  for (const NodeAddress& seed : seeds_) add(seed);
  const size_t most = nodes.size() + kMaxStrangers;
  for (const auto* const known : {&slots_.masters(), &slots_.replicas()}) {
    for (const NodeAddress& node : *known) {
      if (nodes.size() < most) add(node);
    }
  }
  ++refreshes_;
  return nodes;
}

absl::StatusOr<TargetReply> ClusterLinks::AskNode(
    const NodeAddress& node, bool asking,
    absl::Span<const absl::string_view> argv) {
  const absl::StatusOr<CheckedLink*> found = LinkTo(node);
  if (!found.ok()) return found.status();
  CheckedLink* const link = *found;
  if (asking) link->Add({"ASKING"});
  link->Add(argv);
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  if (asking) {
    const absl::StatusOr<TargetReply> reply =
        link->ReceiveAnswer(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
  }
  return link->ReceiveAnswer(ReplyDetail::kWhole);
}

absl::StatusOr<SlotMap> ClusterLinks::MapOf(const NodeAddress& node) {
  const absl::StatusOr<TargetReply> reply =
      AskNode(node, /*asking=*/false, {"CLUSTER", "SLOTS"});
  if (!reply.ok()) return reply.status();
  absl::StatusOr<SlotMap> map = SlotMap::Parse(*reply, node);
  if (map.ok() && map->covered() == 0) {
    return absl::UnavailableError("it knows no master of any slot");
  }
  return map;
}

absl::Status ClusterLinks::Refresh() {
  std::string faults;
  size_t count = 0;
  bool all_refuse = true;
  for (const NodeAddress& node : NodesToAsk()) {
    absl::StatusOr<SlotMap> map = MapOf(node);
    if (map.ok()) {
      slots_ = *std::move(map);
      DropForgottenLinks();
      return absl::OkStatus();
    }
    if (absl::IsCancelled(map.status()) ||
        absl::IsInvalidArgument(map.status())) {
      return map.status();
    }
    all_refuse = all_refuse && absl::IsFailedPrecondition(map.status());
    if (++count <= kMaxFaults) {
      absl::StrAppend(&faults, "; ", node.ToString(), ": ",
                      map.status().message());
    }
  }
  if (count > kMaxFaults) {
    absl::StrAppend(&faults, "; and ", count - kMaxFaults, " more");
  }
  const std::string message =
      absl::StrCat("no node tells the map of the cluster", faults);
  return all_refuse ? absl::FailedPreconditionError(message)
                    : absl::UnavailableError(message);
}

void ClusterLinks::DropForgottenLinks() {
  std::set<NodeAddress> known(seeds_.begin(), seeds_.end());
  known.insert(slots_.masters().begin(), slots_.masters().end());
  known.insert(slots_.replicas().begin(), slots_.replicas().end());
  for (auto i = links_.begin(); i != links_.end();) {
    i = known.count(i->first) == 0 ? links_.erase(i) : std::next(i);
  }
}

bool ClusterLinks::Moved(const Redirection& moved) {
  return slots_.Move(moved.slot, moved.node);
}

absl::StatusOr<CheckedLink*> ClusterLinks::LinkTo(const NodeAddress& node) {
  const auto found = links_.find(node);
  if (found != links_.end() && found->second->status().ok()) {
    return found->second.get();
  }
  if (found == links_.end() && links_.size() >= kMaxNodes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are links to ", kMaxNodes, " nodes already"));
  }
  absl::StatusOr<std::unique_ptr<TargetLink>> link = connect_(node);
  if (!link.ok()) return link.status();
  if (found != links_.end()) {
    found->second->Replace(*std::move(link));
    return found->second.get();
  }
  return links_.emplace(node, std::make_unique<CheckedLink>(*std::move(link)))
      .first->second.get();
}

absl::StatusOr<CheckedLink*> ClusterLinks::LinkOf(uint16_t slot) {
  const NodeAddress* const master = slots_.MasterOf(slot);
  if (master == nullptr) return NotCovered(slot);
  return LinkTo(*master);
}

absl::StatusOr<TargetReply> ClusterLinks::Ask(
    uint16_t slot, absl::Span<const absl::string_view> argv) {
  int new_maps = 0;
  absl::Status fault;
  std::optional<NodeAddress> asking;  // The node of the last ASK.
  for (int hop = 0; hop < kMaxHops; ++hop) {
    if (!fault.ok()) {
      if (new_maps == kMaxNewMaps) return fault;
      ++new_maps;
      absl::Status refreshed = Refresh();
      if (!refreshed.ok()) return refreshed;
      fault = absl::OkStatus();
    }
    const NodeAddress* const master = slots_.MasterOf(slot);
    if (master == nullptr && !asking.has_value()) {
      fault = NotCovered(slot);
      continue;
    }
    const NodeAddress node = asking.has_value() ? *asking : *master;
    absl::StatusOr<TargetReply> reply = AskNode(node, asking.has_value(), argv);
    asking.reset();
    if (absl::IsUnavailable(reply.status()) ||
        absl::IsDeadlineExceeded(reply.status())) {
      fault = reply.status();
      continue;
    }
    if (!reply.ok() || !reply->is_error()) return reply;
    const std::optional<Redirection> redirection =
        ParseRedirection(reply->text, node);
    if (!redirection.has_value()) return reply;
    if (redirection->kind == Redirection::Kind::kAsk) {
      asking = redirection->node;
    } else if (redirection->slot != slot || !Moved(*redirection)) {
      fault = absl::UnavailableError(absl::StrCat(
          node.ToString(), " redirects slot ", slot, " with: ", reply->text));
    }
  }
  return absl::UnavailableError(
      absl::StrCat("the nodes of the cluster redirect slot ", slot,
                   " in a circle of ", kMaxHops, " steps"));
}

}  // namespace kevy_replica
