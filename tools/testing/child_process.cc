// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern char** environ;

namespace kevy_replica {
namespace {

// Returns a descriptor to write to, and sets `*reader` if it is a pipe's.
int OpenWrite(const std::string& path, int* reader) {
  if (!path.empty()) {
    return open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  }
  int fds[2] = {-1, -1};
  EXPECT_EQ(pipe(fds), 0);
  for (const int fd : fds) fcntl(fd, F_SETFD, FD_CLOEXEC);
  *reader = fds[0];
  return fds[1];
}

}  // namespace

std::string ReadAll(int fd) {
  std::string all;
  char bytes[4096];
  ssize_t n;
  while ((n = read(fd, bytes, sizeof(bytes))) > 0) all.append(bytes, n);
  return all;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TailChild::TailChild(const std::vector<std::string>& flags,
                     const Files& files) {
  const int in = open(files.in.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = OpenWrite(files.out, &out_);
  const int err = OpenWrite(files.err, &err_);
  if (files.close_reader) CloseOutput();

  std::vector<std::string> argv = {files.program};
  argv.insert(argv.end(), flags.begin(), flags.end());
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  const int error = posix_spawn(&pid_, argv[0].c_str(), &actions, nullptr,
                                arguments.data(), environ);
  if (error != 0) {
    std::fprintf(stderr, "%s: %s\n", argv[0].c_str(), std::strerror(error));
    std::abort();  // No test can go on without it.
  }
  posix_spawn_file_actions_destroy(&actions);
  for (const int fd : {in, out, err}) close(fd);
}

TailChild::~TailChild() {
  CloseOutput();
  if (err_ >= 0) close(err_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

std::string TailChild::ReadLine() {
  std::string line;
  char c;
  while (read(out_, &c, 1) == 1) {
    line.push_back(c);
    if (c == '\n') break;
  }
  return line;
}

void TailChild::CloseOutput() {
  if (out_ >= 0) close(out_);
  out_ = -1;
}

void TailChild::Signal(int signal) {
  ASSERT_GT(pid_, 0);
  kill(pid_, signal);
}

int TailChild::Wait() {
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TailResult RunTail(const std::vector<std::string>& flags,
                   const TailChild::Files& files) {
  TailChild child(flags, files);
  TailResult result;
  result.out = child.ReadOutput();
  result.err = child.ReadErrors();
  result.status = child.Wait();
  return result;
}

}  // namespace kevy_replica
