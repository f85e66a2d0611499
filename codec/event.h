// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// What a stream is made of, once decoded.

#ifndef KEVY_REPLICA_CODEC_EVENT_H_
#define KEVY_REPLICA_CODEC_EVENT_H_

#include <string>
#include <variant>

#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {

// One element of the stream. A FrameView or SnapshotChunk in it is a view,
// valid until the next non-const call on the object that gave the event.
using StreamEvent = std::variant<FrameView, Heartbeat, SnapshotBegin,
                                 SnapshotChunk, SnapshotEnd>;

// Appends the event as one line of text, without a line end: a frame as
// redis-cli's MONITOR shows a command, behind its offset, all else as a
// comment:
//
//   8 "SET" "foo" "b\r\n\xff"
//   # heartbeat generation=1 next_offset=9
//   # snapshot_begin
//   # snapshot_chunk bytes=551
//   # snapshot_end next_offset=9
void AppendText(const StreamEvent& event, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_EVENT_H_
