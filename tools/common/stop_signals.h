// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
#define KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_

#include <memory>

#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Has Ctrl-C and SIGTERM interrupt what this returns, and get out of a write
// that nobody reads. A second one is the system's to handle. A pipe that nobody
// reads any more is an error of writing, not a signal. To be called once.
std::shared_ptr<Interrupter> HandleStopSignals();

// Has them stop `fleet` too, also if one came before. Null: none any more,
// before the fleet goes.
void StopBySignal(Fleet* fleet);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
