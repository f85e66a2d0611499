// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary that plays scripts, for the tests of replicas.
//
//   ScriptedPrimary primary;
//   primary.Enqueue(PrimaryScript()
//                       .Frame(0, {"SET", "foo", "bar"})
//                       .WaitForAck(1)
//                       .Close());
//   auto client = ReplicaClient::Connect(primary.InMemory(), options);
//   ...
//   EXPECT_EQ(primary.connection(0).request->offset, 0);
//
// Over a real socket: `primary.Listen("127.0.0.1:0")`, then connect to
// primary.address().
//
// A secure primary, for keys that NoiseResponderOptions names:
// `primary.SetWrapper(NoiseAcceptor(options))` (transport/secure). The record
// of a connection and its script are of the plain bytes.
//
// Each connection has a thread of its own. It takes the next script of the
// queue when its handshake request has arrived. So a stray connection, which
// connects and sends no request, leaves the queue as it was. If the queue is
// empty, the connection is refused, as by Refuse().

#ifndef KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_
#define KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// The conduct of a primary on one connection. It reads the handshake request,
// answers or refuses, takes the steps in their order, and closes.
class PrimaryScript {
 public:
  // ---- The handshake. Default: the primary accepts both protocols, and the
  // answer echoes the requested offset.

  // Speaks this protocol only. A request for the other protocol is refused: the
  // primary closes without an answer, as real primaries do
  // (kevy 2.0.20, 3.18.0, 5.4.0). The script then stays in the queue for the
  // next connection, so a replica that tries protocol 2 before protocol 1 needs
  // one script.
  PrimaryScript& Speak(Protocol protocol);
  // Sets the generation in the answer to protocol 2. Default: 1.
  PrimaryScript& Generation(uint64_t generation);
  // Sets the offset in the answer. An embedded writer answers with its
  // snapshot's offset. Default: the requested offset.
  PrimaryScript& AnswerOffset(uint64_t offset);
  // Closes without an answer.
  PrimaryScript& Refuse();
  // Leaves the answer out. The steps supply one: a capture that begins with its
  // answer, or a malformed answer.
  PrimaryScript& NoAnswer();

  // ---- Steps. A replica that half-closes or closes the connection ends them:
  // the primary sends at most 128 KiB more, or two longer writes, and closes.

  // Sends `bytes` in one write. Over 64 KiB: in several.
  PrimaryScript& Send(std::string bytes);
  // Sends `bytes` in writes of `piece` bytes each.
  PrimaryScript& SendInPieces(std::string bytes, size_t piece);
  // Frame(), Heartbeat() and Snapshot() send one element each. An element that
  // cannot be encoded (a frame without arguments, an offset over 2^63 - 1) ends
  // the program with a message. Send() takes any bytes.
  PrimaryScript& Frame(uint64_t offset, std::vector<std::string> argv);
  PrimaryScript& Heartbeat(uint64_t generation, uint64_t next_offset);
  PrimaryScript& Snapshot(absl::string_view payload, uint64_t next_offset);
  // Sends the frames below `end`, as a primary whose backlog holds them. They
  // begin at the requested offset, or at the end of the last FramesTo().
  // `argv(offset)` returns the command of a frame, and is called on the
  // connection's thread. One such script serves a replica that connects again
  // and again.
  PrimaryScript& FramesTo(
      uint64_t end, std::function<std::vector<std::string>(uint64_t)> argv);
  // Waits until the replica has acknowledged `next_offset` or more. After the
  // primary's wait limit the script ends here, unfinished, with a message on
  // standard error.
  PrimaryScript& WaitForAck(uint64_t next_offset);
  // Waits until the replica has closed or half-closed, or the primary is
  // stopped.
  PrimaryScript& Stall();
  // Ends the connection here and ignores later steps. The end of a script does
  // so too.
  PrimaryScript& Close();

  // Plays a recording that begins with its answer: NoAnswer(), Send(), and
  // Speak() with the protocol of the answer.
  [[nodiscard]] static PrimaryScript Capture(std::string bytes);

 private:
  friend class ScriptedPrimary;

  struct SendStep {
    std::string bytes;
    size_t piece;
  };
  struct FramesStep {
    uint64_t end;
    std::function<std::vector<std::string>(uint64_t)> argv;
  };
  struct AckStep {
    uint64_t next_offset;
  };
  struct StallStep {};
  using Step = std::variant<SendStep, FramesStep, AckStep, StallStep>;

