// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/kind_counts.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace kevy_replica {
namespace {

constexpr size_t kMaxNameBytes = 32;

// A name without bytes that a terminal or a metric's label could take amiss.
std::string PlainName(absl::string_view name) {
  std::string plain = absl::AsciiStrToLower(name.substr(0, kMaxNameBytes));
  for (char& c : plain) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' &&
        c != '_' && c != '|') {
      c = '?';
    }
  }
  return plain.empty() ? "?" : plain;
}

}  // namespace

bool KindCounts::Count(absl::string_view reason_class, absl::string_view name,
                       absl::string_view reason) {
  Kind kind(reason_class, PlainName(name), reason);
  const std::lock_guard<std::mutex> lock(mutex_);
  ++total_;
  auto found = kinds_.find(kind);
  if (found == kinds_.end() && kinds_.size() + 1 >= kMaxKinds) {
    kind = Kind(reason_class, "other", "");
    found = kinds_.find(kind);
  }
  if (found != kinds_.end()) {
    ++found->second.total;
    return false;
  }
  kinds_.emplace(std::move(kind), Counts{1, 1});
  return true;
}

std::string KindCounts::NewCounts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string text;
  for (auto& [kind, counts] : kinds_) {
    if (counts.total == counts.told) continue;
    const auto& [reason_class, name, reason] = kind;
    absl::StrAppend(&text, text.empty() ? absl::StrCat(title_, ": ") : ", ",
                    counts.total - counts.told, " ", reason_class, " ", name,
                    reason.empty() ? "" : absl::StrCat(" (", reason, ")"));
    counts.told = counts.total;
  }
  return text;
}

uint64_t KindCounts::total() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return total_;
}

std::string KindCounts::MetricsText() const {
  std::map<std::string, uint64_t> sums;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [kind, counts] : kinds_) {
      sums[absl::StrCat("class=\"", std::get<0>(kind), "\",name=\"",
                        std::get<1>(kind), "\"")] += counts.total;
    }
  }
  std::string text = absl::StrCat("# HELP ", metric_, " ", help_, "\n# TYPE ",
                                  metric_, " counter\n");
  for (const auto& [labels, count] : sums) {
    absl::StrAppend(&text, metric_, "{", labels, "} ", count, "\n");
  }
  return text;
}

}  // namespace kevy_replica
