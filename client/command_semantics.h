// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The meaning of a streamed command for a copy of the data, by the version of
// the primary.
//
// A frame is not always the write that the primary made. It may hold a command
// that the primary refused, or lack a value that the primary drew. Classify()
// tells both for each frame:
//
//   const Classification c = Classify(frame.argv(), version);
//   switch (c.effect) {
//     case CommandEffect::kApply:      return Run(frame.command());
//     case CommandEffect::kRewrite:    return Run(c.argv);
//     case CommandEffect::kIgnore:     return absl::OkStatus();
//     case CommandEffect::kCannotKnow: return Report(c.row->reason);
//   }
//
// "Redis" means Redis, Valkey, and other servers with their commands. A reader
// that interprets commands itself needs the same rows: SemanticsRows() lists
// them, and docs/guide.md shows them with the rows that no single frame
// reveals.
//
// The stream carries refused commands, too: those of a wrong type, say, or with
// a wrong number of arguments. They changed nothing on the primary. A server
// that holds the same data refuses them as well, so they are kApply; kIgnore
// marks those that Redis would run.
//
// Source: recorded streams of kevy 2.0.20, 3.18.0 and 5.4.0
// (testdata/captures), live servers, and the source and upgrade notes of 7.0.
// Each row names its own.

#ifndef KEVY_REPLICA_CLIENT_COMMAND_SEMANTICS_H_
#define KEVY_REPLICA_CLIENT_COMMAND_SEMANTICS_H_

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

enum class CommandEffect : uint8_t {
  // Run the command as it is. A row, if any, tells a difference that remains.
  kApply,
  // Run Classification::argv in its place.
  kRewrite,
  // Pass over it. It changed nothing on the primary, or only kevy's own state.
  kIgnore,
  // The frame does not tell what the primary did: the copy may differ from now
  // on. Only a snapshot, or a check against the primary, mends it.
  kCannotKnow,
};

// "apply", "rewrite", "ignore" or "cannot_know".
absl::string_view CommandEffectName(CommandEffect effect);
std::ostream& operator<<(std::ostream& out, CommandEffect effect);
template <typename Sink>
void AbslStringify(Sink& sink, CommandEffect effect) {
  sink.Append(CommandEffectName(effect));
}

// Later than any version.
inline constexpr KevyVersion kNoEnd = {std::numeric_limits<uint32_t>::max(), 0,
                                       0};

// One row of the table: some commands, in some versions, and their effect.
struct SemanticsRow {
  absl::string_view name;      // For logs and metrics: "approximate-trim".
  absl::string_view commands;  // As Markdown: "`XTRIM … ~`".
  KevyVersion first;           // The row holds from this version on,
  KevyVersion end = kNoEnd;    // and up to, but not including, this one.
  CommandEffect effect = CommandEffect::kApply;
  absl::string_view reason;  // A sentence.
  absl::string_view source;  // "recorded 2.0.20, 3.18.0, 5.4.0".

  bool Holds(const KevyVersion& version) const {
    return version >= first && version < end;
  }

  template <typename T>
  static auto ValueFields(const T& row) {
    return std::tie(row.name, row.commands, row.first, row.end, row.effect,
                    row.reason, row.source);
  }
};
// Appends `approximate-trim (rewrite): kevy trims exactly, ...`.
void AppendText(const SemanticsRow& row, std::string* out);

// All rows, static. At most one holds for a command and a version.
absl::Span<const SemanticsRow> SemanticsRows();

// The effect of one command.
struct Classification {
  CommandEffect effect = CommandEffect::kApply;
  // The row that holds, static. Null: a plain command, for kApply only.
  const SemanticsRow* row = nullptr;
  // The command to run, for kRewrite. With kCannotKnow: the closest command,
  // if it is another than the frame's. Otherwise empty.
  std::vector<std::string> argv;

  template <typename T>
  static auto ValueFields(const T& c) {
    return std::tie(c.effect, c.row, c.argv);
  }
};
// Appends `rewrite approximate-trim "XTRIM" "s" "MAXLEN" "=" "1"`.
void AppendText(const Classification& classification, std::string* out);

// Classifies `argv`, a command from the stream of a primary of `version`.
// Names and options match in either case. Any bytes are allowed.
//
// Allocates for Classification::argv only. Time: a lookup by name, and for SET,
// XADD and XTRIM the options, too. Thread-safe.
//
// The stream does not tell the version: see KevyVersion. A failover can bring
// another one, so ask again when a link ends.
Classification Classify(ArgvView argv, const KevyVersion& version);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_COMMAND_SEMANTICS_H_
