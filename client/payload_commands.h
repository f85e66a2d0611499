// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The payload of a snapshot as commands: what a client would send to write the
// same data. A reader of frames then has one code path for both.
//
//   class Index : public FollowerHandler {
//    public:
//     absl::Status OnFrames(absl::Span<const FrameView> frames,
//                           const FeedPosition&) override {
//       for (const FrameView& frame : frames) {
//         argv_.assign(frame.argv().begin(), frame.argv().end());
//         absl::Status status = Apply(argv_);
//         if (!status.ok()) return status;
//       }
//       return absl::OkStatus();
//     }
//     // With SnapshotPolicy::kRecords.
//     absl::Status OnPayload(const PayloadEvent& event) override {
//       return commands_.Take(event);
//     }
//     absl::Status OnRecords(absl::Span<const PayloadRecord> records) override
//     {
//       return commands_.Take(records);
//     }
//     ...
//    private:
//     absl::Status Apply(absl::Span<const absl::string_view> argv);
//
//     std::vector<absl::string_view> argv_;
//     PayloadCommands commands_{[this](const PayloadCommand& command) {
//       return Apply(command.argv);
//     }};
//   };
//
// examples/golden_handler_test.cc is a whole handler.

#ifndef KEVY_REPLICA_CLIENT_PAYLOAD_COMMANDS_H_
#define KEVY_REPLICA_CLIENT_PAYLOAD_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"

namespace kevy_replica {

// Parts of a payload that a target gets changed or not at all. (A target is
// the server, or the program, that runs the commands.)
enum class PayloadItem : uint8_t {
  kFieldDeadline,       // The target cannot expire hash fields.
  kFieldDeadlineAlone,  // Of a field that did not come.
  kNanScore,            // A member whose score is not a number.
  kStreamId,            // A stream's last or highest deleted id.
  kStreamCounter,       // A stream's number of added entries.
  kPendingTime,         // The delivery time of a pending entry.
  kPendingAlone,        // A pending entry whose message is gone.
};

// The item's name for metrics, "nan_score", and its loss for a message. Both
// are static.
absl::string_view PayloadItemName(PayloadItem item);
absl::string_view PayloadItemText(PayloadItem item);

std::ostream& operator<<(std::ostream& out, PayloadItem item);
template <typename Sink>
void AbslStringify(Sink& sink, PayloadItem item) {
  sink.Append(PayloadItemName(item));
}

// The reply of a server that tells of a loss. A program that runs the commands
// itself has no replies, and ignores this.
enum class PayloadCheck : uint8_t {
  kNone,
  kSetDeadline,  // HPEXPIREAT. An array of -2: kFieldDeadlineAlone.
  kDeadline,     // HEXISTS. 1: kFieldDeadline; 0: kFieldDeadlineAlone.
  kDeadField,    // HDEL. 0: kFieldDeadlineAlone.
  kPending,      // XCLAIM. An empty array: kPendingAlone.
};

// "none", "set_deadline", "deadline", "dead_field" or "pending".
absl::string_view PayloadCheckName(PayloadCheck check);
std::ostream& operator<<(std::ostream& out, PayloadCheck check);
template <typename Sink>
void AbslStringify(Sink& sink, PayloadCheck check) {
  sink.Append(PayloadCheckName(check));
}

// One command, its name first. A view, valid during the call that gives it.
struct PayloadCommand {
  absl::Span<const absl::string_view> argv;
  PayloadCheck check = PayloadCheck::kNone;

