// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/command_semantics.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal_command.h"

namespace kevy_replica {
namespace {

constexpr KevyVersion kAny = {0, 0, 0};
// The ends of "to 5.4.0" and "to 6.4".
constexpr KevyVersion kAfter540 = {5, 4, 1};
constexpr KevyVersion kV7 = {7, 0, 0};

// The places of the rows in kRows.
enum RowIndex : uint8_t {
  kRefusedSetOption,
  kUnknownSetOption,
  kRefusedExpireCondition,
  kUnknownExpireCondition,
  kRefusedXaddOption,
  kApproximateTrim,
  kGeneratedId,
  kRandomPop,
  kConditionalPop,
  kScript,
  kScriptHash,
  kClaimByIdleTime,
  kGroupRead,
  kInternal,
  kRelativeDeadline,
  kFieldDeadline,
  kFloatSpelling,
  kBlocking,
  kRowCount,
};

constexpr absl::string_view kSetWithOption =
    "`SET` with `KEEPTTL`, `GET`, `EXAT`, `PXAT`, or any other option than "
    "`NX`, `XX`, `EX`, `PX`";
constexpr absl::string_view kExpireWithCondition =
    "`EXPIRE`, `PEXPIRE`, `EXPIREAT`, `PEXPIREAT` with `NX`, `XX`, `GT`, `LT`";

constexpr SemanticsRow kRows[] = {
    {"refused-set-option", kSetWithOption, kAny, kAfter540,
     CommandEffect::kIgnore,
     "kevy refuses the option and streams the command; Redis would run it.",
     "recorded 2.0.20, 3.18.0, 5.4.0 (`KEEPTTL`); observed (`GET`, `EXAT`, "
     "`PXAT`); source (the others)"},
    {"unknown-set-option", kSetWithOption, kAfter540, kNoEnd,
     CommandEffect::kCannotKnow,
     "It is unknown whether this version refuses the option or runs it.",
     "no recording"},
    {"refused-expire-condition", kExpireWithCondition, kAny, kAfter540,
     CommandEffect::kIgnore,
     "kevy refuses the condition and streams the command; Redis would run it.",
     "recorded 2.0.20, 3.18.0, 5.4.0"},
    {"unknown-expire-condition", kExpireWithCondition, kAfter540, kNoEnd,
     CommandEffect::kCannotKnow,
     "It is unknown whether this version refuses the condition or runs it.",
     "no recording"},
    {"refused-xadd-option",
     "`XADD` with `LIMIT`, or any other option than `NOMKSTREAM`, `MAXLEN`, "
     "`MINID`",
     kAny, kV7, CommandEffect::kIgnore,
     "kevy takes the option for an id and refuses it; Redis would run the "
     "command.",
     "source"},
    {"approximate-trim",
     "`XADD`, `XTRIM` with `MAXLEN ~` or `MINID ~`; `XTRIM … LIMIT`", kAny, kV7,
     CommandEffect::kRewrite,
     "kevy trims exactly, Redis keeps more: `=` in place of `~`, without "
     "`LIMIT`.",
     "observed (`MAXLEN`); source (`MINID`, `LIMIT`)"},
    {"generated-id", "`XADD` with the id `*` or `ms-*`", kAny, kV7,
     CommandEffect::kCannotKnow,
     "The frame lacks the id that the primary drew: each copy draws its own.",
     "recorded 2.0.20, 3.18.0, 5.4.0"},
    {"random-pop", "`SPOP`", kAny, kNoEnd, CommandEffect::kCannotKnow,
     "The frame lacks the members that the primary popped. (5.4.0 streams "
     "`SREM` instead.)",
     "recorded 2.0.20, 3.18.0"},
    {"conditional-pop",
     "`ZPOPMIN.BELOW`",
     {3, 0, 0},
     kNoEnd,
     CommandEffect::kCannotKnow,
     "Only kevy knows the command: it pops the lowest members below a score, "
     "at most `count` (default 1).",
     "recorded 3.18.0, 5.4.0"},
    {"script", "`EVAL`", kAny, kNoEnd, CommandEffect::kCannotKnow,
     "The script runs anew: `SPOP`, `XADD *` and `TIME` in it give other "
     "results, and it may name other keys and databases.",
     "recorded 2.0.20, 3.18.0, 5.4.0"},
    {"script-hash", "`EVALSHA`", kAny, kNoEnd, CommandEffect::kCannotKnow,
     "As `EVAL`; and `SCRIPT LOAD` is not streamed, so the target lacks the "
     "script.",
     "observed"},
    {"claim-by-idle-time",
     "`XCLAIM`, `XAUTOCLAIM` with another `min-idle-time` than `0`", kAny, kV7,
     CommandEffect::kCannotKnow,
     "The target's own idle times decide which entries are claimed.", "source"},
    {"group-read",
     "`XREADGROUP`; `XCLAIM`, `XAUTOCLAIM` with the `min-idle-time` `0`", kAny,
     kV7, CommandEffect::kApply,
     "Delivery times and counts are the target's own.",
     "recorded 2.0.20, 3.18.0, 5.4.0"},
    {"internal", "`XINTERNAL.*`", kAny, kNoEnd, CommandEffect::kIgnore,
     "kevy 7.0 and later record their own state by it.", "source 7.0"},
    {"relative-deadline",
     "`SET` with `EX`, `PX`; `SETEX`, `PSETEX`, `EXPIRE`, `PEXPIRE`; `GETEX` "
     "with `EX`, `PX`",
     kAny, kNoEnd, CommandEffect::kApply,
     "The copy expires later, by the delay of the frame. After a long stop, "
     "dead keys come back.",
     "recorded 2.0.20, 3.18.0, 5.4.0; source (`GETEX`)"},
    {"field-deadline",
     "`HEXPIRE`, `HPEXPIRE`, `HEXPIREAT`, `HPEXPIREAT`, `HPERSIST`",
     {3, 0, 0},
     kNoEnd,
     CommandEffect::kApply,
     "Redis knows it from 7.4 on, Valkey from 9. A relative deadline ends "
     "later, by the delay of the frame.",
     "recorded 3.18.0, 5.4.0"},
    {"float-spelling", "`INCRBYFLOAT`", kAny, kNoEnd, CommandEffect::kApply,
     "Equal in value, but kevy may spell it `0.30000000000000004` where Redis "
     "has `0.3`.",
     "observed 5.4.0"},
    {"blocking",
     "`BRPOPLPUSH`, `BLMOVE`, `BZPOPMIN`, `BZPOPMAX`, `BLMPOP`, `BZMPOP`, "
     "`BLPOP`, `BRPOP`",
     kAny, kNoEnd, CommandEffect::kApply,
     "It blocks a target that lacks the element: run it inside `MULTI` and "
     "`EXEC`.",
     "recorded 2.0.20, 3.18.0, 5.4.0 (`BRPOPLPUSH`, `BZPOPMIN`)"},
};
static_assert(std::size(kRows) == kRowCount, "a row for each index");

Classification Row(RowIndex index, const KevyVersion& version) {
  Classification result;
  if (kRows[index].Holds(version)) {
    result.row = &kRows[index];
    result.effect = result.row->effect;
  }
  return result;
}

// The row that the name alone decides on.
template <RowIndex kIndex>
Classification ReadName(ArgvView, const KevyVersion& version) {
  return Row(kIndex, version);
}

// Whether `text` is `upper`, in either case. From the end on, since names and
// options differ there most often. Inline: several times as fast as
// absl::EqualsIgnoreCase().
bool Is(absl::string_view text, absl::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (size_t i = text.size(); i-- > 0;) {
    if (absl::ascii_toupper(static_cast<unsigned char>(text[i])) != upper[i]) {
      return false;
    }
  }
  return true;
}

Classification ReadSet(ArgvView argv, const KevyVersion& version) {
  bool relative = false;
  for (size_t i = 3; i < argv.size(); ++i) {
    if (Is(argv[i], "NX") || Is(argv[i], "XX")) continue;
    if (!Is(argv[i], "EX") && !Is(argv[i], "PX")) {
      return Row(kRows[kRefusedSetOption].Holds(version) ? kRefusedSetOption
                                                         : kUnknownSetOption,
                 version);
    }
    if (++i == argv.size()) return {};
    relative = true;
  }
  return relative ? Row(kRelativeDeadline, version) : Classification();
}

// EXPIREAT, PEXPIREAT.
Classification ReadExpireAt(ArgvView argv, const KevyVersion& version) {
  if (argv.size() < 4) return {};
  return Row(kRows[kRefusedExpireCondition].Holds(version)
                 ? kRefusedExpireCondition
                 : kUnknownExpireCondition,
             version);
}

// EXPIRE, PEXPIRE.
Classification ReadExpire(ArgvView argv, const KevyVersion& version) {
  return argv.size() == 3 ? Row(kRelativeDeadline, version)
                          : ReadExpireAt(argv, version);
}

Classification ReadGetEx(ArgvView argv, const KevyVersion& version) {
  const bool relative =
      argv.size() == 4 && (Is(argv[2], "EX") || Is(argv[2], "PX"));
  return relative ? Row(kRelativeDeadline, version) : Classification();
}

// "*", "7-*": an id that the server completes.
bool IsGeneratedId(absl::string_view id) {
  return id == "*" || absl::EndsWith(id, "-*");
}

// Copies `argv` up to `size` arguments, with "=" in place of the arguments at
// `tildes`.
std::vector<std::string> WithExactTrim(ArgvView argv, size_t size,
                                       const std::vector<size_t>& tildes) {
  std::vector<std::string> exact(argv.begin(),
                                 argv.begin() + static_cast<ptrdiff_t>(size));
  for (const size_t at : tildes) exact[at] = "=";
  return exact;
}

Classification ReadXadd(ArgvView argv, const KevyVersion& version) {
  if (!kRows[kApproximateTrim].Holds(version)) return {};
  std::vector<size_t> tildes;
  size_t id = 2;
  while (id < argv.size()) {
    if (Is(argv[id], "NOMKSTREAM")) {
      ++id;
    } else if (Is(argv[id], "MAXLEN") || Is(argv[id], "MINID")) {
      ++id;
      if (id < argv.size() && (argv[id] == "~" || argv[id] == "=")) {
        if (argv[id] == "~") tildes.push_back(id);
        ++id;
      }
      ++id;  // The threshold.
    } else {
      break;
    }
  }
  if (id >= argv.size()) return {};
  const bool is_id = argv[id] == "*" ||
                     (!argv[id].empty() && internal::IsDigit(argv[id].front()));
  if (!is_id) return Row(kRefusedXaddOption, version);
  // Without fields, or with a field without a value, Redis refuses it as well.
  if (argv.size() < id + 3 || (argv.size() - id) % 2 == 0) return {};
  Classification result;
  if (IsGeneratedId(argv[id])) {
    result = Row(kGeneratedId, version);
  } else if (!tildes.empty()) {
    result = Row(kApproximateTrim, version);
  }
  if (!tildes.empty()) {
    result.argv = WithExactTrim(argv, argv.size(), tildes);
  }
  return result;
}

// XTRIM key MAXLEN|MINID [=|~] threshold. kevy ignores all behind it.
Classification ReadXtrim(ArgvView argv, const KevyVersion& version) {
  if (argv.size() < 5) return {};  // Nothing but a plain threshold.
  const bool modified = argv[3] == "~" || argv[3] == "=";
  const size_t size = modified ? 5 : 4;
  if (argv[3] != "~" && argv.size() == size) return {};
  Classification result = Row(kApproximateTrim, version);
  if (result.row == nullptr) return result;
  result.argv = WithExactTrim(
      argv, size,
      argv[3] == "~" ? std::vector<size_t>{3} : std::vector<size_t>());
  return result;
}

// XCLAIM key group consumer min-idle-time …, and XAUTOCLAIM alike.
Classification ReadClaim(ArgvView argv, const KevyVersion& version) {
  return Row(argv.size() > 4 && argv[4] != "0" ? kClaimByIdleTime : kGroupRead,
             version);
}

// Reads the arguments of the commands of one name.
using Reader = Classification (*)(ArgvView argv, const KevyVersion& version);
struct NamedReader {
  absl::string_view name;
  Reader reader;
};

// Sorted by the size of the name.
constexpr NamedReader kReaders[] = {
    {"SET", ReadSet},
    {"XADD", ReadXadd},
    {"SPOP", ReadName<kRandomPop>},
    {"EVAL", ReadName<kScript>},
    {"SETEX", ReadName<kRelativeDeadline>},
    {"GETEX", ReadGetEx},
    {"XTRIM", ReadXtrim},
    {"BLPOP", ReadName<kBlocking>},
    {"BRPOP", ReadName<kBlocking>},
    {"EXPIRE", ReadExpire},
    {"PSETEX", ReadName<kRelativeDeadline>},
    {"XCLAIM", ReadClaim},
    {"BLMOVE", ReadName<kBlocking>},
    {"BLMPOP", ReadName<kBlocking>},
    {"BZMPOP", ReadName<kBlocking>},
    {"PEXPIRE", ReadExpire},
    {"HEXPIRE", ReadName<kFieldDeadline>},
    {"EVALSHA", ReadName<kScriptHash>},
    {"EXPIREAT", ReadExpireAt},
    {"HPEXPIRE", ReadName<kFieldDeadline>},
    {"HPERSIST", ReadName<kFieldDeadline>},
    {"BZPOPMIN", ReadName<kBlocking>},
    {"BZPOPMAX", ReadName<kBlocking>},
    {"PEXPIREAT", ReadExpireAt},
    {"HEXPIREAT", ReadName<kFieldDeadline>},
    {"XREADGROUP", ReadName<kGroupRead>},
    {"XAUTOCLAIM", ReadClaim},
    {"HPEXPIREAT", ReadName<kFieldDeadline>},
    {"BRPOPLPUSH", ReadName<kBlocking>},
    {"INCRBYFLOAT", ReadName<kFloatSpelling>},
    {"ZPOPMIN.BELOW", ReadName<kConditionalPop>},
};

constexpr size_t kLongestName = 13;

// Entry n is the first of kReaders with a name of n bytes or more.
constexpr std::array<uint8_t, kLongestName + 2> FirstOfEachSize() {
  std::array<uint8_t, kLongestName + 2> first = {};
  for (size_t size = 0; size < first.size(); ++size) {
    size_t i = 0;
    while (i < std::size(kReaders) && kReaders[i].name.size() < size) ++i;
    first[size] = static_cast<uint8_t>(i);
  }
  return first;
}
constexpr std::array<uint8_t, kLongestName + 2> kFirstOfSize =
    FirstOfEachSize();

// Null: a plain command.
Reader FindReader(absl::string_view name) {
  if (name.empty() || name.size() > kLongestName) return nullptr;
  const size_t end = kFirstOfSize[name.size() + 1];
  for (size_t i = kFirstOfSize[name.size()]; i < end; ++i) {
    if (Is(name, kReaders[i].name)) return kReaders[i].reader;
  }
  return nullptr;
}

}  // namespace

absl::string_view CommandEffectName(CommandEffect effect) {
  switch (effect) {
    case CommandEffect::kApply:
      return "apply";
    case CommandEffect::kRewrite:
      return "rewrite";
    case CommandEffect::kIgnore:
      return "ignore";
    case CommandEffect::kCannotKnow:
      return "cannot_know";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, CommandEffect effect) {
  return out << CommandEffectName(effect);
}

void AppendText(const SemanticsRow& row, std::string* out) {
  absl::StrAppend(out, row.name, " (", CommandEffectName(row.effect),
                  "): ", row.reason);
}

void AppendText(const Classification& classification, std::string* out) {
  absl::StrAppend(out, CommandEffectName(classification.effect));
  if (classification.row != nullptr) {
    absl::StrAppend(out, " ", classification.row->name);
  }
  for (const std::string& argument : classification.argv) {
    out->push_back(' ');
    AppendEscaped(argument, out);
  }
}

absl::Span<const SemanticsRow> SemanticsRows() { return kRows; }

Classification Classify(ArgvView argv, const KevyVersion& version) {
  if (argv.empty()) return {};
  const absl::string_view name = argv.front();
  if (const Reader reader = FindReader(name)) return reader(argv, version);
  return IsInternalCommand(argv) ? Row(kInternal, version) : Classification();
}

}  // namespace kevy_replica
