// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails a system call of a whole program, which a test runs as a child. The
// environment variable KEVY_FAIL_CALL has the plan: "CALL VARIANT LASTING" as
// in CallFailure, and the path of the report. The program writes a line when
// the call fails, and one at its exit:
//
//   failed 7 open 4 0 EMFILE
//   exit 31 8
//
// They have the failed call, its function, the number of its variants, whether
// the failure passes, and the errno or "short"; then the numbers of calls and
// of open descriptors.

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/transport/testing/call_failures.h"

namespace kevy_replica {
namespace transport_testing {
namespace {

int report = -1;

// Writes a line, which snprintf() has made, to the report. Nothing is
// allocated, since the failed call may be that of a signal handler.
constexpr size_t kLineBytes = 100;
void Report(const char* line, int size) {
  // write() is replaced.
  if (size < 0 || static_cast<size_t>(size) >= kLineBytes ||
      ::syscall(SYS_write, report, line, size) != size) {
    std::abort();
  }
}

void ReportFailure() {
  const CallReport call = FailedCall();
  const char* const error = call.error == 0  ? "short"
                            : call.error > 0 ? ::strerrorname_np(call.error)
                                             : "EAI";
  char line[kLineBytes];
  Report(line, std::snprintf(line, sizeof line, "failed %zu %s %zu %d %s\n",
                             call.call, call.name, call.variants,
                             call.passes ? 1 : 0, error));
}

void ReportExit() {
  EndCounting();
  char line[kLineBytes];
  Report(line, std::snprintf(line, sizeof line, "exit %zu %zu\n",
                             CountedCalls(), OpenDescriptors()));
}

// Runs before main(), and so counts all of the program's calls.
const bool begun = [] {
  const char* const variable = std::getenv("KEVY_FAIL_CALL");
  if (variable == nullptr) return false;
  const std::vector<absl::string_view> parts = absl::StrSplit(variable, ' ');
  CallFailure failure;
  if (parts.size() != 4 || !absl::SimpleAtoi(parts[0], &failure.call) ||
      !absl::SimpleAtoi(parts[1], &failure.variant) ||
      !absl::SimpleAtob(parts[2], &failure.lasting)) {
    std::abort();
  }
  report = ::open(std::string(parts[3]).c_str(),
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (report < 0) std::abort();
  PlanFailure(failure, ReportFailure);
  std::atexit(ReportExit);
  BeginCounting(/*all_threads=*/true);
  return true;
}();

}  // namespace
}  // namespace transport_testing
}  // namespace kevy_replica
