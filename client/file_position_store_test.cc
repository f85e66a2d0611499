// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/file_position_store.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/whole_file.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/client/testing/temp_folder.h"

namespace kevy_replica {

using client_internal::SystemCallHook;
using client_testing::FileContents;
using client_testing::TempFolder;
using client_testing::WriteFile;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr FeedPosition kOld = {7, 1};
constexpr FeedPosition kNew = {7, 2};

// Not in the anonymous namespace: a friend of the store.
class FilePositionStoreTest : public ::testing::Test {
 protected:
  using OpenResult = absl::StatusOr<std::unique_ptr<FilePositionStore>>;

  OpenResult Open() const { return FilePositionStore::Open(path_); }
  OpenResult Open(SystemCallHook hook) const {
    return FilePositionStore::Open(path_, std::move(hook));
  }

  // Opens the store. Aborts on an error.
  std::unique_ptr<FilePositionStore> Opened(SystemCallHook hook = nullptr) {
    OpenResult store = Open(std::move(hook));
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) ::abort();
    return *std::move(store);
  }

  static std::optional<FeedPosition> Loaded(FilePositionStore& store,
                                            absl::string_view name = "a") {
    const auto position = store.Load(name);
    EXPECT_TRUE(position.ok()) << position.status();
    return position.value_or(std::nullopt);
  }
  // The position that a new process would load, even while a store has the
  // file.
  std::optional<FeedPosition> Stored(absl::string_view name = "a") {
    const TempFolder folder;
    const std::string copy = folder.File("copy");
    if (::access(path_.c_str(), F_OK) == 0)
      WriteFile(copy, FileContents(path_));
    const auto store = FilePositionStore::Open(copy);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? Loaded(**store, name) : std::nullopt;
  }

  // Expects Open() to fail with `code`, the path and `message`.
  void ExpectNoStore(absl::StatusCode code, absl::string_view message) const {
    const OpenResult store = Open();
    ASSERT_FALSE(store.ok()) << FileContents(path_);
    EXPECT_EQ(store.status().code(), code) << store.status();
    EXPECT_THAT(std::string(store.status().message()),
                AllOf(HasSubstr(path_), HasSubstr(std::string(message))));
  }

  const TempFolder folder_;
  const std::string path_ = folder_.File("positions");
};

namespace {

// Once Arm() was called, fails the system call with the given number (counted
// from 0), or also all later ones, with EIO.
class FailingCalls {
 public:
  SystemCallHook hook() {
    return [this](const char* call) {
      const int index = index_++;
      if (fail_at_ < 0 || index < fail_at_) return 0;
      if (index > fail_at_ && !for_good_) return 0;
      if (index == fail_at_) failed_ = call;
      return EIO;
    };
  }
  void Arm(int fail_at, bool for_good) {
    index_ = 0;
    fail_at_ = fail_at;
    for_good_ = for_good;
    failed_.clear();
  }
  void Disarm() { fail_at_ = -1; }

  // The first call that failed. Empty: fewer calls were made.
  const std::string& failed() const { return failed_; }

 private:
  int index_ = 0;
  int fail_at_ = -1;
  bool for_good_ = false;
  std::string failed_;
};

// Limits the size of files to `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(size_t bytes) {
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &saved_);
    rlimit lowered = saved_;
    lowered.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &lowered);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &saved_);
    ::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit saved_;
  void (*old_handler_)(int);
};

// Waits for the end of a child. Returns false if it was killed.
bool EndedWell(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return false;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return true;
}

TEST_F(FilePositionStoreTest, MissingFileIsEmptyStore) {
  const auto store = Opened();
  EXPECT_EQ(Loaded(*store), std::nullopt);
  EXPECT_THAT(folder_.Names(), ElementsAre("positions.lock"));
}

TEST_F(FilePositionStoreTest, SecondStoreOfOneFileIsRefused) {
  auto first = Opened();
  const OpenResult second = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(path_), HasSubstr(" is in use by another")));
  EXPECT_TRUE(first->Store({{"a", kOld}}).ok());
  EXPECT_FALSE(Open().ok());  // The lock outlasts a replacement.
  first.reset();
  EXPECT_EQ(Loaded(*Opened()), kOld);
}

TEST_F(FilePositionStoreTest, StoreWritesDocumentedText) {
  const auto store = Opened();
  EXPECT_TRUE(store
                  ->Store({{"shard-1", {7270893326363503, 1002}},
                           {"shard-0", {7270893326363503, 39}}})
                  .ok());
  EXPECT_EQ(FileContents(path_),
            "kevy_replica positions 1\n"
            "shard-0 7270893326363503:39\n"
            "shard-1 7270893326363503:1002\n"
            "end 2 10247940529964133859\n");
  EXPECT_THAT(folder_.Names(), ElementsAre("positions", "positions.lock"));
}

