// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/argv_view.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

constexpr char kBytes[] = "SETfoobar";

ArgvStorage SetFooBar() {
  ArgvStorage storage;
  EXPECT_TRUE(storage.Add(0, 3));
  EXPECT_TRUE(storage.Add(3, 3));
  EXPECT_TRUE(storage.Add(9, 0));
  EXPECT_TRUE(storage.Add(6, 3));
  return storage;
}

TEST(ArgvViewTest, IsARangeOfViews) {
  const ArgvStorage storage = SetFooBar();
  const ArgvView argv(kBytes, storage.data(), storage.size());
  ASSERT_EQ(argv.size(), 4u);
  EXPECT_FALSE(argv.empty());
  EXPECT_EQ(argv[0], "SET");
  EXPECT_EQ(argv[1], "foo");
  EXPECT_EQ(argv[2], "");
  EXPECT_EQ(argv[3], "bar");
  EXPECT_EQ(argv.front(), "SET");
  EXPECT_EQ(argv.back(), "bar");
  EXPECT_EQ(argv[1].data(), kBytes + 3);  // A view.
  std::vector<std::string> all;
  for (const absl::string_view arg : argv) all.emplace_back(arg);
  EXPECT_EQ(all, (std::vector<std::string>{"SET", "foo", "", "bar"}));
}

TEST(ArgvViewTest, EmptyViewHasNoArguments) {
  const ArgvView none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0u);
  EXPECT_TRUE(none.begin() == none.end());
  for (const absl::string_view arg : none) ADD_FAILURE() << arg;
}

TEST(ArgvViewTest, IteratorIsRandomAccess) {
  using Iterator = ArgvView::Iterator;
  static_assert(std::is_same<std::iterator_traits<Iterator>::iterator_category,
                             std::random_access_iterator_tag>::value,
                "");
  static_assert(std::is_trivially_copyable<ArgvView>::value, "");
  const ArgvStorage storage = SetFooBar();
  const ArgvView argv(kBytes, storage.data(), storage.size());
  const Iterator begin = argv.begin();
  const Iterator end = argv.end();
  Iterator it = begin;
  EXPECT_EQ(*it++, "SET");
  EXPECT_EQ(*it, "foo");
  EXPECT_EQ(*++it, "");
  EXPECT_EQ(*it--, "");
  EXPECT_EQ(*it, "foo");
  EXPECT_EQ(*--it, "SET");
  it += 3;
  EXPECT_EQ(*it, "bar");
  it -= 2;
  EXPECT_EQ(*it, "foo");
  EXPECT_EQ(it[2], "bar");
  EXPECT_EQ(it[-1], "SET");
  EXPECT_EQ(*(begin + 1), "foo");
  EXPECT_EQ(*(1 + begin), "foo");
  EXPECT_EQ(*(end - 1), "bar");
  EXPECT_EQ(end - begin, 4);
  EXPECT_EQ(begin - end, -4);
  EXPECT_TRUE(begin == argv.begin());
  EXPECT_FALSE(begin == end);
  EXPECT_TRUE(begin != end);
  EXPECT_FALSE(begin != argv.begin());
  EXPECT_TRUE(begin < end);
  EXPECT_FALSE(end < begin);
  EXPECT_FALSE(begin < argv.begin());
  EXPECT_TRUE(end > begin);
  EXPECT_FALSE(begin > begin + 1);
  EXPECT_TRUE(begin <= argv.begin());
  EXPECT_FALSE(end <= begin);
  EXPECT_TRUE(begin >= argv.begin());
  EXPECT_FALSE(begin >= end);
  EXPECT_EQ(std::distance(begin, end), 4);
  EXPECT_TRUE(std::find(begin, end, "bar") == begin + 3);
}

TEST(ArgvStorageTest, GrowsAndKeepsItsRoom) {
  ArgvStorage storage;
  EXPECT_EQ(storage.size(), 0u);
  EXPECT_EQ(storage.capacity(), 0u);
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(storage.Add(i, 2 * i));
    ASSERT_EQ(storage.size(), i + 1);
    ASSERT_GE(storage.capacity(), storage.size());
    ASSERT_LE(storage.capacity(), std::max<size_t>(16, 2 * storage.size()));
  }
  for (size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(storage.data()[i].offset, i);
    ASSERT_EQ(storage.data()[i].size, 2 * i);
  }
  const size_t capacity = storage.capacity();
  const ArgRef* const data = storage.data();
  storage.Clear();
  EXPECT_EQ(storage.size(), 0u);
  for (size_t i = 0; i < 1000; ++i) ASSERT_TRUE(storage.Add(i, i));
  EXPECT_EQ(storage.capacity(), capacity);
  EXPECT_EQ(storage.data(), data);
}

TEST(ArgvStorageTest, MovingLeavesAnEmptyStorage) {
  ArgvStorage from = SetFooBar();
  const ArgRef* const data = from.data();
  ArgvStorage to = std::move(from);
  EXPECT_EQ(to.data(), data);
  EXPECT_EQ(to.size(), 4u);
  // A moved-from storage is an empty one.
  EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(from.capacity(), 0u);
  ASSERT_TRUE(from.Add(1, 2));
  EXPECT_EQ(from.data()[0].size, 2u);
  from = std::move(to);
  EXPECT_EQ(from.data(), data);
  EXPECT_EQ(from.size(), 4u);
  EXPECT_EQ(to.size(), 0u);  // NOLINT(bugprone-use-after-move)
}

// Both hold a second command, as after NextFrames().
TEST(ArgvStorageTest, MovingKeepsTheCurrentCommand) {
  ArgvStorage from = SetFooBar();
  from.BeginNext();
  ASSERT_TRUE(from.Add(20, 5));
  ArgvStorage to;
  for (size_t i = 0; i < 3; ++i) ASSERT_TRUE(to.Add(i, i));
  to.BeginNext();
  to = std::move(from);
  ASSERT_EQ(to.size(), 1u);
  EXPECT_EQ(to.data()[0].offset, 20u);
  EXPECT_EQ(to.total(), 5u);
  EXPECT_EQ(from.size(), 0u);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(from.total(), 0u);
  ASSERT_TRUE(from.Add(1, 2));
  EXPECT_EQ(from.data()[0].offset, 1u);
  ArgvStorage made = std::move(to);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made.data()[0].size, 5u);
}

}  // namespace
}  // namespace kevy_replica
