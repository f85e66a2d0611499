// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/model_server.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/mirror_content.h"

namespace kevy_replica {
namespace {

using Argv = ModelServer::Argv;
using Database = ModelServer::Database;
using Value = ModelServer::Value;

constexpr absl::string_view kNotAnInteger =
    "ERR value is not an integer or out of range";

TargetReply TextReply(std::string text) {
  TargetReply reply;
  reply.type = TargetReply::Type::kText;
  reply.text = std::move(text);
  return reply;
}

TargetReply ErrorReply(absl::string_view text) {
  TargetReply reply = TextReply(std::string(text));
  reply.type = TargetReply::Type::kError;
  return reply;
}

TargetReply IntegerReply(size_t integer) {
  TargetReply reply;
  reply.type = TargetReply::Type::kInteger;
  reply.integer = static_cast<int64_t>(integer);
  return reply;
}

TargetReply ArrayReply(std::vector<TargetReply> elements) {
  TargetReply reply;
  reply.type = TargetReply::Type::kArray;
  reply.integer = static_cast<int64_t>(elements.size());
  reply.elements = std::move(elements);
  return reply;
}

std::string ScoreText(double score) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", score);
  return text;
}

TargetReply RunSet(Database* data, const Argv& argv) {
  Value value;
  value.type = "string";
  value.text = argv[2];
  if (argv.size() == 5) {
    uint64_t deadline = 0;
    EXPECT_TRUE(absl::SimpleAtoi(argv[4], &deadline)) << argv[4];
    EXPECT_TRUE(absl::EqualsIgnoreCase(argv[3], "pxat")) << argv[3];
    value.deadline_ms = deadline;
  }
  (*data)[argv[1]] = std::move(value);
  return TextReply("OK");
}

TargetReply RunDel(Database* data, const Argv& argv) {
  size_t count = 0;
  for (size_t i = 1; i < argv.size(); ++i) count += data->erase(argv[i]);
  return IntegerReply(count);
}

TargetReply RunIncr(Database* data, const Argv& argv) {
  Value& value = (*data)[argv[1]];
  int64_t number = 0;
  if (!value.text.empty() && !absl::SimpleAtoi(value.text, &number)) {
    return ErrorReply(kNotAnInteger);
  }
  value.text = absl::StrCat(++number);
  return IntegerReply(static_cast<size_t>(number));
}

TargetReply RunPush(Database* data, const Argv& argv) {
  std::vector<std::string>& items = (*data)[argv[1]].items;
  const bool left = absl::EqualsIgnoreCase(argv[0], "lpush");
  for (size_t i = 2; i < argv.size(); ++i) {
    items.insert(left ? items.begin() : items.end(), argv[i]);
  }
  return IntegerReply(items.size());
}

TargetReply RunLPop(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return TargetReply();
  std::vector<std::string>& items = found->second.items;
  TargetReply reply = TextReply(items.front());
  items.erase(items.begin());
  if (items.empty()) data->erase(found);
  return reply;
}

TargetReply RunSAdd(Database* data, const Argv& argv) {
  Value& value = (*data)[argv[1]];
  const size_t before = value.pairs.size();
  for (size_t i = 2; i < argv.size(); ++i) value.pairs[argv[i]] = "";
  return IntegerReply(value.pairs.size() - before);
}

TargetReply RunZAdd(Database* data, const Argv& argv) {
  Value& value = (*data)[argv[1]];
  const size_t before = value.scores.size();
  for (size_t i = 2; i + 1 < argv.size(); i += 2) {
    EXPECT_TRUE(absl::SimpleAtod(argv[i], &value.scores[argv[i + 1]]));
  }
  return IntegerReply(value.scores.size() - before);
}

// ZCOUNT key -inf (max.
TargetReply RunZCount(Database* data, const Argv& argv) {
  double most = 0;
  EXPECT_TRUE(argv[2] == "-inf" && argv[3][0] == '(' &&
              absl::SimpleAtod(argv[3].substr(1), &most));
  const auto found = data->find(argv[1]);
  if (found == data->end()) return IntegerReply(0);
  return IntegerReply(static_cast<size_t>(
      absl::c_count_if(found->second.scores,
                       [most](const auto& one) { return one.second < most; })));
}

// ZREMRANGEBYRANK key 0 last.
TargetReply RunZRemRangeByRank(Database* data, const Argv& argv) {
  size_t last = 0;
  EXPECT_TRUE(argv[2] == "0" && absl::SimpleAtoi(argv[3], &last));
  const auto found = data->find(argv[1]);
  if (found == data->end()) return IntegerReply(0);
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [member, score] : found->second.scores) {
    order.emplace_back(score, member);
  }
  absl::c_sort(order);
  order.resize(std::min(order.size(), last + 1));
  for (const auto& one : order) found->second.scores.erase(one.second);
  if (found->second.scores.empty()) data->erase(found);
  return IntegerReply(order.size());
}

