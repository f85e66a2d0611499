// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/internal/whole_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {
namespace client_internal {
namespace {

using client_testing::FileContents;
using client_testing::FileMode;
using client_testing::TempFolder;
using client_testing::WriteFile;

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kMaxSize = 1 << 20;

absl::StatusOr<WholeFile> Open(absl::string_view path,
                               SystemCallHook hook = nullptr) {
  return WholeFile::Open(path, std::move(hook));
}

void ExpectError(const absl::Status& status, absl::StatusCode code,
                 absl::string_view message) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(message)));
}

void ExpectReplaces(WholeFile& file, absl::string_view contents) {
  const WholeFile::Replacement replacement = file.Replace(contents);
  EXPECT_TRUE(replacement.status.ok()) << replacement.status;
  EXPECT_TRUE(replacement.replaced);
  const auto read = file.Read(kMaxSize);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, std::string(contents));
}

TEST(WholeFileTest, CreatesReadsAndReplacesFile) {
  const TempFolder folder;
  auto file = Open(folder.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->path(), folder.File("a"));
  EXPECT_EQ(*file->Read(kMaxSize), std::nullopt);
  EXPECT_THAT(folder.Names(), ElementsAre());
  ExpectReplaces(*file, "one");
  ExpectReplaces(*file, "");
  ExpectReplaces(*file, std::string(300000, 'x'));
  EXPECT_THAT(folder.Names(), ElementsAre("a"));
}

// A process may have closed its standard input. Each open call in turn then
// returns descriptor 0.
TEST(WholeFileTest, DescriptorZeroIsValid) {
  const TempFolder folder;
  const int input = ::dup(0);
  ASSERT_GE(input, 0);
  for (int closed_at = 1; closed_at <= 4; ++closed_at) {
    SCOPED_TRACE(closed_at);
    int opens = 0;
    auto file = Open(folder.File("a"), [&](absl::string_view call) {
      if (call == "open" && ++opens == closed_at) ::close(0);
      return 0;
    });
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(file->Lock().ok());
    ExpectReplaces(*file, "one");
    EXPECT_EQ(opens, 4);  // The lock, the folder, the new file, reading.
    ::dup2(input, 0);
  }
  ::close(input);
}

