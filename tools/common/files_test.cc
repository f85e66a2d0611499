// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/transport/testing/failing_calls.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::FileMode;
using client_testing::TempFolder;
using client_testing::WriteFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using transport_testing::FailEachCall;
using transport_testing::FailedCalls;
using transport_testing::FailingCalls;

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
  EXPECT_THAT(folder.Names(), ElementsAre("replaced"));
}

TEST(ReplaceFileTest, KeepsPermissions) {
  const TempFolder folder;
  const std::string path = folder.File("replaced");
  WriteFile(path, "one");
  ASSERT_EQ(chmod(path.c_str(), 0604), 0);
  EXPECT_TRUE(ReplaceFile(path, "two").ok());
  EXPECT_EQ(FileMode(path), 0604u);
}

TEST(ReplaceFileTest, ErrorsNamePath) {
  const absl::Status status = ReplaceFile("/no/such/file", "");
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("/no/such/file"));
}

TEST(ReplaceFileTest, RefusesPipesDevicesAndFolders) {
  const TempFolder folder;
  const std::string path = folder.File("special");
  const auto refused = [&path, &folder] {
    const absl::Status status = ReplaceFile(path, "x");
    return absl::IsFailedPrecondition(status) &&
           status.message() == path + " is not a regular file" &&
           folder.Names().size() == 1;
  };
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_TRUE(refused());
  ASSERT_EQ(unlink(path.c_str()), 0);
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  EXPECT_TRUE(refused());
  ASSERT_EQ(rmdir(path.c_str()), 0);
  ASSERT_EQ(symlink("/dev/null", path.c_str()), 0);
  EXPECT_TRUE(refused());
}

TEST(ReplaceFileTest, FollowsLinks) {
  const TempFolder folder;
  const std::string link = folder.File("link");
  ASSERT_EQ(symlink("file", link.c_str()), 0);
  // A link without a target may point into a folder that is not mounted.
  EXPECT_TRUE(absl::IsNotFound(ReplaceFile(link, "one")));
  WriteFile(folder.File("file"), "old");
  EXPECT_TRUE(ReplaceFile(link, "two").ok());
  EXPECT_EQ(FileContents(folder.File("file")), "two");
  EXPECT_THAT(folder.Names(), ElementsAre("file", "link"));
  char target[16];
  EXPECT_EQ(readlink(link.c_str(), target, sizeof(target)), 4);
}

TEST(ReplaceFileTest, PlantedLinkIsNotWritten) {
  const TempFolder folder;
  const std::string path = folder.File("metrics");
  WriteFile(folder.File("precious"), "keep");
  ASSERT_EQ(symlink("precious", (path + ".tmp").c_str()), 0);
  EXPECT_TRUE(ReplaceFile(path, "x").ok());
  EXPECT_EQ(FileContents(path), "x");
  EXPECT_EQ(FileContents(folder.File("precious")), "keep");
}

// Nothing but the old or the new contents, and a link stays a link.
TEST(ReplaceFileTest, FailedCallLeavesOldOrNewFile) {
  const TempFolder folder;
  const std::string file = folder.File("file");
  const std::string link = folder.File("link");
  ASSERT_EQ(symlink("file", link.c_str()), 0);
  const FailedCalls tried = FailEachCall([&](FailingCalls* calls) {
    WriteFile(file, "old");
    calls->Begin();
    const absl::Status status = ReplaceFile(link, "new");
    calls->End();
    if (!calls->failed() || calls->report().passes) {
      EXPECT_TRUE(status.ok()) << status;
    }
    EXPECT_EQ(FileContents(file), status.ok() ? "new" : "old") << status;
    EXPECT_THAT(folder.Names(), ElementsAre("file", "link"));
    struct stat info;
    EXPECT_EQ(lstat(link.c_str(), &info), 0);
    EXPECT_TRUE(S_ISLNK(info.st_mode)) << status;
  });
  EXPECT_GT(tried.calls, 7u);
  std::cout << "metrics file: " << tried.ToString() << std::endl;
}

}  // namespace
}  // namespace kevy_replica
