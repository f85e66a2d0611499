// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/simulation.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/follower_session.h"
#include "kevy_replica/client/internal/shard.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/simulation/connection.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/model_primary.h"
#include "kevy_replica/client/simulation/model_replica.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/secure_end.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/client/testing/shard_runner.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace simulation {
namespace {

using client_internal::ShardOptions;
using client_testing::ShardRunner;

// Larger than any element that a model primary sends.
constexpr size_t kLargestElement = 4096;

// The rates of faults in a storm: one in so many steps. 0: the fault is off.
// Each run leaves some off: under constant faults, slow events would not occur.
struct Rates {
  uint64_t cut, write_cut, write_failure, stall, refusal, unnoticed_close;
  uint64_t breach, history_change, exchange, primary_restart, flood;
  uint64_t kill, stop, interruption, handler_error, store_error;
  uint64_t demotion, data_loss;
};

class Simulation {
 public:
  Simulation(uint64_t seed, Tracing tracing, Links links);
  ~Simulation() { shard_.reset(); }

  SimulationResult Run();

 private:
  static PrimaryOptions DrawPrimary(Random* random);
  static ReplicaOptions DrawReplica(Random* random);
  static Rates DrawRates(Random* random);
  void DrawFollower();

  bool Chance(uint64_t one_in) {
    return one_in > 0 && random_.OneIn(one_in) && !record_.failed();
  }

  // ---- The follower.
  void Begin();
  absl::StatusOr<std::unique_ptr<Transport>> Connect();
  void Step();
  void Stop();
  void PassTime(bool calm);

  // ---- Faults.
  void Storm(int steps);
  void DisturbNetwork();
  void DisturbPrimary();
  void ChangeHistory();
  void DisturbReplica();

  // Protocol 1 names its history only in heartbeats. Changes of history that a
  // replica cannot detect are left out.
  bool TellsGenerations() const {
    return primary_.options().protocol == Protocol::kV2 ||
           primary_.options().heartbeats == Heartbeats::kFull;
  }
  bool HoldsCurrent(const Holding& holding) const {
    return holding.kind == Holding::Kind::kAt &&
           holding.mark.history == histories_.current().number();
  }
  // Whether the follower must not store this data's position yet: it may belong
  // to two histories. A replica that keeps its own position does save it.
  bool IsDoubted(const Holding& holding) const {
    return holding.kind == Holding::Kind::kMixed &&
           !replica_.options().keeps_position;
  }
  // Whether a new follower may begin at the kept position.
  bool MayLoseMemory() const;
  // Whether the follower may end by itself and store its position.
  bool MayEnd() const;
  bool MayChangeHistory() const;
  // Whether the network may be slow at any time. After `heartbeat_timeout`
  // without a heartbeat the follower concludes that this primary does not send
  // any, and gives up an assumed generation. A slow network must not mislead
  // it.
  bool MayBeSlow() const;
  // Whether it may stall now.
  bool MayStall() const;
  bool MayExchange() const;
  // Whether the primary may lose its data and keep its generation: the follower
  // can tell only as long as the new history is shorter than the data.
  bool MayLoseData() const;

  // Some minutes in which the primary commits the same breach on each
  // connection. Checks the number of connections and of fresh starts.
  void Siege();
  // Whether fresh starts keep their distance.
  void CheckFreshStarts();

  void Calm();
  bool Converged() const;

  const Links links_;
  VirtualClock clock_;
  Random random_;
  Record record_;
  Histories histories_;
  ModelPrimary primary_;
  ModelReplica replica_;
  const Rates rates_;
  FollowerSessionOptions session_options_;
  size_t read_bytes_ = 0;
  uint64_t writes_;  // The most writes of a step.
  std::unique_ptr<ShardRunner> shard_;

