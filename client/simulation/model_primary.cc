// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/model_primary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/simulation/connection.h"
#include "kevy_replica/client/simulation/dataset.h"
#include "kevy_replica/client/simulation/history.h"
#include "kevy_replica/client/simulation/random.h"
#include "kevy_replica/client/simulation/record.h"
#include "kevy_replica/client/simulation/virtual_clock.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace simulation {
namespace {

template <typename Element>
std::string Encoded(const Element& element) {
  std::string bytes;
  if (Append(element, &bytes) != WireError::kNone) std::abort();
  return bytes;
}

}  // namespace

ModelPrimary::ModelPrimary(PrimaryOptions options, Histories* histories,
                           const VirtualClock* clock, Random random,
                           Record* record,
                           std::function<void(uint64_t, uint64_t)> on_ack)
    : options_(options),
      histories_(histories),
      clock_(clock),
      random_(random),
      record_(record),
      on_ack_(std::move(on_ack)) {
  Dataset initial;
  if (random_.OneIn(2)) initial.Apply("SET", "before", "all");
  // A base above 0 stands for a history whose beginning is gone.
  histories_->Begin(random_.Bits() >> 11,
                    random_.OneIn(2) ? 0 : random_.Below(1000),
                    std::move(initial));
}

void ModelPrimary::Accept(std::shared_ptr<Connection> connection) {
  peers_.push_back(std::make_unique<Peer>());
  Peer* const peer = peers_.back().get();
  peer->connection = std::move(connection);
  peer->connection->set_on_incoming([this, peer] { HandleIncoming(peer); });
}

void ModelPrimary::Write() {
  static constexpr absl::string_view kOdd[] = {
      "\r\n", "*2\r\n:7\r\n*1\r\n$4\r\nPING\r\n", "+SNAPSHOT\r\n",
      absl::string_view("\0\xff", 2)};
  History& history = histories_->current();
  const std::string number = absl::StrCat("n", random_.Below(6));
  const std::string text = absl::StrCat("s", random_.Below(10));
  switch (random_.Below(8)) {
    case 0:
    case 1:
      history.Write("INCR", number, "");
      return;
    case 2:
      history.Write("DEL", random_.OneIn(2) ? number : text, "");
      return;
    case 3:
    case 4:
    case 5: {
      const uint64_t odd = random_.Below(8);
      history.Write("APPEND", text,
                    odd < 4 ? kOdd[odd] : absl::StrCat(random_.Below(1000)));
      return;
    }
    default:
      history.Write("SET", text,
                    random_.OneIn(20)
                        ? std::string(random_.Below(2000), 'v')
                        : absl::StrCat("v", random_.Below(1'000'000)));
  }
}

void ModelPrimary::ChangeHistory(bool flush) {
  const History& old = histories_->current();
  record_->Count(flush ? Happening::kFlush : Happening::kPromotion);
  Dataset initial;
  if (!flush) {
    const uint64_t lost = random_.Below(
        std::min<uint64_t>(old.next_offset() - old.base(), 5) + 1);
    initial = old.StateAt(old.next_offset() - lost);
  }
  // Begin at 0, as observed, or at an offset of the old history. Then only the
  // generation tells the two histories apart.
  const uint64_t base =
      random_.OneIn(2)
          ? 0
          : old.next_offset() - random_.Below(std::min<uint64_t>(
                                    old.next_offset() + 1, options_.backlog));
  histories_->Begin(random_.Bits() >> 11, base, std::move(initial));
  if (record_->tracing()) {
    record_->Trace(absl::StrCat(
        "history ", histories_->current().number(), " of generation ",
        histories_->current().generation(), " from ", base));
  }
}

void ModelPrimary::Demote() {
  record_->Count(Happening::kDemotion);
  demoted_end_ = histories_->current().next_offset();
}

void ModelPrimary::Promote() {
  demoted_end_.reset();
  Restart();
}

void ModelPrimary::LoseData() {
  record_->Count(Happening::kDataLost);
  Restart();
  histories_->Begin(histories_->current().generation(), 0, Dataset());
}

void ModelPrimary::Restart() {
  for (const auto& peer : peers_) Close(peer.get());
}

void ModelPrimary::Exchange(Protocol protocol, Heartbeats heartbeats) {
  record_->Count(Happening::kExchange);
  Restart();
  options_.protocol = protocol;
  options_.heartbeats = heartbeats;
  options_.embedded = options_.embedded && heartbeats == Heartbeats::kNone;
  options_.frame_limit = 0;
}

