// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/random_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

// Each expression below draws at most once. Compilers differ in the order of
// draws, and a seed must give one stream with all of them.

// Numbers of every length, sometimes with a leading zero.
std::string RandomNumber(Random* random, uint64_t max) {
  const uint64_t shift = (*random)() % 64;
  const uint64_t number = std::min((*random)() >> shift, max);
  const std::string digits = absl::StrCat(number);
  return (*random)() % 16 == 0 && digits.size() < 20 ? "0" + digits : digits;
}

std::string RandomBulk(Random* random) {
  constexpr size_t kMost[] = {0, 3, 9, 12, 110, 1100};
  const size_t most = kMost[(*random)() % 6];
  std::string bytes((*random)() % (most + 1), '\0');
  constexpr absl::string_view kCommon = "\r\n$*:+019ab";
  for (char& c : bytes) {
    const uint64_t bits = (*random)();
    c = bits % 4 == 0 ? kCommon[(bits >> 8) % kCommon.size()]
                      : static_cast<char>(bits >> 16);
  }
  return absl::StrCat((*random)() % 32 == 0 ? "$0" : "$", bytes.size(), "\r\n",
                      bytes, "\r\n");
}

std::string RandomFrame(Random* random) {
  const uint64_t most = (*random)() % 8 == 0 ? 130 : 5;
  const uint64_t arguments = 1 + (*random)() % most;
  std::string frame = absl::StrCat(
      "*2\r\n:", RandomNumber(random, std::numeric_limits<int64_t>::max()),
      "\r\n*", arguments, "\r\n");
  for (uint64_t i = 0; i < arguments; ++i) frame += RandomBulk(random);
  return frame;
}

// Frames of one shape with rising offsets, which a decoder predicts, and
// sometimes one of another shape.
std::string RandomFramesAlike(Random* random) {
  std::vector<size_t> sizes(1 + (*random)() % 4);
  for (size_t& size : sizes) {
    const size_t most = (*random)() % 4 == 0 ? 12'000 : 12;
    size = (*random)() % most;
  }
  uint64_t offset = 1;
  for (uint64_t digits = (*random)() % 19; digits > 0; --digits) offset *= 10;
  offset -= std::min(offset, (*random)() % 3);  // Soon a digit more.
  std::string frames;
  const uint64_t most = (*random)() % 8 == 0 ? 70 : 6;
  for (uint64_t count = 2 + (*random)() % most; count > 0; --count) {
    absl::StrAppend(&frames, "*2\r\n:", offset++, "\r\n*", sizes.size(),
                    "\r\n");
    for (const size_t size : sizes) {
      const size_t other = (*random)() % 16 == 0 ? (*random)() % 12 : size;
      absl::StrAppend(&frames, "$", other, "\r\n", std::string(other, 'x'),
                      "\r\n");
    }
  }
  return frames;
}

std::string RandomHeartbeat(Random* random) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  std::string heartbeat = "+PING ";
  if ((*random)() % 2 == 0) heartbeat += RandomNumber(random, kMax) + " ";
  return heartbeat + RandomNumber(random, kMax) + "\r\n";
}

}  // namespace

std::string RandomStream(Random* random) {
  std::string stream;
  bool in_snapshot = false;
  for (uint64_t elements = (*random)() % 8; elements > 0; --elements) {
    switch ((*random)() % 6) {
      case 0:
        stream += RandomHeartbeat(random);
        break;
      case 1:
        stream += in_snapshot ? absl::StrCat("+SNAPSHOT_END ",
                                             RandomNumber(random, 99), "\r\n")
                              : "+SNAPSHOT\r\n";
        in_snapshot = !in_snapshot;
        break;
      case 2:
        if (!in_snapshot) stream += RandomFramesAlike(random);
        break;
      default:
        stream += in_snapshot ? RandomBulk(random) : RandomFrame(random);
    }
  }
  return stream;
}

void Mutate(Random* random, std::string* bytes) {
  constexpr absl::string_view kCommon = "\r\n$*:+-0123456789 _PINGSHOTED";
  for (uint64_t changes = 1 + (*random)() % 3; changes > 0; --changes) {
    const size_t at = bytes->empty() ? 0 : (*random)() % bytes->size();
    const char c = (*random)() % 4 == 0 ? static_cast<char>((*random)())
                                        : kCommon[(*random)() % kCommon.size()];
    switch ((*random)() % 7) {
      case 0:
        bytes->insert(at, 1, c);
        break;
      case 1:
        bytes->erase(at, 1 + (*random)() % 4);
        break;
      case 2:
        bytes->resize(at);
        break;
      case 3:
        // Behind the start of a line, where signs and zeros matter.
        if (bytes->find_first_of("*$:+", at) != std::string::npos) {
          bytes->insert(bytes->find_first_of("*$:+", at) + 1, 1,
                        "-+-01\r"[(*random)() % 6]);
        }
        break;
      case 4:
        bytes->insert(at, bytes->substr((*random)() % (at + 1), 40));
        break;
      default:
        if (!bytes->empty()) (*bytes)[at] = c;
    }
  }
}

}  // namespace codec_testing
}  // namespace kevy_replica
