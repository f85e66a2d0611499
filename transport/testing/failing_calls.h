// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails system calls of product code in turn, for tests.
//
// A binary that links this library has its calls of open(), read(), connect()
// and the others of failing_calls.bzl replaced by the linker's --wrap. The
// product code needs no seam. Each call is counted; one of them fails.
//
//   const FailedCalls tried = FailEachCall([](FailingCalls* calls) {
//     calls->Begin();
//     auto transport = TcpTransport::Connect("localhost", 16004);
//     calls->End();
//     if (!calls->failed()) EXPECT_TRUE(transport.ok());
//   });
//   EXPECT_GT(tried.calls, 5u);
//
// The model is the test of I/O errors in SQLite: fail call 1, 2, 3 … until a
// run meets no failure.
//
// A call can fail in several variants: with errnos of its manual page that a
// correct program can meet, with EINTR, with EAGAIN if the descriptor does not
// block, and by a short read or write. Calls within shared libraries, as
// OpenSSL's and the C++ library's, are not replaced.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_FAILING_CALLS_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_FAILING_CALLS_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "kevy_replica/transport/testing/call_failures.h"

namespace kevy_replica {
namespace transport_testing {

// Counts calls and fails one. There is at most one object at a time.
class FailingCalls {
 public:
  enum class Threads {
    kThis,  // Calls of the thread in Begin().
    kAll,
  };
  explicit FailingCalls(const CallFailure& failure,
                        Threads threads = Threads::kThis);
  ~FailingCalls();  // Calls End().
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  // Counts from here on, until End(). Each may be called several times.
  void Begin();
  void End();

  // The calls so far.
  size_t calls() const;
  // Whether the call has failed.
  bool failed() const;
  // The call that has failed.
  CallReport report() const;

 private:
  const Threads threads_;
};

// The size of a test.
struct FailedCalls {
  size_t calls = 0;  // Of the run without a failure.
  size_t runs = 0;   // With a failure.
  // "120 calls, 431 failures".
  std::string ToString() const;
};

struct FailEachCallOptions {
  FailingCalls::Threads threads = FailingCalls::Threads::kThis;
  // Whether each failure that can last is tried once more as lasting. Default:
  // true.
  bool lasting = true;
  // Fails only call 1, 1 + stride, 1 + 2 * stride … If the environment variable
  // KEVY_FAIL_EVERY_CALL is set, each call. Default: 1, each call.
  size_t stride = 1;
  // The time for other threads to close their descriptors. Default: 10 s.
  absl::Duration patience = absl::Seconds(10);
};

// Calls `run` for each variant of each call (but see `stride`), until a run
// meets no failure. Each run has a time limit of a minute, and must leave as
// many descriptors open as it found. After a failure of the test it names the
// call, and returns.
FailedCalls FailEachCall(
    const std::function<void(FailingCalls* calls)>& run,
    const FailEachCallOptions& options = FailEachCallOptions());

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_FAILING_CALLS_H_
