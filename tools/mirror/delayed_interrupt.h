// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// An interrupt that follows another one.
//
//   const DelayedInterrupt last(stop, absl::Milliseconds(300));
//   ConnectOptions options;
//   options.interrupter = last.interrupter();

#ifndef KEVY_REPLICA_TOOLS_MIRROR_DELAYED_INTERRUPT_H_
#define KEVY_REPLICA_TOOLS_MIRROR_DELAYED_INTERRUPT_H_

#include <memory>

#include "absl/time/time.h"
#include "kevy_replica/tools/common/quiet_thread.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Sets interrupter() as soon as `first` has been set for `delay`. A link can
// thus finish its last exchange, and a hostile peer cannot keep it. Has a
// thread.
class DelayedInterrupt {
 public:
  // Precondition: `first` is not null.
  DelayedInterrupt(std::shared_ptr<const Interrupter> first,
                   absl::Duration delay);
  // Ends the wait. interrupter() then stays as it is.
  ~DelayedInterrupt();
  DelayedInterrupt(const DelayedInterrupt&) = delete;
  DelayedInterrupt& operator=(const DelayedInterrupt&) = delete;

  const std::shared_ptr<Interrupter>& interrupter() const { return later_; }

 private:
  void Run();

  const std::shared_ptr<const Interrupter> first_;
  const std::shared_ptr<Interrupter> later_ = std::make_shared<Interrupter>();
  const absl::Duration delay_;
  Interrupter done_;  // Set by the destructor.
  QuietThread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_DELAYED_INTERRUPT_H_
