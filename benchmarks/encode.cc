// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Encoding: frames into a span, hiredis and memcpy, side by side.

#include <hiredis/hiredis.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/run.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

struct Message {
  uint64_t offset;
  absl::string_view wire;
  size_t first;  // The index of its first argument.
  size_t argc;
};

// A corpus in parts, ready to encode. The views point into it. Everything lies
// in the order of use, without gaps, so that the timing shows encoding and not
// memory.
struct Messages {
  std::vector<Message> messages;
  std::vector<absl::string_view> arguments;  // The arguments of all messages.
  // The same arguments for hiredis.
  std::vector<const char*> pointers;
  std::vector<size_t> sizes;
};

Messages TakeApart(const Corpus& corpus) {
  Messages all;
  absl::string_view rest = corpus.bytes;
  FrameDecoder decoder;
  FrameView frame;
  while (true) {
    const DecodeResult result = decoder.Decode(rest, &frame);
    if (!result.done()) return all;
    all.messages.push_back({frame.offset(), frame.wire(), all.arguments.size(),
                            frame.argv().size()});
    for (const absl::string_view argument : frame.argv()) {
      all.arguments.push_back(argument);
      all.pointers.push_back(argument.data());
      all.sizes.push_back(argument.size());
    }
    rest.remove_prefix(result.bytes_decoded);
  }
}

absl::Span<const absl::string_view> ArgvOf(const Messages& all,
                                           const Message& message) {
  return {all.arguments.data() + message.first, message.argc};
}

// Encodes all frames one after another into allocated memory.
size_t EncodeFrames(const Messages& all, std::string* out) {
  size_t frames = 0;
  absl::Span<char> room(&(*out)[0], out->size());
  for (const Message& message : all.messages) {
    const EncodeResult result =
        EncodeFrame(message.offset, ArgvOf(all, message), room);
    if (!result.ok()) break;
    room.remove_prefix(result.size);
    ++frames;
  }
  benchmark::ClobberMemory();
  return frames;
}

// Encodes all frames into a string that grows.
size_t AppendFrames(const Messages& all, std::string* out) {
  size_t frames = 0;
  out->clear();
  for (const Message& message : all.messages) {
    if (AppendFrame(message.offset, ArgvOf(all, message), out) !=
        WireError::kNone) {
      break;
    }
    ++frames;
  }
  benchmark::ClobberMemory();
  return frames;
}

// hiredis encodes commands without the envelope, each into memory that it
// allocates.
size_t FormatCommands(const Messages& all) {
  size_t frames = 0;
  for (const Message& message : all.messages) {
    char* command = nullptr;
    // Some versions take the pointers as `const char**`, and only read them.
    const auto size = redisFormatCommandArgv(
        &command, static_cast<int>(message.argc),
        const_cast<const char**>(all.pointers.data() + message.first),
        all.sizes.data() + message.first);
    if (size < 0) break;
    benchmark::DoNotOptimize(command);
    redisFreeCommand(command);
    ++frames;
  }
  return frames;
}

size_t CopyFrames(const Messages& all, std::string* out) {
  size_t frames = 0;
  char* to = &(*out)[0];
  for (const Message& message : all.messages) {
    std::memcpy(to, message.wire.data(), message.wire.size());
    to += message.wire.size();
    ++frames;
  }
  benchmark::ClobberMemory();
  return frames;
}

void RegisterEncode(const Corpus& corpus) {
  const auto& all = *new Messages(TakeApart(corpus));
  const auto room = [&corpus] {
    return std::string(corpus.bytes.size(), '\0');
  };
  RegisterPasses("Encode/span", corpus, [&all, room] {
    return [&all, out = room()]() mutable { return EncodeFrames(all, &out); };
  });
  RegisterPasses("Encode/append", corpus, [&all, room] {
    return [&all, out = room()]() mutable { return AppendFrames(all, &out); };
  });
  RegisterPasses("Encode/hiredis", corpus,
                 [&all] { return [&all] { return FormatCommands(all); }; });
  RegisterPasses("Encode/memcpy", corpus, [&all, room] {
    return [&all, out = room()]() mutable { return CopyFrames(all, &out); };
  });
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  namespace benchmarks = kevy_replica::benchmarks;
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterEncode(corpus);
  }
  return benchmarks::Run(argc, argv);
}
