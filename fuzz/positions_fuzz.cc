// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Positions files: an accepted text is the one that its positions are written
// as. Any other text is an error. So is a written text with one other byte.

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/internal/position_map.h"
#include "kevy_replica/client/internal/positions_text.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace {

using client_internal::FormatPositions;
using client_internal::ParsePositions;
using client_internal::PositionMap;
using testing_internal::FuzzInput;

void CheckText(absl::string_view text) {
  const absl::StatusOr<PositionMap> positions = ParsePositions(text);
  if (positions.ok()) {
    FUZZ_CHECK(FormatPositions(*positions) == text);
  } else {
    FUZZ_CHECK(absl::IsDataLoss(positions.status()));
    FUZZ_CHECK(positions.status().message().size() < 400);
  }
}

// Writes the positions that the input chooses, and damages the text.
void CheckDamage(FuzzInput input) {
  PositionMap positions;
  const size_t damaged = input.Byte();
  const auto other = static_cast<char>(input.Byte());
  while (!input.done()) {
    const std::string name(input.String());
    const FeedPosition position{input.Number(), input.Number()};
    if (CheckPositionName(name).ok()) positions[name] = position;
  }
  std::string text = FormatPositions(positions);
  const absl::StatusOr<PositionMap> same = ParsePositions(text);
  FUZZ_CHECK(same.ok() && *same == positions);
  char& c = text[damaged % text.size()];
  if (c == other) return;
  c = other;
  FUZZ_CHECK(!ParsePositions(text).ok());
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::CheckText(bytes);
  kevy_replica::CheckDamage(kevy_replica::testing_internal::FuzzInput(bytes));
  return 0;
}
