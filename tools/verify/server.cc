// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/server.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// A key for questions about commands. Nothing depends on whether it exists.
constexpr absl::string_view kProbeKey = "kevy_verify";

}  // namespace

Server::Server(std::string name, TargetConnector connect)
    : name_(std::move(name)), connect_(std::move(connect)) {}

absl::Status Server::Named(const absl::Status& status) const {
  if (status.ok()) return status;
  if (absl::IsCancelled(status)) return absl::CancelledError("interrupted");
  return absl::Status(status.code(),
                      absl::StrCat(name_, ": ", status.message()));
}

absl::Status Server::Connect() {
  absl::StatusOr<std::unique_ptr<TargetLink>> link = connect_();
  if (!link.ok()) return Named(link.status());
  link_ = std::make_unique<CheckedLink>(*std::move(link));
  return ++connections_ == 1 ? AskForCommands() : absl::OkStatus();
}

void Server::Add(absl::Span<const absl::string_view> argv) { link_->Add(argv); }

absl::Status Server::Send() { return Named(link_->Send()); }

absl::StatusOr<TargetReply> Server::Receive(ReplyDetail detail) {
  absl::StatusOr<TargetReply> reply = link_->Receive(detail);
  if (!reply.ok()) return Named(reply.status());
  if (reply->is_error() &&
      ClassOfError(reply->text, "") == ReplyClass::kTrouble) {
    return Named(ServersTrouble(reply->text));
  }
  return reply;
}

absl::StatusOr<TargetReply> Server::Ask(
    absl::Span<const absl::string_view> argv) {
  Add(argv);
  absl::Status sent = Send();
  if (!sent.ok()) return sent;
  return Receive();
}

absl::StatusOr<bool> Server::Knows(absl::Span<const absl::string_view> argv) {
  const absl::StatusOr<TargetReply> reply = Ask(argv);
  if (!reply.ok()) return reply.status();
  return !IsLacking(*reply);
}

absl::Status Server::AskForCommands() {
  const absl::StatusOr<bool> pexpiretime = Knows({"PEXPIRETIME", kProbeKey});
  if (!pexpiretime.ok()) return pexpiretime.status();
  has_pexpiretime_ = *pexpiretime;
  for (const char* const command : {"HPEXPIRETIME", "HPTTL"}) {
    const absl::StatusOr<bool> known =
        Knows({command, kProbeKey, "FIELDS", "1", "f"});
    if (!known.ok()) return known.status();
    if (!*known) continue;
    field_deadline_command_ = command;
    has_hpexpiretime_ = command == absl::string_view("HPEXPIRETIME");
    break;
  }
  return absl::OkStatus();
}

std::optional<int64_t> Server::DeadlineOf(const TargetReply& reply,
                                          bool is_absolute) const {
  if (reply.type != TargetReply::Type::kInteger || reply.integer < 0) {
    return std::nullopt;
  }
  // A hostile server's number must not overflow.
  constexpr int64_t kMost = int64_t{1} << 61;
  const int64_t number = std::min(reply.integer, kMost);
  return is_absolute ? number : number + absl::ToUnixMillis(absl::Now());
}

void Server::AddState(absl::string_view key) {
  Add({"TYPE", key});
  Add({has_pexpiretime_ ? "PEXPIRETIME" : "PTTL", key});
}

absl::StatusOr<KeyState> Server::ReceiveState() {
  const absl::StatusOr<TargetReply> type = Receive();
  if (!type.ok()) return type.status();
  const absl::StatusOr<TargetReply> deadline = Receive();
  if (!deadline.ok()) return deadline.status();
  KeyState state;
  for (const TargetReply* const reply : {&*type, &*deadline}) {
    if (reply->is_error()) state.error = absl::StrCat(name_, ": ", reply->text);
  }
  state.type = type->text;
  state.deadline_ms = DeadlineOf(*deadline, has_pexpiretime_);
  return state;
}

void Server::AddFieldDeadlines(absl::string_view key,
                               absl::Span<const absl::string_view> fields) {
  const std::string count = absl::StrCat(fields.size());
  std::vector<absl::string_view> argv = {field_deadline_command_, key, "FIELDS",
                                         count};
  argv.insert(argv.end(), fields.begin(), fields.end());
  Add(argv);
}

absl::StatusOr<std::vector<std::optional<int64_t>>>
Server::ReceiveFieldDeadlines() {
  const absl::StatusOr<TargetReply> reply = Receive();
  if (!reply.ok()) return reply.status();
  std::vector<std::optional<int64_t>> deadlines;
  for (const TargetReply& element : reply->elements) {
    deadlines.push_back(DeadlineOf(element, has_hpexpiretime_));
  }
  return deadlines;
}

bool IsLacking(const TargetReply& reply) {
  return reply.is_error() &&
         (absl::StartsWithIgnoreCase(reply.text, "ERR unknown command") ||
          absl::StartsWithIgnoreCase(reply.text, "ERR unknown subcommand") ||
          absl::StartsWith(reply.text, "NOPERM"));
}

bool IsChangedKey(const TargetReply& reply) {
  return reply.is_error() && (absl::StartsWith(reply.text, "WRONGTYPE") ||
                              absl::StrContains(reply.text, "no such key") ||
                              absl::StartsWith(reply.text, "NOGROUP"));
}

std::string InfoValue(const TargetReply& info, absl::string_view name) {
  for (size_t i = 0; i + 1 < info.elements.size(); i += 2) {
    const TargetReply& value = info.elements[i + 1];
    if (info.elements[i].text != name) continue;
    return value.type == TargetReply::Type::kInteger
               ? absl::StrCat(value.integer)
               : value.text;
  }
  return "";
}

bool SameReply(const TargetReply& a, const TargetReply& b) {
  return a.type == b.type && a.text == b.text && a.integer == b.integer &&
         absl::c_equal(a.elements, b.elements, SameReply);
}

}  // namespace kevy_replica
