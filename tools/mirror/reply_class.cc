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

// Texts that Redis 7.0.15 holds, for states that the test does not make.
constexpr absl::string_view kText = "texts of Redis 7.0.15";
constexpr absl::string_view kCluster = "Redis cluster specification";

constexpr absl::string_view kInTrouble = "the target is in trouble: ";

constexpr ReplyRow kRows[] = {
    // The server's state.
    {"OOM ", kTrouble, kSeen},
    {"READONLY ", kTrouble, kSeen},
    {"MASTERDOWN ", kTrouble, kSeen},
    {"NOREPLICAS ", kTrouble, kSeen},
    {"BUSY ", kTrouble, kSeen},
    {"LOADING ", kTrouble, kText},
    {"MISCONF ", kTrouble, kText},
    {"ERR max number of clients", kTrouble, kText},
    {"CLUSTERDOWN ", kTrouble, kCluster},
    {"TRYAGAIN ", kTrouble, kCluster},

    // The command, the right or the place is missing.
    {"ERR unknown command", kUnable, kSeen},
    {"ERR unknown subcommand", kUnable, kSeen},
    {"ERR Function not found", kUnable, kSeen},
    {"NOSCRIPT ", kUnable, kSeen},
    {"NOPERM ", kUnable, kSeen},
    {"NOAUTH ", kUnable, kText},
    {"CROSSSLOT ", kUnable, kCluster},
    {"MOVED ", kUnable, kCluster},
    {"ASK ", kUnable, kCluster},

    // The form of the command.
    {"ERR wrong number of arguments", kData, kSeen},
    {"ERR syntax error", kData, kSeen},
    {"ERR Unsupported option", kData, kSeen},
    {"ERR unsupported unit", kData, kSeen},
    {"ERR value is not an integer", kData, kSeen},
    {"ERR value is not a valid float", kData, kSeen},
    {"ERR value is out of range", kData, kSeen},
    {"ERR bit offset is not an integer", kData, kSeen},
    {"ERR bit is not an integer", kData, kSeen},
    {"ERR BITOP NOT must be called", kData, kSeen},
    {"ERR Invalid bitfield type", kData, kSeen},
    {"ERR Invalid OVERFLOW type", kData, kSeen},
    {"ERR offset is out of range", kData, kSeen},
    {"ERR invalid expire time", kData, kSeen},
    {"ERR NX and XX, GT or LT options", kData, kSeen},
    {"ERR GT and LT options", kData, kSeen},
    {"ERR XX and NX options", kData, kSeen},
    {"ERR GT, LT, and/or NX options", kData, kSeen},
    {"ERR INCR option supports", kData, kSeen},
    {"ERR min or max ", kData, kSeen},
    {"ERR weight value is not a float", kData, kSeen},
    {"ERR at least 1 input key is needed", kData, kSeen},
    {"ERR numkeys should be greater", kData, kSeen},
    {"ERR count should be greater", kData, kSeen},
    {"ERR source and destination objects", kData, kSeen},
    {"ERR need numeric", kData, kSeen},
    {"ERR STORE option in GEORADIUS", kData, kSeen},
    {"ERR invalid longitude,latitude", kData, kSeen},
    {"ERR Invalid stream ID", kData, kSeen},
    {"ERR The MAXLEN argument", kData, kSeen},
    {"ERR The LIMIT argument", kData, kSeen},
    {"ERR Invalid min-idle-time", kData, kSeen},
    {"ERR Invalid IDLE option", kData, kSeen},
    {"ERR Unrecognized XCLAIM option", kData, kSeen},
    {"ERR entries_added must be positive", kData, kSeen},
    {"ERR The ID specified in XADD must be", kData, kSeen},

    // The data at the key.
    {"WRONGTYPE ", kData, kSeen},
    {"ERR no such key", kData, kSeen},
    {"ERR index out of range", kData, kSeen},
    {"ERR hash value is not", kData, kSeen},
    {"ERR increment or decrement would", kData, kSeen},
    {"ERR decrement would overflow", kData, kSeen},
    {"ERR resulting score is not a number", kData, kSeen},
    {"ERR string exceeds maximum", kData, kSeen},
    {"ERR could not decode requested zset", kData, kSeen},
    {"ERR The ID specified in XADD is equal", kData, kSeen},
    {"ERR The ID specified in XSETID is", kData, kSeen},
    {"ERR The entries_added specified in", kData, kSeen},
    {"ERR The XGROUP subcommand requires", kData, kSeen},
    {"BUSYGROUP ", kData, kSeen},
    {"NOGROUP ", kData, kSeen},

    // A script may raise any text.
    {"", kData, kSeen, "eval"},
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
