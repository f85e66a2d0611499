// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The client port of a primary without keys, for tests of kevy_verify.

#ifndef KEVY_REPLICA_TOOLS_TESTING_EMPTY_NODE_H_
#define KEVY_REPLICA_TOOLS_TESTING_EMPTY_NODE_H_

#include "kevy_replica/testing/scripted_node.h"

namespace kevy_replica {

// One shard at generation 77 and offset 5. It answers the questions about the
// whole database, and those about a key "k".
inline ScriptedNode EmptyNode() {
  ScriptedNode node;
  node.shards = {{77, 5}};
  node.replies = {{{"SELECT", "0"}, "+OK\r\n"},
                  {{"DBSIZE"}, ":0\r\n"},
                  {{"SCAN", "0", "COUNT", "512"}, "*2\r\n$1\r\n0\r\n*0\r\n"},
                  {{"EXISTS", "k"}, ":0\r\n"},
                  {{"TYPE", "k"}, "+none\r\n"},
                  {{"PTTL", "k"}, ":-2\r\n"},
                  {{"WATCH", "k"}, "+OK\r\n"},
                  {{"MULTI"}, "+OK\r\n"},
                  {{"EXEC"}, "*1\r\n+PONG\r\n"}};
  return node;
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_EMPTY_NODE_H_
