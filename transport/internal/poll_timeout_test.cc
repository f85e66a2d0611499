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

#include "kevy_replica/transport/internal/poll_timeout.h"

#include <limits>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

TEST(PollTimeoutMsTest, RoundsUp) {
  EXPECT_EQ(PollTimeoutMs(absl::ZeroDuration()), 0);
  EXPECT_EQ(PollTimeoutMs(absl::Nanoseconds(1)), 1);
  EXPECT_EQ(PollTimeoutMs(absl::Milliseconds(1)), 1);
  EXPECT_EQ(PollTimeoutMs(absl::Microseconds(1001)), 2);
}

TEST(PollTimeoutMsTest, ThePastIsNotForEver) {
  EXPECT_EQ(PollTimeoutMs(-absl::Milliseconds(1)), 0);
  EXPECT_EQ(PollTimeoutMs(-absl::InfiniteDuration()), 0);
}

TEST(PollTimeoutMsTest, LongAndForEver) {
  EXPECT_EQ(PollTimeoutMs(absl::Hours(24 * 365)),
            std::numeric_limits<int>::max());
  EXPECT_EQ(PollTimeoutMs(absl::InfiniteDuration()), -1);
}

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
