// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Nodes and a network for a PrimaryLocator, on the caller's clock.
//
//   LocatorNetwork network(&locator);
//   network.node(1).scripted.role = ScriptedNode::Role::kReplica;
//   network.node(2).state = LocatorNetwork::State::kDown;
//   network.Step(now);  // All that happens without a wait.

#ifndef KEVY_REPLICA_CLIENT_TESTING_LOCATOR_NETWORK_H_
#define KEVY_REPLICA_CLIENT_TESTING_LOCATOR_NETWORK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/testing/scripted_node.h"

namespace kevy_replica {
namespace client_testing {

// Not thread-safe.
class LocatorNetwork {
 public:
  enum class State : uint8_t {
    kUp,
    kDown,    // Connections end, new ones are refused.
    kAbsent,  // Nothing comes back: as behind a cable that was cut.
  };
  struct Node {
    ScriptedNode scripted;
    State state = State::kUp;
    // Sent instead of every reply. An empty one leaves commands unanswered.
    std::optional<std::string> raw;
    // The bytes of each read. 0: all.
    size_t piece = 0;
    int connections = 0;  // So far.
    // The commands so far: "INFO server".
    std::vector<std::string> commands;

   private:
    friend class LocatorNetwork;
    uint64_t connection = 0;
    bool connected = false;
    ReplyDecoder decoder;  // A command is an array of bulk strings.
    std::string unread;
  };

  explicit LocatorNetwork(PrimaryLocator* locator)
      : locator_(locator), nodes_(locator->size()) {}

  Node& node(size_t i) { return nodes_[i]; }

  // Polls and answers until only time is missing. Aborts if that never comes.
  void Step(absl::Time now) {
    for (int turns = 0; StepOnce(now); ++turns) {
      if (turns > 100'000) std::abort();
    }
  }

 private:
  bool StepOnce(absl::Time now) {
    bool moved = false;
    for (size_t i = 0; i < nodes_.size(); ++i) moved |= StepNode(i, now);
    return moved;
  }

  // Returns whether anything happened.
  bool StepNode(size_t i, absl::Time now) {
    Node& node = nodes_[i];
    const uint64_t wanted = locator_->PollConnection(i, now);
    if (wanted != node.connection) {
      node.connection = wanted;
      node.connected = false;
      node.unread.clear();
      if (wanted == 0) return true;
      node.decoder = ReplyDecoder();
      ++node.connections;
      if (node.state == State::kDown) {
        locator_->HandleFailure(i, absl::UnavailableError("connection refused"),
                                now);
      } else if (node.state == State::kUp) {
        node.connected = true;
        locator_->HandleConnected(i, now);
      }
      return true;
    }
    if (!node.connected) return false;
    if (node.state == State::kDown) {
      node.connected = false;
      locator_->HandleEof(i, now);
      return true;
    }
    std::string sent;
    if (locator_->PollTransmit(i, &sent)) {
      node.decoder.Feed(sent);
      while (node.decoder.Next() == Outcome::kDone) {
        Answer(&node, node.decoder.reply());
      }
      return true;
    }
    if (node.state == State::kAbsent || node.unread.empty()) return false;
    const absl::Span<char> room = locator_->PrepareRead(i);
    size_t n = std::min(room.size(), node.unread.size());
    if (node.piece > 0) n = std::min(n, node.piece);
    if (n == 0) return false;
    std::memcpy(room.data(), node.unread.data(), n);
    node.unread.erase(0, n);
    locator_->HandleRead(i, n, now);
    return true;
  }

  static void Answer(Node* node, ReplyView command) {
    std::vector<absl::string_view> argv;
    for (const ReplyView argument : command) argv.push_back(argument.text());
    node->commands.push_back(absl::StrJoin(argv, " "));
    node->unread += node->raw.value_or(node->scripted.ReplyTo(argv));
  }

  PrimaryLocator* const locator_;
  std::deque<Node> nodes_;
};

}  // namespace client_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_TESTING_LOCATOR_NETWORK_H_
