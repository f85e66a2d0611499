// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Snapshot payloads: decoding and memcpy, side by side, in chunks as from the
// stream.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/readers.h"
#include "kevy_replica/benchmarks/run.h"
#include "kevy_replica/client/payload_commands.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// A payload of version 6. Ends the program on an error.
class Encoder {
 public:
  Encoder() { Append(PayloadHeader{6, 7, 8}); }

  void Append(const PayloadEvent& event) {
    if (encoder_.Append(event, &bytes_) != WireError::kNone) std::abort();
  }
  void AppendString(absl::string_view key, absl::string_view value) {
    Append(RecordBegin{RecordType::kString, key, {}, 0});
    Append(StringValue{value});
    Append(RecordEnd());
  }
  size_t size() const { return bytes_.size(); }

  // Ends the payload.
  Corpus ToCorpus(const std::string& name, size_t values) {
    Append(PayloadEnd());
    Corpus corpus;
    corpus.name = name;
    corpus.bytes = std::move(bytes_);
    corpus.frames = values;
    return corpus;
  }

 private:
  PayloadEncoder encoder_;
  std::string bytes_;
};

// The contents do not matter: nobody reads them.
std::string Value(size_t size) { return std::string(size, 'v'); }

// Strings with keys of 10 bytes and values of `value_bytes`, up to
// kCorpusBytes. A corpus's `frames` are values here.
Corpus Strings(const std::string& name, size_t value_bytes) {
  const std::string value = Value(value_bytes);
  Encoder encoder;
  size_t values = 0;
  for (; encoder.size() < kCorpusBytes; ++values) {
    encoder.AppendString(absl::StrCat("key:", 100'000 + values), value);
  }
  return encoder.ToCorpus(name, values);
}

// Strings whose keys have 8 to 40 bytes, and whose values have 0 to 99, in
// random order.
Corpus MixedStrings() {
  std::mt19937_64 random(1);
  Encoder encoder;
  size_t values = 0;
  for (; encoder.size() < kCorpusBytes; ++values) {
    const std::string key = Value(8 + random() % 33);
    encoder.AppendString(key, Value(random() % 100));
  }
  return encoder.ToCorpus("strings_mixed", values);
}

// Hashes of 8 fields: a key of 10 bytes, and in each of them fields of 2 to 9
// bytes with values of 6 to 20. `frames` are fields.
Corpus SmallHashes() {
  Encoder encoder;
  size_t fields = 0;
  while (encoder.size() < kCorpusBytes) {
    const std::string key = absl::StrCat("key:", 100'000 + fields / 8);
    encoder.Append(RecordBegin{RecordType::kHash, key, {}, 8});
    for (size_t i = 0; i != 8; ++i, ++fields) {
      encoder.Append(HashField{Value(2 + i), Value(6 + 2 * i)});
    }
    encoder.Append(RecordEnd());
  }
  return encoder.ToCorpus("hash8", fields);
}

// One hash of 100,000 fields of 4 to 20 bytes, with values of 0 to 99, in
// random order.
Corpus MixedHash() {
  constexpr uint32_t kFields = 100'000;
  std::mt19937_64 random(2);
  Encoder encoder;
  encoder.Append(RecordBegin{RecordType::kHash, "key", {}, kFields});
  for (size_t i = 0; i != kFields; ++i) {
    encoder.Append(HashField{Value(4 + random() % 17), Value(random() % 100)});
  }
  encoder.Append(RecordEnd());
  return encoder.ToCorpus("hash_mixed", kFields);
}

// One hash of `count` fields of 13 bytes, with values of 16.
Corpus Hash(const std::string& name, uint32_t count) {
  const std::string value = Value(16);
  Encoder encoder;
  encoder.Append(RecordBegin{RecordType::kHash, "key", {}, count});
  for (size_t i = 0; i != count; ++i) {
    encoder.Append(HashField{absl::StrCat("field:", 1'000'000 + i), value});
  }
  encoder.Append(RecordEnd());
  return encoder.ToCorpus(name, count);
}

// The functions of the decoder, and the form in which a sink takes its results.
enum class By {
  kEvents,           // Next(): events.
  kRecords,          // NextRecords(): records, and events between them.
  kEventsOfRecords,  // NextRecords(), ForEachEvent(): events.
};

// Gives `*sink` the whole payload. Returns whether it is sound.
template <typename Sink>
bool Decode(const Corpus& corpus, size_t piece, By by, Sink* sink) {
  PayloadDecoder decoder(/*now_ms=*/0);
  bool sound = true;
  ForEachPiece(corpus.bytes, piece, [&](absl::string_view bytes) {
    decoder.Feed(bytes);
    while (true) {
      if (by != By::kEvents) {
        const absl::Span<const PayloadRecord> records = decoder.NextRecords();
        if (by == By::kRecords) {
          sink->Take(records);
        } else {
          for (const PayloadRecord& record : records) {
            ForEachEvent(record, [sink](const PayloadEvent& event) {
              sink->Take(event);
              return true;
            });
          }
        }
        if (!records.empty()) continue;
      }
      const Outcome outcome = decoder.Next();
      sound = sound && outcome != Outcome::kError;
      if (outcome != Outcome::kDone) break;
      sink->Take(decoder.event());
    }
  });
  return sound && decoder.Finish() == WireError::kNone;
}

// The least work of an application: the kind of an event or record, and the
// place and length of each value.
class Values {
 public:
  void Take(absl::Span<const PayloadRecord> records) {
    for (const PayloadRecord& record : records) {
      const absl::Span<const absl::string_view> strings = record.strings();
      if (record.type() == RecordType::kString) {
        ++count;
        Read(strings[0]);
      } else if (record.type() == RecordType::kHash) {
        count += strings.size() / 2;
        for (const absl::string_view string : strings) Read(string);
      }
    }
  }
  void Take(const PayloadEvent& event) {
    if (const auto* value = std::get_if<StringValue>(&event)) {
      ++count;
      Read(value->value);
    } else if (const auto* field = std::get_if<HashField>(&event)) {
      ++count;
      Read(field->field);
      Read(field->value);
    }
  }

  size_t count = 0;

  ~Values() { benchmark::DoNotOptimize(bytes_); }

 private:
  void Read(absl::string_view string) { bytes_ += string.size(); }

  size_t bytes_ = 0;
};

// The same payload as commands, whose values are counted.
class Commands {
 public:
  template <typename Part>
  void Take(const Part& part) {
    if (!commands_.Take(part).ok()) std::abort();
  }

  size_t count = 0;

 private:
  PayloadCommands commands_{[this](const PayloadCommand& command) {
    count += (command.argv.size() - 1) / 2;  // SET key value; HSET key ...
    return absl::OkStatus();
  }};
};

template <typename Sink>
void RegisterSink(const std::string& name, const Corpus& corpus, size_t piece,
                  By by) {
  RegisterPasses(name, corpus, [&corpus, piece, by] {
    return [&corpus, piece, by]() -> size_t {
      Sink sink;
      return Decode(corpus, piece, by, &sink) ? sink.count : 0;
    };
  });
}

void RegisterPayload(const Corpus& corpus, size_t piece) {
  RegisterSink<Values>("Payload/decode", corpus, piece, By::kEvents);
  RegisterSink<Values>("Payload/next_records", corpus, piece, By::kRecords);
  RegisterSink<Values>("Payload/for_each_event", corpus, piece,
                       By::kEventsOfRecords);
  RegisterSink<Commands>("Commands/events", corpus, piece, By::kEvents);
  RegisterSink<Commands>("Commands/records", corpus, piece, By::kRecords);
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
      benchmarks::Strings("string64k", 64 << 10),
      benchmarks::MixedStrings(),
      benchmarks::Hash("hash100k", 100'000),
      benchmarks::Hash("hash1m", 1'000'000),
      benchmarks::SmallHashes(),
      benchmarks::MixedHash()};
  for (const benchmarks::Corpus& corpus : corpora) {
    benchmarks::RegisterPayload(corpus, kevy_replica::kMaxChunkBytes);
  }
  return benchmarks::Run(argc, argv);
}
