// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The head of an HTTP request, read from the bytes of anyone.

#ifndef KEVY_REPLICA_TOOLS_COMMON_HTTP_REQUEST_H_
#define KEVY_REPLICA_TOOLS_COMMON_HTTP_REQUEST_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace kevy_replica {

inline constexpr size_t kMaxHttpRequestBytes = 8 << 10;

struct HttpRequest {
  // 0: more bytes are needed. 200: the request is whole, and the fields below
  // are set. Otherwise the status of the refusal:
  //
  //   400  malformed at any byte: a control character, a line that does not end
  //        in CRLF, or a request line of another form
  //   405  a method other than GET and HEAD
  //   431  more than kMaxHttpRequestBytes of request line and headers
  int status = 0;
  bool is_head = false;  // HEAD. Else GET.
  // Begins with "/". As it stands, without the query. A view of the bytes.
  absl::string_view path;
};

// Reads a request from the first `bytes` of a connection. A status other than 0
// stays with more bytes. Bytes behind the request do not count.
HttpRequest ParseHttpRequest(absl::string_view bytes);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_HTTP_REQUEST_H_
