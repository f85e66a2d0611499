// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/fuzz_stream.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace {

constexpr int kSeeds = 400;

std::string RandomBytes(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(random() % 600, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A replica that checks the rules of fuzz_stream.h on all its links.
class StrictReplica {
 public:
  explicit StrictReplica(const FuzzStreamOptions& options)
      : cuts_(options.cuts) {
    request_.protocol = options.protocol;
    request_.replica_id = "r1";
  }

  const HandshakeRequest& request() const { return request_; }

  void Read(const std::string& link) {
    StreamDecoder decoder;
    decoder.Feed(link);
    const Outcome answered = decoder.DecodeAnswer(&answer_);
    if (cuts_ && answered == Outcome::kNeedMore) return;
    ASSERT_EQ(answered, Outcome::kDone);
    ASSERT_EQ(answer_.protocol, request_.protocol);
    is_answer_last_ = true;
    Outcome outcome;
    while ((outcome = decoder.Next()) == Outcome::kDone) {
      std::visit([this](const auto& element) { Take(element); },
                 decoder.event());
      if (::testing::Test::HasFatalFailure()) return;
      is_answer_last_ = false;
    }
    ASSERT_EQ(outcome, Outcome::kNeedMore) << WireErrorName(decoder.error());
    ASSERT_TRUE(cuts_ || decoder.at_boundary());
    ++seen["link"];
    if (!decoder.at_boundary()) ++seen["cut"];
    if (decoder.in_snapshot()) ++seen["cut in snapshot"];
  }

  // Drops the last applied frame, as a replica that was killed.
  void Forget() {
    const auto last = frames_.find({request_.generation, request_.offset - 1});
    if (last != frames_.end()) --request_.offset;
  }

  // How often each thing came.
  std::map<std::string, int> seen;

 private:
  void Take(const FrameView& frame) {
    ++seen["frame"];
    ASSERT_EQ(frame.offset(), request_.offset);
    ++request_.offset;
    // Protocol 1 may resume in another history.
    if (request_.generation == 0 || request_.protocol == Protocol::kV1) return;
    const auto [place, is_new] = frames_.try_emplace(
        {request_.generation, frame.offset()}, frame.command());
    ASSERT_EQ(place->second, frame.command());
    if (!is_new) ++seen["frame again"];
  }

  void Take(const Heartbeat& heartbeat) {
    ++seen["heartbeat"];
    if (heartbeat.generation == 0) {
      ++seen["old heartbeat"];
      ASSERT_EQ(request_.protocol, Protocol::kV1);
      return;
    }
    if (in_snapshot_) return;
    if (heartbeat.next_offset > request_.offset) ++seen["ahead"];
    if (request_.protocol == Protocol::kV1) return;
    ASSERT_GE(heartbeat.next_offset, request_.offset);
    if (request_.generation == 0) request_.generation = heartbeat.generation;
    ASSERT_EQ(heartbeat.generation, request_.generation);
  }

  void Take(const SnapshotBegin&) {
    in_snapshot_ = true;
    // An answer of the held generation tells nothing about the snapshot's.
    const bool is_told =
        is_answer_last_ && answer_.generation != request_.generation;
    generation_ = is_told ? answer_.generation : 0;
    ++seen[is_answer_last_ ? "first snapshot" : "later snapshot"];
    payload_.clear();
  }

  void Take(const SnapshotChunk& chunk) {
    payload_.append(chunk.bytes.data(), chunk.bytes.size());
  }

  void Take(const SnapshotEnd& end) {
    in_snapshot_ = false;
    PayloadDecoder decoder(1);
    decoder.Feed(payload_);
    while (decoder.Next() == Outcome::kDone) {
      ++seen[absl::StrCat("payload event ", decoder.event().index())];
      const auto* const header = std::get_if<PayloadHeader>(&decoder.event());
      if (header == nullptr || header->version < 5) continue;
      ASSERT_EQ(header->offset, end.next_offset);
      ASSERT_TRUE(generation_ == 0 || generation_ == header->generation ||
                  request_.protocol == Protocol::kV1);
      generation_ = header->generation;
    }
    ASSERT_EQ(decoder.Finish(), WireError::kNone);
    if (generation_ != 0 && generation_ != request_.generation) {
      left_.insert(request_.generation);
      ASSERT_EQ(left_.count(generation_), 0u);
    }
    request_.offset = end.next_offset;
    request_.generation = generation_;
  }

  const bool cuts_;
  HandshakeRequest request_;  // The next one: its position is the held data's.
  HandshakeAnswer answer_;
  bool is_answer_last_ = false;
  bool in_snapshot_ = false;
  std::string payload_;
  uint64_t generation_ = 0;  // Of the snapshot, as far as it is known.
  std::set<uint64_t> left_;
  std::map<std::pair<uint64_t, uint64_t>, std::string> frames_;
};

// Reads all links of many streams. Returns how often each thing came.
std::map<std::string, int> ReadAll(const FuzzStreamOptions& options) {
  std::map<std::string, int> seen;
  for (int seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const std::string bytes = RandomBytes(seed);
    FuzzStream stream(bytes, options);
    StrictReplica replica(options);
    while (!stream.done()) {
      replica.Read(stream.NextLink(replica.request()));
      if (::testing::Test::HasFatalFailure()) return seen;
      if (seed % 2 == 0) replica.Forget();
    }
    for (const auto& [name, count] : replica.seen) seen[name] += count;
  }
  return seen;
}

TEST(FuzzStreamTest, LinksOfProtocol2AreLegal) {
  std::map<std::string, int> seen = ReadAll(FuzzStreamOptions());
  for (const char* name :
       {"link", "cut", "cut in snapshot", "frame", "frame again", "heartbeat",
        "ahead", "first snapshot", "later snapshot"}) {
    EXPECT_GT(seen[name], kSeeds / 20) << name;
  }
  EXPECT_EQ(seen["old heartbeat"], 0);
  // All events of a payload but the trailer, which streams do not have.
  for (size_t i = 0; i + 1 < std::variant_size_v<PayloadEvent>; ++i) {
    EXPECT_GT(seen[absl::StrCat("payload event ", i)], 0) << i;
  }
}

TEST(FuzzStreamTest, LinksOfProtocol1AreLegal) {
  FuzzStreamOptions options;
  options.protocol = Protocol::kV1;
  std::map<std::string, int> seen = ReadAll(options);
  for (const char* name :
       {"link", "frame", "old heartbeat", "later snapshot"}) {
    EXPECT_GT(seen[name], kSeeds / 20) << name;
  }
  EXPECT_GT(seen["heartbeat"], seen["old heartbeat"]);
}

TEST(FuzzStreamTest, LinksWithoutCutsEndBetweenElements) {
  FuzzStreamOptions options;
  options.cuts = false;
  EXPECT_EQ(ReadAll(options)["cut"], 0);
}

TEST(FuzzStreamTest, CorruptionsBreakSomeStreams) {
  FuzzStreamOptions options;
  options.corruptions = true;
  std::set<WireError> errors;
  int gaps = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    StreamDecoder decoder;
    decoder.Feed(MakeFuzzStream(RandomBytes(seed), options));
    HandshakeAnswer answer;
    if (decoder.DecodeAnswer(&answer) != Outcome::kDone) continue;
    uint64_t next = 0;
    while (decoder.Next() == Outcome::kDone) {
      if (const auto* end = std::get_if<SnapshotEnd>(&decoder.event())) {
        next = end->next_offset;
      } else if (const auto* frame = std::get_if<FrameView>(&decoder.event())) {
        gaps += frame->offset() == next ? 0 : 1;
        next = frame->offset() + 1;
      }
    }
    errors.insert(decoder.error());
  }
  EXPECT_GT(errors.size(), 5u);
  EXPECT_GT(gaps, 5);
}

TEST(FuzzStreamTest, SameBytesGiveSameStream) {
  FuzzStreamOptions options;
  options.corruptions = true;
  for (int seed = 0; seed < 50; ++seed) {
    const std::string bytes = RandomBytes(seed);
    EXPECT_EQ(MakeFuzzStream(bytes, options), MakeFuzzStream(bytes, options));
  }
}

TEST(FuzzStreamTest, OtherProtocolIsRefused) {
  const std::string bytes = RandomBytes(1);
  FuzzStream stream(bytes);
  HandshakeRequest request;
  request.protocol = Protocol::kV1;
  EXPECT_EQ(stream.NextLink(request), "");
  request.protocol = Protocol::kV2;
  EXPECT_NE(stream.NextLink(request), "");
}

TEST(FuzzStreamTest, MaxBytesBoundsAllLinksTogether) {
  // Steps that write long frames, without an end of the link.
  std::string bytes(200'000, '\xff');
  for (size_t i = 0; i < bytes.size(); i += 2) bytes[i] = 10;
  FuzzStreamOptions options;
  options.max_bytes = 5000;
  EXPECT_LT(MakeFuzzStream(bytes, options).size(), 30'000u);
  FuzzStream stream(bytes, options);
  HandshakeRequest request;
  size_t size = 0;
  while (!stream.done()) size += stream.NextLink(request).size();
  EXPECT_LT(size, 60'000u);
}

TEST(FuzzStreamTest, NoBytesGiveAnAnswerAndASnapshot) {
  EXPECT_EQ(MakeFuzzStream("").substr(0, 24), "+ACK 1 0\r\n+SNAPSHOT\r\n$10");
  FuzzStream stream("");
  EXPECT_TRUE(stream.done());
}

}  // namespace
}  // namespace kevy_replica
