// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/mirror_content.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {
namespace {

std::string ScoreText(double score) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.17g", score);
  return text;
}

std::string Text(const StreamId& id) {
  return absl::StrCat(id.ms, "-", id.seq);
}

// The value of a field in a map reply.
const TargetReply& Field(const TargetReply& map, absl::string_view name) {
  for (size_t i = 0; i + 1 < map.elements.size(); i += 2) {
    if (map.elements[i].text == name) return map.elements[i + 1];
  }
  static const TargetReply* const kNone = new TargetReply();
  ADD_FAILURE() << "no " << name;
  return *kNone;
}

// The pending entries of a consumer group. The field's name depends on the
// server's version.
const TargetReply& Pending(const TargetReply& group) {
  for (size_t i = 0; i + 1 < group.elements.size(); i += 2) {
    if (group.elements[i].text == "pel") return group.elements[i + 1];
  }
  return Field(group, "pending");
}

std::string StreamText(RedisServer* server, const std::string& key) {
  const TargetReply info =
      server->Ask({"XINFO", "STREAM", key, "FULL", "COUNT", "0"});
  std::string out =
      absl::StrCat("stream last=", Field(info, "last-generated-id").text,
                   " deleted=", Field(info, "max-deleted-entry-id").text,
                   " added=", Field(info, "entries-added").integer);
  for (const TargetReply& entry : Field(info, "entries").elements) {
    absl::StrAppend(&out, " entry ", entry.elements[0].text);
    for (const TargetReply& text : entry.elements[1].elements) {
      absl::StrAppend(&out, " ", text.text);
    }
  }
  for (const TargetReply& group : Field(info, "groups").elements) {
    absl::StrAppend(&out, " group ", Field(group, "name").text,
                    " last=", Field(group, "last-delivered-id").text);
    for (const TargetReply& consumer : Field(group, "consumers").elements) {
      absl::StrAppend(&out, " consumer ", Field(consumer, "name").text);
    }
    for (const TargetReply& pending : Pending(group).elements) {
      absl::StrAppend(&out, " pending ", pending.elements[0].text, " ",
                      pending.elements[1].text, " ",
                      pending.elements[2].integer, " ",
                      pending.elements[3].integer);
    }
  }
  return out;
}

std::string ValueText(RedisServer* server, const std::string& key) {
  const std::string type = server->Ask({"TYPE", key}).text;
  if (type == "string") {
    return absl::StrCat("string ", server->Ask({"GET", key}).text);
  }
  if (type == "hash" || type == "zset") {
    const TargetReply all =
        type == "hash" ? server->Ask({"HGETALL", key})
                       : server->Ask({"ZRANGE", key, "0", "-1", "WITHSCORES"});
    std::map<std::string, std::string> pairs;
    for (size_t i = 0; i + 1 < all.elements.size(); i += 2) {
      std::string value = all.elements[i + 1].text;
      double score = 0;
      if (type == "zset" && absl::SimpleAtod(value, &score)) {
        value = ScoreText(score);
      }
      pairs[all.elements[i].text] = value;
    }
    return absl::StrCat(type, " ", PairsText(pairs));
  }
  if (type == "list" || type == "set") {
    const TargetReply all = type == "list"
                                ? server->Ask({"LRANGE", key, "0", "-1"})
                                : server->Ask({"SMEMBERS", key});
    std::vector<std::string> items;
    for (const TargetReply& item : all.elements) items.push_back(item.text);
    if (type == "set") std::sort(items.begin(), items.end());
    return absl::StrCat(type, " ", absl::StrJoin(items, " "));
  }
  return StreamText(server, key);
}

}  // namespace

std::string PairsText(const std::map<std::string, std::string>& pairs) {
  return absl::StrJoin(pairs, " ", absl::PairFormatter("="));
}

Content ContentOf(RedisServer* server) {
  Content content;
  for (const TargetReply& key : server->Ask({"KEYS", "*"}).elements) {
    if (key.text == "kevy_mirror") continue;
    std::string text = ValueText(server, key.text);
    const int64_t expiry = server->Ask({"PEXPIRETIME", key.text}).integer;
    if (expiry >= 0) absl::StrAppend(&text, " expires ", expiry);
    content[key.text] = std::move(text);
  }
  return content;
}

PayloadMaker::PayloadMaker(uint32_t seed) : seed_(seed), random_(seed) {
  Add(PayloadHeader{6, 0, 0});
}

void PayloadMaker::AddString(const std::string& value) {
  Begin(RecordType::kString, 0);
  Add(StringValue{value});
  End(absl::StrCat("string ", value));
}

