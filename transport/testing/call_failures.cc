// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/testing/call_failures.h"

#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"

// The linker's names: a call of f() is one of __wrap_f(), and __real_f() is
// f().
#define KEVY_DECLARE_REAL(result, name, parameters) \
  extern "C" result __real_##name parameters;       \
  extern "C" result __wrap_##name parameters

KEVY_DECLARE_REAL(int, accept, (int, sockaddr*, socklen_t*));
KEVY_DECLARE_REAL(int, bind, (int, const sockaddr*, socklen_t));
KEVY_DECLARE_REAL(int, close, (int));
KEVY_DECLARE_REAL(int, connect, (int, const sockaddr*, socklen_t));
KEVY_DECLARE_REAL(int, dup3, (int, int, int));
KEVY_DECLARE_REAL(int, epoll_create1, (int));
KEVY_DECLARE_REAL(int, epoll_ctl, (int, int, int, epoll_event*));
KEVY_DECLARE_REAL(int, epoll_wait, (int, epoll_event*, int, int));
KEVY_DECLARE_REAL(int, faccessat, (int, const char*, int, int));
KEVY_DECLARE_REAL(int, fchmod, (int, mode_t));
KEVY_DECLARE_REAL(int, fcntl, (int, int, ...));
KEVY_DECLARE_REAL(int, fdatasync, (int));
KEVY_DECLARE_REAL(int, flock, (int, int));
KEVY_DECLARE_REAL(FILE*, fopen, (const char*, const char*));
KEVY_DECLARE_REAL(int, fstat, (int, struct stat*));
KEVY_DECLARE_REAL(int, fsync, (int));
KEVY_DECLARE_REAL(int, ftruncate, (int, off_t));
KEVY_DECLARE_REAL(int, getaddrinfo,
                  (const char*, const char*, const addrinfo*, addrinfo**));
KEVY_DECLARE_REAL(int, getentropy, (void*, size_t));
KEVY_DECLARE_REAL(int, getnameinfo,
                  (const sockaddr*, socklen_t, char*, socklen_t, char*,
                   socklen_t, int));
KEVY_DECLARE_REAL(int, getsockname, (int, sockaddr*, socklen_t*));
KEVY_DECLARE_REAL(int, getsockopt, (int, int, int, void*, socklen_t*));
KEVY_DECLARE_REAL(int, listen, (int, int));
KEVY_DECLARE_REAL(int, lstat, (const char*, struct stat*));
KEVY_DECLARE_REAL(int, open, (const char*, int, ...));
KEVY_DECLARE_REAL(int, pipe, (int*));
KEVY_DECLARE_REAL(int, poll, (pollfd*, nfds_t, int));
KEVY_DECLARE_REAL(ssize_t, pread, (int, void*, size_t, off_t));
KEVY_DECLARE_REAL(int, pthread_create,
                  (pthread_t*, const pthread_attr_t*, void* (*)(void*), void*));
KEVY_DECLARE_REAL(ssize_t, read, (int, void*, size_t));
KEVY_DECLARE_REAL(ssize_t, readlink, (const char*, char*, size_t));
KEVY_DECLARE_REAL(char*, realpath, (const char*, char*));
KEVY_DECLARE_REAL(ssize_t, recv, (int, void*, size_t, int));
KEVY_DECLARE_REAL(int, rename, (const char*, const char*));
KEVY_DECLARE_REAL(ssize_t, send, (int, const void*, size_t, int));
KEVY_DECLARE_REAL(int, setsockopt, (int, int, int, const void*, socklen_t));
KEVY_DECLARE_REAL(int, shutdown, (int, int));
KEVY_DECLARE_REAL(int, socket, (int, int, int));
KEVY_DECLARE_REAL(int, socketpair, (int, int, int, int*));
KEVY_DECLARE_REAL(int, stat, (const char*, struct stat*));
KEVY_DECLARE_REAL(int, unlink, (const char*));
KEVY_DECLARE_REAL(ssize_t, write, (int, const void*, size_t));

namespace kevy_replica {
namespace transport_testing {
namespace {

// A short result, in the place of an errno.
constexpr int kShort = -1;

// The failures of one call.
class Variants {
 public:
  // `passing`: see CallReport::passes.
  Variants(std::initializer_list<int> passing,
           std::initializer_list<int> lasting) {
    for (const int error : passing) Add(error);
    passing_ = count_;
    for (const int error : lasting) Add(error);
  }

