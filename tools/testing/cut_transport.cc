// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/cut_transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace kevy_replica {
namespace {

constexpr size_t kSlowBytes = 300;

}  // namespace

void CutTransport::Reset() {
  broken_ = true;
  // Dissolves the connection: Linux tells the peer by a reset at once.
  sockaddr nobody = {};
  nobody.sa_family = AF_UNSPEC;
  ::connect(inner().fd(), &nobody, sizeof(nobody));
}

absl::Status CutTransport::Write(absl::string_view bytes,
                                 absl::Duration timeout) {
  if (broken_) return absl::AbortedError("the connection was cut");
  if (!cut_.has_value()) return inner().Write(bytes, timeout);
  const absl::string_view before = bytes.substr(0, cut_->after);
  const absl::Status status = inner().Write(before, timeout);
  if (!status.ok()) return status;
  cut_->after -= before.size();
  bytes.remove_prefix(before.size());
  if (bytes.empty()) return absl::OkStatus();
  happened_ = cut_->kind;
  cut_.reset();
  switch (*happened_) {
    case Kind::kReset:
      Reset();
      break;
    case Kind::kHalfClose:
      inner().CloseWrite();
      break;
    case Kind::kStall:
      break;
    case Kind::kSlowBytes:
      return WriteSlowly(bytes, timeout);
  }
  broken_ = true;
  return absl::AbortedError("the connection was cut");
}

absl::Status CutTransport::WriteSlowly(absl::string_view bytes,
                                       absl::Duration timeout) {
  for (size_t i = std::min(bytes.size(), kSlowBytes); i > 0; --i) {
    const absl::Status status = inner().Write(bytes.substr(0, 1), timeout);
    if (!status.ok()) return status;
    bytes.remove_prefix(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return inner().Write(bytes, timeout);
}

}  // namespace kevy_replica
