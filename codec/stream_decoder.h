// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The whole stream of a primary, decoded as it arrives.
//
// | you have                                  | use                          |
// |-------------------------------------------|------------------------------|
// | the bytes of a stream, piece by piece     | StreamDecoder                |
// | one frame, whole in memory                | FrameDecoder (frame.h)       |
// | another element, whole in memory          | its Decode...() function     |
// | a snapshot's chunks, for their records    | PayloadDecoder               |
// |                                           | (snapshot_payload.h)         |
// | the replies of a client port              | ReplyDecoder                 |
// | a connection, and no wish for bytes       | client/README.md             |
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
//         return Fail(decoder.error(), decoder.bytes_decoded());
//     }
//   }
//
// NextFrames() gives frames in batches:
//
//   while (true) {
//     const absl::Span<const FrameView> frames = decoder.NextFrames();
//     if (frames.empty()) break;  // Next() tells why.
//     for (const FrameView& frame : frames) Apply(frame);
//   }
//
// The decoder copies no argument byte: the caller reads directly into its
// buffer, and events are views into it. It resumes at any byte and reads each
// byte once, so the work is linear in the bytes, however they arrive. Two
// exceptions, both bounded. A header of an unusual form is read twice within
// one call. Up to 24 bytes after a run of frames are read again. The buffer
// grows with the received bytes, whatever lengths the peer declares.
//
// It joins the elements of frame.h, heartbeat.h and snapshot.h, and enforces
// their order: frames outside a snapshot, chunks inside one. The client's
// Session checks that offsets follow each other; the decoder does not.

#ifndef KEVY_REPLICA_CODEC_STREAM_DECODER_H_
#define KEVY_REPLICA_CODEC_STREAM_DECODER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/attributes.h"
#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/internal/bulk_scanner.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/frame_scanner.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

