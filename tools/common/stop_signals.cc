// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/stop_signals.h"

#include <signal.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP};

// Both live until the process ends, since a signal may come at any time.
std::shared_ptr<Interrupter>* interrupted = nullptr;
std::atomic<Fleet*> stopped{nullptr};

// Keeps the fleet alive while RequestStop() uses it.
std::mutex& Mutex() {
  static std::mutex* const mutex = new std::mutex();
  return *mutex;
}

void Stop() {
  (*interrupted)->Interrupt();
  Fleet* const fleet = stopped.load();
  if (fleet != nullptr) fleet->Stop();
}

void HandleStop(int) {
  for (const int each : kStopSignals) signal(each, SIG_DFL);
  Stop();
}

}  // namespace

std::shared_ptr<Interrupter> HandleStopSignals() {
  interrupted =
      new std::shared_ptr<Interrupter>(std::make_shared<Interrupter>());
  struct sigaction action = {};
  // Without SA_RESTART, so that a signal ends a blocked write.
  action.sa_handler = HandleStop;
  for (const int each : kStopSignals) {
    struct sigaction before = {};
    sigaction(each, nullptr, &before);
    if (each == SIGHUP && before.sa_handler == SIG_IGN) continue;
    sigaction(each, &action, nullptr);
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  return *interrupted;
}

void StopBySignal(Fleet* fleet) {
  const std::lock_guard<std::mutex> lock(Mutex());
  stopped = fleet;
  if (fleet != nullptr && (*interrupted)->interrupted()) fleet->Stop();
}

void RequestStop() {
  const std::lock_guard<std::mutex> lock(Mutex());
  Stop();
}

}  // namespace kevy_replica
