// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/reply_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

// Deeper arrays than those of COMMAND, which has 6 levels.
constexpr size_t kMaxDepth = 16;
constexpr size_t kMaxLineBytes = 64 << 10;
// A declared size is a claim: room for as many elements at once.
constexpr size_t kMaxReserved = 1024;
constexpr int64_t kMaxStringBytes = int64_t{1} << 32;

absl::Status NotResp(absl::string_view line) {
  return absl::UnavailableError(absl::StrCat("the server's reply is not RESP: ",
                                             Escaped(line.substr(0, 48))));
}

absl::Status OverLimit(size_t most) {
  return absl::ResourceExhaustedError(
      absl::StrCat("a reply of the server is over ", most, " bytes"));
}

// Escaped(), without its quotes.
std::string EscapedText(absl::string_view bytes) {
  const std::string quoted = Escaped(bytes);
  return quoted.substr(1, quoted.size() - 2);
}

// Whether `bytes` begins with `text`. Faster than absl::StartsWith().
template <size_t kSize>
bool Begins(absl::string_view bytes, const char (&text)[kSize]) {
  return bytes.size() >= kSize - 1 &&
         std::memcmp(bytes.data(), text, kSize - 1) == 0;
}

// Takes ":17" or "+OK" with its line end from the front of `*bytes`, as most
// commands in a transaction are answered. False: there is something else.
bool TakeShort(absl::string_view* bytes, TargetReply* value) {
  if (Begins(*bytes, "+OK\r\n")) {
    value->type = TargetReply::Type::kText;
    bytes->remove_prefix(5);
    return true;
  }
  constexpr size_t kMaxDigits = 18;
  const char* const all = bytes->data();
  const size_t size = bytes->size();
  if (size < 4 || all[0] != ':') return false;
  size_t i = 1;
  int64_t number = 0;
  while (i < size && i <= kMaxDigits && all[i] >= '0' && all[i] <= '9') {
    number = 10 * number + (all[i++] - '0');
  }
  if (i == 1 || i + 1 >= size || all[i] != '\r' || all[i + 1] != '\n') {
    return false;
  }
  value->type = TargetReply::Type::kInteger;
  value->integer = number;
  bytes->remove_prefix(i + 2);
  return true;
}

}  // namespace

absl::StatusOr<bool> ReplyReader::Take(ReplyDetail detail,
                                       absl::string_view* bytes,
                                       TargetReply* reply) {
  detail_ = detail;
  const size_t most =
      detail == ReplyDetail::kWhole ? limits_.whole_bytes : limits_.brief_bytes;
  while (!bytes->empty()) {
    const size_t before = bytes->size();
    TakeShortElements(bytes);
    TargetReply value;
    bool is_value = false;
    if (in_string_) {
      is_value = TakeString(bytes, &value);
    } else if (!bytes->empty()) {
      const size_t end = bytes->find('\n');
      const size_t size = std::min(end, bytes->size() - 1) + 1;
      absl::string_view line = bytes->substr(0, size);
      bytes->remove_prefix(size);
      // Before the line is read, so that the error is the same for any pieces.
      if (taken_ + (before - bytes->size()) > most) return OverLimit(most);
      const bool whole = end != absl::string_view::npos;
      // A line that comes in one piece is not copied.
      if (!whole || !line_.empty()) {
        line_.append(line.data(), line.size());
        line = line_;
      }
      if (line.size() > kMaxLineBytes) return NotResp(line);
      if (whole) {
        const absl::StatusOr<bool> taken = TakeLine(line, &value);
        if (!taken.ok()) return taken.status();
        is_value = *taken;
        line_.clear();
      }
    }
    taken_ += before - bytes->size();
    if (taken_ > most) return OverLimit(most);
    if (is_value && Close(&value)) {
      *reply = std::move(value);
      taken_ = 0;
      return true;
    }
  }
  return false;
}

