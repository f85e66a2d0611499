// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The whole stream of a primary, decoded as it arrives.
//
//   StreamDecoder decoder;
//   decoder.DecodeAnswer(&answer) ...       // If the stream begins with one.
//   while (true) {
//     switch (decoder.Next()) {
//       case Outcome::kDone:
//         if (const auto* frame = std::get_if<FrameView>(&decoder.event())) {
//           Apply(frame->offset(), frame->argv());
//         }
//         break;
//       case Outcome::kNeedMore: {
//         absl::Span<char> room = decoder.Prepare(1);
//         decoder.Commit(Read(room));
//         break;
//       }
//       case Outcome::kError:
//         return Fail(decoder.error(), decoder.position());
//     }
//   }
//
// Where there are many frames, NextFrames() hands them out by the batch:
//
//   while (true) {
//     const absl::Span<const FrameView> frames = decoder.NextFrames();
//     if (frames.empty()) break;  // Next() tells why.
//     for (const FrameView& frame : frames) Apply(frame);
//   }
//
// No argument byte is copied: the caller reads straight into the decoder's
// buffer, and events are views into it. The decoder may be stopped at any byte:
// it goes on from there and looks at no byte again, so the work is linear in
// the bytes, however they arrive. (But for a header that is not of a usual
// form, within one call, and for up to 24 bytes behind a run of frames.) Its
// buffer grows with what has arrived, never with what was declared.
//
// It joins the elements of frame.h, heartbeat.h and snapshot.h and knows their
// order: no frame inside a snapshot, no chunk outside one. It does not check
// that offsets follow each other: that is the client's Session.

#ifndef KEVY_REPLICA_CODEC_STREAM_DECODER_H_
#define KEVY_REPLICA_CODEC_STREAM_DECODER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/frame_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

