// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Snapshot payloads: decoding and memcpy, side by side, in chunks as from the
// stream.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/readers.h"
#include "kevy_replica/benchmarks/run.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// A PayloadEncoder that ends the program on an error.
class Encoder {
 public:
  void Append(const PayloadEvent& event) {
    if (encoder_.Append(event, &bytes) != WireError::kNone) std::abort();
  }

  std::string bytes;

 private:
  PayloadEncoder encoder_;
};

// The contents do not matter: nobody reads them.
std::string Value(size_t size) { return std::string(size, 'v'); }

// Strings with keys of 10 bytes and values of `value_bytes`, up to
// kCorpusBytes. A corpus's `frames` are values here.
Corpus Strings(const std::string& name, size_t value_bytes) {
  const std::string value = Value(value_bytes);
  Corpus corpus;
  corpus.name = name;
  Encoder encoder;
  encoder.Append(PayloadHeader{6, 7, 8});
  for (; encoder.bytes.size() < kCorpusBytes; ++corpus.frames) {
    const std::string key = absl::StrCat("key:", 100'000 + corpus.frames);
    encoder.Append(RecordBegin{RecordType::kString, key, {}, 0});
    encoder.Append(StringValue{value});
    encoder.Append(RecordEnd());
  }
  encoder.Append(PayloadEnd());
  corpus.bytes = encoder.bytes;
  return corpus;
}

// One hash of a million fields of 13 bytes, with values of 16.
Corpus Hash() {
  const std::string value = Value(16);
  Corpus corpus;
  corpus.name = "hash1m";
  Encoder encoder;
  encoder.Append(PayloadHeader{6, 7, 8});
  encoder.Append(RecordBegin{RecordType::kHash, "key", {}, 1'000'000});
  for (; corpus.frames < 1'000'000; ++corpus.frames) {
    const std::string field = absl::StrCat("field:", 1'000'000 + corpus.frames);
    encoder.Append(HashField{field, value});
  }
  encoder.Append(RecordEnd());
  encoder.Append(PayloadEnd());
  corpus.bytes = encoder.bytes;
  return corpus;
}

// The least work of an application on an event: its kind, and the place and
// length of each value.
class Reader {
 public:
  // Returns the number of values; 0 after an error.
  size_t Read(const Corpus& corpus, size_t piece) {
    values_ = 0;
    PayloadDecoder decoder(/*now_ms=*/0);
    bool sound = true;
    ForEachPiece(corpus.bytes, piece, [&](absl::string_view bytes) {
      decoder.Feed(bytes);
      Outcome outcome;
      while ((outcome = decoder.Next()) == Outcome::kDone) {
        Take(decoder.event());
      }
      sound = sound && outcome == Outcome::kNeedMore;
    });
    benchmark::DoNotOptimize(value_bytes_);
    return sound && decoder.Finish() == WireError::kNone ? values_ : 0;
  }

 private:
  void Take(const PayloadEvent& event) {
    if (const auto* value = std::get_if<StringValue>(&event)) {
      ++values_;
      value_bytes_ += value->value.size();
    } else if (const auto* field = std::get_if<HashField>(&event)) {
      ++values_;
      value_bytes_ += field->field.size() + field->value.size();
    }
  }

  size_t values_ = 0;
  size_t value_bytes_ = 0;
};

void RegisterPayload(const Corpus& corpus, size_t piece) {
  RegisterPasses("Payload/decode", corpus, [&corpus, piece] {
    return [&corpus, piece, reader = Reader()]() mutable {
      return reader.Read(corpus, piece);
    };
  });
  RegisterPasses("Payload/memcpy", corpus, [&corpus, piece] {
    return [&corpus, piece, copier = Copier()]() mutable {
      copier.Read(corpus.bytes, piece);
      return corpus.frames;
    };
  });
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  namespace benchmarks = kevy_replica::benchmarks;
  const benchmarks::Corpus corpora[] = {
      benchmarks::Strings("string16", 16),
      benchmarks::Strings("string1k", 1 << 10),
      benchmarks::Strings("string64k", 64 << 10), benchmarks::Hash()};
  for (const benchmarks::Corpus& corpus : corpora) {
    benchmarks::RegisterPayload(corpus, kevy_replica::kMaxChunkBytes);
  }
  return benchmarks::Run(argc, argv);
}
