// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The token of read-your-writes.
//
//   > SET cart:7 ...                 (to the primary)
//   > REPL.TOKEN                     (on the same connection)
//   *4\r\n:6799436635099686\r\n:5\r\n:5215537618849369\r\n:1\r\n
//
//   auto token = ParseReplicationToken(reply);
//   if (!token.ok()) return token.status();
//   absl::Status status = fleet->WaitFor(*token, absl::Now() +
//   absl::Seconds(1)); if (status.ok()) ReadCart();  // The write is applied
//   here.

#ifndef KEVY_REPLICA_CLIENT_REPLICATION_TOKEN_H_
#define KEVY_REPLICA_CLIENT_REPLICATION_TOKEN_H_

#include <string>
#include <tuple>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// How far a primary had written, for each of its shards.
struct ReplicationToken {
  std::vector<FeedPosition> shards;

  template <typename T>
  static auto ValueFields(const T& token) {
    return std::tie(token.shards);
  }
};

// "G0 O0 G1 O1 ...": the arguments of kevy's own REPL.WAIT.
std::string ToString(const ReplicationToken& token);
void AppendText(const ReplicationToken& token, std::string* out);

// Reads generations and next offsets in turn: the reply of REPL.TOKEN as it
// came, or decimal numbers between spaces or commas. At least one shard.
// kInvalidArgument for other text, with the fault.
absl::StatusOr<ReplicationToken> ParseReplicationToken(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_REPLICATION_TOKEN_H_
