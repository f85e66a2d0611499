// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/primary_locator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/backoff.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/retry_options.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

// The shortest time between two checks of a node.
constexpr absl::Duration kLeastInterval = absl::Milliseconds(50);
// How long nodes without an answer may object to a choice.
constexpr absl::Duration kSettleTime = absl::Milliseconds(200);
// How long a silent leader of a split keeps the other node from being taken.
constexpr absl::Duration kSplitPatience = absl::Seconds(5);
// The difference of the two ports, unless INFO tells it.
constexpr uint64_t kPortDistance = 10'000;
constexpr uint64_t kMaxPort = std::numeric_limits<uint16_t>::max();
// The longest excerpt of foreign text in a message, in bytes.
constexpr size_t kExcerptBytes = 120;
constexpr size_t kMaxVersionBytes = 32;

// Far above the replies of a primary with some hundred replicas.
ReplyLimits ClientPortLimits() {
  ReplyLimits limits;
  limits.max_bulk_bytes = 64 << 10;
  limits.max_line_bytes = 1 << 10;
  limits.max_elements = 16'384;
  limits.max_depth = 4;
  limits.max_reply_bytes = 256 << 10;
  return limits;
}

enum class Step : uint8_t {
  // No check runs. A connection may stand. Next: kConnecting, kAsking.
  kIdle,
  // PollConnection() asked for a connection. Next: kAsking, kIdle.
  kConnecting,
  // The questions are asked. Next: kIdle.
  kAsking,
};

enum class Topic : uint8_t {
  kRole,
  kToken,
  kReplication,
  kServer,
  kShards,
  kSize,
  kTail,
};

// The answers over one connection.
struct Facts {
  std::string version;
  uint64_t info_offset = 0;  // master_repl_offset of INFO.
  uint64_t port_base = 0;    // 0: not told.
  uint64_t shards = 0;       // 0: not told.
  bool is_empty = false;     // DBSIZE is 0.
};

std::string Excerpt(absl::string_view text) {
  return Escaped(text.substr(0, kExcerptBytes));
}

// "said -ERR ...", for any reply.
std::string Said(absl::string_view command, ReplyView reply) {
  if (reply.type() == ReplyType::kError) {
    return absl::StrCat("answered ", command, " with the error ",
                        Excerpt(reply.text()));
  }
  return absl::StrCat("answered ", command, " with a malformed reply of type ",
                      ReplyTypeName(reply.type()));
}

bool IsNatural(ReplyView reply) {
  return reply.type() == ReplyType::kInteger && reply.integer() >= 0;
}

bool IsVersion(absl::string_view text) {
  return text.size() <= kMaxVersionBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '-' || c == '+' || c == '_';
         });
}

// Whether kevy `version` speaks protocol 1 only. False if it is not known.
bool IsBefore4(absl::string_view version) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(version, absl::MaxSplits('.', 1));
  const std::optional<uint64_t> major = internal::ParseDecimal(parts.first);
  return major.has_value() && *major < 4;
}

}  // namespace

void AppendText(const PrimaryFound& found, std::string* out) {
  out->append("primary_found ");
  AppendText(found.primary, out);
}

bool operator==(const PrimaryDemoted& a, const PrimaryDemoted& b) {
  return a.status == b.status;
}

bool operator!=(const PrimaryDemoted& a, const PrimaryDemoted& b) {
  return !(a == b);
}

bool operator==(const PrimaryMissing& a, const PrimaryMissing& b) {
  return a.status == b.status;
}

bool operator!=(const PrimaryMissing& a, const PrimaryMissing& b) {
  return !(a == b);
}

bool operator==(const LocatorFailed& a, const LocatorFailed& b) {
  return a.status == b.status;
}

bool operator!=(const LocatorFailed& a, const LocatorFailed& b) {
  return !(a == b);
}

std::ostream& operator<<(std::ostream& out, const PrimaryDemoted& demoted) {
  return out << "primary_demoted: " << demoted.status.message();
}

std::ostream& operator<<(std::ostream& out, const PrimaryMissing& missing) {
  return out << "primary_missing: " << missing.status.message();
}

std::ostream& operator<<(std::ostream& out, const LocatorFailed& failed) {
  return out << "locator_failed: " << failed.status.message();
}

struct PrimaryLocator::Question {
  Topic topic;
  size_t shard = 0;  // Of kTail.
};

struct PrimaryLocator::Node {
  explicit Node(Address node_address, const RetryOptions& retry);

