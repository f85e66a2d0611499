// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames: an offset and the command that the primary applied there.
//
//   *2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n
//   `--------'`---------------------------------------------'
//     offset 8  the command, as a client would send it
//
// Decoding one frame from bytes in memory, without a copy:
//
//   FrameDecoder decoder;  // Keep it: the next frame then allocates nothing.
//   FrameView frame;
//   const DecodeResult result = decoder.Decode(bytes, &frame);
//   if (result.done()) {
//     Apply(frame.offset(), frame.argv());   // argv()[0] == "SET"
//     bytes.remove_prefix(result.bytes_decoded);  // The frame ended here.
//   }
//
// For bytes that arrive over time use StreamDecoder. It resumes inside a
// half-received frame. stream_decoder.h has a table: which class is yours.
//
// Source: kevy's replication documentation, and recorded streams of kevy
// 2.0.20, 3.18.0 and 5.4.0 (testdata/captures).

#ifndef KEVY_REPLICA_CODEC_FRAME_H_
#define KEVY_REPLICA_CODEC_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/internal/string_views.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

// One decoded frame: a view into the bytes that it was decoded from, and into
// the decoder's list of arguments. Trivially copyable. It is valid until the
// next non-const call on the FrameDecoder, StreamDecoder, Session or
// ReplicaClient that gave it. OwnedFrame is the copy to keep.
//
// Refused commands are in the stream. The primary streams a command that it
// answered with an error (a wrong type, say, or a wrong number of arguments)
// like any other. Such a frame changed nothing there. Where a copy refuses it,
// too, pass over the error. Some of them would succeed on Redis:
// client/command_semantics.h names those.
//
// Some writes are not in the stream, or not whole. The pops of BLPOP, the push
// of LMOVE, the id of `XADD key *`, and before kevy 5.0 MSET, RENAME and DEL of
// several keys are missing; no frame over 256 KiB is sent. docs/guide.md lists
// them by version, and tells the library's part.
class FrameView {
 public:
  FrameView() = default;
  // `wire` is the whole frame. Its command begins at `command_begin`, and
  // `args` are the places of its arguments.
  FrameView(uint64_t offset, absl::string_view wire, size_t command_begin,
            const ArgRef* args, size_t argc)
      : offset_(offset),
        data_(wire.data()),
        size_(wire.size()),
        command_begin_(command_begin),
        args_(args),
        argc_(argc) {}

  // The frame's offset in its generation: one more than that of the frame
  // before.
  uint64_t offset() const { return offset_; }

  // The command's arguments, its name first. A decoded frame has at least one.
  ArgvView argv() const { return ArgvView(data_, args_, argc_); }

  // The command as RESP, from "*" to the last CRLF: byte for byte as a client
  // would send it. You may pass it on unchanged.
  absl::string_view command() const {
    return absl::string_view(data_ + command_begin_, size_ - command_begin_);
  }

  // The whole frame as received, with its envelope.
  absl::string_view wire() const { return absl::string_view(data_, size_); }

  // Two frames are equal if their offsets and the bytes of their commands are,
  // wherever those lie and however the envelope spells the offset.
  template <typename T>
  static auto ValueFields(const T& frame) {
    return std::make_tuple(frame.offset(), frame.command());
  }

 private:
  friend class OwnedFrame;
  friend class StreamDecoder;  // Its buffer may move.

  uint64_t offset_ = 0;
  const char* data_ = nullptr;
  size_t size_ = 0;
  size_t command_begin_ = 0;
  const ArgRef* args_ = nullptr;
  size_t argc_ = 0;
};

// Appends `8 "SET" "foo" "b\r\n\xff"`: the offset, and the arguments with the
// escapes of escape.h.
void AppendText(const FrameView& frame, std::string* out);

// A frame that owns its bytes. It takes two allocations. Assign() reuses them
// where they are large enough. Without memory it ends the process, as
// std::string does: bound the copies that you keep by their memory, not by
// their number.
class OwnedFrame {
 public:
  OwnedFrame() = default;
  explicit OwnedFrame(const FrameView& frame) { Assign(frame); }

