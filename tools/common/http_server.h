// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A small HTTP server for a program's monitoring pages.
//
//   auto server = HttpServer::Start(
//       "127.0.0.1:9100", [](absl::string_view path) {
//         return path == "/healthz" ? HttpPage{200, "ok\n"} : HttpPage();
//       });
//   if (!server.ok()) return server.status();
//   Say(absl::StrCat("listening on ", (*server)->address()));

#ifndef KEVY_REPLICA_TOOLS_COMMON_HTTP_SERVER_H_
#define KEVY_REPLICA_TOOLS_COMMON_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/tools/common/quiet_thread.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

struct HttpPage {
  int status = 404;  // 200, 404 or 503.
  // Default: the name of the status and a line feed.
  std::string body;
  std::string type = "text/plain; charset=utf-8";
};

// Answers GET and HEAD over HTTP/1.0 and 1.1, without authentication and TLS.
// One request a connection, which it then closes. Anyone may connect, so its
// work and memory are bounded:
//
// | limit                                | beyond it                          |
// |--------------------------------------|------------------------------------|
// | 16 connections                       | a new one replaces the oldest one  |
// | 8 KiB of request line and headers    | 431                                |
// | 5 s for a whole request              | 408                                |
// | 5 s to take the whole answer         | the connection is closed           |
// | 64 KiB, and 1 s, behind the answer   | the connection is closed           |
//
// Other methods get 405. A malformed request gets 400 at its first wrong byte:
// a control character, or a line that does not end in CRLF. The path of a
// request is compared as it stands: nothing is decoded, and a query is cut off.
//
// All connections share one thread of this object's own.
class HttpServer {
 public:
  struct Options {
    size_t max_connections = 16;                 // Default: 16.
    absl::Duration patience = absl::Seconds(5);  // Of each side. Default: 5 s.
  };
  // Returns the page of a path that begins with "/". The server's thread calls
  // it, and cannot serve or stop meanwhile.
  using Pages = std::function<HttpPage(absl::string_view path)>;

  // Listens on "HOST:PORT" or "[IPV6]:PORT". ":PORT" and "PORT" stand for
  // 127.0.0.1:PORT. Port 0: a free port.
  //
  // Errors: kInvalidArgument for `address`, or those of Listener::Listen().
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      absl::string_view address, Pages pages, const Options& options);
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      absl::string_view address, Pages pages) {
    return Start(address, std::move(pages), Options());
  }
  ~HttpServer();  // Closes all connections, without waiting for clients.
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:9100", with the real port.
  std::string address() const { return listener_->address(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Connection {
    enum class State {
      kReading,  // A request. Next: kWriting.
      kWriting,  // The answer. Next: kEnding.
      kEnding,   // The client reads the rest; its bytes are dropped.
    };
    std::unique_ptr<Transport> transport;
    State state = State::kReading;
    Clock::time_point deadline;  // Of the state.
    std::string request;
    std::string answer;
    size_t sent = 0;     // Of the answer.
    size_t dropped = 0;  // Bytes behind the request.
  };

  HttpServer(std::unique_ptr<Listener> listener, Pages pages,
             const Options& options);

  void Run();
  void Wait();
  void AcceptAll();
  // These go on with a connection as far as it goes without waiting. Return
  // whether it lives on.
  bool Step(Connection* connection) const;
  bool Read(Connection* connection) const;
  bool Write(Connection* connection) const;
  bool Drop(Connection* connection) const;
  void AnswerIfWhole(Connection* connection) const;
  void Answer(const HttpPage& page, bool with_body,
              Connection* connection) const;

  const std::unique_ptr<Listener> listener_;
  const Pages pages_;
  const Options options_;
  const Clock::duration patience_;
  std::vector<Connection> connections_;  // The oldest one first.
  Clock::time_point accept_at_;  // Later than now: the last accept has failed.
  Interrupter stop_;
  QuietThread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_COMMON_HTTP_SERVER_H_