// XADD key ms-seq field value ...
TargetReply RunXAdd(Database* data, const Argv& argv) {
  const auto id_of = [](absl::string_view text) {
    std::pair<uint64_t, uint64_t> id;
    const size_t dash = text.find('-');
    EXPECT_TRUE(absl::SimpleAtoi(text.substr(0, dash), &id.first) &&
                absl::SimpleAtoi(text.substr(dash + 1), &id.second))
        << text;
    return id;
  };
  Value& value = (*data)[argv[1]];
  if (!value.text.empty() && id_of(argv[2]) <= id_of(value.text)) {
    return ErrorReply(
        "ERR The ID specified in XADD is equal or smaller than the target "
        "stream top item");
  }
  value.text = argv[2];
  value.items.push_back(absl::StrJoin(argv.begin() + 2, argv.end(), " "));
  return TextReply(argv[2]);
}

TargetReply RunHSet(Database* data, const Argv& argv) {
  Value& value = (*data)[argv[1]];
  const size_t before = value.pairs.size();
  for (size_t i = 2; i + 1 < argv.size(); i += 2) {
    value.pairs[argv[i]] = argv[i + 1];
  }
  return IntegerReply(value.pairs.size() - before);
}

// HDEL and SREM.
TargetReply RunErasePairs(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return IntegerReply(0);
  size_t count = 0;
  for (size_t i = 2; i < argv.size(); ++i) {
    count += found->second.pairs.erase(argv[i]);
  }
  if (found->second.pairs.empty()) data->erase(found);
  return IntegerReply(count);
}

TargetReply RunHMGet(Database* data, const Argv& argv) {
  std::vector<TargetReply> values;
  const auto found = data->find(argv[1]);
  for (size_t i = 2; i < argv.size(); ++i) {
    values.emplace_back();
    if (found == data->end()) continue;
    const auto field = found->second.pairs.find(argv[i]);
    if (field != found->second.pairs.end()) {
      values.back() = TextReply(field->second);
    }
  }
  return ArrayReply(std::move(values));
}

TargetReply RunHGetAll(Database* data, const Argv& argv) {
  std::vector<TargetReply> all;
  const auto found = data->find(argv[1]);
  if (found != data->end()) {
    for (const auto& [field, value] : found->second.pairs) {
      all.push_back(TextReply(field));
      all.push_back(TextReply(value));
    }
  }
  return ArrayReply(std::move(all));
}

TargetReply RunPExpireAt(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return IntegerReply(0);
  uint64_t deadline = 0;
  if (!absl::SimpleAtoi(argv[2], &deadline)) return ErrorReply(kNotAnInteger);
  found->second.deadline_ms = deadline;
  return IntegerReply(1);
}

TargetReply RunPExpireTime(Database* data, const Argv& argv) {
  TargetReply reply = IntegerReply(0);
  const auto found = data->find(argv[1]);
  if (found == data->end()) {
    reply.integer = -2;
  } else if (!found->second.deadline_ms.has_value()) {
    reply.integer = -1;
  } else {
    reply.integer = static_cast<int64_t>(*found->second.deadline_ms);
  }
  return reply;
}

