// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/benchmarks/readers.h"

#include <hiredis/hiredis.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/tally.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/result.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// Does the same as Tally::Add(const FrameView&).
void Add(const redisReply& frame, Tally* tally) {
  ++tally->frames;
  tally->offsets += static_cast<uint64_t>(frame.element[0]->integer);
  const redisReply& command = *frame.element[1];
  tally->arguments += command.elements;
  for (size_t i = 0; i < command.elements; ++i) {
    tally->argument_bytes += command.element[i]->len;
  }
}

}  // namespace

Tally OneShotReader::Read(absl::string_view bytes) {
  Tally tally;
  FrameView frame;
  while (true) {
    const DecodeResult result = decoder_.Decode(bytes, &frame);
    if (!result.done()) return tally;
    tally.Add(frame);
    bytes.remove_prefix(result.bytes_decoded);
  }
}

Tally StreamReader::Read(absl::string_view bytes, size_t piece) {
  Tally tally;
  ForEachPiece(bytes, piece, [&](absl::string_view part) {
    decoder_.Feed(part);
    Decode(&tally);
  });
  return tally;
}

Tally StreamReader::ReadInPlace(absl::string_view bytes) {
  char* const room = decoder_.Prepare(bytes.size()).data();
  if (room != in_place_) {
    std::memcpy(room, bytes.data(), bytes.size());
    in_place_ = room;
  }
  decoder_.Commit(bytes.size());
  Tally tally;
  Decode(&tally);
  return tally;
}

void StreamReader::Decode(Tally* tally) {
  Tally sum = *tally;  // A local sum, free of aliases.
  if (by_ == By::kNext) {
    while (decoder_.Next() == Outcome::kDone) {
      if (const auto* frame = std::get_if<FrameView>(&decoder_.event())) {
        sum.Add(*frame);
      }
    }
  } else {
    while (true) {
      const absl::Span<const FrameView> frames = decoder_.NextFrames();
      if (frames.empty()) break;
      for (const FrameView& frame : frames) sum.Add(frame);
    }
  }
  *tally = sum;
}

void Feeder::Read(absl::string_view bytes, size_t piece) {
  ForEachPiece(bytes, piece, [&](absl::string_view part) {
    char* const room = buffer_.Prepare(part.size()).data();
    std::memcpy(room, part.data(), part.size());
    benchmark::DoNotOptimize(room);
    benchmark::ClobberMemory();
    buffer_.Commit(part.size());
    buffer_.Consume(part.size());
  });
}

HiredisReader::HiredisReader(Replies replies)
    : replies_(replies),
      reader_(replies == Replies::kBuild
                  ? redisReaderCreate()
                  : redisReaderCreateWithFunctions(nullptr)) {
  // 0: keep the buffer. By default hiredis frees an empty buffer of over 16
  // KiB.
  reader_->maxbuf = 0;
}

Tally HiredisReader::Read(absl::string_view bytes, size_t piece) {
  Tally tally;
  ForEachPiece(bytes, piece, [&](absl::string_view part) {
    redisReaderFeed(reader_.get(), part.data(), part.size());
    Decode(&tally);
  });
  return tally;
}

void HiredisReader::Decode(Tally* tally) {
  void* reply = nullptr;
  while (redisReaderGetReply(reader_.get(), &reply) == REDIS_OK &&
         reply != nullptr) {
    if (replies_ == Replies::kBuild) {
      Add(*static_cast<const redisReply*>(reply), tally);
      freeReplyObject(reply);
    } else {
      ++tally->frames;
    }
  }
}

void Copier::Read(absl::string_view bytes, size_t piece) {
  if (buffer_.size() < piece) buffer_.resize(piece);
  ForEachPiece(bytes, piece, [&](absl::string_view part) {
    std::memcpy(buffer_.data(), part.data(), part.size());
    benchmark::DoNotOptimize(buffer_.data());
    benchmark::ClobberMemory();
  });
}

}  // namespace benchmarks
}  // namespace kevy_replica
