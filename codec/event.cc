// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/event.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {
namespace {

struct TextAppender {
  void operator()(const FrameView& frame) const {
    absl::StrAppend(out, frame.offset());
    for (const absl::string_view arg : frame.argv()) {
      out->push_back(' ');
      AppendEscaped(arg, out);
    }
  }
  void operator()(const Heartbeat& heartbeat) const {
    absl::StrAppend(out, "# heartbeat generation=", heartbeat.generation,
                    " next_offset=", heartbeat.next_offset);
  }
  void operator()(const SnapshotBegin&) const {
    absl::StrAppend(out, "# snapshot_begin");
  }
  void operator()(const SnapshotChunk& chunk) const {
    absl::StrAppend(out, "# snapshot_chunk bytes=", chunk.bytes.size());
  }
  void operator()(const SnapshotEnd& end) const {
    absl::StrAppend(out, "# snapshot_end next_offset=", end.next_offset);
  }

  std::string* out;
};

}  // namespace

void AppendText(const StreamEvent& event, std::string* out) {
  std::visit(TextAppender{out}, event);
}

}  // namespace kevy_replica
