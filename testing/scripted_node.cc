// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/scripted_node.h"

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace {

using Args = absl::Span<const absl::string_view>;

constexpr absl::string_view kCrlf = "\r\n";

std::string Integer(uint64_t value) { return absl::StrCat(":", value, kCrlf); }

std::string Bulk(absl::string_view bytes) {
  return absl::StrCat("$", bytes.size(), kCrlf, bytes, kCrlf);
}

std::string Array(size_t size) { return absl::StrCat("*", size, kCrlf); }

std::string WrongArity(absl::string_view name) {
  return absl::StrCat("-ERR wrong number of arguments for '",
                      absl::AsciiStrToLower(name), "' command", kCrlf);
}

std::string UnknownCommand(absl::string_view name) {
  return absl::StrCat("-ERR unknown command '", absl::CHexEscape(name), "'",
                      kCrlf);
}

// Whether the node's version is `major`.`minor` or later. A part that is no
// number counts as 0.
bool IsAtLeast(const ScriptedNode& node, int major, int minor) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(node.version, '.');
  const auto number = [&parts](size_t i) {
    int value = 0;
    return i < parts.size() && absl::SimpleAtoi(parts[i], &value) ? value : 0;
  };
  return std::make_tuple(number(0), number(1)) >= std::make_tuple(major, minor);
}

bool IsPrimary(const ScriptedNode& node) {
  return node.role == ScriptedNode::Role::kPrimary;
}

// The offset that ROLE and a primary's INFO tell.
uint64_t NodeOffset(const ScriptedNode& node) {
  if (!IsAtLeast(node, 4, 0)) {
    return node.shards.empty() ? 0 : node.shards.back().next_offset;
  }
  uint64_t sum = 0;
  for (const ScriptedNode::ShardEnd& end : node.shards) sum += end.next_offset;
  return sum;
}

std::string PrimaryRole(const ScriptedNode& node) {
  // Observed: 0 without a replica, whatever was written.
  std::string reply =
      absl::StrCat(Array(3), Bulk("master"),
                   Integer(node.replicas.empty() ? 0 : NodeOffset(node)),
                   Array(node.replicas.size()));
  for (const ScriptedNode::Replica& replica : node.replicas) {
    absl::StrAppend(&reply, Array(3), Bulk(replica.host),
                    Bulk(absl::StrCat(replica.port)),
                    Bulk(absl::StrCat(replica.offset)));
  }
  return reply;
}

std::string ReplicaRole(const ScriptedNode& node) {
  // Before 4.0, ROLE never tells that the link stands.
  const bool connected = node.link_up && IsAtLeast(node, 4, 0);
  return absl::StrCat(Array(5), Bulk("slave"), Bulk(node.master_host),
                      Integer(node.master_port),
                      Bulk(connected ? "connected" : "connect"),
                      Integer(connected ? NodeOffset(node) : 0));
}

std::string ServerSection(const ScriptedNode& node) {
  return absl::StrCat(
      "# Server\r\nredis_version:7.4.0\r\nkevy_version:", node.version,
      "\r\nredis_mode:standalone\r\nprocess_id:1\r\ntcp_port:", node.tcp_port,
      "\r\nserver_time_usec:", node.server_time_usec, kCrlf);
}

void AppendPrimaryLines(const ScriptedNode& node, std::string* out) {
  absl::StrAppend(out, "connected_slaves:", node.replicas.size(), kCrlf);
  if (IsAtLeast(node, 3, 0)) {
    for (size_t i = 0; i < node.replicas.size(); ++i) {
      const ScriptedNode::Replica& replica = node.replicas[i];
      absl::StrAppend(out, "slave", i, ":ip=", replica.host,
                      ",port=", replica.port, ",state=online,offset=");
      absl::StrAppend(out, replica.offset, ",sent=", replica.offset,
                      ",lag=0\r\n");
    }
  }
  absl::StrAppend(out, "master_replid:", std::string(40, '0'),
                  "\r\nmaster_repl_offset:", NodeOffset(node), kCrlf);
}

void AppendReplicaLines(const ScriptedNode& node, std::string* out) {
  const bool recent = IsAtLeast(node, 3, 0);
  absl::StrAppend(out, "master_host:", node.master_host,
                  "\r\nmaster_port:", node.master_port,
                  "\r\nmaster_link_status:", node.link_up ? "up" : "down",
                  kCrlf);
  if (recent) absl::StrAppend(out, "master_last_io_seconds_ago:0\r\n");
  // Of shard 0 in all versions.
  const uint64_t offset =
      recent && !node.shards.empty() ? node.shards.front().next_offset : 0;
  absl::StrAppend(out, "master_sync_in_progress:0\r\nslave_read_only:",
                  recent ? 1 : 0, "\r\nslave_repl_offset:", offset, kCrlf);
  if (recent) absl::StrAppend(out, "slave_lag_frames:0\r\n");
}