// Not thread-safe. Movable, not copyable; one that was moved from can only be
// assigned to or destroyed.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Limits& limits = Limits());
  StreamDecoder(StreamDecoder&&) = default;
  StreamDecoder& operator=(StreamDecoder&&) = default;

  // Input. Room for at least `min` bytes (1 or more); it is usually more, and
  // all of it may be used. Then Commit says how many came. Both end the
  // validity of the last event, and of the room given before.
  absl::Span<char> Prepare(size_t min) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void Commit(size_t n);

  // Prepare, a copy, Commit: for bytes that lie elsewhere already.
  void Feed(absl::string_view bytes);

  // Decodes the handshake's answer, which only the very first bytes of a stream
  // can be. kDone: `*answer` is set, and Next() reads on behind it. Errors:
  // kBadAnswer, kLineTooLong. Must not be called after Next().
  Outcome DecodeAnswer(HandshakeAnswer* answer);

  // Decodes the next element.
  //
  // | returns   | then                                                        |
  // |-----------|-------------------------------------------------------------|
  // | kDone     | event() is the element, until the next non-const call       |
  // | kNeedMore | Prepare, read, Commit, and call again; event() is not valid |
  // | kError    | error() and position() say what and where; for ever         |
  Outcome Next() {
    Release();
    if (ABSL_PREDICT_FALSE(next_ == run_end_) && !DecodeAhead()) {
      return NextOther();
    }
    const FrameView& frame = ahead_->frames[next_++];
    // In place where it can be: emplace() would make a variant and copy that.
    if (auto* last = std::get_if<FrameView>(&event_)) {
      *last = frame;
    } else {
      event_ = frame;
    }
    Take(frame.wire().size());
    return Outcome::kDone;
  }

  // Decodes frames alone, the quickest way through many: those whose bytes are
  // all there, at most `max` (1 or more) and at most kBatch of them, each with
  // the offset that follows the one before. Empty: what comes next is no whole
  // frame, and Next() decodes it, or says what is missing or wrong. Valid until
  // the next non-const call.
  [[nodiscard]] absl::Span<const FrameView> NextFrames(size_t max = kBatch)
      ABSL_ATTRIBUTE_LIFETIME_BOUND {
    Release();
    if (ABSL_PREDICT_FALSE(next_ == run_end_) && !DecodeAhead()) return {};
    const size_t n = std::min(std::max<size_t>(max, 1), run_end_ - next_);
    const FrameView* const frames = ahead_->frames + next_;
    next_ += n;
    const absl::string_view last = frames[n - 1].wire();
    Take(static_cast<size_t>(last.data() + last.size() -
                             frames[0].wire().data()));
    return absl::Span<const FrameView>(frames, n);
  }
  static constexpr size_t kBatch = 32;

  // The element that the last Next() decoded. Valid after kDone, until the next
  // non-const call.
  const StreamEvent& event() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return event_;
  }

  // kNone, until a call has returned kError; from then on what it was.
  WireError error() const { return error_; }

  // Bytes from the start of the stream: to the end of the last element decoded,
  // or, after an error, to the byte that is wrong.
  uint64_t position() const { return position_; }

  // At most `max` of the bytes held: after an error those around the wrong one,
  // which is what an error message quotes; else from the front of what was
  // handed out last. Valid until the next non-const call.
  absl::string_view Excerpt(size_t max = 48) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Whether the stream may end here: all that came was decoded, and no snapshot
  // has begun without having ended. Otherwise an end now is a truncation.
  bool at_boundary() const {
    return buffer_.size() == release_ && !in_snapshot_;
  }
  bool in_snapshot() const { return in_snapshot_; }

  // Bytes of memory held for input and arguments, beside the decoder's own 5
  // KiB, which never grow.
  size_t memory_bytes() const {
    return buffer_.capacity() + ahead_->args.capacity() * sizeof(ArgRef);
  }

  // What moving half-received elements about in the buffer has cost so far.
  uint64_t bytes_moved() const { return buffer_.bytes_moved(); }

 private:
  // The only friend, for tests: see codec/testing/test_access.h.
  friend class codec_testing::TestAccess;
  // Returns the first broken invariant of those below; empty: all hold. Product
  // code never calls it.
  absl::string_view CheckInvariants() const;

  // The element behind those that were decoded.
  enum class Element : uint8_t {
    // No byte of it has been looked at. DecodeAhead() goes to kFrame, Begin()
    // to
    // kLine, kChunk or kFailed, DecodeAnswer() to kLine.
    kNone,
    // A frame was begun, and is half received or wrong. A later byte completes
    // it: kNone. Next() reports the error: kFailed.
    kFrame,
    // A line was begun, and is half received. Then kNone or kFailed.
    kLine,
    // A chunk was begun, and is half received. Then kNone or kFailed.
    kChunk,
    // error() was reported. It stays.
    kFailed,
  };

  // Past so many arguments no further frame is decoded ahead.
  static constexpr size_t kBatchArguments = 512;
  // Frames that were decoded, and are handed out one after another. Apart from
  // this object, so that they stay where they are when it is moved.
  struct Ahead {
    explicit Ahead(const Limits& limits) : scanner(limits) {}

    FrameView frames[kBatch];
    ArgvStorage args;
    internal::FrameScanner scanner;  // Frames that look alike view its shape.
  };

  // Ends the validity of what was handed out.
  void Release() {
    buffer_.Consume(release_);
    release_ = 0;
  }
  // Hands out the next `bytes`.
  void Take(size_t bytes) {
    release_ = bytes;
    position_ += bytes;
  }
  bool DecodeAhead();
  void PointToArguments();
  void PointToBuffer();
  Outcome NextOther();
  Outcome Begin(absl::string_view bytes);
  Outcome GoOn(absl::string_view bytes);
  DecodeResult ScanLine(absl::string_view bytes);
  DecodeResult ScanChunk(absl::string_view bytes);
  Outcome Finish(const DecodeResult& result);

  Limits limits_;
  ByteBuffer buffer_;
  std::unique_ptr<Ahead> ahead_;
  // Three indices into `ahead_->frames`: the next one to hand out, the end of
  // the run, the end. Invariants, between any two calls:
  //
  // 1. next_ <= run_end_ <= end_ <= kBatch.
  // 2. In the run, [next_, run_end_), each offset is one more than the one
  //    before; behind it stands at most one frame, which breaks the run.
  // 3. The frames [next_, end_) lie in the buffer in one row, directly behind
  //    the `release_` bytes that were handed out last.
  // 4. Their arguments lie in one row at the front of `ahead_->args`, behind
  //    those of [0, next_), except those of a frame of the learned shape.
  // 5. `wrong_` holds an error only for the element behind end_, which then is
  //    kFrame, or kFailed once it was reported.
  size_t next_ = 0;
  size_t run_end_ = 0;
  size_t end_ = 0;
  // What is wrong with the frame behind those ahead.
  DecodeResult wrong_;
  StreamEvent event_;
  internal::ControlLineScanner line_scanner_;
  internal::BulkScanner chunk_scanner_;
  Element element_ = Element::kNone;  // The one half received.
  bool in_snapshot_ = false;
  WireError error_ = WireError::kNone;
  size_t error_in_buffer_ = 0;
  uint64_t position_ = 0;
  uint64_t snapshot_bytes_ = 0;
  // The front of the buffer, which was handed out last: gone at the next call.
  size_t release_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_STREAM_DECODER_H_
