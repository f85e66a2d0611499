// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The search for the primary: a PrimaryLocator among nodes that fail, change
// their roles and lie, as the input chooses. Its events come in an order that a
// follower can live with, its checks and its choices keep their distances, and
// it never asks for a turn at once again. Nothing that a node says outlasts it:
// honest nodes at the end lead to the one primary.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "kevy_replica/client/errors.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/client/testing/locator_network.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/internal/fuzz_input.h"
#include "kevy_replica/testing/scripted_node.h"
#include "kevy_replica/transport/address.h"

namespace kevy_replica {
namespace {

using client_testing::LocatorNetwork;
using testing_internal::FuzzInput;

constexpr int kMaxSteps = 40;
constexpr uint16_t kFirstPort = 6004;
// The shortest time between two checks of a node: see primary_locator.h.
constexpr absl::Duration kLeastInterval = absl::Milliseconds(50);
// A check, the longest wait, the patience of a split, and the distance of two
// choices, twice.
constexpr absl::Duration kTimeToFind = absl::Seconds(30);
constexpr size_t kMaxMessage = 1000;

const std::vector<std::vector<std::string>>& Questions() {
  static const auto& questions = *new std::vector<std::vector<std::string>>{
      {"ROLE"},           {"REPL.TOKEN"},  {"INFO", "replication"},
      {"INFO", "server"}, {"FEED.SHARDS"}, {"DBSIZE"},
      {"FEED.TAIL", "0"}};
  return questions;
}

std::vector<Address> Addresses(size_t size) {
  std::vector<Address> addresses;
  for (size_t i = 0; i < size; ++i) {
    Address address;
    address.kind = Address::Kind::kTcp;
    address.host = "node";
    address.port = static_cast<uint16_t>(kFirstPort + i);
    addresses.push_back(address);
  }
  return addresses;
}

PrimaryLocatorOptions Options(FuzzInput* input) {
  PrimaryLocatorOptions options;
  options.shards = input->Below(3);
  if (input->Bool()) options.role_check_interval = absl::Milliseconds(70);
  options.retry.random = [] { return 0.5; };
  return options;
}

bool IsPrintable(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isprint(static_cast<unsigned char>(c));
  });
}

void CheckMessage(const absl::Status& status) {
  FUZZ_CHECK(!status.message().empty());
  FUZZ_CHECK(status.message().size() <= kMaxMessage);
  FUZZ_CHECK(IsPrintable(status.message()));
}

// One reply: a right form with any value, or any bytes.
std::string HostileReply(FuzzInput* input) {
  switch (input->Below(6)) {
    case 0:
      return absl::StrCat(":", static_cast<int64_t>(input->Number()), "\r\n");
    case 1: {
      const absl::string_view text = input->String();
      return absl::StrCat("$", text.size(), "\r\n", text, "\r\n");
    }
    case 2: {
      std::string info;
      for (const char* name :
           {"kevy_version:", "master_repl_offset:", "repl_port_base:"}) {
        if (input->Bool()) {
          absl::StrAppend(&info, name, input->Number(), input->String(),
                          "\r\n");
        }
      }
      return absl::StrCat("$", info.size(), "\r\n", info, "\r\n");
    }
    case 3: {
      const size_t size = input->Below(6);
      std::string reply = absl::StrCat("*", size, "\r\n");
      for (size_t i = 0; i < size; ++i) {
        absl::StrAppend(&reply, ":", static_cast<int64_t>(input->Number()),
                        "\r\n");
      }
      return reply;
    }
    case 4:
      return input->Bool() ? "-LOADING \x1b[2J\r\n"
                           : "-ERR unknown command\r\n";
    default: {
      const absl::string_view raw = input->String();
      return std::string(raw);
    }
  }
}

class Play {
 public:
  explicit Play(FuzzInput input)
      : input_(input),
        addresses_(Addresses(1 + input_.Below(3))),
        options_(Options(&input_)),
        locator_(addresses_, options_, now_),
        network_(&locator_),
        said_primary_(addresses_.size()) {
    if (input_.Bool()) {
      locator_.HandleTailsWanted({0});
      wants_tail_ = true;
    }
  }

  void Run() {
    Turn();
    for (int i = 0; i < kMaxSteps && !input_.done(); ++i) {
      Step();
      Turn();
    }
    BecomeHonest();
  }

 private:
  // Lets the input change one node, the time, or the links.
  void Step() {
    LocatorNetwork::Node& node = network_.node(input_.Below(addresses_.size()));
    ScriptedNode& scripted = node.scripted;
    switch (input_.Below(12)) {
      case 0:
        node.state = static_cast<LocatorNetwork::State>(input_.Below(3));
        break;
      case 1:
        scripted.role = input_.Bool() ? ScriptedNode::Role::kReplica
                                      : ScriptedNode::Role::kPrimary;
        scripted.master_host = std::string(input_.String());
        break;
      case 2: {
        static constexpr const char* kVersions[] = {"2.0.20", "3.18.0", "5.4.0",
                                                    "7.0.0"};
        scripted.version = kVersions[input_.Below(4)];
        break;
      }
      case 3:
        scripted.shards.resize(1 + input_.Below(3));
        for (ScriptedNode::ShardEnd& shard : scripted.shards) {
          shard = {input_.Number(), input_.Number()};
        }
        break;
      case 4:
        scripted.repl_port_base = static_cast<uint16_t>(input_.Number());
        break;
      case 5:
      case 6:
        scripted.replies[Questions()[input_.Below(Questions().size())]] =
            HostileReply(&input_);
        break;
      case 7:
        scripted.replies.clear();
        break;
      case 8:
        node.piece = input_.Byte();
        break;
      case 9:
        now_ += absl::Milliseconds(1);
        locator_.HandleLinkEnded(now_);
        ForgetRoles();
        break;
      case 10:
        now_ += absl::Milliseconds(1 + input_.Byte());
        break;
      default:
        now_ = std::max(
            now_, std::min(locator_.PollTimeout(), now_ + absl::Minutes(1)));
    }
  }

