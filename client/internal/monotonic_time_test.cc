// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#include "kevy_replica/client/internal/monotonic_time.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace client_internal {
namespace {

TEST(MonotonicTimeTest, TheRoughClockIsTheSameOneAndNeverAhead) {
  absl::Time last = absl::InfinitePast();
  for (int i = 0; i < 1000; ++i) {
    const absl::Time rough = RoughMonotonicNow();
    EXPECT_GE(rough, last);
    EXPECT_LE(rough, MonotonicNow());
    EXPECT_LT(MonotonicNow() - rough, absl::Hours(1));  // No other epoch.
    last = rough;
  }
}

}  // namespace
}  // namespace client_internal
}  // namespace kevy_replica