TargetReply RunExists(Database* data, const Argv& argv) {
  size_t count = 0;
  for (size_t i = 1; i < argv.size(); ++i) count += data->count(argv[i]);
  return IntegerReply(count);
}

TargetReply RunType(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  return TextReply(found == data->end() ? "none" : found->second.type);
}

TargetReply RunMSet(Database* data, const Argv& argv) {
  if (argv.size() % 2 == 0) {
    return ErrorReply("ERR wrong number of arguments for 'mset' command");
  }
  for (size_t i = 1; i + 1 < argv.size(); i += 2) {
    (void)RunSet(data, {"SET", argv[i], argv[i + 1]});
  }
  return TextReply("OK");
}

TargetReply RunRPop(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return TargetReply();
  std::vector<std::string>& items = found->second.items;
  TargetReply reply = TextReply(items.back());
  items.pop_back();
  if (items.empty()) data->erase(found);
  return reply;
}

// LINDEX key 0, or -1.
TargetReply RunLIndex(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return TargetReply();
  const std::vector<std::string>& items = found->second.items;
  return TextReply(argv[2] == "0" ? items.front() : items.back());
}

TargetReply RunSIsMember(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  return IntegerReply(
      found == data->end() ? 0 : found->second.pairs.count(argv[2]));
}

bool HasOtherType(const Database& data, const std::string& key,
                  absl::string_view type) {
  const auto found = data.find(key);
  return found != data.end() && found->second.type != type;
}

const std::string& WrongType() {
  static const auto* const kText = new std::string(
      "WRONGTYPE Operation against a key holding the wrong kind of value");
  return *kText;
}

// SMOVE source destination member.
TargetReply RunSMove(Database* data, const Argv& argv) {
  if (data->count(argv[1]) == 0) return IntegerReply(0);
  if (HasOtherType(*data, argv[1], "set") ||
      HasOtherType(*data, argv[2], "set")) {
    return ErrorReply(WrongType());
  }
  if (RunSIsMember(data, {"", argv[1], argv[3]}).integer == 0) {
    return IntegerReply(0);
  }
  (void)RunErasePairs(data, {"", argv[1], argv[3]});
  (*data)[argv[2]].type = "set";
  (*data)[argv[2]].pairs[argv[3]] = "";
  return IntegerReply(1);
}

// RPOPLPUSH source destination.
TargetReply RunRPopLPush(Database* data, const Argv& argv) {
  if (HasOtherType(*data, argv[1], "list")) return ErrorReply(WrongType());
  if (data->count(argv[1]) == 0) return TargetReply();
  if (HasOtherType(*data, argv[2], "list")) return ErrorReply(WrongType());
  TargetReply reply = RunRPop(data, argv);
  (*data)[argv[2]].type = "list";
  (void)RunPush(data, {"LPUSH", argv[2], reply.text});
  return reply;
}

// RENAME, RENAMENX and COPY source destination.
TargetReply RunRename(Database* data, const Argv& argv) {
  const bool copies = absl::EqualsIgnoreCase(argv[0], "copy");
  const auto found = data->find(argv[1]);
  if (found == data->end()) {
    return copies ? IntegerReply(0) : ErrorReply("ERR no such key");
  }
  const bool replaces = absl::EqualsIgnoreCase(argv[0], "rename");
  if (!replaces && data->count(argv[2]) > 0) return IntegerReply(0);
  Value value = found->second;
  if (!copies) data->erase(found);
  (*data)[argv[2]] = std::move(value);
  return replaces ? TextReply("OK") : IntegerReply(1);
}

