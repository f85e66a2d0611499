// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/reference_payload.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

// A double from its three parts, as IEEE 754 defines them.
std::string ScoreText(uint64_t bits) {
  const bool negative = (bits >> 63) != 0;
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  const std::string sign = negative ? "-" : "";
  if (exponent == 0x7ff) return sign + (fraction == 0 ? "inf" : "nan");
  const double magnitude =
      exponent == 0
          ? std::ldexp(static_cast<double>(fraction), -1074)
          : std::ldexp(static_cast<double>(fraction + (uint64_t{1} << 52)),
                       exponent - 1075);
  char text[40];
  std::snprintf(text, sizeof text, "%s%.17g", sign.c_str(), magnitude);
  return text;
}

// Every reading function returns whether to continue. If not, `run_.error` is
// set.
class Reference {
 public:
  Reference(absl::string_view in, const PayloadWay& way)
      : in_(in), limits_(way.limits), now_ms_(way.now_ms) {}

  PayloadRun Run() {
    run_.given = in_.size();
    if (Header()) {
      while (Record()) {
      }
    }
    if (run_.error == WireError::kNone) Trailer();
    return run_;
  }

 private:
  bool Fail(WireError error, uint64_t index) {
    run_.error = error;
    run_.bytes_decoded = index;
    return false;
  }

  template <typename... Parts>
  bool Deliver(const Parts&... parts) {
    run_.steps.push_back({absl::StrCat(parts...), at_});
    run_.bytes_decoded = at_;
    return true;
  }

  bool Number(int bytes, uint64_t* number) {
    *number = 0;
    for (int i = 0; i < bytes; ++i) {
      if (at_ == limits_.max_snapshot_bytes && at_ < in_.size()) {
        return Fail(WireError::kSnapshotTooLong, at_);
      }
      if (at_ == in_.size()) return Fail(WireError::kTruncatedPayload, at_);
      *number |= uint64_t{static_cast<unsigned char>(in_[at_++])} << (8 * i);
    }
    return true;
  }

  // The string's text, behind a space.
  bool String(std::string* text) {
    const size_t at = at_;
    uint64_t size;
    if (!Number(4, &size)) return false;
    if (size > limits_.max_bulk_bytes) {
      return Fail(WireError::kBulkTooLong, at);
    }
    if (at_ + size > limits_.max_snapshot_bytes) {
      return Fail(WireError::kSnapshotTooLong, at);
    }
    if (in_.size() - at_ < size) {
      return Fail(WireError::kTruncatedPayload, in_.size());
    }
    raw_ = std::string(in_.substr(at_, static_cast<size_t>(size)));
    at_ += static_cast<size_t>(size);
    *text = " " + Escaped(raw_);
    return true;
  }

  bool Id(std::string* text) {
    uint64_t ms;
    uint64_t seq;
    if (!Number(8, &ms) || !Number(8, &seq)) return false;
    *text = absl::StrCat(ms, "-", seq);
    return true;
  }

  bool Header() {
    for (const char c : absl::string_view("KEVYSNAP")) {
      uint64_t byte;
      if (!Number(1, &byte)) return false;
      if (byte != static_cast<unsigned char>(c)) {
        return Fail(WireError::kBadMagic, at_ - 1);
      }
    }
    if (!Number(1, &version_)) return false;
    if (version_ < 2 || version_ > 7) {
      return Fail(WireError::kBadVersion, at_ - 1);
    }
    uint64_t generation = 0;
    uint64_t offset = 0;
    if (version_ >= 5 && (!Number(8, &generation) || !Number(8, &offset))) {
      return false;
    }
    return Deliver("header version=", version_, " generation=", generation,
                   " offset=", offset);
  }

  bool Record() {
    const size_t at = at_;
    uint64_t opcode;
    if (!Number(1, &opcode)) return false;
    if (opcode == 0) {
      Deliver("payload_end");
      return false;
    }
    if (opcode == 7 && version_ >= 6) return FieldExpiry();
    if (opcode > 8 || opcode == 7 || (opcode == 8 && version_ < 7) ||
        seen_field_expiry_) {
      return Fail(WireError::kBadOpcode, at);
    }
    std::string expiry;
    std::string key;
    if (!Expiry(&expiry) || !String(&key)) return false;
    switch (opcode) {
      case 1: {
        std::string value;
        return Deliver("string", key, expiry) && String(&value) &&
               Deliver("value", value) && Deliver("record_end");
      }
      case 2:
        return Elements("hash", key, expiry, "field", 2, false);
      case 3:
        return Elements("list", key, expiry, "item", 1, false);
      case 4:
        return Elements("set", key, expiry, "member", 1, false);
      case 5:
        return Elements("sorted_set", key, expiry, "scored_member", 1, true);
      case 6:
        return Deliver("stream", key, expiry) && Stream() &&
               Deliver("record_end");
      default:
        run_.error_key = raw_.substr(0, 128);
        return Fail(WireError::kRowSegment, at);
    }
  }

