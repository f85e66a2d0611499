// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Commands by which a primary tells its replicas about its own state.
//
//   if (IsInternalCommand(frame.argv())) continue;  // Changes no key's value.

#ifndef KEVY_REPLICA_CODEC_INTERNAL_COMMAND_H_
#define KEVY_REPLICA_CODEC_INTERNAL_COMMAND_H_

#include "kevy_replica/codec/argv_view.h"

namespace kevy_replica {

// Returns whether the command's name begins with "XINTERNAL.", in any case.
//
// Kevy 7.0 streams three: XINTERNAL.CATALOG declares indexes, views and tables;
// XINTERNAL.CONSUMERSEEN and XINTERNAL.PENDING carry the state of stream
// consumer groups. Redis and Valkey do not know them. Their frames have offsets
// like all others, so acknowledge them. Source: the source of kevy 7.0.
bool IsInternalCommand(ArgvView argv);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_INTERNAL_COMMAND_H_
