// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/resolver.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/socket.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {

using transport_internal::ErrnoStatus;
using transport_internal::SocketAddress;
using transport_internal::UniqueFd;

namespace {

Resolver::Addresses AskSystem(const std::string& host) {
  Address address;
  address.host = host;
  const absl::StatusOr<std::vector<SocketAddress>> found =
      transport_internal::Resolve(address);
  if (!found.ok()) return found.status();
  std::vector<std::string> result;
  for (const SocketAddress& each : *found) result.push_back(each.host());
  return result;
}

// A copy that shares no memory. Statuses count their owners inside of Abseil's
// library, where ThreadSanitizer does not see it: no two threads share one.
Resolver::Addresses CopyOf(const Resolver::Addresses& addresses) {
  if (addresses.ok()) return addresses;
  return absl::Status(addresses.status().code(), addresses.status().message());
}

}  // namespace

struct Resolver::Waiter {
  UniqueFd read_end;
  // The thread's, which closes `write_end` last.
  std::optional<Addresses> addresses;
  std::atomic<bool> done{false};
  UniqueFd write_end;
};

// Outlives the resolver while threads use it.
struct Resolver::Table {
  const Function function;
  std::mutex mutex;
  // Those of each name that has a thread.
  std::map<std::string, std::vector<std::weak_ptr<Waiter>>> waiters;
};

namespace {

// An argument of a thread.
template <typename Table>
struct Call {
  std::shared_ptr<Table> table;
  std::string host;
};

// Returns the error, or 0.
int StartDetached(void* (*run)(void*), void* argument) {
  pthread_t thread;
  const int error = ::pthread_create(&thread, nullptr, run, argument);
  if (error == 0) ::pthread_detach(thread);
  return error;
}

}  // namespace

Resolver::Resolver() : Resolver(AskSystem) {}

Resolver::Resolver(Function function)
    : table_(new Table{std::move(function), {}, {}}) {}

const std::shared_ptr<Resolver>& Resolver::Default() {
  // Never destroyed: threads may use it until the process ends.
  static const auto* const resolver =
      new std::shared_ptr<Resolver>(std::make_shared<Resolver>());
  return *resolver;
}

void* Resolver::Run(void* call) {
  const std::unique_ptr<Call<Table>> owned(static_cast<Call<Table>*>(call));
  Table& table = *owned->table;
  const Addresses addresses = table.function(owned->host);
  std::vector<std::weak_ptr<Waiter>> waiters;
  {
    const std::lock_guard<std::mutex> lock(table.mutex);
    const auto mine = table.waiters.find(owned->host);
    waiters = std::move(mine->second);
    table.waiters.erase(mine);
  }
  for (const std::weak_ptr<Waiter>& weak : waiters) {
    const std::shared_ptr<Waiter> waiter = weak.lock();
    if (waiter == nullptr) continue;  // It gave up.
    waiter->addresses = CopyOf(addresses);
    waiter->done.store(true, std::memory_order_release);
    const UniqueFd closed = std::move(waiter->write_end);
  }
  return nullptr;
}

Resolver::Lookup Resolver::Begin(const std::string& host) const {
  auto waiter = std::make_shared<Waiter>();
  const auto fail = [&](absl::Status status) {
    waiter->addresses = std::move(status);
    waiter->done = true;
    waiter->write_end = UniqueFd();
    return Lookup(waiter);
  };
  int ends[2];
  if (::pipe(ends) != 0) {
    return fail(ErrnoStatus(errno, {"open a pipe to resolve", host}));
  }
  waiter->read_end = UniqueFd(ends[0]);
  waiter->write_end = UniqueFd(ends[1]);
  for (const int end : ends) transport_internal::SetCloseOnExec(end);

  const std::lock_guard<std::mutex> lock(table_->mutex);
  const auto running = table_->waiters.find(host);
  if (running != table_->waiters.end()) {
    std::vector<std::weak_ptr<Waiter>>& others = running->second;
    // A lookup that hangs must not gather those that gave up.
    others.erase(
        std::remove_if(others.begin(), others.end(),
                       [](const auto& other) { return other.expired(); }),
        others.end());
    others.push_back(waiter);
    return Lookup(waiter);
  }
  if (table_->waiters.size() >= kMaxLookups) {
    return fail(absl::ResourceExhaustedError(
        absl::StrCat("resolve ", host, ": the lookups of ", kMaxLookups,
                     " other names have not returned")));
  }
  auto call = std::make_unique<Call<Table>>(Call<Table>{table_, host});
  const int error = StartDetached(Run, call.get());
  if (error != 0) {
    return fail(absl::ResourceExhaustedError(
        ErrnoStatus(error, {"start a thread to resolve", host}).message()));
  }
  // The thread's. It waits for the mutex before it looks for its waiters.
  [[maybe_unused]] Call<Table>* const passed = call.release();
  table_->waiters[host].push_back(waiter);
  return Lookup(waiter);
}

Resolver::Lookup::Lookup(std::shared_ptr<const Waiter> waiter)
    : waiter_(std::move(waiter)) {}

std::optional<Resolver::Addresses> Resolver::Lookup::Poll() const {
  if (!waiter_->done.load(std::memory_order_acquire)) return std::nullopt;
  return CopyOf(*waiter_->addresses);
}

int Resolver::Lookup::fd() const { return waiter_->read_end.get(); }

}  // namespace kevy_replica
