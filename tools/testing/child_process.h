// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A program as a child process, for tests.
//
//   ChildProcess child(kKevyTail, {"--primary=localhost:16004", "--once"});
//   EXPECT_EQ(child.ReadLine(), "0 \"PING\"\n");
//   child.Signal(SIGINT);
//   EXPECT_EQ(child.ReadOutput(), "");
//   EXPECT_EQ(child.Wait(), 0);

#ifndef KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_
#define KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {

// Paths from the folder that tests run in.
inline constexpr char kKevyTail[] = "tools/kevy_tail";
inline constexpr char kKevyMirror[] = "tools/kevy_mirror";
inline constexpr char kKevyVerify[] = "tools/kevy_verify";

// Every wait has an end: after `patience` it kills the child and fails the
// test. The failure shows the command line and the child's output. Later calls
// then return at once. Waiting drains both output pipes, so that the child does
// not block on one while the test waits for something else.
//
// The destructor kills a child that still runs. Not thread-safe.
class ChildProcess {
 public:
  struct Options {
    std::string in = "/dev/null";  // The file that is standard input.
    std::string out;               // The file that is stdout. Empty: a pipe.
    bool out_closed = false;       // Close the pipe's reader before the start.
    bool err_is_terminal = false;  // stderr is a terminal instead of a pipe.
    absl::Duration patience = absl::Seconds(60);  // The limit of each wait.
  };

  // Starts `program`. A name without a slash is searched for in PATH. Aborts
  // the test if the program cannot be started.
  ChildProcess(const std::string& program,
               const std::vector<std::string>& arguments)
      : ChildProcess(program, arguments, Options()) {}
  ChildProcess(const std::string& program,
               const std::vector<std::string>& arguments,
               const Options& options);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Whether this machine has terminals for Options::err_is_terminal.
  static bool HasTerminals();

  // The next line of stdout with its line feed; less at the end of the output.
  std::string ReadLine();
  // The same of stderr.
  std::string ReadErrorLine();

  // The rest of stdout or stderr, up to the end.
  std::string ReadOutput();
  std::string ReadErrors();

  // Closes the reading end of stdout.
  void CloseOutput();

  // Waits until `condition` holds, which the child brings about. `event` names
  // it in a failure. Returns false after a failure: `patience` is over, or the
  // child has ended and the condition does not hold.
  bool Await(absl::string_view event, const std::function<bool()>& condition);

  // Sends a signal.
  // Precondition: Wait() has not been called.
  void Signal(int signal);

  // Waits for the end. Returns the exit status, or the negated number of the
  // signal that killed the child.
  int Wait();

  // Wait()'s result if the child has ended, without waiting.
  std::optional<int> ExitStatus();

  // Kills the child and fails the test, as a wait that takes too long.
  void Fail(absl::string_view message);

  pid_t pid() const { return pid_; }

  void set_patience(absl::Duration patience) { patience_ = patience; }

 private:
  // An output of the child. The test has taken the first `taken` bytes.
  struct Stream {
    int fd = -1;  // -1: at its end, closed, or not a pipe.
    std::string bytes;
    size_t taken = 0;

    std::string Take(size_t size);
    void Read();
    void Close();
  };

  std::string ReadLineOf(Stream* stream, absl::string_view event);
  // Drains both streams until `done` holds. Fails if `patience` is over before.
  // Asks `done` at least once in `interval`.
  void DrainUntil(absl::string_view event, absl::Duration interval,
                  const std::function<bool()>& done);
  // Waits for bytes for at most `timeout`, and reads them. Returns whether a
  // stream had bytes or ended.
  bool Drain(absl::Duration timeout);
  void Kill();

  const std::string command_line_;
  absl::Duration patience_;
  bool failed_ = false;
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
  Stream out_;
  Stream err_;
};

struct ChildResult {
  int status = 0;  // As ChildProcess::Wait() returns it.
  std::string out;
  std::string err;
};

// Runs a program to its end.
ChildResult RunChild(
    const std::string& program, const std::vector<std::string>& arguments,
    const ChildProcess::Options& options = ChildProcess::Options());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_CHILD_PROCESS_H_