  size_t count() const { return count_; }
  int error(size_t i) const { return errors_[i]; }
  bool passes(size_t i) const { return i < passing_; }

 private:
  // Ignores 0.
  void Add(int error) {
    if (error != 0) errors_[count_++] = error;
  }

  int errors_[16] = {};
  size_t count_ = 0;
  size_t passing_ = 0;
};

// Atomic, since signal handlers write to pipes, and a detached thread may end
// while the next failure is planned.
std::atomic<size_t> planned_call{0};
std::atomic<size_t> planned_variant{0};
std::atomic<bool> planned_lasting{false};
std::atomic<void (*)()> on_failing{nullptr};
std::atomic<size_t> counted{0};
std::atomic<bool> on_all_threads{false};
thread_local bool on_this_thread = false;
// Of the failed call. The name is written last.
std::atomic<const char*> failed_name{nullptr};
std::atomic<int> failed_error{0};
std::atomic<bool> failed_passes{false};
std::atomic<size_t> failed_variants{0};

bool IsCounting() { return on_this_thread || on_all_threads.load(); }

// Counts a call. Returns its failure, or 0.
int NextFailure(const char* name, const Variants& variants) {
  if (!IsCounting() || variants.count() == 0) return 0;
  const size_t number = counted.fetch_add(1) + 1;
  if (number == planned_call) {
    const size_t i = std::min(planned_variant.load(), variants.count() - 1);
    failed_error = variants.error(i);
    failed_passes = variants.passes(i);
    failed_variants = variants.count();
    failed_name = name;
    if (void (*const failing)() = on_failing) failing();
    return variants.error(i);
  }
  const char* const before = failed_name.load();
  const bool lasts = planned_lasting && before != nullptr &&
                     !failed_passes.load() && std::strcmp(before, name) == 0;
  return lasts ? failed_error.load() : 0;
}

// Makes the call, or fails.
template <typename Call>
auto FailOr(const char* name, const Variants& variants, Call call) {
  const int error = NextFailure(name, variants);
  if (error == 0) return call();
  errno = error;
  return static_cast<decltype(call())>(-1);
}

// Makes the call, and then fails.
template <typename Call>
int CallAndFail(const char* name, const Variants& variants, Call call) {
  const int error = NextFailure(name, variants);
  const int result = call();
  if (error == 0) return result;
  errno = error;
  return -1;
}

bool IsRegular(int fd) {
  if (!IsCounting()) return false;  // It does not matter.
  struct stat info;
  return __real_fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

// EAGAIN for a descriptor that does not block.
int AgainOf(int fd) {
  if (!IsCounting()) return 0;
  const int flags = __real_fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) != 0 && !IsRegular(fd) ? EAGAIN : 0;
}

// Reads or writes: `call` gets the size.
template <typename Call>
ssize_t Transfer(const char* name, const Variants& variants, size_t size,
                 Call call) {
  const int error = NextFailure(name, variants);
  if (error == 0) return call(size);
  if (error == kShort) return call((size + 1) / 2);
  errno = error;
  return -1;
}

// The same on a connection, which is lost with such an error.
template <typename Call>
ssize_t TransferOn(int fd, const char* name, const Variants& variants,
                   size_t size, Call call) {
  const ssize_t result = Transfer(name, variants, size, call);
  if (result < 0 &&
      (errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT)) {
    const int error = errno;
    __real_shutdown(fd, SHUT_RDWR);
    errno = error;
  }
  return result;
}

int ShortOf(size_t size) { return size > 1 ? kShort : 0; }

// A pipe fails for no other reason: this process holds its other end.
Variants ReadVariants(int fd, size_t size) {
  return {{EINTR, ShortOf(size)}, {IsRegular(fd) ? EIO : 0}};
}

// A pipe with room takes a byte: only a full one, which needs none, says
// EAGAIN.
Variants WriteVariants(int fd, size_t size) {
  return IsRegular(fd)
             ? Variants({EINTR, ShortOf(size)}, {ENOSPC, EIO, EDQUOT, EFBIG})
             : Variants({EINTR, size > 1 ? AgainOf(fd) : 0, ShortOf(size)}, {});
}

}  // namespace

std::string CallReport::ToString() const {
  if (variants == 0) return "no call";
  return absl::StrCat("call ", call, ", ", name, ": ",
                      error == 0  ? "a short result"
                      : error > 0 ? std::strerror(error)
                                  : ::gai_strerror(error),
                      lasting ? ", and so on" : "");
}

void PlanFailure(const CallFailure& failure, void (*failing)()) {
  planned_call = failure.call;
  planned_variant = failure.variant;
  planned_lasting = failure.lasting;
  on_failing = failing;
  counted = 0;
  failed_variants = 0;
  failed_name = nullptr;
}

void BeginCounting(bool all_threads) {
  on_this_thread = true;
  on_all_threads = all_threads;
}

void EndCounting() {
  on_this_thread = false;
  on_all_threads = false;
}

size_t CountedCalls() { return counted; }

CallReport FailedCall() {
  const char* const name = failed_name.load();
  if (name == nullptr) return CallReport();
  const int error = failed_error.load();
  return {planned_call,    name,          error == kShort ? 0 : error,
          failed_variants, failed_passes, planned_lasting && !failed_passes};
}

bool FailsCall(const char* name) {
  return NextFailure(name, {{}, {ENOMEM}}) != 0;
}

size_t OpenDescriptors() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  size_t count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the folder's own.
}

}  // namespace transport_testing
}  // namespace kevy_replica

