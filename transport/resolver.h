// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Looks up host names without making the caller wait.
//
//   auto resolver = std::make_shared<Resolver>([](const std::string& host) {
//     return AskServiceRegistry(host);  // {"192.0.2.7", "2001:db8::7"}
//   });
//   options.connect.resolver = resolver;

#ifndef KEVY_REPLICA_TRANSPORT_RESOLVER_H_
#define KEVY_REPLICA_TRANSPORT_RESOLVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kevy_replica/transport/internal/cxx17.h"

namespace kevy_replica {

// Each name that is being looked up has a thread, so a name whose server is
// silent keeps no other name waiting. Lookups of one name at one time share
// its thread. The threads belong to nobody: the destructor does not wait for
// them, and they end as the function returns.
//
// Thread-safe.
class Resolver {
 public:
  // The numeric addresses of a host, in the order to try.
  using Addresses = absl::StatusOr<std::vector<std::string>>;
  // Looks up `host`, and may block. Several threads call it at one time, also
  // after the resolver's end, so it must own all that it uses.
  using Function = std::function<Addresses(const std::string& host)>;

  // The most names that are looked up at one time.
  static constexpr size_t kMaxLookups = 32;

  // Asks the system (getaddrinfo).
  Resolver();
  // Calls `function`, which must not be null.
  explicit Resolver(Function function);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The system's, for connections without a resolver of their own.
  static const std::shared_ptr<Resolver>& Default();

  class Lookup;
  // Begins to look up `host`. A name that cannot be begun is decided at once,
  // with kResourceExhausted: kMaxLookups others have not returned, or the
  // process has no thread or descriptor left.
  [[nodiscard]] Lookup Begin(const std::string& host) const;

 private:
  struct Table;
  struct Waiter;
  static void* Run(void* call);

  const std::shared_ptr<Table> table_;
};

// One name's lookup. The destructor gives up, without waiting.
class Resolver::Lookup {
 public:
  // Returns the result, or nullopt while there is none.
  std::optional<Addresses> Poll() const;

  // Returns a descriptor that hangs up (POLLHUP) once there is a result. poll()
  // and Poller report that for all events, even for none. A lookup that was not
  // begun has its result at once. -1: the process had no descriptor left for
  // it; that is its result, too.
  int fd() const;

 private:
  friend class Resolver;
  explicit Lookup(std::shared_ptr<const Waiter> waiter);

  std::shared_ptr<const Waiter> waiter_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_RESOLVER_H_
