// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/redis_link.h"

#include <algorithm>
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
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_transport.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// After an interrupt, the time for the last commands and replies.
constexpr absl::Duration kLastReplies = absl::Milliseconds(300);

constexpr size_t kReadBytes = 64 << 10;

// Send-buffer capacity to keep after a send. A larger buffer is freed.
constexpr size_t kKeptBytes = 1 << 20;

// Bytes of one write. A part of a long command gets a timeout of its own, so
// that a slow network is no error.
constexpr size_t kWriteBytes = 64 << 10;

// Maps a transport's error to the codes of Connect(). A refused certificate and
// an unusable file keep theirs. Any other error may pass: a lack of memory,
// too, since kResourceExhausted means a reply over a limit.
absl::Status LinkError(absl::string_view name, const absl::Status& status) {
  const std::string message = absl::StrCat(name, ": ", status.message());
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return absl::Status(status.code(), message);
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

RedisLink::RedisLink(std::string name,
                     const std::shared_ptr<Interrupter>& interrupter,
                     absl::Duration timeout, const TargetReplyLimits& limits)
    : name_(std::move(name)),
      timeout_(timeout),
      end_(interrupter, kLastReplies),
      reader_(limits),
      room_(kReadBytes, '\0') {}

absl::StatusOr<std::unique_ptr<RedisLink>> RedisLink::Connect(
    const TargetAddress& address, std::shared_ptr<Interrupter> interrupter,
    absl::Duration timeout, const TargetReplyLimits& limits) {
  auto link = absl::WrapUnique(
      new RedisLink(address.ToString(), interrupter, timeout, limits));
  const absl::Status status = link->Open(address);
  if (interrupter->interrupted()) {
    return absl::CancelledError(
        absl::StrCat("connect to ", link->name_, ": interrupted"));
  }
  if (!status.ok()) return status;
  return link;
}

absl::Status RedisLink::Open(const TargetAddress& address) {
  ConnectOptions options;
  options.connect_timeout = timeout_;
  options.interrupter = end_.interrupter();
  const std::string server = address.server.ToString();
  absl::StatusOr<std::unique_ptr<Transport>> transport;
  if (address.tls.has_value()) {
    TlsOptions tls = *address.tls;
    tls.handshake_timeout = timeout_;
    transport = ConnectTlsTransport(server, tls, options);
  } else {
    transport = ConnectTransport(server, options);
  }
  if (!transport.ok()) return LinkError(name_, transport.status());
  transport_ = *std::move(transport);
  if (!address.password.empty()) {
    Add({"AUTH", address.user.empty() ? "default" : address.user,
         address.password});
    absl::Status status = TakeOwnReply();
    if (!status.ok()) return status;
  }
  Add({"SELECT", absl::StrCat(address.database)});
  return TakeOwnReply();
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
  if (!pieces_.empty() && pieces_.back().data == nullptr) {
    pieces_.back().size += size;  // It ends at `begin`.
  } else {
    pieces_.push_back({nullptr, begin, size});
  }
  ++added_;
}

absl::Status RedisLink::Send() {
  for (const Piece& piece : pieces_) {
    const char* const data =
        piece.data != nullptr ? piece.data : own_.data() + piece.offset;
    absl::Status status = Gather(absl::string_view(data, piece.size));
    if (!status.ok()) return status;
  }
  absl::Status status = Write(gathered_);
  if (!status.ok()) return status;
  gathered_.clear();
  outstanding_ += std::exchange(added_, 0);
  pieces_.clear();
  own_.clear();
  if (own_.capacity() > kKeptBytes) own_ = std::string();
  return absl::OkStatus();
}

absl::Status RedisLink::Gather(absl::string_view bytes) {
  while (!bytes.empty()) {
    const absl::string_view part =
        bytes.substr(0, kWriteBytes - gathered_.size());
    absl::Status status;
    if (part.size() == kWriteBytes) {
      status = Write(part);
    } else {
      absl::StrAppend(&gathered_, part);
      if (gathered_.size() == kWriteBytes) {
        status = Write(gathered_);
        gathered_.clear();
      }
    }
    if (!status.ok()) return status;
    bytes.remove_prefix(part.size());
  }
  return absl::OkStatus();
}

absl::Status RedisLink::Write(absl::string_view bytes) {
  const absl::Status status = transport_->Write(bytes, timeout_);
  if (status.ok()) return status;
  // A server that refuses the mirror's certificate tells it and hangs up.
  const absl::Status told =
      transport_
          ->Read(absl::MakeSpan(&room_[0], room_.size()), absl::ZeroDuration())
          .status();
  return LinkError(name_, absl::IsFailedPrecondition(told) ? told : status);
}

absl::Status RedisLink::Read() {
  const absl::StatusOr<size_t> size =
      transport_->Read(absl::MakeSpan(&room_[0], room_.size()), timeout_);
  if (!size.ok()) return LinkError(name_, size.status());
  if (*size == 0) {
    return absl::UnavailableError(
        absl::StrCat(name_, ": the target has closed the connection"));
  }
  unread_ = absl::string_view(room_.data(), *size);
  return absl::OkStatus();
}

absl::StatusOr<TargetReply> RedisLink::Receive(ReplyDetail detail) {
  absl::StatusOr<TargetReply> reply = TargetReply();
  while (true) {
    const absl::StatusOr<bool> whole = reader_.Take(detail, &unread_, &*reply);
    if (!whole.ok()) return whole.status();
    if (*whole) break;
    absl::Status status = Read();
    if (!status.ok()) return status;
  }
  --outstanding_;
  return reply;
}

size_t RedisLink::SkipQueued(size_t most) {
  const size_t count = reader_.SkipQueued(most, &unread_);
  outstanding_ -= count;
  return count;
}

}  // namespace kevy_replica
