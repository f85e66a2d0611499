// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/testing/internal/fuzz_payload.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/testing/internal/fuzz_input.h"

namespace kevy_replica {
namespace testing_internal {
namespace {

class PayloadWriter {
 public:
  explicit PayloadWriter(FuzzInput* input) : input_(*input) {}

  std::string Write(uint64_t generation, uint64_t offset) {
    const auto version = static_cast<uint8_t>(4 + input_.Below(3));
    const bool has_position = version >= 5;
    Append(PayloadHeader{version, has_position ? generation : 0,
                         has_position ? offset : 0});
    const size_t records = input_.Below(8);
    for (size_t i = 0; i < records; ++i) WriteRecord(i);
    if (version >= 6 && !field_.empty() && input_.Bool()) {
      Append(FieldExpiry{hash_, field_, input_.Number()});
    }
    Append(PayloadEnd());
    return std::move(payload_);
  }

 private:
  void Append(const PayloadEvent& event) {
    const WireError error = encoder_.Append(event, &payload_);
    if (error == WireError::kNone) return;
    std::fprintf(stderr, "FuzzPayload: event %zu: %s\n", event.index(),
                 std::string(WireErrorName(error)).c_str());
    std::abort();
  }

  // A string that differs from those of other `number`s.
  std::string Unique(absl::string_view prefix, size_t number) {
    return absl::StrCat(prefix, number, input_.Bytes(input_.Below(8)));
  }

  void WriteRecord(size_t number) {
    const auto type = static_cast<RecordType>(1 + input_.Below(6));
    const std::string key = Unique("k", number);
    std::optional<uint64_t> expiry;
    if (input_.Bool()) expiry = input_.Number();
    const bool has_count =
        type != RecordType::kString && type != RecordType::kStream;
    const auto count = static_cast<uint32_t>(has_count ? input_.Below(4) : 0);
    Append(RecordBegin{type, key, expiry, count});
    if (type == RecordType::kString) Append(StringValue{input_.String()});
    if (type == RecordType::kStream) WriteStream();
    for (uint32_t i = 0; i < count; ++i) WriteElement(type, key, i);
    Append(RecordEnd());
  }

  void WriteElement(RecordType type, const std::string& key, uint32_t number) {
    const std::string element = Unique("e", number);
    if (type == RecordType::kHash) {
      Append(HashField{element, input_.String()});
      hash_ = key;
      field_ = element;
    } else if (type == RecordType::kList) {
      Append(ListItem{element});
    } else if (type == RecordType::kSet) {
      Append(SetMember{element});
    } else {
      const uint64_t bits = input_.Number();
      double score = 0;
      std::memcpy(&score, &bits, sizeof(score));
      Append(ScoredMember{element, score});
    }
  }

  void WriteStream() {
    const auto entries = static_cast<uint32_t>(input_.Below(4));
    const uint64_t first = 1 + input_.Number() / 2;
    Append(StreamInfo{{first + entries, 0}, {}, entries, entries});
    for (uint32_t i = 0; i < entries; ++i) {
      const auto fields = static_cast<uint32_t>(1 + input_.Below(2));
      Append(StreamEntry{{first + i, i}, fields});
      for (uint32_t j = 0; j < fields; ++j) {
        Append(StreamField{Unique("f", j), input_.String()});
      }
    }
    const auto groups = static_cast<uint32_t>(input_.Below(3));
    Append(StreamGroupCount{groups});
    for (uint32_t i = 0; i < groups; ++i) WriteGroup(i, {first, 0}, entries);
  }

  void WriteGroup(uint32_t number, StreamId first, uint32_t entries) {
    const bool has_consumer = input_.Bool();
    Append(StreamGroup{Unique("g", number), first, has_consumer ? 1u : 0u});
    const std::string consumer = Unique("c", 0);
    if (has_consumer) Append(StreamConsumer{consumer, input_.Number()});
    const bool has_pending = has_consumer && entries > 0 && input_.Bool();
    Append(StreamPendingCount{has_pending ? 1u : 0u});
    if (!has_pending) return;
    Append(StreamPending{first, consumer, input_.Number(), input_.Byte()});
  }

  FuzzInput& input_;
  PayloadEncoder encoder_;
  std::string payload_;
  // A hash and a field of it. Empty: there is none.
  std::string hash_;
  std::string field_;
};

}  // namespace

std::string FuzzPayload(uint64_t generation, uint64_t offset,
                        FuzzInput* input) {
  return PayloadWriter(input).Write(generation, offset);
}

}  // namespace testing_internal
}  // namespace kevy_replica