TEST_F(FilePositionStoreTest, ReopenedStoreReturnsPosition) {
  EXPECT_TRUE(Opened()->Store({{"a", kOld}, {"b", kOld}}).ok());
  const auto store = Opened();
  EXPECT_EQ(Loaded(*store, "a"), kOld);
  EXPECT_TRUE(store->Store({{"b", kNew}, {"c", kNew}}).ok());
  EXPECT_EQ(Stored("a"), kOld);
  EXPECT_EQ(Stored("b"), kNew);
  EXPECT_EQ(Stored("c"), kNew);
}

TEST_F(FilePositionStoreTest, CutFileIsDataLoss) {
  EXPECT_TRUE(Opened()->Store({{"a", {1, 2}}, {"b", {3, 4}}}).ok());
  const std::string whole = FileContents(path_);
  for (size_t size = 0; size < whole.size(); ++size) {
    WriteFile(path_, absl::string_view(whole).substr(0, size));
    ExpectNoStore(absl::StatusCode::kDataLoss, "is cut short");
  }
  WriteFile(path_, whole);
  EXPECT_EQ(Stored(), (FeedPosition{1, 2}));
}

TEST_F(FilePositionStoreTest, ChangedBitIsDataLoss) {
  EXPECT_TRUE(Opened()->Store({{"a", {1, 2}}, {"b", {3, 4}}}).ok());
  std::string bytes = FileContents(path_);
  for (char& c : bytes) {
    const char good = c;
    for (int bit = 0; bit < 8; ++bit) {
      c = static_cast<char>(good ^ (1 << bit));
      WriteFile(path_, bytes);
      ExpectNoStore(absl::StatusCode::kDataLoss, "");
    }
    c = good;
  }
}

TEST_F(FilePositionStoreTest, ForeignFileIsDataLoss) {
  WriteFile(path_, "precious");
  ExpectNoStore(absl::StatusCode::kDataLoss, " is not a positions file");
  EXPECT_EQ(FileContents(path_), "precious");
  WriteFile(path_, "kevy_replica positions 2\nwhatever\n");
  ExpectNoStore(absl::StatusCode::kDataLoss, " has format version 2,");
}

TEST_F(FilePositionStoreTest, OversizedFileIsResourceExhausted) {
  WriteFile(path_, "");
  ASSERT_EQ(::truncate(path_.c_str(), (64 << 20) + 1), 0);
  ExpectNoStore(absl::StatusCode::kResourceExhausted, "longer than 67108864");
  ASSERT_EQ(::unlink(path_.c_str()), 0);

  // Store() refuses to write such a file.
  const auto store = Opened();
  EXPECT_TRUE(store->Store({{"a", kOld}}).ok());
  const absl::Status status =
      store->Store({{"a", kNew}, {std::string(64 << 20, 'n'), kNew}});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
  EXPECT_EQ(Loaded(*store), kOld);
  EXPECT_EQ(Stored(), kOld);
  EXPECT_TRUE(store->Store({{"a", kNew}}).ok());
}

TEST_F(FilePositionStoreTest, FullDiskKeepsFormerPositions) {
  std::vector<NamedPosition> many;
  for (int i = 0; i < 1000; ++i) many.push_back({absl::StrCat("n", i), kNew});
  const auto store = Opened();
  EXPECT_TRUE(store->Store({{"a", kOld}}).ok());
  const std::string before = FileContents(path_);
  absl::Status status;
  {
    const FileSizeLimit limit(before.size() + 100);
    status = store->Store(many);
  }
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(
      std::string(status.message()),
      HasSubstr(absl::StrCat("write ", path_, ".tmp: ", ::strerror(EFBIG))));
  EXPECT_EQ(FileContents(path_), before);
  EXPECT_THAT(folder_.Names(), ElementsAre("positions", "positions.lock"));
  EXPECT_EQ(Loaded(*store, "n1"), std::nullopt);

  EXPECT_TRUE(store->Store(many).ok());
  EXPECT_EQ(Stored("n999"), kNew);
  EXPECT_EQ(Stored("a"), kOld);
}

TEST_F(FilePositionStoreTest, StoreRecoversWithItsFolder) {
  const std::string folder = folder_.File("folder");
  const std::string path = absl::StrCat(folder, "/positions");
  EXPECT_EQ(FilePositionStore::Open(path).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  const auto store = FilePositionStore::Open(path);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_EQ(::unlink((path + ".lock").c_str()), 0);
  ASSERT_EQ(::rmdir(folder.c_str()), 0);
  const absl::Status status = (*store)->Store({{"a", kOld}});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder));
  EXPECT_EQ(Loaded(**store), std::nullopt);
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  EXPECT_TRUE((*store)->Store({{"a", kOld}}).ok());
  EXPECT_EQ(::unlink(path.c_str()), 0);
}

TEST_F(FilePositionStoreTest, OpenReportsEachFailedCall) {
  EXPECT_TRUE(Opened()->Store({{"a", kOld}}).ok());
  std::vector<std::string> failed;
  for (int i = 0;; ++i) {
    FailingCalls calls;
    calls.Arm(i, /*for_good=*/false);
    const OpenResult store = Open(calls.hook());
    if (calls.failed().empty()) break;
    failed.push_back(calls.failed());
    // It must not open an empty store.
    ASSERT_FALSE(store.ok()) << calls.failed();
    EXPECT_THAT(std::string(store.status().message()),
                AllOf(HasSubstr(folder_.path()), HasSubstr(::strerror(EIO))));
  }
  // The second read returns the end of the file.
  EXPECT_THAT(failed, ElementsAre("realpath", "faccessat", "open", "open",
                                  "fstat", "read", "read"));
}

