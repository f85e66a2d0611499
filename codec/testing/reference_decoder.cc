// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0
#include "kevy_replica/codec/testing/reference_decoder.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

constexpr uint64_t kMaxU64 = ~uint64_t{0};
constexpr uint64_t kMaxOffset = kMaxU64 / 2;

// Every reading function returns whether to continue. If not, `run.error` is
// set, or the input has ended.
class Reference {
 public:
  Reference(absl::string_view in, const Limits& limits)
      : in_(in), limits_(limits) {}

  DecodeRun Run(StreamStart start) {
    run_.given = in_.size();
    bool go_on = start == StreamStart::kElements || Answer();
    while (go_on && at_ < in_.size()) go_on = Element();
    if (run_.error == WireError::kNone) {
      run_.open = in_snapshot_ || run_.bytes_decoded < in_.size();
    }
    return run_;
  }

 private:
  bool Fail(WireError error, size_t index) {
    run_.error = error;
    run_.bytes_decoded = index;
    return false;
  }

  bool Deliver(std::string element) {
    run_.elements.push_back(std::move(element));
    run_.bytes_decoded = at_;
    return true;
  }

  bool Literal(absl::string_view text, WireError error) {
    for (const char c : text) {
      if (at_ == in_.size()) return false;
      if (in_[at_] != c) return Fail(error, at_);
      ++at_;
    }
    return true;
  }

  // Reads digits, up to the first other character.
  bool Number(absl::uint128 max, WireError bad, WireError too_big,
              uint64_t* number) {
    absl::uint128 value = 0;
    const size_t begin = at_;
    for (; at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<uint64_t>(in_[at_] - '0');
      if (at_ - begin == 20) return Fail(bad, at_);
      if (value > max) return Fail(too_big, at_);
    }
    if (at_ == in_.size()) return false;
    if (at_ == begin) return Fail(bad, at_);
    *number = absl::Uint128Low64(value);
    return true;
  }

  bool NumberLine(absl::uint128 max, WireError bad, WireError too_big,
                  uint64_t* number) {
    return Number(max, bad, too_big, number) && Literal("\r\n", bad);
  }

  // One or two numbers and the line's end.
  bool Numbers(WireError bad, std::vector<uint64_t>* numbers) {
    numbers->resize(1);
    if (!Number(kMaxU64, bad, bad, &numbers->front())) return false;
    if (in_[at_] == ' ') {
      ++at_;
      numbers->resize(2);
      if (!Number(kMaxU64, bad, bad, &numbers->back())) return false;
    }
    return Literal("\r\n", bad);
  }

  bool Answer() {
    std::vector<uint64_t> numbers;
    if (!Literal("+ACK ", WireError::kBadAnswer) ||
        !Numbers(WireError::kBadAnswer, &numbers)) {
      return false;
    }
    return Deliver(absl::StrCat(
        "answer protocol=", numbers.size(), " generation=",
        numbers.size() == 2 ? numbers[0] : 0, " offset=", numbers.back()));
  }

  bool Element() {
    element_ = at_;
    switch (in_[at_]) {
      case '*':
        if (in_snapshot_) {
          return Fail(WireError::kUnexpectedInSnapshot, element_);
        }
        return Frame();
      case '$':
        if (!in_snapshot_) return Fail(WireError::kOutsideSnapshot, element_);
        return Chunk();
      case '+':
        return Line();
      default:
        return Fail(WireError::kUnknownElement, element_);
    }
  }

