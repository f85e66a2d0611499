// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/printing_link.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

TargetReply ReplyOf(TargetReply::Type type, absl::string_view text = "") {
  TargetReply reply;
  reply.type = type;
  reply.text = std::string(text);
  return reply;
}

}  // namespace

void PrintingLink::AddRaw(absl::string_view resp) {
  replies_.push_back(ReplyOf(TargetReply::Type::kText));
  ++queued_;
  std::string* const out = output_->buffer();
  if (format_ == Format::kResp) {
    out->append(resp.data(), resp.size());
    return;
  }
  // The codec reads the arguments of a frame.
  const std::string frame = absl::StrCat("*2\r\n:0\r\n", resp);
  FrameDecoder decoder;
  FrameView view;
  if (!decoder.Decode(frame, &view).done()) return;
  absl::string_view separator;
  for (const absl::string_view argument : view.argv()) {
    absl::StrAppend(out, separator, Escaped(argument));
    separator = " ";
  }
  out->push_back('\n');
}

void PrintingLink::Add(absl::Span<const absl::string_view> argv) {
  const absl::string_view command = argv[0];
  if (command == "CLIENT") {
    replies_.push_back(ReplyOf(TargetReply::Type::kText));
  } else if (command == "HGETALL") {
    replies_.push_back(ReplyOf(TargetReply::Type::kArray));
  } else if (command == "PING" || command == "INFO") {
    replies_.push_back(ReplyOf(TargetReply::Type::kText));
  } else if (command == "DBSIZE") {
    replies_.push_back(ReplyOf(TargetReply::Type::kInteger));
  } else {
    resp_.clear();
    (void)AppendCommand(argv, &resp_);  // Only an empty `argv` would fail.
    AddRaw(resp_);
    if (command == "MULTI") queued_ = 0;
    if (command == "EXEC") {
      // The last command is the record's HSET of a field that exists.
      replies_.back() = ReplyOf(TargetReply::Type::kArray);
      replies_.back().elements.resize(queued_ - 1);
      replies_.back().elements.back() = ReplyOf(TargetReply::Type::kInteger);
    }
  }
}

absl::StatusOr<TargetReply> PrintingLink::Receive(ReplyDetail /*detail*/) {
  TargetReply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

}  // namespace kevy_replica
