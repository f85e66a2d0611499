// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/corpus.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/benchmarks/recordings.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

void CheckEncoded(WireError error) {
  if (error == WireError::kNone) return;
  std::fprintf(stderr, "corpus: %s\n",
               std::string(WireErrorName(error)).data());
  std::abort();
}

// Uses numbers of the engine only: the standard leaves the distributions to the
// implementation.
class Random {
 public:
  // 0 to `n` - 1. The slight bias does not matter here.
  size_t Below(size_t n) { return static_cast<size_t>(engine_() % n); }
  size_t Between(size_t first, size_t last) {
    return first + Below(last - first + 1);
  }

  // `size` bytes of any value, CR and LF included, since values are binary.
  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(engine_() >> 56);
    return bytes;
  }

  // "key:" and six digits.
  std::string Key() { return absl::StrCat("key:", Between(100'000, 999'999)); }

 private:
  std::mt19937_64 engine_{20'260'101};
};

template <typename MakeArgv>
Corpus Generate(std::string name, MakeArgv make_argv) {
  Random random;
  Corpus corpus;
  corpus.name = std::move(name);
  corpus.first_offset = kFirstOffset;
  while (corpus.bytes.size() < kCorpusBytes) {
    const std::vector<std::string> argv = make_argv(random);
    CheckEncoded(
        AppendFrame(corpus.first_offset + corpus.frames, argv, &corpus.bytes));
    ++corpus.frames;
  }
  return corpus;
}

Corpus SetCorpus(std::string name, size_t value_bytes) {
  return Generate(std::move(name), [value_bytes](Random& random) {
    return std::vector<std::string>{"SET", random.Key(),
                                    random.Bytes(value_bytes)};
  });
}

// 57 bytes a frame:
//
//   *2\r\n               4
//   :1000000\r\n        10
//   *3\r\n               4
//   $3\r\nSET\r\n         9
//   $10\r\n<key>\r\n     17
//   $7\r\n<value>\r\n    13
Corpus Set57() { return SetCorpus("set57", 7); }

Corpus Hset17() {
  return Generate("hset17", [](Random& random) {
    std::vector<std::string> argv = {"HSET", random.Key()};
    for (int i = 0; i < 8; ++i) {
      argv.push_back(absl::StrCat("field", i));
      argv.push_back(random.Bytes(12));
    }
    return argv;
  });
}

// The lengths of values, each range evenly spread. Of 100 values 40 have 0 to 9
// bytes, 40 have 10 to 99, 18 have 100 to 999, and 2 have 1000 to 2000.
std::string MixedValue(Random& random) {
  const size_t percent = random.Below(100);
  if (percent < 40) return random.Bytes(random.Between(0, 9));
  if (percent < 80) return random.Bytes(random.Between(10, 99));
  if (percent < 98) return random.Bytes(random.Between(100, 999));
  return random.Bytes(random.Between(1000, 2000));
}

// Five commands, equally frequent, in random order:
//
//   SET key value
//   HSET key, 1 to 8 fields (1 to 20 bytes) with a value each
//   RPUSH key, 1 to 8 values
//   DEL, 1 to 4 keys
//   PEXPIREAT key, 13 digits
//
// Keys have 3 to 40 bytes, values are MixedValue(). A frame thus predicts
// neither the number of arguments of the next one nor their lengths.
Corpus Mixed() {
  return Generate("mixed", [](Random& random) {
    const auto key = [&random] { return random.Bytes(random.Between(3, 40)); };
    std::vector<std::string> argv;
    switch (random.Below(5)) {
      case 0:
        argv = {"SET", key(), MixedValue(random)};
        break;
      case 1:
        argv = {"HSET", key()};
        for (size_t left = random.Between(1, 8); left > 0; --left) {
          argv.push_back(random.Bytes(random.Between(1, 20)));
          argv.push_back(MixedValue(random));
        }
        break;
      case 2:
        argv = {"RPUSH", key()};
        for (size_t left = random.Between(1, 8); left > 0; --left) {
          argv.push_back(MixedValue(random));
        }
        break;
      case 3:
        argv = {"DEL"};
        for (size_t left = random.Between(1, 4); left > 0; --left) {
          argv.push_back(key());
        }
        break;
      case 4:
        argv = {"PEXPIREAT", key(),
                absl::StrCat(1'700'000'000'000 + random.Below(1'000'000'000))};
        break;
    }
    return argv;
  });
}

// Returns the commands of all recorded frames.
std::vector<std::vector<std::string>> RecordedCommands() {
  std::vector<std::vector<std::string>> commands;
  for (const absl::string_view recording : Recordings()) {
    StreamDecoder decoder;
    decoder.Feed(recording);
    HandshakeAnswer answer;
    Outcome outcome = decoder.DecodeAnswer(&answer);
    while (outcome == Outcome::kDone) {
      outcome = decoder.Next();
      if (outcome != Outcome::kDone) break;
      if (const auto* frame = std::get_if<FrameView>(&decoder.event())) {
        const ArgvView argv = frame->argv();
        commands.emplace_back(argv.begin(), argv.end());
      }
    }
    CheckEncoded(decoder.error());
  }
  return commands;
}

// Runs of 1 to 32 recorded frames, each from a random place on. So frames have
// their recorded neighbours, and a branch predictor cannot learn the whole.
// Offsets count anew.
Corpus Recorded() {
  const std::vector<std::vector<std::string>> commands = RecordedCommands();
  size_t next = 0;
  size_t left = 0;
  return Generate("recorded", [&](Random& random) {
    if (left == 0) {
      next = random.Below(commands.size());
      left = random.Between(1, 32);
    }
    --left;
    return commands[next++ % commands.size()];
  });
}

}  // namespace

const std::vector<Corpus>& Corpora() {
  // Kept until the end of the program: registered benchmarks refer to it.
  static const auto& corpora =
      *new std::vector<Corpus>{Set57(),
                               Hset17(),
                               SetCorpus("value1k", 1 << 10),
                               SetCorpus("value64k", 64 << 10),
                               Mixed(),
                               Recorded()};
  return corpora;
}

Corpus ArgumentCorpus(size_t argc) {
  return Generate(absl::StrCat(argc), [argc](Random& random) {
    return std::vector<std::string>(argc, random.Bytes(4));
  });
}

Corpus ValueCorpus(size_t value_bytes) {
  return SetCorpus(absl::StrCat(value_bytes), value_bytes);
}

std::string Joint(const Corpus& corpus) {
  std::string joint;
  CheckEncoded(Append(SnapshotBegin(), &joint));
  CheckEncoded(Append(SnapshotEnd{corpus.first_offset}, &joint));
  return joint;
}

}  // namespace benchmarks
}  // namespace kevy_replica