// Takes short elements of an open array, up to its last one.
void ReplyReader::TakeShortElements(absl::string_view* bytes) {
  if (open_.empty() || detail_ != ReplyDetail::kBrief || in_string_ ||
      !line_.empty() || !open_.back().kept) {
    return;
  }
  Open& parent = open_.back();
  std::vector<TargetReply>& elements = parent.array.elements;
  elements.emplace_back();
  while (parent.left > 1 && TakeShort(bytes, &elements.back())) {
    --parent.left;
    elements.emplace_back();
  }
  elements.pop_back();
}

size_t ReplyReader::SkipQueued(size_t most, absl::string_view* bytes) {
  constexpr size_t kSize = 9;
  if (taken_ != 0) return 0;
  size_t count = 0;
  while (count < most && Begins(*bytes, "+QUEUED\r\n")) {
    bytes->remove_prefix(kSize);
    ++count;
  }
  return count;
}

absl::StatusOr<bool> ReplyReader::TakeLine(absl::string_view whole,
                                           TargetReply* value) {
  if (whole.size() < 3 || whole[whole.size() - 2] != '\r') {
    return NotResp(whole);
  }
  const char type = whole[0];
  const absl::string_view line = whole.substr(1, whole.size() - 3);
  if (type == '+' || type == '-') {
    value->type =
        type == '+' ? TargetReply::Type::kText : TargetReply::Type::kError;
    if (type == '-') {
      value->text = EscapedText(line.substr(0, limits_.error_bytes));
    } else if (detail_ == ReplyDetail::kWhole) {
      value->text = std::string(line);
    }
    return true;
  }
  int64_t number = 0;
  if (!absl::SimpleAtoi(line, &number)) return NotResp(whole);
  switch (type) {
    case ':':
      value->type = TargetReply::Type::kInteger;
      value->integer = number;
      return true;
    case '$':
      if (number < -1 || number > kMaxStringBytes) return NotResp(whole);
      if (number < 0) return true;
      in_string_ = true;
      string_left_ = static_cast<uint64_t>(number) + 2;
      return false;
    case '*':
      if (number < -1) return NotResp(whole);
      return BeginArray(number, value);
    default:
      return NotResp(whole);
  }
}

absl::StatusOr<bool> ReplyReader::BeginArray(int64_t count,
                                             TargetReply* value) {
  if (count < 0) return true;  // Null.
  if (static_cast<uint64_t>(count) > limits_.elements ||
      open_.size() == kMaxDepth) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a reply of the server has over ", limits_.elements,
                     " elements, or arrays of over ", kMaxDepth, " levels"));
  }
  value->type = TargetReply::Type::kArray;
  value->integer = count;
  if (count == 0) return true;
  const bool is_single = open_.size() == 1 && count == 1;
  const bool kept =
      detail_ == ReplyDetail::kWhole || open_.empty() || is_single;
  if (kept) {
    value->elements.reserve(std::min(static_cast<size_t>(count), kMaxReserved));
  }
  open_.push_back({std::move(*value), static_cast<uint64_t>(count), kept});
  return false;
}

bool ReplyReader::TakeString(absl::string_view* bytes, TargetReply* value) {
  const size_t size =
      static_cast<size_t>(std::min<uint64_t>(string_left_, bytes->size()));
  if (detail_ == ReplyDetail::kWhole) string_.append(bytes->data(), size);
  bytes->remove_prefix(size);
  string_left_ -= size;
  if (string_left_ > 0) return false;
  in_string_ = false;
  value->type = TargetReply::Type::kText;
  if (detail_ == ReplyDetail::kWhole) string_.resize(string_.size() - 2);
  value->text = std::exchange(string_, std::string());
  return true;
}

bool ReplyReader::Close(TargetReply* value) {
  while (!open_.empty()) {
    Open& parent = open_.back();
    if (parent.kept) parent.array.elements.push_back(std::move(*value));
    if (--parent.left > 0) return false;
    *value = std::move(parent.array);
    open_.pop_back();
  }
  return true;
}

}  // namespace kevy_replica
