// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The classes of the target's error replies.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REPLY_CLASS_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REPLY_CLASS_H_

#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {

enum class ReplyClass : uint8_t {
  // The command does not fit the data. A primary with the same data has refused
  // it as well, and streamed it all the same: it changes nothing on either
  // side. Passed over by default.
  kData,
  // The target cannot do the command: the copy would lack a write. Stops the
  // mirror by default. Errors without a row belong here.
  kUnable,
  // The server is in trouble, whatever the command. The mirror waits and tries
  // again.
  kTrouble,
};

// "data", "unable" or "trouble".
absl::string_view ReplyClassName(ReplyClass reply_class);

// reply_class_test.cc provokes each row's error at a real server: Redis 7.0.15
// and 8.0.2, Valkey 8.1.1.
struct ReplyRow {
  // The first bytes of the error's text.
  absl::string_view begin;
  ReplyClass reply_class;
  // The command that the row is about, in lower case. Empty: any.
  absl::string_view command = "";
};

// The whole table, in the order of the search.
absl::Span<const ReplyRow> ReplyRows();

// The row for an error of `command`, a name in lower case. Null: none.
const ReplyRow* FindReplyRow(absl::string_view error,
                             absl::string_view command);

// The class of that row. kUnable without one.
ReplyClass ClassOfError(absl::string_view error, absl::string_view command);

// The reason in the error of a refused EXEC, "EXECABORT Transaction discarded
// because of: OOM ...": "OOM ...". Another error as it is.
absl::string_view WithoutExecAbort(
    absl::string_view error ABSL_ATTRIBUTE_LIFETIME_BOUND);

// kUnavailable, with the error of a server in trouble.
absl::Status ServersTrouble(absl::string_view error);

// The code of the error in ServersTrouble()'s status: "OOM". Empty for another
// status. A view of it.
absl::string_view TroubleCode(
    const absl::Status& status ABSL_ATTRIBUTE_LIFETIME_BOUND);

// The status for an error reply to the mirror's own command `command`.
//
// Returns:
//   kUnavailable         the server is in trouble
//   kFailedPrecondition  any other error
absl::Status TargetError(absl::string_view command, absl::string_view error);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REPLY_CLASS_H_
