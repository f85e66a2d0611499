// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The server's side of TLS, for tests and benchmarks.
//
//   const TlsServer server({authority.Issue({})});
//   auto end = server.Accept(std::move(tcp));

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TLS_SERVER_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TLS_SERVER_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kevy_replica/transport/secure/tls_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace transport_testing {

// Accepts any number of connections. Thread-safe.
class TlsServer {
 public:
  struct Options {
    std::string certificate_file;  // With its key.
    // Demands a client's certificate of this authority. Empty: none.
    std::string client_ca_file = {};
    // The newest version of TLS. 0: any.
    int max_version = 0;
    // The only cipher of TLS 1.3: "TLS_CHACHA20_POLY1305_SHA256". Empty: any.
    std::string cipher = {};
  };

  explicit TlsServer(const Options& options);

  // Does the server's part of the handshake.
  absl::StatusOr<std::unique_ptr<TlsTransport>> Accept(
      std::unique_ptr<Transport> inner,
      absl::Duration timeout = absl::Seconds(60)) const;

  // Waits for nothing: the handshake runs in Read(). For
  // ScriptedPrimary::SetWrapper().
  absl::StatusOr<std::unique_ptr<TlsTransport>> Wrap(
      std::unique_ptr<Transport> inner,
      absl::Duration timeout = absl::Seconds(60)) const;

  // Messages behind the handshake. The next Write() of `end` sends the first
  // two of them.
  static void UpdateKeys(TlsTransport* end);              // TLS 1.3, both keys.
  static void Renegotiate(TlsTransport* end);             // TLS 1.2.
  static void SendTickets(TlsTransport* end, int count);  // TLS 1.3.

  // Lets `end` seal at most `bytes` in a record from now on: at least 512.
  static void LimitRecords(TlsTransport* end, size_t bytes);

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  const std::unique_ptr<SSL_CTX, Free> context_;
};

// Both ends of TLS over a connected pair, behind the handshake, with the
// server's certificate checked. One thread does both parts. Fails the test and
// returns null ends after an error.
struct TlsPair {
  std::unique_ptr<TlsTransport> client;
  std::unique_ptr<TlsTransport> server;
};
TlsPair MakeTlsPair(std::unique_ptr<Transport> client,
                    std::unique_ptr<Transport> server, int max_version = 0,
                    const std::string& cipher = {});

}  // namespace transport_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TESTING_TLS_SERVER_H_