  void Trailer() {
    const size_t begin = at_;
    for (; at_ != in_.size(); ++at_) {
      if (at_ - begin == limits_.max_trailer_bytes) {
        Fail(WireError::kTrailerTooLong, at_);
        break;
      }
      if (at_ == limits_.max_snapshot_bytes) {
        Fail(WireError::kSnapshotTooLong, at_);
        break;
      }
    }
    if (at_ == begin) return;
    run_.steps.push_back(
        {"trailer " + Escaped(in_.substr(begin, at_ - begin)), at_});
    if (run_.error == WireError::kNone) run_.bytes_decoded = at_;
  }

  bool Expiry(std::string* text) {
    uint64_t flag;
    if (!Number(1, &flag)) return false;
    if (flag > 1) return Fail(WireError::kBadExpiryFlag, at_ - 1);
    if (flag == 0) return true;
    uint64_t ms;
    if (!Number(8, &ms)) return false;
    if (version_ == 2) {
      const uint64_t sum = ms + now_ms_;
      ms = sum < ms ? std::numeric_limits<uint64_t>::max() : sum;
    }
    *text = absl::StrCat(" expire_at_ms=", ms);
    return true;
  }

  bool FieldExpiry() {
    seen_field_expiry_ = true;
    std::string key;
    std::string field;
    uint64_t ms;
    return String(&key) && String(&field) && Number(8, &ms) &&
           Deliver("field_expiry", key, field, " expire_at_ms=", ms);
  }

  // Reads `count` elements, each of that many strings, and a score.
  bool Elements(absl::string_view type, const std::string& key,
                const std::string& expiry, absl::string_view element,
                int strings, bool scored) {
    uint64_t count;
    if (!Number(4, &count)) return false;
    Deliver(type, key, " count=", count, expiry);
    for (; count > 0; --count) {
      std::string text(element);
      for (int i = 0; i < strings; ++i) {
        std::string string;
        if (!String(&string)) return false;
        text += string;
      }
      if (scored) {
        uint64_t bits;
        if (!Number(8, &bits)) return false;
        text += " " + ScoreText(bits);
      }
      Deliver(text);
    }
    return Deliver("record_end");
  }

  bool Stream() {
    std::string last;
    std::string deleted;
    uint64_t added;
    uint64_t entries;
    if (!Id(&last) || !Id(&deleted) || !Number(8, &added) ||
        !Number(4, &entries)) {
      return false;
    }
    Deliver("stream_info last_id=", last, " max_deleted_id=", deleted,
            " entries_added=", added, " entries=", entries);
    for (; entries > 0; --entries) {
      std::string id;
      uint64_t pairs;
      if (!Id(&id) || !Number(4, &pairs)) return false;
      Deliver("stream_entry ", id, " fields=", pairs);
      for (; pairs > 0; --pairs) {
        std::string field;
        std::string value;
        if (!String(&field) || !String(&value)) return false;
        Deliver("stream_field", field, value);
      }
    }
    if (version_ < 4) return true;
    uint64_t groups;
    if (!Number(4, &groups)) return false;
    Deliver("stream_groups ", groups);
    for (; groups > 0; --groups) {
      if (!Group()) return false;
    }
    return true;
  }

  bool Group() {
    std::string name;
    std::string last;
    uint64_t consumers;
    if (!String(&name) || !Id(&last) || !Number(4, &consumers)) return false;
    Deliver("stream_group", name, " last_delivered_id=", last,
            " consumers=", consumers);
    for (; consumers > 0; --consumers) {
      std::string consumer;
      uint64_t seen;
      if (!String(&consumer) || !Number(8, &seen)) return false;
      Deliver("stream_consumer", consumer, " seen_at_ms=", seen);
    }
    uint64_t pending;
    if (!Number(4, &pending)) return false;
    Deliver("stream_pending_count ", pending);
    for (; pending > 0; --pending) {
      std::string id;
      std::string consumer;
      uint64_t delivered;
      uint64_t deliveries;
      if (!Id(&id) || !String(&consumer) || !Number(8, &delivered) ||
          !Number(4, &deliveries)) {
        return false;
      }
      Deliver("stream_pending ", id, consumer, " delivered_at_ms=", delivered,
              " deliveries=", deliveries);
    }
    return true;
  }

  const absl::string_view in_;
  const Limits limits_;
  const uint64_t now_ms_;
  size_t at_ = 0;
  uint64_t version_ = 0;
  bool seen_field_expiry_ = false;
  std::string raw_;  // The last string.
  PayloadRun run_;
};

}  // namespace

PayloadRun ReferencePayload(absl::string_view bytes, const PayloadWay& way) {
  return Reference(bytes, way).Run();
}

}  // namespace codec_testing
}  // namespace kevy_replica
