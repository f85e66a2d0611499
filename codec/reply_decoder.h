// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The replies of a client port, decoded as they arrive.
//
//   ReplyDecoder decoder;
//   while (true) {
//     switch (decoder.Next()) {
//       case Outcome::kDone:
//         Handle(decoder.reply());
//         break;
//       case Outcome::kNeedMore: {
//         absl::Span<char> room = decoder.Prepare();
//         decoder.Commit(Read(room));
//         break;
//       }
//       case Outcome::kError:
//         return Fail(decoder.error(), decoder.bytes_decoded());
//     }
//   }
//
// It copies no byte of a string: the caller reads directly into its buffer, and
// replies are views into it. It resumes at any byte and reads each byte at most
// once, so the work is linear in the bytes, however they arrive.
//
// Memory: the buffer is at most twice the received bytes of one reply, or 4
// KiB. The list of values is at most twice the
// arrived values, each of 40 bytes. Declared lengths and counts allocate
// nothing. In the steady state it allocates nothing.

#ifndef KEVY_REPLICA_CODEC_REPLY_DECODER_H_
#define KEVY_REPLICA_CODEC_REPLY_DECODER_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/internal/reply_scanner.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

namespace codec_testing {
class TestAccess;
}  // namespace codec_testing

// Not thread-safe. Movable, not copyable; a moved-from one can only be assigned
// to or destroyed.
class ReplyDecoder {
 public:
  explicit ReplyDecoder(const ReplyLimits& limits = ReplyLimits());
  ReplyDecoder(ReplyDecoder&&) = default;
  ReplyDecoder& operator=(ReplyDecoder&&) = default;

  // Input: returns all free room, at least `min` bytes. Read into it, and then
  // call Commit() with the number of bytes read. Both calls end the validity of
  // the last reply, and of the earlier room. The room is empty if the process
  // has no memory for it. Then nothing else has changed.
  //
  // Precondition: `min` is 1 or more. Default: 1 byte.
  absl::Span<char> Prepare(size_t min = 1) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  void Commit(size_t n);

  // Prepare(), a copy, Commit(): for bytes that lie elsewhere already. Aborts
  // without memory.
  void Feed(absl::string_view bytes);

  // Decodes the next reply.
  //
  // Returns:
  //   kDone      reply() is the reply, valid until the next non-const call
  //   kNeedMore  Prepare(), read, Commit(), and call again; reply() is a null
  //              bulk
  //   kError     error() and bytes_decoded() tell the error, from now on
  //
  // Errors, and the wrong byte, whose index bytes_decoded() is:
  //
  // | error            | byte                                                |
  // |------------------|-----------------------------------------------------|
  // | kBadReply        | the first byte that no RESP2 reply has there        |
  // | kBulkTooLong, kTooManyElements | the digit that passes the limit       |
  // | kLineTooLong     | the first byte past the limit                       |
  // | kTooDeep         | the '*' of the array                                |
  // | kReplyTooLong    | the first byte past the limit; for a bulk string    |
  // |                  | that would pass it, the LF of its header            |
  // | kOutOfMemory     | the end of the value that found no memory           |
  Outcome Next();

  // The reply of the last Next(). Valid after kDone, until the next non-const
  // call; then a null bulk.
  ReplyView reply() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return reply_; }

  // kNone until Next() returns kError; then that error.
  WireError error() const { return error_; }

  // Bytes from the start of the input: to the end of the last reply, or, after
  // an error, to the wrong byte. So it is that byte's index.
  uint64_t bytes_decoded() const { return bytes_decoded_; }

  // Returns at most `max` of the held bytes, for an error message. After an
  // error these surround the wrong byte. Otherwise they begin with the last
  // reply. Valid until the next non-const call. Default: 48 bytes.
  absl::string_view Excerpt(size_t max = 48) const
      ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Whether the input may end here: all received bytes were decoded.
  bool at_boundary() const { return buffer_.size() == release_; }

  // Bytes of memory for input and values, beside the decoder itself.
  size_t memory_bytes() const {
    return buffer_.capacity() + scanner_.memory_bytes();
  }

 private:
  friend class codec_testing::TestAccess;  // Sets the buffer's memory policy.

  void Release();

  internal::ByteBuffer buffer_;
  internal::ReplyScanner scanner_;
  ReplyView reply_;
  // The size of the last reply, at the buffer's front. The next call consumes
  // it.
  size_t release_ = 0;
  WireError error_ = WireError::kNone;
  size_t error_in_buffer_ = 0;
  uint64_t bytes_decoded_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_REPLY_DECODER_H_
