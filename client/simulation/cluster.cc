// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/cluster.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_stats.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/client/simulation/connection.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/client/testing/locator_network.h"
#include "kevy_replica/client/testing/shard_runner.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {
namespace {

using client_internal::ShardOptions;
using client_testing::LocatorNetwork;
using client_testing::ShardRunner;

constexpr size_t kNodes = 3;
constexpr absl::Duration kPatience = absl::Seconds(10);
// Two checks, and the time of one.
constexpr absl::Duration kStaleRole = absl::Seconds(5);

template <typename Element>
std::string Encoded(const Element& element) {
  std::string bytes;
  if (Append(element, &bytes) != WireError::kNone) std::abort();
  return bytes;
}

// Applies the follower's calls to a map.
class Copy : public FollowerHandler {
 public:
  absl::Status OnFrames(absl::Span<const FrameView> frames,
                        const FeedPosition& /*position*/) override {
    for (const FrameView& frame : frames) {
      data.Apply(frame.argv()[0], frame.argv()[1], frame.argv()[2]);
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const FeedPosition&) override {
    data = Dataset();
    return absl::OkStatus();
  }
  absl::Status OnSnapshotBegin() override {
    payload_.clear();
    return absl::OkStatus();
  }
  absl::Status OnSnapshotChunk(absl::string_view bytes) override {
    absl::StrAppend(&payload_, bytes);
    return absl::OkStatus();
  }
  absl::Status OnSnapshotEnd(const FeedPosition& /*position*/) override {
    data = Dataset();
    return data.Parse(payload_) ? absl::OkStatus()
                                : absl::DataLossError("not a payload");
  }

  Dataset data;

 private:
  std::string payload_;
};

class Cluster {
 public:
  explicit Cluster(uint64_t seed);

  ClusterResult Run(int rounds);

 private:
  using State = LocatorNetwork::State;
  using Role = ScriptedNode::Role;

  struct Node {
    uint64_t generation = 0;
    std::vector<std::string> frames;  // Of its generation, from offset 0 on.
    Dataset data;
    absl::Time replica_since = absl::InfiniteFuture();
  };
  // A replica's connection to a node.
  struct Link {
    std::shared_ptr<Connection> connection;
    size_t node = 0;
    bool answered = false;
    uint64_t generation = 0;
    uint64_t next_offset = 0;
    absl::Time heartbeat_at;
  };

  // ---- The nodes.
  LocatorNetwork::Node& Shown(size_t i) { return network_.node(i); }
  bool IsUp(size_t i) { return Shown(i).state == State::kUp; }
  bool IsPrimary(size_t i) { return Shown(i).scripted.role == Role::kPrimary; }
  void Show(size_t i);
  void Promote(size_t i);
  void Demote(size_t i);
  void End(size_t i, bool vanish);
  void BringBack(size_t i);
  void Write();
  void Serve(Link* link);
  void SendSnapshot(Link* link);

  // ---- The follower.
  absl::StatusOr<std::unique_ptr<Transport>> Connect();
  void StepFollower();
  void Take(const LocatorEvent& event);
  bool Follows() {
    return runner_->session().stats().link_up && target_ == primary_ &&
           copy_.data == nodes_[primary_].data;
  }

  // ---- Rounds.
  void Disturb();
  void Failover(bool by_death);
  void Pass(absl::Duration duration);
  void Step();
  void Settle();

