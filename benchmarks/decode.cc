// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decoding: the ways of this library, hiredis and memcpy, side by side.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/decode_benchmarks.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/readers.h"
#include "kevy_replica/benchmarks/run.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// The read size of hiredis itself (redisBufferRead). Larger pieces slow it
// down: after each KiB that it has parsed it moves the rest of the piece.
using By = StreamReader::By;
using Replies = HiredisReader::Replies;

// The read size of hiredis itself, where its reader is fastest.
constexpr size_t kHiredisPiece = 16 << 10;

void RegisterStream(const std::string& name, const Corpus& corpus, size_t piece,
                    By by) {
  RegisterPasses(name, corpus, [&corpus, piece, by] {
    return [&corpus, piece, reader = StreamReader(by)]() mutable {
      return reader.Read(corpus.bytes, piece).frames;
    };
  });
}

void RegisterHiredis(const std::string& name, const Corpus& corpus,
                     size_t piece, Replies replies) {
  RegisterPasses(name, corpus, [&corpus, piece, replies] {
    return [&corpus, piece, reader = std::make_unique<HiredisReader>(replies)] {
      return reader->Read(corpus.bytes, piece).frames;
    };
  });
}

void RegisterCopy(const std::string& name, const Corpus& corpus, size_t piece) {
  RegisterPasses(name, corpus, [&corpus, piece] {
    return [&corpus, piece, copier = Copier()]() mutable {
      copier.Read(corpus.bytes, piece);
      return corpus.frames;
    };
  });
}

// Decode/...: decoding alone. The bytes lie in memory; for StreamDecoder in its
// buffer, where a read() would have put them. redisReaderFeed copies them into
// the buffer of hiredis.
void RegisterDecode(const Corpus& corpus) {
  RegisterPasses("Decode/one_shot", corpus, [&corpus] {
    return [&corpus, reader = OneShotReader()]() mutable {
      return reader.Read(corpus.bytes).frames;
    };
  });
  for (const By by : {By::kNext, By::kNextFrames}) {
    RegisterPasses(by == By::kNext ? "Decode/next" : "Decode/next_frames",
                   corpus, [&corpus, by] {
                     return [&corpus, reader = StreamReader(by)]() mutable {
                       return reader.ReadInPlace(corpus.bytes).frames;
                     };
                   });
  }
  RegisterHiredis("Decode/hiredis", corpus, kHiredisPiece, Replies::kBuild);
  RegisterHiredis("Decode/hiredis_parse", corpus, kHiredisPiece,
                  Replies::kNone);
  RegisterCopy("Decode/memcpy", corpus, corpus.bytes.size());
}

// Stream/...: as from a socket, copied in piece after piece.
void RegisterStreams(const Corpus& corpus) {
  RegisterStream("Stream/next", corpus, kPiece, By::kNext);
  RegisterStream("Stream/next_frames", corpus, kPiece, By::kNextFrames);
  RegisterPasses("Stream/feed", corpus, [&corpus] {
    return [&corpus, feeder = Feeder()]() mutable {
      feeder.Read(corpus.bytes, kPiece);
      return corpus.frames;
    };
  });
  RegisterClient(corpus);
  RegisterHiredis("Stream/hiredis", corpus, kPiece, Replies::kBuild);
  RegisterCopy("Stream/memcpy", corpus, kPiece);
}

void RegisterPieces(const Corpus& corpus) {
  for (const size_t piece : {1, 7, 1500, 4096, 65536}) {
    RegisterStream(absl::StrCat("Pieces/next_frames/", piece), corpus, piece,
                   By::kNextFrames);
    RegisterHiredis(absl::StrCat("Pieces/hiredis/", piece), corpus, piece,
                    Replies::kBuild);
  }
}

bool TakeFlag(absl::string_view flag, int* argc, char** argv) {
  char** const end = argv + *argc;
  char** const rest = std::remove_if(
      argv, end, [flag](const char* arg) { return arg == flag; });
  *argc = static_cast<int>(rest - argv);
  return rest != end;
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  namespace benchmarks = kevy_replica::benchmarks;
  const bool large = benchmarks::TakeFlag("--large", &argc, argv);
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterDecode(corpus);
  }
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterStreams(corpus);
  }
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterPieces(corpus);
  }
  benchmarks::RegisterShapes(large);
  return benchmarks::Run(argc, argv);
}
