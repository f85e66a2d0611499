// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A busy shard of a fleet holds 16 KiB at most: its state, and the bytes of an
// element that a read has cut off.

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/transport.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace kevy_replica {
namespace {

constexpr size_t kShards = 64;
constexpr size_t kStreamBytes = 2 << 20;  // Of each shard.
constexpr size_t kReadBytes = 64 << 10;

// Bytes allocated and not yet freed, if the allocator tells.
std::optional<size_t> HeapBytes() {
#if defined(__GLIBC__) && !defined(ABSL_HAVE_ADDRESS_SANITIZER) && \
    !defined(ABSL_HAVE_MEMORY_SANITIZER) &&                        \
    !defined(ABSL_HAVE_THREAD_SANITIZER)
#if __GLIBC_PREREQ(2, 33)
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
#endif
  return std::nullopt;
}

// Gives the answer, then a stream, in pieces of a size.
class StreamTransport : public Transport {
 public:
  StreamTransport(absl::string_view stream, size_t piece)
      : stream_(stream), piece_(piece) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration /*timeout*/) override {
    if (closed_) return 0;
    absl::string_view& rest = answer_.empty() ? stream_ : answer_;
    if (rest.empty()) return absl::DeadlineExceededError("no more");
    const size_t n = std::min({buffer.size(), rest.size(), piece_});
    std::copy_n(rest.data(), n, buffer.data());
    rest.remove_prefix(n);
    return n;
  }
  absl::Status Write(absl::string_view, absl::Duration) override {
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void CloseWrite() override { closed_ = true; }
  void Close() override { closed_ = true; }
  std::string peer() const override { return "test"; }
  // Of a file, which is always ready.
  int fd() const override {
    static const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return fd;
  }

 private:
  absl::string_view answer_ = "+ACK 7 1000000\r\n";
  absl::string_view stream_;
  const size_t piece_;
  bool closed_ = false;
};

// The frames of all shards together.
struct Frames {
  size_t until = 0;
  std::function<void()> at_end;
  size_t seen = 0;
};

class CountingHandler : public FollowerHandler {
 public:
  explicit CountingHandler(Frames* frames) : frames_(frames) {}

  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition&) override {
    const size_t before = frames_->seen;
    frames_->seen += frames.size();
    if (before < frames_->until && frames_->seen >= frames_->until) {
      frames_->at_end();
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition&) override {
    return absl::OkStatus();
  }

 private:
  Frames* const frames_;
};

struct Stream {
  std::string name;
  size_t arguments;   // Of a frame.
  size_t value_size;  // The largest. The others are smaller at random.
};
std::ostream& operator<<(std::ostream& out, const Stream& stream) {
  return out << stream.name;
}

class FleetMemoryTest : public testing::TestWithParam<Stream> {};

INSTANTIATE_TEST_SUITE_P(All, FleetMemoryTest,
                         testing::Values(Stream{"Short", 3, 10},
                                         Stream{"Medium", 3, 1000},
                                         Stream{"ManyArguments", 400, 2},
                                         Stream{"Large", 3, 65'000}),
                         [](const auto& info) { return info.param.name; });

TEST_P(FleetMemoryTest, BusyShardHoldsSixteenKibibytes) {
  std::string stream;
  size_t count = 0;
  for (; stream.size() < kStreamBytes; ++count) {
    const std::string value(count * 7919 % (GetParam().value_size + 1), 'v');
    std::vector<absl::string_view> argv(GetParam().arguments, "k");
    argv.back() = value;
    ASSERT_EQ(AppendFrame(1'000'000 + count, argv, &stream), WireError::kNone);
  }
  Frames frames;
  std::vector<CountingHandler> handlers(kShards, CountingHandler(&frames));
  std::vector<FollowerHandler*> pointers;
  std::vector<TransportFactory> factories;
  for (size_t i = 0; i < kShards; ++i) {
    pointers.push_back(&handlers[i]);
    // Each shard is cut at other places. Some reads fill the room. The rest of
    // a large element is always there.
    factories.push_back([&stream, i] {
      return std::make_unique<StreamTransport>(stream, 70'000 + 999 * i);
    });
  }
  FleetOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.from = {7, 1'000'000};
  options.read_bytes = kReadBytes;
  const std::optional<size_t> before = HeapBytes();
  auto fleet = Fleet::Create(factories, pointers, options);
  ASSERT_TRUE(fleet.ok()) << fleet.status();
  std::optional<size_t> now;
  frames.until = kShards * count / 2;
  frames.at_end = [&] {
    now = HeapBytes();
    (*fleet)->Stop();
  };
  ASSERT_TRUE((*fleet)->Run().ok());
  ASSERT_GE(frames.seen, frames.until);
  for (size_t i = 0; i < kShards; ++i) {
    ASSERT_GT((*fleet)->Stats(i).frames, 0u) << "shard " << i << " was idle";
  }
  if (!now.has_value()) GTEST_SKIP() << "the allocator does not count";
  // The loop's buffer has twice the room of a read.
  EXPECT_LE((*now - *before - 2 * kReadBytes) / kShards, 16u << 10);
  EXPECT_GE(*now, *before + 2 * kReadBytes + kShards * 1000) << "not measured";
}

}  // namespace
}  // namespace kevy_replica
