// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The replaced system calls, and the plan that fails one of them. Tests use
// failing_calls.h; programs that a test runs link failing_program.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_CALL_FAILURES_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_CALL_FAILURES_H_

#include <cstddef>
#include <string>

namespace kevy_replica {
namespace transport_testing {

// The failure of one run.
struct CallFailure {
  size_t call = 0;     // The number of the call, from 1 on. 0: no call.
  size_t variant = 0;  // An index of the call's variants.
  // All later calls of the same function fail, too, as on a full disk. Without
  // effect on a variant that passes: see CallReport.
  bool lasting = false;
};

// The call that has failed.
struct CallReport {
  size_t call = 0;
  const char* name = "";  // Of the function.
  int error = 0;          // Its errno, or getaddrinfo()'s error, which is
                          // negative. 0: a short result.
  size_t variants = 0;    // Of this call. 0: no call has failed.
  // EINTR, EAGAIN, a short result, or an error of one connection that is
  // accepted: a correct program tries again, and nobody notices.
  bool passes = false;
  bool lasting = false;

  // "call 7, open: No space left on device", or "no call".
  std::string ToString() const;
};

// Sets the plan, and begins with call 1. `failing` is called before the call
// fails, perhaps in a signal handler. May be null.
void PlanFailure(const CallFailure& failure, void (*failing)() = nullptr);

// Counts calls of this thread, or of all threads, until EndCounting() on the
// same thread.
void BeginCounting(bool all_threads);
void EndCounting();

size_t CountedCalls();
CallReport FailedCall();

// Counts a call of another library's function, which has no errno. Returns
// whether it must fail. `name` is a literal.
bool FailsCall(const char* name);

// The number of open descriptors of this process.
size_t OpenDescriptors();

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_CALL_FAILURES_H_
