// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/checked_link.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

absl::Status CheckedLink::Send() {
  if (status_.ok()) status_ = inner_->Send();
  return status_;
}

absl::StatusOr<TargetReply> CheckedLink::Receive(ReplyDetail detail) {
  if (!status_.ok()) return status_;
  absl::StatusOr<TargetReply> reply = inner_->Receive(detail);
  if (!reply.ok()) status_ = reply.status();
  return reply;
}

absl::Status CheckedLink::Fail(absl::Status status) {
  status_ = std::move(status);
  return status_;
}

void CheckedLink::Replace(std::unique_ptr<TargetLink> inner) {
  inner_ = std::move(inner);
  status_ = absl::OkStatus();
}

absl::StatusOr<TargetReply> CheckedLink::Ask(
    absl::Span<const absl::string_view> argv) {
  Add(argv);
  absl::Status sent = Send();
  if (!sent.ok()) return sent;
  absl::StatusOr<TargetReply> reply = Receive(ReplyDetail::kWhole);
  if (!reply.ok() || !reply->is_error()) return reply;
  const absl::Status status = TargetError(argv[0], reply->text);
  return absl::IsUnavailable(status) ? Fail(status) : status;
}

absl::Status CheckedLink::DropReplies() {
  while (outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