using kevy_replica::transport_testing::AgainOf;
using kevy_replica::transport_testing::CallAndFail;
using kevy_replica::transport_testing::FailOr;
using kevy_replica::transport_testing::IsRegular;
using kevy_replica::transport_testing::NextFailure;
using kevy_replica::transport_testing::ReadVariants;
using kevy_replica::transport_testing::ShortOf;
using kevy_replica::transport_testing::Transfer;
using kevy_replica::transport_testing::TransferOn;
using kevy_replica::transport_testing::Variants;
using kevy_replica::transport_testing::WriteVariants;

extern "C" {

// Sockets.

int __wrap_accept(int fd, sockaddr* address, socklen_t* size) {
  return FailOr(
      "accept",
      {{EINTR, AgainOf(fd), ECONNABORTED, EPROTO}, {EMFILE, ENFILE, ENOMEM}},
      [&] { return __real_accept(fd, address, size); });
}

int __wrap_bind(int fd, const sockaddr* address, socklen_t size) {
  return FailOr("bind", {{}, {EADDRINUSE, EACCES, EADDRNOTAVAIL}},
                [&] { return __real_bind(fd, address, size); });
}

// After EINTR the system goes on connecting.
int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
  const int error = NextFailure(
      "connect",
      {{EINTR},
       {ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EADDRNOTAVAIL, EAGAIN, EACCES}});
  if (error != 0 && error != EINTR) {
    errno = error;
    return -1;
  }
  const int result = __real_connect(fd, address, size);
  if (error == 0) return result;
  errno = EINTR;
  return -1;
}

int __wrap_getsockname(int fd, sockaddr* address, socklen_t* size) {
  return FailOr("getsockname", {{}, {ENOBUFS}},
                [&] { return __real_getsockname(fd, address, size); });
}

// SO_ERROR mostly succeeds, and tells a failure of the socket.
int __wrap_getsockopt(int fd, int level, int option, void* value,
                      socklen_t* size) {
  const bool is_error = level == SOL_SOCKET && option == SO_ERROR;
  const int error =
      NextFailure("getsockopt", {{}, {ENOBUFS, is_error ? ECONNREFUSED : 0}});
  if (error == ECONNREFUSED) {
    std::memcpy(value, &error, sizeof(error));
    return 0;
  }
  if (error == 0) return __real_getsockopt(fd, level, option, value, size);
  errno = error;
  return -1;
}

int __wrap_listen(int fd, int backlog) {
  return FailOr("listen", {{}, {EADDRINUSE}},
                [&] { return __real_listen(fd, backlog); });
}

ssize_t __wrap_recv(int fd, void* data, size_t size, int flags) {
  return TransferOn(
      fd, "recv",
      {{EINTR, AgainOf(fd), ShortOf(size)}, {ECONNRESET, ETIMEDOUT, ENOMEM}},
      size, [&](size_t n) { return __real_recv(fd, data, n, flags); });
}