  Address address;
  std::string name;
  client_internal::Backoff backoff;
  Step step = Step::kIdle;
  uint64_t connection = 0;   // Its number.
  bool connected = false;    // It stands, or is being made.
  bool knows_facts = false;  // They were told over this connection.
  bool rechecked = false;    // This connection stood before the last check.
  ReplyDecoder decoder;
  std::vector<Question> questions;  // Of the running check.
  size_t answered = 0;
  std::string to_send;
  absl::Time asked_at = absl::InfinitePast();  // The last check's begin.
  absl::Time due;                              // The next check's begin.

  // The running check's, then the last one's.
  Facts facts;
  Result role = Result::kNone;
  std::string text;  // Of a role or a failure.
  uint64_t offsets = 0;
  std::map<size_t, FeedPosition> tails;
  std::string tail_error;

  // The last check's.
  Result result = Result::kNone;
  std::string result_text;
  absl::Time result_at = absl::InfinitePast();  // Its begin.
  absl::Time silent_since;
};

PrimaryLocator::Node::Node(Address node_address, const RetryOptions& retry)
    : address(std::move(node_address)),
      name(address.ToString()),
      backoff(retry),
      decoder(ClientPortLimits()) {}

PrimaryLocator::PrimaryLocator(std::vector<Address> nodes,
                               PrimaryLocatorOptions options, absl::Time now)
    : options_(std::move(options)) {
  nodes_.reserve(nodes.size());
  for (Address& node : nodes) {
    nodes_.emplace_back(std::move(node), options_.retry);
    nodes_.back().due = now;
  }
}

PrimaryLocator::PrimaryLocator(PrimaryLocator&&) noexcept = default;

PrimaryLocator::~PrimaryLocator() = default;

size_t PrimaryLocator::size() const { return nodes_.size(); }

const Address& PrimaryLocator::node(size_t node) const {
  return nodes_[node].address;
}

std::optional<FeedPosition> PrimaryLocator::tail(size_t shard) const {
  const auto found = tails_.find(shard);
  if (found == tails_.end()) return std::nullopt;
  return found->second;
}

void PrimaryLocator::HandleTailsWanted(std::vector<size_t> shards) {
  tails_wanted_ = std::move(shards);
}

void PrimaryLocator::HandleLinkEnded(absl::Time now) {
  if (failed_) return;
  fresh_since_ = now;
  confirmed_ = false;
  CheckSoon(now);
}

void PrimaryLocator::HandleConnected(size_t i, absl::Time now) {
  Node& node = nodes_[i];
  if (node.step != Step::kConnecting) return;
  node.asked_at = now;
  Ask(&node);
}

absl::Span<char> PrimaryLocator::PrepareRead(size_t i) {
  Node& node = nodes_[i];
  if (!node.connected || node.step == Step::kConnecting) return {};
  return node.decoder.Prepare();
}

void PrimaryLocator::HandleRead(size_t i, size_t n, absl::Time now) {
  Node& node = nodes_[i];
  if (!node.connected || node.step == Step::kConnecting) return;
  node.decoder.Commit(n);
  Take(&node, now);
}

void PrimaryLocator::HandleEof(size_t i, absl::Time now) {
  HandleFailure(i, absl::UnavailableError("it closed the connection"), now);
}

void PrimaryLocator::HandleFailure(size_t i, const absl::Status& status,
                                   absl::Time now) {
  Node& node = nodes_[i];
  if (!node.connected) return;
  if (node.step == Step::kIdle) {
    LoseIdle(&node, now);
  } else {
    Fail(&node, std::string(status.message()), now);
  }
}

void PrimaryLocator::HandleTimeout(absl::Time now) {
  for (Node& node : nodes_) {
    if (node.step == Step::kIdle ||
        now < node.asked_at + options_.check_timeout) {
      continue;
    }
    Fail(&node,
         absl::StrCat("no answer within ",
                      absl::FormatDuration(options_.check_timeout)),
         now);
  }
  Decide(now);
}

uint64_t PrimaryLocator::PollConnection(size_t i, absl::Time now) {
  Node& node = nodes_[i];
  if (node.step == Step::kIdle && now >= node.due && !failed_) {
    Begin(&node, now);
  }
  return node.connected && !failed_ ? node.connection : 0;
}

bool PrimaryLocator::PollTransmit(size_t i, std::string* out) {
  Node& node = nodes_[i];
  if (node.to_send.empty()) return false;
  *out = std::exchange(node.to_send, {});
  return true;
}

