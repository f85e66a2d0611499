// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/stop_signals.h"

#include <signal.h>

#include <atomic>
#include <memory>

#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// Lives until the process ends, since a signal may come at any time.
std::shared_ptr<Interrupter>* interrupted = nullptr;
std::atomic<Fleet*> stopped{nullptr};

void Stop(int) {
  (*interrupted)->Interrupt();
  Fleet* const fleet = stopped.load();
  if (fleet != nullptr) fleet->Stop();
}

}  // namespace

std::shared_ptr<Interrupter> HandleStopSignals() {
  interrupted =
      new std::shared_ptr<Interrupter>(std::make_shared<Interrupter>());
  struct sigaction action = {};
  action.sa_handler = Stop;
  // Without SA_RESTART, so that a signal ends a blocked write.
  action.sa_flags = SA_RESETHAND;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return *interrupted;
}

void StopBySignal(Fleet* fleet) {
  stopped = fleet;
  if (fleet != nullptr && (*interrupted)->interrupted()) fleet->Stop();
}

}  // namespace kevy_replica