TEST(WholeFileTest, ReplaceKeepsPermissions) {
  const TempFolder folder;
  auto file = Open(folder.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  const mode_t umask = ::umask(027);
  ExpectReplaces(*file, "one");
  ::umask(umask);
  EXPECT_EQ(FileMode(folder.File("a")), 0640u);
  ASSERT_EQ(::chmod(folder.File("a").c_str(), 0606), 0);
  ExpectReplaces(*file, "two");
  EXPECT_EQ(FileMode(folder.File("a")), 0606u);
}

TEST(WholeFileTest, ReplaceOverwritesLeftover) {
  const TempFolder folder;
  auto file = Open(folder.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  WriteFile(folder.File("a.tmp"), "much longer than the new one");
  ASSERT_EQ(::chmod(folder.File("a.tmp").c_str(), 0400), 0);
  ExpectReplaces(*file, "one");
  EXPECT_EQ(FileMode(folder.File("a")) & 0200u, 0200u);

  WriteFile(folder.File("precious"), "precious");
  ASSERT_EQ(::symlink("precious", folder.File("a.tmp").c_str()), 0);
  ExpectReplaces(*file, "two");
  EXPECT_EQ(FileContents(folder.File("precious")), "precious");
  EXPECT_THAT(folder.Names(), ElementsAre("a", "precious"));
}

TEST(WholeFileTest, FolderInPlaceOfLeftoverIsReported) {
  const TempFolder folder;
  auto file = Open(folder.File("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectReplaces(*file, "one");
  ASSERT_EQ(::mkdir(folder.File("a.tmp").c_str(), 0700), 0);
  const auto replacement = file->Replace("two");
  EXPECT_FALSE(replacement.status.ok());
  EXPECT_FALSE(replacement.replaced);
  EXPECT_THAT(std::string(replacement.status.message()),
              HasSubstr(absl::StrCat("remove ", folder.File("a.tmp"))));
  EXPECT_EQ(FileContents(folder.File("a")), "one");
}

TEST(WholeFileTest, LinkStandsForTarget) {
  const TempFolder there;
  const TempFolder here;
  WriteFile(there.File("target"), "one");
  ASSERT_EQ(::symlink(there.File("target").c_str(), here.File("link").c_str()),
            0);
  auto file = Open(here.File("link"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->path(), there.File("target"));
  ExpectReplaces(*file, "two");
  EXPECT_EQ(FileContents(there.File("target")), "two");
  EXPECT_EQ(FileContents(here.File("link")), "two");
  EXPECT_THAT(here.Names(), ElementsAre("link"));
}

TEST(WholeFileTest, LinkWithoutTargetIsNotFound) {
  const TempFolder folder;
  ASSERT_EQ(::symlink("nowhere", folder.File("link").c_str()), 0);
  ExpectError(Open(folder.File("link")).status(), absl::StatusCode::kNotFound,
              absl::StrCat("follow the link ", folder.File("link")));
}

TEST(WholeFileTest, RelativePathSurvivesChdir) {
  const TempFolder folder;
  char old[4096];
  ASSERT_NE(::getcwd(old, sizeof(old)), nullptr);
  ASSERT_EQ(::chdir(folder.path().c_str()), 0);
  auto plain = Open("a");
  auto dotted = Open("./b");
  ASSERT_EQ(::chdir(old), 0);
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_TRUE(dotted.ok()) << dotted.status();
  ExpectReplaces(*plain, "one");
  ExpectReplaces(*dotted, "two");
  EXPECT_THAT(folder.Names(), ElementsAre("a", "b"));
}

TEST(WholeFileTest, PathOfFolderIsRejected) {
  const TempFolder folder;
  ExpectError(Open("").status(), absl::StatusCode::kInvalidArgument, "\"\"");
  ExpectError(Open(folder.File("missing/")).status(),
              absl::StatusCode::kInvalidArgument, folder.File("missing/"));
  ExpectError(Open(folder.File("missing/a")).status(),
              absl::StatusCode::kNotFound,
              absl::StrCat("find the folder of ", folder.File("missing/a")));
  WriteFile(folder.File("a"), "");
  const absl::Status below = Open(folder.File("a/b")).status();
  EXPECT_FALSE(below.ok());
  EXPECT_THAT(std::string(below.message()), HasSubstr(folder.File("a/b")));
}

TEST(WholeFileTest, IrregularFileIsRejected) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo(folder.File("pipe").c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(folder.File("folder").c_str(), 0700), 0);
  for (const char* name : {"pipe", "folder"}) {
    auto file = Open(folder.File(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ExpectError(file->Read(kMaxSize).status(),
                absl::StatusCode::kFailedPrecondition, folder.File(name));
  }
}

TEST(WholeFileTest, ReadOnlyFolderIsRejected) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const TempFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0500), 0);
  const absl::Status status = Open(folder.File("a")).status();
  ASSERT_EQ(::chmod(folder.path().c_str(), 0700), 0);
  ExpectError(status, absl::StatusCode::kPermissionDenied,
              absl::StrCat("write into ", folder.path()));
}

TEST(WholeFileTest, OversizedFileIsResourceExhausted) {
  const TempFolder folder;
  WriteFile(folder.File("a"), "12345");
  // While `grows` is set, the file grows between fstat() and read().
  bool grows = false;
  auto file = Open(folder.File("a"), [&](const char* call) {
    if (grows && absl::string_view(call) == "read") {
      WriteFile(folder.File("a"), "123456");
    }
    return 0;
  });
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file->Read(5), "12345");
  ExpectError(
      file->Read(4).status(), absl::StatusCode::kResourceExhausted,
      absl::StrCat("read ", folder.File("a"), ": it is longer than 4 bytes"));
  grows = true;
  ExpectError(file->Read(5).status(), absl::StatusCode::kResourceExhausted,
              folder.File("a"));
}

TEST(WholeFileTest, InterruptedCallsAreRepeated) {
  const TempFolder folder;
  bool interrupted = false;
  auto file = Open(folder.File("a"), [&](const char*) {
    interrupted = !interrupted;
    return interrupted ? EINTR : 0;
  });
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectReplaces(*file, "one");
  ExpectReplaces(*file, "two");
}

TEST(WholeFileTest, UnsupportedFolderSyncSucceeds) {
  const TempFolder folder;
  int syncs = 0;
  auto file = Open(folder.File("a"), [&](const char* call) {
    if (absl::string_view(call) != "fsync") return 0;
    return ++syncs == 2 ? EINVAL : 0;
  });
  ASSERT_TRUE(file.ok()) << file.status();
  ExpectReplaces(*file, "one");
  EXPECT_EQ(syncs, 2);
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
