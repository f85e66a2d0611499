// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/poller.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/testing/fd_limit.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"
#include "kevy_replica/transport/testing/when_blocked.h"
#include "kevy_replica/transport/wakeup.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using transport_internal::UniqueFd;
using transport_testing::CodeOf;
using transport_testing::FdLimit;
using transport_testing::SignalsWhenBlocked;
using transport_testing::TempDir;
using transport_testing::WhenBlocked;

constexpr absl::Duration kForEver = absl::InfiniteDuration();

struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(::pipe(fds), 0);
    read = UniqueFd(fds[0]);
    write = UniqueFd(fds[1]);
  }
  void Write() { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void Read() {
    char byte;
    EXPECT_EQ(::read(read.get(), &byte, 1), 1);
  }

  UniqueFd read;
  UniqueFd write;
};

struct Implementation {
  const char* name;
  absl::StatusOr<std::unique_ptr<Poller>> (*create)();
};

class PollerTest : public testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override {
    auto poller = GetParam().create();
    ASSERT_TRUE(poller.ok()) << poller.status();
    poller_ = *std::move(poller);
  }

  void Set(int fd, short events, uint64_t id) {
    const absl::Status status = poller_->Set(fd, events, id);
    EXPECT_TRUE(status.ok()) << status;
  }

  std::vector<uint64_t> Wait(absl::Duration timeout = absl::ZeroDuration()) {
    const auto ready = poller_->Wait(timeout);
    EXPECT_TRUE(ready.ok()) << ready.status();
    if (!ready.ok()) return {};
    return std::vector<uint64_t>(ready->begin(), ready->end());
  }

  std::unique_ptr<Poller> poller_;
};

TEST_P(PollerTest, WaitTimesOutWithoutReadyOnes) {
  const Pipe pipe;
  for (int i = 0; i < 2; ++i) {
    for (const absl::Duration timeout :
         {absl::ZeroDuration(), -absl::Seconds(1), -kForEver,
          absl::Nanoseconds(1), absl::Milliseconds(2)}) {
      EXPECT_THAT(Wait(timeout), IsEmpty());
    }
    Set(pipe.read.get(), POLLIN, 1);
  }
}

TEST_P(PollerTest, ReturnsReadyIds) {
  Pipe a, b, c;
  Set(a.read.get(), POLLIN, 1);
  Set(b.read.get(), POLLIN, uint64_t{1} << 63);
  Set(c.write.get(), POLLIN | POLLOUT, 0);
  EXPECT_THAT(Wait(kForEver), ElementsAre(0));
  b.Write();
  EXPECT_THAT(Wait(kForEver), UnorderedElementsAre(0, uint64_t{1} << 63));
  a.Write();
  EXPECT_THAT(Wait(), UnorderedElementsAre(0, 1, uint64_t{1} << 63));
}

TEST_P(PollerTest, UnreadDescriptorStaysReady) {
  Pipe pipe;
  Set(pipe.read.get(), POLLIN, 1);
  pipe.Write();
  pipe.Write();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Wait(), ElementsAre(1));
  pipe.Read();
  EXPECT_THAT(Wait(), ElementsAre(1));
  pipe.Read();
  EXPECT_THAT(Wait(), IsEmpty());
}

TEST_P(PollerTest, ReportsHangupsAndErrorsAlways) {
  Pipe hangup, error;
  Set(hangup.read.get(), 0, 1);
  Set(error.write.get(), 0, 2);
  hangup.Write();  // Bytes are outside the watched events.
  EXPECT_THAT(Wait(), IsEmpty());
  hangup.write = UniqueFd();
  EXPECT_THAT(Wait(kForEver), ElementsAre(1));
  error.read = UniqueFd();
  EXPECT_THAT(Wait(kForEver), UnorderedElementsAre(1, 2));
}

TEST_P(PollerTest, SetReplacesEventsAndId) {
  const Pipe pipe;
  Set(pipe.write.get(), POLLIN, 1);
  EXPECT_THAT(Wait(), IsEmpty());
  Set(pipe.write.get(), POLLOUT, 2);
  EXPECT_THAT(Wait(), ElementsAre(2));
  Set(pipe.write.get(), 0, 3);
  EXPECT_THAT(Wait(), IsEmpty());
}

TEST_P(PollerTest, RemoveEndsWatch) {
  Pipe a, b, c;
  uint64_t id = 0;
  for (Pipe* pipe : {&a, &b, &c}) {
    pipe->Write();
    Set(pipe->read.get(), POLLIN, ++id);
  }
  poller_->Remove(a.read.get());
  poller_->Remove(a.read.get());
  poller_->Remove(a.write.get());
  poller_->Remove(-1);
  EXPECT_THAT(Wait(), UnorderedElementsAre(2, 3));
  poller_->Remove(c.read.get());
  EXPECT_THAT(Wait(), ElementsAre(2));
  Set(a.read.get(), POLLIN, 4);
  EXPECT_THAT(Wait(), UnorderedElementsAre(2, 4));
}

