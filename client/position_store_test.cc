// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contract of PositionStore, run on every implementation.

#include "kevy_replica/client/position_store.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {
namespace {

struct Implementation {
  std::string name;
  // Takes a path that the store may use.
  std::function<std::unique_ptr<PositionStore>(const std::string&)> make;
};

class PositionStoreTest : public ::testing::TestWithParam<Implementation> {
 protected:
  std::optional<FeedPosition> Loaded(absl::string_view name) {
    const auto position = store_->Load(name);
    EXPECT_TRUE(position.ok()) << position.status();
    return position.value_or(std::nullopt);
  }

  const client_testing::TempFolder folder_;
  const std::unique_ptr<PositionStore> store_ =
      GetParam().make(folder_.File("positions"));
};

TEST_P(PositionStoreTest, NewStoreIsEmpty) {
  EXPECT_EQ(Loaded("a"), std::nullopt);
}

TEST_P(PositionStoreTest, LoadReturnsStoredPosition) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_TRUE(store_->Store({{"a", {1, 2}}}).ok());
  EXPECT_TRUE(store_->Store({{"b", {kMax, kMax}}, {"c", {0, 0}}}).ok());
  EXPECT_EQ(Loaded("a"), (FeedPosition{1, 2}));
  EXPECT_EQ(Loaded("b"), (FeedPosition{kMax, kMax}));
  EXPECT_EQ(Loaded("c"), (FeedPosition{0, 0}));  // Stored.
  EXPECT_EQ(Loaded("A"), std::nullopt);
  EXPECT_EQ(Loaded("aa"), std::nullopt);
}

TEST_P(PositionStoreTest, StoreReplacesOnlyGivenNames) {
  EXPECT_TRUE(store_->Store({{"a", {1, 2}}, {"b", {1, 3}}}).ok());
  EXPECT_TRUE(store_->Store({{"c", {1, 4}}, {"a", {1, 1}}}).ok());
  EXPECT_EQ(Loaded("a"), (FeedPosition{1, 1}));  // A lower one, too.
  EXPECT_EQ(Loaded("b"), (FeedPosition{1, 3}));
  EXPECT_EQ(Loaded("c"), (FeedPosition{1, 4}));
}

TEST_P(PositionStoreTest, LastPositionOfRepeatedNameCounts) {
  EXPECT_TRUE(
      store_->Store({{"a", {1, 2}}, {"b", {1, 3}}, {"a", {1, 1}}}).ok());
  EXPECT_EQ(Loaded("a"), (FeedPosition{1, 1}));
  EXPECT_EQ(Loaded("b"), (FeedPosition{1, 3}));
}

TEST_P(PositionStoreTest, EmptyStoreSucceeds) {
  EXPECT_TRUE(store_->Store({}).ok());
  EXPECT_TRUE(store_->Store({{"a", {1, 2}}}).ok());
  EXPECT_TRUE(store_->Store({}).ok());
  EXPECT_EQ(Loaded("a"), (FeedPosition{1, 2}));
}

TEST_P(PositionStoreTest, PrintableNamesAreAccepted) {
  for (const char* name : {"a", "end", "shard-999", "!#$%&()*+,-./:;<=>?@[]",
                           "\\^_`{|}~", "127.0.0.1:16004/0"}) {
    EXPECT_TRUE(store_->Store({{name, {1, 2}}}).ok()) << name;
    EXPECT_EQ(Loaded(name), (FeedPosition{1, 2}));
  }
  const std::string long_name(10000, 'n');
  EXPECT_TRUE(store_->Store({{long_name, {1, 2}}}).ok());
  EXPECT_EQ(Loaded(long_name), (FeedPosition{1, 2}));
}

TEST_P(PositionStoreTest, MalformedNamesAreRejected) {
  EXPECT_TRUE(store_->Store({{"a", {1, 2}}}).ok());
  for (const std::string& name :
       {std::string(), std::string(" "), std::string("a b"), std::string("a "),
        std::string("a\n"), std::string("a\t"), std::string("a\0", 2),
        std::string("\""), std::string("it's"), std::string("\x7f"),
        std::string("\xc3\xa4")}) {
    EXPECT_EQ(store_->Load(name).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
    // One malformed name, in any place, prevents the whole store.
    EXPECT_EQ(
        store_->Store({{"a", {9, 9}}, {name, {1, 2}}, {"b", {9, 9}}}).code(),
        absl::StatusCode::kInvalidArgument)
        << name;
    EXPECT_EQ(Loaded("a"), (FeedPosition{1, 2}));
    EXPECT_EQ(Loaded("b"), std::nullopt);
  }
}

TEST_P(PositionStoreTest, StoreKeepsThousandNames) {
  std::vector<NamedPosition> positions;
  for (uint64_t i = 0; i < 1000; ++i) {
    positions.push_back({absl::StrCat("shard-", i), {i + 1, i * i}});
  }
  EXPECT_TRUE(store_->Store(positions).ok());
  for (const NamedPosition& p : positions) {
    EXPECT_EQ(Loaded(p.name), p.position);
  }
}

TEST_P(PositionStoreTest, ThreadsShareStore) {
  constexpr uint64_t kTimes = 20;
  std::vector<std::thread> threads;
  for (const char* own : {"a", "b", "c"}) {
    threads.emplace_back([this, own] {
      for (uint64_t i = 1; i <= kTimes; ++i) {
        EXPECT_TRUE(store_->Store({{own, {1, i}}, {"all", {1, i}}}).ok());
        EXPECT_EQ(Loaded(own), (FeedPosition{1, i}));
        EXPECT_NE(Loaded("all"), std::nullopt);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const char* name : {"a", "b", "c", "all"}) {
    EXPECT_EQ(Loaded(name), (FeedPosition{1, kTimes}));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, PositionStoreTest,
    ::testing::Values(
        Implementation{"InMemory",
                       [](const std::string&) {
                         return std::make_unique<InMemoryPositionStore>();
                       }},
        Implementation{"File",
                       [](const std::string& path) {
                         auto store = FilePositionStore::Open(path);
                         EXPECT_TRUE(store.ok()) << store.status();
                         return *std::move(store);
                       }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace kevy_replica
