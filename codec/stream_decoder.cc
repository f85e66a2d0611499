// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/stream_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "absl/base/optimization.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/chunk_limits.h"
#include "kevy_replica/codec/internal/control_line.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

using internal::Kinds;
using internal::LineKind;

StreamDecoder::StreamDecoder(const Limits& limits)
    : limits_(limits), ahead_(std::make_unique<Ahead>(limits)) {}

absl::Span<char> StreamDecoder::Prepare(size_t min, SharedReadBuffer* shared) {
  Release();
  const size_t capacity = buffer_.capacity();
  min = std::max<size_t>(min, 1);
  const absl::Span<char> room =
      shared == nullptr ? buffer_.Prepare(min) : buffer_.Prepare(min, shared);
  if (next_ != end_) {
    PointToBuffer();
  } else if (buffer_.capacity() < capacity) {
    // Frees the memory of a huge frame's arguments with that of its bytes.
    ahead_->args.ShrinkToFit();
  }
  return room;
}

void StreamDecoder::Commit(size_t n) { buffer_.Commit(n); }

void StreamDecoder::GiveBack(SharedReadBuffer* shared) {
  Release();
  buffer_.GiveBack(shared);
  PointToBuffer();
  ArgvStorage& args = ahead_->args;
  if (next_ != end_ || args.capacity() <= kKeptArguments) return;
  // Only the arguments of a frame that is half received still count.
  next_ = run_end_ = end_ = 0;
  if (element_ == Element::kFrame) {
    args.DropEarlier();
  } else {
    args.Clear();
  }
  // Memory that is half full stays: it grows in doublings, so the work is
  // linear in the arguments.
  if (args.capacity() > 2 * args.total()) args.ShrinkToFit();
}

void StreamDecoder::Feed(absl::string_view bytes) {
  if (bytes.empty()) return;
  const absl::Span<char> room = Prepare(bytes.size());
  if (room.empty()) std::abort();
  std::memcpy(room.data(), bytes.data(), bytes.size());
  Commit(bytes.size());
}

absl::string_view StreamDecoder::Excerpt(size_t max) const {
  // After an error the buffer begins with the wrong element.
  const absl::string_view bytes = buffer_.bytes();
  const size_t at = std::min<size_t>(
      bytes.size(), error_ == WireError::kNone ? 0 : error_in_buffer_);
  const size_t begin = at - std::min(at, max / 2);
  return bytes.substr(begin, max);
}

StreamDecoder::CutElement StreamDecoder::cut() const {
  const size_t held = buffer_.size();
  if (held == 0) return {};
  size_t end = 0;
  if (element_ == Element::kFrame) end = ahead_->scanner.least_end();
  if (element_ == Element::kChunk) end = chunk_scanner_.least_end();
  return {held, end > held ? end - held : 1};
}

Outcome StreamDecoder::DecodeAnswer(HandshakeAnswer* answer) {
  if (error_ != WireError::kNone) return Outcome::kError;
  if (element_ == Element::kNone) {
    element_ = Element::kLine;
    line_scanner_.Start(Kinds(LineKind::kAck));
  }
  const absl::string_view bytes = buffer_.bytes();
  const DecodeResult result =
      line_scanner_.Scan(bytes.data(), bytes.size(), limits_);
  if (result.done()) {
    *answer = {line_scanner_.has_generation() ? Protocol::kV2 : Protocol::kV1,
               line_scanner_.generation(), line_scanner_.offset()};
  }
  return Finish(result);
}

