// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/positions_text.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/codec/internal/decimal.h"

namespace kevy_replica {
namespace client_internal {
namespace {

constexpr absl::string_view kMagic = "kevy_replica positions ";
constexpr absl::string_view kFirstLine = "kevy_replica positions 1\n";

// Changing one byte always changes the hash: each step is a bijection.
uint64_t Fnv1a(absl::string_view bytes) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

absl::Status Damaged(absl::string_view damage) {
  return absl::DataLossError(
      absl::StrCat("is damaged: ", damage,
                   ". Restore the file from a copy, or delete it to begin "
                   "again with a snapshot"));
}

absl::Status CutShort() { return Damaged("it is cut short"); }
absl::Status Changed() {
  return Damaged("it was changed after it was written");
}

// The error of a text without this version's first line.
absl::Status WrongBeginning(absl::string_view text) {
  absl::string_view version = text.substr(0, text.find('\n'));
  if (absl::ConsumePrefix(&version, kMagic)) {
    const std::optional<uint64_t> number = internal::ParseDecimal(version);
    if (number.has_value() && *number > 1) {
      return absl::DataLossError(absl::StrCat(
          "has format version ", *number,
          ", and this version of kevy_replica knows only 1. Use the one that "
          "wrote it, or delete the file to begin again with a snapshot"));
    }
    return Changed();
  }
  // This may be a file that the user needs. Do not suggest deleting it.
  return absl::DataLossError(
      "is not a positions file. Give the path of one, or of a file that does "
      "not exist yet");
}

// Removes the first line from `*text`. Returns it without its line end.
absl::string_view TakeLine(absl::string_view* text) {
  const size_t end = text->find('\n');
  const absl::string_view line = text->substr(0, end);
  text->remove_prefix(line.size() + 1);
  return line;
}

// Whether `line` has the form of "end 2 10247940529964133859".
bool IsEndLine(absl::string_view line) {
  if (!absl::ConsumePrefix(&line, "end ")) return false;
  const size_t space = line.find(' ');
  return space != absl::string_view::npos &&
         internal::ParseDecimal(line.substr(0, space)).has_value() &&
         internal::ParseDecimal(line.substr(space + 1)).has_value();
}

}  // namespace

std::string FormatPositions(const PositionMap& positions) {
  std::string text(kFirstLine);
  for (const auto& [name, position] : positions) {
    absl::StrAppend(&text, name, " ", ToString(position), "\n");
  }
  absl::StrAppend(&text, "end ", positions.size(), " ");
  absl::StrAppend(&text, Fnv1a(text), "\n");
  return text;
}

absl::StatusOr<PositionMap> ParsePositions(absl::string_view text) {
  if (absl::StartsWith(kFirstLine, text)) return CutShort();
  if (!absl::StartsWith(text, kFirstLine)) return WrongBeginning(text);
  if (!absl::EndsWith(text, "\n")) return CutShort();

  PositionMap positions;
  absl::string_view rest = text.substr(kFirstLine.size());
  absl::string_view line = TakeLine(&rest);
  for (; !rest.empty(); line = TakeLine(&rest)) {
    const size_t space = line.find(' ');
    if (space == absl::string_view::npos) return Changed();
    const absl::string_view name = line.substr(0, space);
    const auto position = ParseFeedPosition(line.substr(space + 1));
    if (!CheckPositionName(name).ok() || !position.has_value()) {
      return Changed();
    }
    if (!positions.emplace(name, *position).second) {
      return Damaged(absl::StrCat("it has the name ", name, " twice"));
    }
  }
  if (!IsEndLine(line)) return CutShort();
  // Checks at once the hash, the count, the order, and the spelling of every
  // number.
  if (FormatPositions(positions) != text) return Changed();
  return positions;
}

}  // namespace client_internal
}  // namespace kevy_replica
