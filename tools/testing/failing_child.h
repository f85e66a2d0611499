// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails the system calls of a child process in turn, for tests. The program
// links //transport/testing:failing_program.
//
//   FailEachCallOfChild(folder.File("report"), [&](FailingChild* child) {
//     const ChildResult result = RunChild("tools/kevy_tail_failing", flags);
//     child->Stop();  // Later children run without a failure.
//     EXPECT_EQ(result.status, 0) << child->report().ToString();
//   });

#ifndef KEVY_REPLICA_TOOLS_TESTING_FAILING_CHILD_H_
#define KEVY_REPLICA_TOOLS_TESTING_FAILING_CHILD_H_

#include <cstddef>
#include <functional>
#include <string>

#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {

// Of a program that has ended, or still runs.
struct ChildReport {
  bool failed = false;     // The call was reached.
  std::string name;        // Its function.
  std::string error;       // Its errno, or "short".
  size_t variants = 0;     // Of the call.
  bool passes = false;     // A correct program tries again: EINTR, say.
  bool exited = false;     // Through exit(), so that the next two count.
  size_t calls = 0;        // All of them.
  size_t descriptors = 0;  // Open ones at the exit.

  std::string ToString() const;
};

// The plan of one run, and its report.
class FailingChild {
 public:
  // Children of this process fail from here on. `call` 0: none fails.
  FailingChild(std::string report_path, size_t call, size_t variant,
               bool lasting);
  ~FailingChild();  // Calls Stop().
  FailingChild(const FailingChild&) = delete;
  FailingChild& operator=(const FailingChild&) = delete;

  // Children that start later run without a failure.
  void Stop();

  bool lasting() const { return lasting_; }
  ChildReport report() const;

 private:
  const std::string report_path_;
  const bool lasting_;
};

// Waits for the child's end. A failure that lasts may keep it from its end: a
// tail tries to connect without end. So half a second after such a failure it
// gets SIGTERM.
ChildResult EndOf(const FailingChild& failing, ChildProcess* child);

// Calls `run` for a child without a failure, and then for failures of later and
// later calls, until a child meets none. By default about 60 calls fail, each
// in one of its variants. If the environment variable KEVY_FAIL_EVERY_CALL is
// set, each call fails in all of its variants, for once and lasting. A child
// must leave no more descriptors open at its exit than the first one. Returns
// "120 calls, 431 failures". After a failure of the test it names the call, and
// returns.
std::string FailEachCallOfChild(const std::string& report_path,
                                const std::function<void(FailingChild*)>& run);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_FAILING_CHILD_H_
