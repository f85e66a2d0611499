// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a soak: see soak_run.h.
//
//   bazel run -c opt //tools/testing:soak -- --duration=1h --secure

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/testing/soak_run.h"

ABSL_FLAG(absl::Duration, duration, absl::Minutes(1), "how long to run");
ABSL_FLAG(uint64_t, seed, 0, "draws the faults; 0: from the clock");
ABSL_FLAG(uint64_t, shards, 4, "how many primaries to follow");
ABSL_FLAG(bool, secure, false, "encrypt the links of every second shard");
ABSL_FLAG(double, frames_per_second, 0,
          "new frames of all shards together; 0: as many as the fleet takes");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage = R"(usage: soak [flags]

Follows primaries that fail in every way, restarts now and then from the stored
positions, and checks every byte. Each fault is counted.

)";

constexpr absl::string_view kNotes = R"(
Exit status:
  0  no violation
  1  a violation, told on standard error
  2  bad usage
)";

int Run(const CommandLine& /*command_line*/) {
  const client_testing::TempFolder folder;
  SoakOptions options;
  options.seed = absl::GetFlag(FLAGS_seed);
  if (options.seed == 0) {
    options.seed = static_cast<uint64_t>(absl::ToUnixNanos(absl::Now()));
  }
  options.shards = absl::GetFlag(FLAGS_shards);
  options.duration = absl::GetFlag(FLAGS_duration);
  options.frames_per_second = absl::GetFlag(FLAGS_frames_per_second);
  options.secure = absl::GetFlag(FLAGS_secure);
  options.folder = folder.path();
  if (options.shards == 0) return BadUsage("--shards is 0");
  std::printf(
      "%s\n",
      absl::StrCat("soak --seed=", options.seed,
                   " --duration=", absl::FormatDuration(options.duration),
                   " --shards=", options.shards, " --frames_per_second=",
                   options.frames_per_second, options.secure ? " --secure" : "")
          .c_str());
  std::fflush(stdout);
  Soak soak(options);
  return soak.Run() ? kExitSuccess : kExitError;
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {"soak", kevy_replica::kUsage, kevy_replica::kNotes}, argc, argv,
      kevy_replica::Run);
}
