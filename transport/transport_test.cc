// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/transport.h"

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

// Implements the pure virtual functions only.
class SmallTransport : public Transport {
 public:
  absl::StatusOr<size_t> Read(absl::Span<char>, absl::Duration) override {
    return 0;
  }
  absl::Status Write(absl::string_view, absl::Duration) override {
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void Close() override { ++closes; }
  std::string peer() const override { return "small"; }

  int closes = 0;
};

TEST(TransportTest, HasDefaults) {
  SmallTransport transport;
  EXPECT_EQ(transport.fd(), -1);
  transport.CloseWrite();
  EXPECT_EQ(transport.closes, 1);
}

}  // namespace
}  // namespace kevy_replica
