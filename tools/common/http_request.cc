// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/http_request.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

// Whether a request that begins with `bytes` is malformed, by its bytes alone.
bool IsMalformed(absl::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\n' && (i == 0 || bytes[i - 1] != '\r')) return true;
    if (i > 0 && bytes[i - 1] == '\r' && c != '\n') return true;
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\r' &&
        c != '\n' && c != '\t') {
      return true;
    }
  }
  return false;
}

HttpRequest ParseRequestLine(absl::string_view line) {
  HttpRequest request;
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3 || parts[0].empty() ||
      !absl::StartsWith(parts[1], "/") ||
      (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0")) {
    request.status = 400;
    return request;
  }
  request.is_head = parts[0] == "HEAD";
  request.status = request.is_head || parts[0] == "GET" ? 200 : 405;
  request.path = parts[1].substr(0, parts[1].find('?'));
  return request;
}

}  // namespace

HttpRequest ParseHttpRequest(absl::string_view bytes) {
  HttpRequest request;
  const size_t end = bytes.find("\r\n\r\n");
  const bool is_whole = end != absl::string_view::npos;
  const size_t size = is_whole ? end + 4 : bytes.size();
  const absl::string_view head =
      bytes.substr(0, std::min(size, kMaxHttpRequestBytes));
  if (IsMalformed(head)) {
    request.status = 400;
  } else if (size > kMaxHttpRequestBytes) {
    request.status = 431;
  } else if (is_whole) {
    return ParseRequestLine(head.substr(0, head.find('\r')));
  }
  return request;
}

}  // namespace kevy_replica
