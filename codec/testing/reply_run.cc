// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/reply_run.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/internal/reply_scanner.h"
#include "kevy_replica/codec/reply.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/testing/check.h"
#include "kevy_replica/codec/testing/decode_run.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/codec/testing/test_access.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

std::string Text(ReplyView reply) {
  std::string text;
  AppendText(reply, &text);
  return text;
}

// The reference decoder: recursive descent over bytes that all lie in memory.
class Reference {
 public:
  Reference(absl::string_view bytes, const ReplyLimits& limits)
      : bytes_(bytes), limits_(limits) {}

  DecodeRun Run() {
    run_.given = bytes_.size();
    while (at_ != bytes_.size()) {
      begin_ = at_;
      elements_ = 0;
      std::string text;
      if (!Value(0, &text)) {
        run_.open = run_.error == WireError::kNone;
        return run_;
      }
      run_.elements.push_back(std::move(text));
      run_.bytes_decoded = at_;
    }
    return run_;
  }

 private:
  bool Fail(WireError error, size_t at) {
    run_.error = error;
    run_.bytes_decoded = at;
    return false;
  }

  // Reads the next byte. Returns false if there is none, or at the limit.
  bool Read(char* c) {
    if (at_ >= bytes_.size()) return false;
    if (at_ - begin_ >= limits_.max_reply_bytes) {
      return Fail(WireError::kReplyTooLong, at_);
    }
    *c = bytes_[at_++];
    return true;
  }
  bool Expect(char expected) {
    char c;
    if (!Read(&c)) return false;
    return c == expected || Fail(WireError::kBadReply, at_ - 1);
  }

  bool Value(uint64_t depth, std::string* text) {
    const size_t line = at_;
    char type;
    if (!Read(&type)) return false;
    if (type == '+' || type == '-') return Line(line, type, text);
    if (type == ':') return Integer(text);
    if (type == '$') return Bulk(text);
    if (type != '*') return Fail(WireError::kBadReply, line);
    if (depth >= limits_.max_depth) return Fail(WireError::kTooDeep, line);
    return Array(depth, text);
  }

  bool Line(size_t line, char type, std::string* text) {
    std::string bytes;
    char last = 0;
    while (true) {
      char c;
      if (!Read(&c)) return false;
      if (at_ - line > limits_.max_line_bytes) {
        return Fail(WireError::kLineTooLong, at_ - 1);
      }
      if ((last == '\r') != (c == '\n')) {
        return Fail(WireError::kBadReply, at_ - 1);
      }
      if (c == '\n') break;
      if (c != '\r') bytes.push_back(c);
      last = c;
    }
    *text = type + Escaped(bytes);
    return true;
  }

  // Reads the digits and CRLF of a number up to `max`.
  bool Number(uint64_t max, WireError too_big, uint64_t* number) {
    *number = 0;
    for (int digits = 0;; ++digits) {
      char c;
      if (!Read(&c)) return false;
      if (c == '\r' && digits != 0) return Expect('\n');
      if (c < '0' || c > '9' || digits == 20) {
        return Fail(WireError::kBadReply, at_ - 1);
      }
      const uint64_t digit = static_cast<uint64_t>(c - '0');
      uint64_t next;
      if (__builtin_mul_overflow(*number, uint64_t{10}, &next) ||
          __builtin_add_overflow(next, digit, &next) || next > max) {
        return Fail(too_big, at_ - 1);
      }
      *number = next;
    }
  }
  bool Minus() {
    if (at_ >= bytes_.size() || bytes_[at_] != '-' ||
        at_ - begin_ >= limits_.max_reply_bytes) {
      return false;
    }
    ++at_;
    return true;
  }
  bool Null(absl::string_view name, std::string* text) {
    uint64_t number;
    if (!Number(1, WireError::kBadReply, &number)) return false;
    *text = std::string(name);
    return number == 1 || Fail(WireError::kBadReply, at_ - 1);
  }

  bool Integer(std::string* text) {
    const bool minus = Minus();
    const uint64_t max = std::numeric_limits<int64_t>::max();
    uint64_t number;
    if (!Number(minus ? max + 1 : max, WireError::kBadReply, &number)) {
      return false;
    }
    *text = absl::StrCat(minus && number != 0 ? "-" : "", number);
    return true;
  }

  bool Bulk(std::string* text) {
    if (Minus()) return Null("null_bulk", text);
    uint64_t size;
    if (!Number(limits_.max_bulk_bytes, WireError::kBulkTooLong, &size)) {
      return false;
    }
    if (at_ - begin_ + size + 2 > limits_.max_reply_bytes) {
      return Fail(WireError::kReplyTooLong, at_ - 1);
    }
    if (bytes_.size() - at_ < size) return false;
    *text = Escaped(bytes_.substr(at_, static_cast<size_t>(size)));
    at_ += static_cast<size_t>(size);
    return Expect('\r') && Expect('\n');
  }

