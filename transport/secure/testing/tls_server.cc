// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/testing/tls_server.h"

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace transport_testing {

TlsServer::TlsServer(const Options& options)
    : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* const context = context_.get();
  const char* const file = options.certificate_file.c_str();
  EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context, file), 1) << file;
  EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM), 1);
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, options.max_version);
  if (options.max_version != 0 && options.max_version < TLS1_2_VERSION) {
    // The old versions need SHA-1, which the default level refuses.
    SSL_CTX_set_security_level(context, 0);
  }
  if (!options.cipher.empty()) {
    EXPECT_EQ(SSL_CTX_set_ciphersuites(context, options.cipher.c_str()), 1);
  }
  if (!options.client_ca_file.empty()) {
    EXPECT_EQ(SSL_CTX_load_verify_file(context, options.client_ca_file.c_str()),
              1);
    SSL_CTX_set_verify(
        context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
}

absl::StatusOr<std::unique_ptr<TlsTransport>> TlsServer::Wrap(
    std::unique_ptr<Transport> inner, absl::Duration timeout) const {
  TlsTransport::Ssl ssl(SSL_new(context_.get()));
  SSL_set_accept_state(ssl.get());
  return TlsTransport::Adopt(std::move(inner), std::move(ssl), timeout);
}

absl::StatusOr<std::unique_ptr<TlsTransport>> TlsServer::Accept(
    std::unique_ptr<Transport> inner, absl::Duration timeout) const {
  auto end = Wrap(std::move(inner), timeout);
  if (!end.ok()) return end.status();
  absl::Status status = (*end)->Handshake();
  if (!status.ok()) return status;
  return end;
}

void TlsServer::UpdateKeys(TlsTransport* end) {
  EXPECT_EQ(SSL_key_update(end->ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1);
}

void TlsServer::Renegotiate(TlsTransport* end) {
  SSL_clear_options(end->ssl_.get(), SSL_OP_NO_RENEGOTIATION);
  EXPECT_EQ(SSL_renegotiate(end->ssl_.get()), 1);
}

void TlsServer::SendTickets(TlsTransport* end, int count) {
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(SSL_new_session_ticket(end->ssl_.get()), 1);
    EXPECT_EQ(SSL_do_handshake(end->ssl_.get()), 1);
  }
}

void TlsServer::LimitRecords(TlsTransport* end, size_t bytes) {
  EXPECT_EQ(SSL_set_max_send_fragment(end->ssl_.get(), bytes), 1);
}

TlsPair MakeTlsPair(std::unique_ptr<Transport> client,
                    std::unique_ptr<Transport> server, int max_version,
                    const std::string& cipher) {
  static const TestAuthority authority;  // Its end removes the files.
  static const std::string certificate = authority.Issue({});
  TlsServer::Options server_options;
  server_options.certificate_file = certificate;
  server_options.max_version = max_version;
  server_options.cipher = cipher;
  TlsOptions options;
  options.server_name = "localhost";
  options.ca_file = authority.file();
  options.handshake_timeout = absl::Seconds(60);
  auto accepted = TlsServer(server_options).Wrap(std::move(server));
  auto started = TlsTransport::Start(std::move(client), options);
  EXPECT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_TRUE(started.ok()) << started.status();
  if (!accepted.ok() || !started.ok()) return {};
  TlsPair pair = {*std::move(started), *std::move(accepted)};
  while (!pair.client->established() || !pair.server->established()) {
    for (TlsTransport* end : {pair.client.get(), pair.server.get()}) {
      // Takes the steps that are due.
      char byte;
      const absl::Status status =
          end->Read({&byte, 1}, absl::ZeroDuration()).status();
      EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
      if (!absl::IsDeadlineExceeded(status)) return {};
    }
  }
  return pair;
}

}  // namespace transport_testing
}  // namespace kevy_replica
