// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A Redis server as a process, for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_
#define KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/transport/secure/tls_options.h"

namespace kevy_replica {

// The program is redis-server, or the one that the environment variable
// KEVY_TEST_SERVER names by its path: --test_env=KEVY_TEST_SERVER=/usr/bin/...
// The destructor kills the server. Errors fail the test.
class RedisServer {
 public:
  // Whether PATH has a redis-server, or KEVY_TEST_SERVER names a program.
  static bool IsInstalled();

  enum class Socket { kUnix, kLoopback };
  enum class Keep {
    kNothing,  // A killed server comes back empty.
    kAll,      // A killed server comes back with all acknowledged writes.
  };
  explicit RedisServer(Socket socket = Socket::kUnix,
                       Keep keep = Keep::kNothing);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // Starts the server and waits until it serves. Over TCP it takes its last
  // port again, or a free one if another process has that.
  void Start();
  // Kills the server by SIGKILL.
  void Kill();

  // In the form of --target.
  std::string target() const;
  uint16_t port() const { return port_; }  // 0: over a Unix socket.
  // Makes Start() speak TLS on the port, with a certificate and its key in one
  // file. Precondition: the server is at a port.
  void SetTls(const std::string& certificate_file, const std::string& ca_file,
              bool demand_client_certificate = false);
  // Makes Start() run a node of a cluster, with a free port for the bus. Needs
  // Redis 7.0. Precondition: the server is at a port.
  void SetCluster() { is_cluster_ = true; }
  uint16_t bus_port() const { return bus_port_; }
  // The port for Start(), instead of a free one.
  void set_port(uint16_t port) { port_ = port; }

  // More options of the server, for Start().
  void set_options(std::vector<std::string> options) {
    options_ = std::move(options);
  }

  bool is_running() const { return process_ != nullptr; }

  TargetReply Ask(const std::vector<std::string>& argv);

 private:
  bool TryStart();
  // Whether `link_` leads to this server.
  bool IsReached();

  const Socket socket_;
  const Keep keep_;
  std::string folder_;
  uint16_t port_ = 0;
  bool is_cluster_ = false;
  uint16_t bus_port_ = 0;
  std::optional<TlsOptions> tls_;  // Of `link_`.
  std::vector<std::string> tls_arguments_;
  std::vector<std::string> options_;
  std::unique_ptr<ChildProcess> process_;  // Null while it does not run.
  std::unique_ptr<RedisLink> link_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_REDIS_SERVER_H_
