// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A cluster in memory, for simulations of the mirror.

#ifndef KEVY_REPLICA_TOOLS_TESTING_MODEL_CLUSTER_H_
#define KEVY_REPLICA_TOOLS_TESTING_MODEL_CLUSTER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/model_server.h"

namespace kevy_replica {

// Nodes are ModelServers. Slots, redirections and migrations are those of
// getNodeByQuery() in Redis 7.0: a slot that migrates answers ASK for keys that
// are gone, TRYAGAIN if some are; the other node serves them behind ASKING, if
// it has all keys of a command with several, or of a transaction. All nodes
// know a change of the map at once; a mirror does not. Not thread-safe.
class ModelCluster {
 public:
  // The end of a link at one of its commands.
  enum class Break : uint8_t {
    kNone,
    kInFront,  // The command and those behind it do not arrive.
    kBehind,   // It is executed. Those behind it do not arrive.
    kLate,     // It and those behind it arrive when a newer connection ends the
               // older ones, or executes a transaction.
  };

  explicit ModelCluster(size_t masters);
  ModelCluster(const ModelCluster&) = delete;
  ModelCluster& operator=(const ModelCluster&) = delete;

  absl::StatusOr<std::unique_ptr<TargetLink>> Connect(
      const NodeAddress& address);

  // Called in front of each command of any link. It may change the cluster.
  std::function<Break()> at_command = [] { return Break::kNone; };
  // Called behind each change of data.
  std::function<void()> changed = [] {};

  static NodeAddress AddressOf(size_t node);
  size_t size() const { return nodes_.size(); }
  // Whether it lives and has slots.
  bool IsMaster(size_t node) const;
  size_t OwnerOf(uint16_t slot) const { return owner_[slot]; }

  // The node dies. Nothing covers its slots until Promote() or Restart().
  void Kill(size_t node);
  // A new node takes the place of `node`, with its data of `lag` changes ago.
  // A node that lives keeps its links, and says MOVED. A migration goes on, as
  // in Valkey 8; before, a failover of one of its nodes strands keys.
  void Promote(size_t node, size_t lag);
  // A dead node comes back with its data of `lag` changes ago.
  void Restart(size_t node, size_t lag);

  // Migrates a slot, key by key. One slot at a time.
  void BeginMigration(uint16_t slot, size_t to);
  // Returns false if there is no key left, or no migration.
  bool MoveKey();
  void EndMigration();
  std::optional<uint16_t> migrating() const { return migrating_; }
  // Transactions that were executed behind ASKING.
  uint64_t asked() const { return asked_; }

  // All keys of all masters.
  Content ReadAll();
  // The field of a hash, at whatever master. Empty: there is none.
  std::string FieldIn(const std::string& key, const std::string& field);

 private:
  struct Node {
    std::unique_ptr<ModelServer> server;
    bool alive = true;
    uint64_t life = 0;  // Links of an earlier life are broken.
    std::deque<ModelServer::Databases> past;
  };
  struct Connection;
  class Link;
  struct Late {
    std::shared_ptr<Connection> connection;
    std::vector<ModelServer::Argv> commands;
  };

  size_t AddNode();
  void TakePast(size_t node);
  void DeliverLate(size_t node);
  TargetReply Take(Connection* connection, const ModelServer::Argv& argv);
  TargetReply Forward(Connection* connection, const ModelServer::Argv& argv);
  // The error instead of a command on `keys` at `node`. Empty: it serves them.
  std::string Redirect(size_t node, bool asking,
                       const std::vector<std::string>& keys);
  std::vector<std::string> KeysOf(const ModelServer::Argv& argv) const;
  TargetReply SlotsReply() const;
  ModelServer::Databases PastOf(size_t node, size_t lag) const;

  std::vector<Node> nodes_;
  std::vector<size_t> owner_;  // By slot.
  std::optional<uint16_t> migrating_;
  size_t migrating_to_ = 0;
  uint64_t asked_ = 0;
  CommandTable table_;
  std::vector<Late> late_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_MODEL_CLUSTER_H_
