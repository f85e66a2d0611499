// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/file_flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {
namespace {

class FileFlagsTest : public ::testing::Test {
 protected:
  FileFlagsTest() { EXPECT_EQ(mkdir((folder_ + "sub").c_str(), 0700), 0); }
  ~FileFlagsTest() override {
    unlink((folder_ + "sub/link").c_str());  // TempFolder removes the rest.
  }

  void Make(const char* name) { std::ofstream(folder_ + name) << "x"; }
  void Link(const char* to, const char* name) {
    EXPECT_EQ(symlink(to, (folder_ + name).c_str()), 0);
  }

  // The message about --a, a position store, and --b. Empty: they differ.
  std::string Check(const std::string& a, const std::string& b) {
    const absl::Status status = CheckFilesDiffer(
        {{"--a", folder_ + a, /*is_store=*/true}, {"--b", folder_ + b}});
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
    return std::string(status.message());
  }

  const client_testing::TempFolder temp_folder_;
  const std::string folder_ = temp_folder_.path() + "/";
};

constexpr char kSame[] = "--a and --b name the same file";

TEST_F(FileFlagsTest, AcceptsDifferentFiles) {
  EXPECT_EQ(Check("file", "other"), "");
  EXPECT_EQ(Check("file", "sub/file"), "");
  EXPECT_EQ(Check("nowhere/file", "nowhere/file"), "");  // A missing folder.
  Make("file");
  EXPECT_EQ(Check("file", "other"), "");
  EXPECT_EQ(Check("other.tmp", "other"), "");  // --b is not a store.
}

TEST_F(FileFlagsTest, IgnoresFlagsWithoutPath) {
  EXPECT_TRUE(CheckFilesDiffer({}).ok());
  EXPECT_TRUE(CheckFilesDiffer({{"--a", "", true}, {"--b", ""}}).ok());
  EXPECT_TRUE(CheckFilesDiffer({{"--a", "", true}, {"--b", ".tmp"}}).ok());
}

TEST_F(FileFlagsTest, RejectsOneFileByTwoPaths) {
  for (const bool exists : {false, true}) {
    SCOPED_TRACE(exists);
    if (exists) Make("file");
    EXPECT_EQ(Check("file", "file"), kSame);
    EXPECT_EQ(Check("file", "sub/..//file"), kSame);
    EXPECT_EQ(Check("./file", "file"), kSame);
  }
}

TEST_F(FileFlagsTest, FollowsLinks) {
  Link("../file", "sub/link");
  Link("sub/link", "link");
  for (const bool exists : {false, true}) {
    SCOPED_TRACE(exists);
    if (exists) Make("file");
    EXPECT_EQ(Check("file", "link"), kSame);
    EXPECT_EQ(Check("sub/link", "link"), kSame);
    EXPECT_EQ(Check("link", "other"), "");
  }
  EXPECT_EQ(link((folder_ + "file").c_str(), (folder_ + "hard").c_str()), 0);
  EXPECT_EQ(Check("file", "hard"), kSame);
}

TEST_F(FileFlagsTest, CircularLinkNamesNoFile) {
  Link("link", "link");
  EXPECT_EQ(Check("link", "file"), "");
}

TEST_F(FileFlagsTest, RejectsFilesOfStore) {
  const std::string first = "--b names a file that --a needs, ";
  EXPECT_EQ(Check("file", "file.lock"), first + folder_ + "file.lock");
  EXPECT_EQ(Check("file", "file.tmp"), first + folder_ + "file.tmp");
  EXPECT_EQ(Check("file", "sub/../file.tmp"), first + folder_ + "file.tmp");
  Link("sub/x", "link");
  EXPECT_EQ(Check("link", "link.tmp"), first + folder_ + "link.tmp");
  EXPECT_EQ(Check("link", "sub/x.tmp"), first + folder_ + "sub/x.tmp");
}

}  // namespace
}  // namespace kevy_replica