  PrimaryScript& Add(Step step);

  std::optional<Protocol> protocol_;  // Unset: either.
  uint64_t generation_ = 1;
  std::optional<uint64_t> answer_offset_;  // Unset: the requested one.
  bool refuse_ = false;
  bool answer_ = true;
  bool closed_ = false;  // By Close(): later steps are ignored.
  std::vector<Step> steps_;
};

// Thread-safe.
class ScriptedPrimary {
 public:
  // How the replica ended a connection.
  enum class End : uint8_t {
    kOpen,   // It has not, or the primary was stopped before.
    kFin,    // It half-closed, or closed without unread bytes.
    kReset,  // It closed with unread bytes, without a half-close before.
  };

  // The record of one connection.
  struct Connection {
    // The request, if it was well formed. request->replica_id is valid as long
    // as the ScriptedPrimary; replica_id is a copy of it.
    std::optional<HandshakeRequest> request;
    std::string replica_id;
    std::string received;        // Every byte read, request included.
    std::vector<uint64_t> acks;  // The acknowledged offsets, in order.
    bool finished = false;       // The script was played to its end.
    // Why the script ended before its end. Empty while it is played and after
    // it has finished.
    std::string error;
    // The first sign of the replica's end.
    End end = End::kOpen;
    // The replica closed before it had read all bytes, or the primary wrote
    // after that. A polite end is kFin and false.
    //
    // The primary tells it by a reset, and in memory by the bytes. So it misses
    // unread TCP bytes that the replica's system had acknowledged, together
    // with the primary's own end. Play enough bytes: FramesTo().
    bool left_unread = false;

    friend bool operator==(const Connection& a, const Connection& b);
    friend bool operator!=(const Connection& a, const Connection& b) {
      return !(a == b);
    }
    // Prints all of it as text, with bytes escaped.
    friend std::ostream& operator<<(std::ostream& out,
                                    const Connection& connection);
    std::string ToString() const;
    template <typename Sink>
    friend void AbslStringify(Sink& sink, const Connection& connection) {
      sink.Append(connection.ToString());
    }
  };

  // `wait_limit` bounds WaitFinished(), WaitClosed() and
  // PrimaryScript::WaitForAck(). Default: 30 s.
  explicit ScriptedPrimary(absl::Duration wait_limit = absl::Seconds(30));
  ~ScriptedPrimary();  // Calls Stop().
  ScriptedPrimary(const ScriptedPrimary&) = delete;
  ScriptedPrimary& operator=(const ScriptedPrimary&) = delete;

  // Appends a script to the queue.
  void Enqueue(PrimaryScript script);
  // Sets the script for every connection that finds the queue empty.
  void SetDefault(PrimaryScript script);

  // Wraps all later connections, in an encryption say. A connection that it
  // rejects is closed. Default: null, plain connections.
  void SetWrapper(TransportWrapper wrap);

  // Accepts connections at `address` (see Listener::Listen) on a thread of its
  // own. kFailedPrecondition for a second call and after Stop().
  absl::Status Listen(absl::string_view address);
  // The address of Listen() with its real port. Empty before Listen().
  std::string address() const;

  // Returns a factory of connections in memory. It may be called any number of
  // times, until this object is destroyed. kUnavailable after Stop().
  [[nodiscard]] TransportFactory InMemory();

  // The number of connections so far. A connection counts from its first byte
  // on, in the order of these first bytes.
  size_t connections() const;
  // Returns a copy of the record of connection `i`; the first one is 0. Returns
  // an empty record if there is no such connection yet.
  [[nodiscard]] Connection connection(size_t i) const;

  // Waits until connection `i` has come and its script has ended, finished or
  // not. Returns at once after Stop(). Ends the program with a message after
  // the wait limit.
  void WaitFinished(size_t i) const;

  // As WaitFinished(), and waits until the replica has ended the connection and
  // has read all bytes or left them. `end` and `left_unread` are then final.
  void WaitClosed(size_t i) const;

  // Closes all connections and joins all threads. Later calls change nothing.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "open", "fin" or "reset".
absl::string_view EndName(ScriptedPrimary::End end);
std::ostream& operator<<(std::ostream& out, ScriptedPrimary::End end);
template <typename Sink>
void AbslStringify(Sink& sink, ScriptedPrimary::End end) {
  sink.Append(EndName(end));
}

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_
