// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
#define KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_

#include <memory>

#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Handles SIGINT (Ctrl-C) and SIGTERM: the first one interrupts the returned
// interrupter and ends a blocked write, the second one kills the program. Turns
// SIGPIPE into an error of write(). Call it once.
std::shared_ptr<Interrupter> HandleStopSignals();

// Makes the stop signals stop `fleet` as well, even one that came before this
// call. Call it with null before the fleet is destroyed.
void StopBySignal(Fleet* fleet);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
