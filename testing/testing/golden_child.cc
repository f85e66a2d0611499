// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A golden test over the folder $GOLDEN_FOLDER, run by golden_test.

#include <cstdlib>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/testing/recording_handler.h"
#include "kevy_replica/testing/golden.h"
#include "kevy_replica/testing/replay.h"

int main(int argc, char** argv) {
  return kevy_replica::GoldenMain(
      argc, argv, std::getenv("GOLDEN_FOLDER"),
      [](absl::string_view recording,
         const kevy_replica::ReplayOptions& options, std::string* out) {
        kevy_replica::client_testing::RecordingHandler handler;
        const absl::Status end =
            kevy_replica::Replay(recording, &handler, options);
        for (const std::string& line : handler.lines()) *out += line + "\n";
        return end;
      });
}
