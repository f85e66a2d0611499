// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The byte stream under a replication connection.
//
// A Transport gives two ordered streams of bytes, one each way, as TCP does. It
// is independent of the protocol. The library brings TcpTransport and
// UnixTransport (socket_transport.h), InMemoryTransport, FileTransport, and the
// decorators FaultyTransport and RecordingTransport. A transport of your own
// implements five functions, and optionally CloseWrite(), ResumeReads() and
// fd(): see docs/transports.md. A decorator derives from ForwardingTransport.

#ifndef KEVY_REPLICA_TRANSPORT_TRANSPORT_H_
#define KEVY_REPLICA_TRANSPORT_TRANSPORT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/cxx17.h"

namespace kevy_replica {

// Timeouts are durations on a monotonic clock (CLOCK_MONOTONIC).
// absl::InfiniteDuration() waits without a limit. Zero and less do not wait.
//
// Threads: one thread may read while another one writes, and any thread may
// call Interrupt() at any time. The caller orders all other calls.
//
// After an error the connection is broken, with two exceptions. Read() goes on
// after kDeadlineExceeded. After a failed Write(), Read() still returns the
// bytes that the peer sent before.
class Transport {
 public:
  virtual ~Transport() = default;

  // Reads bytes into `buffer` as soon as at least one is there.
  //
  // Returns:
  //   1 to buffer.size()  the number of bytes read
  //   0                   the end: the peer has closed its side; later calls
  //                       return 0 again
  //   kDeadlineExceeded   the timeout passed first; all bytes are kept for the
  //                       next call
  //   kCancelled          Interrupt() was called, even if bytes are there
  //   another error       the stream is broken; the bytes that arrived before
  //                       were returned first
  //
  // Precondition: `buffer` has room for at least one byte.
  //
  // The transport uses `buffer` during the call only. A transport over a
  // completion queue (io_uring, asio) therefore reads into memory of its own,
  // or cancels its read before it returns.
  virtual absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                                      absl::Duration timeout) = 0;

  // Writes all of `bytes`, which it uses during the call only.
  //
  // Returns:
  //   OK                 the transport has accepted every byte
  //   kDeadlineExceeded  the timeout passed first
  //   kCancelled         Interrupt() was called
  //   kUnavailable       the peer has gone (without SIGPIPE)
  //
  // After an error any part of `bytes` may have been written.
  virtual absl::Status Write(absl::string_view bytes,
                             absl::Duration timeout) = 0;

  // Makes blocked calls and all later calls of Read() and Write() return
  // kCancelled promptly. It lasts until destruction, for Read() until
  // ResumeReads() at most.
  virtual void Interrupt() = 0;

  // Makes Read() heed later interrupts only, so that an interrupted link can
  // still end politely: see Close(). Default: Read() goes on to return
  // kCancelled, and such a link ends by Close() alone. The library's transports
  // over sockets and memory resume.
  virtual void ResumeReads() {}

  // Ends the direction to the peer. The peer reads all bytes written before,
  // then the end. Read() still returns bytes that the peer sends. Default:
  // Close(), for a transport that cannot end one direction alone.
  //
  // It owes a half-close: shutdown(SHUT_WR) for a socket, close_notify for TLS.
  // It returns without waiting for the peer.
  virtual void CloseWrite() { Close(); }

  // Ends both directions. The peer reads all bytes written before, then the
  // end. Later calls change nothing. The destructor closes too.
  //
  // It owes a shutdown and a drain. First it ends both directions at once, so
  // that a blocked peer wakes up. Then it reads and drops the bytes that have
  // arrived, without waiting. A system that closes a socket with unread bytes
  // resets the connection, and the reset can destroy bytes that the peer has
  // not read yet. A limit on the drain (SocketTransport: 64 KiB) tells a peer
  // that keeps writing by a reset.
  //
  // To leave a link politely, call CloseWrite(), after an interrupt
  // ResumeReads(), read until the end or a timeout, then call Close().
  virtual void Close() = 0;

  // Names the peer for messages: "127.0.0.1:16004".
  virtual std::string peer() const = 0;

  // Returns a descriptor for poll() or a Poller, or -1 without one. It is
  // readable while Read() has bytes, the end or an error to return. Without a
  // descriptor a thread must wait inside Read(). Default: -1.
  //
  // Precondition: Read(buffer, absl::ZeroDuration()) has just returned
  // kDeadlineExceeded. A decorator may hold bytes of its own until then, and
  // may have another descriptor after each Read().
  //
  // For the reading thread only. The transport owns the descriptor: it must
  // neither be read nor closed. Interrupt() may leave it unreadable, so a
  // thread that heeds an Interrupter also waits for the Interrupter's fd().
  virtual int fd() const { return -1; }
};

// Makes connections. A client calls its factory whenever it needs a connection:
// to try the other protocol, to resume after an error.
//
// A factory must be callable any number of times, and each call makes a new
// connection. A single connection has the type std::unique_ptr<Transport>
// instead. Functions that need one connection only take that type, as
// ReplicaClient::Connect() does. (The compiler rejects a lambda that owns its
// only connection: std::function needs a copyable one.)
using TransportFactory =
    std::function<absl::StatusOr<std::unique_ptr<Transport>>()>;

// Wraps a connection that has just been made, in an encryption say. Must be
// callable any number of times, from any thread.
//
// It does not wait for the peer. A handshake belongs into the first Read() and
// Write(): a client waits there for many connections at once.
using TransportWrapper =
    std::function<absl::StatusOr<std::unique_ptr<Transport>>(
        std::unique_ptr<Transport> inner)>;

// Makes the wrapper for the connections to one address. `keys` are the public
// keys that the address names, 64 lower-case hex digits each: the peer holds
// the private key of one of them. Empty: the address names none.
// kInvalidArgument if these connections cannot be secured.
using TransportSecurity = std::function<absl::StatusOr<TransportWrapper>(
    absl::Span<const std::string> keys)>;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TRANSPORT_H_
