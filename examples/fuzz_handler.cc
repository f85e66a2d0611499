// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fuzzes a FollowerHandler: a table that counts the commands of a primary. Any
// stream of a primary leaves it whole, and ends in the follower's own time.
//
// For libFuzzer, with clang:
//
//   ./bazelw build --config=fuzz //examples:fuzz_handler
//   bazel-bin/examples/fuzz_handler -max_total_time=60
//
// With FuzzTest, in place of LLVMFuzzerTestOneInput():
//
//   FUZZ_TEST(TableTest, FuzzTable)
//       .WithDomains(fuzztest::Arbitrary<std::string>());

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/testing/fuzz_primary.h"
#include "kevy_replica/testing/fuzz_stream.h"

namespace {

// The handler under test.
class Table : public kevy_replica::FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition& position) override {
    for (const kevy_replica::FrameView& frame : frames) {
      if (frame.offset() != next_) return absl::InternalError("a gap");
      ++next_;
      ++counts_[std::string(frame.argv()[0])];
    }
    return position.next_offset == next_ ? absl::OkStatus()
                                         : absl::InternalError("position");
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    counts_.clear();
    next_ = 0;
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override {
    loading_ = 0;
    return absl::OkStatus();
  }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    loading_ += bytes.size();
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(
      const kevy_replica::FeedPosition& position) override {
    counts_.clear();
    next_ = position.next_offset;
    return loading_ > 0 ? absl::OkStatus() : absl::InternalError("no payload");
  }

 private:
  std::map<std::string, int> counts_;
  uint64_t next_ = 0;
  size_t loading_ = 0;
};

}  // namespace

// FuzzTest needs a function of values without global state, such as this one.
// FuzzTest is not at hand in Debian; fuzz_handler_test.cc compiles the form
// with a stand-in.
void FuzzTable(const std::string& bytes) {
  const kevy_replica::FuzzPrimary primary(bytes);
  Table table;
  kevy_replica::FollowerOptions options;
  options.read_bytes = 4096;  // AddressSanitizer is slow with large buffers.
  options.retry.initial_backoff = absl::Nanoseconds(1);
  options.retry.max_backoff = absl::Nanoseconds(1);
  auto follower = kevy_replica::Follower::Create(primary.InMemory(), &table,
                                                 std::move(options));
  const absl::Status end =
      follower.ok() ? (*follower)->Run() : follower.status();
  if (kevy_replica::FuzzPrimary::IsEnd(end)) return;
  std::fprintf(stderr, "%s\n", end.ToString().c_str());
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzTable(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
