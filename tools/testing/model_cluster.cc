// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/model_cluster.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/cluster/frame_keys.h"
#include "kevy_replica/tools/mirror/cluster/key_slot.h"
#include "kevy_replica/tools/mirror/cluster/node_address.h"
#include "kevy_replica/tools/mirror/command_table.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"
#include "kevy_replica/tools/testing/model_server.h"

namespace kevy_replica {
namespace {

using Argv = ModelServer::Argv;

constexpr uint16_t kFirstPort = 7000;
constexpr size_t kMostPast = 8;

TargetReply Reply(TargetReply::Type type, std::string text) {
  TargetReply reply;
  reply.type = type;
  reply.text = std::move(text);
  return reply;
}
TargetReply TextReply(std::string text) {
  return Reply(TargetReply::Type::kText, std::move(text));
}
TargetReply ErrorReply(std::string text) {
  return Reply(TargetReply::Type::kError, std::move(text));
}
TargetReply IntegerReply(int64_t integer) {
  TargetReply reply = Reply(TargetReply::Type::kInteger, "");
  reply.integer = integer;
  return reply;
}
TargetReply ArrayReply(std::vector<TargetReply> elements) {
  TargetReply reply = Reply(TargetReply::Type::kArray, "");
  reply.integer = static_cast<int64_t>(elements.size());
  reply.elements = std::move(elements);
  return reply;
}

absl::Status Broken() {
  return absl::UnavailableError("the connection to the node is broken");
}

}  // namespace

// A client's connection, as its node sees it.
struct ModelCluster::Connection {
  size_t node = 0;
  uint64_t life = 0;
  std::unique_ptr<TargetLink> inner;  // To the node's server.
  bool in_transaction = false;
  bool is_refused = false;  // A command of the transaction was not queued.
  bool is_asking = false;
  std::vector<std::string> keys;  // Of the queued commands.
  bool is_broken = false;
};

class ModelCluster::Link : public TargetLink {
 public:
  Link(ModelCluster* cluster, std::shared_ptr<Connection> connection)
      : cluster_(cluster), connection_(std::move(connection)) {}

  void AddRaw(absl::string_view resp) override {
    gathered_.push_back(ModelServer::Parse(resp));
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    gathered_.emplace_back(argv.begin(), argv.end());
  }
  size_t outstanding() const override { return outstanding_; }

