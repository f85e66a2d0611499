// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

extern char** environ;

namespace kevy_replica {
namespace {

// The interval at which a condition is evaluated.
constexpr absl::Duration kPollInterval = absl::Microseconds(200);

// The same while a descriptor reports the awaited event.
constexpr absl::Duration kReadInterval = absl::Milliseconds(100);

// The bytes of each stream that a failure shows.
constexpr size_t kShownBytes = 8 << 10;

// Returns a pipe's writing end, and sets `*reader` to the other.
int OpenPipe(int* reader) {
  int fds[2] = {-1, -1};
  EXPECT_EQ(pipe(fds), 0);
  for (const int fd : fds) fcntl(fd, F_SETFD, FD_CLOEXEC);
  *reader = fds[0];
  return fds[1];
}

// The same for a terminal. Returns -1 on a machine without terminals.
int OpenTerminal(int* reader) {
  const int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -1;
  EXPECT_EQ(grantpt(fd), 0);
  EXPECT_EQ(unlockpt(fd), 0);
  *reader = fd;
  return open(ptsname(fd), O_WRONLY | O_NOCTTY | O_CLOEXEC);
}

// The last bytes of a stream.
absl::string_view Shown(const std::string& bytes) {
  return absl::string_view(bytes).substr(bytes.size() -
                                         std::min(bytes.size(), kShownBytes));
}

// The exit status, or the negated number of the signal.
int ExitStatusOf(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
                                : -WTERMSIG(wait_status);
}

}  // namespace

std::string ChildProcess::Stream::Take(size_t size) {
  std::string part = bytes.substr(taken, size);
  taken += part.size();
  return part;
}

void ChildProcess::Stream::Read() {
  char room[64 << 10];
  const ssize_t n = read(fd, room, sizeof(room));
  if (n > 0) {
    bytes.append(room, static_cast<size_t>(n));
  } else if (n == 0 || errno != EINTR) {
    Close();  // A terminal ends with an error.
  }
}

void ChildProcess::Stream::Close() {
  if (fd >= 0) close(fd);
  fd = -1;
}

ChildProcess::ChildProcess(const std::string& program,
                           const std::vector<std::string>& arguments,
                           const Options& options)
    : command_line_(absl::StrCat(program, " ", absl::StrJoin(arguments, " "))),
      patience_(options.patience) {
  const int in = open(options.in.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = options.out.empty() ? OpenPipe(&out_.fd)
                                      : open(options.out.c_str(),
                                             O_WRONLY | O_NOCTTY | O_CLOEXEC);
  const int err =
      options.err_is_terminal ? OpenTerminal(&err_.fd) : OpenPipe(&err_.fd);
  if (options.out_closed) CloseOutput();

  std::vector<std::string> argv = {program};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  const int error = posix_spawnp(&pid_, program.c_str(), &actions, nullptr,
                                 pointers.data(), environ);
  if (error != 0) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), std::strerror(error));
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  for (const int fd : {in, out, err}) close(fd);
}

ChildProcess::~ChildProcess() {
  Kill();
  out_.Close();
  err_.Close();
}

bool ChildProcess::HasTerminals() {
  int reader = -1;
  const int writer = OpenTerminal(&reader);
  if (reader >= 0) close(reader);
  if (writer >= 0) close(writer);
  return writer >= 0;
}

std::string ChildProcess::ReadLine() {
  return ReadLineOf(&out_, "a line of output");
}

std::string ChildProcess::ReadErrorLine() {
  return ReadLineOf(&err_, "a line of its errors");
}

std::string ChildProcess::ReadLineOf(Stream* stream, absl::string_view event) {
  size_t end = std::string::npos;
  DrainUntil(event, kReadInterval, [&] {
    end = stream->bytes.find('\n', stream->taken);
    return end != std::string::npos || stream->fd < 0;
  });
  return stream->Take(end == std::string::npos ? end : end + 1 - stream->taken);
}

std::string ChildProcess::ReadOutput() {
  DrainUntil("the end of its output", kReadInterval,
             [this] { return out_.fd < 0; });
  return out_.Take(std::string::npos);
}

std::string ChildProcess::ReadErrors() {
  DrainUntil("the end of its errors", kReadInterval,
             [this] { return err_.fd < 0; });
  return err_.Take(std::string::npos);
}

void ChildProcess::CloseOutput() { out_.Close(); }

bool ChildProcess::Await(absl::string_view event,
                         const std::function<bool()>& condition) {
  bool reached = false;
  bool ended = false;
  DrainUntil(event, kPollInterval, [&] {
    // In this order: the child may bring the condition about and end.
    ended = ExitStatus().has_value();
    reached = condition();
    return reached || ended;
  });
  if (ended && !reached) Fail(absl::StrCat("it ended before ", event));
  return reached;
}

void ChildProcess::Signal(int signal) {
  ASSERT_FALSE(exit_status_.has_value());
  kill(pid_, signal);
}

int ChildProcess::Wait() {
  DrainUntil("its end", kReadInterval,
             [this] { return ExitStatus().has_value(); });
  return *exit_status_;
}

std::optional<int> ChildProcess::ExitStatus() {
  int status = 0;
  if (!exit_status_.has_value() && waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_status_ = ExitStatusOf(status);
  }
  return exit_status_;
}

void ChildProcess::Fail(absl::string_view message) {
  if (failed_) return;
  failed_ = true;
  while (Drain(absl::ZeroDuration())) {
  }
  ADD_FAILURE() << command_line_ << ": " << message << "\nIts output:\n"
                << Shown(out_.bytes) << "\nIts errors:\n"
                << Shown(err_.bytes);
  Kill();
  out_.Close();
  err_.Close();
}

void ChildProcess::Kill() {
  if (exit_status_.has_value()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  if (waitpid(pid_, &status, 0) == pid_) exit_status_ = ExitStatusOf(status);
}

void ChildProcess::DrainUntil(absl::string_view event, absl::Duration interval,
                              const std::function<bool()>& done) {
  const absl::Time deadline = absl::Now() + patience_;
  while (!done()) {
    if (absl::Now() >= deadline) {
      Fail(absl::StrCat("waited ", absl::FormatDuration(patience_), " for ",
                        event));
      return;
    }
    Drain(interval);
  }
}

bool ChildProcess::Drain(absl::Duration timeout) {
  std::vector<pollfd> fds;
  for (const Stream* stream : {&out_, &err_}) {
    if (stream->fd >= 0) fds.push_back({stream->fd, POLLIN, 0});
  }
  // Without a descriptor only the clock tells when to look again.
  const timespec limit = absl::ToTimespec(
      fds.empty() ? std::min(timeout, kPollInterval) : timeout);
  if (ppoll(fds.data(), fds.size(), &limit, nullptr) <= 0) return false;
  for (const pollfd& ready : fds) {
    if (ready.revents == 0) continue;
    (ready.fd == out_.fd ? out_ : err_).Read();
  }
  return true;
}

ChildResult RunChild(const std::string& program,
                     const std::vector<std::string>& arguments,
                     const ChildProcess::Options& options) {
  ChildProcess child(program, arguments, options);
  ChildResult result;
  result.out = child.ReadOutput();
  result.err = child.ReadErrors();
  result.status = child.Wait();
  return result;
}

}  // namespace kevy_replica