  template <typename T>
  static auto ValueFields(const T& command) {
    return std::tie(command.argv, command.check);
  }
};
// Appends `"HPEXPIREAT" "k" "9" "FIELDS" "1" "f" check=set_deadline`, with the
// escapes of escape.h. Without a check only the arguments.
void AppendText(const PayloadCommand& command, std::string* out);

struct PayloadCommandsOptions {
  // Whether the target has HPEXPIREAT: Redis 7.4, Valkey 9. If false, the field
  // of a hash gets no deadline: HDEL comes for one whose deadline is not later
  // than `now_ms`, and HEXISTS, for its reply alone, for any other. Default:
  // true.
  bool has_hpexpireat = true;
  // Whether the target's XSETID has ENTRIESADDED and MAXDELETEDID: Redis 7.0.
  // Default: true.
  bool has_long_xsetid = true;
  // Whether a DEL comes in front of each record except strings (SET replaces
  // the old value), for a target that may hold the key. Default: false, for an
  // empty target.
  bool delete_first = false;
  // Unix time in milliseconds: see `has_hpexpireat`. Default: 0.
  uint64_t now_ms = 0;
  // Gets each part that is clamped or left out, with its key, which is valid
  // during the call. Default: null.
  std::function<void(PayloadItem item, absl::string_view key)> on_loss;
};

// | record      | commands                                                    |
// |-------------|-------------------------------------------------------------|
// | string      | SET                                                         |
// | hash, list, | HSET, RPUSH, SADD, ZADD, each with at most kMaxArguments    |
// | set, sorted | arguments or kMaxBytes: several for a large record          |
// | set         |                                                             |
// | stream      | XADD for each entry, XSETID; XGROUP CREATE, XGROUP          |
// |             | CREATECONSUMER, XCLAIM ... FORCE JUSTID for pending entries |
// | expiries    | PEXPIREAT; HPEXPIREAT, or HDEL if the field is dead         |
//
// A stream without entries is created by a group that is destroyed again.
// The time a consumer was last seen is lost, because no command sets it.
// A value out of a server's range is clamped or left out alone: PayloadItem.
// The payload's trailer is passed over: it is about the primary's own state.
//
// Memory: one gathered command, so at most kMaxBytes and the longest element.
// Not thread-safe. Neither copyable nor movable.
class PayloadCommands {
 public:
  // The bounds of a gathered command, without the element that passes them.
  static constexpr size_t kMaxArguments = 1024;
  static constexpr size_t kMaxBytes = 256 << 10;

  // Gets each command, valid during the call.
  using Emit = std::function<absl::Status(const PayloadCommand& command)>;

  explicit PayloadCommands(
      Emit emit, PayloadCommandsOptions options = PayloadCommandsOptions());
  PayloadCommands(const PayloadCommands&) = delete;
  PayloadCommands& operator=(const PayloadCommands&) = delete;

  // Takes the next event of a payload, in the order of PayloadDecoder. A
  // PayloadHeader begins the next payload, also behind a broken one. Returns
  // the first error of `emit` since then, which gets no more commands.
  absl::Status Take(const PayloadEvent& event);
  // The same for the events of records, by the same commands. Their strings go
  // to `emit` without a copy, where they lie in the records of one call.
  absl::Status Take(absl::Span<const PayloadRecord> records);

 private:
  class Taker;

  void Lose(PayloadItem item);
  void EmitNow(std::initializer_list<absl::string_view> argv,
               PayloadCheck check = PayloadCheck::kNone);
  // Starts to gather a command over several events, with its first arguments.
  void Begin(std::initializer_list<absl::string_view> argv);
  void Add(absl::string_view argument);
  // The bounds of a gathered command, for one that is this large.
  static bool IsLarge(size_t arguments, size_t bytes) {
    return arguments >= kMaxArguments || bytes >= kMaxBytes;
  }
  // Emits the gathered command and `more` behind it, if it has more than its
  // first arguments. Keeps those for the next command.
  void EmitGathered(absl::Span<const absl::string_view> more = {});
  void EmitIfLarge();
  void TakeString(const PayloadRecord& record);
  void TakeElements(const PayloadRecord& record);
  // Emits the deadline of the current record, if it has one.
  void EmitDeadline(absl::string_view key, std::optional<uint64_t> ms);
  void EndEntries();
  void SetStreamId();

  const Emit emit_;
  const PayloadCommandsOptions options_;
  absl::Status status_;  // The first error of emit_.

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

#endif  // KEVY_REPLICA_CLIENT_PAYLOAD_COMMANDS_H_
