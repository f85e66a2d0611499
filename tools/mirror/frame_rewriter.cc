// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/frame_rewriter.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// With so few arguments, name and number decide on each command but XADD and
// XREADGROUP.
constexpr size_t kSizeWithoutOptions = 3;

constexpr absl::string_view kWrongArity = "ERR wrong number of arguments";
constexpr absl::string_view kWrongTimeout =
    "ERR timeout is not a float or out of range";

// Commands that wait for an element of the first key that has one, and those
// that do not wait. Their last argument is the timeout.
struct Waiting {
  absl::string_view name;
  size_t size;  // Of a command on one key.
  absl::string_view at_once;
  // The command on several keys, and its side. Empty: there is none.
  absl::string_view of_several;
  absl::string_view side;
};
constexpr Waiting kWaiting[] = {
    {"blpop", 3, "LPOP", "LMPOP", "LEFT"},
    {"brpop", 3, "RPOP", "LMPOP", "RIGHT"},
    {"bzpopmin", 3, "ZPOPMIN", "ZMPOP", "MIN"},
    {"bzpopmax", 3, "ZPOPMAX", "ZMPOP", "MAX"},
    {"brpoplpush", 4, "RPOPLPUSH", "", ""},
    {"blmove", 6, "LMOVE", "", ""},
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

bool IsTimeout(absl::string_view text) {
  double seconds = 0;
  return absl::SimpleAtod(text, &seconds) && seconds >= 0;
}

// BLMPOP timeout numkeys key ... LEFT|RIGHT, and BZMPOP alike.
Rewriting MultiPopWithoutWaiting(const ArgvView& argv,
                                 absl::string_view at_once) {
  if (argv.size() < 5) return Rejected(std::string(kWrongArity));
  if (!IsTimeout(argv[1])) return Rejected(std::string(kWrongTimeout));
  std::vector<std::string> popped(argv.begin() + 1, argv.end());
  popped.front() = std::string(at_once);
  return Replaced(std::move(popped));
}

// The primary took an element at once, or none: the target does the same. A
// wrong timeout goes with the waiting, so it is found here.
Rewriting WithoutWaiting(const ArgvView& argv, const std::string& name) {
  if (name == "blmpop") return MultiPopWithoutWaiting(argv, "LMPOP");
  if (name == "bzmpop") return MultiPopWithoutWaiting(argv, "ZMPOP");
  const Waiting* const waiting = absl::c_find_if(
      kWaiting, [&name](const Waiting& each) { return each.name == name; });
  const bool of_several =
      argv.size() > waiting->size && !waiting->of_several.empty();
  if (argv.size() != waiting->size && !of_several) {
    return Rejected(std::string(kWrongArity));
  }
  if (!IsTimeout(argv.back())) return Rejected(std::string(kWrongTimeout));
  std::vector<std::string> at_once(argv.begin(), argv.end());
  at_once.front() = std::string(waiting->at_once);
  at_once.pop_back();
  if (of_several) {
    at_once.front() = absl::StrCat(argv.size() - 2);
    at_once.insert(at_once.begin(), std::string(waiting->of_several));
    at_once.push_back(std::string(waiting->side));
  }
  return Replaced(std::move(at_once));
}

// A server takes BLOCK more than once, and checks each.
Rewriting WithoutBlock(const ArgvView& argv) {
  std::vector<std::string> at_once;
  size_t copied = 0;
  for (size_t block = BlockOption(argv); block != 0;
       block = BlockOption(argv, copied)) {
    int64_t milliseconds = 0;
    if (block + 1 >= argv.size() ||
        !absl::SimpleAtoi(argv[block + 1], &milliseconds) || milliseconds < 0) {
      return Rejected(std::string(kWrongTimeout));
    }
    for (; copied != block; ++copied) at_once.emplace_back(argv[copied]);
    copied += 2;
  }
  if (copied == 0) return {};
  for (; copied != argv.size(); ++copied) at_once.emplace_back(argv[copied]);
  return Replaced(std::move(at_once));
}

// A command without a row. FLUSHALL [ASYNC|SYNC] and FLUSHDB come from embedded
// writers: servers send a snapshot instead.
Rewriting PlainCommand(const ArgvView& argv) {
  if (absl::EqualsIgnoreCase(argv[0], "xreadgroup")) return WithoutBlock(argv);
  if (!absl::EqualsIgnoreCase(argv[0], "flushall") &&
      !absl::EqualsIgnoreCase(argv[0], "flushdb")) {
    return {};
  }
  if (argv.size() > 2 ||
      (argv.size() == 2 && !absl::EqualsIgnoreCase(argv[1], "async") &&
       !absl::EqualsIgnoreCase(argv[1], "sync"))) {
    return Rejected("ERR syntax error");
  }
  Rewriting rewriting;
  rewriting.kind = Rewriting::Kind::kEmpties;
  return rewriting;
}

}  // namespace

FrameRewriter::FrameRewriter(const KevyVersion& version, Read read)
    : version_(version), read_(std::move(read)) {}

absl::StatusOr<Rewriting> FrameRewriter::Rewrite(const ArgvView& argv,
                                                 const CommandTable& table) {
  Classification classification = Classify(argv, version_);
  if (classification.row == nullptr) {
    Rewriting rewriting = PlainCommand(argv);
    if (rewriting.kind == Rewriting::Kind::kNone &&
        argv.size() <= kSizeWithoutOptions &&
        !absl::EqualsIgnoreCase(argv[0], "xadd") &&
        !absl::EqualsIgnoreCase(argv[0], "xreadgroup")) {
      plain_name_ = std::string(argv[0]);
      plain_size_ = argv.size();
      plain_version_ = version_;
    }
    return rewriting;
  }
  const absl::string_view row = classification.row->name;
  if (row == "blocking" || row == "field-deadline" ||
      row == "conditional-pop") {
    const std::string name = absl::AsciiStrToLower(argv[0]);
    if (row == "blocking") return WithoutWaiting(argv, name);
    if (table.Find(name) != nullptr) return Rewriting();
    if (row == "conditional-pop") return RewritePop(argv);
    return Dropped("lost", "the target cannot expire hash fields");
  }
  if (row == "group-read" && absl::EqualsIgnoreCase(argv[0], "xreadgroup")) {
    return WithoutBlock(argv);
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
// members that are counted now are those that ZREMRANGEBYRANK meets. Their
// names could be over any limit of a reply.
absl::StatusOr<Rewriting> FrameRewriter::RewritePop(
    const ArgvView& argv) const {
  if (argv.size() < 3 || argv.size() > 4) {
    return Rejected(std::string(kWrongArity));
  }
  int64_t count = 1;
  if (argv.size() == 4 && (!absl::SimpleAtoi(argv[3], &count) || count < 0)) {
    return Rejected("ERR value is not an integer or out of range");
  }
  const absl::StatusOr<TargetReply> reply =
      read_({"ZCOUNT", argv[1], "-inf", absl::StrCat("(", argv[2])});
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) return Rejected(reply->text);
  count = std::min(count, reply->integer);
  if (count <= 0) return Dropped("", "");
  return Replaced(
      {"ZREMRANGEBYRANK", std::string(argv[1]), "0", absl::StrCat(count - 1)});
}

}  // namespace kevy_replica