std::optional<LocatorEvent> PrimaryLocator::PollEvent() {
  if (events_.empty()) return std::nullopt;
  std::optional<LocatorEvent> event = std::move(events_.front());
  events_.pop_front();
  return event;
}

absl::Time PrimaryLocator::PollTimeout() const {
  absl::Time result = absl::InfiniteFuture();
  if (failed_) return result;
  for (const Node& node : nodes_) {
    result = std::min(result, node.step == Step::kIdle
                                  ? node.due
                                  : node.asked_at + options_.check_timeout);
  }
  if (settled_at_.has_value()) result = std::min(result, *settled_at_);
  if (leader_.has_value() && nodes_[*leader_].result == Result::kSilent) {
    result = std::min(result, nodes_[*leader_].silent_since + kSplitPatience);
  }
  return result;
}

bool PrimaryLocator::IsFresh(const Node& node) const {
  return node.result != Result::kNone && node.result_at >= fresh_since_;
}

size_t PrimaryLocator::Primaries() const {
  return static_cast<size_t>(std::count_if(
      nodes_.begin(), nodes_.end(),
      [](const Node& node) { return node.result == Result::kPrimary; }));
}

std::string PrimaryLocator::NamesOfPrimaries(absl::string_view except) const {
  std::string names;
  for (const Node& node : nodes_) {
    if (node.result != Result::kPrimary || node.name == except) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", node.name);
  }
  return names;
}

void PrimaryLocator::Begin(Node* node, absl::Time now) {
  node->asked_at = now;
  node->role = Result::kNone;
  node->text.clear();
  node->tails.clear();
  node->tail_error.clear();
  node->rechecked = node->connected;
  if (node->connected) {
    Ask(node);
    return;
  }
  ++node->connection;
  node->connected = true;
  node->knows_facts = false;
  node->facts = Facts();
  node->decoder = ReplyDecoder(ClientPortLimits());
  node->step = Step::kConnecting;
}

void PrimaryLocator::Ask(Node* node) {
  node->step = Step::kAsking;
  node->questions = {{Topic::kRole}, {Topic::kToken}};
  if (!node->knows_facts) {
    for (const Topic topic :
         {Topic::kReplication, Topic::kServer, Topic::kShards, Topic::kSize}) {
      node->questions.push_back({topic});
    }
  }
  for (const size_t shard : tails_wanted_) {
    node->questions.push_back({Topic::kTail, shard});
  }
  node->answered = 0;
  const auto ask = [node](absl::Span<const absl::string_view> argv) {
    // It fails only for an empty command.
    static_cast<void>(AppendCommand(argv, &node->to_send));
  };
  for (const Question& question : node->questions) {
    switch (question.topic) {
      case Topic::kRole:
        ask({"ROLE"});
        break;
      case Topic::kToken:
        ask({"REPL.TOKEN"});
        break;
      case Topic::kReplication:
        ask({"INFO", "replication"});
        break;
      case Topic::kServer:
        ask({"INFO", "server"});
        break;
      case Topic::kShards:
        ask({"FEED.SHARDS"});
        break;
      case Topic::kSize:
        ask({"DBSIZE"});
        break;
      case Topic::kTail:
        ask({"FEED.TAIL", absl::StrCat(question.shard)});
        break;
    }
  }
}

void PrimaryLocator::Take(Node* node, absl::Time now) {
  while (true) {
    const Outcome outcome = node->decoder.Next();
    if (outcome == Outcome::kNeedMore) return;
    if (node->step != Step::kAsking) {
      LoseIdle(node, now);
      return;
    }
    if (outcome == Outcome::kError) {
      Fail(node,
           absl::StrCat(
               "its reply is malformed: ", WireErrorName(node->decoder.error()),
               " at ", Excerpt(node->decoder.Excerpt())),
           now);
      return;
    }
    std::string fault =
        Answer(node, node->questions[node->answered], node->decoder.reply());
    if (!fault.empty()) {
      Fail(node, std::move(fault), now);
      return;
    }
    if (++node->answered < node->questions.size()) continue;
    fault = CheckFacts(*node);
    if (fault.empty() && (node->decoder.Next() != Outcome::kNeedMore ||
                          !node->decoder.at_boundary())) {
      fault = "it sent more replies than it was asked for";
    }
    if (!fault.empty()) {
      Fail(node, std::move(fault), now);
      return;
    }
    node->knows_facts = true;
    Conclude(node, node->role, now);
  }
}

