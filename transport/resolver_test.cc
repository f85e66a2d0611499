// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/resolver.h"

#include <poll.h>

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// Waits for the result as a Poller does.
Resolver::Addresses Await(const Resolver::Lookup& lookup) {
  while (true) {
    const std::optional<Resolver::Addresses> result = lookup.Poll();
    if (result.has_value()) return *result;
    pollfd waiting = {lookup.fd(), POLLOUT, 0};
    EXPECT_EQ(::poll(&waiting, 1, 30000), 1) << "no result within 30 s";
  }
}

// Names that begin with "dead" are answered once the test releases them.
class ResolverTest : public ::testing::Test {
 protected:
  ~ResolverTest() override { Release(); }
  void Release() {
    if (!std::exchange(released_, true)) promise_.set_value();
  }

  std::promise<void> promise_;
  bool released_ = false;
  // Shared with the threads, which may outlive the test.
  const std::shared_future<void> future_ = promise_.get_future().share();
  const std::shared_ptr<std::atomic<int>> calls_ =
      std::make_shared<std::atomic<int>>(0);
  const Resolver resolver_{[released = future_, calls = calls_](
                               const std::string& host) -> Resolver::Addresses {
    ++*calls;
    if (host == "unknown") return absl::UnavailableError("no such host");
    if (host.rfind("dead", 0) == 0) released.wait();
    return std::vector<std::string>{"192.0.2.1", host};
  }};
};

TEST_F(ResolverTest, ReturnsAddresses) {
  const Resolver::Lookup lookup = resolver_.Begin("db");
  const Resolver::Addresses addresses = Await(lookup);
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_THAT(*addresses, ElementsAre("192.0.2.1", "db"));
  EXPECT_TRUE(lookup.Poll().has_value());
}

TEST_F(ResolverTest, ReturnsErrorOfFunction) {
  EXPECT_EQ(Await(resolver_.Begin("unknown")).status(),
            absl::UnavailableError("no such host"));
}

TEST_F(ResolverTest, SilentNameLeavesOthersAlone) {
  const Resolver::Lookup dead = resolver_.Begin("dead");
  EXPECT_TRUE(Await(resolver_.Begin("db")).ok());
  EXPECT_FALSE(dead.Poll().has_value());
  pollfd waiting = {dead.fd(), POLLOUT, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 0);
  Release();
  EXPECT_TRUE(Await(dead).ok());
}

TEST_F(ResolverTest, LookupsOfOneNameShareOneCall) {
  const Resolver::Lookup first = resolver_.Begin("dead");
  (void)resolver_.Begin("dead");  // Given up.
  const Resolver::Lookup last = resolver_.Begin("dead");
  Release();
  EXPECT_TRUE(Await(first).ok());
  EXPECT_TRUE(Await(last).ok());
  EXPECT_EQ(*calls_, 1);
}

TEST_F(ResolverTest, TooManyNamesAreResourceExhausted) {
  std::vector<Resolver::Lookup> lookups;
  for (size_t i = 0; i < Resolver::kMaxLookups; ++i) {
    lookups.push_back(resolver_.Begin(absl::StrCat("dead", i)));
  }
  const Resolver::Lookup refused = resolver_.Begin("db");
  // A caller that waits before Poll() is woken, too.
  pollfd waiting = {refused.fd(), 0, 0};
  EXPECT_EQ(::poll(&waiting, 1, 0), 1);
  EXPECT_EQ(waiting.revents, POLLHUP);
  EXPECT_TRUE(absl::IsResourceExhausted(Await(refused).status()));
  EXPECT_FALSE(
      resolver_.Begin("dead0").Poll().has_value());  // It has a thread.
  Release();
  for (const Resolver::Lookup& lookup : lookups) {
    EXPECT_TRUE(Await(lookup).ok());
  }
}

TEST_F(ResolverTest, LookupOutlivesResolver) {
  std::optional<Resolver::Lookup> lookup;
  {
    const Resolver resolver([released = future_](const std::string&) {
      released.wait();
      return std::vector<std::string>{"192.0.2.1"};
    });
    lookup = resolver.Begin("db");
  }
  Release();
  EXPECT_TRUE(Await(*lookup).ok());
}

TEST(SystemResolverTest, ReturnsNumericAddresses) {
  // A numeric address is its own, without a name server.
  const Resolver::Addresses addresses =
      Await(Resolver::Default()->Begin("127.0.0.1"));
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  EXPECT_THAT(*addresses, Contains("127.0.0.1"));
}

}  // namespace
}  // namespace kevy_replica
