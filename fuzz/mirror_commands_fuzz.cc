// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary's commands on their way through a mirror: any words, any version,
// and any description of the target's commands. The classification keeps its
// contract, a rewritten command stays as it is when it is rewritten again, and
// only harmless commands pass the filter.

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/command_semantics.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/internal/fuzz_input.h"
#include "kevy_replica/tools/mirror/command_filter.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/frame_rewriter.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

using testing_internal::FuzzInput;

constexpr absl::string_view kOwnKey = "kevy_mirror";
constexpr size_t kMaxCommands = 30;

constexpr const char* kWords[] = {"SET",
                                  "GET",
                                  "EX",
                                  "PX",
                                  "EXAT",
                                  "PXAT",
                                  "KEEPTTL",
                                  "NX",
                                  "XX",
                                  "GT",
                                  "XADD",
                                  "XTRIM",
                                  "MAXLEN",
                                  "MINID",
                                  "~",
                                  "=",
                                  "LIMIT",
                                  "*",
                                  "5-*",
                                  "5-1",
                                  "BLPOP",
                                  "BRPOP",
                                  "BLMPOP",
                                  "BZMPOP",
                                  "BZPOPMIN",
                                  "BZPOPMAX",
                                  "BRPOPLPUSH",
                                  "BLMOVE",
                                  "LMOVE",
                                  "LEFT",
                                  "RIGHT",
                                  "MIN",
                                  "XREADGROUP",
                                  "GROUP",
                                  "BLOCK",
                                  "STREAMS",
                                  "COUNT",
                                  "NOACK",
                                  "EXPIRE",
                                  "SETEX",
                                  "INCRBYFLOAT",
                                  "ZPOPMIN.BELOW",
                                  "HEXPIRE",
                                  "HPEXPIREAT",
                                  "HPERSIST",
                                  "FIELDS",
                                  "EVAL",
                                  "EVALSHA",
                                  "SPOP",
                                  "FLUSHALL",
                                  "FLUSHDB",
                                  "ASYNC",
                                  "XINTERNAL.CATALOG",
                                  "RENAME",
                                  "COPY",
                                  "DB",
                                  "SORT",
                                  "MSET",
                                  "LMPOP",
                                  "DEL",
                                  "key",
                                  "kevy_mirror",
                                  "0",
                                  "1",
                                  "-1",
                                  "9223372036854775807",
                                  "1e400",
                                  "nan",
                                  ""};

// The commands of an honest target, with the key at the first argument.
struct Honest {
  const char* name;
  int64_t arity;
  bool movable_keys;
};
constexpr Honest kHonest[] = {
    {"set", -3, false},        {"xadd", -5, false},
    {"xtrim", -4, false},      {"lpop", -2, false},
    {"rpop", -2, false},       {"lmpop", -4, true},
    {"zmpop", -4, true},       {"zpopmin", -2, false},
    {"zpopmax", -2, false},    {"rpoplpush", 3, false},
    {"lmove", 5, false},       {"xreadgroup", -7, true},
    {"expire", -3, false},     {"setex", 4, false},
    {"incrbyfloat", 3, false}, {"zremrangebyrank", 4, false},
    {"copy", -3, false},       {"del", -2, false},
    {"eval", -3, true}};

TargetReply Text(absl::string_view text) {
  TargetReply reply;
  reply.type = TargetReply::Type::kText;
  reply.text = std::string(text);
  return reply;
}
TargetReply Integer(int64_t integer) {
  TargetReply reply;
  reply.type = TargetReply::Type::kInteger;
  reply.integer = integer;
  return reply;
}
TargetReply Array(std::vector<TargetReply> elements) {
  TargetReply reply;
  reply.type = TargetReply::Type::kArray;
  reply.elements = std::move(elements);
  return reply;
}

CommandTable HonestTable() {
  TargetReply reply = Array({});
  for (const Honest& command : kHonest) {
    std::vector<TargetReply> flags = {Text("write")};
    if (command.movable_keys) flags.push_back(Text("movablekeys"));
    const int64_t key = command.movable_keys ? 0 : 1;
    reply.elements.push_back(Array({Text(command.name), Integer(command.arity),
                                    Array(std::move(flags)), Integer(key),
                                    Integer(key), Integer(1)}));
  }
  return CommandTable(reply);
}

// The description that a target sends as `bytes`. Empty: it is no reply.
std::optional<CommandTable> HostileTable(absl::string_view bytes) {
  ReplyReader reader;
  TargetReply reply;
  const absl::StatusOr<bool> taken =
      reader.Take(ReplyDetail::kWhole, &bytes, &reply);
  if (!taken.ok() || !*taken) return std::nullopt;
  return CommandTable(reply);
}

// A command as a frame has it.
class Command {
 public:
  explicit Command(const std::vector<std::string>& argv) {
    FUZZ_CHECK(AppendFrame(0, argv, &bytes_) == WireError::kNone);
    FUZZ_CHECK(decoder_.Decode(bytes_, &frame_).done());
  }
  ArgvView argv() const { return frame_.argv(); }

 private:
  std::string bytes_;
  FrameDecoder decoder_;
  FrameView frame_;
};

