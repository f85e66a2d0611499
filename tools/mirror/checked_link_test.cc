// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/checked_link.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;

TargetReply ReplyOf(TargetReply::Type type, const std::string& text) {
  TargetReply reply;
  reply.type = type;
  reply.text = text;
  return reply;
}

// The calls of all links, and the results to come.
struct Script {
  std::vector<std::string> calls;
  std::deque<absl::Status> sends;  // Of the next calls of Send(). Then OK.
  std::deque<absl::StatusOr<TargetReply>> replies;
};

class ScriptedLink : public TargetLink {
 public:
  explicit ScriptedLink(Script* script) : script_(script) {}

  void AddRaw(absl::string_view resp) override {
    script_->calls.push_back(std::string(resp));
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    script_->calls.push_back(absl::StrJoin(argv, " "));
  }
  absl::Status Send() override {
    script_->calls.push_back("Send()");
    if (script_->sends.empty()) return absl::OkStatus();
    absl::Status status = std::move(script_->sends.front());
    script_->sends.pop_front();
    return status;
  }
  size_t outstanding() const override { return script_->replies.size(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail /*detail*/) override {
    script_->calls.push_back("Receive()");
    absl::StatusOr<TargetReply> reply = std::move(script_->replies.front());
    script_->replies.pop_front();
    return reply;
  }
  size_t SkipQueued(size_t most) override {
    script_->calls.push_back("SkipQueued()");
    return most;
  }

 private:
  Script* const script_;
};

class CheckedLinkTest : public ::testing::Test {
 protected:
  // Expects that the link has ended by `status`.
  void ExpectEnded(const absl::Status& status) {
    EXPECT_EQ(link_.status(), status);
    script_.replies = {ReplyOf(TargetReply::Type::kText, "late")};
    script_.calls.clear();
    EXPECT_EQ(link_.Send(), status);
    EXPECT_EQ(link_.Receive(ReplyDetail::kWhole).status(), status);
    EXPECT_EQ(link_.SkipQueued(1), 0u);
    EXPECT_EQ(link_.DropReplies(), status);
    EXPECT_THAT(script_.calls, ElementsAre());
  }

  Script script_;
  CheckedLink link_{std::make_unique<ScriptedLink>(&script_)};
};

TEST_F(CheckedLinkTest, ErrorOfSendLasts) {
  script_.sends = {absl::UnavailableError("gone")};
  EXPECT_EQ(link_.Send(), absl::UnavailableError("gone"));
  ExpectEnded(absl::UnavailableError("gone"));
}

TEST_F(CheckedLinkTest, ErrorOfReceiveLasts) {
  script_.replies = {absl::DeadlineExceededError("late")};
  EXPECT_EQ(link_.Receive(ReplyDetail::kBrief).status(),
            absl::DeadlineExceededError("late"));
  ExpectEnded(absl::DeadlineExceededError("late"));
}

TEST_F(CheckedLinkTest, FailEndsLinkUntilReplace) {
  EXPECT_EQ(link_.Fail(absl::UnavailableError("busy")),
            absl::UnavailableError("busy"));
  ExpectEnded(absl::UnavailableError("busy"));
  Script other;
  other.replies = {ReplyOf(TargetReply::Type::kText, "OK")};
  link_.Replace(std::make_unique<ScriptedLink>(&other));
  EXPECT_TRUE(link_.status().ok());
  EXPECT_TRUE(link_.Send().ok());
  EXPECT_EQ(link_.SkipQueued(3), 3u);
  EXPECT_EQ(link_.Receive(ReplyDetail::kWhole)->text, "OK");
  EXPECT_THAT(other.calls, ElementsAre("Send()", "SkipQueued()", "Receive()"));
}

TEST_F(CheckedLinkTest, ErrorReplyIsReplyToReceive) {
  script_.replies = {ReplyOf(TargetReply::Type::kError, "BUSY no")};
  EXPECT_TRUE(link_.Receive(ReplyDetail::kBrief)->is_error());
  EXPECT_TRUE(link_.status().ok());
}

TEST_F(CheckedLinkTest, AskReturnsReply) {
  script_.replies = {ReplyOf(TargetReply::Type::kText, "PONG")};
  EXPECT_EQ(link_.Ask({"PING", "a"})->text, "PONG");
  EXPECT_THAT(script_.calls, ElementsAre("PING a", "Send()", "Receive()"));
}

TEST_F(CheckedLinkTest, RefusedQuestionLeavesLink) {
  script_.replies = {ReplyOf(TargetReply::Type::kError, "NOPERM no")};
  EXPECT_TRUE(absl::IsFailedPrecondition(link_.Ask({"INFO"}).status()));
  EXPECT_TRUE(link_.status().ok());
}

TEST_F(CheckedLinkTest, TroubleOfQuestionEndsLink) {
  script_.replies = {ReplyOf(TargetReply::Type::kError, "LOADING no")};
  const absl::Status status = link_.Ask({"INFO"}).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  ExpectEnded(status);
}

TEST_F(CheckedLinkTest, QuestionOverBrokenLinkIsNotAsked) {
  script_.sends = {absl::UnavailableError("gone")};
  EXPECT_EQ(link_.Ask({"PING"}).status(), absl::UnavailableError("gone"));
  EXPECT_THAT(script_.calls, ElementsAre("PING", "Send()"));
}

TEST_F(CheckedLinkTest, DropRepliesTakesAllUpToError) {
  const TargetReply reply = ReplyOf(TargetReply::Type::kText, "");
  script_.replies = {reply, reply};
  EXPECT_TRUE(link_.DropReplies().ok());
  EXPECT_TRUE(script_.replies.empty());
  script_.replies = {reply, absl::UnavailableError("gone"), reply};
  EXPECT_EQ(link_.DropReplies(), absl::UnavailableError("gone"));
  EXPECT_EQ(script_.replies.size(), 1u);
}

}  // namespace
}  // namespace kevy_replica
