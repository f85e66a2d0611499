// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reproducible bytes and sizes, for tests.

#ifndef KEVY_REPLICA_TRANSPORT_TESTING_RANDOM_H_
#define KEVY_REPLICA_TRANSPORT_TESTING_RANDOM_H_

#include <cstddef>
#include <functional>
#include <random>
#include <string>

namespace kevy_replica {
namespace transport_testing {

// Returns `size` bytes: the same bytes for the same seed.
inline std::string RandomBytes(size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string result(size, '\0');
  for (char& c : result) c = static_cast<char>(random());
  return result;
}

// Returns a function whose calls give sizes from 1 to `max`: the same sizes for
// the same seed.
inline std::function<size_t()> RandomSizes(size_t max, unsigned seed) {
  return [random = std::mt19937(seed), max]() mutable {
    return size_t{1} + random() % max;
  };
}

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TESTING_RANDOM_H_
