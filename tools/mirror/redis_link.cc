// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/redis_link.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// After an interrupt, the time to wait for the replies to sent commands.
constexpr absl::Duration kLastReplies = absl::Milliseconds(300);

constexpr size_t kReadBytes = 64 << 10;

// Send-buffer capacity to keep after a send. A larger buffer is freed.
constexpr size_t kKeptBytes = 1 << 20;

// Pieces in one system call. POSIX guarantees 16, Linux takes 1024.
constexpr size_t kMaxPieces = 512;

}  // namespace

RedisLink::RedisLink(redisContext* context, std::string name,
                     std::shared_ptr<Interrupter> interrupter,
                     absl::Duration timeout, const TargetReplyLimits& limits)
    : context_(context),
      name_(std::move(name)),
      interrupter_(std::move(interrupter)),
      timeout_(timeout),
      reader_(limits),
      room_(kReadBytes, '\0') {}

absl::StatusOr<std::unique_ptr<RedisLink>> RedisLink::Connect(
    const TargetAddress& address, std::shared_ptr<Interrupter> interrupter,
    absl::Duration timeout, const TargetReplyLimits& limits) {
  const timeval limit = absl::ToTimeval(timeout);
  redisContext* const context =
      address.server.kind == Address::Kind::kUnix
          ? redisConnectUnixWithTimeout(address.server.path.c_str(), limit)
          : redisConnectWithTimeout(address.server.host.c_str(),
                                    address.server.port, limit);
  if (context == nullptr) {
    return absl::ResourceExhaustedError("no memory for a connection");
  }
  auto link = absl::WrapUnique(new RedisLink(
      context, address.ToString(), std::move(interrupter), timeout, limits));
  if (context->err != 0) {
    // A signal ends hiredis's wait with an error.
    if (link->interrupter_->interrupted()) {
      return absl::CancelledError(
          absl::StrCat("connect to ", link->name_, ": interrupted"));
    }
    return absl::UnavailableError(
        absl::StrCat("connect to ", link->name_, ": ", context->errstr));
  }
  if (!address.password.empty()) {
    link->Add({"AUTH", address.user.empty() ? "default" : address.user,
               address.password});
    const absl::Status status = link->TakeOwnReply();
    if (!status.ok()) return status;
  }
  link->Add({"SELECT", absl::StrCat(address.database)});
  const absl::Status status = link->TakeOwnReply();
  if (!status.ok()) return status;
  return link;
}

// Sends the command of Connect(), and takes its reply.
absl::Status RedisLink::TakeOwnReply() {
  absl::Status sent = Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<TargetReply> reply = Receive(ReplyDetail::kBrief);
  if (!reply.ok()) return reply.status();
  if (!reply->is_error()) return absl::OkStatus();
  const std::string message = absl::StrCat(name_, " refuses: ", reply->text);
  return ClassOfError(reply->text, "") == ReplyClass::kTrouble
             ? absl::UnavailableError(message)
             : absl::FailedPreconditionError(message);
}

void RedisLink::AddRaw(absl::string_view resp) {
  ++added_;
  // Neighbours travel as one piece.
  if (!pieces_.empty() && pieces_.back().data != nullptr &&
      pieces_.back().data + pieces_.back().size == resp.data()) {
    pieces_.back().size += resp.size();
    return;
  }
  pieces_.push_back({resp.data(), 0, resp.size()});
}

void RedisLink::Add(absl::Span<const absl::string_view> argv) {
  const size_t begin = own_.size();
  // Only an empty `argv` would fail.
  (void)AppendCommand(argv, &own_);
  const size_t size = own_.size() - begin;
  if (!pieces_.empty() && pieces_.back().data == nullptr &&
      pieces_.back().offset + pieces_.back().size == begin) {
    pieces_.back().size += size;
  } else {
    pieces_.push_back({nullptr, begin, size});
  }
  ++added_;
}

absl::Status RedisLink::Send() {
  std::vector<iovec> vectors;
  vectors.reserve(pieces_.size());
  for (const Piece& piece : pieces_) {
    const char* const data =
        piece.data != nullptr ? piece.data : own_.data() + piece.offset;
    vectors.push_back({const_cast<char*>(data), piece.size});
  }
  size_t next = 0;
  while (next < vectors.size()) {
    msghdr message = {};
    message.msg_iov = &vectors[next];
    message.msg_iovlen = std::min(vectors.size() - next, kMaxPieces);
    const ssize_t sent =
        ::sendmsg(context_->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        const int error = errno;
        return absl::UnavailableError(
            absl::ErrnoToStatus(error, "write to " + name_).message());
      }
      const absl::Status ready =
          interrupter_->WaitFor(context_->fd, POLLOUT, timeout_);
      if (!ready.ok()) return ready;
      continue;
    }
    size_t left = static_cast<size_t>(sent);
    while (left > 0 && left >= vectors[next].iov_len) {
      left -= vectors[next++].iov_len;
    }
    if (left > 0) {
      vectors[next].iov_base =
          static_cast<char*>(vectors[next].iov_base) + left;
      vectors[next].iov_len -= left;
    }
  }
  outstanding_ += std::exchange(added_, 0);
  pieces_.clear();
  own_.clear();
  if (own_.capacity() > kKeptBytes) own_ = std::string();
  return absl::OkStatus();
}

absl::Status RedisLink::WaitForBytes() {
  absl::Status ready = interrupter_->WaitFor(context_->fd, POLLIN, timeout_);
  if (!absl::IsCancelled(ready)) return ready;
  // A target that sends without end must not keep the mirror.
  const absl::Time now = absl::Now();
  last_replies_ = std::min(last_replies_, now + kLastReplies);
  if (now >= last_replies_) return ready;
  const absl::Status last =
      without_interrupt_.WaitFor(context_->fd, POLLIN, last_replies_ - now);
  return absl::IsDeadlineExceeded(last) ? ready : last;
}

absl::Status RedisLink::Read() {
  while (true) {
    absl::Status ready = WaitForBytes();
    if (!ready.ok()) return ready;
    const ssize_t size = ::recv(context_->fd, &room_[0], room_.size(), 0);
    if (size > 0) {
      unread_ = absl::string_view(room_.data(), static_cast<size_t>(size));
      return absl::OkStatus();
    }
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    return absl::UnavailableError(
        absl::StrCat("read from ", name_, ": ",
                     size == 0 ? "the server has closed the connection"
                               : absl::ErrnoToStatus(errno, "recv").message()));
  }
}

absl::StatusOr<TargetReply> RedisLink::Receive(ReplyDetail detail) {
  TargetReply reply;
  while (true) {
    const absl::StatusOr<bool> whole = reader_.Take(detail, &unread_, &reply);
    if (!whole.ok()) return whole.status();
    if (*whole) break;
    absl::Status status = Read();
    if (!status.ok()) return status;
  }
  --outstanding_;
  return reply;
}

}  // namespace kevy_replica