std::string PrimaryLocator::Answer(Node* node, const Question& question,
                                   ReplyView reply) {
  // It has no data to speak of yet, whatever its role is.
  if (reply.type() == ReplyType::kError &&
      absl::StartsWith(reply.text(), "LOADING")) {
    return absl::StrCat("said ", Excerpt(reply.text()));
  }
  switch (question.topic) {
    case Topic::kRole:
      if (reply[0].text() == "master") {
        node->role = Result::kPrimary;
      } else if (reply[0].text() == "slave") {
        node->role = Result::kReplica;
        node->text = absl::StrCat("is a replica of ", Excerpt(reply[1].text()));
      } else {
        node->text = Said("ROLE", reply);
      }
      return "";
    case Topic::kToken: {
      // Generation and offset of each shard. Unknown before 3.0.
      node->offsets = node->facts.info_offset;
      if (reply.type() != ReplyType::kArray) return "";
      node->offsets = 0;
      bool is_offset = false;
      for (const ReplyView element : reply) {
        if (!IsNatural(element)) return Said("REPL.TOKEN", reply);
        if (is_offset) {
          const auto offset = static_cast<uint64_t>(element.integer());
          node->offsets += std::min(
              offset, std::numeric_limits<uint64_t>::max() - node->offsets);
        }
        is_offset = !is_offset;
      }
      return "";
    }
    case Topic::kReplication:
    case Topic::kServer:
      return AnswerInfo(node, reply);
    case Topic::kShards:
      if (!IsNatural(reply)) return "";  // Unknown before 2.3.
      node->facts.shards = static_cast<uint64_t>(reply.integer());
      if (node->facts.shards == 0 || node->facts.shards > kMaxToldShards) {
        return absl::StrCat("says that it has ", reply.integer(), " shards");
      }
      return "";
    case Topic::kSize:
      node->facts.is_empty = IsNatural(reply) && reply.integer() == 0;
      return "";
    case Topic::kTail:
      return AnswerTail(node, question.shard, reply);
  }
  return "";
}

std::string PrimaryLocator::AnswerInfo(Node* node, ReplyView reply) {
  if (reply.type() != ReplyType::kBulk) return "";
  Facts& facts = node->facts;
  for (absl::string_view line : absl::StrSplit(reply.text(), '\n')) {
    line = absl::StripSuffix(line, "\r");
    if (absl::ConsumePrefix(&line, "kevy_version:")) {
      if (!IsVersion(line)) {
        return absl::StrCat("says that its kevy_version is ", Excerpt(line));
      }
      facts.version = std::string(line);
    } else if (absl::ConsumePrefix(&line, "master_repl_offset:")) {
      facts.info_offset = internal::ParseDecimal(line).value_or(0);
      // The token of before 3.0.
      if (node->offsets == 0) node->offsets = facts.info_offset;
    } else if (absl::ConsumePrefix(&line, "repl_port_base:")) {
      facts.port_base = internal::ParseDecimal(line).value_or(0);
      if (facts.port_base == 0 || facts.port_base > kMaxPort) {
        return absl::StrCat("says that its repl_port_base is ", Excerpt(line));
      }
    }
  }
  return "";
}

std::string PrimaryLocator::AnswerTail(Node* node, size_t shard,
                                       ReplyView reply) {
  if (reply.type() == ReplyType::kError) {
    node->tail_error = Said("FEED.TAIL", reply);
    return "";
  }
  if (reply.size() != 2 || !IsNatural(reply[0]) || !IsNatural(reply[1]) ||
      reply[0].integer() == 0) {
    return Said("FEED.TAIL", reply);
  }
  node->tails[shard] = {static_cast<uint64_t>(reply[0].integer()),
                        static_cast<uint64_t>(reply[1].integer())};
  return "";
}

std::string PrimaryLocator::CheckFacts(const Node& node) const {
  if (node.role == Result::kNone) return node.text;
  if (node.role == Result::kReplica) return "";
  const uint64_t base = node.facts.port_base != 0
                            ? node.facts.port_base
                            : node.address.port + kPortDistance;
  const uint64_t shards =
      std::max<uint64_t>(node.facts.shards, options_.shards);
  if (base + std::max<uint64_t>(shards, 1) - 1 > kMaxPort) {
    return absl::StrCat("has no replication ports from ", base,
                        " on: a port is at most ", kMaxPort);
  }
  return "";
}

