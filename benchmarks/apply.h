// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Measures your own handler: the cost of decoding and applying a frame.
//
//   class Index : public FollowerHandler { ... };
//
//   const bool registered = benchmarks::RegisterApply(
//       [] { return std::make_unique<Index>(); });
//
//   BENCHMARK_MAIN();
//
// This prints, for each corpus (corpus.h), a row for your handler and one for a
// handler that does nothing. The difference is the cost of applying:
//
//   Decode/set57 ... per_frame=13ns
//   Apply/set57  ... per_frame=121ns
//
// Build with -c opt. examples/apply_benchmark.cc is a whole program.

#ifndef KEVY_REPLICA_BENCHMARKS_APPLY_H_
#define KEVY_REPLICA_BENCHMARKS_APPLY_H_

#include <functional>
#include <memory>
#include <string>

#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/testing/replay.h"

namespace kevy_replica {
namespace benchmarks {

// Makes the handler under test, outside the timing: one for each row, which
// gets the row's bytes again and again, each time as a new link.
using MakeHandler = std::function<std::unique_ptr<FollowerHandler>()>;

// Registers "Decode/NAME" and "Apply/NAME" for each corpus of Corpora(). A read
// brings 64 KiB, copied as from a socket. An error of the handler is that of
// its row. Returns true, so that it can initialize a variable.
bool RegisterApply(const MakeHandler& make);

// The same for a recording: see testing/replay.h. `per_frame` is missing if it
// has no frames.
bool RegisterApply(const std::string& name, std::string recording,
                   const MakeHandler& make,
                   const ReplayOptions& options = ReplayOptions());

}  // namespace benchmarks
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_BENCHMARKS_APPLY_H_
