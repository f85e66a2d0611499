// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/poller.h"

#include <fcntl.h>
#include <poll.h>

#ifdef __linux__
#include <sys/epoll.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/poll_timeout.h"
#include "kevy_replica/transport/internal/status.h"

namespace kevy_replica {

using transport_internal::ErrnoStatus;
using transport_internal::PollTimeoutMs;
using transport_internal::UniqueFd;

namespace {

absl::Status SetError(int error, int fd) {
  return ErrnoStatus(error, {"watch", absl::StrCat("descriptor ", fd)});
}

absl::Status WaitError(int error) {
  return ErrnoStatus(error, {"wait for", "descriptors"});
}

class PollPoller : public Poller {
 public:
  absl::Status Set(int fd, short events, uint64_t id) override {
    // poll() ignores negative descriptors, and reports closed ones only later.
    if (::fcntl(fd, F_GETFD) == -1) return SetError(errno, fd);
    const size_t i = Find(fd);
    if (i == fds_.size()) {
      fds_.emplace_back();
      ids_.emplace_back();
    }
    fds_[i] = {fd, events, 0};
    ids_[i] = id;
    return absl::OkStatus();
  }

  void Remove(int fd) override {
    const size_t i = Find(fd);
    if (i == fds_.size()) return;
    fds_[i] = fds_.back();
    ids_[i] = ids_.back();
    fds_.pop_back();
    ids_.pop_back();
  }

  absl::StatusOr<absl::Span<const uint64_t>> Wait(
      absl::Duration timeout) override {
    ready_.clear();
    if (::poll(fds_.data(), static_cast<nfds_t>(fds_.size()),
               PollTimeoutMs(timeout)) < 0) {
      if (errno != EINTR) return WaitError(errno);
      return ready_;
    }
    for (size_t i = 0; i < fds_.size(); ++i) {
      if (fds_[i].revents != 0) ready_.push_back(ids_[i]);
    }
    return ready_;
  }

 private:
  // Linear time, as poll().
  size_t Find(int fd) const {
    return static_cast<size_t>(
        std::find_if(fds_.begin(), fds_.end(),
                     [fd](const pollfd& entry) { return entry.fd == fd; }) -
        fds_.begin());
  }

  std::vector<pollfd> fds_;
  std::vector<uint64_t> ids_;  // Parallel to `fds_`.
  std::vector<uint64_t> ready_;
};

#ifdef __linux__

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT,
              "Set() passes poll() events to epoll");

class EpollPoller : public Poller {
 public:
  explicit EpollPoller(UniqueFd epoll_fd) : epoll_fd_(std::move(epoll_fd)) {}

  absl::Status Set(int fd, short events, uint64_t id) override {
    RemoveFile(fd);
    epoll_event event = {};
    event.events = static_cast<uint32_t>(events);
    event.data.u64 = id;
    // Ask the kernel: it forgets closed descriptors, and the next descriptor
    // may have the same number.
    if (::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_MOD, fd, &event) == 0 ||
        (errno == ENOENT &&
         ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, fd, &event) == 0)) {
      return absl::OkStatus();
    }
    if (errno != EPERM) return SetError(errno, fd);
    // EPERM: a regular file or another descriptor that is always ready.
    if (events != 0) files_.push_back({fd, id});
    return absl::OkStatus();
  }

  void Remove(int fd) override {
    RemoveFile(fd);
    epoll_event ignored = {};  // Kernels before 2.6.9 need one.
    ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, fd, &ignored);
  }

  absl::StatusOr<absl::Span<const uint64_t>> Wait(
      absl::Duration timeout) override {
    ready_.clear();
    epoll_event events[kMaxEvents];
    const int count = ::epoll_wait(
        epoll_fd_.get(), events, kMaxEvents,
        PollTimeoutMs(files_.empty() ? timeout : absl::ZeroDuration()));
    if (count < 0 && errno != EINTR) return WaitError(errno);
    for (const File& file : files_) ready_.push_back(file.id);
    for (int i = 0; i < count; ++i) ready_.push_back(events[i].data.u64);
    return ready_;
  }

 private:
  // The next call returns further ready descriptors: the kernel takes them in
  // turn.
  static constexpr int kMaxEvents = 256;

  // A descriptor that epoll rejects. There are few.
  struct File {
    int fd;
    uint64_t id;
  };

  void RemoveFile(int fd) {
    files_.erase(
        std::remove_if(files_.begin(), files_.end(),
                       [fd](const File& file) { return file.fd == fd; }),
        files_.end());
  }

  const UniqueFd epoll_fd_;
  std::vector<File> files_;
  std::vector<uint64_t> ready_;
};

#endif  // __linux__

}  // namespace

absl::StatusOr<std::unique_ptr<Poller>> Poller::Create() {
#ifdef __linux__
  UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
  if (fd.get() < 0) return ErrnoStatus(errno, {"create", "an epoll"});
  return std::make_unique<EpollPoller>(std::move(fd));
#else
  return CreateWithPoll();
#endif
}

std::unique_ptr<Poller> Poller::CreateWithPoll() {
  return std::make_unique<PollPoller>();
}

}  // namespace kevy_replica