void PrimaryLocator::Drop(Node* node) {
  node->connected = false;
  node->to_send.clear();
}

// A connection without a check is lost, or brought bytes that nobody asked for.
void PrimaryLocator::LoseIdle(Node* node, absl::Time now) {
  Drop(node);
  // The node may be gone, so ask at once. But a client port that closes after
  // each check is asked at the usual times.
  if (node->rechecked) {
    node->due = std::max(now, node->asked_at + kLeastInterval);
  }
}

void PrimaryLocator::Fail(Node* node, std::string text, absl::Time now) {
  Drop(node);
  node->text = std::move(text);
  Conclude(node, Result::kSilent, now);
}

void PrimaryLocator::Conclude(Node* node, Result result, absl::Time now) {
  if (result == Result::kSilent && node->result != Result::kSilent) {
    node->silent_since = now;
  }
  const bool was_primary = node->result == Result::kPrimary;
  node->step = Step::kIdle;
  node->result = result;
  node->result_text = node->text;
  node->result_at = node->asked_at;
  if (was_primary && result != Result::kPrimary) CheckSoon(now);
  Schedule(node, now);
  Decide(now);
}

void PrimaryLocator::Schedule(Node* node, absl::Time now) {
  const bool found =
      current_.has_value() && nodes_[*current_].result == Result::kPrimary;
  if (found || node->result == Result::kPrimary) node->backoff.Reset();
  node->due = !IsFresh(*node) ? now
              : found         ? now + options_.role_check_interval
                              : now + node->backoff.Next();
  node->due = std::max(node->due, node->asked_at + kLeastInterval);
}

// Begins the next check of every node without a running one.
void PrimaryLocator::CheckSoon(absl::Time now) {
  for (Node& node : nodes_) {
    if (node.step != Step::kIdle) continue;
    node.due =
        std::min(node.due, std::max(now, node.asked_at + kLeastInterval));
  }
}

void PrimaryLocator::Decide(absl::Time now) {
  if (failed_) return;
  UpdateSplit(now);
  if (current_.has_value()) {
    const Node& current = nodes_[*current_];
    if (current.result == Result::kReplica) {
      Demote(absl::StrCat(current.name, " ", current.result_text), now);
    } else if (current.result == Result::kPrimary) {
      settled_at_.reset();
      if (IsFresh(current)) Find(*current_, now);
      return;
    }
  }
  Choose(now);
}

void PrimaryLocator::Choose(absl::Time now) {
  bool undecided = false;
  std::optional<size_t> choice;
  size_t primaries = 0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!IsFresh(nodes_[i])) {
      if (i == current_) {
        settled_at_.reset();
        return;
      }
      undecided = true;
    } else if (nodes_[i].result == Result::kPrimary) {
      ++primaries;
      choice = i;
    }
  }
  if (primaries == 0) {
    settled_at_.reset();
    if (!undecided) Miss();
    return;
  }
  if (undecided) {
    if (!settled_at_.has_value()) settled_at_ = now + kSettleTime;
    if (now < *settled_at_) return;
  }
  if (primaries > 1 || (leader_.has_value() && leader_ != choice)) {
    settled_at_.reset();
    Miss();
    return;
  }
  settled_at_ = taken_at_ + options_.role_check_interval;
  if (now < *settled_at_) return;
  settled_at_.reset();
  if (!nodes_[*choice].knows_facts) return;
  if (current_.has_value()) {
    Demote(absl::StrCat(nodes_[*choice].name, " is the primary now, and ",
                        nodes_[*current_].name, " does not answer"),
           now);
  }
  Find(*choice, now);
}

void PrimaryLocator::UpdateSplit(absl::Time now) {
  if (Primaries() > 1) {
    leader_.reset();
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].result != Result::kPrimary) continue;
      if (!leader_.has_value() ||
          nodes_[i].offsets > nodes_[*leader_].offsets) {
        leader_ = i;
      }
    }
    return;
  }
  if (!leader_.has_value()) return;
  const Node& leader = nodes_[*leader_];
  if (leader.result == Result::kReplica ||
      (leader.result == Result::kSilent &&
       now - leader.silent_since >= kSplitPatience)) {
    leader_.reset();
  }
}

