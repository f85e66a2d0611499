// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/loopback_primary.h"

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/replay_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {

LoopbackPrimary::LoopbackPrimary(absl::string_view address,
                                 const Corpus& corpus)
    : listener_(ValueOrDie(Listener::Listen(address))),
      thread_([this, &corpus] { Serve(corpus); }) {}

LoopbackPrimary::~LoopbackPrimary() {
  listener_->Interrupt();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    // A write may go on after the replica has closed. While the replica's side
    // is in TIME_WAIT, the kernel answers probes of its full window.
    if (replica_ != nullptr) replica_->Interrupt();
  }
  thread_.join();
}

void LoopbackPrimary::Serve(const Corpus& corpus) {
  absl::StatusOr<std::unique_ptr<Transport>> replica =
      listener_->Accept(absl::InfiniteDuration());
  if (!replica.ok()) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    replica_ = *std::move(replica);
  }
  // The request stays unread: the socket has room for it and for the
  // acknowledgements.
  const std::string answer = AnswerFor(corpus);
  const std::string round = absl::StrCat(corpus.bytes, Joint(corpus));
  absl::string_view bytes = answer;
  while (replica_->Write(bytes, absl::InfiniteDuration()).ok()) bytes = round;
}

}  // namespace benchmarks
}  // namespace kevy_replica
