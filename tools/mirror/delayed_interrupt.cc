// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/delayed_interrupt.h"

#include <poll.h>

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

DelayedInterrupt::DelayedInterrupt(std::shared_ptr<const Interrupter> first,
                                   absl::Duration delay)
    : first_(std::move(first)), delay_(delay), thread_([this] { Run(); }) {}

DelayedInterrupt::~DelayedInterrupt() {
  done_.Interrupt();
  thread_.join();
}

void DelayedInterrupt::Run() {
  // Without a pipe, an interrupt wakes no wait: check every 20 ms.
  const bool has_pipe = first_->fd() >= 0;
  while (!first_->interrupted()) {
    const bool done = has_pipe
                          ? absl::IsCancelled(done_.WaitFor(
                                first_->fd(), POLLIN, absl::InfiniteDuration()))
                          : done_.Sleep(absl::Milliseconds(20));
    if (done) return;
  }
  if (!done_.Sleep(delay_)) later_->Interrupt();
}

}  // namespace kevy_replica
