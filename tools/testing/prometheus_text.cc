// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/prometheus_text.h"

#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace kevy_replica {
namespace {

// Takes a name from the front of `*text`. Empty: there is none.
absl::string_view TakeName(absl::string_view* text, bool is_label) {
  size_t size = 0;
  while (size < text->size()) {
    const auto c = static_cast<unsigned char>((*text)[size]);
    const bool fits = absl::ascii_isalpha(c) || c == '_' ||
                      (c == ':' && !is_label) ||
                      (size > 0 && absl::ascii_isdigit(c));
    if (!fits) break;
    ++size;
  }
  const absl::string_view name = text->substr(0, size);
  text->remove_prefix(size);
  return name;
}

// Takes a label's value up to its closing quote.
bool TakeValue(absl::string_view* text) {
  while (!text->empty()) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '"') return true;
    if (c != '\\') continue;
    if (text->empty() || !absl::StrContains("\\\"n", text->substr(0, 1))) {
      return false;
    }
    text->remove_prefix(1);
  }
  return false;
}

bool TakeLabels(absl::string_view* text) {
  if (!absl::ConsumePrefix(text, "{")) return true;
  while (!absl::ConsumePrefix(text, "}")) {
    if (TakeName(text, /*is_label=*/true).empty() ||
        !absl::ConsumePrefix(text, "=\"") || !TakeValue(text)) {
      return false;
    }
    if (!absl::StartsWith(*text, "}") && !absl::ConsumePrefix(text, ",")) {
      return false;
    }
  }
  return true;
}

class Reader {
 public:
  // Returns the line's fault.
  std::string Take(absl::string_view line) {
    if (absl::ConsumePrefix(&line, "# HELP ")) {
      const absl::string_view name = TakeName(&line, /*is_label=*/false);
      if (name.empty() || !absl::StartsWith(line, " ")) return "a bad HELP";
      helped_ = std::string(name);
      return "";
    }
    if (absl::ConsumePrefix(&line, "# TYPE ")) return TakeType(line);
    if (absl::StartsWith(line, "#")) return "";
    return TakeSample(line);
  }

  PrometheusSamples& samples() { return samples_; }

 private:
  std::string TakeType(absl::string_view line) {
    const std::string name(TakeName(&line, /*is_label=*/false));
    if (name.empty() || !absl::ConsumePrefix(&line, " ")) return "a bad TYPE";
    if (name != helped_) return absl::StrCat("no HELP of ", name);
    if (line != "counter" && line != "gauge") {
      return absl::StrCat("the type ", line);
    }
    if ((line == "counter") != absl::EndsWith(name, "_total")) {
      return absl::StrCat(name, " is a ", line);
    }
    if (!samples_.types.emplace(name, line).second) {
      return absl::StrCat("a second TYPE of ", name);
    }
    current_ = name;
    return "";
  }

  std::string TakeSample(absl::string_view line) {
    const absl::string_view whole = line;
    const absl::string_view name = TakeName(&line, /*is_label=*/false);
    if (name.empty()) return "no name";
    if (name != current_) {
      return absl::StrCat("no TYPE before the samples of ", name);
    }
    if (!TakeLabels(&line)) return "bad labels";
    const absl::string_view key = whole.substr(0, whole.size() - line.size());
    double number = 0;
    if (!absl::ConsumePrefix(&line, " ") || !absl::SimpleAtod(line, &number)) {
      return "a bad value";
    }
    if (!samples_.values.emplace(key, line).second) {
      return absl::StrCat("a second sample of ", key);
    }
    return "";
  }

  PrometheusSamples samples_;
  std::string helped_;   // The name of the last HELP.
  std::string current_;  // The name of the last TYPE.
};

}  // namespace

PrometheusSamples ReadPrometheusText(absl::string_view text) {
  Reader reader;
  if (!text.empty() && !absl::ConsumeSuffix(&text, "\n")) {
    reader.samples().fault = "no line feed at the end";
    return reader.samples();
  }
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::string fault = line.empty() ? "" : reader.Take(line);
    if (fault.empty()) continue;
    reader.samples().fault = absl::StrCat("line ", number, ": ", fault);
    break;
  }
  return reader.samples();
}

}  // namespace kevy_replica
