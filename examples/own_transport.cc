// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reads a stream over a transport of your own: the standard input and output of
// a command that reaches the primary.
//
//   ./bazelw run //examples:own_transport -- ssh db1 nc -N localhost 16004

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/examples/pipe_transport.h"
#include "kevy_replica/transport/transport.h"

extern char** environ;

namespace {

// Starts `argv` with a pipe for its input and one for its output.
absl::StatusOr<std::unique_ptr<kevy_replica::Transport>> Start(
    char* const* argv) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
  if (pipe2(out, O_CLOEXEC) != 0) {
    const absl::Status status = absl::ErrnoToStatus(errno, "pipe");
    close(in[0]), close(in[1]);
    return status;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  pid_t pid;
  const int error =
      posix_spawnp(&pid, argv[0], &actions, nullptr, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]), close(out[1]);
  for (const int fd : {in[1], out[0]}) fcntl(fd, F_SETFL, O_NONBLOCK);
  auto transport = std::make_unique<PipeTransport>(out[0], in[1]);
  if (error != 0) return absl::ErrnoToStatus(error, argv[0]);
  return transport;
}

absl::Status Tail(char* const* command) {
  kevy_replica::ReplicaClientOptions options;
  options.snapshots.policy = kevy_replica::SnapshotPolicy::kSkip;
  auto client = kevy_replica::ReplicaClient::Connect(
      [command] { return Start(command); }, options);
  if (!client.ok()) return client.status();
  for (const kevy_replica::FrameView& frame : (*client)->Frames()) {
    std::cout << frame << '\n';
    (*client)->Applied(frame.offset() + 1);
  }
  return (*client)->status();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: own_transport COMMAND [ARGUMENT...]\n";
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);  // Children are not waited for.
  const absl::Status status = Tail(argv + 1);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
