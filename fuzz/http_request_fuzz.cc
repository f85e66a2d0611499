// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Requests to a program's monitoring port: a decision stays when more bytes
// come, and no request goes undecided beyond its limit. The path of an accepted
// request has no line end, and reads the same without headers and query.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/tools/common/http_request.h"

namespace kevy_replica {
namespace {

bool Same(const HttpRequest& a, const HttpRequest& b) {
  return a.status == b.status && a.is_head == b.is_head && a.path == b.path;
}

void Parse(absl::string_view bytes) {
  const HttpRequest request = ParseHttpRequest(bytes);
  FUZZ_CHECK(request.status == 0 || request.status == 200 ||
             request.status == 400 || request.status == 405 ||
             request.status == 431);
  FUZZ_CHECK(request.status != 0 || bytes.size() <= kMaxHttpRequestBytes);
  // The first prefix that decides, by bisection: decisions stay.
  size_t undecided = 0;
  size_t decided = bytes.size();
  while (request.status != 0 && undecided + 1 < decided) {
    const size_t middle = undecided + (decided - undecided) / 2;
    const HttpRequest part = ParseHttpRequest(bytes.substr(0, middle));
    FUZZ_CHECK(part.status == 0 || Same(part, request));
    (part.status == 0 ? undecided : decided) = middle;
  }
  const std::string longer = absl::StrCat(bytes, "\r\nGET / HTTP/1.1\r\n\r\n");
  FUZZ_CHECK(request.status == 0 || Same(ParseHttpRequest(longer), request));
  if (request.status != 200) return;

  FUZZ_CHECK(decided >= 4 && bytes.substr(decided - 4, 4) == "\r\n\r\n");
  FUZZ_CHECK(absl::StartsWith(request.path, "/"));
  FUZZ_CHECK(std::none_of(request.path.begin(), request.path.end(), [](char c) {
    return c == ' ' || c == '?' || c == '\r' || c == '\n' || c == '\0';
  }));
  const std::string plain = absl::StrCat(request.is_head ? "HEAD " : "GET ",
                                         request.path, " HTTP/1.1\r\n\r\n");
  FUZZ_CHECK(Same(ParseHttpRequest(plain), request));
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Parse(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