// SUNIONSTORE destination source ...
TargetReply RunSUnionStore(Database* data, const Argv& argv) {
  Value all;
  all.type = "set";
  for (size_t i = 2; i < argv.size(); ++i) {
    if (HasOtherType(*data, argv[i], "set")) return ErrorReply(WrongType());
    const auto found = data->find(argv[i]);
    if (found == data->end()) continue;
    all.pairs.insert(found->second.pairs.begin(), found->second.pairs.end());
  }
  const size_t size = all.pairs.size();
  data->erase(argv[1]);
  if (size > 0) (*data)[argv[1]] = std::move(all);
  return IntegerReply(size);
}

// A value as fields with their sizes in front: "3:set0:0:1:1:a0:0:0:".
TargetReply RunDump(Database* data, const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found == data->end()) return TargetReply();
  std::string out;
  const auto add = [&out](absl::string_view field) {
    absl::StrAppend(&out, field.size(), ":", field);
  };
  const Value& value = found->second;
  add(value.type);
  add(value.text);
  add(absl::StrCat(value.items.size()));
  for (const std::string& item : value.items) add(item);
  add(absl::StrCat(value.pairs.size()));
  for (const auto& [field, text] : value.pairs) {
    add(field);
    add(text);
  }
  add(absl::StrCat(value.scores.size()));
  for (const auto& [member, score] : value.scores) {
    add(member);
    add(ScoreText(score));
  }
  return TextReply(std::move(out));
}

// RESTORE key deadline dump REPLACE [ABSTTL].
TargetReply RunRestore(Database* data, const Argv& argv) {
  absl::string_view rest = argv[3];
  const auto take = [&rest] {
    const size_t colon = rest.find(':');
    size_t size = 0;
    EXPECT_TRUE(absl::SimpleAtoi(rest.substr(0, colon), &size)) << rest;
    const std::string field(rest.substr(colon + 1, size));
    rest.remove_prefix(colon + 1 + size);
    return field;
  };
  const auto count = [&take] {
    size_t number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(take(), &number));
    return number;
  };
  Value value;
  value.type = take();
  value.text = take();
  for (size_t i = count(); i > 0; --i) value.items.push_back(take());
  for (size_t i = count(); i > 0; --i) {
    const std::string field = take();
    value.pairs[field] = take();
  }
  for (size_t i = count(); i > 0; --i) {
    const std::string member = take();
    EXPECT_TRUE(absl::SimpleAtod(take(), &value.scores[member]));
  }
  uint64_t deadline = 0;
  EXPECT_TRUE(absl::SimpleAtoi(argv[2], &deadline));
  if (deadline > 0) value.deadline_ms = deadline;
  (*data)[argv[1]] = std::move(value);
  return TextReply("OK");
}

// A command on the keys of a database.
struct KeyCommand {
  absl::string_view name;
  int64_t arity;  // As COMMAND tells it.
  bool writes;
  int64_t last_key;
  absl::string_view type;  // Of the value at its key. Empty: any.
  bool creates;            // The key, if it is not there.
  TargetReply (*run)(Database* data, const Argv& argv);
  int64_t key_step = 1;
};

constexpr KeyCommand kCommands[] = {
    {"set", -3, true, 1, "", false, RunSet},
    {"del", -2, true, -1, "", false, RunDel},
    {"incr", 2, true, 1, "string", true, RunIncr},
    {"rpush", -3, true, 1, "list", true, RunPush},
    {"lpush", -3, true, 1, "list", true, RunPush},
    {"lpop", 2, true, 1, "list", false, RunLPop},
    {"sadd", -3, true, 1, "set", true, RunSAdd},
    {"zadd", -4, true, 1, "zset", true, RunZAdd},
    {"zcount", 4, false, 1, "zset", false, RunZCount},
    {"zremrangebyrank", 4, true, 1, "zset", false, RunZRemRangeByRank},
    {"xadd", -5, true, 1, "stream", true, RunXAdd},
    {"hset", -4, true, 1, "hash", true, RunHSet},
    {"hdel", -3, true, 1, "hash", false, RunErasePairs},
    {"hmget", -3, false, 1, "hash", false, RunHMGet},
    {"hgetall", 2, false, 1, "hash", false, RunHGetAll},
    {"pexpireat", 3, true, 1, "", false, RunPExpireAt},
    {"pexpiretime", 2, false, 1, "", false, RunPExpireTime},
    {"exists", -2, false, -1, "", false, RunExists},
    {"type", 2, false, 1, "", false, RunType},
    {"mset", -3, true, -1, "", false, RunMSet, 2},
    {"rpop", 2, true, 1, "list", false, RunRPop},
    {"lindex", 3, false, 1, "list", false, RunLIndex},
    {"srem", -3, true, 1, "set", false, RunErasePairs},
    {"sismember", 3, false, 1, "set", false, RunSIsMember},
    {"smove", 4, true, 2, "", false, RunSMove},
    {"rpoplpush", 3, true, 2, "", false, RunRPopLPush},
    {"rename", 3, true, 2, "", false, RunRename},
    {"renamenx", 3, true, 2, "", false, RunRename},
    {"copy", 3, true, 2, "", false, RunRename},
    {"sunionstore", -3, true, -1, "", false, RunSUnionStore},
    {"dump", 2, false, 1, "", false, RunDump},
    {"restore", -4, true, 1, "", false, RunRestore},
};

