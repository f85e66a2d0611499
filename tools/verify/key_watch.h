// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Proves that a key of a server stood still for a while.
//
//   KeyWatch watch(&primary);
//   absl::Status status = watch.Begin("cart:7");
//   ...                          // Read the key, and other things.
//   const auto stood = watch.Stood();
//   if (stood.ok() && *stood) ...  // No write came between.

#ifndef KEVY_REPLICA_TOOLS_VERIFY_KEY_WATCH_H_
#define KEVY_REPLICA_TOOLS_VERIFY_KEY_WATCH_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/server.h"

namespace kevy_replica {

// WATCH, and a transaction that only asks: MULTI, PING, EXEC, in one round
// trip. Errors: Server's.
class KeyWatch {
 public:
  explicit KeyWatch(Server* server) : server_(server) {}

  // kFailedPrecondition: the server refuses WATCH.
  absl::Status Begin(absl::string_view key);

  // Whether the key stood still since Begin(). False also after a new
  // connection, which forgets the key. Ends the watch.
  // kFailedPrecondition: the server refuses a command.
  absl::StatusOr<bool> Stood();

  // Whether the connection is still that of Begin().
  bool IsLinked() const { return server_->connections() == connections_; }

 private:
  absl::StatusOr<TargetReply> Receive(absl::string_view command);

  Server* const server_;
  size_t connections_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_VERIFY_KEY_WATCH_H_
