// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// How links end on the wire: kevy 2.0.20 and 3.18.0 lose a shard to a reset.

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/testing/ports.h"

namespace kevy_replica {
namespace {

using transport_internal::UniqueFd;
using transport_testing::RawSocket;
using transport_testing::RefusingPort;

// The bytes that a kevy 3.18.0 still sends behind the replica's half-close.
constexpr size_t kLateBytes = 1300000;

// A primary that never stops writing frames, over a raw socket. It takes one
// connection, writes until the replica's FIN and kLateBytes more, then closes.
class WritingPrimary {
 public:
  // From frame `gap_at` on, all offsets are one too high.
  explicit WritingPrimary(uint64_t gap_at = ~uint64_t{0}) : gap_at_(gap_at) {
    socket_.emplace();
    socket_->Listen(1);
    address_ = socket_->address().ToString();
    thread_ = std::thread([this] { Run(); });
  }
  ~WritingPrimary() { Join(); }
  const std::string& address() const { return address_; }

  void Join() {
    if (thread_.joinable()) thread_.join();
  }

  // After Join(). Empty: a FIN came, all bytes were taken, and no reset came.
  const std::string& fault() const { return fault_; }

 private:
  void Run() {
    UniqueFd fd = socket_->Accept();
    socket_.reset();  // Later connections are refused.
    fd_ = fd.get();
    std::string bytes = "+ACK 7 1\r\n";
    while (!fin_ && fault_.empty()) {
      if (bytes.size() < 4096) AppendFrames(&bytes);
      Exchange(&bytes);
    }
    bytes.assign(kLateBytes, 'x');
    while (!bytes.empty() && fault_.empty()) Exchange(&bytes);
    ::shutdown(fd_, SHUT_WR);
    AwaitClose();
  }

  void AppendFrames(std::string* bytes) {
    const std::string value(1000, 'v');
    for (int i = 0; i < 20; ++i, ++offset_) {
      const uint64_t offset = offset_ + (offset_ >= gap_at_ ? 1 : 0);
      if (AppendFrame(offset, {"SET", "k", value}, bytes) != WireError::kNone) {
        fault_ = "a frame could not be written";
      }
    }
  }

  // Waits until a read or a write is possible, and does one.
  void Exchange(std::string* bytes) {
    pollfd poll_fd = {fd_, static_cast<short>(POLLOUT | (fin_ ? 0 : POLLIN)),
                      0};
    if (::poll(&poll_fd, 1, 30000) <= 0) fault_ = "nothing moved for 30 s";
    if ((poll_fd.revents & POLLIN) != 0) {
      char received[4096];
      const ssize_t n = ::recv(fd_, received, sizeof(received), MSG_DONTWAIT);
      if (n == 0) fin_ = true;
      if (n < 0) fault_ = std::string("recv: ") + ::strerror(errno);
    } else {
      const ssize_t n = ::send(fd_, bytes->data(), bytes->size(),
                               MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n > 0) bytes->erase(0, static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN) {
        fault_ = std::string("send: ") + ::strerror(errno);
      }
    }
  }

  // Until both directions are closed and acknowledged. A replica that closes
  // with unread bytes resets the connection instead.
  void AwaitClose() {
    const absl::Time limit = absl::Now() + absl::Seconds(30);
    while (fault_.empty()) {
      int error = 0;
      socklen_t size = sizeof(error);
      ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) fault_ = std::string("reset: ") + ::strerror(error);
      tcp_info info = {};
      size = sizeof(info);
      ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &info, &size);
      if (info.tcpi_state == TCP_CLOSE) return;
      if (absl::Now() > limit) fault_ = "the replica did not close";
      absl::SleepFor(absl::Milliseconds(1));
    }
  }

  const uint64_t gap_at_;
  std::optional<RawSocket> socket_;
  std::string address_;
  // The thread's.
  int fd_ = -1;
  uint64_t offset_ = 1;
  bool fin_ = false;
  std::string fault_;
  std::thread thread_;
};

