// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/payload_run.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <variant>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/testing/check.h"
#include "kevy_replica/codec/testing/guarded_bytes.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

void SetError(const PayloadDecoder& decoder, PayloadRun* run) {
  Check(decoder.error() != WireError::kNone, "an error has a name");
  run->error = decoder.error();
  run->bytes_decoded = decoder.bytes_decoded();
  run->error_key = std::string(decoder.error_key());
}

void CheckStaysInError(const PayloadRun& run, PayloadDecoder* decoder) {
  for (int i = 0; i < 2; ++i) {
    decoder->Feed("KEVYSNAP");
    Check(decoder->Next() == Outcome::kError, "an error stays");
    Check(decoder->Finish() == run.error, "an error stays at the end");
    Check(decoder->error() == run.error, "an error is final");
    Check(decoder->bytes_decoded() == run.bytes_decoded,
          "an error stays where it is");
    Check(decoder->error_key() == run.error_key, "an error keeps its key");
  }
}

// The pieces of a trailer are one step, however they were cut.
void AddStep(const PayloadDecoder& decoder, PayloadRun* run) {
  PayloadStep step;
  step.bytes_decoded = decoder.bytes_decoded();
  const auto* const piece = std::get_if<PayloadTrailer>(&decoder.event());
  if (piece == nullptr) {
    AppendText(decoder.event(), &step.text);
  } else {
    if (!run->trailer.empty()) run->steps.pop_back();
    run->trailer.append(piece->bytes.data(), piece->bytes.size());
    AppendText(PayloadTrailer{run->trailer}, &step.text);
  }
  run->steps.push_back(step);
}

// Takes the events of the fed bytes. Returns false after an error.
bool Drain(bool keeps_steps,
           const std::function<void(const PayloadEvent&)>& visit,
           PayloadDecoder* decoder, PayloadRun* run) {
  while (true) {
    const Outcome outcome = decoder->Next();
    if (outcome == Outcome::kError) return false;
    Check(decoder->error() == WireError::kNone, "no error, no name");
    if (outcome == Outcome::kNeedMore) {
      Check(decoder->bytes_decoded() == run->bytes_decoded,
            "only events count");
      return true;
    }
    Check(decoder->bytes_decoded() >= run->bytes_decoded,
          "the count does not fall");
    run->bytes_decoded = decoder->bytes_decoded();
    const auto* const piece = std::get_if<PayloadTrailer>(&decoder->event());
    Check(piece == nullptr || !piece->bytes.empty(),
          "a piece of a trailer has bytes");
    if (keeps_steps) AddStep(*decoder, run);
    if (visit != nullptr) visit(decoder->event());
  }
}

// Room for `size` bytes, kept for the next run: mapping pages takes longer than
// decoding a short payload.
GuardedBytes& Room(size_t size) {
  thread_local size_t capacity = 0;
  thread_local std::unique_ptr<GuardedBytes> room;
  if (room == nullptr || size > capacity) {
    capacity = 2 * size;
    room = std::make_unique<GuardedBytes>(capacity);
  }
  return *room;
}

}  // namespace

bool operator==(const PayloadRun& a, const PayloadRun& b) {
  const auto same = [](const PayloadStep& x, const PayloadStep& y) {
    return x.bytes_decoded == y.bytes_decoded && x.text == y.text;
  };
  return std::tie(a.error, a.bytes_decoded, a.error_key) ==
             std::tie(b.error, b.bytes_decoded, b.error_key) &&
         std::equal(a.steps.begin(), a.steps.end(), b.steps.begin(),
                    b.steps.end(), same);
}

std::ostream& operator<<(std::ostream& out, const PayloadRun& run) {
  for (const PayloadStep& step : run.steps) {
    out << step.bytes_decoded << ": " << step.text << "\n";
  }
  out << run.bytes_decoded << ": " << run.error;
  if (!run.error_key.empty()) out << " " << Escaped(run.error_key);
  return out;
}

PayloadRun RunPayload(absl::string_view bytes, const PayloadWay& way,
                      const std::function<void(const PayloadEvent&)>& visit) {
  PayloadDecoder decoder(way.now_ms, way.limits);
  if (way.memory.has_value()) TestAccess::UseMemory(*way.memory, &decoder);
  GuardedBytes& room = Room(bytes.size());
  PayloadRun run;
  while (Drain(way.keeps_steps, visit, &decoder, &run)) {
    Check(decoder.memory_bytes() <=
              std::max(internal::ByteBuffer::kMinCapacity, 2 * run.given),
          "memory follows the received bytes");
    if (run.given == bytes.size()) {
      if (decoder.Finish() != WireError::kNone) break;
      Check(decoder.ended(), "a payload that is whole has ended");
      return run;
    }
    const size_t size = way.cuts(bytes.size() - run.given);
    decoder.Feed(room.Place(bytes.substr(run.given, size), way.guard));
    run.given += size;
  }
  SetError(decoder, &run);
  CheckStaysInError(run, &decoder);
  return run;
}

}  // namespace codec_testing
}  // namespace kevy_replica
