// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A link to a target that fails at a call that the test chooses.

#ifndef KEVY_REPLICA_TOOLS_TESTING_FAILING_LINK_H_
#define KEVY_REPLICA_TOOLS_TESTING_FAILING_LINK_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// One failure. The way names the kind of calls that `at` counts.
struct LinkFailure {
  enum class Way : uint8_t {
    // Connecting: it is refused.
    kConnect,
    // Commands: this one does not arrive, nor those behind it.
    kInFront,  // Send() returns the error.
    kLost,     // Send() returns OK. The next Receive() returns the error.
    // Commands: this one is executed. Those behind it do not arrive.
    kBehind,
    // Commands: Send() returns the error. This one and those behind it arrive
    // when a newer link ends the older ones, or else executes a transaction.
    kLate,
    // Commands: this one is answered with `reply`, and not executed. EXEC then
    // drops the transaction. MULTI is executed: servers take it in any state.
    kRefused,
    // Commands: this one is queued, and fails in EXEC with the text of `reply`.
    kRejected,
    // Calls of Receive(): this reply is lost, and those behind it.
    kReceive,
  };
  Way way = Way::kInFront;
  size_t at = 0;  // From 1 on, over all links.
  absl::Status error = absl::UnavailableError("cut");
  TargetReply reply = TargetReply();
  std::function<void()> then = [] {};  // Called when it happens.
};

// "kBehind at 7".
std::string ToString(const LinkFailure& failure);

// The calls over all links of a target, and their failures.
class FailingCalls {
 public:
  // In any order. Each happens once.
  std::vector<LinkFailure> failures;

  bool has_failed() const { return failed_ > 0; }
  bool have_all_failed() const { return failed_ == failures.size(); }

  // The commands so far, in RESP. The failed one is among them.
  const std::vector<std::string>& commands() const { return commands_; }

 private:
  friend class FailingLink;

  // A connection with commands that are still on their way.
  struct Late {
    std::unique_ptr<TargetLink> link;
    std::vector<std::string> commands;
  };

  // Counts a call. Returns its failure, or null.
  const LinkFailure* Count(LinkFailure::Way kind);
  void DeliverLate();

  size_t connects_ = 0;
  size_t receives_ = 0;
  size_t failed_ = 0;
  std::vector<std::string> commands_;
  std::vector<Late> late_;
};

// Decorates a link. It sends commands one by one, and fails as `calls` says.
// Precondition of kRefused and kRejected: the server knows EVAL.
class FailingLink : public TargetLink {
 public:
  // Connects by `connect`. `calls` must outlive the link.
  static absl::StatusOr<std::unique_ptr<TargetLink>> Connect(
      const TargetConnector& connect, FailingCalls* calls);

  FailingLink(std::unique_ptr<TargetLink> inner, FailingCalls* calls)
      : inner_(std::move(inner)), calls_(calls) {}

  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override;
  size_t outstanding() const override;
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;
  size_t SkipQueued(size_t most) override;

 private:
  void Fail(const LinkFailure& failure, std::vector<std::string> unsent);
  void Forward(const std::string& command);
  void ForwardRefused(const std::string& command, const TargetReply& reply);

  // A reply that takes the place of the inner link's.
  struct Replaced {
    size_t number;  // Of the reply on this link, from 0 on.
    TargetReply reply;
  };

  std::unique_ptr<TargetLink> inner_;  // Null: broken.
  FailingCalls* const calls_;
  std::vector<std::string> gathered_;
  absl::Status error_;  // Of a broken link.
  bool lost_ = false;   // Send() has hidden the error.
  size_t sent_ = 0;     // Commands that went to `inner_`.
  size_t received_ = 0;
  std::vector<Replaced> replaced_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_FAILING_LINK_H_
