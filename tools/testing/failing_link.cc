// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/failing_link.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/rejection.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using Way = LinkFailure::Way;

// The way whose counter counts this one's calls.
Way KindOf(Way way) {
  return way == Way::kConnect || way == Way::kReceive ? way : Way::kInFront;
}

absl::string_view NameOf(Way way) {
  switch (way) {
    case Way::kConnect:
      return "kConnect";
    case Way::kInFront:
      return "kInFront";
    case Way::kLost:
      return "kLost";
    case Way::kBehind:
      return "kBehind";
    case Way::kLate:
      return "kLate";
    case Way::kRefused:
      return "kRefused";
    case Way::kRejected:
      return "kRejected";
    case Way::kReceive:
      break;
  }
  return "kReceive";
}

// The server has executed the commands that it has answered.
void Drain(TargetLink* link) {
  while (link->outstanding() > 0 && link->Receive(ReplyDetail::kBrief).ok()) {
  }
}

}  // namespace

std::string ToString(const LinkFailure& failure) {
  return absl::StrCat(NameOf(failure.way), " at ", failure.at,
                      failure.reply.text.empty() ? "" : ": ",
                      failure.reply.text);
}

const LinkFailure* FailingCalls::Count(Way kind) {
  size_t count = commands_.size();
  if (kind == Way::kConnect) count = ++connects_;
  if (kind == Way::kReceive) count = ++receives_;
  for (const LinkFailure& failure : failures) {
    if (KindOf(failure.way) != kind || failure.at != count) continue;
    ++failed_;
    return &failure;
  }
  return nullptr;
}

void FailingCalls::DeliverLate() {
  for (const Late& late : std::exchange(late_, std::vector<Late>())) {
    for (const std::string& command : late.commands) {
      late.link->AddRaw(command);
      if (!late.link->Send().ok()) break;
      Drain(late.link.get());
    }
  }
}

absl::StatusOr<std::unique_ptr<TargetLink>> FailingLink::Connect(
    const TargetConnector& connect, FailingCalls* calls) {
  if (const LinkFailure* const failure = calls->Count(Way::kConnect)) {
    failure->then();
    return failure->error;
  }
  absl::StatusOr<std::unique_ptr<TargetLink>> link = connect();
  if (!link.ok()) return link.status();
  return std::make_unique<FailingLink>(*std::move(link), calls);
}

void FailingLink::AddRaw(absl::string_view resp) {
  gathered_.emplace_back(resp);
}

void FailingLink::Add(absl::Span<const absl::string_view> argv) {
  std::string resp;
  EXPECT_EQ(AppendCommand(argv, &resp), WireError::kNone);
  gathered_.push_back(std::move(resp));
}

absl::Status FailingLink::Send() {
  std::vector<std::string> commands =
      std::exchange(gathered_, std::vector<std::string>());
  for (size_t i = 0; i < commands.size() && inner_ != nullptr; ++i) {
    const std::string& command = commands[i];
    if (ArgumentOf(command, 1) == "KILL" || ArgumentOf(command, 0) == "EXEC") {
      calls_->DeliverLate();
    }
    calls_->commands_.push_back(command);
    const LinkFailure* const failure = calls_->Count(Way::kInFront);
    const bool refused = failure != nullptr && failure->way == Way::kRefused;
    if (failure == nullptr || (refused && ArgumentOf(command, 0) == "MULTI")) {
      Forward(command);
    } else if (refused) {
      ForwardRefused(command, failure->reply);
      failure->then();
    } else if (failure->way == Way::kRejected) {
      std::string rejected;
      EXPECT_EQ(AppendCommand({"EVAL", "return redis.error_reply(ARGV[1])", "0",
                               failure->reply.text},
                              &rejected),
                WireError::kNone);
      Forward(rejected);
      failure->then();
    } else {
      if (failure->way == Way::kBehind) Forward(command);
      Fail(*failure, {std::make_move_iterator(commands.begin() + i),
                      std::make_move_iterator(commands.end())});
    }
  }
  return inner_ != nullptr || lost_ ? absl::OkStatus() : error_;
}

// Breaks the link.
void FailingLink::Fail(const LinkFailure& failure,
                       std::vector<std::string> unsent) {
  Drain(inner_.get());
  if (failure.way == Way::kLate) {
    calls_->late_.push_back({std::move(inner_), std::move(unsent)});
  }
  inner_.reset();
  error_ = failure.error;
  lost_ = failure.way == Way::kLost;
  failure.then();
}

void FailingLink::Forward(const std::string& command) {
  ++sent_;
  inner_->AddRaw(command);
  const absl::Status sent = inner_->Send();
  if (!sent.ok()) {
    inner_.reset();
    error_ = sent;
  }
}

// The server refuses a command that it does not know, in a transaction too.
void FailingLink::ForwardRefused(const std::string& command,
                                 const TargetReply& reply) {
  std::string refused;
  EXPECT_EQ(
      AppendCommand(
          {ArgumentOf(command, 0) == "EXEC" ? "DISCARD" : "NO.SUCH.COMMAND"},
          &refused),
      WireError::kNone);
  replaced_.push_back({sent_, reply});
  if (reply.is_error() && ArgumentOf(command, 0) == "EXEC") {
    replaced_.back().reply.text = absl::StrCat(
        "EXECABORT Transaction discarded because of: ", reply.text);
  }
  Forward(refused);
}

size_t FailingLink::outstanding() const {
  return inner_ == nullptr ? 1 : inner_->outstanding();
}

absl::StatusOr<TargetReply> FailingLink::Receive(ReplyDetail detail) {
  if (inner_ == nullptr) return error_;
  if (const LinkFailure* const failure = calls_->Count(Way::kReceive)) {
    Fail(*failure, {});
    return error_;
  }
  absl::StatusOr<TargetReply> reply = inner_->Receive(detail);
  if (!reply.ok()) return reply;
  for (const Replaced& replaced : replaced_) {
    if (replaced.number == received_) reply = replaced.reply;
  }
  ++received_;
  return reply;
}

size_t FailingLink::SkipQueued(size_t most) {
  if (inner_ == nullptr) return 0;
  const size_t count = inner_->SkipQueued(most);
  received_ += count;
  return count;
}

}  // namespace kevy_replica
