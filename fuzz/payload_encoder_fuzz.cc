// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The payload encoder, driven by events in any order. A refused event changes
// nothing. The accepted ones decode from the written bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace {

using testing_internal::FuzzInput;

constexpr size_t kMaxEvents = 200;
constexpr size_t kKinds = std::variant_size_v<PayloadEvent>;

// The fields of any event.
struct Fields {
  explicit Fields(FuzzInput* input)
      : text(input->String()),
        other(input->String()),
        number(input->Number()),
        count(static_cast<uint32_t>(input->Byte() < 250 ? input->Below(4)
                                                        : input->Number())),
        type(input->Byte()) {}

  absl::string_view text;
  absl::string_view other;
  uint64_t number;
  uint32_t count;
  uint8_t type;
};

PayloadEvent MakeEvent(size_t kind, const Fields& f) {
  const StreamId id = {f.number, f.count};
  switch (kind) {
    case 0:
      return PayloadHeader{static_cast<uint8_t>(3 + f.type % 6),
                           f.type < 128 ? 0 : f.number, f.count};
    case 1: {
      RecordBegin record;
      record.type = static_cast<RecordType>(f.type % 8);
      record.key = f.text;
      if (f.type >= 128) record.expire_at_ms = f.number;
      record.count = f.count;
      return record;
    }
    case 2:
      return StringValue{f.text};
    case 3:
      return HashField{f.text, f.other};
    case 4:
      return ListItem{f.text};
    case 5:
      return SetMember{f.text};
    case 6:
      return ScoredMember{f.text, static_cast<double>(f.number) / 7};
    case 7:
      return StreamInfo{id, id, f.number, f.count};
    case 8:
      return StreamEntry{id, f.count};
    case 9:
      return StreamField{f.text, f.other};
    case 10:
      return StreamGroupCount{f.count};
    case 11:
      return StreamGroup{f.text, id, f.count};
    case 12:
      return StreamConsumer{f.text, f.number};
    case 13:
      return StreamPendingCount{f.count};
    case 14:
      return StreamPending{id, f.text, f.number, f.count};
    case 15:
      return RecordEnd();
    case 16:
      return FieldExpiry{f.text, f.other, f.number};
    case 17:
      return PayloadEnd();
    default:
      return PayloadTrailer{f.text};
  }
}

std::string Text(const PayloadEvent& event) {
  std::string text;
  AppendText(event, &text);
  return text;
}

class Play {
 public:
  void Run(FuzzInput input) {
    for (size_t i = 0; i < kMaxEvents && !input.done(); ++i) {
      const size_t choice = input.Byte();
      const Fields fields(&input);
      if (choice >= 64) {
        TakeLegal(choice, fields);
      } else {
        Take(MakeEvent(choice % kKinds, fields));
      }
    }
    CheckDecoded();
  }

 private:
  // Takes the first event from a kind on that may come now.
  void TakeLegal(size_t first, const Fields& fields) {
    for (size_t i = 0; i < kKinds; ++i) {
      if (Take(MakeEvent((first + i) % kKinds, fields))) return;
    }
  }

  // Returns whether the encoder takes the event.
  bool Take(const PayloadEvent& event) {
    const std::string before = bytes_;
    const WireError error = encoder_.Append(event, &bytes_);
    // `strict_` has never seen a refused event.
    PayloadEncoder strict = strict_;
    std::string added;
    FUZZ_CHECK(strict.Append(event, &added) == error);
    FUZZ_CHECK(strict.ended() == encoder_.ended());
    FUZZ_CHECK(bytes_ == before + added);
    if (error != WireError::kNone) {
      FUZZ_CHECK(added.empty());
      return false;
    }
    strict_ = strict;
    if (const auto* trailer = std::get_if<PayloadTrailer>(&event)) {
      trailer_.append(trailer->bytes.data(), trailer->bytes.size());
      return true;
    }
    if (const auto* record = std::get_if<RecordBegin>(&event)) {
      lacks_groups_ = record->type == RecordType::kStream;
    } else if (std::holds_alternative<StreamGroupCount>(event)) {
      lacks_groups_ = false;
    } else if (std::holds_alternative<RecordEnd>(event) && lacks_groups_) {
      events_.push_back(Text(StreamGroupCount{0}));
      lacks_groups_ = false;
    }
    events_.push_back(Text(event));
    return true;
  }

  void CheckDecoded() {
    PayloadDecoder decoder(1);
    decoder.Feed(bytes_);
    std::string trailer;
    size_t next = 0;
    bool has_end = false;
    Outcome outcome;
    while ((outcome = decoder.Next()) == Outcome::kDone) {
      if (const auto* piece = std::get_if<PayloadTrailer>(&decoder.event())) {
        trailer.append(piece->bytes.data(), piece->bytes.size());
        continue;
      }
      FUZZ_CHECK(!has_end);
      if (next == events_.size()) {
        // RecordEnd takes up no bytes.
        FUZZ_CHECK(std::holds_alternative<RecordEnd>(decoder.event()));
        has_end = true;
        continue;
      }
      FUZZ_CHECK(Text(decoder.event()) == events_[next]);
      ++next;
    }
    FUZZ_CHECK(outcome == Outcome::kNeedMore);
    FUZZ_CHECK(next == events_.size());
    FUZZ_CHECK(trailer == trailer_);
    FUZZ_CHECK(decoder.ended() == encoder_.ended());
  }

  PayloadEncoder encoder_;
  PayloadEncoder strict_;
  std::string bytes_;
  std::vector<std::string> events_;  // The texts of the accepted ones.
  std::string trailer_;
  bool lacks_groups_ = false;  // A stream without StreamGroupCount.
};

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  kevy_replica::Play().Run(kevy_replica::testing_internal::FuzzInput(bytes));
  return 0;
}
