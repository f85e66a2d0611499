// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/redis_cluster.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/slot_map.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kPollInterval = absl::Milliseconds(10);
constexpr char kHost[] = "127.0.0.1";

// Keys that one MIGRATE moves.
constexpr char kBatch[] = "10";

}  // namespace

RedisCluster::RedisCluster(const RedisClusterOptions& options)
    : options_(options) {
  const size_t count = options.masters * (options.has_replicas ? 2 : 1);
  for (size_t i = 0; i < count; ++i) {
    auto node = std::make_unique<RedisServer>(RedisServer::Socket::kLoopback,
                                              options.keep);
    node->SetCluster();
    std::vector<std::string> arguments = {"--cluster-node-timeout",
                                          "1000",
                                          "--cluster-require-full-coverage",
                                          "no",
                                          "--cluster-replica-validity-factor",
                                          "0",
                                          "--cluster-allow-replica-migration",
                                          "no",
                                          "--repl-diskless-sync-delay",
                                          "0"};
    arguments.insert(arguments.end(), options.server_options.begin(),
                     options.server_options.end());
    node->set_options(std::move(arguments));
    nodes_.push_back(std::move(node));
  }
}

void RedisCluster::Form() {
  for (const auto& node : nodes_) node->Start();
  for (size_t i = 0; i < size(); ++i) {
    // Nodes with one epoch would have to settle it.
    Do(i, {"CLUSTER", "SET-CONFIG-EPOCH", absl::StrCat(i + 1)});
  }
  for (size_t i = 0; i < options_.masters; ++i) {
    const size_t begin = i * kSlots / options_.masters;
    const size_t end = (i + 1) * kSlots / options_.masters;
    Do(i, {"CLUSTER", "ADDSLOTSRANGE", absl::StrCat(begin),
           absl::StrCat(end - 1)});
  }
  for (size_t i = 1; i < size(); ++i) {
    Do(i, {"CLUSTER", "MEET", kHost, absl::StrCat(nodes_[0]->port()),
           absl::StrCat(nodes_[0]->bus_port())});
  }
  for (size_t i = options_.masters; i < size(); ++i) {
    const std::string master = IdOf(i - options_.masters);
    Await("the replica knows its master", [&](std::string* fault) {
      *fault = nodes_[i]->Ask({"CLUSTER", "REPLICATE", master}).text;
      return *fault == "OK";
    });
  }
  AwaitWhole();
}

void RedisCluster::Await(
    absl::string_view event,
    const std::function<bool(std::string* fault)>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  std::string fault;
  while (!condition(&fault)) {
    if (absl::Now() > deadline) {
      ADD_FAILURE() << "waited " << kPatience << " until " << event << ": "
                    << fault;
      std::abort();
    }
    absl::SleepFor(kPollInterval);
  }
}

absl::StatusOr<SlotMap> RedisCluster::MapOf(size_t node) {
  return SlotMap::Parse(nodes_[node]->Ask({"CLUSTER", "SLOTS"}), address(node));
}

bool RedisCluster::Agree(SlotMap* agreed) {
  bool has_map = false;
  for (size_t i = 0; i < size(); ++i) {
    if (!nodes_[i]->is_running()) continue;
    absl::StatusOr<SlotMap> map = MapOf(i);
    if (!map.ok()) return false;
    for (uint16_t slot = 0; slot < kSlots; ++slot) {
      const NodeAddress* const master = map->MasterOf(slot);
      if (master == nullptr) return false;
      if (has_map && *agreed->MasterOf(slot) != *master) return false;
    }
    *agreed = *std::move(map);
    has_map = true;
  }
  return has_map;
}

bool RedisCluster::IsWhole(std::string* fault) {
  for (size_t i = 0; i < size(); ++i) {
    if (!nodes_[i]->is_running()) continue;
    const std::string info = nodes_[i]->Ask({"CLUSTER", "INFO"}).text;
    const std::string role = nodes_[i]->Ask({"INFO", "replication"}).text;
    *fault = absl::StrCat("node ", i, ":\n", info, role);
    if (!absl::StrContains(info, "cluster_state:ok") ||
        !absl::StrContains(info,
                           absl::StrCat("cluster_known_nodes:", size())) ||
        absl::StrContains(role, "master_link_status:down")) {
      return false;
    }
  }
  *fault = "the nodes tell different masters";
  SlotMap map;
  return Agree(&map);
}

void RedisCluster::AwaitWhole() {
  Await("the cluster is whole",
        [this](std::string* fault) { return IsWhole(fault); });
}

