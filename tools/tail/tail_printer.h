// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The lines that kevy_tail prints.

#ifndef KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_
#define KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/common/output.h"

namespace kevy_replica {

enum class TailFormat : uint8_t {
  // Frames as redis-cli's MONITOR shows commands. Other events begin with "# ".
  kText,
  // One object a line.
  kJson,
  // The bytes of the frames' commands alone, for `redis-cli --pipe`. Commands
  // about kevy's own state are left out: see IsInternalCommand().
  kResp,
};

// As a flag: "text", "json" or "resp". See common/flags.h.
bool AbslParseFlag(absl::string_view text, TailFormat* format,
                   std::string* error);
std::string AbslUnparseFlag(TailFormat format);

// Each function appends whole lines to `*out`. It may view a large event: see
// Output::Append().
class TailPrinter {
 public:
  // With `shard` every line names the shard: "[3] " before a text line,
  // "shard":3 in a JSON object. kResp lines stay commands alone.
  explicit TailPrinter(TailFormat format,
                       std::optional<size_t> shard = std::nullopt);

  TailFormat format() const { return format_; }

  void Connected(const HandshakeAnswer& answer, Output* out) const;
  void Event(const StreamEvent& event, Output* out) const;
  // A part of a snapshot: "# hash "user:1" count=2" or
  // {"event":"hash","key":"user:1","count":2}, with the names of
  // payload_event.h. Nothing in kResp.
  void Payload(const PayloadEvent& event, Output* out) const;
  // The next writes do not continue the printed ones. See
  // FollowerHandler::OnReset().
  void Reset(Output* out) const;
  void SnapshotVoid(Output* out) const;
  void LinkDown(const kevy_replica::LinkDown& link, Output* out) const;
  // The stream has ended cleanly.
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
  std::string begin_;  // The beginning of every line.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TAIL_TAIL_PRINTER_H_
