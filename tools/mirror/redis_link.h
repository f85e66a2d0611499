// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection to a Valkey or Redis server.

#ifndef KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_
#define KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_

#include <hiredis/hiredis.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {

// hiredis connects. Send() writes to the socket itself, with sendmsg() from the
// callers' buffers, so that frames are not copied. A ReplyReader reads replies,
// since hiredis's own would keep values of any size.
class RedisLink : public TargetLink {
 public:
  // Connects, sends the password if there is one, and selects the database.
  // `timeout` limits each wait, from now on.
  // `interrupter` ends each wait; waits for replies go on for 0.3 s in all.
  // A reply over `limits` ends the link.
  //
  // Returns:
  //   a link               ready for commands
  //   kUnavailable         the server cannot be reached, or it is in trouble
  //   kFailedPrecondition  the server refuses: it lacks the database, or wants
  //                        a password
  //   kDeadlineExceeded    the reply took longer than `timeout`
  //   kCancelled           interrupted
  //   kResourceExhausted   out of memory
  static absl::StatusOr<std::unique_ptr<RedisLink>> Connect(
      const TargetAddress& address, std::shared_ptr<Interrupter> interrupter,
      absl::Duration timeout = absl::Seconds(10),
      const TargetReplyLimits& limits = TargetReplyLimits());

  void AddRaw(absl::string_view resp) override;
  void Add(absl::Span<const absl::string_view> argv) override;
  absl::Status Send() override;
  size_t outstanding() const override { return outstanding_; }
  absl::StatusOr<TargetReply> Receive(ReplyDetail detail) override;

 private:
  // Bytes to send: at `data`, or in `own_` from `offset` on if that is null.
  struct Piece {
    const char* data;
    size_t offset;
    size_t size;
  };
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  RedisLink(redisContext* context, std::string name,
            std::shared_ptr<Interrupter> interrupter, absl::Duration timeout,
            const TargetReplyLimits& limits);

  absl::Status TakeOwnReply();
  // Waits for bytes and reads some of them into `unread_`.
  absl::Status Read();
  absl::Status WaitForBytes();

  const std::unique_ptr<redisContext, Free> context_;
  const std::string name_;
  const std::shared_ptr<Interrupter> interrupter_;
  const absl::Duration timeout_;
  Interrupter without_interrupt_;  // For the waits after an interrupt.
  // The end of those waits. Set by the first one.
  absl::Time last_replies_ = absl::InfiniteFuture();
  std::string own_;
  std::vector<Piece> pieces_;
  size_t added_ = 0;  // Commands since the last Send().
  size_t outstanding_ = 0;
  ReplyReader reader_;
  std::string room_;          // Bytes of replies.
  absl::string_view unread_;  // Those in `room_` that `reader_` has not taken.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_MIRROR_REDIS_LINK_H_
