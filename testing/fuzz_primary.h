// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary driven by fuzz bytes, for fuzzing a FollowerHandler.
//
//   void FuzzIndex(const std::string& bytes) {
//     FuzzPrimary primary(bytes);
//     Index index;  // The FollowerHandler under test.
//     FollowerOptions options;
//     options.read_bytes = 4096;  // Faster under AddressSanitizer.
//     options.retry.max_backoff = absl::Nanoseconds(1);
//     options.retry.initial_backoff = absl::Nanoseconds(1);
//     auto follower = Follower::Create(primary.InMemory(), &index, options);
//     const absl::Status end = (*follower)->Run();
//     if (!primary.IsEnd(end)) abort();  // The index failed.
//   }
//
// examples/fuzz_handler.cc is a whole program for libFuzzer. fuzz_stream.h
// shows the form for FuzzTest.
//
// It speaks over memory: without a network, a clock or a thread of its own. The
// links are those of FuzzStream (fuzz_stream.h): each answers the request that
// the follower sends. So the handler sees resumed links, snapshots in
// mid-stream, new generations and cut elements. Once the fuzz bytes are used
// up, connecting fails with kInvalidArgument, which ends Run().

#ifndef KEVY_REPLICA_TESTING_FUZZ_PRIMARY_H_
#define KEVY_REPLICA_TESTING_FUZZ_PRIMARY_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/testing/fuzz_stream.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Not thread-safe: one thread at a time uses it, its factory and its links.
class FuzzPrimary {
 public:
  // `bytes` must outlive this object, its factory and its links.
  explicit FuzzPrimary(absl::string_view bytes,
                       const FuzzStreamOptions& options = FuzzStreamOptions())
      : stream_(std::make_shared<FuzzStream>(bytes, options)) {}

  // Returns a factory of links. It may outlive this object. A link sends
  // nothing before the request has come, and ignores acknowledgements.
  [[nodiscard]] TransportFactory InMemory() const;

  // Whether `status` is the factory's error at the end of the fuzz bytes.
  [[nodiscard]] static bool IsEnd(const absl::Status& status);

 private:
  const std::shared_ptr<FuzzStream> stream_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_FUZZ_PRIMARY_H_