void ModelPrimary::Tick() {
  for (const auto& peer : peers_) {
    if (!peer->gone && peer->connection->broken()) Close(peer.get());
    if (!peer->gone && peer->streaming) Pump(peer.get());
  }
  peers_.erase(std::remove_if(peers_.begin(), peers_.end(),
                              [](const std::unique_ptr<Peer>& peer) {
                                return peer->gone &&
                                       peer->connection->closed_by_replica();
                              }),
               peers_.end());
}

bool ModelPrimary::StreamIsSound() const {
  if (peers_.empty()) return false;
  const Peer& peer = *peers_.back();
  return !peer.gone && peer.streaming && !peer.breached &&
         !peer.snapshot.has_value() && !peer.connection->closed_by_replica() &&
         !peer.connection->broken() &&
         peer.history == histories_->current().number();
}

bool ModelPrimary::SnapshotIsUnderWay() const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [](const std::unique_ptr<Peer>& peer) {
                       const Connection& connection = *peer->connection;
                       return !connection.closed_by_replica() &&
                              (peer->snapshot.has_value() ||
                               connection.bytes_read() < peer->snapshot_end);
                     });
}

std::optional<uint64_t> ModelPrimary::newest_ack() const {
  return peers_.empty() ? std::nullopt : peers_.back()->ack;
}

void ModelPrimary::HandleIncoming(Peer* peer) {
  std::string* const incoming = peer->connection->incoming();
  if (peer->gone) {
    incoming->clear();
    return;
  }
  if (!peer->streaming && !HandleRequest(peer, incoming)) return;
  while (true) {
    std::optional<Ack> ack;
    const DecodeResult result = DecodeAck(*incoming, Limits(), &ack);
    if (!result.done()) return;
    incoming->erase(0, result.bytes_decoded);
    if (!ack.has_value()) {
      record_->Fail("the replica sent a line that is not an acknowledgement");
      return;
    }
    peer->ack = ack->next_offset;
    on_ack_(peer->connection->number(), ack->next_offset);
  }
}

// Returns whether the peer is answered.
bool ModelPrimary::HandleRequest(Peer* peer, std::string* incoming) {
  HandshakeRequest request;
  const DecodeResult result =
      DecodeHandshakeRequest(*incoming, Limits(), &storage_, &request);
  if (result.outcome == Outcome::kNeedMore) return false;
  if (!result.done()) {
    record_->Fail("the replica sent a request that cannot be read");
    return false;
  }
  if (record_->tracing()) {
    record_->Trace(absl::StrCat("connection ", peer->connection->number(),
                                ": request of protocol ",
                                static_cast<int>(request.protocol), " from ",
                                request.generation, ":", request.offset));
  }
  if (request.protocol != options_.protocol) {
    record_->Count(Happening::kRejection);
    Close(peer);
    return false;
  }
  Answer(peer, request);
  incoming->erase(0, result.bytes_decoded);
  return true;
}

void ModelPrimary::Answer(Peer* peer, const HandshakeRequest& request) {
  const History& history = histories_->current();
  peer->streaming = true;
  peer->heartbeat_at =
      clock_->now() +
      absl::Milliseconds(random_.OneIn(3) ? 0 : random_.Between(0, 1100));
  peer->breach_at = clock_->now() + absl::Milliseconds(random_.Below(3000));
  const bool is_v2 = options_.protocol == Protocol::kV2;
  bool snapshot = SnapshotIsDue(request);
  if (breach_ == Breach::kNoSnapshot && snapshot && is_v2 &&
      // After a fresh start, a history's first write would look the same.
      request.offset != 0 && request.generation != history.generation() &&
      request.offset >= history.base() &&
      request.offset < history.next_offset()) {
    record_->Count(Happening::kMissingSnapshot);
    breach_.reset();
    peer->breached = peer->snapshot_withheld = true;
    snapshot = false;
  }
  HandshakeAnswer answer;
  answer.protocol = options_.protocol;
  answer.generation = is_v2 ? history.generation() : uint64_t{0};
  answer.offset =
      options_.embedded && snapshot ? history.next_offset() : request.offset;
  std::string bytes = Encoded(answer);
  if (breach_.has_value() && *breach_ <= Breach::kAnswerOfGeneration0) {
    if (breach_ == Breach::kAnswerMalformed) {
      bytes = random_.OneIn(2) ? "-ERR no\r\n" : "+ACK x\r\n";
    } else if (breach_ == Breach::kAnswerOfOtherProtocol) {
      bytes = is_v2 ? "+ACK 5\r\n" : "+ACK 5 5\r\n";
    } else {
      bytes = is_v2 ? "+ACK 0 0\r\n" : "+\r\n";
    }
    record_->Count(Happening::kBadAnswer);
    breach_.reset();
    peer->breached = true;
  }
  peer->connection->Send(bytes);
  peer->history = history.number();
  peer->first_offset = peer->next_offset = request.offset;
  if (snapshot && !demoted()) {
    record_->Count(Happening::kSnapshotAtOnce);
    BeginSnapshot(peer);
  } else if (request.offset > history.next_offset()) {
    record_->Count(Happening::kSilence);
  }
}

