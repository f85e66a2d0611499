// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/tail/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

using ::testing::HasSubstr;

class OutputFileTest : public ::testing::Test {
 protected:
  std::string Contents() const { return client_testing::FileContents(path_); }
  void SetContents(absl::string_view contents) const {
    client_testing::WriteFile(path_, contents);
  }

  // Appends, and returns the mark after them.
  static FeedPosition Append(OutputFile* file, absl::string_view bytes) {
    EXPECT_EQ(write(file->fd(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
    const absl::StatusOr<FeedPosition> mark = file->Sync();
    EXPECT_TRUE(mark.ok()) << mark.status();
    return mark.value_or(FeedPosition());
  }

  std::unique_ptr<OutputFile> Resume(std::optional<FeedPosition> mark) const {
    absl::StatusOr<std::unique_ptr<OutputFile>> file =
        OutputFile::Resume(path_, mark);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? *std::move(file) : nullptr;
  }

  // The message of a failed Resume().
  std::string Refusal(const FeedPosition& mark) const {
    const absl::Status status = OutputFile::Resume(path_, mark).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    return std::string(status.message());
  }

  const client_testing::TempFolder folder_;
  const std::string path_ = folder_.File("output");
};

TEST_F(OutputFileTest, OpenAppends) {
  SetContents("one");
  const absl::StatusOr<std::unique_ptr<OutputFile>> file =
      OutputFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(write((*file)->fd(), "two", 3), 3);
  EXPECT_EQ(Contents(), "onetwo");
  EXPECT_TRUE(OutputFile::Open("/dev/null").ok());
  EXPECT_TRUE(absl::IsNotFound(OutputFile::Open("/no/such/file").status()));
}

TEST_F(OutputFileTest, ResumeTruncatesToMark) {
  // Shorter and longer than the bytes that a fingerprint covers.
  for (const std::string& kept :
       {std::string("kept"), std::string(9999, 'k')}) {
    unlink(path_.c_str());
    const FeedPosition mark = Append(Resume(std::nullopt).get(), kept);
    EXPECT_EQ(mark.next_offset, kept.size());
    for (const char* more : {"", "more"}) {
      Append(Resume(mark).get(), more);
      EXPECT_EQ(Contents(), kept + more);
      EXPECT_FALSE(Resume(mark)->empty());
      EXPECT_EQ(Contents(), kept);
    }
  }
}

TEST_F(OutputFileTest, ResumeWithoutMarkAppends) {
  SetContents("kept");
  Append(Resume(std::nullopt).get(), " more");
  EXPECT_EQ(Contents(), "kept more");
}

TEST_F(OutputFileTest, ResumeRecognizesEmptyFile) {
  std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  const FeedPosition mark = Append(file.get(), "");
  EXPECT_EQ(mark.next_offset, 0u);
  Append(file.get(), "more");
  file.reset();
  EXPECT_TRUE(Resume(mark)->empty());
  // Another file. The first one keeps its inode number by its second name.
  ASSERT_EQ(rename(path_.c_str(), folder_.File("moved").c_str()), 0);
  SetContents("precious");
  EXPECT_THAT(
      Refusal(mark),
      HasSubstr("has contents, but the stored position covers none of them"));
  EXPECT_EQ(Contents(), "precious");
}

TEST_F(OutputFileTest, EmptyFileStartsOver) {
  const FeedPosition mark = Append(Resume(std::nullopt).get(), "old");
  SetContents("");
  EXPECT_TRUE(Resume(mark)->empty());
}

TEST_F(OutputFileTest, MissingFileIsError) {
  const FeedPosition mark = Append(Resume(std::nullopt).get(), "four");
  unlink(path_.c_str());
  EXPECT_THAT(
      Refusal(mark),
      HasSubstr("is missing, but the stored position covers 4 bytes of it"));
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(OutputFileTest, OtherFileIsErrorAndStaysUnchanged) {
  const FeedPosition mark = Append(Resume(std::nullopt).get(), "four");
  for (const char* other : {"fou", "five", "precious"}) {
    SetContents(other);
    EXPECT_THAT(Refusal(mark), HasSubstr("does not begin with the 4 bytes"));
    EXPECT_EQ(Contents(), other);
  }
}

TEST_F(OutputFileTest, DeviceCannotBeResumed) {
  const absl::Status status =
      OutputFile::Resume("/dev/null", std::nullopt).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(OutputFileTest, CreatedFileIsPrivate) {
  ASSERT_TRUE(OutputFile::Open(path_).ok());
  EXPECT_EQ(client_testing::FileMode(path_), 0600u);
  unlink(path_.c_str());
  Resume(std::nullopt);
  EXPECT_EQ(client_testing::FileMode(path_), 0600u);
  ASSERT_EQ(chmod(path_.c_str(), 0644), 0);
  ASSERT_TRUE(OutputFile::Open(path_).ok());
  EXPECT_EQ(client_testing::FileMode(path_), 0644u);
}

TEST_F(OutputFileTest, SecondWriterIsRefused) {
  const std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  EXPECT_THAT(Refusal(FeedPosition{0, 0}), HasSubstr(" is in use by another"));
  const absl::Status status = OutputFile::Open(path_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  // Devices are shared.
  const auto null = OutputFile::Open("/dev/null");
  EXPECT_TRUE(OutputFile::Open("/dev/null").ok());
}

TEST_F(OutputFileTest, ReopensMovedFile) {
  const std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  Append(file.get(), "old");
  EXPECT_TRUE(file->Reopen().ok());  // Not moved.
  const std::string moved = folder_.File("moved");
  ASSERT_EQ(rename(path_.c_str(), moved.c_str()), 0);
  const int fd = file->fd();
  EXPECT_TRUE(file->Reopen().ok());
  EXPECT_EQ(file->fd(), fd);
  const FeedPosition mark = Append(file.get(), "new");
  EXPECT_EQ(mark.next_offset, 3u);
  EXPECT_EQ(Contents(), "new");
  EXPECT_EQ(client_testing::FileContents(moved), "old");
  // The new file is locked, the moved one is free.
  EXPECT_FALSE(OutputFile::Open(path_).ok());
  EXPECT_TRUE(OutputFile::Open(moved).ok());
}

TEST_F(OutputFileTest, FailedReopenKeepsFile) {
  const std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  const std::string moved = folder_.File("moved");
  ASSERT_EQ(rename(path_.c_str(), moved.c_str()), 0);
  const absl::StatusOr<std::unique_ptr<OutputFile>> other =
      OutputFile::Open(path_);
  EXPECT_TRUE(absl::IsFailedPrecondition(file->Reopen()));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
  EXPECT_FALSE(file->Reopen().ok());
  Append(file.get(), "kept");
  EXPECT_EQ(client_testing::FileContents(moved), "kept");
}

TEST_F(OutputFileTest, DeviceStaysOpen) {
  const absl::StatusOr<std::unique_ptr<OutputFile>> null =
      OutputFile::Open("/dev/null");
  EXPECT_TRUE((*null)->Reopen().ok());
  EXPECT_TRUE((*null)->Empty().ok());
}

TEST_F(OutputFileTest, EmptyRemovesContents) {
  SetContents("old");
  const absl::StatusOr<std::unique_ptr<OutputFile>> file =
      OutputFile::Open(path_);
  EXPECT_TRUE((*file)->Empty().ok());
  EXPECT_EQ(Contents(), "");
}

TEST_F(OutputFileTest, ReopenStoresMarkOfNewFile) {
  const std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  const Interrupter interrupter;
  Output output(file->fd(), &interrupter);
  InMemoryPositionStore inner;
  OutputPositionStore store(&inner, file.get(), &output);
  output.buffer()->append("old");
  ASSERT_TRUE(store.Store({{"shard-0", {7, 8}}}).ok());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_TRUE(store.Reopen().ok());
  EXPECT_EQ(inner.Load("shard-0").value(), (FeedPosition{7, 8}));
  EXPECT_EQ(inner.Load(OutputPositionStore::kName).value()->next_offset, 0u);
}

TEST_F(OutputFileTest, StoreWritesMarkWithPositions) {
  std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  const Interrupter interrupter;
  Output output(file->fd(), &interrupter);
  InMemoryPositionStore inner;
  OutputPositionStore store(&inner, file.get(), &output);

  output.buffer()->append("kept");
  ASSERT_TRUE(store.Store({{"shard-0", {7, 8}}}).ok());
  EXPECT_EQ(Contents(), "kept");
  output.buffer()->append(" more");
  EXPECT_TRUE(output.Flush().ok());
  EXPECT_EQ(Contents(), "kept more");
  EXPECT_EQ(store.Load("shard-0").value(), (FeedPosition{7, 8}));
  const std::optional<FeedPosition> mark =
      inner.Load(OutputPositionStore::kName).value();
  ASSERT_TRUE(mark.has_value());
  file.reset();
  Resume(mark);
  EXPECT_EQ(Contents(), "kept");
}

TEST_F(OutputFileTest, FailedOutputBlocksStore) {
  const std::unique_ptr<OutputFile> file = Resume(std::nullopt);
  const Interrupter interrupter;
  Output output(/*fd=*/-1, &interrupter);
  InMemoryPositionStore inner;
  OutputPositionStore store(&inner, file.get(), &output);
  output.buffer()->append("lost");
  EXPECT_FALSE(store.Store({{"shard-0", {7, 8}}}).ok());
  EXPECT_EQ(inner.Load("shard-0").value(), std::nullopt);
}

}  // namespace
}  // namespace kevy_replica
