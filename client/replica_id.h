// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Names for replicas that were given none.
//
//   LinkOptions options;
//   options.replica_id = UniqueReplicaId();  // "indexer#web-1:4711"
//
// A primary shows the id in `INFO replication`. It groups replicas by the part
// before the `#`, so all processes of one program stand together, and shows a
// trailing `-<number>` as the replica's port. Two replicas with one id share
// one slot, in which the higher acknowledgement wins for both.

#ifndef KEVY_REPLICA_CLIENT_REPLICA_ID_H_
#define KEVY_REPLICA_CLIENT_REPLICA_ID_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

// Returns `<program>#<host>:<process id>`, from the second call on with `.2`,
// `.3` … behind it. Each call returns another id.
//
// Printable ASCII of at most 128 bytes: other bytes become `_`, and long names
// are cut. Neither the part before the `#` nor the whole ends in `-<number>`.
//
// Thread-safe.
std::string UniqueReplicaId();

namespace client_internal {

// The same for given names. `count` is the number of the call.
std::string ReplicaIdOf(absl::string_view program, absl::string_view host,
                        int64_t process_id, uint64_t count);

}  // namespace client_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_REPLICA_ID_H_
