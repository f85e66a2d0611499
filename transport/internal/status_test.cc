// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/internal/status.h"

#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace transport_internal {
namespace {

using ::testing::StartsWith;

TEST(ErrnoStatusTest, NetworkFailuresAreUnavailable) {
  for (const int error : {ECONNREFUSED, ECONNRESET, ECONNABORTED, EPIPE,
                          ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, ENETDOWN,
                          ENOTCONN, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT}) {
    EXPECT_EQ(ErrnoStatus(error, {"read from", "x"}).code(),
              absl::StatusCode::kUnavailable)
        << error;
  }
}

TEST(ErrnoStatusTest, OtherErrorsHaveAbseilsCode) {
  EXPECT_EQ(ErrnoStatus(ENOENT, {"open", "x"}).code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(ErrnoStatus(EACCES, {"open", "x"}).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrnoStatus(EMFILE, {"open", "x"}).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(ErrnoStatusTest, MessagesNameOperationAndObject) {
  const Operation operation = {"read from", "127.0.0.1:16004"};
  const std::string start = "read from 127.0.0.1:16004: ";
  EXPECT_THAT(std::string(ErrnoStatus(ECONNRESET, operation).message()),
              StartsWith(start));
  EXPECT_THAT(std::string(ErrnoStatus(EPIPE, operation).message()),
              StartsWith(start));
  EXPECT_THAT(std::string(InterruptedStatus(operation).message()),
              StartsWith(start));
  EXPECT_THAT(std::string(TimedOutStatus(operation).message()),
              StartsWith(start));
}

TEST(StatusTest, HasCodes) {
  EXPECT_EQ(InterruptedStatus({"read from", "x"}).code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(TimedOutStatus({"read from", "x"}).code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace transport_internal
}  // namespace kevy_replica
