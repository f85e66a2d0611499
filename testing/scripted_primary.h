// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A primary that does as it is told, for the tests of replicas: yours too.
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
// primary.address(). Each connection plays the next script in the queue on a
// thread of its own; one that comes when the queue is empty is refused, as by
// Refuse().

#ifndef KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_
#define KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {

// What a primary does on one connection: it reads the handshake's request,
// answers or refuses, then takes the steps in their order. After the last it
// closes, unless that is Stall().
class PrimaryScript {
 public:
  // ---- The handshake. By default either protocol is accepted, and the answer
  // echoes the offset asked for.

  // Speaks only this protocol: the other is closed without a word, as real ones
  // do (kevy 2.0.20, 3.18.0, 5.4.0).
  PrimaryScript& Speak(Protocol protocol);
  // The generation that the answer to protocol 2 bears. Default 1.
  PrimaryScript& Generation(uint64_t generation);
  // The offset that the answer bears, as an embedded writer's does, which tells
  // its snapshot's.
  PrimaryScript& AnswerOffset(uint64_t offset);
  // Closes without a word, whatever is asked.
  PrimaryScript& Refuse();
  // Sends no answer of its own: the first step's bytes are all there is (a
  // capture that begins with its answer, or a malformed one).
  PrimaryScript& NoAnswer();

  // ---- Steps.

  // Sends `bytes` as they are, in one write.
  PrimaryScript& Send(std::string bytes);
  // Sends `bytes`, each `piece` of them in a write of its own.
  PrimaryScript& SendInPieces(std::string bytes, size_t piece);
  // Sends one element. One that cannot be encoded (no arguments, an offset over
  // 2^63 - 1) ends the program with a message: Send() takes any bytes.
  PrimaryScript& Frame(uint64_t offset, std::vector<std::string> argv);
  // Sends every frame up to `end`, not included, from the offset asked for on,
  // or from the last FramesTo()'s end, as a primary does whose backlog has
  // them: `argv(offset)` is that one's command, and is called on the
  // connection's thread. So one script serves a replica that comes again and
  // again.
  PrimaryScript& FramesTo(
      uint64_t end, std::function<std::vector<std::string>(uint64_t)> argv);
  PrimaryScript& Heartbeat(uint64_t generation, uint64_t next_offset);
  PrimaryScript& Snapshot(absl::string_view payload, uint64_t next_offset);
  // Waits until the replica has acknowledged `next_offset` or more.
  PrimaryScript& WaitForAck(uint64_t next_offset);
  // Waits until the replica has closed, or the primary is stopped.
  PrimaryScript& Stall();
  // Ends the connection here, whatever is added later; the end of the script
  // does so too.
  PrimaryScript& Close();

  // A recording that begins with its answer, played whole: NoAnswer() and
  // Send(), and Speak() the protocol that the answer has.
  static PrimaryScript Capture(std::string bytes);

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
  std::optional<uint64_t> answer_offset_;  // Unset: the one asked for.
  bool refuse_ = false;
  bool answer_ = true;
  bool closed_ = false;  // By Close(): no step is added any more.
  std::vector<Step> steps_;
};

// Thread-safe.
class ScriptedPrimary {
 public:
  // What one connection's replica did.
  struct Connection {
    // Its request, if it was well formed. request->replica_id is valid as long
    // as the ScriptedPrimary; replica_id is a copy of it.
    std::optional<HandshakeRequest> request;
    std::string replica_id;
    std::string received;        // Every byte read from it, request included.
    std::vector<uint64_t> acks;  // The offsets acknowledged, in order.
    // The script has been played to its end: the replica neither asked for
    // another protocol nor left before.
    bool finished = false;
  };

  ScriptedPrimary();
  ~ScriptedPrimary();  // Stop().
  ScriptedPrimary(const ScriptedPrimary&) = delete;
  ScriptedPrimary& operator=(const ScriptedPrimary&) = delete;

  // Adds the script of one more connection.
  void Enqueue(PrimaryScript script);
  // Every connection that finds the queue empty plays this one.
  void SetDefault(PrimaryScript script);

  // Accepts connections at `address` (see Listener::Listen), on a thread. Once.
  absl::Status Listen(absl::string_view address);
  std::string address() const;  // Where it listens, fit for ReplicaClient.

  // Makes connections in memory, each to a script of its own. Must not outlive
  // this object.
  TransportFactory InMemory();

  // How many connections there were so far, and a copy of what connection `i`
  // (0 is the first) did so far: nothing, if there is none yet.
  size_t connections() const;
  Connection connection(size_t i) const;

  // Waits until connection `i` has come and its script has ended, played or
  // not; or until Stop().
  void WaitFinished(size_t i) const;

  // Closes everything and joins all threads. Harmless when called again.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TESTING_SCRIPTED_PRIMARY_H_
