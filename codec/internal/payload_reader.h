// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The fields of a snapshot payload, whose bytes arrive in pieces.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_READER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_READER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/payload_format.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

namespace internal {

// The encoding of a field: a little-endian number, or a string, which is a u32
// length and that many bytes.
enum class Wire : uint8_t { kU8, kU32, kU64, kString };

// Reads groups of fields. It reads a group that lies whole in the piece without
// a copy. Any other group goes to Resume(), the strict reader, which stops at
// any byte and alone decides on errors. Resume() copies, once, the strings and
// parts of strings whose piece ends before the group does.
//
//   reader.Feed(piece);
//   while (reader.Read<Wire::kString, Wire::kU32>()) {
//     Use(reader.string(0), reader.number(0));
//     reader.Release();
//   }
class PayloadReader {
 public:
  explicit PayloadReader(const Limits& limits)
      : max_string_bytes_(limits.max_bulk_bytes),
        max_bytes_(limits.max_snapshot_bytes) {}

  // Gives the next piece. It must stay unchanged until Read() returns false or
  // the next piece is given.
  //
  // Precondition: the last piece was read to its end.
  void Feed(absl::string_view piece) {
    const uint64_t allowed = max_bytes_ - fed_;
    too_long_ = piece.size() > allowed;
    if (too_long_) piece = piece.substr(0, static_cast<size_t>(allowed));
    p_ = piece.data();
    end_ = p_ + piece.size();
    fed_ += piece.size();
  }

  // Reads a group of fields. Returns false if it finds an error(), or if the
  // piece ended inside the group. Then call it again for the same fields, with
  // the next piece.
  //
  // Precondition: there is no error() yet.
  template <Wire... wires>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Read() {
    static constexpr Wire kWires[] = {wires...};
    if (ABSL_PREDICT_TRUE(!resuming_)) {
      const char* p = p_;
      uint64_t* number = numbers_;
      absl::string_view* string = strings_;
      if (ABSL_PREDICT_TRUE((Take<wires>(&p, &number, &string) && ...))) {
        p_ = p;
        return true;
      }
    }
    return Resume(kWires, sizeof...(wires));
  }

  // The group's numbers and strings, each in their order. The strings are valid
  // until Release() or Feed(), and only as long as the piece is.
  uint64_t number(size_t i) const { return numbers_[i]; }
  absl::string_view string(size_t i) const { return strings_[i]; }

  // The unread bytes of the piece, if a group begins with the first of them;
  // else "".
  absl::string_view whole_groups() const {
    if (ABSL_PREDICT_FALSE(resuming_) && !at_first_byte()) return {};
    return absl::string_view(p_, static_cast<size_t>(end_ - p_));
  }

  // Passes over the first `n` bytes of whole_groups().
  //
  // Precondition: they are whole groups, within the limits.
  void SkipGroups(size_t n) {
    p_ += n;
    resuming_ = false;
  }

  // Takes up to `max` bytes of the piece, as they are. Returns "" at its end.
  // They are valid as long as the piece is.
  absl::string_view TakeUpTo(uint64_t max) {
    const absl::string_view bytes(
        p_,
        static_cast<size_t>(std::min(max, static_cast<uint64_t>(end_ - p_))));
    p_ += bytes.size();
    return bytes;
  }

  // Ends the validity of the last group's strings.
  void Release() {
    if (ABSL_PREDICT_FALSE(release_)) {
      scratch_.Consume(scratch_.size());
      release_ = false;
    }
  }

  WireError error() const { return error_; }
  uint64_t error_index() const { return error_index_; }

  // The number of bytes read, of all pieces.
  uint64_t bytes_read() const {
    return fed_ - static_cast<uint64_t>(end_ - p_);
  }
  // Whether bytes are left to read, those past the limit included.
  bool has_more() const { return p_ != end_ || too_long_; }

  size_t scratch_capacity() const { return scratch_.capacity(); }
  uint64_t bytes_copied() const { return copied_ + scratch_.bytes_moved(); }

 private:
  friend class codec_testing::TestAccess;

  static constexpr size_t kMostNumbers = 6;
  static constexpr size_t kMostStrings = 2;

  static constexpr size_t Width(Wire wire) {
    return wire == Wire::kU8 ? 1 : wire == Wire::kU64 ? 8 : 4;
  }

  // Reads one field if it is whole and within the limits.
  template <Wire wire>
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Take(const char** p, uint64_t** number,
                                         absl::string_view** string) const {
    constexpr size_t kWidth = Width(wire);
    if constexpr (wire == Wire::kString) {
      return TakeWireString(end_, max_string_bytes_, p, (*string)++);
    } else {
      const size_t left = static_cast<size_t>(end_ - *p);
      if (ABSL_PREDICT_FALSE(left < kWidth)) return false;
      if constexpr (wire == Wire::kU64) {
        **number = LoadLittleEndian64(*p);
      } else if constexpr (wire == Wire::kU32) {
        **number = LoadLittleEndian32(*p);
      } else {
        **number = static_cast<unsigned char>(**p);
      }
      ++*number;
      *p += kWidth;
    }
    return true;
  }

  // A string of a group that spans pieces. It lies in the piece, or from
  // `begin` on in the scratch, which may move.
  struct Part {
    const char* in_piece;  // Null: in the scratch.
    size_t begin;
    size_t size;
  };

  // Whether Resume() has stopped in front of a group.
  bool at_first_byte() const {
    return field_ == 0 && byte_count_ == 0 && !in_string_;
  }
  bool Resume(const Wire* wires, size_t count);
  bool ResumeNumber(size_t width, uint64_t* number);
  bool ResumeString();
  // Each of these fails without memory.
  bool Copy(const char* bytes, size_t n);
  bool Keep(size_t n);
  bool KeepStrings();
  bool Fail(WireError error, uint64_t index);

  const char* p_ = nullptr;
  const char* end_ = nullptr;
  uint64_t fed_ = 0;  // Up to `end_`.
  uint64_t max_string_bytes_;
  uint64_t max_bytes_;
  bool too_long_ = false;  // The piece holds bytes past `max_bytes_`.
  bool release_ = false;
  uint64_t numbers_[kMostNumbers] = {};
  absl::string_view strings_[kMostStrings];

  // The place where Resume() stopped.
  bool resuming_ = false;
  bool in_string_ = false;  // Its length is known.
  size_t field_ = 0;        // Of the group.
  size_t number_count_ = 0;
  size_t part_count_ = 0;
  char bytes_[8] = {};  // Of a number that is cut.
  size_t byte_count_ = 0;
  uint64_t field_index_ = 0;
  Part parts_[kMostStrings] = {};
  size_t kept_ = 0;  // Bytes of a cut string in the scratch.
  ByteBuffer scratch_;
  uint64_t copied_ = 0;

  WireError error_ = WireError::kNone;
  uint64_t error_index_ = 0;
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_PAYLOAD_READER_H_
