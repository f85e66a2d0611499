// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/tail_printer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/tail/json.h"

namespace kevy_replica {
namespace {

constexpr FlagName<TailFormat> kFormats[] = {
    {TailFormat::kText, "text"},
    {TailFormat::kJson, "json"},
    {TailFormat::kResp, "resp"},
};

struct JsonAppender {
  void operator()(const FrameView& frame) const {
    absl::StrAppend(out, R"("event":"frame","offset":)", frame.offset(),
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
    absl::StrAppend(out, R"("event":"heartbeat","generation":)",
                    heartbeat.generation, R"(,"next_offset":)",
                    heartbeat.next_offset, "}");
  }
  void operator()(const SnapshotBegin&) const {
    out->append(R"("event":"snapshot_begin"})");
  }
  void operator()(const SnapshotChunk& chunk) const {
    absl::StrAppend(out, R"("event":"snapshot_chunk","bytes":)",
                    chunk.bytes.size(), "}");
  }
  void operator()(const SnapshotEnd& end) const {
    absl::StrAppend(out, R"("event":"snapshot_end","next_offset":)",
                    end.next_offset, "}");
  }

  std::string* out;
};

}  // namespace

bool AbslParseFlag(absl::string_view text, TailFormat* format,
                   std::string* error) {
  return ParseFlagName(kFormats, text, format, error);
}

std::string AbslUnparseFlag(TailFormat format) {
  return UnparseFlagName(kFormats, format);
}

TailPrinter::TailPrinter(TailFormat format, std::optional<size_t> shard)
    : format_(format) {
  if (format == TailFormat::kText && shard.has_value()) {
    begin_ = absl::StrCat("[", *shard, "] ");
  } else if (format == TailFormat::kJson) {
    begin_ = shard.has_value() ? absl::StrCat("{\"shard\":", *shard, ",") : "{";
  }
}

void TailPrinter::Connected(const HandshakeAnswer& answer, Output* out) const {
  const int protocol = static_cast<int>(answer.protocol);
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), begin_, "# connected protocol=", protocol,
                      " generation=", answer.generation,
                      " offset=", answer.offset, "\n");
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), begin_,
                      R"("event":"connected","protocol":)", protocol,
                      R"(,"generation":)", answer.generation, R"(,"offset":)",
                      answer.offset, "}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

void TailPrinter::Event(const StreamEvent& event, Output* out) const {
  switch (format_) {
    case TailFormat::kText:
      out->buffer()->append(begin_);
      AppendText(event, out->buffer());
      out->buffer()->push_back('\n');
      break;
    case TailFormat::kJson:
      out->buffer()->append(begin_);
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

void TailPrinter::Reset(Output* out) const { Alone("reset", out); }

void TailPrinter::SnapshotVoid(Output* out) const {
  Alone("snapshot_void", out);
}

void TailPrinter::LinkDown(const kevy_replica::LinkDown& link,
                           Output* out) const {
  // Milliseconds say enough, and are never rounded to none.
  const int64_t retry_in_ms = absl::ToInt64Milliseconds(
      absl::Ceil(link.retry_in, absl::Milliseconds(1)));
  const bool retries = link.retry_in < absl::InfiniteDuration();
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), begin_,
                      "# link_down end=", LinkEndName(link.end),
                      " attempt=", link.attempt);
      if (retries)
        absl::StrAppend(out->buffer(), " retry_in=", retry_in_ms, "ms");
      out->buffer()->push_back('\n');
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), begin_, R"("event":"link_down","end":")",
                      LinkEndName(link.end), R"(","attempt":)", link.attempt);
      if (retries) {
        absl::StrAppend(out->buffer(), R"(,"retry_in_ms":)", retry_in_ms);
      }
      out->buffer()->append("}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

void TailPrinter::End(const FeedPosition& position, Output* out) const {
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), begin_,
                      "# end generation=", position.generation,
                      " next_offset=", position.next_offset, "\n");
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), begin_, R"("event":"end","generation":)",
                      position.generation, R"(,"next_offset":)",
                      position.next_offset, "}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

// An event of which there is nothing more to be said.
void TailPrinter::Alone(absl::string_view name, Output* out) const {
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(out->buffer(), begin_, "# ", name, "\n");
      break;
    case TailFormat::kJson:
      absl::StrAppend(out->buffer(), begin_, R"("event":")", name, "\"}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

}  // namespace kevy_replica
