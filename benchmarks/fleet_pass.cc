// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/fleet_pass.h"

#include <sys/resource.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <fstream>

#include "kevy_replica/benchmarks/held_memory.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// The CPU seconds that the kernel has used for this thread.
double ThreadSystemSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_stime.tv_usec);
}

// The seconds that this thread could run, but other threads had the CPUs. 0 if
// the system does not tell.
double ThreadQueuedSeconds() {
  std::ifstream schedstat("/proc/thread-self/schedstat");
  uint64_t run_ns = 0;
  uint64_t queued_ns = 0;
  if (!(schedstat >> run_ns >> queued_ns)) return 0;
  return 1e-9 * static_cast<double>(queued_ns);
}

}  // namespace

double ThreadCpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) +
         1e-9 * static_cast<double>(now.tv_nsec);
}

void FleetPass::Start() {
  start_ = std::chrono::steady_clock::now();
  cpu_start_ = ThreadCpuSeconds();
  system_start_ = ThreadSystemSeconds();
  queued_start_ = ThreadQueuedSeconds();
}

void FleetPass::End() {
  seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_)
          .count();
  cpu_seconds_ = ThreadCpuSeconds() - cpu_start_;
  system_seconds_ = ThreadSystemSeconds() - system_start_;
  queued_seconds_ = ThreadQueuedSeconds() - queued_start_;
  ended_ = true;
  // Measure while all shards exist: their memory goes with their links.
  const HeldMemory now = MeasureHeldMemory();
  memory_.heap_bytes = now.heap_bytes - before_.heap_bytes;
  memory_.resident_bytes = now.resident_bytes - before_.resident_bytes;
  if (at_end) at_end();
}

}  // namespace benchmarks
}  // namespace kevy_replica