bool ModelPrimary::SnapshotIsDue(const HandshakeRequest& request) const {
  const History& history = histories_->current();
  if (request.offset < BacklogBegin()) return true;
  const bool ahead = request.offset > history.next_offset();
  if (options_.protocol == Protocol::kV2) {
    if (options_.old_rules && request.generation == 0 && request.offset == 0) {
      return false;
    }
    return request.generation != history.generation() ||
           (ahead && !options_.old_rules);
  }
  if (ahead) return !options_.old_rules;
  return request.offset == 0 &&
         (options_.snapshot_from_0 || !history.initial().empty());
}

uint64_t ModelPrimary::BacklogBegin() const {
  const History& history = histories_->current();
  return history.next_offset() -
         std::min<uint64_t>(history.next_offset() - history.base(),
                            options_.backlog);
}

void ModelPrimary::BeginSnapshot(Peer* peer) {
  const History& history = histories_->current();
  const Mark mark = {history.number(), history.next_offset()};
  peer->connection->Send(Encoded(SnapshotBegin()));
  peer->history = mark.history;
  // Observed: a heartbeat may come inside a snapshot.
  peer->snapshot =
      Snapshot{SnapshotPayload(*histories_, mark), 0, mark, random_.OneIn(2)};
}

void ModelPrimary::Pump(Peer* peer) {
  if (demoted()) {
    SendHeartbeat(peer);
    return;
  }
  if (siege_.has_value() && !peer->breached &&
      clock_->now() >= peer->breach_at) {
    breach_ = siege_;
  }
  const uint64_t behind =
      histories_->current().next_offset() -
      std::min(peer->snapshot ? peer->snapshot->mark.offset : peer->next_offset,
               histories_->current().next_offset());
  if (peer->history == histories_->current().number() &&
      behind > options_.most_behind) {
    record_->Count(Happening::kSlowReplicaClosed);
    Close(peer);
    return;
  }
  for (uint64_t i = random_.Below(12);
       i > 0 && !peer->gone && peer->connection->unread() < options_.window;
       --i) {
    if (breach_.has_value() && SendBreach(peer)) continue;
    if (SendHeartbeat(peer)) continue;
    if (peer->snapshot.has_value()) {
      SendOfSnapshot(peer);
    } else if (peer->history != histories_->current().number() &&
               peer->snapshot_withheld) {
      // A snapshot now would pass for the withheld one, and so for one of the
      // answered generation.
      Close(peer);
    } else if (peer->history != histories_->current().number()) {
      // A snapshot in mid-stream comes without another answer.
      record_->Count(Happening::kSnapshotInMidStream);
      BeginSnapshot(peer);
    } else if (!SendFrame(peer)) {
      return;
    }
  }
}

