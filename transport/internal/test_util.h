// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// What the tests of this folder share.

#ifndef KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_UTIL_H_
#define KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_UTIL_H_

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace transport_internal {

inline absl::StatusCode CodeOf(const absl::Status& status) {
  return status.code();
}
template <typename T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& result) {
  return result.status().code();
}

// What one Read() returns: the bytes, or the error.
inline absl::StatusOr<std::string> ReadOnce(
    Transport& transport, size_t size = 4096,
    absl::Duration timeout = absl::InfiniteDuration()) {
  std::string buffer(size, '\0');
  const absl::StatusOr<size_t> read =
      transport.Read(absl::MakeSpan(&buffer[0], buffer.size()), timeout);
  if (!read.ok()) return read.status();
  buffer.resize(*read);
  return buffer;
}

// Reads `size` bytes, by reads of `read_size()`; fewer, if an end or an error
// comes first.
inline std::string ReadBytes(
    Transport& transport, size_t size,
    const std::function<size_t()>& read_size = [] { return size_t{65536}; }) {
  std::string result;
  while (result.size() < size) {
    const absl::StatusOr<std::string> bytes =
        ReadOnce(transport, std::min(read_size(), size - result.size()));
    if (!bytes.ok() || bytes->empty()) break;
    result += *bytes;
  }
  return result;
}

// The same bytes for the same seed.
inline std::string RandomBytes(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string result(size, '\0');
  for (char& c : result) c = static_cast<char>(random());
  return result;
}

// Sizes from 1 to `max`, the same ones for the same seed.
inline std::function<size_t()> RandomSizes(size_t max, unsigned seed) {
  return [random = std::mt19937(seed), max]() mutable {
    return size_t{1} + random() % max;
  };
}

// Whether poll() reports that a read would not wait, now or within the timeout.
inline bool IsReadable(int fd, int timeout_ms = 0) {
  pollfd poll_fd = {fd, POLLIN, 0};
  return ::poll(&poll_fd, 1, timeout_ms) == 1 &&
         (poll_fd.revents & (POLLIN | POLLHUP)) != 0;
}

// Waits for that, as long as it takes.
inline void WaitUntilReadable(int fd) {
  while (!IsReadable(fd, -1)) {
  }
}

inline std::string FileContents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

// A folder whose path is short enough for a socket.
class TempDir {
 public:
  TempDir() {
    if (::mkdtemp(&path_[0]) == nullptr) ::abort();
  }
  ~TempDir() {
    for (const char* name : {"a", "b"}) ::unlink(File(name).c_str());
    ::rmdir(path_.c_str());
  }
  // "a" and "b" are removed at the end.
  std::string File(absl::string_view name) const {
    return absl::StrCat(path_, "/", name);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/kevyXXXXXX";
};

// Calls `action`, on a thread of its own, once the thread that made this object
// sleeps in the kernel; at the latest when the object is destroyed. So a test
// reaches into a blocked call without a guess at how long it takes to block.
// (No result hangs on it: where there is no /proc the action is just done
// early.)
class WhenBlocked {
 public:
  explicit WhenBlocked(std::function<void(WhenBlocked&)> action)
      : thread_([this, action = std::move(action)] {
          Await();
          action(*this);
        }) {}
  ~WhenBlocked() {
    done_ = true;
    thread_.join();
  }

  // For actions of several steps: waits until the thread sleeps (again).
  void Await() const {
#ifdef __linux__
    const std::string path = absl::StrCat("/proc/self/task/", tid_, "/stat");
    while (!done_) {
      const std::string stat = FileContents(path);
      const size_t name_end = stat.rfind(')');
      if (name_end == std::string::npos || stat[name_end + 2] == 'S') return;
      std::this_thread::yield();
    }
#endif
  }
  bool done() const { return done_; }

 private:
#ifdef __linux__
  const long tid_ = ::syscall(SYS_gettid);
#endif
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// Lets the process open no more than `more` descriptors beyond those it has.
class FdLimit {
 public:
  explicit FdLimit(int more) {
    ::getrlimit(RLIMIT_NOFILE, &saved_);
    const int next_free = ::dup(STDERR_FILENO);
    ::close(next_free);
    rlimit lowered = saved_;
    lowered.rlim_cur = static_cast<rlim_t>(next_free + more);
    ::setrlimit(RLIMIT_NOFILE, &lowered);
  }
  ~FdLimit() { ::setrlimit(RLIMIT_NOFILE, &saved_); }

 private:
  rlimit saved_;
};

// Sends the thread that made it a signal each time it has blocked, `times`
// times, with a handler that makes system calls fail with EINTR; then calls
// `action`.
class SignalsWhenBlocked {
 public:
  SignalsWhenBlocked(int times, std::function<void()> action)
      : signals_([times, action = std::move(action),
                  target = ::pthread_self()](WhenBlocked& watch) {
          for (int i = 1; i <= times && !watch.done(); ++i) {
            ::pthread_kill(target, SIGUSR1);
            while (count_ < i && !watch.done()) std::this_thread::yield();
            watch.Await();
          }
          action();
        }) {}
  ~SignalsWhenBlocked() = default;

  // How many signals have come.
  int count() const { return count_; }

 private:
  // Set up before the thread starts.
  struct Handler {
    Handler() {
      count_ = 0;
      struct sigaction action = {};
      action.sa_handler = [](int) { ++count_; };  // Without SA_RESTART.
      ::sigaction(SIGUSR1, &action, &saved);
    }
    ~Handler() { ::sigaction(SIGUSR1, &saved, nullptr); }
    struct sigaction saved;
  };

  static inline std::atomic<int> count_{0};
  Handler handler_;
  WhenBlocked signals_;
};

}  // namespace transport_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_INTERNAL_TEST_UTIL_H_
