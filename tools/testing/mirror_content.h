// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The contents of a database as text, to compare a server's with a payload's.

#ifndef KEVY_REPLICA_TOOLS_TESTING_MIRROR_CONTENT_H_
#define KEVY_REPLICA_TOOLS_TESTING_MIRROR_CONTENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/tools/testing/redis_server.h"

namespace kevy_replica {

// A line of text for the value of each key: "hash f1=v1 f2=v2 expires 7".
using Content = std::map<std::string, std::string>;

// A hash's fields or a sorted set's members, as in a line of Content.
std::string PairsText(const std::map<std::string, std::string>& pairs);

// The contents of the server's selected database, without the mirror's own key.
Content ContentOf(RedisServer* server);

// Encodes a payload with generated keys and values, and notes the contents of
// a server that has loaded it. A third of the keys expire in the year 2100.
class PayloadMaker {
 public:
  // `seed` chooses the values and is a part of each key, so that the keys of
  // several payloads differ.
  explicit PayloadMaker(uint32_t seed);

  void AddString(const std::string& value);
  // Collections of `count` elements.
  void AddHash(uint32_t count);
  void AddList(uint32_t count);
  void AddSet(uint32_t count);
  void AddSortedSet(uint32_t count);
  // A stream of `count` entries with `fields` fields each, and up to two
  // consumer groups.
  void AddStream(uint32_t count, uint32_t fields);

  // Ends the payload and returns it.
  std::string Finish();

  // The payload's bytes so far.
  const std::string& bytes() const { return bytes_; }
  const Content& content() const { return content_; }

 private:
  void Add(const PayloadEvent& event);
  void Begin(RecordType type, uint32_t count);
  void End(std::string text);
  std::string RandomText();

  const uint32_t seed_;
  std::mt19937 random_;
  PayloadEncoder encoder_;
  std::string bytes_;
  Content content_;
  // The record that is being added.
  std::string key_;
  std::optional<uint64_t> expiry_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_MIRROR_CONTENT_H_
