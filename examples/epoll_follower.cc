// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows one shard in an epoll loop of your own, until Ctrl-C, and goes on at
// its position when it is started again.
//
//   ./bazelw run //examples:epoll_follower -- 127.0.0.1:16004 /tmp/positions
//
// loop_follower.h has the follower. libuv_follower.cc is the same with libuv.

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/examples/loop_follower.h"

namespace {

absl::Time Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::TimeFromTimespec(now);
}

// For epoll_wait(): rounded up, at most an hour.
int Milliseconds(absl::Duration timeout) {
  timeout = std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))));
}

// Returns a descriptor that is readable after SIGINT or SIGTERM.
int WatchSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

void Watch(int loop, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;  // POLLIN and POLLOUT have the same values.
  event.data.fd = fd;
  epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

absl::Status Follow(absl::string_view address, absl::string_view path) {
  auto store = kevy_replica::FilePositionStore::Open(path);
  if (!store.ok()) return store.status();
  const auto from = (*store)->Load("shard-0");
  if (!from.ok()) return from.status();
  LoopFollower follower(std::string(address),
                        from->value_or(kevy_replica::FeedPosition{}),
                        store->get(), Now());
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  const int signals = WatchSignals();
  Watch(loop, signals, EPOLLIN);  // Your own descriptors are watched alike.
  for (follower.Step(Now()); !follower.done(); follower.Step(Now())) {
    const int fd = follower.fd();
    if (fd >= 0) Watch(loop, fd, static_cast<uint32_t>(follower.events()));
    epoll_event event;
    const int ready =
        epoll_wait(loop, &event, 1, Milliseconds(follower.deadline() - Now()));
    if (fd >= 0) epoll_ctl(loop, EPOLL_CTL_DEL, fd, nullptr);
    if (ready == 1 && event.data.fd == signals) {
      signalfd_siginfo signal;
      if (read(signals, &signal, sizeof(signal)) < 0) break;
      follower.Stop(absl::OkStatus(), Now());
    }
  }
  close(signals);
  close(loop);
  return follower.status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: epoll_follower HOST:PORT FILE\n";
    return 2;
  }
  const absl::Status status = Follow(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
