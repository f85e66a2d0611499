// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The loop that follower_session.h shows, in full, over transports in memory.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAre;

// One follower in an event loop. A real loop would have others.
class EventLoop {
 public:
  EventLoop(FollowerSessionOptions options, TransportFactory connect)
      : session_(std::move(options), absl::Now()),
        connect_(std::move(connect)) {}

  // Runs until `frames` were applied.
  void Run(size_t frames) {
    while (!session_.done()) {
      Turn();
      if (applied_.size() == frames && !session_.stopping()) {
        session_.HandleStop(absl::OkStatus());
        Transmit();
      }
    }
    transport_ = nullptr;
  }

  const std::vector<uint64_t>& applied() const { return applied_; }
  const std::optional<FeedPosition>& stored() const { return stored_; }

 private:
  void Turn() {
    if (session_.PollLink(absl::Now()) != link_) {
      transport_ = nullptr;
      link_ = session_.PollLink(absl::Now());
      if (link_ != 0) Connect();
    }
    while (const FollowerEvent* event = session_.PollEvent(absl::Now())) {
      StoreDue();
      Take(*event);
    }
    StoreDue();
    Transmit();
    if (session_.PollLink(absl::Now()) == link_ && !session_.done()) Wait();
  }

  void Connect() {
    auto transport = connect_();
    if (transport.ok()) {
      transport_ = *std::move(transport);
      session_.HandleConnected(absl::Now());
    } else {
      session_.HandleConnectFailed(transport.status());
    }
  }

  void StoreDue() {
    const auto position = session_.PollStore(absl::Now());
    if (!position.has_value()) return;
    stored_ = *position;
    session_.HandleStored(*position, absl::Now());
  }

  void Take(const FollowerEvent& event) {
    if (const auto* frames = std::get_if<absl::Span<const FrameView>>(&event)) {
      for (const FrameView& frame : *frames) applied_.push_back(frame.offset());
      session_.HandleApplied(frames->back().offset() + 1);
    } else if (const auto* end = std::get_if<SnapshotEnd>(&event)) {
      session_.HandleApplied(end->next_offset);
    }
  }

  void Transmit() {
    if (!session_.PollTransmit(absl::Now(), &out_)) return;
    const absl::Status status = transport_->Write(out_, absl::Seconds(10));
    if (!status.ok()) session_.HandleFailure(status);
  }

  // A real loop would wait for all its descriptors at once.
  void Wait() {
    const absl::Duration timeout =
        std::max(session_.PollTimeout() - absl::Now(), absl::ZeroDuration());
    if (transport_ == nullptr) {
      absl::SleepFor(std::min(timeout, absl::Milliseconds(1)));
      return;
    }
    const absl::StatusOr<size_t> n =
        transport_->Read(session_.PrepareRead(4096), timeout);
    const absl::Time now = absl::Now();
    if (!n.ok() && absl::IsDeadlineExceeded(n.status())) {
      session_.HandleTimeout(now);
    } else if (!n.ok()) {
      session_.HandleFailure(n.status());
    } else if (*n == 0) {
      session_.HandleEof();
    } else {
      session_.HandleRead(*n, now);
    }
  }

  FollowerSession session_;
  const TransportFactory connect_;
  std::unique_ptr<Transport> transport_;
  uint64_t link_ = 0;
  std::string out_;
  std::vector<uint64_t> applied_;
  std::optional<FeedPosition> stored_;
};

TEST(FollowerSessionExampleTest, FollowsOverLinks) {
  const auto argv = [](uint64_t offset) {
    return std::vector<std::string>{"SET", "k", absl::StrCat(offset)};
  };
  ScriptedPrimary primary;
  primary.Enqueue(PrimaryScript()
                      .Speak(Protocol::kV2)
                      .Generation(7)
                      .Snapshot("KEVYSNAP", 5)
                      .Send("*2\r\n:5"));
  primary.Enqueue(
      PrimaryScript().Speak(Protocol::kV2).Generation(7).FramesTo(7, argv));
  primary.SetDefault(PrimaryScript()
                         .Speak(Protocol::kV2)
                         .Generation(7)
                         .FramesTo(10, argv)
                         .Stall());
  FollowerSessionOptions options;
  options.link.replica_id = "r1";
  options.retry.random = [] { return 0.0; };
  EventLoop loop(options, primary.InMemory());
  loop.Run(5);
  EXPECT_THAT(loop.applied(), ElementsAre(5, 6, 7, 8, 9));
  EXPECT_EQ(loop.stored(), (FeedPosition{7, 10}));
  primary.WaitFinished(2);
  EXPECT_EQ(primary.connection(2).acks.back(), 10);
}

}  // namespace
}  // namespace kevy_replica
