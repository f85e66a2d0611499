// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes beside an unreadable page: a read one byte too far faults.
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

// The place of the unreadable page: directly before or directly behind the
// bytes.
enum class Guard { kBefore, kAfter };

// Room for up to `capacity` bytes, with an unreadable page at both ends.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t capacity);
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes();

  // Returns `size` writable bytes beside the page. Overwrites the earlier
  // bytes.
  absl::Span<char> Room(size_t size, Guard guard);

  // Returns a copy of `bytes` beside the page. Overwrites the earlier bytes.
  absl::string_view Place(absl::string_view bytes, Guard guard);

 private:
  size_t page_;
  size_t room_;  // Readable bytes, whole pages.
  char* mapping_;
};

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_GUARDED_BYTES_H_
