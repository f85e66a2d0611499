// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Memory for reads that the decoders of one thread take in turn.
//
// A loop that reads many streams needs one large buffer, since it reads one of
// them at a time. Between its turns a decoder then owns the bytes of a cut
// element only: those that have begun and not ended.
//
//   SharedReadBuffer shared;
//   for (StreamDecoder* decoder : ReadyOnes()) {
//     absl::Span<char> room = decoder->Prepare(64 << 10, &shared);
//     decoder->Commit(Read(room));
//     while (decoder->Next() == Outcome::kDone) ...
//     decoder->GiveBack(&shared);
//   }
//
// GiveBack() copies the cut element out, and the next Prepare() copies it in. A
// byte is copied once each way at most: an element that outlasts a read goes on
// in memory of its decoder's own, up to its end. If one decoder alone is read
// for a while, its GiveBack() may wait until another needs the memory: then
// nothing is copied.

#ifndef KEVY_REPLICA_CODEC_SHARED_READ_BUFFER_H_
#define KEVY_REPLICA_CODEC_SHARED_READ_BUFFER_H_

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace kevy_replica {
namespace internal {

class ByteBuffer;

struct FreeMemory {
  void operator()(char* memory) const { std::free(memory); }
};
// From malloc, so that realloc can grow large memory in place, without holding
// the old and the new memory at once.
using BufferMemory = std::unique_ptr<char[], FreeMemory>;

}  // namespace internal

// The memory belongs to the decoder that holds it, and here in between. So
// either may be destroyed first. A decoder that keeps the memory does not stop
// the others: the next one gets new memory.
//
// Not thread-safe.
class SharedReadBuffer {
 public:
  // Memory of more bytes is freed when it comes back.
  static constexpr size_t kKeptCapacity = 1 << 20;

  SharedReadBuffer() = default;
  SharedReadBuffer(const SharedReadBuffer&) = delete;
  SharedReadBuffer& operator=(const SharedReadBuffer&) = delete;

  // Bytes of memory. 0 while a decoder holds it.
  size_t memory_bytes() const { return capacity_; }

 private:
  friend class internal::ByteBuffer;

  internal::BufferMemory memory_;
  size_t capacity_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_SHARED_READ_BUFFER_H_
