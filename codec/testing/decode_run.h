// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes one input in many ways, for tests that all give the same result.

#ifndef KEVY_REPLICA_CODEC_TESTING_DECODE_RUN_H_
#define KEVY_REPLICA_CODEC_TESTING_DECODE_RUN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/shared_read_buffer.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

// The result of decoding some bytes.
struct DecodeRun {
  std::vector<std::string> elements;  // ElementText of each.
  WireError error = WireError::kNone;
  // The wrong byte, or else the end of the last whole element.
  uint64_t bytes_decoded = 0;
  // Without an error: whether an element or a snapshot is incomplete.
  bool open = false;
  // The number of bytes given before the error, or all.
  size_t given = 0;
};

// Compares all but `given`, which depends on the cuts.
bool operator==(const DecodeRun& a, const DecodeRun& b);
inline bool operator!=(const DecodeRun& a, const DecodeRun& b) {
  return !(a == b);
}
std::ostream& operator<<(std::ostream& out, const DecodeRun& run);

// Returns the length of the next piece, 1 to `left`.
using Cuts = std::function<size_t(size_t left)>;

Cuts Whole();
Cuts Pieces(size_t size);
Cuts TwoPieces(size_t first);
// Mostly short pieces, sometimes a long one. A seed always gives the same.
Cuts RandomPieces(uint64_t seed);

struct NamedCuts {
  std::string name;
  Cuts cuts;
};

// Whole, byte by byte, in pieces of 7, at random, and, for an input of at most
// 512 bytes, in every pair of pieces.
std::vector<NamedCuts> ManyCuts(size_t size);

enum class StreamStart { kElements, kAnswer };

// Decodes `bytes`, one piece at a time, with a StreamDecoder, by Next() and
// NextFrames() in turn.
//
// Aborts if the decoder breaks an invariant or a rule that holds for any input.
// An error stays and ends delivery. The count of bytes rises. The buffer's size
// follows the received bytes.
//
// `memory` is the policy of its buffer. Default: that of the build. With
// `shared`, it gives that buffer back before each second piece, and a neighbour
// writes all over it. Default: null, all memory is the decoder's own.
DecodeRun RunStream(
    absl::string_view bytes, const Limits& limits, StreamStart start, Cuts cuts,
    std::optional<internal::ByteBuffer::Memory> memory = std::nullopt,
    SharedReadBuffer* shared = nullptr);

// Decodes the same with the functions of single elements, in place. So guards
// around `bytes` catch a read outside them. Calls `*visit` with each event
// while it is valid.
DecodeRun RunOneShot(
    absl::string_view bytes, const Limits& limits, StreamStart start,
    const std::function<void(const StreamEvent&)>& visit = nullptr);

// Decodes `bytes` with a function for one kind of element, repeatedly.
using DecodeOne =
    std::function<DecodeResult(absl::string_view input, std::string* text)>;
DecodeRun RunElements(absl::string_view bytes, const DecodeOne& decode);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_DECODE_RUN_H_
