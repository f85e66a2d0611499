// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/frame_rewriter.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// Members of one ZPOPMIN.BELOW. The target's reply has as many.
constexpr int64_t kMaxPopped = 100000;

// Commands that wait for an element of one key, and those that do not. Their
// last argument is the timeout.
struct Waiting {
  absl::string_view name;
  size_t arguments;
  absl::string_view at_once;
};
constexpr Waiting kWaiting[] = {
    {"blpop", 3, "LPOP"},           {"brpop", 3, "RPOP"},
    {"bzpopmin", 3, "ZPOPMIN"},     {"bzpopmax", 3, "ZPOPMAX"},
    {"brpoplpush", 4, "RPOPLPUSH"}, {"blmove", 6, "LMOVE"},
};

Rewriting Dropped(absl::string_view reason_class, absl::string_view reason) {
  Rewriting rewriting;
  rewriting.kind = Rewriting::Kind::kDropped;
  rewriting.reason_class = reason_class;
  rewriting.reason = reason;
  return rewriting;
}

Rewriting Rejected(std::string error) {
  Rewriting rewriting;
  rewriting.kind = Rewriting::Kind::kRejected;
  rewriting.error = std::move(error);
  return rewriting;
}

Rewriting Replaced(std::vector<std::string> argv) {
  Rewriting rewriting;
  rewriting.kind = Rewriting::Kind::kReplaced;
  rewriting.argv = std::move(argv);
  return rewriting;
}

Rewriting WithoutWaiting(const ArgvView& argv, const std::string& name) {
  for (const Waiting& waiting : kWaiting) {
    if (waiting.name != name || waiting.arguments != argv.size()) continue;
    std::vector<std::string> at_once(argv.begin(), argv.end());
    at_once.front() = std::string(waiting.at_once);
    at_once.pop_back();
    return Replaced(std::move(at_once));
  }
  return {};
}

}  // namespace

FrameRewriter::FrameRewriter(const KevyVersion& version, Read read)
    : version_(version), read_(std::move(read)) {}

absl::StatusOr<Rewriting> FrameRewriter::Rewrite(
    const ArgvView& argv, const CommandTable& table) const {
  Classification classification = Classify(argv, version_);
  if (classification.row == nullptr) return Rewriting();
  const absl::string_view row = classification.row->name;
  if (row == "blocking" || row == "field-deadline" ||
      row == "conditional-pop") {
    const std::string name = absl::AsciiStrToLower(argv[0]);
    if (row == "blocking") return WithoutWaiting(argv, name);
    if (table.Find(name) != nullptr) return Rewriting();
    if (row == "conditional-pop") return RewritePop(argv);
    return Dropped("lost", "the target cannot expire hash fields");
  }
  if (classification.effect == CommandEffect::kIgnore) {
    return Dropped("ignored", classification.row->reason);
  }
  Rewriting rewriting;
  if (!classification.argv.empty()) {
    rewriting = Replaced(std::move(classification.argv));
  }
  if (classification.effect == CommandEffect::kCannotKnow) {
    rewriting.reason_class = "uncertain";
    rewriting.reason = classification.row->reason;
  }
  return rewriting;
}

// ZPOPMIN.BELOW key score [count]. The mirror is the only writer, so the
// members that are read now are those that ZREM meets.
absl::StatusOr<Rewriting> FrameRewriter::RewritePop(
    const ArgvView& argv) const {
  if (argv.size() < 3 || argv.size() > 4) {
    return Rejected("ERR wrong number of arguments");
  }
  int64_t count = 1;
  if (argv.size() == 4 && (!absl::SimpleAtoi(argv[3], &count) || count < 0)) {
    return Rejected("ERR value is not an integer or out of range");
  }
  if (count > kMaxPopped) {
    return Rejected(absl::StrCat("a mirror pops at most ", kMaxPopped));
  }
  const absl::StatusOr<TargetReply> reply =
      read_({"ZRANGEBYSCORE", argv[1], "-inf", absl::StrCat("(", argv[2]),
             "LIMIT", "0", absl::StrCat(count)});
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return Rejected(reply->text);
  if (reply->elements.empty()) return Dropped("", "");
  std::vector<std::string> remove = {"ZREM", std::string(argv[1])};
  for (const TargetReply& member : reply->elements) {
    remove.push_back(member.text);
  }
  return Replaced(std::move(remove));
}

}  // namespace kevy_replica
