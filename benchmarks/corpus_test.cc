// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/corpus.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/benchmarks/readers.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/result.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

void ExpectSame(const Tally& a, const Tally& b) {
  EXPECT_EQ(a.frames, b.frames);
  EXPECT_EQ(a.offsets, b.offsets);
  EXPECT_EQ(a.arguments, b.arguments);
  EXPECT_EQ(a.argument_bytes, b.argument_bytes);
}

TEST(Corpus, HasTheDeclaredFrames) {
  for (const Corpus& corpus : Corpora()) {
    SCOPED_TRACE(corpus.name);
    EXPECT_GE(corpus.bytes.size(), kCorpusBytes);
    absl::string_view rest = corpus.bytes;
    FrameDecoder decoder;
    FrameView frame;
    size_t frames = 0;
    while (!rest.empty()) {
      const DecodeResult result = decoder.Decode(rest, &frame);
      ASSERT_TRUE(result.done());
      ASSERT_EQ(frame.offset(), corpus.first_offset + frames);
      ++frames;
      if (corpus.name == "set57") {
        ASSERT_EQ(result.bytes_decoded, 57u);
      } else if (corpus.name == "hset17") {
        ASSERT_EQ(frame.argv().size(), 1u + 17u);
      } else if (corpus.name == "value1k") {
        ASSERT_EQ(frame.argv()[2].size(), 1024u);
      } else if (corpus.name == "value64k") {
        ASSERT_EQ(frame.argv()[2].size(), 65536u);
      }
      rest.remove_prefix(result.bytes_decoded);
    }
    EXPECT_EQ(frames, corpus.frames);
  }
}

// hiredis is independent of this repository, so it vouches for the others.
TEST(Corpus, EveryReaderFindsTheSame) {
  for (const Corpus& corpus : Corpora()) {
    SCOPED_TRACE(corpus.name);
    const absl::string_view bytes = corpus.bytes;
    const Tally tally = OneShotReader().Read(bytes);
    EXPECT_EQ(tally.frames, corpus.frames);
    using Replies = HiredisReader::Replies;
    for (const size_t piece : {7, 1500, 65536}) {
      SCOPED_TRACE(piece);
      for (const StreamReader::By by :
           {StreamReader::By::kNext, StreamReader::By::kNextFrames}) {
        ExpectSame(StreamReader(by).Read(bytes, piece), tally);
      }
      ExpectSame(HiredisReader(Replies::kBuild).Read(bytes, piece), tally);
      EXPECT_EQ(HiredisReader(Replies::kNone).Read(bytes, piece).frames,
                corpus.frames);
    }
  }
}

TEST(Corpus, RecordedHasEveryRecordedCommand) {
  std::set<std::string> recorded;
  std::set<std::string> names;
  for (const Corpus& corpus : Corpora()) {
    if (corpus.name != "recorded") continue;
    absl::string_view rest = corpus.bytes;
    FrameDecoder decoder;
    FrameView frame;
    while (!rest.empty()) {
      const DecodeResult result = decoder.Decode(rest, &frame);
      ASSERT_TRUE(result.done());
      recorded.emplace(frame.command());
      names.emplace(frame.argv()[0]);
      rest.remove_prefix(result.bytes_decoded);
    }
  }
  // As counted in the .expected files of testdata/captures.
  EXPECT_EQ(recorded.size(), 77u);
  EXPECT_EQ(names.size(), 28u);
}

TEST(Corpus, HasTheRequestedShape) {
  const Tally arguments = OneShotReader().Read(ArgumentCorpus(1000).bytes);
  EXPECT_EQ(arguments.arguments, 1000 * arguments.frames);
  const Corpus one = ValueCorpus(kCorpusBytes);
  EXPECT_EQ(one.frames, 1u);
  EXPECT_EQ(OneShotReader().Read(one.bytes).argument_bytes,
            3 + 10 + kCorpusBytes);
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica
