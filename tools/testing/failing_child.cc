// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/failing_child.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/testing/child_process.h"

namespace kevy_replica {
namespace {

constexpr char kVariable[] = "KEVY_FAIL_CALL";

// The number of runs of an ordinary test, roughly.
constexpr size_t kRuns = 60;

// Whether the process has a handler of SIGTERM, by Linux.
bool CatchesTerm(pid_t pid) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/status"));
  std::string word;
  while (file >> word) {
    if (word != "SigCgt:") continue;
    uint64_t caught = 0;
    file >> std::hex >> caught;
    return (caught >> (SIGTERM - 1) & 1) != 0;
  }
  return false;
}

}  // namespace

std::string ChildReport::ToString() const {
  return failed ? absl::StrCat(name, ": ", error) : "no call failed";
}

FailingChild::FailingChild(std::string report_path, size_t call, size_t variant,
                           bool lasting)
    : report_path_(std::move(report_path)), lasting_(lasting) {
  ::unlink(report_path_.c_str());
  ::setenv(
      kVariable,
      absl::StrCat(call, " ", variant, " ", lasting ? 1 : 0, " ", report_path_)
          .c_str(),
      /*overwrite=*/1);
}

FailingChild::~FailingChild() { Stop(); }

void FailingChild::Stop() { ::unsetenv(kVariable); }

ChildReport FailingChild::report() const {
  ChildReport report;
  std::ifstream file(report_path_);
  std::string word;
  while (file >> word) {
    if (word == "failed") {
      size_t call = 0;
      file >> call >> report.name >> report.variants >> report.passes >>
          report.error;
      report.failed = true;
    } else {
      file >> report.calls >> report.descriptors;
      report.exited = true;
    }
  }
  return report;
}

ChildResult EndOf(const FailingChild& failing, ChildProcess* child) {
  if (failing.lasting()) {
    absl::Time end = absl::InfiniteFuture();
    child->Await("its end, or half a second", [&] {
      if (child->ExitStatus().has_value()) return true;
      if (end == absl::InfiniteFuture() && failing.report().failed &&
          CatchesTerm(child->pid())) {
        end = absl::Now() + absl::Milliseconds(500);
      }
      return absl::Now() >= end;
    });
    if (!child->ExitStatus().has_value()) child->Signal(SIGTERM);
  }
  ChildResult result;
  result.err = child->ReadErrors();
  result.out = child->ReadOutput();
  result.status = child->Wait();
  return result;
}

std::string FailEachCallOfChild(const std::string& report_path,
                                const std::function<void(FailingChild*)>& run) {
  const bool all = ::getenv("KEVY_FAIL_EVERY_CALL") != nullptr;
  size_t runs = 0;
  ChildReport first;
  size_t call = 0;
  size_t variant = 0;
  bool lasting = false;
  for (;;) {
    FailingChild child(report_path, call, variant, lasting);
    run(&child);
    const ChildReport report = child.report();
    if (call == 0) {
      first = report;
      EXPECT_TRUE(first.exited) << "the program lacks failing_program";
    } else if (report.exited) {
      EXPECT_LE(report.descriptors, first.descriptors) << "descriptors leak";
    }
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "the failed call: call " << call << ", variant "
                    << variant << (lasting ? ", lasting, " : ", ")
                    << report.ToString();
      return "";
    }
    if (call > 0 && !report.failed) {
      return absl::StrCat(first.calls, " calls, ", runs, " failures");
    }
    runs += call > 0 ? 1 : 0;
    if (all && call > 0 && !report.passes && !lasting) {
      lasting = true;
    } else if (all && call > 0 && variant + 1 < report.variants) {
      lasting = false;
      ++variant;
    } else {
      // The last variant stands for all beyond it.
      call += all || call == 0 ? 1 : first.calls / kRuns + 1;
      variant = all ? 0 : runs % 7;
      lasting = !all && runs % 5 == 4;
    }
  }
}

}  // namespace kevy_replica
