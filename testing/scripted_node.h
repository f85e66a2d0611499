// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A node of a kevy cluster as its client port shows it: the replies to ROLE,
// INFO, FEED.SHARDS, FEED.TAIL, REPL.TOKEN and PING.
//
//   ScriptedNode node;
//   node.version = "5.4.0";
//   node.shards = {{77, 5}, {78, 1}};  // Generation and next offset of each.
//   node.ReplyTo({"FEED.SHARDS"});     // ":2\r\n"
//
//   node.role = ScriptedNode::Role::kReplica;  // A failover demoted it.
//   node.master_host = "127.0.0.1";
//   node.master_port = 16504;
//   node.ReplyTo({"ROLE"});  // "*5\r\n$5\r\nslave\r\n..."
//
// A value without I/O, for tests that pass bytes themselves. ScriptedClientPort
// (scripted_client_port.h) serves one over a socket or in memory.
//
// Source: the replies of kevy 2.0.20, 3.18.0, 4.1.1 and 5.4.0, byte for byte
// (testdata/client_port), and kevy's upgrade notes for 7.0. Versions between
// those reply as the older recorded one, where the comments below name no
// other border.

#ifndef KEVY_REPLICA_TESTING_SCRIPTED_NODE_H_
#define KEVY_REPLICA_TESTING_SCRIPTED_NODE_H_

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// Thread-compatible.
struct ScriptedNode {
  // The role that it reports.
  enum class Role : uint8_t { kPrimary, kReplica };

  // The end of one shard's history.
  struct ShardEnd {
    uint64_t generation = 1;
    uint64_t next_offset = 0;

    template <typename T>
    static auto ValueFields(const T& end) {
      return std::tie(end.generation, end.next_offset);
    }
  };

  // A connected replica, as a primary lists it.
  struct Replica {
    std::string host = "127.0.0.1";
    uint16_t port = 0;
    uint64_t offset = 0;  // The acknowledged offset.

    template <typename T>
    static auto ValueFields(const T& replica) {
      return std::tie(replica.host, replica.port, replica.offset);
    }
  };

  // Default: kPrimary.
  Role role = Role::kPrimary;
  // kevy_version of INFO. It decides the form of the replies, and whether
  // FEED.* (2.3 and later) and REPL.TOKEN (3.0 and later) are known. Default:
  // "5.4.0".
  std::string version = "5.4.0";
  // A replica gives its primary's. Before 4.0, ROLE and INFO tell of one shard,
  // here of the last one; from 4.0 on they tell the sum. Default: one shard,
  // generation 1, offset 0.
  std::vector<ShardEnd> shards = {ShardEnd()};
  // The replies to FEED.TAIL. Default (empty): `shards` on a primary, and the
  // same generations with offset 0 on a replica.
  std::vector<ShardEnd> tails;
  // The replication port of shard 0, in INFO of 7.0. Default: unset, no line.
  std::optional<uint16_t> repl_port_base;
  // tcp_port of INFO. Default: 0; a ScriptedClientPort then gives its own.
  uint16_t tcp_port = 0;
  // process_id of INFO. Default: 1.
  uint32_t process_id = 1;
  // server_time_usec of INFO. Default: 0.
  uint64_t server_time_usec = 0;

  // Of a primary. Default: none.
  std::vector<Replica> replicas;

  // Of a replica. kevy gives the replication port of the primary's shard 0, not
  // its client port.
  std::string master_host = "127.0.0.1";
  uint16_t master_port = 0;
  // Whether the link to the primary stands. Default: true.
  bool link_up = true;

  // Raw replies that come before all others, by the arguments of the command.
  // They add commands (FEED.READ, REPL.WAIT) and replace replies. Default:
  // none.
  std::map<std::vector<std::string>, std::string> replies;

  // Returns the bytes of the reply. `argv` is the command, its name first.
  // Names of commands and of INFO's sections are case-insensitive. An unknown
  // command, or an empty `argv`, gets "-ERR unknown command '...'", with the
  // name's foreign bytes escaped. INFO knows the sections server and
  // replication, and replies with an empty string for another one.
  std::string ReplyTo(absl::Span<const absl::string_view> argv) const;

  template <typename T>
  static auto ValueFields(const T& node) {
    return std::tie(node.role, node.version, node.shards, node.tails,
                    node.repl_port_base, node.tcp_port, node.process_id,
                    node.server_time_usec, node.replicas, node.master_host,
                    node.master_port, node.link_up, node.replies);
  }
};

// "master" or "slave", as ROLE prints it.
absl::string_view RoleName(ScriptedNode::Role role);
std::ostream& operator<<(std::ostream& out, ScriptedNode::Role role);
template <typename Sink>
void AbslStringify(Sink& sink, ScriptedNode::Role role) {
  sink.Append(RoleName(role));
}

// Appends `77:5`.
void AppendText(const ScriptedNode::ShardEnd& end, std::string* out);
// Appends `127.0.0.1:6004 at 5`.
void AppendText(const ScriptedNode::Replica& replica, std::string* out);
// Appends `role=slave version=5.4.0 shards=[77:5, 78:1] ...`: all fields, the
// replies by their number.
void AppendText(const ScriptedNode& node, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_SCRIPTED_NODE_H_