// Decodes the received frames. Returns whether any are ahead now.
bool StreamDecoder::DecodeAhead() {
  if (run_end_ != end_) {
    run_end_ = end_;
    return true;
  }
  next_ = run_end_ = end_ = 0;
  bool resume = element_ == Element::kFrame;
  if (!resume && (element_ != Element::kNone || in_snapshot_)) return false;
  if (wrong_.outcome == Outcome::kError) return false;
  ArgvStorage& args = ahead_->args;
  internal::FrameScanner& scanner = ahead_->scanner;
  if (resume) {
    args.DropEarlier();
  } else {
    args.Clear();
  }
  scanner.DropViews();
  const size_t capacity = args.capacity();
  const absl::string_view bytes = buffer_.bytes();
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
  FrameView* frame = ahead_->frames;
  FrameView* const last = frame + kBatch;
  bool follows = true;
  element_ = Element::kNone;
  const auto take = [&](const char* data, size_t size,
                        const internal::ScannedFrame& scanned) {
    *frame++ = FrameView(scanned.offset, absl::string_view(data, size),
                         scanned.command_begin, scanned.args, scanned.argc);
    p = data + size;
  };
  do {
    if (ABSL_PREDICT_TRUE(!resume)) {
      scanner.TakeAlike(p, static_cast<size_t>(end - p),
                        static_cast<size_t>(last - frame), take);
      if (frame == last || p == end || *p != '*') break;
    }
    const size_t left = static_cast<size_t>(end - p);
    internal::ScannedFrame scanned;
    const DecodeResult result = ABSL_PREDICT_FALSE(resume)
                                    ? scanner.Resume(p, left, &args, &scanned)
                                    : scanner.Begin(p, left, &args, &scanned);
    resume = false;
    if (ABSL_PREDICT_FALSE(!result.done())) {
      element_ = Element::kFrame;
      if (result.outcome == Outcome::kError) wrong_ = result;
      break;
    }
    follows =
        frame == ahead_->frames || scanned.offset == frame[-1].offset() + 1;
    take(p, result.bytes_decoded, scanned);
  } while (follows && frame != last && args.total() < kBatchArguments);
  end_ = static_cast<size_t>(frame - ahead_->frames);
  run_end_ = follows ? end_ : end_ - 1;
  // (The memory may have moved twice, and back to its first place.)
  if (ABSL_PREDICT_FALSE(args.capacity() != capacity)) PointToArguments();
  return end_ != 0;
}

// Updates the frames ahead: their arguments have moved.
void StreamDecoder::PointToArguments() {
  const internal::FrameShape& shape = ahead_->scanner.shape();
  const ArgRef* args = ahead_->args.first();
  for (size_t i = next_; i != end_; ++i) {
    FrameView& frame = ahead_->frames[i];
    if (frame.args_ == shape.args()) continue;
    frame.args_ = args;
    args += frame.argc_;
  }
}

// Updates the frames ahead: their bytes have moved.
void StreamDecoder::PointToBuffer() {
  const char* p = buffer_.bytes().data();
  for (size_t i = next_; i != end_; ++i) {
    FrameView& frame = ahead_->frames[i];
    frame.data_ = p;
    p += frame.size_;
  }
}

absl::string_view StreamDecoder::CheckInvariants() const {
  if (next_ > run_end_ || run_end_ > end_ || end_ > kBatch) return "1: indices";
  if (end_ - run_end_ > 1) return "2: more than one frame behind the run";
  const absl::string_view bytes = buffer_.bytes();
  if (release_ > bytes.size()) return "3: more released than held";
  const char* p = bytes.data() + release_;
  const ArgRef* args = ahead_->args.first();
  for (size_t i = 0; i != end_; ++i) {
    const FrameView& frame = ahead_->frames[i];
    if (frame.args_ != ahead_->scanner.shape().args()) {
      if (i >= next_ && frame.args_ != args) return "4: arguments not in a row";
      args += frame.argc_;
    }
    if (i < next_) continue;
    if (frame.data_ != p) return "3: frames not in a row";
    p += frame.size_;
    if (i > next_ && i < run_end_ &&
        frame.offset_ != ahead_->frames[i - 1].offset_ + 1) {
      return "2: the run has a gap";
    }
  }
  if (p > bytes.data() + bytes.size()) return "3: frames past the buffer's end";
  if (args > ahead_->args.first() + ahead_->args.total()) {
    return "4: more arguments than held";
  }
  const bool failed = element_ == Element::kFailed;
  if (wrong_.outcome == Outcome::kError && element_ != Element::kFrame &&
      !failed) {
    return "5: an error of an element that was not begun";
  }
  if ((error_ != WireError::kNone) != failed) return "5: error and element";
  return "";
}

