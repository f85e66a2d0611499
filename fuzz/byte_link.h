// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A server whose replies are the bytes of a fuzz input.

#ifndef KEVY_REPLICA_FUZZ_BYTE_LINK_H_
#define KEVY_REPLICA_FUZZ_BYTE_LINK_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {

// Reads one reply for each command from the front of `*bytes`, which a later
// link goes on with. The end of the bytes is the end of the connection.
class ByteLink : public TargetLink {
 public:
  ByteLink(absl::string_view* bytes, const TargetReplyLimits& limits)
      : bytes_(*bytes), reader_(limits) {}

  void AddRaw(absl::string_view /*resp*/) override { ++added_; }
  void Add(absl::Span<const absl::string_view> argv) override {
    FUZZ_CHECK(!argv.empty());
    ++added_;
  }
  absl::Status Send() override {
    outstanding_ += added_;
    added_ = 0;
    return absl::OkStatus();
  }
  size_t outstanding() const override { return outstanding_; }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override {
    FUZZ_CHECK(outstanding_ > 0);
    --outstanding_;
    TargetReply reply;
    const absl::StatusOr<bool> taken = reader_.Take(detail, &bytes_, &reply);
    if (!taken.ok()) return taken.status();
    if (!*taken) return absl::UnavailableError("it closed the connection");
    return reply;
  }

 private:
  absl::string_view& bytes_;
  ReplyReader reader_;
  size_t added_ = 0;
  size_t outstanding_ = 0;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_FUZZ_BYTE_LINK_H_
