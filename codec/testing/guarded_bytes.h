// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes beside a page that nobody may read: one byte too far faults.
//
//   GuardedBytes room(64);
//   Decode(room.Place("+PING 8\r\n", Guard::kAfter));

#ifndef KEVY_REPLICA_CODEC_TESTING_GUARDED_BYTES_H_
#define KEVY_REPLICA_CODEC_TESTING_GUARDED_BYTES_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace codec_testing {

// Where the unreadable page lies: right before or right after the bytes.
enum class Guard { kBefore, kAfter };

// Room for up to `capacity` bytes, with an unreadable page at both ends.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t capacity);
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes();

  // `size` writable bytes, flush with a page. Overwrites what was given before.
  absl::Span<char> Room(size_t size, Guard guard);

  // A copy of `bytes`, flush with a page. Overwrites what was given before.
  absl::string_view Place(absl::string_view bytes, Guard guard);

 private:
  size_t page_;
  size_t room_;  // What can be read, whole pages.
  char* mapping_;
};

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_GUARDED_BYTES_H_
