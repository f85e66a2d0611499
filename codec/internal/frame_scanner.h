// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One frame: "*2\r\n:<offset>\r\n", then a command.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_
#define KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/command_scanner.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/internal/envelope_predictor.h"
#include "kevy_replica/codec/internal/frame_predictor.h"
#include "kevy_replica/codec/internal/frame_shape.h"
#include "kevy_replica/codec/internal/load.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/internal/number_line.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {

// The scanned frame, except its end.
struct ScannedFrame {
  uint64_t offset = 0;
  size_t command_begin = 0;
  const ArgRef* args = nullptr;  // In the ArgvStorage, or in the shape.
  size_t argc = 0;
};

// Resumable: stops at any byte and resumes there. There are three readers, in
// this order:
//
// 1. TakeAlike() compares a frame with the form of the last ones.
// 2. Begin() reads a frame whose headers have the usual form.
// 3. Resume() reads every other frame byte by byte, from its first byte on, in
//    the same call.
//
// `data[0]` is the frame's first byte at every call. It may lie elsewhere each
// time. Meter: see meter.h.
template <typename Meter>
class BasicFrameScanner {
 public:
  explicit BasicFrameScanner(const Limits& limits, Meter meter = Meter())
      : limits_(limits), meter_(meter) {}

  // Takes the frames of the last form at the front of `data[0]` to `data[size -
  // 1]`, at most `max`. Calls `take(begin, size, frame)` for each. Returns
  // their number. Reads at most one frame more.
  template <typename Take>
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t TakeAlike(const char* data, size_t size,
                                                size_t max, const Take& take) {
    FrameShape& shape = predictor_.shape;
    if (!shape.active()) return 0;
    const size_t taken =
        shape.TakeFrames(data, size, max, &predictor_.envelope, meter_,
                         [&](const char* frame, uint64_t offset) {
                           take(frame, shape.size(),
                                ScannedFrame{offset, shape.envelope_size() - 1,
                                             shape.args(), shape.argc()});
                         });
    if (taken != 0) predictor_.shape_in_use = true;
    return taken;
  }

  // Reads a frame from its first byte on, in `data[0]` to `data[size - 1]`.
  // Adds its arguments to `*args` as a new command. On kDone sets `*frame`, and
  // the index is the frame's end.
  ABSL_ATTRIBUTE_ALWAYS_INLINE DecodeResult Begin(const char* data, size_t size,
                                                  ArgvStorage* args,
                                                  ScannedFrame* frame) {
    args->BeginNext();
    size_t count;
    const size_t index = ScanCommonStart(data, size, &count);
    if (ABSL_PREDICT_TRUE(index != 0)) {
      phase_ = Phase::kCommand;
      const size_t end = command_.ScanCommonArguments(data, size, index, count,
                                                      0, limits_, args, meter_);
      if (ABSL_PREDICT_TRUE(end != 0)) {
        *frame = {offset_, command_begin_, args->data(), count};
        predictor_.Observe(data, end, command_begin_, args->data(), count);
        return DecodeResult::Done(end);
      }
    } else {
      phase_ = Phase::kEnvelope;
      index_ = 0;
    }
    return Resume(data, size, args, frame);
  }

  // Resumes where the last call ran out of bytes. `*args` must be as that call
  // left it.
  ABSL_ATTRIBUTE_NOINLINE DecodeResult Resume(const char* data, size_t size,
                                              ArgvStorage* args,
                                              ScannedFrame* frame) {
    if (phase_ != Phase::kCommand) {
      const DecodeResult result = ScanEnvelope(data, size);
      if (result.outcome != Outcome::kDone) return result;
      command_begin_ = index_;
      command_.Start(index_);
      phase_ = Phase::kCommand;
    }
    const DecodeResult result =
        command_.Scan(data, size, limits_, args, meter_);
    if (result.done()) {
      *frame = {offset_, command_begin_, args->data(), args->size()};
      // The prediction follows the last frame, whichever reader read it.
      predictor_.envelope.Set(offset_ + 1);
    }
    return result;
  }

  // The least index at which the argument that has begun can end, after
  // kNeedMore. 0 before the arguments.
  size_t least_end() const {
    return phase_ == Phase::kCommand ? command_.least_end() : 0;
  }

  // The shape of TakeAlike(). Its arguments stay valid until a call behind the
  // next DropViews().
  const FrameShape& shape() const { return predictor_.shape; }
  // Tells that frames of earlier calls are out of use. The scanner may then
  // learn another shape in place of theirs.
  void DropViews() { predictor_.shape_in_use = false; }

