// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Settings of a TLS client.
//
//   TlsOptions options;
//   options.ca_file = "/etc/kevy/ca.pem";
//   options.certificate_file = "/etc/kevy/replica.pem";
//   options.key_file = "/etc/kevy/replica.key";

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TLS_OPTIONS_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TLS_OPTIONS_H_

#include <iosfwd>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "kevy_replica/transport/internal/cxx17.h"

namespace kevy_replica {

// All files are in the form PEM. Each connection reads them again, so that
// renewed ones count from the next connection on. To renew certificate and key
// at once, keep both in one file, and replace it by a rename.
struct TlsOptions {
  // The DNS name or IP address that the server's certificate must be for. A
  // name is also sent to the server, so that it can choose a certificate (SNI).
  // One dot at a name's end is ignored.
  // Default: empty, which takes the host of the address in
  // ConnectTlsTransport(). TlsTransport and TlsSecurity() know no address:
  // there an empty name is an error, unless `verify` is false.
  std::string server_name;
  // The authorities that may have signed the server's certificate. Default:
  // empty, which takes the system's, as they are at the first connection.
  std::string ca_file;
  // The client's certificate, and after it those that lead to an authority of
  // the server's. Default: empty, the client shows none.
  std::string certificate_file;
  // The certificate's private key, without a passphrase. Default: empty, which
  // takes `certificate_file`.
  std::string key_file;
  // Whether the server's certificate is checked. Without the check, whoever is
  // between the two ends can read and change all bytes. Default: true.
  bool verify = true;
  // The limit for the handshake. Default: 10 s.
  absl::Duration handshake_timeout = absl::Seconds(10);

  friend bool operator==(const TlsOptions& a, const TlsOptions& b) {
    return a.server_name == b.server_name && a.ca_file == b.ca_file &&
           a.certificate_file == b.certificate_file &&
           a.key_file == b.key_file && a.verify == b.verify &&
           a.handshake_timeout == b.handshake_timeout;
  }
  friend bool operator!=(const TlsOptions& a, const TlsOptions& b) {
    return !(a == b);
  }
  template <typename H>
  friend H AbslHashValue(H state, const TlsOptions& options) {
    return H::combine(std::move(state), options.server_name, options.ca_file,
                      options.certificate_file, options.key_file,
                      options.verify, options.handshake_timeout);
  }
  // `server_name= ca_file=/etc/ca.pem certificate_file= key_file= verify=1
  // handshake_timeout=10s`: names of files, and no secrets.
  std::string ToString() const;
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const TlsOptions& options) {
    sink.Append(options.ToString());
  }
  friend std::ostream& operator<<(std::ostream& out, const TlsOptions& options);
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TLS_OPTIONS_H_
