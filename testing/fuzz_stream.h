// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The stream of a primary out of fuzz bytes, for fuzzing a reader of streams.
//
//   void FuzzReader(const std::string& bytes) {
//     const std::string stream = MakeFuzzStream(bytes);
//     StreamDecoder decoder;
//     decoder.Feed(stream);
//     ...
//   }
//
// The same function serves both engines:
//
//   FUZZ_TEST(ReaderTest, FuzzReader)                            // FuzzTest
//       .WithDomains(fuzztest::Arbitrary<std::string>());
//
//   extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data,   // libFuzzer
//                                         size_t size) {
//     FuzzReader(std::string(reinterpret_cast<const char*>(data), size));
//     return 0;
//   }
//
// FuzzTest takes any function of values that keeps no state between its calls;
// nothing here keeps one. (The form is compiled with a stand-in for FuzzTest:
// examples/fuzz_handler_test.cc.)
//
// To fuzz a FollowerHandler over many links use FuzzPrimary (fuzz_primary.h).
//
// The fuzz bytes are choices: which element comes next, its size, where the
// link ends. So every input is a useful one, and the fuzzer need not find the
// protocol first. The same bytes always give the same stream.

#ifndef KEVY_REPLICA_TESTING_FUZZ_STREAM_H_
#define KEVY_REPLICA_TESTING_FUZZ_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {

struct FuzzStreamOptions {
  // The protocol that the primary speaks. It refuses the other one. Default:
  // protocol 2.
  Protocol protocol = Protocol::kV2;
  // Whether a link may end inside an element or a snapshot, as a network cuts
  // it. Default: true.
  bool cuts = true;
  // Whether the bytes may change: flipped, inserted, removed and repeated
  // bytes, gaps in the offsets, false heartbeats, large declared sizes.
  // Default: false.
  bool corruptions = false;
  // The stream ends soon after this many bytes of all links together. One link
  // passes it by at most its backlog and two elements. Default: 65,536 bytes.
  size_t max_bytes = 65'536;
};

// A primary over all its links. Without corruptions it keeps these rules:
//
//   1. Each answer has the request's protocol. It echoes the request's offset,
//      or tells the snapshot's.
//   2. Frames follow each other without a gap: from the requested offset on, or
//      from the last snapshot's end. Offsets are at most kMaxFrameOffset.
//   3. A frame of one generation and offset is the same on every link.
//   4. A heartbeat tells the primary's generation and next offset. It may come
//      anywhere between two elements, inside a snapshot too. Protocol 1 may
//      leave the generation out.
//   5. A snapshot comes first if the request cannot be resumed, and sometimes
//      later, in the same generation or in a new one. Its payload can be read
//      by PayloadDecoder. It is not the result of the frames: its records are
//      chosen by the bytes, too.
//   6. A generation is never 0, and never comes again.
//   7. With cuts off each link ends between two elements, outside a snapshot.
//
// With protocol 1 a request names no generation: it resumes in another history
// unnoticed, as with a real primary. An offset ahead of the history gets
// heartbeats only.
//
// Memory is bounded by max_bytes and by the fuzz bytes. It allocates its own
// history, and the returned strings.
//
// Not thread-safe.
class FuzzStream {
 public:
  // `bytes` must outlive this object.
  explicit FuzzStream(absl::string_view bytes,
                      const FuzzStreamOptions& options = FuzzStreamOptions());

  // Whether the fuzz bytes, or max_bytes, are used up. NextLink() then returns
  // an answer, the data that the replica lacks, and the end.
  bool done() const { return input_.done() || made_ >= options_.max_bytes; }

  // Returns all bytes of the primary on its next link, from the answer to the
  // end. Empty: the primary refused the request. Each call uses up at least one
  // fuzz byte.
  std::string NextLink(const HandshakeRequest& request);

  // The size of the pieces in which the last link's bytes arrive. 0: at once.
  size_t piece() const { return piece_; }

 private:
  uint64_t next_offset() const { return base_ + log_.size(); }

  void BetweenLinks();
  void BeginHistory();
  // Each appends to `link_`.
  void Answer(const HandshakeRequest& request);
  void Steps();
  void Frames();
  void SendLog();
  void SendHeartbeat(uint64_t generation, uint64_t next_offset);
  void MaybeHeartbeat();
  void Snapshot();
  void Corrupt();

  void WriteFrames(size_t count);

  testing_internal::FuzzInput input_;
  const FuzzStreamOptions options_;
  // Protocol 1 without generations in its heartbeats.
  const bool old_heartbeats_;
  uint64_t generation_;
  // The frames of the backlog, encoded. The first has the offset `base_`.
  uint64_t base_ = 0;
  std::vector<std::string> log_;
  size_t made_ = 0;  // Bytes of all links and of log_.

  // Of the last link.
  std::string link_;
  uint64_t sent_ = 0;    // The offset of the next frame to send.
  bool silent_ = false;  // The requested offset is ahead: no frames.
  size_t piece_ = 0;
};

// Returns the first link of a FuzzStream to a replica that makes a fresh start.
// The result passes max_bytes by at most 32 KiB.
[[nodiscard]] std::string MakeFuzzStream(
    absl::string_view bytes,
    const FuzzStreamOptions& options = FuzzStreamOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_FUZZ_STREAM_H_
