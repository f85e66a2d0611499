// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The accepting side of a scripted server: a thread for each connection.

#ifndef KEVY_REPLICA_TESTING_INTERNAL_CONNECTION_THREADS_H_
#define KEVY_REPLICA_TESTING_INTERNAL_CONNECTION_THREADS_H_

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace testing_internal {

// Thread-safe.
class ConnectionThreads {
 public:
  // One accepted connection. `memory` is the same end, below a wrapper, if it
  // came from Connect(), else null.
  struct Link {
    Transport& transport;
    InMemoryTransport* memory;
  };
  // Serves one connection, on that connection's thread. Stop() interrupts the
  // transport. It is destroyed with the ConnectionThreads.
  using Serve = std::function<void(const Link&)>;

  // `name` stands in messages: the class of the server. `serve` must stay
  // callable until Stop() has returned.
  ConnectionThreads(absl::string_view name, Serve serve);
  ~ConnectionThreads();  // Calls Stop().
  ConnectionThreads(const ConnectionThreads&) = delete;
  ConnectionThreads& operator=(const ConnectionThreads&) = delete;

  // Wraps all later connections. A connection that it rejects is closed.
  void SetWrapper(TransportWrapper wrap);

  // Accepts connections at `address` (see Listener::Listen) on a thread of its
  // own. kFailedPrecondition for a second call and after Stop().
  absl::Status Listen(absl::string_view address);
  // The address of Listen() with its real port. Empty before Listen().
  std::string address() const;

  // Returns the client's end of a new connection in memory. kUnavailable after
  // Stop().
  absl::StatusOr<std::unique_ptr<Transport>> Connect();

  // Interrupts all connections and joins all threads. Later calls change
  // nothing.
  void Stop();

 private:
  struct Connection {
    std::unique_ptr<Transport> transport;
    std::thread thread;
  };

  void AcceptAll();
  // Starts a thread for the connection, unless the wrapper rejects it. `memory`
  // as in Link. Returns false after Stop().
  bool Start(std::unique_ptr<Transport> transport, InMemoryTransport* memory);

  const std::string name_;
  const Serve serve_;

  mutable std::mutex mutex_;
  // Guarded by mutex_. After Stop() has set stopped_ they stay as they are, and
  // Stop() joins the threads without the mutex.
  bool stopped_ = false;
  TransportWrapper wrap_;  // May be null.
  std::unique_ptr<Listener> listener_;
  std::deque<Connection> connections_;  // A deque keeps its elements in place.
  std::thread accept_thread_;

  std::mutex joining_;  // Held while Stop() joins: each thread is joined once.
};

}  // namespace testing_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_INTERNAL_CONNECTION_THREADS_H_