  // One turn of an event loop.
  void Turn() {
    for (size_t i = 0; i < addresses_.size(); ++i) {
      const std::string role = network_.node(i).scripted.ReplyTo({"ROLE"});
      if (absl::StrContains(role, "master")) said_primary_[i] = true;
    }
    locator_.HandleTimeout(now_);
    network_.Step(now_);
    while (std::optional<LocatorEvent> event = locator_.PollEvent()) {
      FUZZ_CHECK(!failed_);
      std::visit([this](const auto& alternative) { On(alternative); }, *event);
    }
    FUZZ_CHECK(locator_.primary() == primary_);
    // An event loop would spin.
    FUZZ_CHECK(locator_.PollTimeout() > now_);
    FUZZ_CHECK(!failed_ || locator_.PollTimeout() == absl::InfiniteFuture());
    const auto most = 1 + (now_ - start_) / kLeastInterval;
    for (size_t i = 0; i < addresses_.size(); ++i) {
      FUZZ_CHECK(network_.node(i).connections <= most);
      FUZZ_CHECK(!failed_ || locator_.PollConnection(i, now_) == 0);
    }
  }

  void On(const PrimaryFound& found) {
    CheckPrimary(found.primary);
    if (!primary_.has_value()) {
      FUZZ_CHECK(now_ >= taken_at_ + options_.role_check_interval);
      taken_at_ = now_;
    } else {
      FUZZ_CHECK(primary_->node == found.primary.node);
    }
    primary_ = found.primary;
  }
  void On(const PrimaryDemoted& demoted) {
    FUZZ_CHECK(primary_.has_value());
    FUZZ_CHECK(ReplicaErrorKindOf(demoted.status) ==
               ReplicaErrorKind::kNotPrimary);
    CheckMessage(demoted.status);
    primary_.reset();
  }
  void On(const PrimaryMissing& missing) {
    FUZZ_CHECK(absl::IsUnavailable(missing.status));
    CheckMessage(missing.status);
    FUZZ_CHECK(missing.status != missing_);
    missing_ = missing.status;
  }
  void On(const LocatorFailed& failed) {
    FUZZ_CHECK(absl::IsFailedPrecondition(failed.status));
    CheckMessage(failed.status);
    failed_ = true;
  }

  void CheckPrimary(const Primary& primary) {
    missing_ = absl::OkStatus();
    size_t i = 0;
    while (i < addresses_.size() && addresses_[i].ToString() != primary.node) {
      ++i;
    }
    FUZZ_CHECK(i < addresses_.size());
    FUZZ_CHECK(said_primary_[i]);
    FUZZ_CHECK(IsPrintable(primary.version) && IsPrintable(primary.warning));
    FUZZ_CHECK(!primary.shards.empty());
    FUZZ_CHECK(options_.shards == 0 ||
               options_.shards == primary.shards.size());
    uint32_t port = 0;
    for (const std::string& shard : primary.shards) {
      // The node's own host, and ports in a row.
      absl::string_view text = shard;
      FUZZ_CHECK(absl::ConsumePrefix(&text, "node:"));
      uint32_t next = 0;
      FUZZ_CHECK(absl::SimpleAtoi(text, &next));
      FUZZ_CHECK(next >= 1 && next <= 65'535);
      FUZZ_CHECK(port == 0 || next == port + 1);
      port = next;
    }
    const std::optional<FeedPosition> tail = locator_.tail(0);
    // The next event may be a demotion, which takes them away.
    const bool is_last = locator_.primary().has_value();
    FUZZ_CHECK(tail.has_value() || !wants_tail_ || !is_last);
    FUZZ_CHECK(!tail.has_value() || tail->generation != 0);
  }

  void ForgetRoles() { said_primary_.assign(addresses_.size(), false); }

  // All nodes tell the truth from now on: the first one is the primary.
  void BecomeHonest() {
    for (size_t i = 0; i < addresses_.size(); ++i) {
      LocatorNetwork::Node& node = network_.node(i);
      node.state = LocatorNetwork::State::kUp;
      node.piece = 0;
      node.scripted = ScriptedNode();
      node.scripted.shards.resize(std::max<size_t>(options_.shards, 1));
      if (i > 0) node.scripted.role = ScriptedNode::Role::kReplica;
    }
    const absl::Time end = now_ + kTimeToFind;
    const std::string first = addresses_[0].ToString();
    Turn();
    while (!failed_ && (!primary_.has_value() || primary_->node != first)) {
      FUZZ_CHECK(now_ < end);
      now_ = locator_.PollTimeout();
      Turn();
    }
  }

  FuzzInput input_;
  const std::vector<Address> addresses_;
  const PrimaryLocatorOptions options_;
  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  absl::Time now_ = start_;
  PrimaryLocator locator_;
  LocatorNetwork network_;
  bool wants_tail_ = false;
  // Whether each node may have said "master" since the last link ended.
  std::vector<bool> said_primary_;
  std::optional<Primary> primary_;
  absl::Time taken_at_ = absl::InfinitePast();
  absl::Status missing_;  // The last one's.
  bool failed_ = false;
};

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Play(kevy_replica::testing_internal::FuzzInput(bytes)).Run();
  return 0;
}