// Commands without a key. Their arity is not checked.
constexpr absl::string_view kServerCommands[] = {
    "multi",  "exec", "discard", "client",  "command", "ping",
    "dbsize", "info", "select",  "flushdb", "swapdb",  "eval"};

const KeyCommand* FindCommand(absl::string_view name) {
  for (const KeyCommand& command : kCommands) {
    if (absl::EqualsIgnoreCase(command.name, name)) return &command;
  }
  return nullptr;
}

bool IsServerCommand(absl::string_view name) {
  return absl::c_linear_search(kServerCommands, absl::AsciiStrToLower(name));
}

// The reason not to queue or run the command. Empty: none.
std::string RefusalOf(const Argv& argv) {
  if (IsServerCommand(argv[0])) return "";
  const KeyCommand* const command = FindCommand(argv[0]);
  if (command == nullptr) {
    return absl::StrCat("ERR unknown command '", argv[0], "'");
  }
  const auto size = static_cast<int64_t>(argv.size());
  if (command->arity >= 0 ? size != command->arity : size < -command->arity) {
    return absl::StrCat("ERR wrong number of arguments for '", command->name,
                        "' command");
  }
  return "";
}

TargetReply RunOnKey(const KeyCommand& command, Database* data,
                     const Argv& argv) {
  const auto found = data->find(argv[1]);
  if (found != data->end()) {
    if (!command.type.empty() && found->second.type != command.type) {
      return ErrorReply(
          "WRONGTYPE Operation against a key holding the wrong kind of value");
    }
  } else if (command.creates) {
    (*data)[argv[1]].type = std::string(command.type);
  }
  return command.run(data, argv);
}

// The reply to COMMAND.
TargetReply CommandsReply() {
  std::vector<TargetReply> commands;
  const auto add = [&commands](absl::string_view name, int64_t arity,
                               absl::string_view flag, int64_t first,
                               int64_t last, int64_t step) {
    TargetReply arity_reply = IntegerReply(0);
    arity_reply.integer = arity;
    TargetReply last_reply = IntegerReply(0);
    last_reply.integer = last;
    commands.push_back(
        ArrayReply({TextReply(std::string(name)), arity_reply,
                    ArrayReply({TextReply(std::string(flag))}),
                    IntegerReply(static_cast<size_t>(first)), last_reply,
                    IntegerReply(static_cast<size_t>(step))}));
  };
  for (const KeyCommand& command : kCommands) {
    add(command.name, command.arity, command.writes ? "write" : "readonly", 1,
        command.last_key, command.key_step);
  }
  for (const absl::string_view name : kServerCommands) {
    add(name, -1, "admin", 0, 0, 0);
  }
  // The mirror asks for its name, as a sign of its version.
  add("expiretime", 2, "readonly", 1, 1, 1);
  return ArrayReply(std::move(commands));
}

