// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_CODEC_INTERNAL_FRAME_SHAPE_H_
#define KEVY_REPLICA_CODEC_INTERNAL_FRAME_SHAPE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/internal/envelope_predictor.h"
#include "kevy_replica/codec/internal/load.h"

namespace kevy_replica {
namespace internal {

// All that lies between the arguments of a frame, and where: frames that look
// alike, as where one program writes records of one form, differ in nothing but
// the offset and the arguments' own bytes. Such a frame is compared as a whole:
// no place depends on what was read before, and its arguments' places are known
// already.
//
// Sound whatever was learned: every byte that is not an argument's is compared.
class FrameShape {
 public:
  // Frames of more are not learned.
  static constexpr size_t kMaxArguments = 32;

  // Whether it is worth comparing frames with it.
  bool active() const { return misses_ < kMostMisses; }

  // Takes the frames at the front of `data[0]` to `data[size - 1]` that have
  // this shape and the offsets that `*envelope` foresees, at most `max` of
  // them; `take(frame, offset)` gets each. Returns how many those were.
  template <typename Take, typename Meter>
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t TakeFrames(const char* data, size_t size,
                                                 size_t max,
                                                 EnvelopePredictor* envelope,
                                                 Meter& meter,
                                                 const Take& take) {
    if (ABSL_PREDICT_FALSE(envelope->size() != envelope_size_)) {
      misses_ = kMostMisses;  // Offsets have a digit more: learn it anew.
      return 0;
    }
    const size_t readable = std::max(size_, EnvelopePredictor::kReadable);
    EnvelopePredictor next = *envelope;  // A copy that registers can hold.
    size_t taken = 0;
    size_t misses = 0;
    while (taken != max && size >= readable && next.size() == envelope_size_) {
      meter.Examined(EnvelopePredictor::kReadable + 8 * checks_);
      if (ABSL_PREDICT_FALSE(!next.Matches(data))) break;
      if (ABSL_PREDICT_FALSE(!Matches(data))) {
        misses = taken == 0 ? misses_ + 1 : 1;
        break;
      }
      take(data, next.offset());
      ++taken;
      data += size_;
      size -= size_;
      if (ABSL_PREDICT_FALSE(!next.AdvanceDigit())) {
        *envelope = next;
        envelope->Advance();
        next = *envelope;
      }
    }
    if (taken != 0 || misses != 0) misses_ = misses;
    *envelope = next;
    return taken;
  }

  // The frame's size, and its envelope's, the command's '*' included.
  size_t size() const { return size_; }
  size_t envelope_size() const { return envelope_size_; }
  // Its arguments.
  const ArgRef* args() const { return args_; }
  size_t argc() const { return argc_; }

  // Learns the shape of a frame of `size` bytes, whose headers have at most 9
  // digits each.
  void Learn(const char* frame, size_t size, size_t envelope_size,
             const ArgRef* args, size_t argc);

 private:
  static constexpr size_t kMostMisses = 2;

  struct Check {
    uint64_t Difference(const char* frame) const {
      return (LoadLittleEndian64(frame + at) ^ word) & mask;
    }

    size_t at;
    uint64_t word;
    uint64_t mask;
  };

  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Matches(const char* frame) const {
    uint64_t different = 0;
    const Check* check = check_;
    const Check* const end = check_ + checks_;
    do {  // By twos, which saves half of the loop.
      different |= check[0].Difference(frame) | check[1].Difference(frame);
      check += 2;
    } while (check != end);
    return different == 0;
  }

  // Before each argument lie up to 16 bytes: a CRLF (before the first, a count
  // of two digits and a CRLF) and a header of up to 9 digits, since Learn()
  // gets no longer ones. Behind the last lies its CRLF.
  static constexpr size_t kMaxChecks = 2 * kMaxArguments + 2;

  // How many frames in a row had another shape; all of them, where none was
  // learned.
  size_t misses_ = kMostMisses;
  size_t checks_ = 0;  // Even.
  size_t size_ = 0;
  size_t envelope_size_ = 0;
  size_t argc_ = 0;
  Check check_[kMaxChecks] = {};
  ArgRef args_[kMaxArguments] = {};
};

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_SHAPE_H_
