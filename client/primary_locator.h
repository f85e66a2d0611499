// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Finds the primary among nodes, and its shards, without I/O and without a
// clock. It asks the nodes' client ports, again and again.
//
// Follower, Fleet and LocatePrimary() drive it. It is built like Session: a.
// getters, b. Handle...(), c. Poll...(). One turn of an event loop:
//
//   for (size_t i = 0; i < locator.size(); ++i) {
//     if (locator.PollConnection(i, now) != connections[i]) {  // Or 0.
//       connections[i] = locator.PollConnection(i, now);
//       Close(i);
//       if (connections[i] != 0) Connect(i);  // To locator.node(i). Then
//     }                    // HandleConnected(i), or HandleFailure(i, status).
//     if (locator.PollTransmit(i, &out)) Write(i, out);
//   }
//   while (auto event = locator.PollEvent()) Take(*event);
//   WaitUntil(locator.PollTimeout());
//
// After the wait: HandleRead(), HandleEof(), HandleFailure() or
// HandleTimeout(). HandleLinkEnded() comes from the replication links.
//
// Order of polling: 1. PollConnection(), 2. PollTransmit(), 3. PollEvent(), 4.
// PollTimeout().
//
// Each node is asked by itself, so a dead node does not delay the others. A
// check asks a node ROLE, INFO, FEED.SHARDS, REPL.TOKEN and DBSIZE over a new
// connection, and ROLE and REPL.TOKEN over a standing one. It ends with one of
// three results:
//
//   primary   the node says "master"
//   replica   the node says "slave"
//   silent    no connection, no reply in `check_timeout`, an error, a malformed
//             reply, or one over a limit
//
// A node is checked every `role_check_interval` while a primary is found. While
// none is, it is checked after a wait by `retry`. After HandleLinkEnded() every
// node is checked at once, though at most every 50 ms.
//
// The choice:
//
//   1. A check that began before the last HandleLinkEnded(), or before the
//      followed primary was demoted, does not count: no link begins to a node
//      that has not said "master" since the last link ended.
//   2. The followed primary stays as long as it says "master".
//   3. Otherwise the only node that says "master" is taken. Nodes that have not
//      answered yet get 200 ms to object; the followed primary gets its whole
//      check.
//   4. A followed primary that says "slave" is demoted at once. One that is
//      silent is demoted when another node is taken. Silence alone ends no
//      link.
//   5. A node is taken role_check_interval after the last one was, at the
//      earliest: roles that flap must not cost a snapshot each.
//
// A split is a time when two nodes say "master". It lasts until one of them is
// a replica or silent.
//
//   6. The followed primary stays, and PrimaryFound warns of the split.
//   7. If none of them is followed, none is taken.
//   8. The node with the higher sum of offsets (REPL.TOKEN; the first node of
//      the list if the sums are equal) leads the split. If it falls silent,
//      the other one is taken only after 5 s: it may only have lost its
//      network. If the other one falls silent, or agrees that it is a replica,
//      the leader is taken at once.
//
// Sums decide no more than this wait, since offsets of two generations cannot
// be compared: a promoted node counts from 0.
//
// A replica names its primary. That name is shown, never followed: behind NAT
// it is wrong, and a hostile node could lead a reader anywhere. Only listed
// nodes are asked, and only they are linked to.

#ifndef KEVY_REPLICA_CLIENT_PRIMARY_LOCATOR_H_
#define KEVY_REPLICA_CLIENT_PRIMARY_LOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/retry_options.h"
#include "kevy_replica/codec/internal/value.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {

class ReplyView;

// Links to `primary` may begin. Comes for the first primary, for another one,
// after each HandleLinkEnded(), and when the warning changes.
struct PrimaryFound {
  Primary primary;

  template <typename T>
  static auto ValueFields(const T& found) {
    return std::tie(found.primary);
  }
};
// Appends "primary_found node=db1:6004 ...".
void AppendText(const PrimaryFound& found, std::string* out);
// The followed node is not the primary any more: links to it must end with
// `status`, of kind kNotPrimary.
struct PrimaryDemoted {
  absl::Status status;
};
// No node may be followed now. `status` (kUnavailable) tells the result of each
// node's check, or names those that all claim to be the primary. Comes when
// that text changes.
struct PrimaryMissing {
  absl::Status status;
};
// Another attempt would not help (kFailedPrecondition): the primary has another
// number of shards, or does not tell it, or has no FEED.TAIL. The locator has
// ended.
struct LocatorFailed {
  absl::Status status;
};
// Two are equal if their statuses are. A status has no hash, so these have
// none.
bool operator==(const PrimaryDemoted& a, const PrimaryDemoted& b);
bool operator!=(const PrimaryDemoted& a, const PrimaryDemoted& b);
bool operator==(const PrimaryMissing& a, const PrimaryMissing& b);
bool operator!=(const PrimaryMissing& a, const PrimaryMissing& b);
bool operator==(const LocatorFailed& a, const LocatorFailed& b);
bool operator!=(const LocatorFailed& a, const LocatorFailed& b);
// "primary_demoted: db1:6004 is a replica of \"10.0.0.1\"".
std::ostream& operator<<(std::ostream& out, const PrimaryDemoted& demoted);
// "primary_missing: ...".
std::ostream& operator<<(std::ostream& out, const PrimaryMissing& missing);
// "locator_failed: ...".
std::ostream& operator<<(std::ostream& out, const LocatorFailed& failed);

