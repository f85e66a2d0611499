// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The elements of a decoded stream.

#ifndef KEVY_REPLICA_CODEC_EVENT_H_
#define KEVY_REPLICA_CODEC_EVENT_H_

#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

// One element of the stream. A FrameView or SnapshotChunk in it is a view. It
// is valid until the next non-const call on the object that gave the event.
using StreamEvent = std::variant<FrameView, Heartbeat, SnapshotBegin,
                                 SnapshotChunk, SnapshotEnd>;

// Appends the event as one line of text, without a line end. A frame looks like
// a command of redis-cli's MONITOR, behind its offset. Every other element
// looks like a comment:
//
//   8 "SET" "foo" "b\r\n\xff"
//   # heartbeat generation=1 next_offset=9
//   # snapshot_begin
//   # snapshot_chunk bytes=551
//   # snapshot_end next_offset=9
void AppendText(const StreamEvent& event, std::string* out);
std::ostream& operator<<(std::ostream& out, const StreamEvent& event);
// Templates of T, so that only programs that use them instantiate the variant.
template <typename H, typename T,
          std::enable_if_t<std::is_same_v<T, StreamEvent>, int> = 0>
H AbslHashValue(H state, const T& event) {
  return std::visit(
      [&state, &event](const auto& alternative) {
        return H::combine(std::move(state), event.index(), alternative);
      },
      event);
}
template <typename Sink, typename T,
          std::enable_if_t<std::is_same_v<T, StreamEvent>, int> = 0>
void AbslStringify(Sink& sink, const T& event) {
  std::string text;
  AppendText(event, &text);
  sink.Append(absl::string_view(text));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_EVENT_H_
