// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#ifndef KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
#define KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_

#include <memory>

#include "kevy_replica/client/fleet.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// Handles SIGINT (Ctrl-C), SIGTERM and SIGHUP: the first one of them stops the
// program, and the second one kills it. A SIGHUP that was ignored before, as by
// nohup, stays ignored. Turns SIGPIPE and SIGXFSZ into errors of write(). Call
// it once.
//
// To stop is to interrupt the returned interrupter, to end a blocked write, and
// to stop the fleet of StopBySignal().
std::shared_ptr<Interrupter> HandleStopSignals();

// Makes the stop signals stop `fleet` as well, even one that came before this
// call. Call it with null before the fleet is destroyed.
void StopBySignal(Fleet* fleet);

// Stops as the first signal does, but ends no blocked write. Any thread, though
// not a signal handler. Precondition: HandleStopSignals() was called.
void RequestStop();

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_STOP_SIGNALS_H_
