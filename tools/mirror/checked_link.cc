// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/checked_link.h"

#include <memory>
#include <string>
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
  if (!reply.ok()) {
    status_ = reply.status();
  } else if (reply->is_error()) {
    reply->text = std::string(WithoutExecAbort(reply->text));
  }
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

absl::StatusOr<TargetReply> CheckedLink::ReceiveAnswer(ReplyDetail detail) {
  absl::StatusOr<TargetReply> reply = Receive(detail);
  if (reply.ok() && reply->is_error() &&
      ClassOfError(reply->text, "") == ReplyClass::kTrouble) {
    return Fail(ServersTrouble(reply->text));
  }
  return reply;
}

absl::StatusOr<std::string> CheckedLink::ReceiveTransaction() {
  std::string error;
  TargetReply::Type last = TargetReply::Type::kNull;
  while (outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
    last = reply->type;
    if (reply->is_error() && error.empty()) error = reply->text;
    for (const TargetReply& element : reply->elements) {
      if (element.is_error() && error.empty()) error = element.text;
    }
  }
  if (error.empty() && last != TargetReply::Type::kArray) {
    error = "EXEC has no result";
  }
  return error;
}

absl::Status CheckedLink::DropReplies() {
  while (outstanding() > 0) {
    const absl::StatusOr<TargetReply> reply = Receive(ReplyDetail::kBrief);
    if (!reply.ok()) return reply.status();
  }
  return absl::OkStatus();
}

}  // namespace kevy_replica
