// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection to a Valkey or Redis server.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/delayed_interrupt.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// Runs over a Transport: TCP, a Unix socket or TLS. Long commands are written
// from the callers' buffers, so that they are not copied. A ReplyReader reads
// replies, so that their size is bounded.
class RedisLink : public TargetLink {
 public:
  // Connects, does TLS's handshake, sends the password if there is one, and
  // selects the database. `timeout` limits connecting, each read, and each
  // write of 64 KiB. `interrupter` ends all of them 0.3 s later, so that the
  // replies to sent commands can still come. A reply over `limits` ends the
  // link.
  //
  // Returns:
  //   a link               ready for commands
  //   kUnavailable         the server cannot be reached, or it is in trouble;
  //                        or this side is out of memory
  //   kFailedPrecondition  the server refuses: it lacks the database, or wants
  //                        a password; one side refuses the other's certificate
  //   kInvalidArgument     a file of TLS cannot be used
  //   kDeadlineExceeded    the reply took longer than `timeout`
  //   kCancelled           interrupted
  static absl::StatusOr<std::unique_ptr<RedisLink>> Connect(
      const TargetAddress& address, std::shared_ptr<Interrupter> interrupter,
      absl::Duration timeout = absl::Seconds(10),
      const TargetReplyLimits& limits = TargetReplyLimits());

  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override;
  size_t outstanding() const override { return outstanding_; }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;
  size_t SkipQueued(size_t most) override;

 private:
  // Bytes to send: at `data`, or in `own_` from `offset` on if that is null.
  struct Piece {
    const char* data;
    size_t offset;
    size_t size;
  };
  RedisLink(std::string name, const std::shared_ptr<Interrupter>& interrupter,
            absl::Duration timeout, const TargetReplyLimits& limits);

  absl::Status Open(const TargetAddress& address);
  absl::Status TakeOwnReply();
  // Writes `bytes` behind `gathered_`, or keeps the rest there.
  absl::Status Gather(absl::string_view bytes);
  // Writes at most kWriteBytes.
  absl::Status Write(absl::string_view bytes);
  // Reads bytes into `unread_`.
  absl::Status Read();

  const std::string name_;
  const absl::Duration timeout_;
  const DelayedInterrupt end_;
  std::unique_ptr<Transport> transport_;
  std::string own_;
  std::vector<Piece> pieces_;
  std::string gathered_;  // Short pieces, which are written together.
  size_t added_ = 0;      // Commands since the last Send().
  size_t outstanding_ = 0;
  ReplyReader reader_;
  std::string room_;          // Bytes of replies.
  absl::string_view unread_;  // Those in `room_` that `reader_` has not taken.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_
