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
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

// Stands for each reply "QUEUED" and "OK", which most commands get. The mirror
// does not read their text, so they share this object.
redisReply some_status = {};

// hiredis's functions that make and free replies.
const redisReplyObjectFunctions* default_functions = nullptr;

void* CreateString(const redisReadTask* task, char* text, size_t size) {
  const absl::string_view status(text, size);
  if (task->type != REDIS_REPLY_STATUS ||
      (status != "OK" && status != "QUEUED")) {
    return default_functions->createString(task, text, size);
  }
  if (task->parent != nullptr) {
    static_cast<redisReply*>(task->parent->obj)->element[task->idx] =
        &some_status;
  }
  return &some_status;
}

// Frees a reply, except for `some_status` in it.
void FreeObject(void* object) {
  if (object == &some_status) return;
  auto* const reply = static_cast<redisReply*>(object);
  if (reply != nullptr && reply->type == REDIS_REPLY_ARRAY) {
    for (size_t i = 0; i < reply->elements; ++i) {
      if (reply->element[i] == nullptr) continue;
      FreeObject(reply->element[i]);
      reply->element[i] = nullptr;
    }
  }
  default_functions->freeObject(object);
}

TargetReply Convert(const redisReply& reply) {
  TargetReply result;
  if (&reply == &some_status) {
    result.type = TargetReply::Type::kText;
    return result;
  }
  switch (reply.type) {
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      result.type = TargetReply::Type::kText;
      result.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ERROR:
      result.type = TargetReply::Type::kError;
      result.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      result.type = TargetReply::Type::kInteger;
      result.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      result.type = TargetReply::Type::kArray;
      result.elements.reserve(reply.elements);
      for (size_t i = 0; i < reply.elements; ++i) {
        result.elements.push_back(Convert(*reply.element[i]));
      }
      break;
    default:
      break;
  }
  return result;
}

// After an interrupt, the time to wait for the replies to sent commands.
constexpr absl::Duration kLastReplies = absl::Seconds(2);

// Send-buffer capacity to keep after a send. A larger buffer is freed.
constexpr size_t kKeptBytes = 1 << 20;

// Pieces in one system call. POSIX guarantees 16, Linux takes 1024.
constexpr size_t kMaxPieces = 512;

}  // namespace

RedisLink::RedisLink(redisContext* context, std::string name,
                     std::shared_ptr<Interrupter> interrupter,
                     absl::Duration timeout)
    : context_(context),
      name_(std::move(name)),
      interrupter_(std::move(interrupter)),
      timeout_(timeout) {
  default_functions = context->reader->fn;
  functions_ = *default_functions;
  functions_.createString = CreateString;
  functions_.freeObject = FreeObject;
  context->reader->fn = &functions_;
}

absl::StatusOr<std::unique_ptr<RedisLink>> RedisLink::Connect(
    const TargetAddress& address, std::shared_ptr<Interrupter> interrupter,
    absl::Duration timeout) {
  const timeval limit = absl::ToTimeval(timeout);
  redisContext* const context =
      address.server.kind == Address::Kind::kUnix
          ? redisConnectUnixWithTimeout(address.server.path.c_str(), limit)
          : redisConnectWithTimeout(address.server.host.c_str(),
                                    address.server.port, limit);
  if (context == nullptr) {
    return absl::ResourceExhaustedError("no memory for a connection");
  }
  auto link = absl::WrapUnique(new RedisLink(context, address.ToString(),
                                             std::move(interrupter), timeout));
  if (context->err != 0) {
    // A signal ends hiredis's wait with an error.
    if (link->interrupter_->interrupted()) {
      return absl::CancelledError(
          absl::StrCat("connect to ", link->name_, ": interrupted"));
    }
    return absl::UnavailableError(
        absl::StrCat("connect to ", link->name_, ": ", context->errstr));
  }
  link->Add({"SELECT", absl::StrCat(address.database)});
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<TargetReply> reply = link->Receive();
  if (!reply.ok()) return reply.status();
  if (reply->is_error()) {
    const std::string message =
        absl::StrCat(link->name_, " refuses: ", reply->text);
    return IsServersTrouble(reply->text)
               ? absl::UnavailableError(message)
               : absl::FailedPreconditionError(message);
  }
  return link;
}

void RedisLink::AddRaw(absl::string_view resp) {
  pieces_.push_back({resp.data(), 0, resp.size()});
  gathered_ += resp.size();
  ++added_;
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
  gathered_ += size;
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
  gathered_ = 0;
  return absl::OkStatus();
}

absl::Status RedisLink::WaitForReply() {
  absl::Status ready = interrupter_->WaitFor(context_->fd, POLLIN, timeout_);
  if (!absl::IsCancelled(ready)) return ready;
  last_replies_ = std::min(last_replies_, absl::Now() + kLastReplies);
  const absl::Status last = without_interrupt_.WaitFor(
      context_->fd, POLLIN, last_replies_ - absl::Now());
  return absl::IsDeadlineExceeded(last) ? ready : last;
}

absl::StatusOr<TargetReply> RedisLink::Receive() {
  while (true) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) break;
    if (raw != nullptr) {
      auto* const reply = static_cast<redisReply*>(raw);
      TargetReply result = Convert(*reply);
      FreeObject(reply);
      --outstanding_;
      return result;
    }
    absl::Status ready = WaitForReply();
    if (!ready.ok()) return ready;
    if (redisBufferRead(context_.get()) != REDIS_OK) break;
  }
  return absl::UnavailableError(
      absl::StrCat("read from ", name_, ": ", context_->errstr));
}

}  // namespace kevy_replica
