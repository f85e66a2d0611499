// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/rejection.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/mirror/kind_counts.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/reply_class.h"

namespace kevy_replica {
namespace {

constexpr size_t kExcerptArguments = 4;
constexpr size_t kExcerptBytes = 48;

bool IsPassedOver(OnReject on_reject, ReplyClass reply_class) {
  switch (on_reject) {
    case OnReject::kStop:
      return false;
    case OnReject::kPass:
      return reply_class == ReplyClass::kData;
    case OnReject::kSkip:
      break;
  }
  return true;
}

// Takes the next line without its end. The bytes are a command in RESP.
absl::string_view TakeLine(absl::string_view* resp) {
  const size_t end = std::min(resp->find("\r\n"), resp->size());
  const absl::string_view line = resp->substr(0, end);
  resp->remove_prefix(std::min(end + 2, resp->size()));
  return line;
}

}  // namespace

absl::string_view ArgumentOf(absl::string_view command, size_t index) {
  TakeLine(&command);
  while (!command.empty()) {
    const absl::string_view line = TakeLine(&command);
    uint64_t size = 0;
    if (line.empty() || !absl::SimpleAtoi(line.substr(1), &size)) return "";
    if (index-- == 0) return command.substr(0, size);
    command.remove_prefix(
        static_cast<size_t>(std::min<uint64_t>(size + 2, command.size())));
  }
  return "";
}

std::string CommandExcerpt(absl::string_view command) {
  absl::string_view rest = command;
  uint64_t count = 0;
  (void)absl::SimpleAtoi(TakeLine(&rest).substr(1), &count);
  std::string excerpt;
  for (size_t i = 0; i < std::min<uint64_t>(count, kExcerptArguments); ++i) {
    const absl::string_view argument = ArgumentOf(command, i);
    absl::StrAppend(&excerpt, i == 0 ? "" : " ",
                    Escaped(argument.substr(0, kExcerptBytes)),
                    argument.size() > kExcerptBytes ? "..." : "");
  }
  if (count > kExcerptArguments) absl::StrAppend(&excerpt, " ...");
  return excerpt;
}

Rejection RejectionByTarget(size_t shard, std::optional<uint64_t> offset,
                            absl::string_view command,
                            absl::string_view error) {
  Rejection rejection;
  rejection.shard = shard;
  rejection.offset = offset;
  rejection.command = command;
  const ReplyRow* const row =
      FindReplyRow(error, absl::AsciiStrToLower(ArgumentOf(command, 0)));
  if (row != nullptr) {
    rejection.reply_class = row->reply_class;
    rejection.kind = absl::StripTrailingAsciiWhitespace(row->begin);
  }
  rejection.text = absl::StrCat("is rejected by the target: ", error);
  return rejection;
}

absl::Status Decide(const MirrorOptions& options, MirrorCounters* counters,
                    const Rejection& rejection) {
  const bool is_item = !rejection.offset.has_value();
  const auto message = [&rejection, is_item] {
    return absl::StrCat(
        ShardField(rejection.shard), ": the ",
        is_item ? "snapshot's command"
                : absl::StrCat("command at offset ", *rejection.offset, ","),
        " ", CommandExcerpt(rejection.command), ", ", rejection.text);
  };
  if (!IsPassedOver(options.on_reject, rejection.reply_class)) {
    return absl::FailedPreconditionError(
        absl::StrCat(message(), ": pass it over with --on_reject=skip"));
  }
  if (counters->passed_over.Count(
          is_item ? kItemClass : ReplyClassName(rejection.reply_class),
          ArgumentOf(rejection.command, 0), rejection.kind)) {
    LogEvent event(LogLevel::kWarning, "passed_over",
                   absl::StrCat(message(), ": passed over"),
                   {{"shard", rejection.shard},
                    {"class", ReplyClassName(rejection.reply_class)}});
    if (!is_item) event.fields.emplace_back("offset", *rejection.offset);
    options.log(event);
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
