// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/cluster/key_slot.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

constexpr uint16_t kPolynomial = 0x1021;

constexpr std::array<uint16_t, 256> MakeTable() {
  std::array<uint16_t, 256> table{};
  for (size_t byte = 0; byte < 256; ++byte) {
    unsigned crc = static_cast<unsigned>(byte) << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? kPolynomial : 0);
    }
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

constexpr std::array<uint16_t, 256> kTable = MakeTable();

uint16_t Crc16(absl::string_view bytes) {
  unsigned crc = 0;
  for (const char c : bytes) {
    const size_t index = (crc >> 8) ^ static_cast<unsigned char>(c);
    crc = ((crc << 8) & 0xffff) ^ kTable[index];
  }
  return static_cast<uint16_t>(crc);
}

const std::vector<std::string>& Tags() {
  static const auto* const tags = [] {
    auto* const table = new std::vector<std::string>(kSlots);
    int missing = kSlots;
    for (int number = 0; missing > 0; ++number) {
      std::string digits = absl::StrCat(number);
      std::string& tag = (*table)[Crc16(digits) % kSlots];
      if (!tag.empty()) continue;
      tag = std::move(digits);
      --missing;
    }
    return table;
  }();
  return *tags;
}

}  // namespace

uint16_t KeySlot(absl::string_view key) {
  const size_t open = key.find('{');
  if (open != absl::string_view::npos) {
    const size_t close = key.find('}', open + 1);
    if (close != absl::string_view::npos && close != open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  return Crc16(key) % kSlots;
}

const std::string& SlotTag(uint16_t slot) { return Tags()[slot]; }

}  // namespace kevy_replica
