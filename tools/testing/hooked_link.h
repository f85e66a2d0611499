// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A link to a server that shows each command to the test.

#ifndef KEVY_REPLICA_TOOLS_TESTING_HOOKED_LINK_H_
#define KEVY_REPLICA_TOOLS_TESTING_HOOKED_LINK_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Sees each command before it is sent. A reply takes the server's place.
using Hook = std::function<std::optional<TargetReply>(
    const std::vector<std::string>& argv)>;

// Decorates a link. `hook` must outlive it.
class HookedLink : public TargetLink {
 public:
  HookedLink(std::unique_ptr<TargetLink> inner, const Hook* hook)
      : inner_(std::move(inner)), hook_(hook) {}

  // Not shown to the hook.
  void AddRaw(absl::string_view resp) override {
    replies_.emplace_back();
    inner_->AddRaw(resp);
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    replies_.push_back((*hook_)({argv.begin(), argv.end()}));
    // PING keeps the replies in step.
    if (replies_.back().has_value()) {
      inner_->Add({"PING"});
    } else {
      inner_->Add(argv);
    }
  }
  absl::Status Send() override { return inner_->Send(); }
  size_t outstanding() const override { return inner_->outstanding(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override {
    const absl::StatusOr<TargetReply> reply = inner_->Receive(detail);
    const std::optional<TargetReply> own = std::move(replies_.front());
    replies_.pop_front();
    return reply.ok() && own.has_value() ? *own : reply;
  }

 private:
  const std::unique_ptr<TargetLink> inner_;
  const Hook* const hook_;
  std::deque<std::optional<TargetReply>> replies_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_HOOKED_LINK_H_