ssize_t __wrap_send(int fd, const void* data, size_t size, int flags) {
  const int again = (flags & MSG_DONTWAIT) != 0 ? EAGAIN : AgainOf(fd);
  return TransferOn(
      fd, "send", {{EINTR, again, ShortOf(size)}, {EPIPE, ECONNRESET, ENOBUFS}},
      size, [&](size_t n) { return __real_send(fd, data, n, flags); });
}

int __wrap_setsockopt(int fd, int level, int option, const void* value,
                      socklen_t size) {
  return FailOr("setsockopt", {{}, {ENOMEM, EINVAL}}, [&] {
    return __real_setsockopt(fd, level, option, value, size);
  });
}

int __wrap_shutdown(int fd, int how) {
  return CallAndFail("shutdown", {{}, {ENOTCONN}},
                     [&] { return __real_shutdown(fd, how); });
}

int __wrap_socket(int domain, int type, int protocol) {
  return FailOr("socket", {{}, {EMFILE, ENFILE, ENOBUFS, EAFNOSUPPORT}},
                [&] { return __real_socket(domain, type, protocol); });
}

int __wrap_socketpair(int domain, int type, int protocol, int* fds) {
  return FailOr("socketpair", {{}, {EMFILE, ENFILE}},
                [&] { return __real_socketpair(domain, type, protocol, fds); });
}

// Names.

int __wrap_getaddrinfo(const char* node, const char* service,
                       const addrinfo* hints, addrinfo** result) {
  // Errors of its own, which are negative: none of them is kShort.
  static_assert(
      EAI_AGAIN < -1 && EAI_FAIL < -1 && EAI_MEMORY < -1 && EAI_SYSTEM < -1,
      "");
  const int error = NextFailure(
      "getaddrinfo", {{}, {EAI_AGAIN, EAI_FAIL, EAI_MEMORY, EAI_SYSTEM}});
  if (error == EAI_SYSTEM) errno = EMFILE;
  return error != 0 ? error : __real_getaddrinfo(node, service, hints, result);
}

int __wrap_getnameinfo(const sockaddr* address, socklen_t size, char* host,
                       socklen_t host_size, char* service,
                       socklen_t service_size, int flags) {
  const int error = NextFailure("getnameinfo", {{}, {EAI_AGAIN, EAI_MEMORY}});
  return error != 0 ? error
                    : __real_getnameinfo(address, size, host, host_size,
                                         service, service_size, flags);
}

// Waiting.

int __wrap_epoll_create1(int flags) {
  return FailOr("epoll_create1", {{}, {EMFILE, ENFILE, ENOMEM}},
                [&] { return __real_epoll_create1(flags); });
}

int __wrap_epoll_ctl(int poller, int operation, int fd, epoll_event* event) {
  if (operation == EPOLL_CTL_DEL) {
    return __real_epoll_ctl(poller, operation, fd, event);
  }
  return FailOr("epoll_ctl", {{}, {ENOMEM, ENOSPC}},
                [&] { return __real_epoll_ctl(poller, operation, fd, event); });
}

int __wrap_epoll_wait(int poller, epoll_event* events, int size, int timeout) {
  return FailOr("epoll_wait", {{EINTR}, {}}, [&] {
    return __real_epoll_wait(poller, events, size, timeout);
  });
}

int __wrap_poll(pollfd* fds, nfds_t count, int timeout) {
  return FailOr("poll", {{EINTR}, {ENOMEM}},
                [&] { return __real_poll(fds, count, timeout); });
}

int __wrap_pipe(int* fds) {
  return FailOr("pipe", {{}, {EMFILE, ENFILE}},
                [&] { return __real_pipe(fds); });
}

int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*run)(void*), void* argument) {
  const int error = NextFailure("pthread_create", {{}, {EAGAIN}});
  return error != 0 ? error
                    : __real_pthread_create(thread, attributes, run, argument);
}

// Files.

int __wrap_open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
  va_end(arguments);
  const bool creates = (flags & O_CREAT) != 0;
  return FailOr("open", {{EINTR}, {EMFILE, EACCES, EIO, creates ? ENOSPC : 0}},
                [&] { return __real_open(path, flags, mode); });
}

// The descriptor is closed after an error, too.
int __wrap_close(int fd) {
  return CallAndFail(
      "close",
      IsRegular(fd) ? Variants({EINTR}, {EIO, ENOSPC}) : Variants({EINTR}, {}),
      [&] { return __real_close(fd); });
}

