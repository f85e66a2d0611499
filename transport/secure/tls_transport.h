// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection under TLS: the client's side, by OpenSSL 3.
//
//   TlsOptions tls;
//   tls.ca_file = "/etc/kevy/ca.pem";
//   auto follower = Follower::Create(ConnectToTls("db1:16004", tls), &index,
//                                    options);
//
// For kevy behind a TLS proxy, and for servers that speak TLS themselves.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_TLS_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_TLS_TRANSPORT_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/connect_options.h"
#include "kevy_replica/transport/forwarding_transport.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/transport.h"

struct ssl_st;  // OpenSSL's SSL.

namespace kevy_replica {
namespace transport_testing {
class TlsServer;
}  // namespace transport_testing

// TLS 1.2 or 1.3 over another transport, which it owns. Renegotiation is
// refused. Deadlines and interrupts are the inner transport's.
//
// The end: Read() returns 0 only after the peer's close_notify. An end of the
// inner stream without it is kUnavailable, because anybody between the two ends
// can cut the stream there. A server that is killed ends so, too, and the
// client connects again in both cases.
//
// CloseWrite() and Close() send close_notify, if the inner transport takes it
// without waiting. After Interrupt(), and after a Write() that failed, it takes
// nothing: the peer then sees the end of the inner stream alone.
//
// Errors of OpenSSL are kUnavailable with its reason, and last. A refused
// certificate is kFailedPrecondition: Connect() finds the server's, and Read()
// may find that the server refuses the client's.
//
// Holds at most one record of 16 KiB in each direction, 32 KiB of sealed bytes
// that have arrived, and 64 KiB of those on their way out. No allocation of its
// own for a record once its buffers have grown.
//
// Thread-safe as the inner transport is.
class TlsTransport : public ForwardingTransport {
 public:
  // Does the handshake over `inner`.
  //
  // Returns:
  //   a transport          the server's certificate is good, or unchecked
  //   kFailedPrecondition  the server's certificate is not (expired, another
  //                        name, an unknown authority), or the server refuses
  //                        the client's
  //   kUnavailable         the peer broke off, speaks no TLS, or TLS 1.1 at
  //                        most
  //   kDeadlineExceeded    handshake_timeout passed first
  //   kCancelled           `inner` was interrupted
  //   kInvalidArgument     a file cannot be used, or server_name is missing
  //   kResourceExhausted   out of memory
  //
  // Precondition: `inner` is not null.
  static absl::StatusOr<std::unique_ptr<TlsTransport>> Connect(
      std::unique_ptr<Transport> inner, const TlsOptions& options);

  ~TlsTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  void Interrupt() override;
  void ResumeReads() override;
  void CloseWrite() override;
  void Close() override;

 private:
  friend class transport_testing::TlsServer;
  class Bio;  // The two functions that OpenSSL reads and writes by.
  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };
  using Ssl = std::unique_ptr<ssl_st, FreeSsl>;

  TlsTransport(std::unique_ptr<Transport> inner, Ssl ssl);

  // Does the handshake in the role that `ssl` has.
  static absl::StatusOr<std::unique_ptr<TlsTransport>> Open(
      std::unique_ptr<Transport> inner, Ssl ssl, absl::Duration timeout);
  absl::Status Handshake(absl::Duration timeout);
  // One step of it. Returns whether it is done.
  absl::StatusOr<bool> StepHandshake();

  // Opens records of `received_`. Nothing: more bytes are needed.
  absl::StatusOr<std::optional<size_t>> Decrypt(absl::Span<char> buffer);
  // Waits for bytes, and reads them into `received_`.
  absl::Status Receive(absl::Duration timeout);
  // Seals `bytes` into `sealed_`.
  absl::Status Encrypt(absl::string_view bytes);
  // Writes `sealed_`. Precondition: `write_mutex_` is held.
  absl::Status SendSealed(absl::Duration timeout);
  void SendCloseNotify();
  // OpenSSL's error as a status. Precondition: `mutex_` is held.
  absl::Status Error(int ssl_error);

  std::atomic<bool> interrupted_{false};
  std::atomic<bool> read_interrupted_{false};

  // For the writes to the inner transport. Taken before `mutex_`.
  std::mutex write_mutex_;
  absl::Status write_status_;  // Of the first write that failed.
  std::string sending_;

  std::mutex mutex_;  // For OpenSSL and the members below.
  const Ssl ssl_;
  absl::Status status_;  // OpenSSL's first error.
  std::string sealed_;   // Bytes for the peer.
  // The reading thread is inside OpenSSL, so that `received_` is at rest.
  bool reading_ = false;
  // For the reading thread alone.
  std::string room_;
  absl::string_view received_;  // Bytes in `room_` that OpenSSL has not taken.
};

// Connects to an address as ConnectTransport() does, and does the handshake. A
// Unix socket needs `tls.server_name`. Errors: those of ConnectTransport() and
// of TlsTransport::Connect().
absl::StatusOr<std::unique_ptr<Transport>> ConnectTlsTransport(
    absl::string_view address, const TlsOptions& tls = TlsOptions(),
    const ConnectOptions& options = ConnectOptions());

// Returns a factory. Each of its calls is a ConnectTlsTransport().
[[nodiscard]] TransportFactory ConnectToTls(
    absl::string_view address, const TlsOptions& tls = TlsOptions(),
    const ConnectOptions& options = ConnectOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TLS_TRANSPORT_H_
