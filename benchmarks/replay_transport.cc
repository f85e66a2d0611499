// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/replay_transport.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

constexpr uint64_t kGeneration = 1;

}  // namespace

LinkOptions ReplayLink() {
  LinkOptions options;
  options.replica_id = "benchmark";
  options.protocol = ProtocolChoice::kV2;
  return options;
}

int ReplayTransport::fd() const {
  static const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd;
}

FeedPosition StartOf(const Corpus& corpus) {
  return {kGeneration, corpus.first_offset};
}

std::string AnswerFor(const Corpus& corpus) {
  HandshakeAnswer answer;
  answer.generation = kGeneration;
  answer.offset = corpus.first_offset;
  std::string bytes;
  if (Append(answer, &bytes) != WireError::kNone) std::abort();
  return bytes;
}

ReplayTransport::ReplayTransport(const Corpus& corpus)
    : answer_(AnswerFor(corpus)),
      joint_(Joint(corpus)),
      corpus_(corpus),
      rest_(answer_) {}

absl::StatusOr<size_t> ReplayTransport::Read(absl::Span<char> buffer,
                                             absl::Duration /*timeout*/) {
  if (closed_) return 0;
  if (rest_.empty()) {
    rest_ = joint_next_ ? joint_ : corpus_.bytes;
    joint_next_ = !joint_next_;
  }
  const size_t size = std::min({buffer.size(), rest_.size(), kPiece});
  std::memcpy(buffer.data(), rest_.data(), size);
  rest_.remove_prefix(size);
  return size;
}

absl::Status ReplayTransport::Write(absl::string_view /*bytes*/,
                                    absl::Duration /*timeout*/) {
  return absl::OkStatus();
}

}  // namespace benchmarks
}  // namespace kevy_replica
