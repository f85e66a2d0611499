// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/files.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(ReplaceFileTest, MakesAndReplaces) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/replaced-", getpid());
  EXPECT_TRUE(ReplaceFile(path, "one").ok());
  // Who has it open goes on reading what it was.
  std::ifstream reader(path, std::ios::binary);
  EXPECT_TRUE(ReplaceFile(path, "two").ok());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "one");
  EXPECT_EQ(Contents(path), "two");
  EXPECT_NE(access((path + ".tmp").c_str(), F_OK), 0);
  unlink(path.c_str());
}

TEST(ReplaceFileTest, ErrorsNameThePath) {
  const absl::Status status = ReplaceFile("/no/such/file", "");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/file.tmp"));
  // A folder is not replaced, and nothing is left beside it.
  const std::string folder = ::testing::TempDir();
  std::string path = folder;
  while (!path.empty() && path.back() == '/') path.pop_back();
  EXPECT_FALSE(ReplaceFile(path, "x").ok());
  EXPECT_NE(access((path + ".tmp").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace kevy_replica
