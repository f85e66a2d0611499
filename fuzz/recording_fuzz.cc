// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Recordings: the reader finds the answer that the bytes begin with, and its
// transport gives all bytes of the file, in reads of any sizes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/memory_file.h"
#include "kevy_replica/tools/tail/replay.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

constexpr size_t kBuffer = 4096;

void Read(absl::string_view bytes) {
  static MemoryFile& file = *new MemoryFile;
  file.SetContents(bytes);
  const absl::StatusOr<Replay> replay =
      OpenReplay(file.path(), std::make_shared<Interrupter>());
  if (bytes.empty()) {
    FUZZ_CHECK(absl::IsInvalidArgument(replay.status()));
    return;
  }
  FUZZ_CHECK(replay.ok());
  HandshakeAnswer answer;
  FUZZ_CHECK(DecodeHandshakeAnswer(bytes, Limits(), &answer).done() ==
             replay->answer.has_value());
  FUZZ_CHECK(!replay->answer.has_value() || *replay->answer == answer);
  const codec_testing::Cuts sizes = codec_testing::RandomPieces(bytes.size());
  std::string read;
  std::vector<char> buffer(kBuffer);
  while (true) {
    const absl::StatusOr<size_t> size = replay->transport->Read(
        absl::MakeSpan(buffer).subspan(0, sizes(kBuffer)),
        absl::ZeroDuration());
    FUZZ_CHECK(size.ok());
    if (*size == 0) break;
    read.append(buffer.data(), *size);
    FUZZ_CHECK(read.size() <= bytes.size());
  }
  FUZZ_CHECK(read == bytes);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Read(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
