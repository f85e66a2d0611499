// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Makes an allocation fail. It replaces operator new[](nothrow), from which the
// codec's lists have their memory, and wraps the linked code's calls of malloc
// and realloc, from which a ByteBuffer has its memory. Link it into a test
// program of its own.

#ifndef KEVY_REPLICA_CODEC_TESTING_FAILING_ALLOCATION_H_
#define KEVY_REPLICA_CODEC_TESTING_FAILING_ALLOCATION_H_

#include <cstddef>

namespace kevy_replica {
namespace codec_testing {

// While it lives, allocation `number` of this thread fails: 1 is the next one.
// One object at a time.
class FailingAllocation {
 public:
  // The allocations behind it.
  enum class Later { kSucceed, kFail };
  explicit FailingAllocation(size_t number, Later later = Later::kSucceed);
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;
  ~FailingAllocation();

  // Whether the allocation was made, and failed.
  bool has_failed() const;
};

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_FAILING_ALLOCATION_H_
