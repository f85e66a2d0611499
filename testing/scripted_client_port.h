// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The client port of a scripted node, for the tests of programs that look for
// the primary of a kevy cluster.
//
//   ScriptedNode node;
//   node.shards = {{77, 5}};
//   ScriptedClientPort port(node);
//   ASSERT_TRUE(port.Listen("127.0.0.1:0").ok());
//   ...                       // Connect to port.address().
//   node.role = ScriptedNode::Role::kReplica;
//   port.SetNode(node);       // Later commands see a replica.
//   port.TakeDown();          // The node dies ...
//   ASSERT_TRUE(port.BringUp().ok());  // ... and is back at the same port.
//
// It answers commands in RESP multi-bulk as ScriptedNode::ReplyTo() does
// (scripted_node.h). A hostile node is a queue of raw replies:
//
//   port.Enqueue("$-7\r\n");  // To the next command of any connection.
//   port.SetDefault("");      // Silence, for all commands behind it.
//
// A whole scripted node has this port and one ScriptedPrimary
// (scripted_primary.h) a shard.

#ifndef KEVY_REPLICA_TESTING_SCRIPTED_CLIENT_PORT_H_
#define KEVY_REPLICA_TESTING_SCRIPTED_CLIENT_PORT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Each connection has a thread of its own. A command over 1 MiB, and bytes that
// are no multi-bulk command, get "-ERR Protocol error" and the connection's
// end.
//
// Thread-safe.
class ScriptedClientPort {
 public:
  explicit ScriptedClientPort(ScriptedNode node = ScriptedNode());
  ~ScriptedClientPort();  // Calls TakeDown().
  ScriptedClientPort(const ScriptedClientPort&) = delete;
  ScriptedClientPort& operator=(const ScriptedClientPort&) = delete;

  // Sets the node for all later commands, on standing connections too.
  void SetNode(ScriptedNode node);
  [[nodiscard]] ScriptedNode node() const;

  // Appends a raw reply to the queue. A command takes the front of the queue
  // instead of the node's reply. An empty one leaves the command unanswered.
  void Enqueue(std::string reply);
  // Sets the raw reply for every command that finds the queue empty. Unset: the
  // node's reply. Default: unset.
  void SetDefault(std::optional<std::string> reply);

  // Accepts connections at `address` (see Listener::Listen). Errors:
  // kFailedPrecondition for a second call and while the node is down, and
  // Listener::Listen()'s.
  absl::Status Listen(absl::string_view address);
  // The address of Listen() with its real port. It stays while the node is
  // down. Empty before Listen().
  std::string address() const;

  // Returns a factory of connections in memory. It may be called any number of
  // times, until this object is destroyed. kUnavailable while the node is down.
  [[nodiscard]] TransportFactory InMemory();

  // Stops listening and closes all connections, as a node that died. Later
  // calls change nothing.
  void TakeDown();
  // Accepts connections again, at the same address. OK if the node is up.
  // Errors: Listener::Listen()'s; the node then stays down.
  absl::Status BringUp();

  // The number of connections so far.
  size_t connections() const;
  // Returns the commands so far, of all connections in the order of arrival.
  [[nodiscard]] std::vector<std::vector<std::string>> commands() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_SCRIPTED_CLIENT_PORT_H_
