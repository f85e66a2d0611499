// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/key_watch.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

absl::StatusOr<TargetReply> KeyWatch::Receive(absl::string_view command) {
  absl::StatusOr<TargetReply> reply = server_->Receive();
  if (!reply.ok() || !reply->is_error()) return reply;
  return absl::FailedPreconditionError(
      absl::StrCat(server_->name(), ": ", command, ": ", reply->text));
}

absl::Status KeyWatch::Begin(absl::string_view key) {
  connections_ = server_->connections();
  server_->Add({"WATCH", key});
  const absl::Status sent = server_->Send();
  return sent.ok() ? Receive("WATCH").status() : sent;
}

absl::StatusOr<bool> KeyWatch::Stood() {
  if (!IsLinked()) return false;
  for (const absl::string_view command : {"MULTI", "PING", "EXEC"}) {
    server_->Add({command});
  }
  const absl::Status sent = server_->Send();
  if (!sent.ok()) return sent;
  const absl::Status begun = Receive("MULTI").status();
  const absl::Status queued = Receive("PING").status();
  const absl::StatusOr<TargetReply> reply = Receive("EXEC");
  if (!begun.ok()) return begun;
  if (!queued.ok()) return queued;
  if (!reply.ok()) return reply.status();
  return reply->type == TargetReply::Type::kArray;
}

}  // namespace kevy_replica