std::string ValueText(const Value& value) {
  std::string text;
  if (value.type == "string") {
    text = value.text;
  } else if (value.type == "hash") {
    text = PairsText(value.pairs);
  } else if (value.type == "zset") {
    std::map<std::string, std::string> pairs;
    for (const auto& [member, score] : value.scores) {
      pairs[member] = ScoreText(score);
    }
    text = PairsText(pairs);
  } else if (value.type == "set") {
    text = absl::StrJoin(value.pairs, " ",
                         [](std::string* out, const auto& member) {
                           absl::StrAppend(out, member.first);
                         });
  } else {
    text = absl::StrJoin(value.items, " ");
  }
  absl::string_view type = value.type;
  text = absl::StrCat(type, " ", text);
  if (value.deadline_ms.has_value()) {
    absl::StrAppend(&text, " expires ", *value.deadline_ms);
  }
  return text;
}

}  // namespace

// A client's connection, without a network.
ModelServer::Argv ModelServer::Parse(absl::string_view resp) {
  const std::string wire = absl::StrCat("*2\r\n:0\r\n", resp);
  FrameDecoder decoder;
  FrameView frame;
  EXPECT_TRUE(decoder.Decode(wire, &frame).done()) << resp;
  return Argv(frame.argv().begin(), frame.argv().end());
}

class ModelServer::Link : public TargetLink {
 public:
  Link(ModelServer* server, uint32_t database) : server_(server) {
    client_.id = ++server->last_id_;
    client_.database = database;
    server->clients_[client_.id] = &client_;
  }
  ~Link() override { server_->clients_.erase(client_.id); }

  void AddRaw(absl::string_view resp) override {
    gathered_.push_back(Parse(resp));
  }
  void Add(absl::Span<const absl::string_view> argv) override {
    gathered_.emplace_back(argv.begin(), argv.end());
  }
  absl::Status Send() override {
    for (const Argv& argv : std::exchange(gathered_, std::vector<Argv>())) {
      if (client_.killed) return Killed();
      replies_.push_back(server_->Take(&client_, argv));
    }
    return absl::OkStatus();
  }
  size_t outstanding() const override { return replies_.size(); }
  absl::StatusOr<TargetReply> Receive(ReplyDetail /*detail*/) override {
    if (client_.killed) return Killed();
    TargetReply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }
  size_t SkipQueued(size_t most) override {
    size_t count = 0;
    while (count < most && !replies_.empty() &&
           replies_.front().type == TargetReply::Type::kText &&
           replies_.front().text == "QUEUED") {
      replies_.pop_front();
      ++count;
    }
    return count;
  }

 private:
  static absl::Status Killed() {
    return absl::UnavailableError("the server has closed the connection");
  }

  ModelServer* const server_;
  Client client_;
  std::vector<Argv> gathered_;
  std::deque<TargetReply> replies_;
};

std::unique_ptr<TargetLink> ModelServer::Connect(uint32_t database) {
  return std::make_unique<Link>(this, database);
}

TargetReply ModelServer::Ask(uint32_t database, const Argv& argv) {
  Client client;
  client.database = database;
  return Run(&client, argv);
}

Content ModelServer::ContentIn(uint32_t database) {
  DropPassed();
  Content content;
  for (const auto& [key, value] : databases_[database]) {
    if (key != "kevy_mirror") content[key] = ValueText(value);
  }
  return content;
}

std::string ModelServer::FieldIn(uint32_t database, const std::string& key,
                                 const std::string& field) {
  const Database& data = databases_[database];
  const auto found = data.find(key);
  if (found == data.end()) return "";
  const auto pair = found->second.pairs.find(field);
  return pair == found->second.pairs.end() ? "" : pair->second;
}