void PayloadMaker::AddHash(uint32_t count) {
  Begin(RecordType::kHash, count);
  std::map<std::string, std::string> pairs;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string field = absl::StrCat(i, ":", RandomText());
    const std::string value = RandomText();
    Add(HashField{field, value});
    pairs[field] = value;
  }
  End(absl::StrCat("hash ", PairsText(pairs)));
}

void PayloadMaker::AddList(uint32_t count) {
  Begin(RecordType::kList, count);
  std::vector<std::string> items;
  for (uint32_t i = 0; i < count; ++i) {
    items.push_back(RandomText());
    Add(ListItem{items.back()});
  }
  End(absl::StrCat("list ", absl::StrJoin(items, " ")));
}

void PayloadMaker::AddSet(uint32_t count) {
  Begin(RecordType::kSet, count);
  std::vector<std::string> members;
  for (uint32_t i = 0; i < count; ++i) {
    members.push_back(absl::StrCat(i, ":", RandomText()));
    Add(SetMember{members.back()});
  }
  std::sort(members.begin(), members.end());
  End(absl::StrCat("set ", absl::StrJoin(members, " ")));
}

void PayloadMaker::AddSortedSet(uint32_t count) {
  Begin(RecordType::kSortedSet, count);
  std::map<std::string, std::string> pairs;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string member = absl::StrCat(i, ":", RandomText());
    const double score = std::ldexp(static_cast<double>(random_()),
                                    static_cast<int>(random_() % 100) - 50) *
                         (random_() % 2 == 0 ? 1 : -1);
    Add(ScoredMember{member, score});
    pairs[member] = ScoreText(score);
  }
  End(absl::StrCat("zset ", PairsText(pairs)));
}

void PayloadMaker::AddStream(uint32_t count, uint32_t fields) {
  Begin(RecordType::kStream, 0);
  const StreamId last = {1000 + count, 7};
  const StreamId deleted = {3, 4};
  std::vector<StreamId> entries;
  Add(StreamInfo{last, deleted, count + 5, count});
  std::string text =
      absl::StrCat("stream last=", Text(last), " deleted=", Text(deleted),
                   " added=", count + 5);
  for (uint32_t i = 0; i < count; ++i) {
    const StreamId id = {1000 + i, random_() % 3};
    Add(StreamEntry{id, fields});
    absl::StrAppend(&text, " entry ", Text(id));
    entries.push_back(id);
    for (uint32_t k = 0; k < fields; ++k) {
      const std::string field = RandomText();
      const std::string value = RandomText();
      Add(StreamField{field, value});
      absl::StrAppend(&text, " ", field, " ", value);
    }
  }
  const uint32_t groups = random_() % 3;
  Add(StreamGroupCount{groups});
  for (uint32_t i = 0; i < groups; ++i) {
    const std::string name = absl::StrCat("group", i);
    Add(StreamGroup{name, last, 2});
    absl::StrAppend(&text, " group ", name, " last=", Text(last));
    for (const char* consumer : {"c0", "c1"}) {
      Add(StreamConsumer{consumer, 1795364156172});
      absl::StrAppend(&text, " consumer ", consumer);
    }
    Add(StreamPendingCount{count});
    for (const StreamId& id : entries) {
      Add(StreamPending{id, "c1", 1795364156172 + id.ms, 3});
      absl::StrAppend(&text, " pending ", Text(id), " c1 ",
                      1795364156172 + id.ms, " 3");
    }
  }
  End(text);
}

std::string PayloadMaker::Finish() {
  Add(PayloadEnd());
  return bytes_;
}

void PayloadMaker::Add(const PayloadEvent& event) {
  EXPECT_EQ(encoder_.Append(event, &bytes_), WireError::kNone);
}

void PayloadMaker::Begin(RecordType type, uint32_t count) {
  key_ = absl::StrCat("key", seed_, "-", content_.size(), RandomText());
  expiry_.reset();
  // In the year 2100.
  if (random_() % 3 == 0) expiry_ = 4102444800000 + random_();
  Add(RecordBegin{type, key_, expiry_, count});
}

void PayloadMaker::End(std::string text) {
  Add(RecordEnd());
  if (expiry_.has_value()) absl::StrAppend(&text, " expires ", *expiry_);
  content_[key_] = std::move(text);
}

std::string PayloadMaker::RandomText() {
  std::string text(random_() % 12, '\0');
  for (char& c : text) c = static_cast<char>(random_());
  return text;
}

}  // namespace kevy_replica
