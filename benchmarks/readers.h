// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The decoders that are compared, each behind one call: read all these bytes,
// which end with a whole frame.

#ifndef KEVY_REPLICA_BENCHMARKS_READERS_H_
#define KEVY_REPLICA_BENCHMARKS_READERS_H_

#include <hiredis/hiredis.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {
namespace benchmarks {

// DecodeFrame on bytes that lie in memory: nothing is copied.
class OneShotReader {
 public:
  Tally Read(absl::string_view bytes);

 private:
  FrameDecoder decoder_;
};

// StreamDecoder, fed piece after piece: each is copied into its buffer once,
// as a read() would.
class StreamReader {
 public:
  enum class By { kNext, kNextFrames };
  explicit StreamReader(By by) : by_(by) {}

  Tally Read(absl::string_view bytes, size_t piece);

  // The same bytes again and again, all at once and without the copy: they are
  // put into the decoder's buffer at the first call, and lie there still at the
  // next.
  Tally ReadInPlace(absl::string_view bytes);

 private:
  void Decode(Tally* tally);

  const By by_;
  StreamDecoder decoder_;
  const char* in_place_ = nullptr;
};

// What StreamReader does but decode: the buffer takes each piece and lets it
// go.
class Feeder {
 public:
  void Read(absl::string_view bytes, size_t piece);

 private:
  ByteBuffer buffer_;
};

// hiredis: a frame is an array of an integer and an array of strings.
class HiredisReader {
 public:
  enum class Replies {
    kBuild,  // Reply objects, as redisGetReply gives them.
    kNone,   // The parser alone. It finds the frames, but hands out nothing.
  };
  explicit HiredisReader(Replies replies);

  // With Replies::kNone only `frames` is counted.
  Tally Read(absl::string_view bytes, size_t piece);

 private:
  void Decode(Tally* tally);

  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  const Replies replies_;
  const std::unique_ptr<redisReader, Free> reader_;
};

// memcpy, piece after piece into the same place, as a read() that nobody
// decodes; or, with a piece as large as the whole, of all of it at once.
class Copier {
 public:
  void Read(absl::string_view bytes, size_t piece);

 private:
  std::vector<char> buffer_;
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_READERS_H_
