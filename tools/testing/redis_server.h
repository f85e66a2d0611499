// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A Redis server as a process, for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_
#define KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {

// Killed at its end. What cannot be done fails the test.
class RedisServer {
 public:
  // Whether there is a redis-server on this machine's PATH.
  static bool IsInstalled();

  enum class Socket { kUnix, kLoopback };
  enum class Keep {
    kNothing,  // A server that was killed comes back empty.
    kAll,      // It comes back with what it has answered for.
  };
  explicit RedisServer(Socket socket = Socket::kUnix,
                       Keep keep = Keep::kNothing);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Starts it, and waits until it serves. Over TCP at the port that it had
  // last, or if another has that, at a free one.
  void Start();
  // By SIGKILL.
  void Kill();

  std::string target() const;              // As --target has it; database 0.
  uint16_t port() const { return port_; }  // 0: over a Unix socket.
  // To be started at, instead of a free one.
  void set_port(uint16_t port) { port_ = port; }

  TargetReply Ask(const std::vector<std::string>& argv);

 private:
  bool TryStart();
  // Whether it is this server that `link_` leads to.
  bool IsReached();

  const Socket socket_;
  const Keep keep_;
  std::string folder_;
  uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;  // Null: it does not run.
  std::unique_ptr<RedisLink> link_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_