// Not thread-safe. Movable, not copyable; a moved-from one can only be assigned
// to or destroyed.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Limits& limits = Limits());
  StreamDecoder(StreamDecoder&&) = default;
  StreamDecoder& operator=(StreamDecoder&&) = default;

  // Input: returns all free room, at least `min` bytes. Read into it, and then
  // call Commit() with the number of bytes read. Both calls end the validity of
  // the last event, and of the earlier room. The room is empty if the process
  // has no memory for it. Then nothing else has changed.
  //
  // Precondition: `min` is 1 or more.
  //
  // With `shared`, the room lies in memory that other decoders use, too: call
  // GiveBack() before another one's Prepare(). If it did not, it gets new
  // memory. An element that was longer than a whole read goes on in memory of
  // this decoder's own; then the room may be less than `min`. Default: null,
  // all memory is this decoder's own, and stays.
  absl::Span<char> Prepare(size_t min, SharedReadBuffer* shared = nullptr)
      ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void Commit(size_t n);

  // Gives the shared memory back. The decoder keeps a copy of the bytes that
  // were not decoded, so call it once Next() has returned kNeedMore: then it
  // owns those of a cut element, of which it allocates just the size. Ends the
  // validity of the last event and of the room. Without memory for the copy,
  // the shared memory stays here.
  void GiveBack(SharedReadBuffer* shared);

  // Prepare(), a copy, Commit(): for bytes that lie elsewhere already. Aborts
  // without memory.
  void Feed(absl::string_view bytes);

  // Decodes the handshake's answer, the very first bytes of a stream. On kDone
  // sets `*answer`; Next() then continues behind it. Errors: kBadAnswer,
  // kLineTooLong.
  //
  // Precondition: Next() was not called yet.
  Outcome DecodeAnswer(HandshakeAnswer* answer);

  // Decodes the next element.
  //
  // Returns:
  //   kDone      event() is the element, valid until the next non-const call
  //   kNeedMore  Prepare(), read, Commit(), and call again; event() is invalid
  //   kError     error() and bytes_decoded() tell the error, from now on
  Outcome Next() {
    Release();
    if (ABSL_PREDICT_FALSE(next_ == run_end_) && !DecodeAhead()) {
      return NextOther();
    }
    const FrameView& frame = ahead_->frames[next_++];
    event_ = frame;
    Take(frame.wire().size());
    return Outcome::kDone;
  }

  // Decodes frames alone: up to `max` and up to kBatch whole frames, each with
  // the offset that follows the one before. Returns an empty span if a whole
  // frame is not next: Next() then decodes the next element, or tells why it
  // cannot. The span is valid until the next non-const call.
  //
  // Precondition: `max` is 1 or more. Default: kBatch frames.
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

  // The element of the last Next(). Valid after kDone, until the next non-const
  // call.
  const StreamEvent& event() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return event_;
  }

  // kNone until a call returns kError; then that error.
  WireError error() const { return error_; }

  // Bytes from the start of the stream: to the end of the last element, or,
  // after an error, to the wrong byte. So it is that byte's index.
  uint64_t bytes_decoded() const { return bytes_decoded_; }

  // Returns at most `max` of the held bytes, for an error message. After an
  // error these surround the wrong byte. Otherwise they begin with the last
  // event. Valid until the next non-const call. Default: 48 bytes.
  absl::string_view Excerpt(size_t max = 48) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Whether the stream may end here: all received bytes were decoded, outside a
  // snapshot. Otherwise an end now is a truncation.
  bool at_boundary() const {
    return buffer_.size() == release_ && !in_snapshot_;
  }
  bool in_snapshot() const { return in_snapshot_; }

  // The element that has begun and not ended.
  struct CutElement {
    size_t held = 0;  // Its bytes so far. 0: there is none.
    // The least number of bytes until its end. A declared length counts, so
    // allocate nothing by it.
    size_t missing = 0;
  };
  // Precondition: Next() or DecodeAnswer() has just returned kNeedMore.
  CutElement cut() const;

  // Bytes of memory for input and arguments, beside the decoder's own 7 KiB.
  // Counts shared memory until GiveBack(). After that it is the cut element's
  // size, less than 3 times it if the element was longer than a read, and up to
  // 4 KiB for arguments, or 32 bytes for each argument of a cut frame.
  size_t memory_bytes() const {
    return buffer_.capacity() + ahead_->args.capacity() * sizeof(ArgRef);
  }

  // The number of bytes of half-received elements that moved within the buffer.
  uint64_t bytes_moved() const { return buffer_.bytes_moved(); }

 private:
  // Lets tests check the invariants: see codec/testing/test_access.h.
  friend class codec_testing::TestAccess;
  // Returns the first broken invariant of those below, or "" if all hold. Only
  // tests call it.
  absl::string_view CheckInvariants() const;

  // The state of the element behind the decoded ones.
  enum class Element : uint8_t {
    // Its first byte was not read yet.
    // Then kFrame, kLine, kChunk or kFailed.
    kNone,
    // A frame was begun. It is half received, or wrong (see `wrong_`).
    // Then kNone when it is whole, or kFailed when Next() reports the error.
    kFrame,
    // A line was begun. It is half received.
    // Then kNone when it is whole, or kFailed.
    kLine,
    // A chunk was begun. It is half received.
    // Then kNone when it is whole, or kFailed.
    kChunk,
    // The error was reported.
    // It stays.
    kFailed,
  };

  // DecodeAhead() stops after this many arguments.
  static constexpr size_t kBatchArguments = 512;
  // GiveBack() frees memory for more arguments.
  static constexpr size_t kKeptArguments = 64;
  // Decoded frames that Next() and NextFrames() hand out. They lie apart from
  // this object, so that moving it leaves them in place.
  struct Ahead {
    explicit Ahead(const Limits& limits) : scanner(limits) {}

    FrameView frames[kBatch];
    ArgvStorage args;
    internal::FrameScanner scanner;  // Frames of the last form view its shape.
  };

  // Ends the validity of the last result.
  void Release() {
    buffer_.Consume(release_);
    release_ = 0;
  }
  // Hands out the next `bytes`.
  void Take(size_t bytes) {
    release_ = bytes;
    bytes_decoded_ += bytes;
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
  internal::ByteBuffer buffer_;
  std::unique_ptr<Ahead> ahead_;
  // Three indices into `ahead_->frames`: the next frame to hand out, the end of
  // the run, the end. Invariants between any two calls:
  //
  // 1. next_ <= run_end_ <= end_ <= kBatch.
  // 2. In the run, [next_, run_end_), each offset is one more than the one
  //    before. At most one frame stands behind the run.
  // 3. The frames [next_, end_) lie in the buffer in one row, directly behind
  //    the `release_` bytes of the last result.
  // 4. Their arguments lie in one row in `ahead_->args`, behind those of [0,
  //    next_), except for frames of the learned shape.
  // 5. `wrong_` is an error only while the element behind end_ is kFrame or
  //    kFailed. error_ is set only with kFailed.
  size_t next_ = 0;
  size_t run_end_ = 0;
  size_t end_ = 0;
  // The error of the frame behind those ahead, if it has one.
  DecodeResult wrong_;
  StreamEvent event_;
  internal::ControlLineScanner line_scanner_;
  internal::BulkScanner chunk_scanner_;
  Element element_ = Element::kNone;  // Half received or failed.
  bool in_snapshot_ = false;
  WireError error_ = WireError::kNone;
  size_t error_in_buffer_ = 0;
  uint64_t bytes_decoded_ = 0;
  uint64_t snapshot_bytes_ = 0;
  // The size of the last result, at the buffer's front. The next call consumes
  // it.
  size_t release_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_STREAM_DECODER_H_