  std::shared_ptr<Connection> connection_;  // The newest.
  absl::Time connected_at_;
  uint64_t connections_ = 0;
  // The fresh links so far, and when the last two of this follower connected.
  uint64_t fresh_links_ = 0;
  absl::Time last_fresh_ = absl::InfinitePast();
  absl::Time fresh_before_ = absl::InfinitePast();
  // The waits are at least half the longest, so that connections have a bound.
  bool besieged_;
  // The primary has lost its data, and the follower can still tell.
  bool withholds_writes_ = false;
  bool storming_ = false;
  // After a change of history that only the coming snapshot shows, until the
  // replica holds that snapshot.
  bool spared_ = false;
  absl::Time refused_until_ = absl::InfinitePast();
  // Set: the step ends before the next event.
  std::atomic<bool> interrupt_{false};
  bool interrupted_ = false;  // The last step ended so.
  int steps_without_time_ = 0;
  int steps_with_error_ = 0;
};

Simulation::Simulation(uint64_t seed, Tracing tracing, Links links)
    : links_(links),
      random_(seed),
      record_(&clock_, tracing != Tracing::kOff, tracing == Tracing::kPrint),
      primary_(DrawPrimary(&random_), &histories_, &clock_, random_.Fork(),
               &record_,
               [this](uint64_t connection, uint64_t next_offset) {
                 if (record_.tracing()) {
                   record_.Trace(absl::StrCat("connection ", connection,
                                              ": acknowledged ", next_offset));
                 }
                 replica_.CheckAck(next_offset);
               }),
      replica_(DrawReplica(&random_), &histories_, random_.Fork(), &record_,
               [this] { return storming_ && MayEnd(); }),
      rates_(DrawRates(&random_)),
      writes_(random_.Between(1, 4)),
      besieged_(random_.OneIn(6)) {
  DrawFollower();
  if (!record_.tracing()) return;
  const PrimaryOptions& primary = primary_.options();
  const ReplicaOptions& replica = replica_.options();
  record_.Trace(absl::StrCat(
      "seed ", seed, ": primary of protocol ",
      static_cast<int>(primary.protocol), ", heartbeats ",
      static_cast<int>(primary.heartbeats), ", embedded ", primary.embedded,
      ", old_rules ", primary.old_rules, ", frame_limit ", primary.frame_limit,
      ", backlog ", primary.backlog, "; replica keeps_position ",
      replica.keeps_position, ", applied_on_return ", replica.applied_on_return,
      ", snapshot_in_place ", replica.snapshot_in_place, ", keeps_queue ",
      replica.keeps_queue));
}

PrimaryOptions Simulation::DrawPrimary(Random* random) {
  PrimaryOptions options;
  if (random->OneIn(2)) {
    options.protocol = Protocol::kV1;
    options.heartbeats = random->OneIn(2)   ? Heartbeats::kFull
                         : random->OneIn(2) ? Heartbeats::kOffsetOnly
                                            : Heartbeats::kNone;
  } else if (random->OneIn(6)) {
    options.heartbeats = Heartbeats::kNone;
  }
  options.embedded =
      options.heartbeats == Heartbeats::kNone && random->OneIn(2);
  options.snapshot_from_0 = random->OneIn(4);
  const bool has_heartbeats = options.heartbeats != Heartbeats::kNone;
  options.old_rules = has_heartbeats && random->OneIn(2);
  // Only a snapshot gets past the frame. Protocol 1 cannot ask for one.
  if (has_heartbeats && random->OneIn(3) &&
      (options.protocol == Protocol::kV2 || options.snapshot_from_0)) {
    options.frame_limit = random->Between(500, 1900);
  }
  options.backlog = random->Between(2, random->OneIn(2) ? 20 : 150);
  options.most_behind = options.backlog + random->Between(20, 300);
  options.window = random->Between(300, 6000);
  return options;
}

ReplicaOptions Simulation::DrawReplica(Random* random) {
  ReplicaOptions options;
  options.keeps_position = random->OneIn(3);
  options.applied_on_return = !random->OneIn(3);
  options.snapshot_in_place = random->OneIn(3);
  options.keeps_queue = !random->OneIn(4);
  return options;
}

Rates Simulation::DrawRates(Random* random) {
  const auto rate = [random](uint64_t one_in) -> uint64_t {
    return random->OneIn(3) ? 0 : random->Between(one_in / 2, one_in * 2);
  };
  Rates rates;
  rates.cut = rate(25);
  rates.write_cut = rate(80);
  rates.write_failure = rate(100);
  rates.stall = rate(100);
  rates.refusal = rate(100);
  rates.unnoticed_close = rate(60);
  rates.breach = rate(40);
  rates.history_change = rate(50);
  rates.exchange = rate(200);
  rates.primary_restart = rate(120);
  rates.flood = rate(80);
  rates.kill = rate(60);
  rates.stop = rate(120);
  rates.interruption = rate(10);
  rates.handler_error = rate(80);
  rates.store_error = rate(80);
  rates.demotion = rate(400);
  rates.data_loss = rate(100);
  return rates;
}

void Simulation::DrawFollower() {
  FollowerSessionOptions& options = session_options_;
  options.link.replica_id = "simulated";
  // A fixed choice must be the primary's protocol, for the whole run.
  if (rates_.exchange == 0 && random_.OneIn(3)) {
    options.link.protocol = primary_.options().protocol == Protocol::kV1
                                ? ProtocolChoice::kV1
                                : ProtocolChoice::kV2;
  }
  // Before the first heartbeat, only this timeout ends a dead link.
  options.link.idle_timeout = absl::Seconds(random_.Between(3, 30));
  if (random_.OneIn(4))
    options.link.heartbeat_timeout = absl::InfiniteDuration();
  options.link.stall_timeout = random_.OneIn(4)
                                   ? absl::Seconds(10)
                                   : absl::Seconds(random_.Between(1, 10));
  options.link.fresh_generation = (random_.Bits() >> 12) | uint64_t{1} << 52;
  if (random_.OneIn(3)) options.link.ack_interval = absl::ZeroDuration();
  options.retry.initial_backoff = absl::Milliseconds(random_.Between(1, 200));
  options.retry.max_backoff = absl::Seconds(random_.Between(1, 10));
  options.snapshots.in_place = replica_.options().snapshot_in_place;
  options.store_interval = random_.OneIn(3)
                               ? absl::ZeroDuration()
                               : absl::Milliseconds(random_.Between(1, 1500));
  if (replica_.options().keeps_position) {
    // Like a follower without a store.
    options.store_interval = absl::InfiniteDuration();
  }
  options.retry.random = [this] {
    return besieged_ ? (1 + random_.Fraction()) / 2 : random_.Fraction();
  };
  static constexpr size_t kReadBytes[] = {1, 64, 1000, 20'000};
  read_bytes_ = kReadBytes[random_.Below(4)];
}

SimulationResult Simulation::Run() {
  Begin();
  for (uint64_t round = 1 + random_.Below(2); round > 0; --round) {
    Storm(static_cast<int>(random_.Between(60, 250)));
    if (besieged_) Siege();
    Calm();
  }
  if (!record_.failed()) Stop();
  shard_.reset();
  return {record_.failure(), record_.TraceText(), record_.counts()};
}

void Simulation::Begin() {
  last_fresh_ = fresh_before_ = absl::InfinitePast();
  ShardOptions options;
  options.session = session_options_;
  options.session.from = replica_.Begin([this](uint64_t next_offset) {
    if (shard_ != nullptr) shard_->shard().Applied(next_offset);
  });
  options.factory = [this] { return Connect(); };
  options.handler = &replica_;
  options.applied_on_return = replica_.options().applied_on_return;
  options.read_bytes = read_bytes_;
  options.write_timeout = absl::Seconds(10);
  options.now = [this] { return clock_.now(); };
  options.interrupted = &interrupt_;
  // The shard reads it before and after each event.
  options.rough_now = [this] {
    if (Chance(rates_.interruption)) interrupt_ = true;
    return clock_.now();
  };
  shard_ = std::make_unique<ShardRunner>(
      std::move(options),
      [this](const FeedPosition& position) { return replica_.Store(position); },
      session_options_.store_interval);
}

absl::StatusOr<std::unique_ptr<Transport>> Simulation::Connect() {
  if (clock_.now() < refused_until_) {
    record_.Count(Happening::kRefusal);
    return random_.OneIn(2) ? absl::UnavailableError("connection refused")
                            : absl::DeadlineExceededError("not connected");
  }
  ++connections_;
  connected_at_ = clock_.now();
  if (record_.tracing()) {
    record_.Trace(absl::StrCat("connection ", connections_));
  }
  connection_ = std::make_shared<Connection>(connections_, &clock_,
                                             random_.Fork(), &record_);
  if (storming_ && !spared_) {
    // Cut in the answer, or soon behind it.
    if (rates_.cut > 0 && random_.OneIn(8)) {
      connection_->CutAfter(random_.Below(60), random_.OneIn(2));
    }
    if (rates_.write_cut > 0 && random_.OneIn(12)) {
      connection_->CutWritesAfter(random_.Below(100), random_.OneIn(2));
    }
    if (rates_.stall > 0 && random_.OneIn(16)) {
      connection_->StallUntil(clock_.now() +
                              absl::Seconds(random_.Between(1, 20)));
    }
  }
  if (!MayBeSlow()) connection_->ReadFast();
  if (links_ == Links::kSecure) connection_->Secure();
  primary_.Accept(connection_);
  if (links_ == Links::kSecure)
    return SecureReplicaEnd(ReplicaEnd(connection_));
  return ReplicaEnd(connection_);
}

void Simulation::Step() {
  replica_.BeginStep();
  interrupt_ = false;
  const uint64_t link = shard_->session().stats().connects;
  const uint64_t read = connection_ == nullptr ? 0 : connection_->bytes_read();
  shard_->Step();
  interrupted_ = interrupt_ && shard_->ready();
  if (interrupted_) record_.Count(Happening::kInterrupted);
  if (!shard_->broken_invariant().ok()) {
    record_.Fail(shard_->broken_invariant().message());
  }
  CheckFreshStarts();
  if (record_.failed()) return;

  const size_t memory = shard_->session().memory_bytes();
  // The bound of ByteBuffer, plus the arguments of 32 frames.
  const size_t most =
      std::max(internal::ByteBuffer::kMinCapacity,
               2 * (kLargestElement + std::max<size_t>(read_bytes_, 20'000))) +
      16'384;
  if (memory > most) {
    record_.Fail(absl::StrCat("the follower holds ", memory, " bytes"));
  }
  if (shard_->done()) {
    if (!replica_.raised_error()) {
      record_.Fail(absl::StrCat("the follower ended by itself: ",
                                shard_->status().ToString()));
    } else if (shard_->status().ok()) {
      record_.Fail("the follower ended as if there had been no error");
    }
    steps_with_error_ = 0;
    Begin();
    return;
  }
  if (!shard_->ready()) replica_.CheckWaiting();
  // The follower may find a store's error at a step's end. The next step, which
  // must come soon, acts on it.
  steps_with_error_ = replica_.raised_error() ? steps_with_error_ + 1 : 0;
  if (steps_with_error_ > 1 || (steps_with_error_ > 0 && !shard_->ready() &&
                                shard_->deadline() > clock_.now())) {
    record_.Fail("the follower goes on although there was an error");
  }
  const bool idle =
      link == shard_->session().stats().connects &&
      (connection_ == nullptr || read == connection_->bytes_read());
  if (!idle) steps_without_time_ = 0;
}

void Simulation::Stop() {
  record_.Count(Happening::kStop);
  if (interrupted_) record_.Count(Happening::kStopAmidEvents);
  replica_.set_errors(0, 0);
  shard_->shard().Stop(absl::OkStatus());
  shard_->Step();
  if (!shard_->done()) {
    record_.Fail("Stop(), and a step, and it is not done");
  } else if (!shard_->status().ok()) {
    record_.Fail(absl::StrCat("stopped, but its status is ",
                              shard_->status().ToString()));
  } else {
    replica_.CheckStopped(shard_->session().applied());
  }
}

void Simulation::PassTime(bool calm) {
  // The follower has work now. Little time passes during it.
  if (shard_->ready()) {
    if (random_.OneIn(8)) clock_.Advance(absl::Milliseconds(1));
    return;
  }
  const absl::Duration until = shard_->deadline() - clock_.now();
  if (until <= absl::ZeroDuration()) {
    if (++steps_without_time_ > 20) {
      record_.Fail("the follower spins without work");
    }
    return;
  }
  steps_without_time_ = 0;
  absl::Duration by = absl::Milliseconds(random_.Between(1, 80));
  if (shard_->shard().waits_for_time_alone() ||
      (connection_ != nullptr && connection_->stalled())) {
    by = absl::Milliseconds(random_.Between(100, 2000));
  } else if (calm && random_.OneIn(2)) {
    by = absl::Milliseconds(random_.Between(100, 1000));
  }
  // Wake at the deadline, like a waiting loop, or sometimes too late.
  if (!random_.OneIn(10)) by = std::min(by, until);
  clock_.Advance(by);
}

void Simulation::Storm(int steps) {
  storming_ = true;
  replica_.set_errors(rates_.handler_error, rates_.store_error);
  // Turns of a busy follower count less: small reads take many of them.
  for (int i = 0; steps > 0 && i < 2000 && !record_.failed(); ++i) {
    const bool ready = shard_->ready();
    if (!ready || random_.OneIn(8)) {
      --steps;
      withholds_writes_ = withholds_writes_ &&
                          replica_.kept_position() != FeedPosition() &&
                          !HoldsCurrent(replica_.kept_holding());
      if (!withholds_writes_) {
        for (uint64_t n = random_.Below(writes_ + 1); n > 0; --n) {
          primary_.Write();
        }
      }
      if (spared_) {
        spared_ = !HoldsCurrent(replica_.holding()) ||
                  !HoldsCurrent(replica_.kept_holding()) ||
                  shard_->session().awaits_applied() || !replica_.idle();
      } else {
        DisturbNetwork();
        DisturbPrimary();
        DisturbReplica();
      }
      primary_.Tick();
    }
    if (random_.OneIn(2)) replica_.Work(random_.Below(8));
    Step();
    PassTime(false);
  }
  storming_ = false;
  replica_.set_errors(0, 0);
}

void Simulation::DisturbNetwork() {
  if (Chance(rates_.refusal)) {
    refused_until_ =
        clock_.now() + absl::Milliseconds(random_.Between(10, 5000));
  }
  if (connection_ == nullptr) return;
  if (Chance(rates_.cut)) {
    const size_t after =
        random_.OneIn(2) ? random_.Below(50) : random_.Below(3000);
    connection_->CutAfter(after, random_.OneIn(2));
  }
  if (Chance(rates_.write_cut)) {
    connection_->CutWritesAfter(random_.Below(60), random_.OneIn(2));
  }
  if (Chance(rates_.write_failure)) {
    connection_->FailNextWrite(
        random_.OneIn(2) ? absl::UnavailableError("broken pipe")
                         : absl::DeadlineExceededError("the peer is stuck"));
  }
  if (Chance(rates_.stall) && MayStall()) {
    record_.Count(Happening::kStall);
    connection_->StallUntil(
        random_.OneIn(2)
            ? absl::InfiniteFuture()
            : clock_.now() + absl::Milliseconds(random_.Between(100, 8000)));
  }
  if (Chance(rates_.unnoticed_close)) connection_->HideClose();
}

void Simulation::DisturbPrimary() {
  if (Chance(rates_.flood)) {
    for (uint64_t n = random_.Between(20, 300); n > 0; --n) primary_.Write();
  }
  if (Chance(rates_.breach)) {
    primary_.Commit(static_cast<Breach>(random_.Below(kBreaches)));
  }
  if (primary_.demoted()) {
    if (random_.OneIn(12)) primary_.Promote();
    return;
  }
  if (Chance(rates_.demotion)) {
    primary_.Demote();
    return;
  }
  if (Chance(rates_.data_loss) && MayLoseData()) {
    primary_.ForgetBreach();
    primary_.LoseData();
    spared_ = withholds_writes_ = true;
    return;
  }
  if (Chance(rates_.history_change) && MayChangeHistory()) ChangeHistory();
  if (Chance(rates_.primary_restart) && !spared_) {
    record_.Count(Happening::kPrimaryRestart);
    primary_.Restart();
  }
  // A foreign history whose heartbeat comes too late is rare: provoke it.
  const bool mixed = replica_.holding().kind == Holding::Kind::kMixed;
  if (mixed && rates_.cut > 0 && random_.OneIn(3)) {
    connection_->CutAfter(random_.Below(100), random_.OneIn(2));
  }
  if (!spared_ &&
      (Chance(rates_.exchange) ||
       (mixed && rates_.exchange > 0 && random_.OneIn(8))) &&
      MayExchange()) {
    if (primary_.options().protocol == Protocol::kV1) {
      primary_.Exchange(Protocol::kV2, Heartbeats::kFull);
      if (random_.OneIn(2)) primary_.ChangeHistory(random_.OneIn(2));
    } else {
      primary_.Exchange(Protocol::kV1, random_.OneIn(2)
                                           ? Heartbeats::kFull
                                           : Heartbeats::kOffsetOnly);
    }
  }
}

void Simulation::ChangeHistory() {
  if (!replica_.linked()) record_.Count(Happening::kHistoryChangedWhileAway);
  spared_ = !TellsGenerations();
  if (spared_) {
    connection_->Mend();
    primary_.ForgetBreach();
  }
  primary_.ChangeHistory(random_.OneIn(2));
  // Another server takes over, under the same address.
  if (!spared_ && random_.OneIn(2)) {
    primary_.Restart();
    for (uint64_t n = random_.Below(20); n > 0; --n) primary_.Write();
  }
}

void Simulation::DisturbReplica() {
  if (spared_) return;
  const bool doubted = IsDoubted(replica_.holding()) && random_.OneIn(4);
  if ((Chance(rates_.kill) || (doubted && rates_.kill > 0)) &&
      MayLoseMemory()) {
    record_.Count(replica_.in_snapshot() ? Happening::kKillInSnapshot
                                         : Happening::kKill);
    shard_.reset();
    Begin();
  }
  const bool worth_it = doubted || (interrupted_ && random_.OneIn(40));
  if ((Chance(rates_.stop) || (worth_it && rates_.stop > 0)) && MayEnd() &&
      !replica_.raised_error()) {
    Stop();
    replica_.set_errors(rates_.handler_error, rates_.store_error);
    Begin();
  }
}

bool Simulation::MayLoseMemory() const {
  if (primary_.options().protocol == Protocol::kV2) return true;
  const FeedPosition& position = replica_.kept_position();
  return position == FeedPosition() || HoldsCurrent(replica_.kept_holding()) ||
         (TellsGenerations() &&
          (position.generation != 0 || IsDoubted(replica_.kept_holding())));
}

bool Simulation::MayEnd() const {
  if (primary_.options().protocol == Protocol::kV2) return true;
  return !spared_ && MayLoseMemory() &&
         (replica_.holding().kind == Holding::Kind::kNothing ||
          HoldsCurrent(replica_.holding()) ||
          (TellsGenerations() && IsDoubted(replica_.holding())));
}

bool Simulation::MayChangeHistory() const {
  if (primary_.options().protocol == Protocol::kV2) return true;
  if (TellsGenerations()) {
    // A snapshot of the old history would leave an offset without a name.
    return shard_->session().applied().generation ==
               histories_.current().generation() &&
           !primary_.SnapshotIsUnderWay() && !shard_->ready();
  }
  return connection_ != nullptr && !connection_->damaged() &&
         !connection_->stalled() && replica_.linked() &&
         !replica_.raised_error() && !replica_.in_snapshot() &&
         primary_.StreamIsSound() && HoldsCurrent(replica_.holding());
}

bool Simulation::MayBeSlow() const {
  return primary_.options().protocol == Protocol::kV2 || !TellsGenerations() ||
         session_options_.link.heartbeat_timeout == absl::InfiniteDuration();
}

bool Simulation::MayStall() const {
  return MayBeSlow() || shard_->session().applied().generation != 0;
}

bool Simulation::MayExchange() const {
  if (primary_.options().protocol == Protocol::kV1) return true;
  return shard_->session().applied().generation ==
             histories_.current().generation() &&
         HoldsCurrent(replica_.holding()) &&
         (replica_.kept_position() == FeedPosition() ||
          HoldsCurrent(replica_.kept_holding()));
}

bool Simulation::MayLoseData() const {
  // More than the writes of a calm's start.
  constexpr uint64_t kLeast = 10;
  return primary_.options().old_rules &&
         primary_.options().heartbeats != Heartbeats::kNone &&
         // A snapshot of the old history would pass for one of the new.
         !primary_.SnapshotIsUnderWay() && !shard_->ready() &&
         !replica_.raised_error() && !replica_.in_snapshot() &&
         replica_.idle() && !shard_->session().awaits_applied() &&
         HoldsCurrent(replica_.holding()) &&
         HoldsCurrent(replica_.kept_holding()) &&
         replica_.holding().mark.offset > kLeast &&
         replica_.kept_position().next_offset > kLeast;
}

void Simulation::Siege() {
  constexpr absl::Duration kLength = absl::Minutes(5);
  static constexpr Breach kSiegeBreaches[] = {Breach::kGap, Breach::kMalformed,
                                              Breach::kForeignHeartbeat,
                                              Breach::kStrayElement};
  if (spared_) return;
  if (primary_.demoted()) primary_.Promote();
  record_.Count(Happening::kSiege);
  refused_until_ = absl::InfinitePast();
  const Breach breach = kSiegeBreaches[random_.Below(4)];
  primary_.Besiege(breach);
  const absl::Time until = clock_.now() + kLength;
  const uint64_t connections = connections_;
  const uint64_t fresh_links = fresh_links_;
  while (clock_.now() < until && !record_.failed()) {
    // A gap needs frames. Other errors repeat at one position.
    if (breach == Breach::kGap && random_.OneIn(2)) primary_.Write();
    primary_.Tick();
    replica_.Work(random_.Below(8));
    Step();
    PassTime(false);
  }
  primary_.Besiege(std::nullopt);
  const RetryOptions& retry = session_options_.retry;
  // Attempts until the waits have grown, and then one in half of max_backoff.
  const double growth =
      2 + std::log2(std::max(1.0, absl::FDivDuration(retry.max_backoff,
                                                     retry.initial_backoff)));
  const double spaced = absl::FDivDuration(kLength, retry.max_backoff);
  const uint64_t made = connections_ - connections;
  if (static_cast<double>(made) > 5 + growth + 2 * spaced) {
    record_.Fail(absl::StrCat(made, " connections in a siege"));
  }
  const uint64_t fresh = fresh_links_ - fresh_links;
  if (static_cast<double>(fresh) > 5 + spaced) {
    record_.Fail(absl::StrCat(fresh, " fresh starts in a siege"));
  }
}

void Simulation::CheckFreshStarts() {
  if (std::exchange(fresh_links_, replica_.fresh_links()) == fresh_links_) {
    return;
  }
  // None of the last two has led to a minute of following.
  if (last_fresh_ - fresh_before_ < absl::Minutes(1) &&
      connected_at_ - last_fresh_ < session_options_.retry.max_backoff) {
    record_.Fail("fresh starts follow each other too closely");
  }
  fresh_before_ = std::exchange(last_fresh_, connected_at_);
}

void Simulation::Calm() {
  record_.Trace("calm");
  refused_until_ = absl::InfinitePast();
  if (primary_.demoted()) primary_.Promote();
  withholds_writes_ = false;
  primary_.ForgetBreach();
  // An empty primary of protocol 1 sends nothing to a link from 0, so the
  // replica could not know that its data must be dropped. Write something.
  for (int i = 0; i < 3; ++i) primary_.Write();
  const absl::Time until = clock_.now() + absl::Minutes(10);
  for (int i = 0; !record_.failed(); ++i) {
    if (i % 8 == 0 && Converged()) {
      spared_ = false;
      return;
    }
    if (clock_.now() > until || i > 200'000) {
      record_.Fail(absl::StrCat(
          "no progress: the replica holds ", ToString(replica_.holding()),
          ", the primary ",
          ToString(Mark{histories_.current().number(),
                        histories_.current().next_offset()}),
          ", stored is ", kevy_replica::ToString(replica_.kept_position()),
          ", acknowledged is ", primary_.newest_ack().value_or(0)));
      return;
    }
    primary_.Tick();
    replica_.Work(random_.Below(8));
    Step();
    PassTime(true);
  }
}

bool Simulation::Converged() const {
  const History& history = histories_.current();
  const Mark end = {history.number(), history.next_offset()};
  // Compare offsets only: the stored generation may be unknown, and the same
  // offset of another history need not be stored again.
  return replica_.holding().is_at(end) &&
         replica_.kept_position().next_offset == end.offset &&
         replica_.data() == history.state() &&
         !shard_->session().awaits_applied() &&
         (primary_.options().heartbeats == Heartbeats::kNone ||
          primary_.newest_ack() == history.next_offset());
}

}  // namespace

SimulationResult Simulate(uint64_t seed, Tracing tracing, Links links) {
  return Simulation(seed, tracing, links).Run();
}

}  // namespace simulation
}  // namespace kevy_replica
