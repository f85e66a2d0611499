// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/tail_printer.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal_command.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/json.h"
#include "kevy_replica/tools/common/output.h"

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

// A JSON object of a part of a snapshot. The names are those of AppendText().
class JsonPayloadAppender {
 public:
  explicit JsonPayloadAppender(std::string* out) : out_(out) {}

  void operator()(const PayloadHeader& header) const {
    Event("header");
    Number("version", header.version);
    Number("generation", header.generation);
    Number("offset", header.offset);
  }
  void operator()(const RecordBegin& record) const {
    Event(RecordTypeName(record.type));
    String("key", record.key);
    if (record.type != RecordType::kString &&
        record.type != RecordType::kStream) {
      Number("count", record.count);
    }
    if (record.expire_at_ms.has_value()) {
      Number("expire_at_ms", *record.expire_at_ms);
    }
  }
  void operator()(const StringValue& value) const {
    Event("value");
    String("value", value.value);
  }
  void operator()(const HashField& field) const {
    Event("field");
    String("field", field.field);
    String("value", field.value);
  }
  void operator()(const ListItem& item) const {
    Event("item");
    String("item", item.item);
  }
  void operator()(const SetMember& member) const {
    Event("member");
    String("member", member.member);
  }
  void operator()(const ScoredMember& member) const {
    Event("scored_member");
    String("member", member.member);
    // JSON has no number for an infinity or NaN.
    const char* const quote = std::isfinite(member.score) ? "" : "\"";
    absl::StrAppendFormat(out_, ",\"score\":%s%.17g%s", quote, member.score,
                          quote);
  }
  void operator()(const StreamInfo& info) const {
    Event("stream_info");
    Id("last_id", info.last_id);
    Id("max_deleted_id", info.max_deleted_id);
    Number("entries_added", info.entries_added);
    Number("entries", info.entry_count);
  }
  void operator()(const StreamEntry& entry) const {
    Event("stream_entry");
    Id("id", entry.id);
    Number("fields", entry.field_count);
  }
  void operator()(const StreamField& field) const {
    Event("stream_field");
    String("field", field.field);
    String("value", field.value);
  }
  void operator()(const StreamGroupCount& groups) const {
    Event("stream_groups");
    Number("count", groups.count);
  }
  void operator()(const StreamGroup& group) const {
    Event("stream_group");
    String("group", group.name);
    Id("last_delivered_id", group.last_delivered_id);
    Number("consumers", group.consumer_count);
  }
  void operator()(const StreamConsumer& consumer) const {
    Event("stream_consumer");
    String("consumer", consumer.name);
    Number("seen_at_ms", consumer.seen_at_ms);
  }
  void operator()(const StreamPendingCount& pending) const {
    Event("stream_pending_count");
    Number("count", pending.count);
  }
  void operator()(const StreamPending& pending) const {
    Event("stream_pending");
    Id("id", pending.id);
    String("consumer", pending.consumer);
    Number("delivered_at_ms", pending.delivered_at_ms);
    Number("deliveries", pending.delivery_count);
  }
  void operator()(const RecordEnd&) const { Event("record_end"); }
  void operator()(const FieldExpiry& expiry) const {
    Event("field_expiry");
    String("key", expiry.key);
    String("field", expiry.field);
    Number("expire_at_ms", expiry.expire_at_ms);
  }
  void operator()(const PayloadEnd&) const { Event("payload_end"); }
  void operator()(const PayloadTrailer& trailer) const {
    Event("trailer");
    String("bytes", trailer.bytes);
  }

 private:
  void Event(absl::string_view name) const {
    absl::StrAppend(out_, R"("event":")", name, "\"");
  }
  void String(absl::string_view name, absl::string_view bytes) const {
    absl::StrAppend(out_, ",\"", name, "\":");
    AppendJson(bytes, out_);
  }
  void Number(absl::string_view name, uint64_t number) const {
    absl::StrAppend(out_, ",\"", name, "\":", number);
  }
  void Id(absl::string_view name, const StreamId& id) const {
    absl::StrAppend(out_, ",\"", name, "\":\"", id.ms, "-", id.seq, "\"");
  }

  std::string* out_;
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
      if (const auto* frame = std::get_if<FrameView>(&event);
          frame != nullptr && !IsInternalCommand(frame->argv())) {
        out->Append(frame->command());
      }
      break;
  }
}

void TailPrinter::Payload(const PayloadEvent& event, Output* out) const {
  std::string* const buffer = out->buffer();
  switch (format_) {
    case TailFormat::kText:
      absl::StrAppend(buffer, begin_, "# ");
      AppendText(event, buffer);
      buffer->push_back('\n');
      break;
    case TailFormat::kJson:
      buffer->append(begin_);
      std::visit(JsonPayloadAppender(buffer), event);
      buffer->append("}\n");
      break;
    case TailFormat::kResp:
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
