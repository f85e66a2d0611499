// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/replay.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/transport/file_transport.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// Reads first the bytes of `put_back`, then those of `inner`.
class PutBackTransport : public ForwardingTransport {
 public:
  PutBackTransport(internal::ByteBuffer put_back,
                   std::unique_ptr<Transport> inner)
      : ForwardingTransport(std::move(inner)), put_back_(std::move(put_back)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override {
    if (put_back_.empty()) return inner().Read(buffer, timeout);
    const size_t n = std::min(buffer.size(), put_back_.size());
    std::memcpy(buffer.data(), put_back_.bytes().data(), n);
    put_back_.Consume(n);
    return n;
  }

 private:
  internal::ByteBuffer put_back_;
};

}  // namespace

absl::StatusOr<Replay> OpenReplay(absl::string_view path,
                                  std::shared_ptr<Interrupter> interrupter) {
  absl::StatusOr<std::unique_ptr<FileTransport>> file =
      FileTransport::Open(path, std::move(interrupter));
  if (!file.ok()) return file.status();
  Replay replay;
  internal::ByteBuffer bytes;
  while (true) {
    HandshakeAnswer answer;
    const DecodeResult result =
        DecodeHandshakeAnswer(bytes.bytes(), Limits(), &answer);
    if (result.done()) replay.answer = answer;
    if (result.outcome != Outcome::kNeedMore) break;
    const absl::StatusOr<size_t> n =
        (*file)->Read(bytes.Prepare(1), absl::InfiniteDuration());
    if (!n.ok()) return n.status();
    if (*n == 0) break;
    bytes.Commit(*n);
  }
  if (bytes.empty()) {
    return absl::InvalidArgumentError("the recording is empty");
  }
  replay.transport =
      std::make_unique<PutBackTransport>(std::move(bytes), *std::move(file));
  return replay;
}

}  // namespace kevy_replica