  const Meter& meter() const { return meter_; }

 private:
  enum class Phase : uint8_t {
    // Begin() was called. "*2\r\n:" is next, from `index_` on.
    // Then kOffset.
    kEnvelope,
    // "*2\r\n:" was read. Digits or the offset's CRLF are next.
    // Then kCommand.
    kOffset,
    // The envelope was read. `command_` reads on.
    // Then the frame is done.
    kCommand,
  };

  // Reads the usual start, "*2\r\n:<offset>\r\n*<count>\r\n$", with at most 16
  // digits and at most 2. Returns the index of the '$', or 0 for any other
  // start.
  ABSL_ATTRIBUTE_ALWAYS_INLINE size_t ScanCommonStart(const char* data,
                                                      size_t size,
                                                      size_t* count) {
    // The envelope, the count, its CRLF, and the '$'.
    constexpr size_t kMost = EnvelopePredictor::kReadable + 5;
    if (ABSL_PREDICT_FALSE(size < kMost)) return 0;
    meter_.Examined(kMost);
    EnvelopePredictor& envelope = predictor_.envelope;
    if (ABSL_PREDICT_FALSE(!envelope.Matches(data))) {
      uint64_t offset = 0;
      if (!ParseCommonEnvelope(data, &offset)) return 0;
      if (!envelope.Set(offset)) return 0;
    }
    const char* p = data + envelope.size();  // Behind the '*'.
    uint64_t n = static_cast<unsigned char>(p[0]) - uint64_t{'0'};
    if (ABSL_PREDICT_FALSE(n > 9)) return 0;
    if (ABSL_PREDICT_FALSE(*++p != '\r')) {
      if (!IsDigit(*p)) return 0;
      n = n * 10 + static_cast<uint64_t>(*p++ - '0');
    }
    if (ABSL_PREDICT_FALSE(std::memcmp(p, "\r\n$", 3) != 0)) return 0;
    if (ABSL_PREDICT_FALSE(n - 1 >= limits_.max_arguments)) return 0;
    *count = static_cast<size_t>(n);
    offset_ = envelope.offset();
    command_begin_ = envelope.size() - 1;
    envelope.Advance();
    return static_cast<size_t>(p + 2 - data);
  }

  static bool ParseCommonEnvelope(const char* data, uint64_t* offset) {
    if ((LoadLittleEndian64(data) & FirstBytes(5)) != Word("*2\r\n:")) {
      return false;
    }
    const char* const begin = data + 5;
    const char* p = begin;
    DecimalReader reader;
    while (p != begin + 16 && reader.Take(*p, kMaxFrameOffset)) ++p;
    *offset = reader.value();
    // A leading zero differs from the prediction of Set().
    return p != begin && (*begin != '0' || p == begin + 1) && p[0] == '\r' &&
           p[1] == '\n' && p[2] == '*';
  }

  DecodeResult ScanEnvelope(const char* data, size_t size) {
    constexpr absl::string_view kEnvelope = "*2\r\n:";
    for (; index_ < size; ++index_) {
      const char c = data[index_];
      meter_.Examined(1);
      if (phase_ == Phase::kEnvelope) {
        if (c != kEnvelope[index_]) {
          return Error(index_ == 0 ? WireError::kUnknownElement
                                   : WireError::kBadEnvelope);
        }
        if (index_ + 1 == kEnvelope.size()) {
          number_.Clear();
          phase_ = Phase::kOffset;
        }
        continue;
      }
      switch (number_.Take(c, kMaxFrameOffset)) {
        case NumberLine::Step::kMore:
          break;
        case NumberLine::Step::kBad:
          return Error(c == '-' && number_.empty() ? WireError::kNegativeOffset
                                                   : WireError::kBadOffset);
        case NumberLine::Step::kTooBig:
          return Error(WireError::kBadOffset);
        case NumberLine::Step::kDone:
          offset_ = number_.value();
          return DecodeResult::Done(++index_);
      }
    }
    return DecodeResult::NeedMore(size);
  }

  DecodeResult Error(WireError error) const {
    return DecodeResult::Error(error, index_);
  }

  Limits limits_;
  FramePredictor predictor_;
  Phase phase_ = Phase::kEnvelope;
  size_t index_ = 0;
  NumberLine number_;
  uint64_t offset_ = 0;
  size_t command_begin_ = 0;
  BasicCommandScanner<Meter> command_;
  Meter meter_;
};

using FrameScanner = BasicFrameScanner<NoMeter>;

}  // namespace internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_FRAME_SCANNER_H_
