// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A golden test of a handler: an index of strings and hashes. Each recording of
// examples/testdata is a test. After a change of the handler:
//
//   ./bazelw run //examples:golden_handler_test -- --update
//
// The handler reads the records of a snapshot as commands, so Apply() is its
// only code path.

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/testing/golden.h"
#include "kevy_replica/testing/replay.h"

namespace {

class Index : public kevy_replica::FollowerHandler {
 public:
  using Argv = absl::Span<const absl::string_view>;

  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition&) override {
    for (const kevy_replica::FrameView& frame : frames) {
      argv_.assign(frame.argv().begin(), frame.argv().end());
      Apply(argv_);
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return Clear();
  }
  absl::Status OnSnapshotBegin() override { return Clear(); }
  absl::Status OnPayload(const kevy_replica::PayloadEvent& event) override {
    return commands_.Take(event);
  }
  absl::Status OnSnapshotEnd(const kevy_replica::FeedPosition&) override {
    return absl::OkStatus();
  }

  // One line for each value, sorted.
  std::string ToString() const {
    std::string text;
    for (const auto& entry : values_) {
      absl::StrAppend(&text, kevy_replica::Escaped(entry.first), " = ",
                      kevy_replica::Escaped(entry.second), "\n");
    }
    return text;
  }

 private:
  void Apply(Argv argv) {
    if (argv[0] == "SET" && argv.size() >= 3) {
      values_[std::string(argv[1])] = std::string(argv[2]);
    } else if (argv[0] == "HSET") {
      for (size_t i = 2; i + 1 < argv.size(); i += 2) {
        values_[absl::StrCat(argv[1], ".", argv[i])] = std::string(argv[i + 1]);
      }
    } else if (argv[0] == "DEL") {
      for (const absl::string_view key : argv.subspan(1)) {
        values_.erase(std::string(key));
      }
    }
  }
  absl::Status Clear() {
    values_.clear();
    return absl::OkStatus();
  }

  std::map<std::string, std::string> values_;
  std::vector<absl::string_view> argv_;
  kevy_replica::PayloadCommands commands_{
      [this](const kevy_replica::PayloadCommand& command) {
        Apply(command.argv);
        return absl::OkStatus();
      }};
};

absl::Status PrintIndex(absl::string_view recording,
                        const kevy_replica::ReplayOptions& options,
                        std::string* out) {
  Index index;
  absl::Status end = kevy_replica::Replay(recording, &index, options);
  *out += index.ToString();
  return end;
}

}  // namespace

int main(int argc, char** argv) {
  return kevy_replica::GoldenMain(argc, argv, "examples/testdata", PrintIndex);
}
