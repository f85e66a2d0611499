// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using ::testing::HasSubstr;

TEST(FolderOfTest, EndsWithSlash) {
  EXPECT_EQ(FolderOf("file"), "./");
  EXPECT_EQ(FolderOf("/file"), "/");
  EXPECT_EQ(FolderOf("a/b/file"), "a/b/");
  EXPECT_EQ(FolderOf("a/b/"), "a/b/");
}

TEST(ReplaceFileTest, CreatesAndReplaces) {
  const TempFolder folder;
  const std::string path = folder.File("replaced");
  EXPECT_TRUE(ReplaceFile(path, "one").ok());
  // A reader that has the file open still reads the old contents.
  std::ifstream reader(path, std::ios::binary);
  EXPECT_TRUE(ReplaceFile(path, "two").ok());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "one");
  EXPECT_EQ(FileContents(path), "two");
  EXPECT_NE(access((path + ".tmp").c_str(), F_OK), 0);
}

TEST(ReplaceFileTest, ErrorsNamePath) {
  const absl::Status status = ReplaceFile("/no/such/file", "");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/file.tmp"));
  // A folder stays, and the temporary file is removed.
  const TempFolder folder;
  const std::string path = folder.File("folder");
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  EXPECT_FALSE(ReplaceFile(path, "x").ok());
  EXPECT_NE(access((path + ".tmp").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace kevy_replica