// Takes a client's next command, as it arrives.
TargetReply ModelServer::Take(Client* client, const Argv& argv) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  std::string refusal = RefusalOf(argv);
  if (!refusal.empty()) {
    client->refused = true;
    return ErrorReply(refusal);
  }
  if (name == "multi" || name == "discard") {
    client->in_transaction = name == "multi";
    client->refused = false;
    client->queued.clear();
    return TextReply("OK");
  }
  if (name == "exec") return Execute(client);
  if (client->in_transaction) {
    client->queued.push_back(argv);
    return TextReply("QUEUED");
  }
  TargetReply reply = Run(client, argv);
  const KeyCommand* const command = FindCommand(name);
  if (command == nullptr ? name == "flushdb" : command->writes) executed_();
  return reply;
}

TargetReply ModelServer::Execute(Client* client) {
  if (!std::exchange(client->in_transaction, false)) {
    return ErrorReply("ERR EXEC without MULTI");
  }
  const std::vector<Argv> queued =
      std::exchange(client->queued, std::vector<Argv>());
  if (client->refused) {
    return ErrorReply(
        "EXECABORT Transaction discarded because of previous errors.");
  }
  std::vector<TargetReply> results;
  for (const Argv& argv : queued) {
    results.push_back(Run(client, argv));
    if (results.back().is_error()) ++rejections_;
  }
  executed_();
  return ArrayReply(std::move(results));
}

TargetReply ModelServer::Run(Client* client, const Argv& argv) {
  DropPassed();
  const std::string refusal = RefusalOf(argv);
  if (!refusal.empty()) return ErrorReply(refusal);
  if (std::optional<TargetReply> reply = RunOnServer(client, argv)) {
    return *std::move(reply);
  }
  return RunOnKey(*FindCommand(argv[0]), &databases_[client->database], argv);
}

// Runs a command without a key. nullopt: it has one.
std::optional<TargetReply> ModelServer::RunOnServer(Client* client,
                                                    const Argv& argv) {
  const std::string name = absl::AsciiStrToLower(argv[0]);
  const auto number = [](const std::string& text) {
    uint32_t database = 0;
    EXPECT_TRUE(absl::SimpleAtoi(text, &database)) << text;
    return database;
  };
  if (name == "ping") return TextReply("PONG");
  if (name == "command") return CommandsReply();
  if (name == "client") return RunClient(client, argv);
  if (name == "info") return TextReply("maxmemory_policy:noeviction\r\n");
  if (name == "eval") return ErrorReply(argv.back());
  if (name == "dbsize") {
    return IntegerReply(databases_[client->database].size());
  }
  if (name == "select") {
    client->database = number(argv[1]);
  } else if (name == "swapdb") {
    const uint32_t first = number(argv[1]);
    const uint32_t second = number(argv[2]);
    if (first != second) std::swap(databases_[first], databases_[second]);
  } else if (name == "flushdb") {
    databases_[client->database].clear();
  } else {
    return std::nullopt;
  }
  return TextReply("OK");
}

TargetReply ModelServer::RunClient(Client* client, const Argv& argv) {
  if (argv[1] == "ID") return IntegerReply(client->id);
  if (argv[1] == "SETNAME") {
    client->name = argv[2];
    return TextReply("OK");
  }
  if (argv[1] == "LIST") {
    std::string list;
    for (const auto& [id, each] : clients_) {
      absl::StrAppend(&list, "id=", id, " name=", each->name, "\n");
    }
    return TextReply(list);
  }
  uint64_t id = 0;
  EXPECT_TRUE(argv[1] == "KILL" && absl::SimpleAtoi(argv[3], &id));
  const auto found = clients_.find(id);
  if (found == clients_.end()) return IntegerReply(0);
  found->second->killed = true;
  clients_.erase(found);
  return IntegerReply(1);
}

// Drops the keys whose deadline has come.
void ModelServer::DropPassed() {
  for (auto& [number, data] : databases_) {
    for (auto each = data.begin(); each != data.end();) {
      const std::optional<uint64_t> deadline = each->second.deadline_ms;
      each = deadline.has_value() && *deadline <= now_ms_ ? data.erase(each)
                                                          : std::next(each);
    }
  }
}

}  // namespace kevy_replica
