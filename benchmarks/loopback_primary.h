// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary that sends as fast as it is read.

#ifndef KEVY_REPLICA_BENCHMARKS_LOOPBACK_PRIMARY_H_
#define KEVY_REPLICA_BENCHMARKS_LOOPBACK_PRIMARY_H_

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {

// Takes one connection and ignores its request. Sends AnswerFor(corpus), then
// the corpus and Joint() in turn until destruction, on a thread of its own.
class LoopbackPrimary {
 public:
  // Listens on `address`, and ends the program on a failure. `corpus` must
  // outlive this object.
  LoopbackPrimary(absl::string_view address, const Corpus& corpus);
  ~LoopbackPrimary();
  LoopbackPrimary(const LoopbackPrimary&) = delete;
  LoopbackPrimary& operator=(const LoopbackPrimary&) = delete;

  std::string address() const { return listener_->address(); }

 private:
  void Serve(const Corpus& corpus);

  const std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  bool stopping_ = false;               // Guarded by `mutex_`.
  std::unique_ptr<Transport> replica_;  // Set once. Guarded by `mutex_`.
  std::thread thread_;
};

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_LOOPBACK_PRIMARY_H_