  // As over a network, the replies to commands in front of a break are lost.
  absl::Status Send() override {
    std::vector<Argv> commands = std::exchange(gathered_, {});
    outstanding_ += commands.size();
    for (size_t i = 0; i < commands.size(); ++i) {
      if (!IsAlive()) return absl::OkStatus();
      const Break end = cluster_->at_command();
      if (!IsAlive()) return absl::OkStatus();
      if (end == Break::kLate) {
        commands.erase(commands.begin(),
                       commands.begin() + static_cast<ptrdiff_t>(i));
        cluster_->late_.push_back({connection_, std::move(commands)});
      }
      if (end == Break::kBehind || end == Break::kNone) {
        replies_.push_back(cluster_->Take(connection_.get(), commands[i]));
      }
      if (end == Break::kNone) continue;
      is_broken_ = true;
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }
  absl::StatusOr<TargetReply> Receive(ReplyDetail /*detail*/) override {
    if (!IsAlive() || replies_.empty()) return Broken();
    TargetReply reply = std::move(replies_.front());
    replies_.pop_front();
    --outstanding_;
    return reply;
  }

 private:
  bool IsAlive() const {
    const Node& node = cluster_->nodes_[connection_->node];
    return !is_broken_ && !connection_->is_broken && node.alive &&
           node.life == connection_->life;
  }

  ModelCluster* const cluster_;
  const std::shared_ptr<Connection> connection_;
  std::vector<Argv> gathered_;
  std::deque<TargetReply> replies_;
  size_t outstanding_ = 0;
  bool is_broken_ = false;
};

ModelCluster::ModelCluster(size_t masters) : owner_(kSlots) {
  for (size_t i = 0; i < masters; ++i) AddNode();
  for (size_t slot = 0; slot < kSlots; ++slot) {
    owner_[slot] = slot * masters / kSlots;
  }
  table_ = CommandTable(nodes_[0].server->Ask(0, {"COMMAND"}));
}

size_t ModelCluster::AddNode() {
  const size_t index = nodes_.size();
  nodes_.emplace_back();
  nodes_[index].server = std::make_unique<ModelServer>();
  nodes_[index].server->set_executed([this, index] {
    TakePast(index);
    changed();
  });
  return index;
}

void ModelCluster::TakePast(size_t node) {
  std::deque<ModelServer::Databases>& past = nodes_[node].past;
  past.push_back(nodes_[node].server->databases());
  if (past.size() > kMostPast) past.pop_front();
}

NodeAddress ModelCluster::AddressOf(size_t node) {
  return {"node", static_cast<uint16_t>(kFirstPort + node)};
}

absl::StatusOr<std::unique_ptr<TargetLink>> ModelCluster::Connect(
    const NodeAddress& address) {
  const size_t node = address.port - kFirstPort;
  if (node >= nodes_.size() || !nodes_[node].alive) {
    return absl::UnavailableError(
        absl::StrCat(address.ToString(), " refuses the connection"));
  }
  auto connection = std::make_shared<Connection>();
  connection->node = node;
  connection->life = nodes_[node].life;
  connection->inner = nodes_[node].server->Connect(0);
  return std::make_unique<Link>(this, std::move(connection));
}

bool ModelCluster::IsMaster(size_t node) const {
  return nodes_[node].alive &&
         std::find(owner_.begin(), owner_.end(), node) != owner_.end();
}

void ModelCluster::Kill(size_t node) {
  nodes_[node].alive = false;
  ++nodes_[node].life;
}

ModelServer::Databases ModelCluster::PastOf(size_t node, size_t lag) const {
  const Node& source = nodes_[node];
  lag = std::min(lag, source.past.empty() ? 0 : source.past.size() - 1);
  return lag == 0 ? source.server->databases()
                  : source.past[source.past.size() - 1 - lag];
}

void ModelCluster::Promote(size_t node, size_t lag) {
  const size_t successor = AddNode();
  nodes_[successor].server->set_databases(PastOf(node, lag));
  std::replace(owner_.begin(), owner_.end(), node, successor);
  if (migrating_to_ == node) migrating_to_ = successor;
  // A node that lives becomes a replica.
  nodes_[node].server->set_databases({});
  changed();
}

void ModelCluster::Restart(size_t node, size_t lag) {
  nodes_[node].server->set_databases(PastOf(node, lag));
  nodes_[node].past.clear();
  nodes_[node].alive = true;
  changed();
}

void ModelCluster::BeginMigration(uint16_t slot, size_t to) {
  migrating_ = slot;
  migrating_to_ = to;
}

// A replica of either node has the move, too: MIGRATE cannot be taken back.
bool ModelCluster::MoveKey() {
  if (!migrating_.has_value()) return false;
  const size_t from = owner_[*migrating_];
  ModelServer::Databases source = nodes_[from].server->databases();
  for (const auto& [key, value] : source[0]) {
    if (KeySlot(key) != *migrating_) continue;
    ModelServer::Databases target = nodes_[migrating_to_].server->databases();
    target[0][key] = value;
    nodes_[migrating_to_].server->set_databases(std::move(target));
    source[0].erase(key);
    nodes_[from].server->set_databases(std::move(source));
    nodes_[from].past.clear();
    nodes_[migrating_to_].past.clear();
    return true;
  }
  return false;
}

void ModelCluster::EndMigration() {
  while (MoveKey()) {
  }
  if (!migrating_.has_value()) return;
  owner_[*migrating_] = migrating_to_;
  migrating_.reset();
}

Content ModelCluster::ReadAll() {
  Content all;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    for (auto& [key, text] : nodes_[i].server->ContentIn(0)) {
      const uint16_t slot = KeySlot(key);
      if (owner_[slot] != i && !(migrating_ == slot && migrating_to_ == i)) {
        continue;
      }
      EXPECT_EQ(all.count(key), 0u) << key << " is at two nodes";
      all[key] = text;
    }
  }
  return all;
}

std::string ModelCluster::FieldIn(const std::string& key,
                                  const std::string& field) {
  const uint16_t slot = KeySlot(key);
  std::string text = nodes_[owner_[slot]].server->FieldIn(0, key, field);
  if (text.empty() && migrating_ == slot) {
    text = nodes_[migrating_to_].server->FieldIn(0, key, field);
  }
  return text;
}

void ModelCluster::DeliverLate(size_t node) {
  for (Late& late : std::exchange(late_, {})) {
    if (late.connection->node != node) {
      late_.push_back(std::move(late));
      continue;
    }
    const Node& at = nodes_[node];
    if (!at.alive || at.life != late.connection->life) continue;
    for (const Argv& argv : late.commands) {
      (void)Take(late.connection.get(), argv);
    }
  }
}

std::vector<std::string> ModelCluster::KeysOf(const Argv& argv) const {
  const std::vector<absl::string_view> views(argv.begin(), argv.end());
  std::vector<std::string> keys;
  for (const size_t place : KeyPlaces(views, table_)) {
    keys.push_back(argv[place]);
  }
  return keys;
}

TargetReply ModelCluster::Forward(Connection* connection, const Argv& argv) {
  connection->inner->Add(
      std::vector<absl::string_view>(argv.begin(), argv.end()));
  if (connection->inner->Send().ok()) {
    absl::StatusOr<TargetReply> reply =
        connection->inner->Receive(ReplyDetail::kWhole);
    if (reply.ok()) return *std::move(reply);
  }
  connection->is_broken = true;  // CLIENT KILL has ended it.
  return TargetReply();
}

std::string ModelCluster::Redirect(size_t node, bool asking,
                                   const std::vector<std::string>& keys) {
  if (keys.empty()) return "";
  const uint16_t slot = KeySlot(keys[0]);
  size_t missing = 0;
  bool are_several = false;
  const ModelServer::Databases& all = nodes_[node].server->databases();
  const auto data = all.find(0);
  for (const std::string& key : keys) {
    if (KeySlot(key) != slot) {
      return "CROSSSLOT Keys in request don't hash to the same slot";
    }
    are_several = are_several || key != keys[0];
    if (data == all.end() || data->second.count(key) == 0) ++missing;
  }
  const std::string tryagain =
      "TRYAGAIN Multiple keys request during rehashing of slot";
  if (!nodes_[owner_[slot]].alive) return "CLUSTERDOWN Hash slot not served";
  if (owner_[slot] == node) {
    if (migrating_ != slot || missing == 0) return "";
    if (missing < keys.size()) return tryagain;
    return absl::StrCat("ASK ", slot, " ", AddressOf(migrating_to_).ToString());
  }
  if (migrating_ == slot && migrating_to_ == node && asking) {
    return are_several && missing > 0 ? tryagain : "";
  }
  return absl::StrCat("MOVED ", slot, " ", AddressOf(owner_[slot]).ToString());
}

TargetReply ModelCluster::SlotsReply() const {
  std::vector<TargetReply> ranges;
  for (int64_t begin = 0; begin < kSlots;) {
    const size_t node = owner_[static_cast<size_t>(begin)];
    int64_t end = begin;
    while (end < kSlots && owner_[static_cast<size_t>(end)] == node) ++end;
    if (nodes_[node].alive) {
      const NodeAddress address = AddressOf(node);
      ranges.push_back(ArrayReply(
          {IntegerReply(begin), IntegerReply(end - 1),
           ArrayReply({TextReply(address.host), IntegerReply(address.port),
                       TextReply("id")})}));
    }
    begin = end;
  }
  return ArrayReply(std::move(ranges));
}

TargetReply ModelCluster::Take(Connection* connection, const Argv& argv) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  if (name == "cluster") return SlotsReply();
  if (name == "asking") {
    connection->is_asking = true;
    return TextReply("OK");
  }
  if (name == "exec" || (name == "client" && argv[1] == "KILL")) {
    DeliverLate(connection->node);
  }
  if (name == "multi") {
    connection->in_transaction = true;
    connection->is_refused = false;
    connection->keys.clear();
    return Forward(connection, argv);
  }
  const bool ends = name == "exec" || name == "discard";
  std::vector<std::string> keys = KeysOf(argv);
  if (name == "exec") keys = connection->keys;
  const std::string error =
      Redirect(connection->node, connection->is_asking, keys);
  if (name == "exec" && error.empty() && !connection->is_refused &&
      connection->is_asking && !keys.empty() &&
      owner_[KeySlot(keys[0])] != connection->node) {
    ++asked_;
  }
  if (ends || !connection->in_transaction) connection->is_asking = false;
  if (ends) connection->in_transaction = false;
  if (name == "exec" && (connection->is_refused || !error.empty())) {
    (void)Forward(connection, {"DISCARD"});
    return ErrorReply(
        connection->is_refused
            ? "EXECABORT Transaction discarded because of previous errors."
            : error);
  }
  if (!error.empty()) {
    connection->is_refused = true;
    return ErrorReply(error);
  }
  if (connection->in_transaction) {
    connection->keys.insert(connection->keys.end(), keys.begin(), keys.end());
  }
  return Forward(connection, argv);
}

}  // namespace kevy_replica