  bool Frame() {
    uint64_t offset;
    uint64_t count;
    if (!Literal("*2\r\n:", WireError::kBadEnvelope)) return false;
    if (at_ < in_.size() && in_[at_] == '-') {
      return Fail(WireError::kNegativeOffset, at_);
    }
    if (!NumberLine(kMaxOffset, WireError::kBadOffset, WireError::kBadOffset,
                    &offset) ||
        !Literal("*", WireError::kBadCommand)) {
      return false;
    }
    const size_t count_at = at_;
    if (!NumberLine(limits_.max_arguments, WireError::kBadCommand,
                    WireError::kTooManyArguments, &count)) {
      return false;
    }
    if (count == 0) return Fail(WireError::kBadCommand, count_at);
    std::string text = absl::StrCat(offset);
    for (; count > 0; --count) {
      absl::string_view argument;
      if (!Bulk(limits_.max_bulk_bytes, WireError::kBulkTooLong,
                limits_.max_frame_bytes, &argument)) {
        return false;
      }
      absl::StrAppend(&text, " ", Escaped(argument));
    }
    return Deliver(std::move(text));
  }

  bool Bulk(uint64_t max, WireError too_long, absl::uint128 max_element,
            absl::string_view* bytes) {
    uint64_t size;
    if (!Literal("$", WireError::kBadBulk) ||
        !NumberLine(max, WireError::kBadBulk, too_long, &size)) {
      return false;
    }
    if (absl::uint128(at_ - element_) + size + 2 > max_element) {
      return Fail(WireError::kFrameTooLong, at_ - 1);
    }
    if (size > in_.size() - at_) return false;
    *bytes = in_.substr(at_, static_cast<size_t>(size));
    at_ += static_cast<size_t>(size);
    return Literal("\r\n", WireError::kBadBulk);
  }

  bool Chunk() {
    absl::string_view bytes;
    const uint64_t left = limits_.max_snapshot_bytes - snapshot_bytes_;
    const bool whole = left >= limits_.max_chunk_bytes;
    if (!Bulk(whole ? limits_.max_chunk_bytes : left,
              whole ? WireError::kChunkTooLong : WireError::kSnapshotTooLong,
              absl::Uint128Max(), &bytes)) {
      return false;
    }
    snapshot_bytes_ += bytes.size();
    return Deliver(absl::StrCat("# snapshot_chunk bytes=", bytes.size(), " ",
                                Escaped(bytes)));
  }

  bool Line() {
    constexpr WireError kBad = WireError::kBadControlLine;
    constexpr WireError kUnknown = WireError::kUnknownElement;
    const absl::string_view line = in_.substr(at_);
    std::vector<uint64_t> numbers;
    if (line.size() > 1 && line[1] == 'P') {
      if (!Literal("+PING ", kUnknown) || !Numbers(kBad, &numbers)) {
        return false;
      }
      return Deliver(absl::StrCat(
          "# heartbeat generation=", numbers.size() == 2 ? numbers[0] : 0,
          " next_offset=", numbers.back()));
    }
    if (!Literal("+SNAPSHOT", kUnknown)) return false;
    if (at_ < in_.size() && in_[at_] == '_') {
      uint64_t next_offset;
      if (!Literal("_END ", kUnknown) ||
          !NumberLine(kMaxU64, kBad, kBad, &next_offset)) {
        return false;
      }
      if (!in_snapshot_) return Fail(WireError::kOutsideSnapshot, element_);
      in_snapshot_ = false;
      return Deliver(absl::StrCat("# snapshot_end next_offset=", next_offset));
    }
    if (!Literal("\r", kUnknown) || !Literal("\n", kBad)) return false;
    if (in_snapshot_) return Fail(WireError::kUnexpectedInSnapshot, element_);
    in_snapshot_ = true;
    snapshot_bytes_ = 0;
    return Deliver("# snapshot_begin");
  }

  const absl::string_view in_;
  const Limits limits_;
  size_t at_ = 0;
  size_t element_ = 0;
  bool in_snapshot_ = false;
  uint64_t snapshot_bytes_ = 0;
  DecodeRun run_;
};

}  // namespace

DecodeRun ReferenceDecode(absl::string_view bytes, const Limits& limits,
                          StreamStart start) {
  return Reference(bytes, limits).Run(start);
}

}  // namespace codec_testing
}  // namespace kevy_replica