// Calls `on_frames` with the last offset of every batch.
class CallingHandler : public client_testing::RecordingHandler {
 public:
  explicit CallingHandler(std::function<absl::Status(uint64_t)> on_frames)
      : on_frames_(std::move(on_frames)) {}
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition&) override {
    return on_frames_(frames.back().offset());
  }

 private:
  const std::function<absl::Status(uint64_t)> on_frames_;
};

// A follower on a thread of its own.
class RunningFollower {
 public:
  using OnFrames = std::function<absl::Status(Follower*, uint64_t offset)>;

  RunningFollower(const std::string& address, OnFrames on_frames)
      : handler_([this, on_frames = std::move(on_frames)](uint64_t offset) {
          return on_frames(follower_.get(), offset);
        }) {
    FollowerOptions options;
    options.link.replica_id = "r1";
    options.link.protocol = ProtocolChoice::kV2;
    options.from = {7, 1};
    auto follower = Follower::Create(address, &handler_, options);
    EXPECT_TRUE(follower.ok()) << follower.status();
    follower_ = *std::move(follower);
    thread_ = std::thread([this] { status_ = follower_->Run(); });
  }

  absl::Status Join() {
    thread_.join();
    return status_;
  }
  absl::Status Stop() {
    follower_->Stop();
    return Join();
  }

 private:
  CallingHandler handler_;
  std::unique_ptr<Follower> follower_;
  absl::Status status_;
  std::thread thread_;
};

TEST(LinkEndTest, StopIsPolite) {
  WritingPrimary primary;
  RunningFollower running(primary.address(),
                          [](Follower* follower, uint64_t offset) {
                            if (offset > 1000) follower->Stop();
                            return absl::OkStatus();
                          });
  EXPECT_TRUE(running.Join().ok());
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
}

TEST(LinkEndTest, HandlerErrorIsPolite) {
  WritingPrimary primary;
  RunningFollower running(primary.address(), [](Follower*, uint64_t offset) {
    return offset > 1000 ? absl::InternalError("full") : absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsInternal(running.Join()));
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
}

TEST(LinkEndTest, RetargetIsPolite) {
  WritingPrimary primary;
  const RefusingPort other;
  RunningFollower running(
      primary.address(), [&other](Follower* follower, uint64_t offset) {
        return offset > 1000 ? follower->SetPrimary(other.address().ToString())
                             : absl::OkStatus();
      });
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
  EXPECT_TRUE(running.Stop().ok());
}

TEST(LinkEndTest, GapIsPolite) {
  WritingPrimary primary(/*gap_at=*/1000);
  RunningFollower running(primary.address(),
                          [](Follower*, uint64_t) { return absl::OkStatus(); });
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
  EXPECT_TRUE(running.Stop().ok());
}

ReplicaClientOptions ClientOptions() {
  ReplicaClientOptions options;
  options.link.replica_id = "r1";
  options.link.protocol = ProtocolChoice::kV2;
  options.from = {7, 1};
  return options;
}

TEST(LinkEndTest, ClientDestructorIsPolite) {
  WritingPrimary primary;
  {
    auto client = ReplicaClient::Connect(primary.address(), ClientOptions());
    ASSERT_TRUE(client.ok()) << client.status();
    ASSERT_NE((*client)->NextFrame(), nullptr);
  }
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
}

TEST(LinkEndTest, InterruptedClientIsPolite) {
  WritingPrimary primary;
  {
    ReplicaClientOptions options = ClientOptions();
    options.connect.interrupter = std::make_shared<Interrupter>();
    auto client = ReplicaClient::Connect(primary.address(), options);
    ASSERT_TRUE(client.ok()) << client.status();
    ASSERT_NE((*client)->NextFrame(), nullptr);
    options.connect.interrupter->Interrupt();
    while ((*client)->NextFrame() != nullptr) {
    }
    EXPECT_TRUE(absl::IsCancelled((*client)->status()));
  }
  primary.Join();
  EXPECT_EQ(primary.fault(), "");
}

}  // namespace
}  // namespace kevy_replica