class Play {
 public:
  explicit Play(FuzzInput input)
      : input_(input),
        version_{static_cast<uint32_t>(1 + input_.Below(8)),
                 static_cast<uint32_t>(input_.Below(20)), 0},
        hostile_(HostileTable(input_.Bytes(4 * input_.Byte()))),
        table_(hostile_.has_value() ? *hostile_ : HonestTable()),
        filter_({std::string(kOwnKey), input_.Bool(), false},
                hostile_.has_value() ? *hostile_ : HonestTable()),
        rewriter_(version_,
                  [this](absl::Span<const absl::string_view>)
                      -> absl::StatusOr<TargetReply> {
                    if (input_.Byte() == 255)
                      return absl::UnavailableError("gone");
                    return Integer(static_cast<int64_t>(input_.Number()));
                  }) {}

  void Run() {
    for (size_t i = 0; i < kMaxCommands && !input_.done(); ++i) {
      std::vector<std::string> argv(1 + input_.Below(9));
      for (std::string& word : argv) word = Word();
      // Mostly a command that the target knows, sometimes on the own key.
      const size_t choice = input_.Byte();
      if (choice >= 64) argv[0] = kHonest[choice % std::size(kHonest)].name;
      if (argv.size() > 1 && choice % 8 == 7) argv[1] = std::string(kOwnKey);
      const Command command(argv);
      CheckClassification(argv, command.argv());
      Rewrite(command.argv());
    }
  }

 private:
  std::string Word() {
    const size_t choice = input_.Byte();
    if (choice >= 192) return std::string(input_.String());
    return kWords[choice % std::size(kWords)];
  }

  void CheckClassification(std::vector<std::string> argv, ArgvView view) {
    const Classification c = Classify(view, version_);
    FUZZ_CHECK(c.row == nullptr ? c.effect == CommandEffect::kApply
                                : c.row->Holds(version_));
    FUZZ_CHECK(c.effect != CommandEffect::kRewrite || !c.argv.empty());
    FUZZ_CHECK(c.argv.empty() || c.effect == CommandEffect::kRewrite ||
               c.effect == CommandEffect::kCannotKnow);
    for (char& letter : argv[0]) {
      const auto byte = static_cast<unsigned char>(letter);
      if (byte < 128) letter = static_cast<char>(std::tolower(byte));
    }
    const Command lower(argv);
    const Classification same = Classify(lower.argv(), version_);
    FUZZ_CHECK(same.effect == c.effect && same.row == c.row);
  }

  void Rewrite(ArgvView argv) {
    const absl::StatusOr<Rewriting> rewriting = rewriter_.Rewrite(argv, table_);
    if (!rewriting.ok()) return;
    FUZZ_CHECK((rewriting->kind == Rewriting::Kind::kReplaced) ==
               !rewriting->argv.empty());
    FUZZ_CHECK((rewriting->kind == Rewriting::Kind::kRejected) ==
               !rewriting->error.empty());
    FUZZ_CHECK(rewriting->reason.empty() == rewriting->reason_class.empty());
    if (rewriter_.IsPlain(argv)) {
      const absl::StatusOr<Rewriting> again = rewriter_.Rewrite(argv, table_);
      FUZZ_CHECK(again.ok() && again->kind == Rewriting::Kind::kNone);
    }
    if (rewriting->kind == Rewriting::Kind::kNone) CheckVerdict(argv);
    if (rewriting->kind != Rewriting::Kind::kReplaced) return;
    const Command replaced(rewriting->argv);
    CheckVerdict(replaced.argv());
    const absl::StatusOr<Rewriting> again =
        rewriter_.Rewrite(replaced.argv(), table_);
    if (!again.ok()) return;
    FUZZ_CHECK(again->kind == Rewriting::Kind::kNone ||
               again->argv == rewriting->argv);
  }

  void CheckVerdict(ArgvView argv) {
    const CommandVerdict verdict = filter_.Judge(argv);
    // The filter remembers the last command that has passed.
    FUZZ_CHECK(filter_.Judge(argv).refusal == verdict.refusal);
    if (!verdict.refusal.empty() || hostile_.has_value()) return;
    const Honest* command = nullptr;
    for (const Honest& each : kHonest) {
      if (absl::EqualsIgnoreCase(each.name, argv[0])) command = &each;
    }
    FUZZ_CHECK(command != nullptr);
    const auto size = static_cast<int64_t>(argv.size());
    FUZZ_CHECK(command->arity < 0 ? size >= -command->arity
                                  : size == command->arity);
    const bool is_eval = absl::string_view(command->name) == "eval";
    FUZZ_CHECK(is_eval || argv[1] != kOwnKey);
    for (size_t i = 1; command->movable_keys && !is_eval && i < argv.size();
         ++i) {
      FUZZ_CHECK(argv[i] != kOwnKey);
    }
  }

  FuzzInput input_;
  const KevyVersion version_;
  const std::optional<CommandTable> hostile_;
  const CommandTable table_;
  CommandFilter filter_;
  FrameRewriter rewriter_;
};

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Play(kevy_replica::testing_internal::FuzzInput(bytes)).Run();
  return 0;
}
