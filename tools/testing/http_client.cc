// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/http_client.h"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

}  // namespace

std::unique_ptr<Transport> ConnectForTest(const std::string& address) {
  absl::StatusOr<std::unique_ptr<Transport>> transport =
      ConnectTransport(address);
  if (!transport.ok()) {
    ADD_FAILURE() << transport.status();
    std::abort();
  }
  return *std::move(transport);
}

std::string ReadToEnd(Transport* transport) {
  std::string bytes;
  while (true) {
    char buffer[4096];
    const absl::StatusOr<size_t> size =
        transport->Read(absl::MakeSpan(buffer), kPatience);
    // A reset is an end, too.
    EXPECT_FALSE(absl::IsDeadlineExceeded(size.status())) << "no end came";
    if (!size.ok() || *size == 0) return bytes;
    bytes.append(buffer, *size);
  }
}

HttpAnswer HttpExchange(const std::string& address, absl::string_view request) {
  const std::unique_ptr<Transport> transport = ConnectForTest(address);
  // A server that refuses the request may close before its end.
  transport->Write(request, kPatience).IgnoreError();
  const std::string bytes = ReadToEnd(transport.get());
  HttpAnswer answer;
  const size_t end = bytes.find("\r\n\r\n");
  absl::string_view status = bytes;
  if (end == std::string::npos || !absl::ConsumePrefix(&status, "HTTP/1.1 ") ||
      !absl::SimpleAtoi(status.substr(0, 3), &answer.status)) {
    return HttpAnswer();
  }
  answer.head = bytes.substr(0, end + 2);
  answer.body = bytes.substr(end + 4);
  return answer;
}

HttpAnswer HttpGet(const std::string& address, absl::string_view path) {
  return HttpExchange(address,
                      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", address,
                                   "\r\nAccept: */*\r\n\r\n"));
}

}  // namespace kevy_replica