std::string ReplicationSection(const ScriptedNode& node) {
  std::string text =
      absl::StrCat("# Replication\r\nrole:", RoleName(node.role), kCrlf);
  if (IsPrimary(node)) {
    AppendPrimaryLines(node, &text);
  } else {
    AppendReplicaLines(node, &text);
  }
  if (node.repl_port_base.has_value()) {
    absl::StrAppend(&text, "repl_port_base:", *node.repl_port_base, kCrlf);
  }
  return text;
}

std::string Info(const ScriptedNode& node, Args argv) {
  const absl::string_view section = argv.size() > 1 ? argv[1] : "";
  std::string text;
  if (section.empty() || absl::EqualsIgnoreCase(section, "server")) {
    absl::StrAppend(&text, ServerSection(node), kCrlf);
  }
  if (section.empty() || absl::EqualsIgnoreCase(section, "replication")) {
    absl::StrAppend(&text, ReplicationSection(node), kCrlf);
  }
  return Bulk(text);
}

std::string FeedTail(const ScriptedNode& node, Args argv) {
  if (argv.size() != 2) return WrongArity(argv[0]);
  const std::vector<ScriptedNode::ShardEnd>& ends =
      node.tails.empty() ? node.shards : node.tails;
  uint64_t shard = 0;
  if (!absl::SimpleAtoi(argv[1], &shard) || shard >= ends.size()) {
    return "-ERR shard out of range\r\n";
  }
  const ScriptedNode::ShardEnd& end = ends[shard];
  const bool told = IsPrimary(node) || !node.tails.empty();
  return absl::StrCat(Array(2), Integer(end.generation),
                      Integer(told ? end.next_offset : 0));
}

std::string ReplToken(const ScriptedNode& node) {
  std::string reply = Array(2 * node.shards.size());
  for (const ScriptedNode::ShardEnd& end : node.shards) {
    absl::StrAppend(&reply, Integer(end.generation), Integer(end.next_offset));
  }
  return reply;
}

template <typename Values>
std::string Joined(const Values& values) {
  return absl::StrCat("[",
                      absl::StrJoin(values, ", ",
                                    [](std::string* out, const auto& value) {
                                      AppendText(value, out);
                                    }),
                      "]");
}

}  // namespace

std::string ScriptedNode::ReplyTo(Args argv) const {
  const auto own =
      replies.find(std::vector<std::string>(argv.begin(), argv.end()));
  if (own != replies.end()) return own->second;
  const absl::string_view name = argv.empty() ? "" : argv[0];
  const auto is = [name](absl::string_view command) {
    return absl::EqualsIgnoreCase(name, command);
  };
  if (is("PING")) return argv.size() > 1 ? Bulk(argv[1]) : "+PONG\r\n";
  if (is("ROLE")) {
    return IsPrimary(*this) ? PrimaryRole(*this) : ReplicaRole(*this);
  }
  if (is("INFO")) return Info(*this, argv);
  if (IsAtLeast(*this, 2, 3)) {
    if (is("FEED.SHARDS")) return Integer(shards.size());
    if (is("FEED.TAIL")) return FeedTail(*this, argv);
  }
  if (IsAtLeast(*this, 3, 0) && is("REPL.TOKEN")) return ReplToken(*this);
  return UnknownCommand(name);
}

absl::string_view RoleName(ScriptedNode::Role role) {
  return role == ScriptedNode::Role::kPrimary ? "master" : "slave";
}

std::ostream& operator<<(std::ostream& out, ScriptedNode::Role role) {
  return out << RoleName(role);
}

void AppendText(const ScriptedNode::ShardEnd& end, std::string* out) {
  absl::StrAppend(out, end.generation, ":", end.next_offset);
}

void AppendText(const ScriptedNode::Replica& replica, std::string* out) {
  absl::StrAppend(out, absl::CHexEscape(replica.host), ":", replica.port,
                  " at ", replica.offset);
}

void AppendText(const ScriptedNode& node, std::string* out) {
  absl::StrAppend(out, "role=", RoleName(node.role),
                  " version=", absl::CHexEscape(node.version),
                  " shards=", Joined(node.shards),
                  " tails=", Joined(node.tails));
  if (node.repl_port_base.has_value()) {
    absl::StrAppend(out, " repl_port_base=", *node.repl_port_base);
  }
  absl::StrAppend(out, " tcp_port=", node.tcp_port,
                  " server_time_usec=", node.server_time_usec,
                  " replicas=", Joined(node.replicas));
  absl::StrAppend(out, " master=", absl::CHexEscape(node.master_host), ":",
                  node.master_port, " link=", node.link_up ? "up" : "down",
                  " replies=", node.replies.size());
}

}  // namespace kevy_replica
