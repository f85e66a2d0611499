// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One side of a comparison: a server, and the link to it.
//
//   Server primary("the primary", connector);
//   absl::Status status = primary.Connect();
//   if (!status.ok()) return status;
//   const auto size = primary.Ask({"DBSIZE"});

#ifndef KEVY_REPLICA_TOOLS_VERIFY_SERVER_H_
#define KEVY_REPLICA_TOOLS_VERIFY_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// The type and the deadline of a key.
struct KeyState {
  std::string type;  // "none": the server lacks the key.
  // Unix time in milliseconds. Unset: the key stays.
  std::optional<int64_t> deadline_ms;
  std::string error;  // Not empty: the server does not tell them.

  bool exists() const { return type != "none"; }
};

// Errors of all functions, with the server's name in front:
//
//   kUnavailable        the connection is broken, or the server is in trouble:
//                       LOADING, MASTERDOWN, BUSY ...
//   kDeadlineExceeded   no reply in time
//   kCancelled          interrupted
//   kResourceExhausted  a reply is over a limit; Connect() again to go on
//
// Other error replies of the server are replies. Not thread-safe.
class Server {
 public:
  // `name` stands in messages: "the primary".
  Server(std::string name, TargetConnector connect);

  // Connects, again if a connection stands. Asks with the first call for the
  // commands that not every server has.
  absl::Status Connect();

  // As TargetLink has them.
  void Add(absl::Span<const absl::string_view> argv);
  absl::Status Send();
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail = ReplyDetail::kWhole);

  // Sends one command and receives its reply.
  absl::StatusOr<TargetReply> Ask(absl::Span<const absl::string_view> argv);

  // Adds the commands for ReceiveState().
  void AddState(absl::string_view key);
  absl::StatusOr<KeyState> ReceiveState();

  // Adds the command for the deadlines of `fields`, and receives them.
  // Precondition: tells_field_deadlines().
  void AddFieldDeadlines(absl::string_view key,
                         absl::Span<const absl::string_view> fields);
  // Unset: the field stays. The size differs from that of `fields` if the
  // server refuses.
  absl::StatusOr<std::vector<std::optional<int64_t>>> ReceiveFieldDeadlines();

  // Whether the server knows HPEXPIRETIME or HPTTL.
  bool tells_field_deadlines() const {
    return field_deadline_command_ != nullptr;
  }
  // Whether it knows the commands of Redis 7.0. kevy does not.
  bool is_redis_7() const { return has_pexpiretime_; }
  const std::string& name() const { return name_; }
  // The number of connections so far. A WATCH ends with its connection.
  size_t connections() const { return connections_; }
  // For functions that take one.
  CheckedLink* link() { return link_.get(); }

 private:
  absl::Status Named(const absl::Status& status) const;
  absl::StatusOr<bool> Knows(absl::Span<const absl::string_view> argv);
  absl::Status AskForCommands();
  // A reply of PEXPIRETIME or PTTL, or an element of HPEXPIRETIME or HPTTL.
  std::optional<int64_t> DeadlineOf(const TargetReply& reply,
                                    bool is_absolute) const;

  const std::string name_;
  const TargetConnector connect_;
  std::unique_ptr<CheckedLink> link_;
  size_t connections_ = 0;
  bool has_pexpiretime_ = false;  // Redis 7.0. Else PTTL.
  bool has_hpexpiretime_ = false;
  // "HPEXPIRETIME" (Redis 7.4, Valkey 9), "HPTTL" (kevy), or null.
  const char* field_deadline_command_ = nullptr;
};

// Whether `reply` is an error because the server lacks the command or the
// right to it.
bool IsLacking(const TargetReply& reply);

// Whether `reply` is an error because the key has changed between two commands.
bool IsChangedKey(const TargetReply& reply);

// The value behind `name` in an array of names and values in turn, as XINFO
// gives it. A number is text. Empty without that name.
std::string InfoValue(const TargetReply& info, absl::string_view name);

// Whether the replies are equal with all their elements.
bool SameReply(const TargetReply& a, const TargetReply& b);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_SERVER_H_
