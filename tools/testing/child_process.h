// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// kevy_tail, or another program of this folder, as a process, for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_
#define KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace kevy_replica {

// All that a descriptor has until its end, or until an error: a terminal's
// other side closed.
std::string ReadAll(int fd);

// What is in a file; a failed test if it cannot be read.
std::string ReadFile(const std::string& path);

// A program that runs; killed, if need be, at its end.
class TailChild {
 public:
  struct Files {
    std::string program = "tools/kevy_tail";
    std::string in = "/dev/null";
    std::string out;            // Empty: a pipe.
    std::string err;            // The same.
    bool close_reader = false;  // Of the pipe `out`, before the program runs.
  };

  explicit TailChild(const std::vector<std::string>& flags)
      : TailChild(flags, Files()) {}
  TailChild(const std::vector<std::string>& flags, const Files& files);
  TailChild(const TailChild&) = delete;
  TailChild& operator=(const TailChild&) = delete;
  ~TailChild();

  // Reads stdout up to the end of a line.
  std::string ReadLine();

  std::string ReadOutput() { return ReadAll(out_); }
  std::string ReadErrors() { return ReadAll(err_); }

  void CloseOutput();

  void Signal(int signal);

  // Waits for the program's end. Returns its exit status, or -signal.
  int Wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

struct TailResult {
  int status = 0;
  std::string out;
  std::string err;
};

// Runs the program to its end.
TailResult RunTail(const std::vector<std::string>& flags,
                   const TailChild::Files& files = TailChild::Files());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_
