// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The bytes of a fuzzer, read as choices.

#ifndef KEVY_REPLICA_TESTING_INTERNAL_FUZZ_INPUT_H_
#define KEVY_REPLICA_TESTING_INTERNAL_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace testing_internal {

// The bytes from front to back, then zeros: a fuzzer that shortens an input
// leaves the choices before the end as they were.
class FuzzInput {
 public:
  // `bytes` must outlive this object.
  explicit FuzzInput(absl::string_view bytes) : bytes_(bytes) {}

  // Whether all bytes are used up.
  bool done() const { return bytes_.empty(); }

  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }
  // A number below `end`, which is 1 to 256.
  size_t Below(size_t end) { return Byte() % end; }
  bool Bool() { return Byte() % 2 != 0; }
  // A number of any length: a byte for its length, then its bytes.
  uint64_t Number() {
    uint64_t number = 0;
    for (size_t left = Below(9); left > 0; --left) {
      number = number << 8 | Byte();
    }
    return number;
  }
  // At most `size` bytes: those that are left.
  absl::string_view Bytes(size_t size) {
    const absl::string_view front = bytes_.substr(0, size);
    bytes_.remove_prefix(front.size());
    return front;
  }
  // A string of up to 63 bytes, mostly a short one, so that one string does not
  // use up an input: a byte for its length, then its bytes.
  absl::string_view String() {
    const uint8_t length = Byte();
    return Bytes(length < 224 ? length % 8 : length - 192);
  }

 private:
  absl::string_view bytes_;
};

}  // namespace testing_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_INTERNAL_FUZZ_INPUT_H_