bool ModelPrimary::SendBreach(Peer* peer) {
  Connection* const connection = peer->connection.get();
  const History& history = (*histories_)[peer->history];
  const bool in_snapshot = peer->snapshot.has_value();
  switch (*breach_) {
    case Breach::kGap:
      if (in_snapshot || peer->next_offset + 1 >= history.next_offset()) {
        return false;
      }
      record_->Count(Happening::kGap);
      ++peer->next_offset;
      break;
    case Breach::kRepeat:
      if (in_snapshot || peer->next_offset == peer->first_offset) return false;
      record_->Count(Happening::kRepeat);
      connection->Send(history.Frame(peer->next_offset - 1));
      break;
    case Breach::kMalformed: {
      static constexpr absl::string_view kBytes[] = {"-ERR\r\n",
                                                     "*2\r\n:-1\r\n",
                                                     "*2\r\n:1\r\n*0\r\n",
                                                     "$-1\r\n",
                                                     "\r\n",
                                                     "+BOGUS\r\n",
                                                     "*2\r\n:1\r\n*1\r\n+\r\n",
                                                     "+PING x\r\n"};
      record_->Count(Happening::kMalformed);
      connection->Send(kBytes[random_.Below(8)]);
      break;
    }
    case Breach::kOversizedLine:
      record_->Count(Happening::kOversizedLine);
      connection->Send("+PING " + std::string(300, '1'));
      break;
    case Breach::kForeignHeartbeat: {
      // Only a later true heartbeat corrects the false one.
      if (options_.heartbeats != Heartbeats::kFull) return false;
      const uint64_t lie = random_.Bits() >> 11;
      histories_->AddLie(lie);
      record_->Count(Happening::kForeignHeartbeat);
      connection->Send(Encoded(Heartbeat{lie, peer->next_offset}));
      break;
    }
    case Breach::kStrayElement:
      record_->Count(Happening::kStrayElement);
      if (!in_snapshot) {
        connection->Send(random_.OneIn(2) ? "+SNAPSHOT_END 3\r\n"
                                          : "$3\r\nabc\r\n");
      } else if (random_.OneIn(2) && history.next_offset() > history.base()) {
        connection->Send(history.Frame(history.next_offset() - 1));
      } else {
        connection->Send(Encoded(SnapshotBegin()));
      }
      break;
    case Breach::kEofInSnapshot:
      if (!in_snapshot) return false;
      record_->Count(Happening::kEofInSnapshot);
      Close(peer);
      break;
    default:
      return false;
  }
  breach_.reset();
  peer->breached = true;
  return true;
}

// A heartbeat belongs to the history that this connection carries.
bool ModelPrimary::SendHeartbeat(Peer* peer) {
  const absl::Time now = clock_->now();
  if (options_.heartbeats == Heartbeats::kNone) return false;
  if (peer->snapshot.has_value()) {
    if (!peer->snapshot->heartbeat_due &&
        (now < peer->heartbeat_at || !random_.OneIn(4))) {
      return false;
    }
    peer->snapshot->heartbeat_due = false;
    record_->Count(Happening::kHeartbeatInSnapshot);
  } else if (now < peer->heartbeat_at) {
    return false;
  }
  const History& history = (*histories_)[peer->history];
  Heartbeat heartbeat;
  heartbeat.next_offset = peer->history == histories_->current().number()
                              ? demoted_end_.value_or(history.next_offset())
                              : history.next_offset();
  if (options_.heartbeats == Heartbeats::kFull) {
    heartbeat.generation = history.generation();
  }
  peer->connection->Send(Encoded(heartbeat));
  peer->snapshot_withheld = false;
  peer->heartbeat_at = now + absl::Milliseconds(random_.Between(900, 1100));
  return true;
}

bool ModelPrimary::SendOfSnapshot(Peer* peer) {
  Snapshot& snapshot = *peer->snapshot;
  if (snapshot.sent == snapshot.payload.size()) {
    peer->connection->Send(Encoded(SnapshotEnd{snapshot.mark.offset}));
    peer->snapshot_end =
        peer->connection->bytes_read() + peer->connection->unread();
    peer->first_offset = peer->next_offset = snapshot.mark.offset;
    peer->snapshot.reset();
    return true;
  }
  size_t size = 0;
  if (random_.OneIn(10)) {
    record_->Count(Happening::kEmptyChunk);
  } else {
    size = std::min<size_t>(
        snapshot.payload.size() - snapshot.sent,
        random_.OneIn(3) ? random_.Between(1, 20) : random_.Between(1, 3000));
  }
  peer->connection->Send(Encoded(SnapshotChunk{
      absl::string_view(snapshot.payload).substr(snapshot.sent, size)}));
  snapshot.sent += size;
  return true;
}

bool ModelPrimary::SendFrame(Peer* peer) {
  const History& history = (*histories_)[peer->history];
  if (peer->next_offset >= history.next_offset()) return false;
  const std::string& frame = history.Frame(peer->next_offset);
  if (options_.frame_limit > 0 && frame.size() > options_.frame_limit) {
    if (!std::exchange(peer->withheld, true)) {
      record_->Count(Happening::kFrameWithheld);
    }
    return false;
  }
  peer->connection->Send(frame);
  ++peer->next_offset;
  peer->snapshot_withheld = false;
  return true;
}

void ModelPrimary::Close(Peer* peer) {
  peer->gone = true;
  peer->connection->CloseByPrimary();
}

}  // namespace simulation
}  // namespace kevy_replica
