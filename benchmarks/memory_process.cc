// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/memory_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

extern char** environ;

namespace kevy_replica {
namespace benchmarks {

absl::StatusOr<std::unique_ptr<MemoryProcess>> MemoryProcess::Start(
    std::vector<std::string> command) {
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(&word[0]);
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, command[0]);
  return std::unique_ptr<MemoryProcess>(new MemoryProcess(pid));
}

MemoryProcess::~MemoryProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

absl::StatusOr<MemoryProcess::Memory> MemoryProcess::Measure() const {
  const std::string path = absl::StrCat("/proc/", pid_, "/status");
  std::ifstream file(path);
  Memory memory;
  std::string word;
  while (file >> word) {
    if (word == "VmHWM:") file >> memory.peak_kib;
    if (word == "VmRSS:") file >> memory.now_kib;
  }
  if (memory.peak_kib == 0 || memory.now_kib == 0) {
    return absl::NotFoundError(absl::StrCat("no VmHWM or VmRSS in ", path));
  }
  return memory;
}

absl::Status MemoryProcess::Wait() {
  int status = 0;
  if (waitpid(std::exchange(pid_, 0), &status, 0) < 0) {
    return absl::ErrnoToStatus(errno, "waitpid");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnknownError(
        absl::StrCat("the program failed, with wait status ", status));
  }
  return absl::OkStatus();
}

}  // namespace benchmarks
}  // namespace kevy_replica
