// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/http_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/tools/common/http_request.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

// The time in which a client may read the end of the answer.
constexpr std::chrono::seconds kEndingTime(1);
constexpr size_t kMaxDroppedBytes = 64 << 10;
// The pause after a failed accept or poll, say without descriptors.
constexpr std::chrono::milliseconds kFailurePause(100);

absl::string_view StatusName(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

HttpPage Refusal(int status) {
  HttpPage page;
  page.status = status;
  return page;
}

absl::StatusOr<std::string> ListenAddress(absl::string_view text) {
  absl::string_view port = text;
  absl::ConsumePrefix(&port, ":");
  const bool is_port =
      !port.empty() && std::all_of(port.begin(), port.end(), [](char c) {
        return absl::ascii_isdigit(static_cast<unsigned char>(c));
      });
  std::string full =
      is_port ? absl::StrCat("127.0.0.1:", port) : std::string(text);
  const absl::StatusOr<Address> address = ParseAddress(full);
  if (!address.ok()) return address.status();
  if (address->kind != Address::Kind::kTcp) {
    return absl::InvalidArgumentError("must be HOST:PORT or PORT");
  }
  return full;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    absl::string_view address, Pages pages, const Options& options) {
  const absl::StatusOr<std::string> full = ListenAddress(address);
  if (!full.ok()) return full.status();
  absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Listen(*full);
  if (!listener.ok()) return listener.status();
  return absl::WrapUnique(
      new HttpServer(*std::move(listener), std::move(pages), options));
}

HttpServer::HttpServer(std::unique_ptr<Listener> listener, Pages pages,
                       const Options& options)
    : listener_(std::move(listener)),
      pages_(std::move(pages)),
      options_(options),
      patience_(absl::ToChronoNanoseconds(options.patience)),
      thread_([this] { Run(); }) {}

HttpServer::~HttpServer() {
  stop_.Interrupt();
  thread_.join();
}

void HttpServer::Run() {
  while (!stop_.interrupted()) {
    Wait();
    connections_.erase(
        std::remove_if(connections_.begin(), connections_.end(),
                       [this](Connection& each) { return !Step(&each); }),
        connections_.end());
    AcceptAll();
  }
}

// Waits for a client, a deadline or the stop.
void HttpServer::Wait() {
  const Clock::time_point now = Clock::now();
  Clock::time_point until = now + std::chrono::seconds(1);
  std::vector<pollfd> waits = {{stop_.fd(), POLLIN, 0}};
  if (stop_.fd() < 0) until = now + kFailurePause;
  if (accept_at_ <= now) {
    waits.push_back({listener_->fd(), POLLIN, 0});
  } else {
    until = std::min(until, accept_at_);
  }
  for (const Connection& each : connections_) {
    const bool writes = each.state == Connection::State::kWriting;
    waits.push_back({each.transport->fd(),
                     static_cast<short>(writes ? POLLOUT : POLLIN), 0});
    until = std::min(until, each.deadline);
  }
  const auto timeout =
      std::chrono::ceil<std::chrono::milliseconds>(until - now);
  const int ready = poll(waits.data(), static_cast<nfds_t>(waits.size()),
                         static_cast<int>(std::max<long>(timeout.count(), 0)));
  // Without memory, say. The thread must not spin.
  if (ready < 0 && errno != EINTR) std::this_thread::sleep_for(kFailurePause);
}

void HttpServer::AcceptAll() {
  if (accept_at_ > Clock::now()) return;
  // A flood of connections must not keep the others waiting.
  for (size_t i = 0; i < options_.max_connections; ++i) {
    absl::StatusOr<std::unique_ptr<Transport>> transport =
        listener_->Accept(absl::ZeroDuration());
    if (absl::IsDeadlineExceeded(transport.status())) return;
    if (!transport.ok()) {
      accept_at_ = Clock::now() + kFailurePause;
      return;
    }
    if (connections_.size() == options_.max_connections) {
      connections_.erase(connections_.begin());
    }
    Connection connection;
    connection.transport = *std::move(transport);
    connection.deadline = Clock::now() + patience_;
    if (Step(&connection)) connections_.push_back(std::move(connection));
  }
}

bool HttpServer::Step(Connection* connection) const {
  if (connection->state == Connection::State::kReading && !Read(connection)) {
    return false;
  }
  if (connection->state == Connection::State::kWriting && !Write(connection)) {
    return false;
  }
  return connection->state != Connection::State::kEnding || Drop(connection);
}

bool HttpServer::Read(Connection* connection) const {
  std::string& request = connection->request;
  while (connection->state == Connection::State::kReading) {
    char bytes[1024];
    const absl::StatusOr<size_t> size = connection->transport->Read(
        absl::MakeSpan(bytes), absl::ZeroDuration());
    if (absl::IsDeadlineExceeded(size.status())) {
      if (Clock::now() < connection->deadline) return true;
      Answer(Refusal(408), /*with_body=*/true, connection);
    } else if (!size.ok() || *size == 0) {
      return false;
    } else {
      request.append(bytes, *size);
      AnswerIfWhole(connection);
    }
  }
  return true;
}

void HttpServer::AnswerIfWhole(Connection* connection) const {
  const HttpRequest request = ParseHttpRequest(connection->request);
  if (request.status == 0) return;
  if (request.status != 200) {
    return Answer(Refusal(request.status), /*with_body=*/true, connection);
  }
  Answer(pages_(request.path), /*with_body=*/!request.is_head, connection);
}

void HttpServer::Answer(const HttpPage& page, bool with_body,
                        Connection* connection) const {
  const absl::string_view name = StatusName(page.status);
  const std::string body = page.body.empty() && page.status != 200
                               ? absl::StrCat(name, "\n")
                               : page.body;
  connection->answer = absl::StrCat(
      "HTTP/1.1 ", page.status, " ", name, "\r\nContent-Type: ", page.type,
      "\r\nContent-Length: ", body.size(),
      page.status == 405 ? "\r\nAllow: GET, HEAD" : "",
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff"
      "\r\nConnection: close\r\n\r\n",
      with_body ? body : "");
  connection->request = std::string();
  connection->state = Connection::State::kWriting;
  connection->deadline = Clock::now() + patience_;
}

bool HttpServer::Write(Connection* connection) const {
  const std::string& answer = connection->answer;
  while (connection->sent < answer.size()) {
    // Transport::Write() does not tell the part that was written in time.
    const ssize_t size =
        send(connection->transport->fd(), answer.data() + connection->sent,
             answer.size() - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      connection->sent += static_cast<size_t>(size);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Clock::now() < connection->deadline;
    } else if (errno != EINTR) {
      return false;
    }
  }
  connection->transport->CloseWrite();
  connection->state = Connection::State::kEnding;
  connection->deadline = Clock::now() + kEndingTime;
  return true;
}

// Reads on until the client's end: closing a socket with unread bytes would
// reset the connection, and the client might lose the answer.
bool HttpServer::Drop(Connection* connection) const {
  char bytes[4096];
  const absl::StatusOr<size_t> size =
      connection->transport->Read(absl::MakeSpan(bytes), absl::ZeroDuration());
  if (!size.ok() && !absl::IsDeadlineExceeded(size.status())) return false;
  if (size.ok()) connection->dropped += *size;
  return size.value_or(1) > 0 && connection->dropped <= kMaxDroppedBytes &&
         Clock::now() < connection->deadline;
}

}  // namespace kevy_replica
