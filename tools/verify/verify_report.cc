// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/verify_report.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/json.h"
#include "kevy_replica/tools/verify/key_walk.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kOther = "other";

// A server's own text may be any: only known names are shown.
absl::string_view ShownType(absl::string_view type) {
  return IsKnownType(type) ? type : kOther;
}

void AppendMember(absl::string_view name, uint64_t number, std::string* out) {
  absl::StrAppend(out, "\"", name, "\":", number);
}

}  // namespace

TypeCounts& VerifyReport::CountsOf(absl::string_view type) {
  return types[std::string(ShownType(type))];
}

void VerifyReport::AddNotCompared(absl::string_view reason, uint64_t keys) {
  std::string name(reason);
  if (not_compared.size() >= kMaxReasons &&
      not_compared.find(name) == not_compared.end()) {
    name = "other reasons";
  }
  not_compared[name] += keys;
}

TypeCounts VerifyReport::Total() const {
  TypeCounts total;
  for (const auto& [type, counts] : types) {
    total.equal += counts.equal;
    total.different += counts.different;
    total.changing += counts.changing;
    total.not_compared += counts.not_compared;
  }
  return total;
}

absl::string_view VerifyReport::result() const {
  if (!is_complete) return "incomplete";
  const TypeCounts total = Total();
  if (total.different > repaired) return "different";
  if (total.not_compared > 0) return "partial";
  return total.different > 0 ? "repaired" : "equal";
}

std::string ReportText(const VerifyReport& report) {
  std::string text =
      absl::StrFormat("%-8s %12s %12s %12s %12s\n", "type", "equal",
                      "different", "changing", "not compared");
  for (const auto& [type, counts] : report.types) {
    absl::StrAppendFormat(&text, "%-8s %12d %12d %12d %12d\n", type,
                          counts.equal, counts.different, counts.changing,
                          counts.not_compared);
  }
  for (const KeyDifference& difference : report.differences) {
    absl::StrAppend(&text, "different: ", ShownType(difference.type), " ",
                    Escaped(difference.key), ": ", difference.text);
    if (difference.repaired) absl::StrAppend(&text, " (repaired)");
    if (!difference.not_repaired.empty()) {
      absl::StrAppend(&text, " (not repaired: ", difference.not_repaired, ")");
    }
    absl::StrAppend(&text, "\n");
  }
  const uint64_t different = report.Total().different;
  if (different > report.differences.size()) {
    absl::StrAppend(&text, "different: ", different - report.differences.size(),
                    " more\n");
  }
  for (const auto& [reason, keys] : report.not_compared) {
    absl::StrAppend(&text, "not compared: ", reason, " (", keys, ")\n");
  }
  absl::StrAppend(&text, "keys read: ", report.primary_keys,
                  " of the primary, ", report.target_keys, " of the target\n");
  if (report.repaired + report.not_repaired > 0) {
    absl::StrAppend(&text, "repaired: ", report.repaired,
                    ", not repaired: ", report.not_repaired, "\n");
  }
  absl::StrAppend(&text, "result: ", report.result(), "\n");
  return text;
}

std::string ReportJson(const VerifyReport& report) {
  std::string json = absl::StrCat("{\"result\":\"", report.result(), "\",");
  AppendMember("primary_keys", report.primary_keys, &json);
  json += ",";
  AppendMember("target_keys", report.target_keys, &json);
  json += ",";
  AppendMember("repaired", report.repaired, &json);
  json += ",";
  AppendMember("not_repaired", report.not_repaired, &json);
  json += ",\"types\":{";
  absl::string_view comma;
  for (const auto& [type, counts] : report.types) {
    absl::StrAppend(&json, comma, "\"", type, "\":{\"equal\":", counts.equal,
                    ",\"different\":", counts.different,
                    ",\"changing\":", counts.changing,
                    ",\"not_compared\":", counts.not_compared, "}");
    comma = ",";
  }
  json += "},\"differences\":[";
  comma = "";
  for (const KeyDifference& difference : report.differences) {
    absl::StrAppend(&json, comma, "{\"key\":");
    AppendJson(difference.key, &json);
    absl::StrAppend(&json, ",\"type\":\"", ShownType(difference.type),
                    "\",\"difference\":");
    AppendJson(difference.text, &json);
    absl::StrAppend(&json,
                    ",\"repaired\":", difference.repaired ? "true" : "false");
    if (!difference.not_repaired.empty()) {
      json += ",\"not_repaired\":";
      AppendJson(difference.not_repaired, &json);
    }
    json += "}";
    comma = ",";
  }
  json += "],\"not_compared\":[";
  comma = "";
  for (const auto& [reason, keys] : report.not_compared) {
    absl::StrAppend(&json, comma, "{\"reason\":");
    AppendJson(reason, &json);
    absl::StrAppend(&json, ",\"keys\":", keys, "}");
    comma = ",";
  }
  json += "]}\n";
  return json;
}

}  // namespace kevy_replica
