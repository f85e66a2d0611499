// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/soak_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/simulation/random.h"

namespace kevy_replica {
namespace {

using simulation::Random;

// Distinguishes the bytes of frames from those of payloads.
enum Purpose : uint64_t { kFrame = 0, kPayload = 1 };

Random RandomOf(Purpose purpose, uint64_t generation, uint64_t offset) {
  Random of_generation(generation * 2 + purpose);
  return Random(of_generation.Bits() ^ (offset * 0x9e3779b97f4a7c15));
}

std::string Bytes(size_t size, Random* random) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    const uint64_t bits = random->Bits();
    std::memcpy(&bytes[i], &bits, std::min(sizeof(bits), size - i));
  }
  return bytes;
}

}  // namespace

uint64_t FirstSoakGeneration(size_t shard) {
  return (uint64_t{shard} + 1) << 32;
}

std::vector<std::string> SoakCommand(uint64_t generation, uint64_t offset) {
  Random random = RandomOf(kFrame, generation, offset);
  std::vector<std::string> command = {"SET",
                                      absl::StrCat(generation, ":", offset)};
  size_t size = random.Below(150);
  if (random.OneIn(100)) size = random.Below(8 << 10);
  if (random.OneIn(5000)) size = random.Below(200 << 10);
  command.push_back(Bytes(size, &random));
  if (random.OneIn(8)) {
    for (uint64_t more = random.Below(40); more > 0; --more) {
      command.push_back(Bytes(random.Below(12), &random));
    }
  }
  return command;
}

std::string SoakPayload(const FeedPosition& position) {
  Random random = RandomOf(kPayload, position.generation, position.next_offset);
  size_t size = random.Below(4 << 10);
  if (random.OneIn(4)) size = random.Below(500 << 10);
  return absl::StrCat(ToString(position), "\n", Bytes(size, &random));
}

std::optional<FeedPosition> PositionOfSoakPayload(absl::string_view payload) {
  const size_t end = payload.find('\n');
  if (end == absl::string_view::npos) return std::nullopt;
  return ParseFeedPosition(payload.substr(0, end));
}

}  // namespace kevy_replica
