// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary that has its bytes ready at each read.

#ifndef KEVY_REPLICA_BENCHMARKS_REPLAY_TRANSPORT_H_
#define KEVY_REPLICA_BENCHMARKS_REPLAY_TRANSPORT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {

// Options of a link that reads a corpus by protocol 2.
LinkOptions ReplayLink();

// The first offset of the corpus, where that link starts.
FeedPosition StartOf(const Corpus& corpus);

// The answer to this session.
std::string AnswerFor(const Corpus& corpus);

// Gives the answer, then the corpus and Joint() in turn until CloseWrite(), as
// a primary that closes when its replica does. A read is one memcpy of at most
// kPiece bytes. It has neither the lock nor the second copy of
// InMemoryTransport, which would add to the client's cost. Drops written bytes.
class ReplayTransport : public Transport {
 public:
  // `corpus` must outlive this object.
  explicit ReplayTransport(const Corpus& corpus);

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override {}
  void CloseWrite() override { closed_ = true; }
  void Close() override {}
  std::string peer() const override { return "replay"; }
  // A descriptor of a file. Nobody waits for it: every read fills its room.
  int fd() const override;

 private:
  const std::string answer_;
  const std::string joint_;
  const Corpus& corpus_;
  absl::string_view rest_;  // The rest of the current part.
  bool joint_next_ = false;
  bool closed_ = false;  // By CloseWrite().
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_REPLAY_TRANSPORT_H_
