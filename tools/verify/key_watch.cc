// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/key_watch.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

absl::StatusOr<TargetReply> KeyWatch::Ask(
    absl::Span<const absl::string_view> argv) {
  absl::StatusOr<TargetReply> reply = server_->Ask(argv);
  if (!reply.ok() || !reply->is_error()) return reply;
  return absl::FailedPreconditionError(
      absl::StrCat(server_->name(), ": ", argv[0], ": ", reply->text));
}

absl::Status KeyWatch::Begin(absl::string_view key) {
  connections_ = server_->connections();
  return Ask({"WATCH", key}).status();
}

absl::StatusOr<bool> KeyWatch::Stood() {
  if (!IsLinked()) return false;
  absl::Status status = Ask({"MULTI"}).status();
  if (!status.ok()) return status;
  status = Ask({"PING"}).status();
  if (!status.ok()) return status;
  const absl::StatusOr<TargetReply> reply = Ask({"EXEC"});
  if (!reply.ok()) return reply.status();
  return reply->type == TargetReply::Type::kArray;
}

}  // namespace kevy_replica