// The events of PollEvent().
using LocatorEvent =
    std::variant<PrimaryFound, PrimaryDemoted, PrimaryMissing, LocatorFailed>;

struct PrimaryLocatorOptions {
  PrimaryLocatorOptions() { retry.max_backoff = absl::Seconds(5); }

  // The number of shards that the primary must have. 0: any number, as
  // FEED.SHARDS tells it. kevy before 2.3 does not tell it. Default: 0.
  size_t shards = 0;
  // The time between two checks of a node while a primary is found. Default: 2
  // s.
  absl::Duration role_check_interval = absl::Seconds(2);
  // The limit for connecting, and for all answers of a check. Default: 2 s.
  absl::Duration check_timeout = absl::Seconds(2);
  // The waits between checks of a node while no primary is found.
  // retry.max_backoff is 5 s by default.
  RetryOptions retry;
};

// Not thread-safe.
class PrimaryLocator {
 public:
  // Precondition: `nodes` is not empty.
  PrimaryLocator(std::vector<Address> nodes, PrimaryLocatorOptions options,
                 absl::Time now);
  PrimaryLocator(PrimaryLocator&&) noexcept;
  ~PrimaryLocator();

  // ---- Getters. Precondition of every `node`: it is less than size().

  // The number of nodes.
  size_t size() const;
  // As given to the constructor.
  const Address& node(size_t node) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // The last PrimaryFound's, until it is demoted.
  const std::optional<Primary>& primary() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return primary_;
  }
  // The end of a shard's history, as of the last PrimaryFound. Empty unless
  // HandleTailsWanted() asked for it.
  std::optional<FeedPosition> tail(size_t shard) const;

  // ---- Input.

  // Asks FEED.TAIL for these shards from the next check on. The primary is then
  // found only with all of them.
  void HandleTailsWanted(std::vector<size_t> shards);

  // A replication link ended, or an attempt at one failed.
  void HandleLinkEnded(absl::Time now);

  // The connection of PollConnection() stands.
  void HandleConnected(size_t node, absl::Time now);
  // Room for the next bytes. Empty without a connection.
  absl::Span<char> PrepareRead(size_t node) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // `n` bytes were read into that room.
  void HandleRead(size_t node, size_t n, absl::Time now);
  void HandleEof(size_t node, absl::Time now);
  // Connecting, reading or writing failed.
  void HandleFailure(size_t node, const absl::Status& status, absl::Time now);
  // The time of PollTimeout() has come. Earlier calls are harmless.
  void HandleTimeout(absl::Time now);

  // ---- Work.

  // The number of the connection that should stand or be made, or 0. A new
  // number asks for a new connection.
  uint64_t PollConnection(size_t node, absl::Time now);

  // Replaces `*out` by the bytes to write and returns true, or returns false.
  bool PollTransmit(size_t node, std::string* out);

  // The next event, or none.
  [[nodiscard]] std::optional<LocatorEvent> PollEvent();

  // When to call HandleTimeout() and all Poll...() again, unless input comes
  // before.
  absl::Time PollTimeout() const;

 private:
  struct Node;
  struct Question;
  // The result of a node's last check.
  enum class Result : uint8_t { kNone, kPrimary, kReplica, kSilent };

  bool IsFresh(const Node& node) const;
  size_t Primaries() const;
  std::string NamesOfPrimaries(absl::string_view except) const;

  // A node's check.
  void Begin(Node* node, absl::Time now);
  void Ask(Node* node);
  void Take(Node* node, absl::Time now);
  // Takes one reply. Returns the fault of the reply, or "".
  std::string Answer(Node* node, const Question& question, ReplyView reply);
  std::string AnswerInfo(Node* node, ReplyView reply);
  std::string AnswerTail(Node* node, size_t shard, ReplyView reply);
  // The fault of the answers together, or "".
  std::string CheckFacts(const Node& node) const;
  void Drop(Node* node);
  void LoseIdle(Node* node, absl::Time now);
  void Fail(Node* node, std::string text, absl::Time now);
  void Conclude(Node* node, Result result, absl::Time now);
  void Schedule(Node* node, absl::Time now);
  void CheckSoon(absl::Time now);

  // The choice.
  void Decide(absl::Time now);
  void Choose(absl::Time now);
  void UpdateSplit(absl::Time now);
  void Find(size_t i, absl::Time now);
  absl::Status CheckPrimary(const Node& node) const;
  Primary PrimaryAt(const Node& node) const;
  void Demote(absl::string_view reason, absl::Time now);
  void Miss();

  const PrimaryLocatorOptions options_;
  std::vector<Node> nodes_;
  std::vector<size_t> tails_wanted_;
  // Checks that began before do not count.
  absl::Time fresh_since_ = absl::InfinitePast();
  std::optional<size_t> current_;  // The followed node.
  std::optional<Primary> primary_;
  std::map<size_t, FeedPosition> tails_;
  bool confirmed_ = false;  // PrimaryFound came since the last link's end.
  std::optional<size_t> leader_;                // Of a split.
  absl::Time taken_at_ = absl::InfinitePast();  // The last taking of a node.
  // The choice waits until then: for other nodes' answers, or by rule 5.
  std::optional<absl::Time> settled_at_;
  std::string missing_;  // The text of the last PrimaryMissing.
  bool failed_ = false;
  std::deque<LocatorEvent> events_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_PRIMARY_LOCATOR_H_
