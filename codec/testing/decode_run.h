// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// One input, decoded in many ways: all must tell the same.

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
#include "kevy_replica/codec/byte_buffer.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {

// What came of decoding some bytes.
struct DecodeRun {
  std::vector<std::string> elements;  // ElementText of each.
  WireError error = WireError::kNone;
  // Where the error is; else where the last whole element ends.
  uint64_t position = 0;
  // Without an error: whether an element or a snapshot has begun but not ended.
  bool open = false;
  // How many bytes were given until the error came, or all.
  size_t given = 0;
};

// All but `given`, which hangs on how the bytes were cut.
bool operator==(const DecodeRun& a, const DecodeRun& b);
inline bool operator!=(const DecodeRun& a, const DecodeRun& b) {
  return !(a == b);
}
std::ostream& operator<<(std::ostream& out, const DecodeRun& run);

// Says how long the next piece is, 1 to `left`.
using Cuts = std::function<size_t(size_t left)>;

Cuts Whole();
Cuts Pieces(size_t size);
Cuts TwoPieces(size_t first);
// Mostly short pieces, now and then a long one: the same for the same seed.
Cuts RandomPieces(uint64_t seed);

struct NamedCuts {
  std::string name;
  Cuts cuts;
};

// Whole, byte by byte, pieces of 7, random ones, and for an input of at most
// 512 bytes every way to cut it in two.
std::vector<NamedCuts> ManyCuts(size_t size);

enum class StreamStart { kElements, kAnswer };

// Decodes `bytes` with a StreamDecoder that is given one piece at a time, by
// turns with Next() and NextFrames().
// Aborts if the decoder breaks a rule that holds for any input: an error stays
// and nothing is delivered after it; positions rise; the buffer's size follows
// what has come.
//
// `memory` is how its buffer treats memory; without it, the build's default.
DecodeRun RunStream(absl::string_view bytes, const Limits& limits,
                    StreamStart start, Cuts cuts,
                    std::optional<ByteBuffer::Memory> memory = std::nullopt);

// The same decoded with the functions of the single elements, from where
// `bytes` lie: nothing is copied, so a read outside of them is seen if they are
// guarded.
// `*visit` is given each event while it is valid.
DecodeRun RunOneShot(
    absl::string_view bytes, const Limits& limits, StreamStart start,
    const std::function<void(const StreamEvent&)>& visit = nullptr);

// Decodes `bytes` with a function for one kind of element, as often as it goes.
using DecodeOne =
    std::function<DecodeResult(absl::string_view input, std::string* text)>;
DecodeRun RunElements(absl::string_view bytes, const DecodeOne& decode);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_DECODE_RUN_H_
