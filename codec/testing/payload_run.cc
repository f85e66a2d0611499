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
#include <utility>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/payload_record.h"
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
    Check(decoder->NextRecords().empty(), "no records behind an error");
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

// The last piece, and its place in the payload.
struct Piece {
  absl::string_view bytes;
  uint64_t begin = 0;

  // The place in the payload behind `part` of this piece.
  uint64_t EndOf(absl::string_view part) const {
    const uintptr_t first = reinterpret_cast<uintptr_t>(bytes.data());
    const uintptr_t end =
        reinterpret_cast<uintptr_t>(part.data()) + part.size();
    Check(end - part.size() >= first && end <= first + bytes.size(),
          "a record's strings are views of the piece");
    return begin + (end - first);
  }
  // The same for an event. RecordEnd takes up 0 bytes behind `before`.
  uint64_t EndOf(const PayloadEvent& event, uint64_t before) const {
    if (const auto* record = std::get_if<RecordBegin>(&event)) {
      return EndOf(record->key) + (record->type == RecordType::kString ? 0 : 4);
    }
    if (const auto* string = std::get_if<StringValue>(&event)) {
      return EndOf(string->value);
    }
    if (const auto* field = std::get_if<HashField>(&event)) {
      Check(
          EndOf(field->field) + 4 + field->value.size() == EndOf(field->value),
          "a field's value stands behind it");
      return EndOf(field->value);
    }
    if (const auto* item = std::get_if<ListItem>(&event)) {
      return EndOf(item->item);
    }
    if (const auto* member = std::get_if<SetMember>(&event)) {
      return EndOf(member->member);
    }
    if (const auto* scored = std::get_if<ScoredMember>(&event)) {
      return EndOf(scored->member) + 8;
    }
    Check(std::holds_alternative<RecordEnd>(event), "a record's event");
    return before;
  }
};

// Takes the next records. Returns false if there are none.
bool TakeRecords(const PayloadWay& way, const Piece& piece,
                 const std::function<void(const PayloadEvent&)>& visit,
                 PayloadDecoder* decoder, PayloadRun* run) {
  const absl::Span<const PayloadRecord> records =
      decoder->NextRecords(way.max_records);
  if (records.empty()) {
    Check(decoder->bytes_decoded() == run->bytes_decoded ||
              decoder->error() != WireError::kNone,
          "no records, no more bytes");
    return false;
  }
  Check(records.size() <= std::min(way.max_records, PayloadDecoder::kBatch),
        "a batch keeps its bounds");
  for (const PayloadRecord& record : records) {
    Check(&record == &records.front() || record.begins(),
          "only the first may have begun");
    Check(&record == &records.back() || record.ends(),
          "only the last may go on");
    Check(record.type() != RecordType::kString ||
              (record.begins() && record.strings().size() == 1),
          "a string comes whole");
    ForEachEvent(record, [&](const PayloadEvent& event) {
      PayloadStep step;
      step.bytes_decoded = piece.EndOf(event, run->bytes_decoded);
      Check(step.bytes_decoded >= run->bytes_decoded,
            "the count does not fall");
      run->bytes_decoded = step.bytes_decoded;
      if (way.keeps_steps) {
        AppendText(event, &step.text);
        run->steps.push_back(std::move(step));
      }
      if (visit != nullptr) visit(event);
      return true;
    });
  }
  Check(decoder->bytes_decoded() == run->bytes_decoded,
        "the records end there");
  Check(decoder->error() == WireError::kNone, "records have no error");
  return true;
}

// Takes the events of the fed piece. Returns false after an error.
bool Drain(const PayloadWay& way, const Piece& piece,
           const std::function<void(const PayloadEvent&)>& visit,
           PayloadDecoder* decoder, PayloadRun* run) {
  while (true) {
    if (way.by != PayloadBy::kEvents) {
      while (TakeRecords(way, piece, visit, decoder, run) &&
             way.by == PayloadBy::kRecords) {
      }
    }
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
    if (way.keeps_steps) AddStep(*decoder, run);
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
  Piece piece;
  while (Drain(way, piece, visit, &decoder, &run)) {
    Check(decoder.memory_bytes() <=
              std::max(internal::ByteBuffer::kMinCapacity, 2 * run.given),
          "memory follows the received bytes");
    if (run.given == bytes.size()) {
      if (decoder.Finish() != WireError::kNone) break;
      Check(decoder.ended(), "a payload that is whole has ended");
      return run;
    }
    const size_t size = way.cuts(bytes.size() - run.given);
    piece = {room.Place(bytes.substr(run.given, size), way.guard), run.given};
    decoder.Feed(piece.bytes);
    run.given += size;
  }
  SetError(decoder, &run);
  CheckStaysInError(run, &decoder);
  return run;
}

}  // namespace codec_testing
}  // namespace kevy_replica