// Next(), where that is no frame, or not yet.
Outcome StreamDecoder::NextOther() {
  if (element_ == Element::kFrame) return Finish(wrong_);
  const absl::string_view bytes = buffer_.bytes();
  if (element_ != Element::kNone) return GoOn(bytes);
  return bytes.empty() ? Outcome::kNeedMore : Begin(bytes);
}

// Begins an element other than a frame, or one that is unknown yet.
Outcome StreamDecoder::Begin(absl::string_view bytes) {
  WireError error = WireError::kNone;
  switch (bytes[0]) {
    case '*':
      error = WireError::kUnexpectedInSnapshot;
      break;
    case '+':
      element_ = Element::kLine;
      line_scanner_.Start(Kinds(LineKind::kPing, LineKind::kSnapshotBegin,
                                LineKind::kSnapshotEnd));
      break;
    case '$':
      if (!in_snapshot_) error = WireError::kOutsideSnapshot;
      element_ = Element::kChunk;
      chunk_scanner_.Start(0);
      break;
    default:
      error = WireError::kUnknownElement;
  }
  if (error != WireError::kNone) return Finish(DecodeResult::Error(error, 0));
  return GoOn(bytes);
}

Outcome StreamDecoder::GoOn(absl::string_view bytes) {
  switch (element_) {
    case Element::kLine:
      return Finish(ScanLine(bytes));
    case Element::kChunk:
      return Finish(ScanChunk(bytes));
    default:
      return Outcome::kError;  // kFailed.
  }
}

DecodeResult StreamDecoder::ScanLine(absl::string_view bytes) {
  const DecodeResult result =
      line_scanner_.Scan(bytes.data(), bytes.size(), limits_);
  if (!result.done()) return result;
  switch (line_scanner_.kind()) {
    case LineKind::kAck:  // An answer comes only once.
      return DecodeResult::Error(WireError::kUnknownElement, 0);
    case LineKind::kPing:
      event_ = Heartbeat{line_scanner_.generation(), line_scanner_.offset()};
      break;
    case LineKind::kSnapshotBegin:
      if (in_snapshot_) {
        return DecodeResult::Error(WireError::kUnexpectedInSnapshot, 0);
      }
      in_snapshot_ = true;
      snapshot_bytes_ = 0;
      event_ = SnapshotBegin();
      break;
    case LineKind::kSnapshotEnd:
      if (!in_snapshot_) {
        return DecodeResult::Error(WireError::kOutsideSnapshot, 0);
      }
      in_snapshot_ = false;
      event_ = SnapshotEnd{line_scanner_.offset()};
      break;
  }
  return result;
}

DecodeResult StreamDecoder::ScanChunk(absl::string_view bytes) {
  internal::NoMeter meter;
  const DecodeResult result = chunk_scanner_.Scan(
      bytes.data(), bytes.size(),
      internal::ChunkLimits(limits_, snapshot_bytes_), meter);
  if (!result.done()) return result;
  const SnapshotChunk chunk = {
      bytes.substr(chunk_scanner_.begin(), chunk_scanner_.size())};
  snapshot_bytes_ += chunk.bytes.size();
  event_ = chunk;
  return result;
}

// The end of every scan except that of frames ahead.
Outcome StreamDecoder::Finish(const DecodeResult& result) {
  switch (result.outcome) {
    case Outcome::kNeedMore:
      break;
    case Outcome::kDone:
      element_ = Element::kNone;
      Take(result.bytes_decoded);
      break;
    case Outcome::kError:
      element_ = Element::kFailed;
      error_ = result.error;
      error_in_buffer_ = result.bytes_decoded;
      bytes_decoded_ += result.bytes_decoded;
      break;
  }
  return result.outcome;
}

}  // namespace kevy_replica
