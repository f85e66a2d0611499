// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Golden files for a handler of your own: add a recording and the text that the
// handler prints for it, and it is a test.
//
//   // index/golden_test.cc
//   absl::Status PrintIndex(absl::string_view recording,
//                           const ReplayOptions& options, std::string* out) {
//     PrintingIndex index(out);  // A FollowerHandler that appends lines.
//     return Replay(recording, &index, options);
//   }
//
//   int main(int argc, char** argv) {
//     return GoldenMain(argc, argv, "index/testdata", PrintIndex);
//   }
//
// A pair of files in the folder is one test: NAME.resp, a recording (see
// replay.h), and NAME.expected, text:
//
//   // A comment.
//   decode handler
//   from 7:8
//   SET foo bar
//   end
//
// testdata/golden/README.md has the format. GoldenMain() with --update writes
// the files again:
//
//   bazel run //index:golden_test -- --update
//
// examples/golden_handler_test.cc is a whole test.

#ifndef KEVY_REPLICA_TESTING_GOLDEN_H_
#define KEVY_REPLICA_TESTING_GOLDEN_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/testing/replay.h"

namespace kevy_replica {

// Plays a recording to the handler under test, and appends what the handler
// prints to `*out`: whole lines. Returns the status of Replay().
using GoldenRun =
    std::function<absl::Status(absl::string_view recording,
                               const ReplayOptions& options, std::string* out)>;

// The content of an .expected file.
struct GoldenExpectation {
  std::string head;  // Comments and options, up to the first other line.
  std::string body;  // The printed lines and the end.
  ReplayOptions options;
};

// Reads the text of an .expected file. kInvalidArgument with the line number,
// for a text without "decode handler" or with a malformed option.
absl::StatusOr<GoldenExpectation> ParseGoldenExpectation(
    absl::string_view text);

// Returns the body that `run` prints for a recording: the lines, and then "end"
// or "error KIND". KIND is that of a ReplicaErrorKind, or the code and message
// of the handler's error.
std::string GoldenBody(absl::string_view recording,
                       const ReplayOptions& options, const GoldenRun& run);

// The main function of a golden test. Each pair of files in `folder`, a path
// from the workspace's root, is one GoogleTest test, "Golden.NAME". A file
// without its partner and a folder without pairs are failures.
//
// --update writes the .expected files anew, and keeps their heads; it makes the
// missing ones. `bazel run` tells it the source tree; otherwise `folder` is
// below the working directory. Other flags are GoogleTest's.
//
// Returns the exit status: 0, 1 if a test failed, 2 for an unknown flag, and
// with --update for a file that cannot be read or written.
int GoldenMain(int argc, char** argv, absl::string_view folder,
               const GoldenRun& run);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_GOLDEN_H_
