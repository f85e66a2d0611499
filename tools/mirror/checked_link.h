// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A link to the target that keeps its first error.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_CHECKED_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_CHECKED_LINK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Decorates a TargetLink. After the first error, Send() and Receive() return
// that error and leave the inner link alone. Error replies are those of
// WithoutExecAbort().
class CheckedLink : public TargetLink {
 public:
  explicit CheckedLink(std::unique_ptr<TargetLink> inner)
      : inner_(std::move(inner)) {}

  void AddRaw(absl::string_view resp) override { inner_->AddRaw(resp); }
  void Add(absl::Span<const absl::string_view> argv) override {
    inner_->Add(argv);
  }
  size_t outstanding() const override { return inner_->outstanding(); }
  absl::Status Send() override;
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;
  size_t SkipQueued(size_t most) override {
    return status_.ok() ? inner_->SkipQueued(most) : 0;
  }

  // Not OK from the first error on: connect to the target again.
  const absl::Status& status() const { return status_; }

  // Makes `status` the link's error. Returns it.
  absl::Status Fail(absl::Status status);

  // Goes on over `inner`, without an error.
  void Replace(std::unique_ptr<TargetLink> inner);

  // Sends a command of the mirror's own and waits for the reply.
  // Precondition: outstanding() is 0.
  //
  // Returns:
  //   a reply              anything but an error
  //   kUnavailable         the target is in trouble, or the connection is; this
  //                        is the link's status from now on
  //   kFailedPrecondition  the target refuses the command
  //   other errors         the connection's
  absl::StatusOr<TargetReply> Ask(absl::Span<const absl::string_view> argv);

  // As Receive(). But a server in trouble is an error: kUnavailable, which is
  // the link's status from now on.
  absl::StatusOr<TargetReply> ReceiveAnswer(ReplyDetail detail);

  // Receives the replies to a transaction, up to EXEC's. Returns the first
  // error among them and in EXEC's. Empty: the target has executed all of it.
  // Errors: the connection's. Precondition: nothing was sent behind EXEC.
  absl::StatusOr<std::string> ReceiveTransaction();

  // Receives the replies to all sent commands, and drops them.
  absl::Status DropReplies();

 private:
  std::unique_ptr<TargetLink> inner_;
  absl::Status status_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_CHECKED_LINK_H_
