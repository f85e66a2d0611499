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

#include "kevy_replica/tools/mirror/redis_link.h"

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/transport/internal/test_ports.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

TEST(RedisLinkTest, WhatEndsAConnectAfterAnInterruptIsNoError) {
  const transport_internal::RefusingPort port;
  const absl::StatusOr<TargetAddress> address =
      ParseTargetAddress(absl::StrCat("redis://", port.address().ToString()));
  ASSERT_TRUE(address.ok()) << address.status();
  const auto interrupter = std::make_shared<Interrupter>();
  absl::Status status = RedisLink::Connect(*address, interrupter).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  interrupter->Interrupt();
  status = RedisLink::Connect(*address, interrupter).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

}  // namespace
}  // namespace kevy_replica
