// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The byte stream that a replication connection runs over.
//
// A Transport is what TCP gives: two ordered streams of bytes, one each way. It
// knows nothing of the protocol. The library brings TcpTransport and
// UnixTransport (socket_transport.h), InMemoryTransport, FileTransport, and two
// decorators, FaultyTransport and RecordingTransport. Writing one of your own
// takes five functions, and fd() for who wants it: see docs/transports.md.

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

namespace kevy_replica {

// Timeouts are durations, counted on a clock that is never set
// (CLOCK_MONOTONIC): absl::InfiniteDuration() waits for ever,
// absl::ZeroDuration() does not wait.
//
// Threads: one thread may read while another writes. Interrupt() may be called
// from any thread at any time; all else needs the caller's own order.
//
// After an error, other than kDeadlineExceeded of Read(), the connection is of
// no more use, but for this: where writing failed, what the peer had sent
// before may still be read.
class Transport {
 public:
  virtual ~Transport() = default;

  // Reads at least one byte and at most `buffer.size()` (1 or more), as soon as
  // any are there. Returns how many, or 0 at the end of the stream, once the
  // peer has closed its side; every later call returns 0 again.
  //
  // Errors: kDeadlineExceeded, nothing came within `timeout` and nothing is
  // lost (Read again to go on); kCancelled, interrupted; anything else, the
  // stream is broken. Bytes that had arrived are handed out before an end or an
  // error, but an interrupt comes first.
  virtual absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                                      absl::Duration timeout) = 0;

  // Writes all of `bytes`.
  //
  // Errors: kDeadlineExceeded; kCancelled, interrupted; kUnavailable, the peer
  // is gone (there is no SIGPIPE). Each leaves it open how many bytes were
  // written, so that the stream is lost.
  virtual absl::Status Write(absl::string_view bytes,
                             absl::Duration timeout) = 0;

  // Makes the calls that are blocked, and every later one, return kCancelled,
  // promptly. Cannot be taken back.
  virtual void Interrupt() = 0;

  // Ends the direction to the peer: it reads an end of stream once it has read
  // what was written before; what it sends can still be read. A transport that
  // cannot do one direction alone ends both.
  virtual void CloseWrite() { Close(); }

  // Ends both directions: the peer reads an end of stream once it has read what
  // was written before. Harmless when called again. Destruction closes too.
  virtual void Close() = 0;

  // Who is at the other end, for messages: "127.0.0.1:16004".
  virtual std::string peer() const = 0;

  // A descriptor to wait for in place of Read(), with poll() or a Poller: it is
  // readable while Read() has something to hand out, be it bytes, the end or an
  // error. -1: there is none, and one has to wait inside Read().
  //
  // Ask for it, and wait, once Read(buffer, absl::ZeroDuration()) returned
  // kDeadlineExceeded and not before: a decorator may hold bytes of its own,
  // and may have another descriptor after each Read(). Belongs to the reading
  // thread. Owned by this object; neither to be read nor closed. Interrupt()
  // may leave it as it is: who waits and heeds an Interrupter waits for that
  // one's fd() too.
  virtual int fd() const { return -1; }
};

// Makes a connection, whenever one is needed: a client that has to connect
// again (to speak the other protocol, to resume) is given one of these.
using TransportFactory =
    std::function<absl::StatusOr<std::unique_ptr<Transport>>()>;

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_TRANSPORT_H_
