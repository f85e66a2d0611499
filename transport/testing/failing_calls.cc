// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/testing/failing_calls.h"

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/testing/call_failures.h"
#include "kevy_replica/transport/testing/watchdog.h"

namespace kevy_replica {
namespace transport_testing {

FailingCalls::FailingCalls(const CallFailure& failure, Threads threads)
    : threads_(threads) {
  PlanFailure(failure);
}

FailingCalls::~FailingCalls() { End(); }

void FailingCalls::Begin() { BeginCounting(threads_ == Threads::kAll); }

void FailingCalls::End() { EndCounting(); }

size_t FailingCalls::calls() const { return CountedCalls(); }

bool FailingCalls::failed() const { return report().variants > 0; }

CallReport FailingCalls::report() const { return FailedCall(); }

std::string FailedCalls::ToString() const {
  return absl::StrCat(calls, " calls, ", runs, " failures");
}

namespace {

// Waits, since other threads of the test may be about to close theirs.
void AwaitOpenDescriptors(size_t count, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  size_t open;
  while ((open = OpenDescriptors()) != count && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(open, count) << "descriptors leak";
}

}  // namespace

FailedCalls FailEachCall(const std::function<void(FailingCalls*)>& run,
                         const FailEachCallOptions& options) {
  FailedCalls tried;
  const bool all = std::getenv("KEVY_FAIL_EVERY_CALL") != nullptr;
  const size_t stride = all ? 1 : options.stride;
  const size_t open = OpenDescriptors();
  for (CallFailure failure = {1, 0, false};;) {
    FailingCalls calls(failure, options.threads);
    {
      const Watchdog watchdog(
          absl::StrCat("call ", failure.call, ", variant ", failure.variant,
                       failure.lasting ? ", lasting" : ""),
          absl::Minutes(1));
      run(&calls);
    }
    calls.End();
    AwaitOpenDescriptors(open, options.patience);
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "the failed call: " << calls.report().ToString();
      return tried;
    }
    if (!calls.failed()) {
      tried.calls = calls.calls();
      return tried;
    }
    ++tried.runs;
    if (options.lasting && !calls.report().passes && !failure.lasting) {
      failure.lasting = true;
    } else if (failure.variant + 1 < calls.report().variants) {
      failure = {failure.call, failure.variant + 1, false};
    } else {
      failure = {failure.call + stride, 0, false};
    }
  }
}

}  // namespace transport_testing
}  // namespace kevy_replica
