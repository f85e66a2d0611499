// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The payload of a snapshot as commands that load it into a server.

#ifndef KEVY_REPLICA_TOOLS_COMMON_PAYLOAD_COMMANDS_H_
#define KEVY_REPLICA_TOOLS_COMMON_PAYLOAD_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/payload_event.h"

namespace kevy_replica {

// Parts of a payload that the target cannot store, counted so far.
struct PayloadLosses {
  uint64_t field_expiries = 0;  // Of hash fields, for want of HPEXPIREAT.
};

// | record      | commands                                                    |
// |-------------|-------------------------------------------------------------|
// | string      | SET                                                         |
// | hash, list, | HSET, RPUSH, SADD, ZADD, each with at most kMaxArguments    |
// | set, sorted | arguments or kMaxBytes                                      |
// | set         |                                                             |
// | stream      | XADD for each entry, XSETID; XGROUP CREATE, XGROUP          |
// |             | CREATECONSUMER, XCLAIM ... FORCE JUSTID for pending entries |
// | expiries    | PEXPIREAT, HPEXPIREAT                                       |
//
// A stream without entries is created by a group that is destroyed again. Two
// parts are lost, because commands cannot set them: the time a consumer was
// last seen, and pending entries whose message was deleted. The payload's
// trailer is passed over: it is about the primary's own state.
class PayloadCommands {
 public:
  static constexpr size_t kMaxArguments = 1024;
  static constexpr size_t kMaxBytes = 256 << 10;

  struct Target {
    bool has_hpexpireat = false;   // Redis 7.4, Valkey 9.
    bool has_long_xsetid = false;  // ENTRIESADDED, MAXDELETEDID: Redis 7.0.
  };
  // Gets each command. Its arguments are valid during the call.
  using Emit = std::function<void(absl::Span<const absl::string_view> argv)>;

  PayloadCommands(Target target, Emit emit);

  // Takes the next event of a payload, in the order of PayloadDecoder.
  void Take(const PayloadEvent& event);

  const PayloadLosses& losses() const { return losses_; }

 private:
  class Taker;

  void EmitNow(std::initializer_list<absl::string_view> argv);
  // Starts to gather a command over several events, with its first arguments.
  void Begin(std::initializer_list<absl::string_view> argv);
  void Add(absl::string_view argument);
  // Emits the gathered command if it has more than its first arguments. Keeps
  // those for the next command.
  void EmitGathered();
  void EmitIfLarge();
  void EndEntries();

  const Target target_;
  const Emit emit_;
  PayloadLosses losses_;

  // The current record.
  std::string key_;
  RecordType type_ = RecordType::kString;
  std::optional<uint64_t> expire_at_ms_;
  StreamInfo stream_;
  bool entries_ended_ = false;
  std::string group_;

  // The gathered command: its arguments joined, and the end of each. The first
  // `head_` arguments belong to every command of the record.
  std::string bytes_;
  std::vector<size_t> ends_;
  size_t head_ = 0;
  std::vector<absl::string_view> argv_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_PAYLOAD_COMMANDS_H_
