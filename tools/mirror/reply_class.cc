// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/reply_class.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace {

constexpr ReplyClass kData = ReplyClass::kData;
constexpr ReplyClass kUnable = ReplyClass::kUnable;
constexpr ReplyClass kTrouble = ReplyClass::kTrouble;

constexpr absl::string_view kInTrouble = "the target is in trouble: ";

constexpr ReplyRow kRows[] = {
    // The server's state.
    {"OOM ", kTrouble},
    {"READONLY ", kTrouble},
    {"MASTERDOWN ", kTrouble},
    {"NOREPLICAS ", kTrouble},
    {"BUSY ", kTrouble},
    {"LOADING ", kTrouble},
    {"MISCONF ", kTrouble},
    {"ERR max number of clients", kTrouble},
    {"CLUSTERDOWN ", kTrouble},
    {"TRYAGAIN ", kTrouble},

    // The command, the right or the place is missing.
    {"ERR unknown command", kUnable},
    {"ERR unknown subcommand", kUnable},
    {"ERR Function not found", kUnable},
    {"NOSCRIPT ", kUnable},
    {"NOPERM ", kUnable},
    {"NOAUTH ", kUnable},
    {"CROSSSLOT ", kUnable},
    {"MOVED ", kUnable},
    {"ASK ", kUnable},

    // The form of the command.
    {"ERR wrong number of arguments", kData},
    {"ERR syntax error", kData},
    {"ERR Unsupported option", kData},
    {"ERR unsupported unit", kData},
    {"ERR value is not an integer", kData},
    {"ERR value is not a valid float", kData},
    {"ERR value is out of range", kData},
    {"ERR bit offset is not an integer", kData},
    {"ERR bit is not an integer", kData},
    {"ERR BITOP NOT must be called", kData},
    {"ERR Invalid bitfield type", kData},
    {"ERR Invalid OVERFLOW type", kData},
    {"ERR offset is out of range", kData},
    {"ERR timeout is not ", kData},
    {"ERR timeout is negative", kData},
    {"ERR invalid expire time", kData},
    {"ERR NX and XX, GT or LT options", kData},
    {"ERR GT and LT options", kData},
    {"ERR XX and NX options", kData},
    {"ERR GT, LT, and/or NX options", kData},
    {"ERR INCR option supports", kData},
    {"ERR min or max ", kData},
    {"ERR weight value is not a float", kData},
    {"ERR at least 1 input key is needed", kData},
    {"ERR numkeys should be greater", kData},
    {"ERR count should be greater", kData},
    {"ERR source and destination objects", kData},
    {"ERR need numeric", kData},
    {"ERR STORE option in GEORADIUS", kData},
    {"ERR invalid longitude,latitude", kData},
    {"ERR Invalid stream ID", kData},
    {"ERR The MAXLEN argument", kData},
    {"ERR The LIMIT argument", kData},
    {"ERR Invalid min-idle-time", kData},
    {"ERR Invalid IDLE option", kData},
    {"ERR Unrecognized XCLAIM option", kData},
    {"ERR entries_added must be positive", kData},
    {"ERR The ID specified in XADD must be", kData},

    // The data at the key.
    {"WRONGTYPE ", kData},
    {"ERR no such key", kData},
    {"ERR index out of range", kData},
    {"ERR hash value is not", kData},
    {"ERR increment or decrement would", kData},
    {"ERR decrement would overflow", kData},
    {"ERR resulting score is not a number", kData},
    {"ERR string exceeds maximum", kData},
    {"ERR could not decode requested zset", kData},
    {"ERR The ID specified in XADD is equal", kData},
    {"ERR The ID specified in XSETID is", kData},
    {"ERR The entries_added specified in", kData},
    {"ERR The XGROUP subcommand requires", kData},
    {"BUSYGROUP ", kData},
    {"NOGROUP ", kData},

    // A script may raise any text.
    {"", kData, "eval"},
};

}  // namespace

absl::string_view ReplyClassName(ReplyClass reply_class) {
  switch (reply_class) {
    case ReplyClass::kData:
      return "data";
    case ReplyClass::kUnable:
      return "unable";
    case ReplyClass::kTrouble:
      break;
  }
  return "trouble";
}

absl::Span<const ReplyRow> ReplyRows() { return kRows; }

const ReplyRow* FindReplyRow(absl::string_view error,
                             absl::string_view command) {
  for (const ReplyRow& row : kRows) {
    if (absl::StartsWith(error, row.begin) &&
        (row.command.empty() || row.command == command)) {
      return &row;
    }
  }
  return nullptr;
}

ReplyClass ClassOfError(absl::string_view error, absl::string_view command) {
  const ReplyRow* const row = FindReplyRow(error, command);
  return row == nullptr ? ReplyClass::kUnable : row->reply_class;
}

absl::string_view WithoutExecAbort(absl::string_view error) {
  absl::ConsumePrefix(&error, "EXECABORT Transaction discarded because of: ");
  return error;
}

absl::Status ServersTrouble(absl::string_view error) {
  return absl::UnavailableError(absl::StrCat(kInTrouble, error));
}

absl::string_view TroubleCode(const absl::Status& status) {
  absl::string_view error = status.message();
  if (!absl::ConsumePrefix(&error, kInTrouble)) return "";
  return error.substr(0, error.find(' '));
}

absl::Status TargetError(absl::string_view command, absl::string_view error) {
  if (ClassOfError(error, "") == ReplyClass::kTrouble) {
    return ServersTrouble(error);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the target answers ", command, " with: ", error));
}

}  // namespace kevy_replica
