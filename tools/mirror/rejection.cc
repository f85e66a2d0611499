// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/rejection.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/mirror_state.h"

namespace kevy_replica {

SentCommand::SentCommand(uint64_t offset, absl::string_view command)
    : offset_(offset),
      excerpt_size_(
          static_cast<uint8_t>(std::min(command.size(), kExcerptBytes))) {
  std::memcpy(excerpt_.data(), command.data(), excerpt_size_);
}

std::string SentCommand::ToString() const {
  return Escaped(absl::string_view(excerpt_.data(), excerpt_size_));
}

absl::Status Reject(const MirrorOptions& options, MirrorCounters* counters,
                    const std::string& message) {
  if (!options.skip_rejected) return absl::FailedPreconditionError(message);
  ++counters->skipped;
  options.log(message);
  return absl::OkStatus();
}

}  // namespace kevy_replica