TEST_F(FilePositionStoreTest, StoreReportsEachFailedCall) {
  for (const bool for_good : {false, true}) {
    std::vector<std::string> failed;
    for (int i = 0;; ++i) {
      FailingCalls calls;
      const auto store = Opened(calls.hook());
      ASSERT_TRUE(store->Store({{"a", kOld}}).ok());
      calls.Arm(i, for_good);
      const absl::Status status = store->Store({{"a", kNew}});
      calls.Disarm();
      if (calls.failed().empty()) {
        EXPECT_TRUE(status.ok()) << status;
        break;
      }
      failed.push_back(calls.failed());
      ASSERT_FALSE(status.ok()) << calls.failed();
      EXPECT_THAT(std::string(status.message()),
                  AllOf(HasSubstr(folder_.path()), HasSubstr(::strerror(EIO))));
      // Only the last call, the folder's fsync, comes after the renaming.
      const bool replaced = status.message().find("make the new name last") !=
                            absl::string_view::npos;
      EXPECT_EQ(Stored(), replaced ? kNew : kOld) << calls.failed();
      EXPECT_EQ(Loaded(*store), Stored()) << calls.failed();
      if (!for_good) {
        EXPECT_THAT(folder_.Names(),
                    ElementsAre("positions", "positions.lock"));
      }
      // The next Store() succeeds over any leftover.
      EXPECT_TRUE(store->Store({{"a", kNew}}).ok()) << calls.failed();
      EXPECT_EQ(Stored(), kNew);
      EXPECT_THAT(folder_.Names(), ElementsAre("positions", "positions.lock"));
    }
    EXPECT_THAT(failed,
                ElementsAre("open", "stat", "unlink", "open", "fchmod", "write",
                            "fsync", "close", "rename", "fsync"));
  }
}

TEST_F(FilePositionStoreTest, KillBeforeAnyCallLeavesOldOrNewPosition) {
  EXPECT_TRUE(Opened()->Store({{"a", kOld}}).ok());
  bool was_killed = true;
  std::vector<std::string> left;
  for (int i = 0; was_killed; ++i) {
    ASSERT_TRUE(Opened()->Store({{"a", kOld}}).ok());
    const pid_t child = ::fork();
    ASSERT_NE(child, -1);
    if (child == 0) {
      int calls = 0;
      const OpenResult store = Open([&](const char*) {
        if (calls++ == i) ::raise(SIGKILL);
        return 0;
      });
      const NamedPosition position = {"a", kNew};
      const bool ok = store.ok() && (*store)->Store({&position, 1}).ok();
      ::_exit(ok ? 0 : 1);
    }
    was_killed = !EndedWell(child);
    const auto stored = Stored();
    EXPECT_TRUE(stored == kNew || (was_killed && stored == kOld)) << i;
    for (std::string& name : folder_.Names()) left.push_back(std::move(name));
  }
  // Some kills left a temporary file for the next Store().
  EXPECT_THAT(left, Contains("positions.tmp"));
}

TEST_F(FilePositionStoreTest, KillAtAnyMomentKeepsReportedPosition) {
  uint64_t floor = 0;  // The last offset reported as stored.
  for (int round = 0; round < 50; ++round) {
    int reports[2];
    ASSERT_EQ(::pipe(reports), 0);
    const pid_t child = ::fork();
    ASSERT_NE(child, -1);
    if (child == 0) {
      const OpenResult store = Open();
      if (!store.ok()) ::_exit(1);
      for (uint64_t offset = floor + 1;; ++offset) {
        if (!(*store)->Store({{"a", {7, offset}}, {"b", {7, offset}}}).ok()) {
          ::_exit(1);
        }
        if (::write(reports[1], &offset, sizeof(offset)) != sizeof(offset)) {
          ::_exit(1);
        }
      }
    }
    ::close(reports[1]);
    uint64_t offset = 0;
    for (int n = 0;; ++n) {
      // Writes of 8 bytes to a pipe are not torn.
      const ssize_t size = ::read(reports[0], &offset, sizeof(offset));
      if (size != sizeof(offset)) break;
      floor = offset;
      if (n == round % 7) ::kill(child, SIGKILL);
    }
    ::close(reports[0]);
    EXPECT_FALSE(EndedWell(child));

    const auto store = Opened();
    const std::optional<FeedPosition> position = Loaded(*store, "a");
    ASSERT_NE(position, std::nullopt);
    EXPECT_EQ(position->generation, 7u);
    EXPECT_GE(position->next_offset, floor);
    EXPECT_LE(position->next_offset, floor + 1);
    EXPECT_EQ(Loaded(*store, "b"), position);
    floor = position->next_offset;
  }
}

}  // namespace
}  // namespace kevy_replica
