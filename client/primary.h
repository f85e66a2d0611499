// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary, as its client port tells of it.
//
//   void OnPrimary(const Primary& primary) override {
//     std::cerr << "following " << primary << "\n";
//   }

#ifndef KEVY_REPLICA_CLIENT_PRIMARY_H_
#define KEVY_REPLICA_CLIENT_PRIMARY_H_

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// More shards than any primary has. (kevy has one for each core.) A node that
// tells more counts as silent: a reader would make a connection for each.
inline constexpr size_t kMaxToldShards = 4096;

// A node that says that it is the primary. Its texts are printable ASCII.
struct Primary {
  // Its client port, as listed: "db1:6004".
  std::string node;
  // The address of each shard's replication listener: the node's host, and
  // repl_port_base of INFO (kevy 7.0), else the client port + 10000, plus the
  // shard's number.
  std::vector<std::string> shards;
  // kevy_version of INFO, such as "5.4.0". Empty: the node does not tell it.
  std::string version;
  // Risks for a reader, as text. Empty: none. Risks: a version before 4.0 that
  // holds data, of which a fresh start may miss a part; and another node that
  // says that it is the primary.
  std::string warning;

  template <typename T>
  static auto ValueFields(const T& primary) {
    return std::tie(primary.node, primary.shards, primary.version,
                    primary.warning);
  }
};
// Appends `node=db1:6004 shards=2 first=db1:16004 version=5.4.0`, and the
// warning if there is one.
void AppendText(const Primary& primary, std::string* out);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_PRIMARY_H_
