// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Follows one shard, and resumes at its position when it is started again.
//
//   ./bazelw run //examples:follow -- 127.0.0.1:16004 /tmp/positions

#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/codec/frame.h"

namespace {

class Printer : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition&) override {
    for (const kevy_replica::FrameView& frame : frames) {
      std::cout << frame.offset() << ' ' << frame.argv()[0] << '\n';
    }
    std::cout << std::flush;
    return absl::OkStatus();  // Applied: acknowledge and store them.
  }
  // A new state follows, which replaces the held data.
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return Say("empty");
  }
  absl::Status OnSnapshotBegin() override { return Say("snapshot begins"); }
  absl::Status OnSnapshotChunk(absl::string_view) override { return {}; }
  absl::Status OnSnapshotEnd(const kevy_replica::FeedPosition&) override {
    return Say("snapshot ends");
  }

 private:
  static absl::Status Say(absl::string_view what) {
    std::cout << "# " << what << std::endl;
    return absl::OkStatus();
  }
};

absl::Status Follow(absl::string_view address, absl::string_view positions) {
  auto store = kevy_replica::FilePositionStore::Open(positions);
  if (!store.ok()) return store.status();
  Printer printer;
  kevy_replica::FollowerOptions options;
  options.link.replica_id = "search-indexer";
  options.store.positions = store->get();
  auto follower = kevy_replica::Follower::Create(address, &printer, options);
  if (!follower.ok()) return follower.status();
  return (*follower)->Run();  // Until Stop() or a handler error.
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: follow HOST:PORT FILE\n";
    return 2;
  }
  const absl::Status status = Follow(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
