// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/simulation/dataset.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace simulation {
namespace {

uint64_t HashOf(absl::string_view key, absl::string_view value) {
  uint64_t hash = 0xcbf29ce484222325 + key.size();
  for (const absl::string_view text : {key, value}) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    }
  }
  return hash ^ (hash >> 29);
}

bool TakeText(absl::string_view* text, std::string* out) {
  const size_t colon = text->find(':');
  uint64_t size = 0;
  if (colon == absl::string_view::npos ||
      !absl::SimpleAtoi(text->substr(0, colon), &size) ||
      size > text->size() - colon - 1) {
    return false;
  }
  *out = std::string(text->substr(colon + 1, size));
  text->remove_prefix(colon + 1 + size);
  return true;
}

}  // namespace

bool Dataset::Apply(absl::string_view command, absl::string_view key,
                    absl::string_view value) {
  const std::string name(key);
  const auto found = values_.find(name);
  if (command == "SET") {
    Set(name, std::string(value));
  } else if (command == "APPEND") {
    Set(name, absl::StrCat(found == values_.end() ? "" : found->second, value));
  } else if (command == "INCR") {
    uint64_t number = 0;
    if (found != values_.end() && !absl::SimpleAtoi(found->second, &number)) {
      return false;
    }
    Set(name, absl::StrCat(number + 1));
  } else if (command == "DEL") {
    if (found != values_.end()) {
      hash_ -= HashOf(found->first, found->second);
      values_.erase(found);
    }
  } else {
    return false;
  }
  return true;
}

std::string Dataset::Serialize() const {
  std::string text;
  for (const auto& [key, value] : values_) {
    absl::StrAppend(&text, key.size(), ":", key, value.size(), ":", value);
  }
  text += ".";
  return text;
}

bool Dataset::Parse(absl::string_view text) {
  *this = Dataset();
  std::string key;
  std::string value;
  while (text != ".") {
    if (!TakeText(&text, &key) || !TakeText(&text, &value)) return false;
    Set(key, value);
  }
  return true;
}

void Dataset::Set(const std::string& key, std::string value) {
  const auto [held, added] = values_.try_emplace(key);
  if (!added) hash_ -= HashOf(key, held->second);
  held->second = std::move(value);
  hash_ += HashOf(key, held->second);
}

}  // namespace simulation
}  // namespace kevy_replica
