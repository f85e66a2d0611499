// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The decoders of the comparison, each behind one call that reads bytes up to
// the end of a frame.

#ifndef KEVY_REPLICA_BENCHMARKS_READERS_H_
#define KEVY_REPLICA_BENCHMARKS_READERS_H_

#include <hiredis/hiredis.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {
namespace benchmarks {

// FrameDecoder on bytes in memory, without a copy.
class OneShotReader {
 public:
  Tally Read(absl::string_view bytes);

 private:
  FrameDecoder decoder_;
};

// StreamDecoder, fed with pieces. Each piece is copied into its buffer once, as
// a read() would.
class StreamReader {
 public:
  enum class By { kNext, kNextFrames };
  explicit StreamReader(By by) : by_(by) {}

  Tally Read(absl::string_view bytes, size_t piece);

  // Reads the same bytes again and again, all at once. The first call copies
  // them into the buffer of the decoder, where they stay for the next call.
  Tally ReadInPlace(absl::string_view bytes);

 private:
  void Decode(Tally* tally);

  const By by_;
  StreamDecoder decoder_;
  const char* in_place_ = nullptr;
};

// StreamReader without decoding: the buffer takes each piece and drops it.
class Feeder {
 public:
  void Read(absl::string_view bytes, size_t piece);

 private:
  internal::ByteBuffer buffer_;
};

// hiredis: a frame is an array of an integer and an array of strings.
class HiredisReader {
 public:
  enum class Replies {
    kBuild,  // Reply objects, as redisGetReply gives them.
    kNone,   // The parser alone: it finds frames without reply objects.
  };
  explicit HiredisReader(Replies replies);

  // With Replies::kNone it counts `frames` only.
  Tally Read(absl::string_view bytes, size_t piece);

 private:
  void Decode(Tally* tally);

  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  const Replies replies_;
  const std::unique_ptr<redisReader, Free> reader_;
};

// memcpy of pieces into one place, as by a read() without a decoder. With a
// piece as large as the whole, one memcpy of everything.
class Copier {
 public:
  void Read(absl::string_view bytes, size_t piece);

 private:
  std::vector<char> buffer_;
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_READERS_H_