int __wrap_dup3(int fd, int to, int flags) {
  return FailOr("dup3", {{EINTR}, {EMFILE}},
                [&] { return __real_dup3(fd, to, flags); });
}

// Of its commands only F_DUPFD fails for an open descriptor.
int __wrap_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const bool duplicates = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return FailOr("fcntl", {{}, {duplicates ? EMFILE : 0}},
                [&] { return __real_fcntl(fd, command, argument); });
}

ssize_t __wrap_read(int fd, void* data, size_t size) {
  return Transfer(IsRegular(fd) ? "read" : "read_pipe", ReadVariants(fd, size),
                  size, [&](size_t n) { return __real_read(fd, data, n); });
}

ssize_t __wrap_pread(int fd, void* data, size_t size, off_t offset) {
  return Transfer("pread", ReadVariants(fd, size), size,
                  [&](size_t n) { return __real_pread(fd, data, n, offset); });
}

ssize_t __wrap_write(int fd, const void* data, size_t size) {
  // Two names, since a failure of files that lasts spares pipes.
  return Transfer(IsRegular(fd) ? "write" : "write_pipe",
                  WriteVariants(fd, size), size,
                  [&](size_t n) { return __real_write(fd, data, n); });
}

int __wrap_fsync(int fd) {
  return FailOr("fsync", {{EINTR}, {EIO, ENOSPC}},
                [&] { return __real_fsync(fd); });
}

int __wrap_fdatasync(int fd) {
  return FailOr("fdatasync", {{EINTR}, {EIO, ENOSPC}},
                [&] { return __real_fdatasync(fd); });
}

int __wrap_ftruncate(int fd, off_t size) {
  return FailOr("ftruncate", {{EINTR}, {EIO, EPERM}},
                [&] { return __real_ftruncate(fd, size); });
}

int __wrap_flock(int fd, int operation) {
  return FailOr("flock", {{EINTR}, {ENOLCK, EWOULDBLOCK}},
                [&] { return __real_flock(fd, operation); });
}

int __wrap_fchmod(int fd, mode_t mode) {
  return FailOr("fchmod", {{}, {EPERM, EIO}},
                [&] { return __real_fchmod(fd, mode); });
}

int __wrap_fstat(int fd, struct stat* info) {
  return FailOr("fstat", {{}, {EIO}}, [&] { return __real_fstat(fd, info); });
}

int __wrap_stat(const char* path, struct stat* info) {
  return FailOr("stat", {{}, {EACCES, EIO}},
                [&] { return __real_stat(path, info); });
}

int __wrap_lstat(const char* path, struct stat* info) {
  return FailOr("lstat", {{}, {EACCES, EIO}},
                [&] { return __real_lstat(path, info); });
}

int __wrap_faccessat(int folder, const char* path, int mode, int flags) {
  return FailOr("faccessat", {{}, {EACCES, EROFS, EIO}},
                [&] { return __real_faccessat(folder, path, mode, flags); });
}

int __wrap_rename(const char* from, const char* to) {
  return FailOr("rename", {{}, {EIO, ENOSPC, EACCES}},
                [&] { return __real_rename(from, to); });
}

int __wrap_unlink(const char* path) {
  return FailOr("unlink", {{}, {EIO, EACCES}},
                [&] { return __real_unlink(path); });
}

ssize_t __wrap_readlink(const char* path, char* data, size_t size) {
  return FailOr("readlink", {{}, {EIO, EACCES}},
                [&] { return __real_readlink(path, data, size); });
}

char* __wrap_realpath(const char* path, char* resolved) {
  const int error = NextFailure("realpath", {{}, {EIO, EACCES, ENOMEM}});
  if (error == 0) return __real_realpath(path, resolved);
  errno = error;
  return nullptr;
}

FILE* __wrap_fopen(const char* path, const char* mode) {
  const int error = NextFailure("fopen", {{}, {EMFILE, ENOMEM}});
  if (error == 0) return __real_fopen(path, mode);
  errno = error;
  return nullptr;
}

int __wrap_getentropy(void* data, size_t size) {
  return FailOr("getentropy", {{}, {ENOSYS}},
                [&] { return __real_getentropy(data, size); });
}

}  // extern "C"
