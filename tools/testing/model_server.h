// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A server in memory, for tests of the mirror that need many short runs.

#ifndef KEVY_REPLICA_TOOLS_TESTING_MODEL_SERVER_H_
#define KEVY_REPLICA_TOOLS_TESTING_MODEL_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"

namespace kevy_replica {

// A subset of Redis: databases, transactions, clients, deadlines, and some
// commands of each type but streams' consumer groups. model_server_test
// compares it with a real server. Not thread-safe.
//
// Of its own: EVAL's reply is its last argument, as an error. It stands for a
// command that fails when it is executed.
class ModelServer {
 public:
  using Argv = std::vector<std::string>;

  struct Value {
    // As TYPE tells it: "string", "hash", "list", "set", "zset", "stream".
    std::string type;
    std::string text;                          // Of a string.
    std::vector<std::string> items;            // Of a list and a stream.
    std::map<std::string, std::string> pairs;  // Of a hash and a set.
    std::map<std::string, double> scores;      // Of a sorted set.
    std::optional<uint64_t> deadline_ms;
  };
  using Database = std::map<std::string, Value>;
  using Databases = std::map<uint32_t, Database>;

  ModelServer() = default;
  ModelServer(const ModelServer&) = delete;
  ModelServer& operator=(const ModelServer&) = delete;

  // The arguments of a command in RESP.
  static Argv Parse(absl::string_view resp);

  // A new connection, which has selected `database`. It must not outlive the
  // server.
  std::unique_ptr<TargetLink> Connect(uint32_t database);

  // Runs one command outside of a transaction.
  TargetReply Ask(uint32_t database, const Argv& argv);

  // The contents without the key of a mirror, as ContentOf() has them.
  Content ContentIn(uint32_t database);
  // A field of a hash. Empty: there is none.
  std::string FieldIn(uint32_t database, const std::string& key,
                      const std::string& field);

  // All data, as a copy of the server would have it.
  const Databases& databases() const { return databases_; }
  void set_databases(Databases databases) { databases_ = std::move(databases); }

  // Unix time. A key whose deadline has come is gone. Default: 0.
  void set_now_ms(uint64_t now_ms) { now_ms_ = now_ms; }

  // Called after each EXEC, and each writing command outside of a transaction.
  void set_executed(std::function<void()> executed) {
    executed_ = std::move(executed);
  }
  // The number of commands that were answered with an error in a transaction
  // that was executed.
  size_t rejections() const { return rejections_; }

 private:
  class Link;

  struct Client {
    uint64_t id = 0;
    std::string name;
    uint32_t database = 0;
    bool in_transaction = false;
    bool refused = false;  // A command of the transaction was not queued.
    std::vector<Argv> queued;
    bool killed = false;
  };

  TargetReply Take(Client* client, const Argv& argv);
  TargetReply Execute(Client* client);
  TargetReply Run(Client* client, const Argv& argv);
  TargetReply RunClient(Client* client, const Argv& argv);
  std::optional<TargetReply> RunOnServer(Client* client, const Argv& argv);
  void DropPassed();

  Databases databases_;
  uint64_t now_ms_ = 0;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Client*> clients_;
  std::function<void()> executed_ = [] {};
  size_t rejections_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_MODEL_SERVER_H_
