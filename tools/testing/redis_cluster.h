// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A cluster of Redis servers as processes, for tests.
//
//   RedisCluster cluster;
//   cluster.Form();
//   const uint16_t slot = KeySlot("cart:7");
//   cluster.MigrateSlot(slot, cluster.MasterOf(slot), 0);

#ifndef KEVY_REPLICA_TOOLS_TESTING_REDIS_CLUSTER_H_
#define KEVY_REPLICA_TOOLS_TESTING_REDIS_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/cluster/slot_map.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {

struct RedisClusterOptions {
  size_t masters = 3;
  // Each master has one. Default: false.
  bool has_replicas = false;
  // Whether a killed node comes back with its acknowledged writes. Its place in
  // the cluster comes back in any case. Default: kAll.
  RedisServer::Keep keep = RedisServer::Keep::kAll;
  // More options of each server.
  std::vector<std::string> server_options;
};

// The stages of RedisCluster::MigrateSlot(), each after the step is done.
enum class MigrationStep : uint8_t {
  kImporting,   // The target takes commands behind ASKING.
  kMigrating,   // The source answers ASK for keys that it lacks.
  kKeysMoved,   // Up to 10 keys were moved. May come any number of times.
  kTargetOwns,  // The target answers, the source still answers ASK.
  kSourceKnows  // The source answers MOVED.
};

// The masters are nodes 0 to masters - 1. The replica of master i begins as
// node masters + i. Slots are shared out evenly, in order. A node is given up
// after 1 s. The cluster serves the slots that it has, even if not all are
// covered. Waits end after 60 s. Errors fail the test.
class RedisCluster {
 public:
  // As RedisServer::IsInstalled().
  static bool IsInstalled() { return RedisServer::IsInstalled(); }

  explicit RedisCluster(
      const RedisClusterOptions& options = RedisClusterOptions());
  RedisCluster(const RedisCluster&) = delete;
  RedisCluster& operator=(const RedisCluster&) = delete;

  // Starts the nodes, makes them a cluster, and waits until it is whole.
  void Form();

  // Waits until the running nodes agree on the master of each slot, all of them
  // tell "cluster_state:ok", and replicas follow their masters.
  void AwaitWhole();

  // Kills a node by SIGKILL, and starts it again at its ports.
  void Kill(size_t node);
  void Restart(size_t node);

  // Makes a replica the master of its master's slots, and waits until it is.
  // Its master may live or not.
  void Promote(size_t replica);

  // Waits until the running nodes agree on another master than `node` for each
  // slot, as after Kill() of a master that has a replica.
  void AwaitFailoverOf(size_t node);

  // Moves a slot with its keys from one master to another, as redis-cli does.
  // Calls `then` after each step.
  void MigrateSlot(
      uint16_t slot, size_t source, size_t target,
      const std::function<void(MigrationStep step)>& then = [](MigrationStep) {
      });

  // "redis+cluster://127.0.0.1:7000,127.0.0.1:7001,..." of all nodes.
  std::string target() const;
  NodeAddress address(size_t node) const;
  size_t size() const { return nodes_.size(); }
  RedisServer& server(size_t node) { return *nodes_[node]; }

  // The node that is the master of `slot` by the word of the first running
  // node.
  size_t MasterOf(uint16_t slot);
  // Whether a running node says that it is a master.
  bool IsMaster(size_t node);

  // Runs a command about one key at the master of its slot.
  TargetReply AskForKey(const std::string& key,
                        const std::vector<std::string>& argv);

  // The contents of all running masters, without a mirror's own keys: `record`
  // and those that begin with `record` and ":{". A key that two masters have
  // fails the test.
  Content ReadAll(const std::string& record = "kevy_mirror");

 private:
  absl::StatusOr<SlotMap> MapOf(size_t node);
  // Whether all running nodes tell one map. It is `*map` then.
  bool Agree(SlotMap* map);
  bool IsWhole(std::string* fault);
  std::string IdOf(size_t node);
  size_t NodeAt(const NodeAddress& address);
  // Runs a command whose reply must not be an error.
  TargetReply Do(size_t node, const std::vector<std::string>& argv);
  // Asks `condition` until it holds. It tells a fault in `*fault`.
  void Await(absl::string_view event,
             const std::function<bool(std::string* fault)>& condition);

  const RedisClusterOptions options_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_REDIS_CLUSTER_H_