void PrimaryLocator::Find(size_t i, absl::Time now) {
  Node& node = nodes_[i];
  if (!node.knows_facts) return;  // A check over a new connection runs.
  const absl::Status status = CheckPrimary(node);
  if (!status.ok()) {
    failed_ = true;
    events_.push_back(LocatorFailed{status});
    return;
  }
  for (const size_t shard : tails_wanted_) {
    if (node.tails.count(shard) > 0) continue;
    // The check began before they were wanted.
    if (node.step == Step::kIdle) {
      node.due = std::max(now, node.asked_at + kLeastInterval);
    }
    return;
  }
  if (Primaries() == 1) leader_.reset();
  Primary primary = PrimaryAt(node);
  const bool is_new = current_ != i;
  current_ = i;
  if (std::exchange(confirmed_, true) && primary_ == primary) return;
  tails_ = node.tails;
  missing_.clear();
  primary_ = std::move(primary);
  events_.push_back(PrimaryFound{*primary_});
  if (!is_new) return;
  taken_at_ = now;
  for (Node& other : nodes_) {
    other.backoff.Reset();
    if (other.step == Step::kIdle && other.result == Result::kPrimary) {
      other.due = now + options_.role_check_interval;
    }
  }
}

absl::Status PrimaryLocator::CheckPrimary(const Node& node) const {
  const uint64_t shards = node.facts.shards;
  const std::string version =
      node.facts.version.empty() ? "" : " (kevy " + node.facts.version + ")";
  if (shards == 0 && options_.shards == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        node.name, version,
        " does not tell the number of its shards (FEED.SHARDS, kevy 2.3 and "
        "later): give it, by --shards or PrimaryLocatorOptions::shards"));
  }
  if (shards != 0 && options_.shards != 0 && shards != options_.shards) {
    return absl::FailedPreconditionError(absl::StrCat(
        node.name, version, " has ", shards, " shards, but ", options_.shards,
        " are followed: follow ", shards, " (--shards=", shards,
        ", or a Fleet of ", shards, " handlers)"));
  }
  if (!tails_wanted_.empty() && !node.tail_error.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        node.name, version, " ", node.tail_error,
        ": to start now, without a snapshot, needs the feed of kevy 2.3 and "
        "later"));
  }
  return absl::OkStatus();
}

Primary PrimaryLocator::PrimaryAt(const Node& node) const {
  Primary primary;
  primary.node = node.name;
  primary.version = node.facts.version;
  Address shard = node.address;
  const uint64_t base = node.facts.port_base != 0
                            ? node.facts.port_base
                            : node.address.port + kPortDistance;
  const uint64_t shards =
      node.facts.shards != 0 ? node.facts.shards : options_.shards;
  primary.shards.reserve(shards);
  for (uint64_t i = 0; i < shards; ++i) {
    shard.port = static_cast<uint16_t>(base + i);
    primary.shards.push_back(shard.ToString());
  }
  if (IsBefore4(primary.version) && !node.facts.is_empty) {
    absl::StrAppend(
        &primary.warning, node.name, " is kevy ", primary.version,
        ", and holds data: a fresh start over protocol 1 misses the writes "
        "from before its last restart; kevy 4.0 and later send a snapshot");
  }
  const std::string others = NamesOfPrimaries(node.name);
  if (!others.empty()) {
    absl::StrAppend(&primary.warning, primary.warning.empty() ? "" : "; ",
                    others, " claims to be the primary, too: following ",
                    node.name, " until it does not");
  }
  return primary;
}

void PrimaryLocator::Demote(absl::string_view reason, absl::Time now) {
  current_.reset();
  primary_.reset();
  tails_.clear();
  confirmed_ = false;
  fresh_since_ = now;
  events_.push_back(
      PrimaryDemoted{ReplicaError(ReplicaErrorKind::kNotPrimary, reason)});
  CheckSoon(now);
}

void PrimaryLocator::Miss() {
  std::string text;
  if (Primaries() > 1) {
    text =
        absl::StrCat(NamesOfPrimaries(""),
                     " all claim to be the primary: waiting until one is left");
  } else {
    text = "no node is the primary:";
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const Node& node = nodes_[i];
      absl::StrAppend(&text, i == 0 ? " " : "; ", node.name, " ",
                      node.result == Result::kPrimary
                          ? "claims to be it, but has fewer writes than a node "
                            "that is silent"
                          : node.result_text);
    }
  }
  if (text == missing_) return;
  missing_ = text;
  events_.push_back(PrimaryMissing{absl::UnavailableError(text)});
}

}  // namespace kevy_replica