  VirtualClock clock_;
  Random random_;
  Record record_;
  PrimaryLocator locator_;
  LocatorNetwork network_;
  std::array<Node, kNodes> nodes_;
  size_t primary_ = 0;  // The true one.
  std::vector<Link> links_;
  uint64_t connections_ = 0;
  bool writing_ = true;
  Copy copy_;
  std::unique_ptr<ShardRunner> runner_;
  size_t target_ = 0;  // The node of the last PrimaryFound.
  ClusterResult result_;
};

PrimaryLocatorOptions LocatorOptions(Random* random) {
  PrimaryLocatorOptions options;
  options.shards = 1;
  options.retry.random = [random] { return random->Fraction(); };
  return options;
}

Cluster::Cluster(uint64_t seed)
    : random_(seed),
      record_(&clock_, /*tracing=*/true, /*print=*/false),
      locator_(ParseKevyUrl("kevy://a:1,b:1,c:1")->nodes,
               LocatorOptions(&random_), clock_.now()),
      network_(&locator_) {
  ShardOptions options;
  options.session.link.replica_id = "simulated";
  options.session.link.protocol = ProtocolChoice::kV2;
  options.session.retry.max_backoff = absl::Seconds(5);
  options.session.retry.random = [this] { return random_.Fraction(); };
  options.located = true;
  options.factory = [this] { return Connect(); };
  options.handler = &copy_;
  options.read_bytes = 4096;
  options.write_timeout = absl::Seconds(1);
  options.now = options.rough_now = [this] { return clock_.now(); };
  runner_ = std::make_unique<ShardRunner>(
      std::move(options), [](const FeedPosition&) { return absl::OkStatus(); },
      absl::InfiniteDuration());
  for (size_t i = 1; i < kNodes; ++i) Demote(i);
  Promote(0);
}

ClusterResult Cluster::Run(int rounds) {
  for (int round = 0; round < rounds && !record_.failed(); ++round) {
    record_.Trace(absl::StrCat("round ", round));
    writing_ = true;
    Disturb();
    Settle();
  }
  const FollowerStats stats = runner_->session().stats();
  result_.links = stats.links;
  result_.demoted_links = stats.ended_by(LinkEnd::kNotPrimary);
  result_.snapshots = stats.snapshots;
  result_.failure = record_.failure();
  result_.trace = record_.TraceText();
  runner_.reset();
  return result_;
}

void Cluster::Show(size_t i) {
  Shown(i).scripted.shards = {{nodes_[i].generation, nodes_[i].frames.size()}};
}

void Cluster::Promote(size_t i) {
  record_.Trace(absl::StrCat("promote ", i));
  primary_ = i;
  Shown(i).scripted.role = Role::kPrimary;
  nodes_[i].generation = random_.Bits() >> 11;
  nodes_[i].frames.clear();
  nodes_[i].replica_since = absl::InfiniteFuture();
}

void Cluster::Demote(size_t i) {
  record_.Trace(absl::StrCat("demote ", i));
  Shown(i).scripted.role = Role::kReplica;
  nodes_[i].replica_since = clock_.now();
}

void Cluster::End(size_t i, bool vanish) {
  record_.Trace(absl::StrCat(vanish ? "vanish " : "kill ", i));
  ++(vanish ? result_.vanishings : result_.kills);
  Shown(i).state = vanish ? State::kAbsent : State::kDown;
  for (Link& link : links_) {
    if (link.node != i) continue;
    if (vanish) {
      link.connection->StallUntil(absl::InfiniteFuture());
    } else if (random_.OneIn(2)) {
      link.connection->CutAfter(random_.Below(100), /*reset=*/true);
    } else {
      link.connection->CloseByPrimary();
    }
  }
}

// A node that was away comes back in the role that it had.
void Cluster::BringBack(size_t i) {
  record_.Trace(absl::StrCat("bring back ", i));
  // A process that has begun anew does not know the old connections.
  Shown(i).state = State::kDown;
  network_.Step(clock_.now());
  Shown(i).state = State::kUp;
  for (Link& link : links_) {
    if (link.node == i) link.connection->CloseByPrimary();
  }
}

void Cluster::Write() {
  Node& node = nodes_[primary_];
  const std::string key = absl::StrCat("k", random_.Below(20));
  const std::string value = absl::StrCat(random_.Below(1'000'000));
  node.data.Apply("SET", key, value);
  std::string frame;
  if (AppendFrame(node.frames.size(), {"SET", key, value}, &frame) !=
      WireError::kNone) {
    std::abort();
  }
  node.frames.push_back(std::move(frame));
}

void Cluster::SendSnapshot(Link* link) {
  const Node& node = nodes_[link->node];
  const std::string payload = node.data.Serialize();
  link->generation = node.generation;
  link->next_offset = node.frames.size();
  link->connection->Send(absl::StrCat(Encoded(SnapshotBegin()),
                                      Encoded(SnapshotChunk{payload}),
                                      Encoded(SnapshotEnd{link->next_offset})));
}

void Cluster::Serve(Link* link) {
  if (!IsUp(link->node)) return;
  const Node& node = nodes_[link->node];
  Connection& connection = *link->connection;
  if (!link->answered) {
    HandshakeRequest request;
    ArgvStorage storage;
    if (!DecodeHandshakeRequest(*connection.incoming(), Limits(), &storage,
                                &request)
             .done()) {
      return;
    }
    const FeedPosition& held = runner_->session().applied();
    if (held != FeedPosition() &&
        held != FeedPosition{request.generation, request.offset}) {
      record_.Fail(absl::StrCat("asked for ", request.generation, ":",
                                request.offset, " with data at ",
                                ToString(held)));
    }
    link->answered = true;
    link->heartbeat_at = clock_.now();
    link->generation = node.generation;
    link->next_offset = request.offset;
    connection.Send(
        absl::StrCat("+ACK ", node.generation, " ", request.offset, "\r\n"));
    if (request.generation != node.generation ||
        request.offset > node.frames.size()) {
      SendSnapshot(link);
    }
  }
  // Acknowledgements do not matter here.
  connection.incoming()->clear();
  // A replica sends heartbeats, and never a frame.
  if (IsPrimary(link->node)) {
    if (link->generation != node.generation) SendSnapshot(link);
    while (link->next_offset < node.frames.size()) {
      connection.Send(node.frames[link->next_offset++]);
    }
  }
  if (clock_.now() < link->heartbeat_at) return;
  link->heartbeat_at = clock_.now() + absl::Seconds(1);
  connection.Send(Encoded(Heartbeat{link->generation, link->next_offset}));
}

absl::StatusOr<std::unique_ptr<Transport>> Cluster::Connect() {
  record_.Trace(absl::StrCat("connect to ", target_));
  if (!IsUp(target_)) return absl::UnavailableError("connection refused");
  if (clock_.now() - nodes_[target_].replica_since > kStaleRole) {
    record_.Fail(absl::StrCat("a link to ", target_, ", long a replica"));
  }
  auto connection = std::make_shared<Connection>(++connections_, &clock_,
                                                 random_.Fork(), &record_);
  links_.emplace_back();
  links_.back().connection = connection;
  links_.back().node = target_;
  return ReplicaEnd(std::move(connection));
}

void Cluster::Take(const LocatorEvent& event) {
  client_internal::Shard& shard = runner_->shard();
  if (const auto* found = std::get_if<PrimaryFound>(&event)) {
    target_ = static_cast<size_t>(found->primary.node[0] - 'a');
    if (!found->primary.warning.empty()) ++result_.splits;
    record_.Trace(absl::StrCat("found ", target_));
    shard.HandlePrimary(found->primary, std::nullopt, /*tell=*/true);
  } else if (const auto* demoted = std::get_if<PrimaryDemoted>(&event)) {
    record_.Trace(demoted->status.message());
    shard.HandleDemoted(demoted->status);
  } else if (const auto* missing = std::get_if<PrimaryMissing>(&event)) {
    record_.Trace(missing->status.message());
    shard.HandleNoPrimary(missing->status);
  } else {
    record_.Fail(std::get<LocatorFailed>(event).status.message());
  }
}

void Cluster::StepFollower() {
  locator_.HandleTimeout(clock_.now());
  network_.Step(clock_.now());
  while (const std::optional<LocatorEvent> event = locator_.PollEvent()) {
    Take(*event);
  }
  int steps = 0;
  do {
    runner_->Step();
    if (++steps == 100'000) record_.Fail("the shard spins");
    if (runner_->link_ended()) {
      record_.Trace("link ended");
      locator_.HandleLinkEnded(clock_.now());
    }
  } while (runner_->ready() && !runner_->done() && !record_.failed());
  if (!runner_->broken_invariant().ok()) {
    record_.Fail(runner_->broken_invariant().message());
  }
  if (runner_->done()) record_.Fail(runner_->status().ToString());
}

void Cluster::Step() {
  if (writing_ && IsUp(primary_) && random_.OneIn(2)) Write();
  for (size_t i = 0; i < kNodes; ++i) {
    // Replicas lag: a promotion may lose the last writes.
    if (!IsPrimary(i) && IsUp(i) && IsUp(primary_) && random_.OneIn(3)) {
      nodes_[i].data = nodes_[primary_].data;
    }
    Show(i);
  }
  for (Link& link : links_) Serve(&link);
  links_.erase(std::remove_if(links_.begin(), links_.end(),
                              [](const Link& link) {
                                return link.connection->closed_by_replica();
                              }),
               links_.end());
  StepFollower();
  clock_.Advance(absl::Milliseconds(random_.Between(1, 40)));
}

void Cluster::Pass(absl::Duration duration) {
  const absl::Time until = clock_.now() + duration;
  while (clock_.now() < until && !record_.failed()) Step();
}

void Cluster::Failover(bool by_death) {
  ++result_.failovers;
  const size_t old = primary_;
  size_t heir = (old + 1 + random_.Below(kNodes - 1)) % kNodes;
  if (!IsUp(heir)) BringBack(heir);
  if (by_death) {
    End(old, random_.OneIn(3));
    Pass(absl::Milliseconds(random_.Below(3000)));
    Promote(heir);
    return;
  }
  // For some time both may say that they are the primary.
  const bool split = random_.OneIn(3);
  if (!split) Demote(old);
  Promote(heir);
  if (split) {
    Pass(absl::Milliseconds(random_.Below(3000)));
    Demote(old);
  }
}

void Cluster::Disturb() {
  for (uint64_t i = random_.Between(1, 3); i > 0; --i) {
    const size_t node = random_.Below(kNodes);
    switch (random_.Below(5)) {
      case 0:
        Failover(/*by_death=*/true);
        break;
      case 1:
        Failover(/*by_death=*/false);
        break;
      case 2:
        if (node != primary_ && IsUp(node)) End(node, random_.OneIn(3));
        break;
      case 3: {  // The primary restarts: a new history, or the old one.
        End(primary_, false);
        Pass(absl::Milliseconds(random_.Below(3000)));
        BringBack(primary_);
        if (random_.OneIn(2)) Promote(primary_);
        break;
      }
      default:
        // An old primary comes back, and does not know it yet.
        if (IsUp(node)) break;
        BringBack(node);
        Pass(absl::Milliseconds(random_.Below(3000)));
        if (node != primary_ && IsPrimary(node)) Demote(node);
        break;
    }
    Pass(absl::Milliseconds(random_.Below(4000)));
  }
  // Whoever is up agrees on the primary now.
  for (size_t i = 0; i < kNodes; ++i) {
    if (i != primary_ && IsUp(i) && IsPrimary(i)) Demote(i);
  }
}

void Cluster::Settle() {
  const absl::Time begin = clock_.now();
  while (!record_.failed()) {
    Step();
    const absl::Duration passed = clock_.now() - begin;
    if (passed > kPatience / 2) writing_ = false;
    if (Follows()) {
      result_.slowest = std::max(result_.slowest, passed);
      break;
    }
    if (passed > kPatience) {
      const Node& node = nodes_[primary_];
      record_.Fail(absl::StrCat(
          "not at primary ", primary_, " (",
          ToString({node.generation, node.frames.size()}), ") after 10 s: at ",
          target_, " (", ToString(runner_->session().received()), "), link ",
          runner_->session().stats().link_up));
    }
  }
}

}  // namespace

ClusterResult SimulateCluster(uint64_t seed, int rounds) {
  return Cluster(seed).Run(rounds);
}

}  // namespace simulation
}  // namespace kevy_replica
