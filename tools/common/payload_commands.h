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

// Parts of a payload that the target gets changed or not at all.
enum class PayloadItem : uint8_t {
  kFieldDeadline,       // The target cannot expire hash fields.
  kFieldDeadlineAlone,  // Of a field that did not come.
  kNanScore,            // A member whose score is not a number.
  kStreamId,            // A stream's last or highest deleted id.
  kStreamCounter,       // A stream's number of added entries.
  kPendingTime,         // The delivery time of a pending entry.
  kPendingAlone,        // A pending entry whose message is gone.
};

// The item's name for metrics, "nan_score", and its loss for a message.
absl::string_view PayloadItemName(PayloadItem item);
absl::string_view PayloadItemText(PayloadItem item);

// The meaning of a command's reply.
enum class PayloadCheck : uint8_t {
  kNone,
  kSetDeadline,  // HPEXPIREAT. An array of -2: kFieldDeadlineAlone.
  kDeadline,     // HEXISTS. 1: kFieldDeadline; 0: kFieldDeadlineAlone.
  kDeadField,    // HDEL. 0: kFieldDeadlineAlone.
  kPending,      // XCLAIM. An empty array: kPendingAlone.
};

// | record      | commands                                                    |
// |-------------|-------------------------------------------------------------|
// | string      | SET                                                         |
// | hash, list, | HSET, RPUSH, SADD, ZADD, each with at most kMaxArguments    |
// | set, sorted | arguments or kMaxBytes                                      |
// | set         |                                                             |
// | stream      | XADD for each entry, XSETID; XGROUP CREATE, XGROUP          |
// |             | CREATECONSUMER, XCLAIM ... FORCE JUSTID for pending entries |
// | expiries    | PEXPIREAT; HPEXPIREAT, or HDEL if the field is dead         |
//
// A stream without entries is created by a group that is destroyed again.
// The time a consumer was last seen is lost, because no command sets it.
// A value out of the target's range is clamped or left out alone: PayloadItem.
// The payload's trailer is passed over: it is about the primary's own state.
class PayloadCommands {
 public:
  static constexpr size_t kMaxArguments = 1024;
  static constexpr size_t kMaxBytes = 256 << 10;

  struct Target {
    bool has_hpexpireat = false;   // Redis 7.4, Valkey 9.
    bool has_long_xsetid = false;  // ENTRIESADDED, MAXDELETEDID: Redis 7.0.
    // DEL before each record but a string: the last one of a key wins.
    bool delete_first = false;
  };
  // Gets each command. Its arguments are valid during the call.
  using Emit = std::function<void(absl::Span<const absl::string_view> argv,
                                  PayloadCheck check)>;
  // Gets each item that is clamped or left out, with its key.
  using Lose = std::function<void(PayloadItem item, absl::string_view key)>;

  // `now_ms`: Unix time; fields whose deadline is not later are dead.
  PayloadCommands(Target target, uint64_t now_ms, Emit emit, Lose lose);

  // Takes the next event of a payload, in the order of PayloadDecoder.
  void Take(const PayloadEvent& event);

 private:
  class Taker;

  void EmitNow(std::initializer_list<absl::string_view> argv,
               PayloadCheck check = PayloadCheck::kNone);
  // Starts to gather a command over several events, with its first arguments.
  void Begin(std::initializer_list<absl::string_view> argv);
  void Add(absl::string_view argument);
  // Emits the gathered command if it has more than its first arguments. Keeps
  // those for the next command.
  void EmitGathered();
  void EmitIfLarge();
  void EndEntries();
  void SetStreamId();

  const Target target_;
  const uint64_t now_ms_;
  const Emit emit_;
  const Lose lose_;

  // The current record.
  std::string key_;
  RecordType type_ = RecordType::kString;
  std::optional<uint64_t> expire_at_ms_;
  StreamInfo stream_;
  StreamId last_entry_;
  uint64_t entries_ = 0;
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
