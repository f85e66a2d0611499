// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a follower against a model of a primary and of a network: see
// simulation/README.md.
//
//   follower_simulation_test --seeds=100000         more seeds
//   follower_simulation_test --seed=7 --seeds=1     one seed
//   follower_simulation_test --seed=7 --seeds=1 --trace

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/base/config.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/simulation.h"

namespace kevy_replica {
namespace simulation {
namespace {

#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
constexpr uint64_t kDefaultSeeds = 500;
#else
constexpr uint64_t kDefaultSeeds = 3000;
#endif

struct Flags {
  uint64_t seed = 1;  // The first.
  uint64_t seeds = kDefaultSeeds;
  bool trace = false;
  bool counts = false;
} flags;

// Runs every seed once, for all tests of this file.
struct Runs {
  std::string failure;
  Counts counts{};
};

Runs RunAll(uint64_t seeds, Links links) {
  Runs runs;
  for (uint64_t i = 0; i < seeds; ++i) {
    const uint64_t seed = flags.seed + i;
    const SimulationResult result =
        Simulate(seed, flags.trace ? Tracing::kPrint : Tracing::kOff, links);
    for (size_t k = 0; k < kHappenings; ++k) runs.counts[k] += result.counts[k];
    if (result.failure.empty()) continue;
    const SimulationResult again = Simulate(seed, Tracing::kKeep, links);
    runs.failure = absl::StrCat(
        "seed ", seed, ": ", result.failure, "\n\nthe trace's end:\n",
        again.trace, again.failure == result.failure ? "" : "NOT REPLAYED\n",
        "\nreplay: bazel-bin/client/follower_simulation_test --seed=", seed,
        " --seeds=1\n");
    break;
  }
  return runs;
}

const Runs& AllRuns() {
  static const Runs* const runs = new Runs(RunAll(flags.seeds, Links::kPlain));
  return *runs;
}

TEST(FollowerSimulation, InvariantsHold) {
  EXPECT_TRUE(AllRuns().failure.empty()) << AllRuns().failure;
}

// The handshakes take most of the time, so there are fewer runs.
TEST(FollowerSimulation, InvariantsHoldOverSecureLinks) {
  const Runs runs = RunAll((flags.seeds + 49) / 50, Links::kSecure);
  EXPECT_TRUE(runs.failure.empty()) << "over secure links: " << runs.failure;
  EXPECT_GT(runs.counts[static_cast<size_t>(Happening::kSnapshotTaken)],
            uint64_t{0});
}

// A kind of event that does not occur is not tested.
TEST(FollowerSimulation, EveryEventHappens) {
  if (flags.seed != 1 || flags.seeds < kDefaultSeeds) {
    GTEST_SKIP() << "of the default seeds";
  }
  if (!AllRuns().failure.empty()) GTEST_SKIP() << "not all seeds were run";
  for (size_t i = 0; i < kHappenings; ++i) {
    const Happening happening = static_cast<Happening>(i);
    // Here the follower keeps its primary and leaves payloads encoded.
    if (happening == Happening::kRetargeted ||
        happening == Happening::kNotPrimary ||
        happening == Happening::kPayload) {
      continue;
    }
    const uint64_t count = AllRuns().counts[i];
    EXPECT_GE(count, kDefaultSeeds / 100) << HappeningName(happening);
    if (flags.counts) {
      std::printf("%9llu %s\n", static_cast<unsigned long long>(count),
                  std::string(HappeningName(happening)).c_str());
    }
  }
}

bool ParseFlag(absl::string_view argument) {
  if (argument == "--trace") return flags.trace = true;
  if (argument == "--counts") return flags.counts = true;
  if (absl::ConsumePrefix(&argument, "--seed=")) {
    return absl::SimpleAtoi(argument, &flags.seed);
  }
  if (absl::ConsumePrefix(&argument, "--seeds=")) {
    return absl::SimpleAtoi(argument, &flags.seeds);
  }
  return false;
}

}  // namespace
}  // namespace simulation
}  // namespace kevy_replica

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    if (!kevy_replica::simulation::ParseFlag(argv[i])) {
      std::fprintf(stderr,
                   "usage: %s [--seed=N] [--seeds=N] [--trace] [--counts]\n",
                   argv[0]);
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
