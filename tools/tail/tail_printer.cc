// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/tail_printer.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
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
  Line("connected",
       {{"protocol", absl::StrCat(static_cast<int>(answer.protocol))},
        {"generation", absl::StrCat(answer.generation)},
        {"offset", absl::StrCat(answer.offset)}},
       out);
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

void TailPrinter::Reset(Output* out) const { Line("reset", {}, out); }

void TailPrinter::SnapshotVoid(Output* out) const {
  Line("snapshot_void", {}, out);
}

void TailPrinter::LinkDown(const kevy_replica::LinkDown& link,
                           Output* out) const {
  std::vector<Field> fields = {
      {"end", std::string(LinkEndName(link.end)), /*is_string=*/true},
      {"attempt", absl::StrCat(link.attempt)}};
  if (link.retry_in < absl::InfiniteDuration()) {
    // Rounded up, so that a short wait does not look like none.
    const int64_t ms = absl::ToInt64Milliseconds(
        absl::Ceil(link.retry_in, absl::Milliseconds(1)));
    fields.push_back(format_ == TailFormat::kJson
                         ? Field{"retry_in_ms", absl::StrCat(ms)}
                         : Field{"retry_in", absl::StrCat(ms, "ms")});
  }
  Line("link_down", fields, out);
}

void TailPrinter::End(const FeedPosition& position, Output* out) const {
  Line("end",
       {{"generation", absl::StrCat(position.generation)},
        {"next_offset", absl::StrCat(position.next_offset)}},
       out);
}

void TailPrinter::Line(absl::string_view event,
                       const std::vector<Field>& fields, Output* out) const {
  std::string* const buffer = out->buffer();
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(buffer, begin_, "# ", event);
      for (const Field& field : fields) {
        absl::StrAppend(buffer, " ", field.name, "=", field.value);
      }
      buffer->push_back('\n');
      break;
    case TailFormat::kJson:
      absl::StrAppend(buffer, begin_, R"("event":")", event, "\"");
      for (const Field& field : fields) {
        const absl::string_view quote = field.is_string ? "\"" : "";
        absl::StrAppend(buffer, ",\"", field.name, "\":", quote, field.value,
                        quote);
      }
      buffer->append("}\n");
      break;
    case TailFormat::kResp:
      break;
  }
}

}  // namespace kevy_replica
