// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What kevy_tail writes to its standard output.

#ifndef KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_
#define KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/tools/common/output.h"

namespace kevy_replica {

enum class TailFormat : uint8_t {
  kText,  // Frames as redis-cli's MONITOR shows commands; the rest as "# ".
  kJson,  // One object a line.
  kResp,  // The frames' commands as they came, fit for `redis-cli --pipe`.
};

// As a flag: "text", "json" or "resp". See common/flags.h.
bool AbslParseFlag(absl::string_view text, TailFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(TailFormat format);

// Each function appends what is to be written, whole lines, to `*out`, where a
// large event may be viewed, as Output::Append() has it.
class TailPrinter {
 public:
  // Of one of several shards every line tells which: "[3] " before it, or
  // "shard":3 in it. Not in kResp, which is commands alone.
  explicit TailPrinter(TailFormat format,
                       std::optional<size_t> shard = std::nullopt);

  void Connected(const HandshakeAnswer& answer, Output* out) const;
  void Event(const StreamEvent& event, Output* out) const;
  // What was printed is not what follows goes on from: see FollowerHandler.
  void Reset(Output* out) const;
  void SnapshotVoid(Output* out) const;
  void LinkDown(const kevy_replica::LinkDown& link, Output* out) const;
  // The stream has ended, but not by an error.
  void End(const FeedPosition& position, Output* out) const;

 private:
  struct Field {
    absl::string_view name;
    std::string value;
    bool is_string = false;  // In quotes in kJson.
  };

  // Appends "# event name=value" or {"event":"event","name":value}.
  void Line(absl::string_view event, const std::vector<Field>& fields,
            Output* out) const;

  const TailFormat format_;
  std::string begin_;  // Of every line.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_