TEST_P(PollerTest, ReusedNumberIsWatchedAnew) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  Pipe first;
  const int fd = first.read.get();
  Set(fd, POLLIN, 1);
  // Closing a descriptor without Remove() is the caller's mistake. It must not
  // harm the next descriptor with the same number.
  for (const bool remove : {true, false}) {
    const auto reuse = [&](UniqueFd next, uint64_t id) {
      if (remove) poller_->Remove(fd);
      ASSERT_EQ(::dup2(next.get(), fd), fd);  // Closes the old one.
      Set(fd, POLLIN, id);
    };
    Pipe full, empty;
    full.Write();
    reuse(std::move(full.read), 2);
    EXPECT_THAT(Wait(), ElementsAre(2));
    reuse(UniqueFd(::open(dir.File("a").c_str(), O_RDONLY)), 3);
    EXPECT_THAT(Wait(), ElementsAre(3));
    reuse(std::move(empty.read), 4);
    EXPECT_THAT(Wait(), IsEmpty());
  }
}

TEST_P(PollerTest, RegularFilesAreAlwaysReady) {
  const TempDir dir;
  std::ofstream(dir.File("a")) << "x";
  const UniqueFd file(::open(dir.File("a").c_str(), O_RDONLY));
  Pipe pipe;
  Set(file.get(), POLLIN, 1);
  Set(pipe.read.get(), POLLIN, 2);
  EXPECT_THAT(Wait(kForEver), ElementsAre(1));
  pipe.Write();
  EXPECT_THAT(Wait(kForEver), UnorderedElementsAre(1, 2));
  Set(file.get(), POLLIN, 3);
  EXPECT_THAT(Wait(kForEver), UnorderedElementsAre(2, 3));
  Set(file.get(), 0, 3);
  EXPECT_THAT(Wait(kForEver), ElementsAre(2));
  Set(file.get(), POLLIN, 3);
  poller_->Remove(file.get());
  EXPECT_THAT(Wait(kForEver), ElementsAre(2));
}

TEST_P(PollerTest, ClosedDescriptorIsFailedPrecondition) {
  int closed;
  {
    const Pipe pipe;
    closed = pipe.read.get();
  }
  for (const int fd : {-1, closed}) {
    const absl::Status status = poller_->Set(fd, POLLIN, 1);
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("watch descriptor ", fd, ": ")));
  }
  EXPECT_THAT(Wait(), IsEmpty());
}

// There are more ready descriptors than one Wait() returns.
TEST_P(PollerTest, WaitReturnsAllReadyOnesInTurn) {
  constexpr size_t kMany = 600;
  Pipe pipe;
  pipe.Write();
  std::vector<UniqueFd> copies;
  for (size_t i = 0; i < kMany; ++i) {
    copies.emplace_back(::dup(pipe.read.get()));
    Set(copies.back().get(), POLLIN, i);
  }
  // All stay ready, and each is returned at some time.
  std::set<uint64_t> ready;
  while (ready.size() < kMany) {
    const std::vector<uint64_t> some = Wait(kForEver);
    ASSERT_THAT(some, testing::Not(IsEmpty()));
    ready.insert(some.begin(), some.end());
  }
  EXPECT_EQ(*ready.rbegin(), kMany - 1);
}

TEST_P(PollerTest, WakeupEndsWait) {
  Wakeup wakeup;
  Set(wakeup.fd(), POLLIN, 1);
  for (int i = 0; i < 2; ++i) {
    WhenBlocked notify([&](auto&) { wakeup.Notify(); });
    EXPECT_THAT(Wait(kForEver), ElementsAre(1));
    wakeup.Clear();
  }
}

TEST_P(PollerTest, SignalEndsWaitWithoutError) {
  Pipe pipe;
  Set(pipe.read.get(), POLLIN, 1);
  SignalsWhenBlocked signals(3, [&] { pipe.Write(); });
  int empty = 0;
  std::vector<uint64_t> ready;
  while ((ready = Wait(kForEver)).empty()) ++empty;
  EXPECT_THAT(ready, ElementsAre(1));
  EXPECT_LE(empty, 3);
  EXPECT_EQ(signals.count(), 3);
}

INSTANTIATE_TEST_SUITE_P(
    All, PollerTest,
    testing::Values(Implementation{"Best", Poller::Create},
                    Implementation{
                        "Poll",
                        []() -> absl::StatusOr<std::unique_ptr<Poller>> {
                          return Poller::CreateWithPoll();
                        }}),
    [](const testing::TestParamInfo<Implementation>& info) {
      return std::string(info.param.name);
    });

TEST(PollerCreateTest, DescriptorLimitIsResourceExhausted) {
#ifndef __linux__
  GTEST_SKIP() << "poll() needs no descriptor";
#endif
  const FdLimit limit(0);
  EXPECT_EQ(CodeOf(Poller::Create()), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace kevy_replica
