// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/json_line.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/internal/utf8.h"

namespace kevy_replica {
namespace {

bool TakeEscape(absl::string_view* text, std::string* value) {
  constexpr absl::string_view kNames = "\"\\/bfnrt";
  constexpr absl::string_view kBytes = "\"\\/\b\f\n\r\t";
  if (text->empty()) return false;
  const char name = text->front();
  text->remove_prefix(1);
  if (name != 'u') {
    const size_t i = kNames.find(name);
    if (i == absl::string_view::npos) return false;
    value->push_back(kBytes[i]);
    return true;
  }
  unsigned code = 0;
  if (text->size() < 4 || !absl::SimpleHexAtoi(text->substr(0, 4), &code)) {
    return false;
  }
  if (code < 0x80) {
    value->push_back(static_cast<char>(code));
  } else {
    *value += "\\u";
    value->append(text->data(), 4);
  }
  text->remove_prefix(4);
  return true;
}

bool TakeText(absl::string_view* text, std::string* value) {
  if (!absl::ConsumePrefix(text, "\"")) return false;
  while (!text->empty()) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '"') return true;
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return false;
    if (c != '\\') {
      value->push_back(c);
    } else if (!TakeEscape(text, value)) {
      return false;
    }
  }
  return false;
}

bool TakeNumber(absl::string_view* text, std::string* value) {
  while (!text->empty() &&
         absl::ascii_isdigit(static_cast<unsigned char>(text->front()))) {
    value->push_back(text->front());
    text->remove_prefix(1);
  }
  return !value->empty();
}

}  // namespace

std::optional<std::map<std::string, std::string>> ReadJsonLine(
    absl::string_view line) {
  std::map<std::string, std::string> members;
  if (!internal::IsUtf8(line) || !absl::ConsumePrefix(&line, "{"))
    return std::nullopt;
  do {
    std::string name;
    std::string value;
    if (!TakeText(&line, &name) || !absl::ConsumePrefix(&line, ":") ||
        !(absl::StartsWith(line, "\"") ? TakeText(&line, &value)
                                       : TakeNumber(&line, &value)) ||
        !members.emplace(std::move(name), std::move(value)).second) {
      return std::nullopt;
    }
  } while (absl::ConsumePrefix(&line, ","));
  if (line != "}") return std::nullopt;
  return members;
}

}  // namespace kevy_replica
