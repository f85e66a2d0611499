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

#include "kevy_replica/tools/tail_printer.h"

#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/tools/json.h"
#include "kevy_replica/tools/output.h"

namespace kevy_replica {
namespace {

struct JsonAppender {
  void operator()(const FrameView& frame) const {
    absl::StrAppend(out, R"({"event":"frame","offset":)", frame.offset(),
                    R"(,"argv":[)");
    absl::string_view separator;
    for (const absl::string_view argument : frame.argv()) {
      out->append(separator.data(), separator.size());
      AppendJson(argument, out);
      separator = ",";
    }
    out->append("]}");
  }
  void operator()(const Heartbeat& heartbeat) const {
    absl::StrAppend(out, R"({"event":"heartbeat","generation":)",
                    heartbeat.generation, R"(,"next_offset":)",
                    heartbeat.next_offset, "}");
  }
  void operator()(const SnapshotBegin&) const {
    out->append(R"({"event":"snapshot_begin"})");
  }
  void operator()(const SnapshotChunk& chunk) const {
    absl::StrAppend(out, R"({"event":"snapshot_chunk","bytes":)",
                    chunk.bytes.size(), "}");
  }
  void operator()(const SnapshotEnd& end) const {
    absl::StrAppend(out, R"({"event":"snapshot_end","next_offset":)",
                    end.next_offset, "}");
  }

  std::string* out;
};

}  // namespace

void TailPrinter::Connected(const HandshakeAnswer& answer, Output* out) const {
  const int protocol = static_cast<int>(answer.protocol);
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), "# connected protocol=", protocol,
                      " generation=", answer.generation,
                      " offset=", answer.offset, "\n");
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), R"({"event":"connected","protocol":)",
                      protocol, R"(,"generation":)", answer.generation,
                      R"(,"offset":)", answer.offset, "}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

void TailPrinter::Event(const StreamEvent& event, Output* out) const {
  switch (format_) {
    case TailFormat::kText:
      AppendText(event, out->buffer());
      out->buffer()->push_back('\n');
      break;
    case TailFormat::kJson:
      std::visit(JsonAppender{out->buffer()}, event);
      out->buffer()->push_back('\n');
      break;
    case TailFormat::kResp:
      if (const auto* frame = std::get_if<FrameView>(&event)) {
        out->Append(frame->command());
      }
      break;
  }
}

void TailPrinter::End(const FeedPosition& position, Output* out) const {
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), "# end generation=", position.generation,
                      " next_offset=", position.next_offset, "\n");
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), R"({"event":"end","generation":)",
                      position.generation, R"(,"next_offset":)",
                      position.next_offset, "}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

}  // namespace kevy_replica