  // Copies `frame`. Precondition: `frame` views another object.
  void Assign(const FrameView& frame);

  // Valid until this object is assigned to, moved from or destroyed.
  FrameView view() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return FrameView(offset_, wire_, command_begin_, args_.data(),
                     args_.size());
  }

  // As of its view.
  template <typename T>
  static auto ValueFields(const T& frame) {
    return FrameView::ValueFields(frame.view());
  }

 private:
  uint64_t offset_ = 0;
  std::string wire_;
  size_t command_begin_ = 0;
  std::vector<ArgRef> args_;
};

// As its view: see FrameView.
void AppendText(const OwnedFrame& frame, std::string* out);

// Decodes frames from bytes in memory. It keeps the list of arguments, and
// compares each frame with the form of the last ones, so use one decoder for
// many frames.
//
// Not thread-safe. Movable, not copyable; its frames stay valid when it is
// moved. A moved-from one can only be assigned to or destroyed.
class FrameDecoder {
 public:
  explicit FrameDecoder(const Limits& limits = Limits());
  FrameDecoder(FrameDecoder&&) noexcept;
  FrameDecoder& operator=(FrameDecoder&&) noexcept;
  ~FrameDecoder();

  // Decodes the frame that begins at input[0]. Ignores the bytes behind it, and
  // reads only `input`. Allocates only for more arguments than any frame
  // before. Each call begins anew, whatever the last one returned.
  //
  // Returns:
  //   kDone      `*frame` is the frame: a view of `input` and of this object,
  //              valid until `input` changes or the next call
  //   kNeedMore  the frame does not end within `input`; `*frame` is unchanged
  //   kError     kUnknownElement (input[0] is not '*'), kBadEnvelope,
  //              kBadOffset, kNegativeOffset, kBadCommand, kBadBulk,
  //              kTooManyArguments, kBulkTooLong, kFrameTooLong or
  //              kOutOfMemory (for the list of arguments); `*frame` is
  //              unchanged
  DecodeResult Decode(absl::string_view input, FrameView* frame);

  // Bytes of memory for arguments, beside the decoder's own 5 KiB.
  size_t memory_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Returns the size of the frame of `argv` at `offset` on the wire.
size_t EncodedFrameSize(uint64_t offset,
                        absl::Span<const absl::string_view> argv);

// Writes the frame to the front of `out`. Errors, with `out` unchanged:
// kBadOffset (over kMaxFrameOffset), kBadCommand (`argv` is empty), kNoSpace.
EncodeResult EncodeFrame(uint64_t offset,
                         absl::Span<const absl::string_view> argv,
                         absl::Span<char> out);

// Appends the frame to `*out`. Errors as of EncodeFrame(), except kNoSpace,
// with `*out` unchanged.
WireError AppendFrame(uint64_t offset, absl::Span<const absl::string_view> argv,
                      std::string* out);

// Appends the command alone, as a client sends it and FrameView::command()
// returns it. Error, with `*out` unchanged: kBadCommand (`argv` is empty).
WireError AppendCommand(absl::Span<const absl::string_view> argv,
                        std::string* out);

// The same for another range of strings, as std::vector<std::string> and
// ArgvView. Each allocates a list of views.
template <typename Strings, codec_internal::IfStrings<Strings> = 0>
size_t EncodedFrameSize(uint64_t offset, const Strings& argv) {
  return EncodedFrameSize(offset, codec_internal::StringViews(argv));
}
template <typename Strings, codec_internal::IfStrings<Strings> = 0>
EncodeResult EncodeFrame(uint64_t offset, const Strings& argv,
                         absl::Span<char> out) {
  return EncodeFrame(offset, codec_internal::StringViews(argv), out);
}
template <typename Strings, codec_internal::IfStrings<Strings> = 0>
WireError AppendFrame(uint64_t offset, const Strings& argv, std::string* out) {
  return AppendFrame(offset, codec_internal::StringViews(argv), out);
}
template <typename Strings, codec_internal::IfStrings<Strings> = 0>
WireError AppendCommand(const Strings& argv, std::string* out) {
  return AppendCommand(codec_internal::StringViews(argv), out);
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_FRAME_H_
