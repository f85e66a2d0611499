// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/slot_link.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/cluster/cluster_links.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

void SlotLink::AddRaw(absl::string_view /*resp*/) {
  gathered_.emplace_back();  // Send() refuses it.
}

void SlotLink::Add(absl::Span<const absl::string_view> argv) {
  gathered_.emplace_back(argv.begin(), argv.end());
}

absl::Status SlotLink::Send() {
  for (const std::vector<std::string>& argv :
       std::exchange(gathered_, std::vector<std::vector<std::string>>())) {
    if (argv.empty()) return absl::InternalError("AddRaw() of a SlotLink");
    absl::StatusOr<TargetReply> reply = links_->Ask(
        slot_, std::vector<absl::string_view>(argv.begin(), argv.end()));
    if (!reply.ok()) return reply.status();
    replies_.push_back(*std::move(reply));
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetReply> SlotLink::Receive(ReplyDetail /*detail*/) {
  TargetReply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

}  // namespace kevy_replica
