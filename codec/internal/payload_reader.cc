// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal/payload_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

bool PayloadReader::Resume(const Wire* wires, size_t count) {
  if (!resuming_) {
    resuming_ = true;
    field_ = number_count_ = part_count_ = 0;
  }
  for (; field_ != count; ++field_) {
    const Wire wire = wires[field_];
    if (wire == Wire::kString) {
      if (!ResumeString()) return false;
      continue;
    }
    if (!ResumeNumber(Width(wire), &numbers_[number_count_])) return false;
    ++number_count_;
  }
  resuming_ = false;
  // An empty scratch may get the next group's strings before Release().
  release_ = !scratch_.empty();
  const absl::string_view scratch = scratch_.bytes();
  for (size_t i = 0; i != part_count_; ++i) {
    const Part& part = parts_[i];
    strings_[i] = part.in_piece != nullptr
                      ? absl::string_view(part.in_piece, part.size)
                      : scratch.substr(part.begin, part.size);
  }
  return true;
}

bool PayloadReader::ResumeNumber(size_t width, uint64_t* number) {
  if (byte_count_ == 0) {
    field_index_ = bytes_read();
    std::fill_n(bytes_, sizeof bytes_, '\0');
  }
  const size_t n =
      std::min(width - byte_count_, static_cast<size_t>(end_ - p_));
  if (n != 0) std::memcpy(bytes_ + byte_count_, p_, n);
  byte_count_ += n;
  p_ += n;
  if (byte_count_ != width) {
    if (!KeepStrings()) return false;
    return too_long_ ? Fail(WireError::kSnapshotTooLong, bytes_read()) : false;
  }
  byte_count_ = 0;
  *number = LoadLittleEndian64(bytes_);
  return true;
}

bool PayloadReader::ResumeString() {
  Part& part = parts_[part_count_];
  if (!in_string_) {
    uint64_t size;
    if (!ResumeNumber(Width(Wire::kString), &size)) return false;
    if (size > max_string_bytes_) {
      return Fail(WireError::kBulkTooLong, field_index_);
    }
    if (size > max_bytes_ - bytes_read()) {
      return Fail(WireError::kSnapshotTooLong, field_index_);
    }
    part = {nullptr, 0, static_cast<size_t>(size)};
    kept_ = 0;
    in_string_ = true;
  }
  const size_t left = static_cast<size_t>(end_ - p_);
  if (kept_ == 0 && left >= part.size) {
    part.in_piece = p_;
    p_ += part.size;
  } else {
    if (kept_ == 0) {
      // First, so that this string's bytes lie in a row.
      if (!KeepStrings()) return false;
      part.begin = scratch_.size();
    }
    if (!Keep(std::min(part.size - kept_, left))) return false;
    if (kept_ != part.size) return false;
  }
  in_string_ = false;
  ++part_count_;
  return true;
}

// Copies `n` bytes into the scratch.
bool PayloadReader::Copy(const char* bytes, size_t n) {
  if (n == 0) return true;
  const absl::Span<char> room = scratch_.Prepare(n);
  if (room.empty()) return Fail(WireError::kOutOfMemory, bytes_read());
  std::memcpy(room.data(), bytes, n);
  scratch_.Commit(n);
  copied_ += n;
  return true;
}

// Copies the next `n` bytes of a cut string.
bool PayloadReader::Keep(size_t n) {
  if (!Copy(p_, n)) return false;
  p_ += n;
  kept_ += n;
  return true;
}

// Copies the strings that lie in the piece, before the piece goes away.
bool PayloadReader::KeepStrings() {
  for (size_t i = 0; i != part_count_; ++i) {
    Part& part = parts_[i];
    if (part.in_piece == nullptr) continue;
    const size_t begin = scratch_.size();
    if (!Copy(part.in_piece, part.size)) return false;
    part = {nullptr, begin, part.size};
  }
  return true;
}

bool PayloadReader::Fail(WireError error, uint64_t index) {
  error_ = error;
  error_index_ = index;
  return false;
}

}  // namespace internal
}  // namespace kevy_replica
