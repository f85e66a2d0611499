// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Frames' commands: hiredis reads the same arguments. Encoding them again gives
// a frame with the same offset and arguments, whose command hiredis reads.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/hiredis_value.h"

namespace kevy_replica {
namespace {

// hiredis_value.cc bounds the elements of an array.
constexpr size_t kMaxArguments = 4096;

void CheckFrame(const FrameView& frame) {
  const std::vector<absl::string_view> argv(frame.argv().begin(),
                                            frame.argv().end());
  if (argv.size() > kMaxArguments) return;
  const std::vector<std::string> owned(argv.begin(), argv.end());
  // hiredis does not read a number with leading zeros.
  const auto read = HiredisArgv(frame.command());
  FUZZ_CHECK(!read.has_value() || *read == owned);

  std::string bytes;
  FUZZ_CHECK(AppendFrame(frame.offset(), argv, &bytes) == WireError::kNone);
  FUZZ_CHECK(bytes.size() == EncodedFrameSize(frame.offset(), argv));
  FUZZ_CHECK(bytes.size() <= frame.wire().size());
  FUZZ_CHECK(read.has_value() || bytes.size() < frame.wire().size());
  FrameDecoder decoder;
  FrameView same;
  const DecodeResult result = decoder.Decode(bytes, &same);
  FUZZ_CHECK(result.done() && result.bytes_decoded == bytes.size());
  FUZZ_CHECK(same.offset() == frame.offset());
  FUZZ_CHECK(HiredisArgv(same.command()) == owned);
  std::string command;
  FUZZ_CHECK(AppendCommand(argv, &command) == WireError::kNone);
  FUZZ_CHECK(command == same.command());
}

void Decode(absl::string_view bytes) {
  StreamDecoder decoder;
  decoder.Feed(bytes);
  if (bytes.substr(0, 5) == "+ACK ") {
    HandshakeAnswer answer;
    if (decoder.DecodeAnswer(&answer) != Outcome::kDone) return;
  }
  while (decoder.Next() == Outcome::kDone) {
    if (const auto* frame = std::get_if<FrameView>(&decoder.event())) {
      CheckFrame(*frame);
    }
  }
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Decode(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
