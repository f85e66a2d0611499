// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP client for tests.
//
//   EXPECT_EQ(HttpGet(server.address(), "/healthz").status, 200);

#ifndef KEVY_REPLICA_TOOLS_TESTING_HTTP_CLIENT_H_
#define KEVY_REPLICA_TOOLS_TESTING_HTTP_CLIENT_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct HttpAnswer {
  int status = 0;    // 0: no answer, or a malformed one.
  std::string head;  // The status line and the headers.
  std::string body;
};

// Connects to "host:port". Aborts the test if that fails.
std::unique_ptr<Transport> ConnectForTest(const std::string& address);

// Reads up to the end of the connection, for 60 s at most. Fails the test if
// the end does not come.
std::string ReadToEnd(Transport* transport);

// Sends `request` as it stands, and reads the answer.
HttpAnswer HttpExchange(const std::string& address, absl::string_view request);

// Sends a GET of `path`.
HttpAnswer HttpGet(const std::string& address, absl::string_view path);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_HTTP_CLIENT_H_