  bool Array(uint64_t depth, std::string* text) {
    if (Minus()) return Null("null_array", text);
    uint64_t count;
    if (!Number(limits_.max_elements - elements_, WireError::kTooManyElements,
                &count)) {
      return false;
    }
    elements_ += count;
    std::vector<std::string> elements;
    for (; count != 0; --count) {
      std::string element;
      if (!Value(depth + 1, &element)) return false;
      elements.push_back(std::move(element));
    }
    *text = absl::StrCat("[", absl::StrJoin(elements, ", "), "]");
    return true;
  }

  const absl::string_view bytes_;
  const ReplyLimits limits_;
  DecodeRun run_;
  size_t begin_ = 0;  // Of the current reply.
  size_t at_ = 0;
  uint64_t elements_ = 0;
};

std::string RandomReply(Random* random, int depth) {
  const uint64_t kind = (*random)() % (depth < 4 ? 8 : 6);
  const size_t size = static_cast<size_t>((*random)() % 12);
  const uint64_t number = (*random)() >> ((*random)() % 63 + 1);
  switch (kind) {
    case 0:
      return absl::StrCat("+", std::string(size, 'x'), "\r\n");
    case 1:
      return absl::StrCat("-ERR ", std::string(size, 'x'), "\r\n");
    case 2:
      return absl::StrCat(":", number, "\r\n");
    case 3:
      return absl::StrCat(":-", number, "\r\n");
    case 4:
      return absl::StrCat("$", size, "\r\n", std::string(size, '\n'), "\r\n");
    case 5:
      return size % 2 == 0 ? "$-1\r\n" : "*-1\r\n";
    default: {
      std::string array = absl::StrCat("*", size % 5, "\r\n");
      for (size_t i = 0; i != size % 5; ++i) {
        array += RandomReply(random, depth + 1);
      }
      return array;
    }
  }
}

}  // namespace

DecodeRun RunReplies(absl::string_view bytes, const ReplyLimits& limits,
                     const Cuts& cuts,
                     std::optional<internal::ByteBuffer::Memory> memory) {
  ReplyDecoder decoder(limits);
  if (memory.has_value()) TestAccess::UseMemory(*memory, &decoder);
  DecodeRun run;
  size_t most_held = 0;
  while (true) {
    Outcome outcome;
    while ((outcome = decoder.Next()) == Outcome::kDone) {
      run.elements.push_back(Text(decoder.reply()));
      Check(decoder.bytes_decoded() > run.bytes_decoded,
            "a reply takes up bytes");
      run.bytes_decoded = decoder.bytes_decoded();
    }
    Check(decoder.reply() == ReplyView(), "a reply only after kDone");
    if (outcome == Outcome::kError) {
      run.error = decoder.error();
      run.bytes_decoded = decoder.bytes_decoded();
      decoder.Feed("+OK\r\n");
      Check(decoder.Next() == Outcome::kError, "an error stays");
      Check(decoder.error() == run.error, "an error is final");
      Check(decoder.bytes_decoded() == run.bytes_decoded,
            "an error stays where it is");
      return run;
    }
    Check(decoder.bytes_decoded() == run.bytes_decoded, "a reply ends there");
    const size_t held = run.given - static_cast<size_t>(run.bytes_decoded);
    Check(decoder.at_boundary() == (held == 0), "at_boundary");
    if (run.given == bytes.size()) {
      run.open = held != 0;
      return run;
    }
    const size_t piece = cuts(bytes.size() - run.given);
    const absl::Span<char> room = decoder.Prepare(piece);
    Check(room.size() >= piece, "Prepare() gives the asked size");
    std::copy_n(bytes.data() + run.given, piece, room.data());
    decoder.Commit(piece);
    run.given += piece;

    // ByteBuffer's promise, plus a value, or an array that is open, for each 3
    // bytes, doubled by growth.
    most_held = std::max(most_held, held + piece);
    const size_t buffer =
        std::max(internal::ByteBuffer::kMinCapacity, 4 * most_held);
    const size_t values = 2 * (most_held / 3 + 1) * 64;
    Check(decoder.memory_bytes() <= buffer + values,
          "memory follows the received bytes");
  }
}

DecodeRun RunRepliesInPlace(absl::string_view bytes,
                            const ReplyLimits& limits) {
  internal::ReplyScanner scanner(limits);
  return RunElements(bytes, [&](absl::string_view input, std::string* text) {
    scanner.Start();
    const DecodeResult result = scanner.Scan(input.data(), input.size());
    if (result.done()) *text = Text(ReplyView(input.data(), scanner.nodes()));
    return result;
  });
}

DecodeRun ReferenceReplies(absl::string_view bytes, const ReplyLimits& limits) {
  return Reference(bytes, limits).Run();
}

std::string RandomReplies(Random* random) {
  std::string bytes;
  for (uint64_t replies = (*random)() % 5; replies != 0; --replies) {
    bytes += RandomReply(random, 0);
  }
  return bytes;
}

}  // namespace codec_testing
}  // namespace kevy_replica