void RedisCluster::AwaitFailoverOf(size_t node) {
  Await("another master has the slots", [&](std::string* fault) {
    SlotMap map;
    *fault = "the nodes tell different masters";
    if (!Agree(&map)) return false;
    *fault = "it is still a master";
    for (const NodeAddress& master : map.masters()) {
      if (master == address(node)) return false;
    }
    return true;
  });
}

void RedisCluster::Kill(size_t node) { nodes_[node]->Kill(); }

void RedisCluster::Restart(size_t node) { nodes_[node]->Start(); }

void RedisCluster::Promote(size_t replica) {
  Do(replica, {"CLUSTER", "FAILOVER", "TAKEOVER"});
  Await("the replica is a master",
        [&](std::string*) { return IsMaster(replica); });
}

void RedisCluster::MigrateSlot(
    uint16_t slot, size_t source, size_t target,
    const std::function<void(MigrationStep step)>& then) {
  const std::string number = absl::StrCat(slot);
  const std::string target_id = IdOf(target);
  Do(target, {"CLUSTER", "SETSLOT", number, "IMPORTING", IdOf(source)});
  then(MigrationStep::kImporting);
  Do(source, {"CLUSTER", "SETSLOT", number, "MIGRATING", target_id});
  then(MigrationStep::kMigrating);
  while (true) {
    const TargetReply keys =
        Do(source, {"CLUSTER", "GETKEYSINSLOT", number, kBatch});
    if (keys.elements.empty()) break;
    std::vector<std::string> migrate = {
        "MIGRATE", kHost, absl::StrCat(nodes_[target]->port()),
        "",        "0",   "10000",
        "REPLACE", "KEYS"};
    for (const TargetReply& key : keys.elements) migrate.push_back(key.text);
    Do(source, migrate);
    then(MigrationStep::kKeysMoved);
  }
  Do(target, {"CLUSTER", "SETSLOT", number, "NODE", target_id});
  then(MigrationStep::kTargetOwns);
  Do(source, {"CLUSTER", "SETSLOT", number, "NODE", target_id});
  then(MigrationStep::kSourceKnows);
}

std::string RedisCluster::target() const {
  std::string result = "redis+cluster://";
  for (size_t i = 0; i < size(); ++i) {
    absl::StrAppend(&result, i == 0 ? "" : ",", address(i).ToString());
  }
  return result;
}

NodeAddress RedisCluster::address(size_t node) const {
  return {kHost, nodes_[node]->port()};
}

size_t RedisCluster::NodeAt(const NodeAddress& wanted) {
  for (size_t i = 0; i < size(); ++i) {
    if (address(i) == wanted) return i;
  }
  ADD_FAILURE() << "no node at " << wanted.ToString();
  std::abort();
}

size_t RedisCluster::MasterOf(uint16_t slot) {
  for (size_t i = 0; i < size(); ++i) {
    if (!nodes_[i]->is_running()) continue;
    const absl::StatusOr<SlotMap> map = MapOf(i);
    if (map.ok() && map->MasterOf(slot) != nullptr) {
      return NodeAt(*map->MasterOf(slot));
    }
  }
  ADD_FAILURE() << "slot " << slot << " has no master";
  std::abort();
}

bool RedisCluster::IsMaster(size_t node) {
  return absl::StrContains(Do(node, {"INFO", "replication"}).text,
                           "role:master");
}

TargetReply RedisCluster::AskForKey(const std::string& key,
                                    const std::vector<std::string>& argv) {
  return nodes_[MasterOf(KeySlot(key))]->Ask(argv);
}

Content RedisCluster::ReadAll(const std::string& record) {
  Content all;
  for (size_t i = 0; i < size(); ++i) {
    if (!nodes_[i]->is_running() || !IsMaster(i)) continue;
    for (auto& [key, text] : ContentOf(nodes_[i].get())) {
      if (key == record || absl::StartsWith(key, absl::StrCat(record, ":{"))) {
        continue;
      }
      EXPECT_TRUE(all.emplace(key, text).second) << "twice: " << key;
    }
  }
  return all;
}

std::string RedisCluster::IdOf(size_t node) {
  return Do(node, {"CLUSTER", "MYID"}).text;
}

TargetReply RedisCluster::Do(size_t node,
                             const std::vector<std::string>& argv) {
  TargetReply reply = nodes_[node]->Ask(argv);
  EXPECT_FALSE(reply.is_error())
      << "node " << node << ": " << argv[0] << " "
      << (argv.size() > 1 ? argv[1] : "") << ": " << reply.text;
  return reply;
}

}  // namespace kevy_replica
