// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows one shard in a loop of libuv, until Ctrl-C, and goes on at its
// position when it is started again. Needs libuv (Debian: libuv1-dev).
//
//   ./bazelw run //examples:libuv_follower -- 127.0.0.1:16004 /tmp/positions
//
// loop_follower.h has the follower. epoll_follower.cc is the same with epoll.

#include <poll.h>
#include <signal.h>
#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/examples/loop_follower.h"

namespace {

absl::Time Now() {
  return absl::UnixEpoch() +
         absl::Nanoseconds(static_cast<int64_t>(uv_hrtime()));
}

// For uv_timer_start(): rounded up, at most an hour.
uint64_t Milliseconds(absl::Duration timeout) {
  timeout = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1));
  return static_cast<uint64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))));
}

// The handles of one follower. Must outlive uv_run().
class UvFollower {
 public:
  UvFollower(uv_loop_t* loop, LoopFollower* follower)
      : loop_(loop), follower_(follower) {
    uv_timer_init(loop, &timer_);
    timer_.data = this;
    for (uv_signal_t& signal : signals_) {
      uv_signal_init(loop, &signal);
      signal.data = this;
    }
    const auto stop = [](uv_signal_t* signal, int) {
      auto* self = static_cast<UvFollower*>(signal->data);
      self->follower_->Stop(absl::OkStatus(), Now());
      self->Step();
    };
    uv_signal_start(&signals_[0], stop, SIGINT);
    uv_signal_start(&signals_[1], stop, SIGTERM);
    Step();
  }

 private:
  // Also ends the watch, since the descriptor may be closed now.
  void Step() {
    if (poll_ != nullptr) {
      uv_poll_stop(poll_);
      uv_close(reinterpret_cast<uv_handle_t*>(poll_), [](uv_handle_t* handle) {
        delete reinterpret_cast<uv_poll_t*>(handle);
      });
      poll_ = nullptr;
    }
    follower_->Step(Now());
    if (follower_->done()) return Close();
    Watch();
    uv_timer_start(
        &timer_,
        [](uv_timer_t* t) { static_cast<UvFollower*>(t->data)->Step(); },
        Milliseconds(follower_->deadline() - Now()), 0);
  }

  void Watch() {
    if (follower_->fd() < 0) return;
    poll_ = new uv_poll_t;
    uv_poll_init(loop_, poll_, follower_->fd());
    poll_->data = this;
    uv_poll_start(poll_,
                  follower_->events() == POLLIN ? UV_READABLE : UV_WRITABLE,
                  [](uv_poll_t* p, int, int) {
                    static_cast<UvFollower*>(p->data)->Step();
                  });
  }

  // The loop ends when its last handle is closed.
  void Close() {
    uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr);
    for (uv_signal_t& signal : signals_) {
      uv_close(reinterpret_cast<uv_handle_t*>(&signal), nullptr);
    }
  }

  uv_loop_t* const loop_;
  LoopFollower* const follower_;
  uv_timer_t timer_;
  uv_signal_t signals_[2];
  uv_poll_t* poll_ = nullptr;
};

absl::Status Follow(absl::string_view address, absl::string_view path) {
  auto store = kevy_replica::FilePositionStore::Open(path);
  if (!store.ok()) return store.status();
  const auto from = (*store)->Load("shard-0");
  if (!from.ok()) return from.status();
  LoopFollower follower(std::string(address),
                        from->value_or(kevy_replica::FeedPosition{}),
                        store->get(), Now());
  uv_loop_t* const loop = uv_default_loop();
  UvFollower handles(loop, &follower);  // Other handles share the loop.
  uv_run(loop, UV_RUN_DEFAULT);
  uv_loop_close(loop);
  return follower.status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: libuv_follower HOST:PORT FILE\n";
    return 2;
  }
  const absl::Status status = Follow(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
