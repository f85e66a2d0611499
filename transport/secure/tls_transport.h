// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A connection under TLS: the client's side, by OpenSSL 3.
//
//   TlsOptions tls;
//   tls.ca_file = "/etc/kevy/ca.pem";
//   auto link = ConnectTlsTransport("db1:16004", tls);
//
// For a Follower, a Fleet or a ReplicaClient see tls_security.h.

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
#include "kevy_replica/transport/internal/deadline.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/transport.h"

struct ssl_st;  // OpenSSL's SSL.

namespace kevy_replica {
namespace transport_testing {
class TlsServer;
}  // namespace transport_testing

// TLS 1.2 or 1.3 over another transport, which it owns. Renegotiation is
// refused. Deadlines, interrupts, fd() and peer() are the inner transport's.
//
// The handshake runs inside Read(), so that a link works in an event loop like
// any other: Read(buffer, absl::ZeroDuration()) takes the steps that are due,
// and returns kDeadlineExceeded while the server's answer is missing. Write()
// keeps up to kMaxEarlyBytes meanwhile, and the handshake's last step sends
// them. Handshake() waits for the end of the handshake.
//
// Errors of the handshake, from Read(), Write() and Handshake() alike:
//   kFailedPrecondition  the server's certificate is refused (expired, another
//                        name, an unknown authority), or the server refuses the
//                        client's; behind the handshake, Read() may find that
//   kUnavailable         the peer broke off, speaks no TLS, or TLS 1.1 at most;
//                        or handshake_timeout passed
// Errors of Read() after it: kUnavailable with OpenSSL's reason, if a record
// was changed, replayed, dropped or reordered. All of them are final.
//
// The end: Read() returns 0 only after the peer's close_notify. An end of the
// inner stream without it is kUnavailable, because anybody between the two ends
// can cut the stream there. A server that is killed ends so, too, and a client
// connects again in both cases.
//
// CloseWrite() and Close() send close_notify, if the inner transport takes it
// without waiting. After Interrupt(), and after a Write() that failed, it takes
// nothing: the peer then sees the end of the inner stream alone.
//
// Holds at most one record of 16 KiB in each direction, 32 KiB of sealed bytes
// that have arrived, and twice 64 KiB of those on their way out. Answers that
// the peer demands (renegotiation) may be 128 KiB: more are kUnavailable. Once
// its buffers have grown, it allocates nothing for a record.
//
// Threads: as Transport has it. The reading thread calls Handshake().
class TlsTransport : public ForwardingTransport {
 public:
  // The bytes that Write() keeps before the end of the handshake. More are
  // kFailedPrecondition, and the message names Handshake().
  static constexpr size_t kMaxEarlyBytes = 4096;

  // Starts the time of options.handshake_timeout. Waits for nothing.
  //
  // Errors: kInvalidArgument, a file cannot be used, or server_name is missing;
  // kResourceExhausted, out of memory or descriptors.
  //
  // Precondition: `inner` is not null.
  static absl::StatusOr<std::unique_ptr<TlsTransport>> Start(
      std::unique_ptr<Transport> inner, const TlsOptions& options);

  // Waits until the handshake has ended. OK at once if it has.
  absl::Status Handshake();

  // Whether it has succeeded. For the reading thread.
  bool established() const { return established_; }

  ~TlsTransport() override;

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration timeout) override;
  absl::Status Write(absl::string_view bytes, absl::Duration timeout) override;
  // Reads heed it at once. An Interrupter that the inner transport shares with
  // others ends reads once the bytes that have arrived, 48 KiB, are read.
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

  TlsTransport(std::unique_ptr<Transport> inner, Ssl ssl,
               absl::Duration handshake_timeout);

  // In the role that `ssl` has.
  static absl::StatusOr<std::unique_ptr<TlsTransport>> Adopt(
      std::unique_ptr<Transport> inner, Ssl ssl, absl::Duration timeout);

  // The handshake, on the reading thread. Goes on with it until `deadline`.
  absl::Status FinishHandshake(const transport_internal::Deadline& deadline);
  // Takes the steps that need no bytes. Returns whether it is done.
  absl::StatusOr<bool> StepHandshake();
  // Makes `status` the transport's.
  absl::Status FailHandshake(const absl::Status& status);

  // Opens records of `received_`. Nothing: more bytes are needed.
  absl::StatusOr<std::optional<size_t>> Decrypt(absl::Span<char> buffer);
  // Reads bytes that have arrived into `room`. Returns their number. 0: there
  // are none, and Receive() tells of an error or the end.
  size_t ReceiveDirectly(absl::Span<char> room);
  absl::StatusOr<size_t> ReadInner(absl::Span<char> room,
                                   absl::Duration timeout);
  // Waits for bytes, and reads them into `received_`.
  absl::Status Receive(absl::Duration timeout);
  // Keeps `bytes` for the handshake's last step.
  absl::Status KeepEarly(absl::string_view bytes);
  // Seals `bytes` into `sealed_`.
  absl::Status Encrypt(absl::string_view bytes);
  // Writes `sealed_`. Precondition: `write_mutex_` is held.
  absl::Status SendSealed(absl::Duration timeout);
  void SendCloseNotify();
  // OpenSSL's error as a status. Precondition: `mutex_` is held.
  absl::Status Error(int ssl_error);

  const transport_internal::Deadline handshake_deadline_;
  std::atomic<bool> interrupted_{false};
  std::atomic<bool> read_interrupted_{false};

  // For the writes to the inner transport. Taken before `mutex_`.
  std::mutex write_mutex_;
  bool established_ = false;   // Set by the reading thread.
  std::string early_;          // Bytes that were written before it.
  absl::Status write_status_;  // Of the first write that failed.
  std::string sending_;

  std::mutex mutex_;  // For OpenSSL and the members below.
  const Ssl ssl_;
  absl::Status status_;  // The handshake's error, or OpenSSL's first.
  std::string sealed_;   // Bytes for the peer.
  // The reading thread is inside OpenSSL, so that `received_` is at rest.
  bool reading_ = false;
  // For the reading thread alone.
  int direct_reads_ = 0;         // ReceiveDirectly() may read so often.
  absl::Status receive_status_;  // The final error of the inner transport.
  std::string room_;
  absl::string_view received_;  // Bytes in `room_` that OpenSSL has not taken.
};

// Connects to an address as ConnectTransport() does, and waits for the
// handshake. Without `tls.server_name` it takes the host of the address; a Unix
// socket has none. Errors: those of ConnectTransport(), TlsTransport::Start()
// and Handshake().
absl::StatusOr<std::unique_ptr<Transport>> ConnectTlsTransport(
    absl::string_view address, const TlsOptions& tls = TlsOptions(),
    const ConnectOptions& options = ConnectOptions());

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_TLS_TRANSPORT_H_
