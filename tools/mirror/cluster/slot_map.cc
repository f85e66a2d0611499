// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_map.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using Type = TargetReply::Type;

// In front of the nodes of a range stand its first and its last slot.
constexpr size_t kFirstNode = 2;

absl::Status Fault(absl::string_view fault) {
  return absl::UnavailableError(
      absl::StrCat("the reply to CLUSTER SLOTS: ", fault));
}

// Reads a node, [host, port, ...]. The host is empty if it is told as "?".
absl::StatusOr<NodeAddress> TakeNode(const TargetReply& reply,
                                     const NodeAddress& asked) {
  constexpr absl::string_view kOtherForm =
      "a node is not an array of host and port";
  if (reply.type != Type::kArray || reply.elements.size() < 2) {
    return Fault(kOtherForm);
  }
  const TargetReply& host = reply.elements[0];
  const TargetReply& port = reply.elements[1];
  if ((host.type != Type::kText && host.type != Type::kNull) ||
      port.type != Type::kInteger) {
    return Fault(kOtherForm);
  }
  if (port.integer < 1 || port.integer > std::numeric_limits<uint16_t>::max()) {
    return Fault(absl::StrCat("a node has the port ", port.integer));
  }
  NodeAddress node;
  node.port = static_cast<uint16_t>(port.integer);
  if (host.text == "?") return node;
  node.host = host.text.empty() ? asked.host : host.text;
  if (!IsNodeHost(node.host)) {
    // It may be long.
    constexpr size_t kShown = 64;
    return Fault(absl::StrCat("a node has the host ",
                              Escaped(node.host.substr(0, kShown))));
  }
  return node;
}

bool IsSlot(const TargetReply& reply) {
  return reply.type == Type::kInteger && reply.integer >= 0 &&
         reply.integer < kSlots;
}

}  // namespace

absl::StatusOr<SlotMap> SlotMap::Parse(const TargetReply& reply,
                                       const NodeAddress& asked) {
  if (reply.is_error()) {
    return absl::FailedPreconditionError(
        absl::StrCat("CLUSTER SLOTS: ", reply.text));
  }
  if (reply.type != Type::kArray) return Fault("it is not an array");
  SlotMap map;
  std::map<NodeAddress, uint16_t> masters;
  std::set<NodeAddress> replicas;
  std::vector<bool> told(kSlots);
  // Each range has a slot that no other one has, so there are at most kSlots.
  for (const TargetReply& range : reply.elements) {
    if (range.type != Type::kArray || range.elements.size() <= kFirstNode ||
        !IsSlot(range.elements[0]) || !IsSlot(range.elements[1]) ||
        range.elements[0].integer > range.elements[1].integer) {
      return Fault("a range is not two slots and nodes");
    }
    uint16_t owner = kNone;
    for (size_t i = kFirstNode; i < range.elements.size(); ++i) {
      const absl::StatusOr<NodeAddress> node =
          TakeNode(range.elements[i], asked);
      if (!node.ok()) return node.status();
      if (node->host.empty()) continue;
      if (i > kFirstNode) {
        replicas.insert(*node);
      } else {
        owner = masters.emplace(*node, map.masters_.size()).first->second;
        if (owner == map.masters_.size()) map.masters_.push_back(*node);
      }
      if (masters.size() + replicas.size() > kMaxNodes) {
        return Fault(absl::StrCat("more than ", kMaxNodes, " nodes"));
      }
    }
    for (int64_t slot = range.elements[0].integer;
         slot <= range.elements[1].integer; ++slot) {
      const auto index = static_cast<size_t>(slot);
      if (told[index]) {
        return Fault(absl::StrCat("slot ", slot, " is told twice"));
      }
      told[index] = true;
      map.owners_[index] = owner;
    }
  }
  map.replicas_.assign(replicas.begin(), replicas.end());
  return map;
}

const NodeAddress* SlotMap::MasterOf(uint16_t slot) const {
  const uint16_t owner = owners_[slot];
  return owner == kNone ? nullptr : &masters_[owner];
}

int SlotMap::covered() const {
  return kSlots -
         static_cast<int>(std::count(owners_.begin(), owners_.end(), kNone));
}

bool SlotMap::Move(uint16_t slot, const NodeAddress& node) {
  const auto found = std::find(masters_.begin(), masters_.end(), node);
  const auto owner = static_cast<uint16_t>(found - masters_.begin());
  if (found == masters_.end()) {
    if (masters_.size() == kMaxNodes) return false;
    masters_.push_back(node);
  }
  owners_[slot] = owner;
  return true;
}

}  // namespace kevy_replica
