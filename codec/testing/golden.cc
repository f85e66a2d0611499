// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/golden.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

[[noreturn]] void Fail(absl::string_view file, absl::string_view line) {
  std::fprintf(stderr, "%s.expected: cannot read: %s\n",
               std::string(file).c_str(), std::string(line).c_str());
  std::abort();
}

uint64_t* LimitNamed(absl::string_view name, Limits* limits) {
  if (name == "max_arguments") return &limits->max_arguments;
  if (name == "max_bulk_bytes") return &limits->max_bulk_bytes;
  if (name == "max_frame_bytes") return &limits->max_frame_bytes;
  if (name == "max_line_bytes") return &limits->max_line_bytes;
  if (name == "max_chunk_bytes") return &limits->max_chunk_bytes;
  if (name == "max_snapshot_bytes") return &limits->max_snapshot_bytes;
  return nullptr;
}

bool ParseError(absl::string_view name, WireError* error) {
  for (int i = 1; i <= static_cast<int>(WireError::kNoSpace); ++i) {
    *error = static_cast<WireError>(i);
    if (WireErrorName(*error) == name) return true;
  }
  return false;
}

// "error NAME at BYTE" or "error NAME at BYTE by BYTE"
bool ParseFailure(absl::string_view line, Golden* golden) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 4 && words.size() != 6) return false;
  if (!ParseError(words[1], &golden->expected.error) || words[2] != "at" ||
      !absl::SimpleAtoi(words[3], &golden->expected.bytes_decoded)) {
    return false;
  }
  golden->known_with = static_cast<size_t>(golden->expected.bytes_decoded);
  if (words.size() == 6 &&
      (words[4] != "by" || !absl::SimpleAtoi(words[5], &golden->known_with))) {
    return false;
  }
  return golden->known_with < golden->bytes.size() &&
         golden->expected.bytes_decoded <= golden->known_with;
}

// "max_line_bytes 11"
bool ParseLimit(absl::string_view text, Limits* limits) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  uint64_t* const limit = LimitNamed(words[0], limits);
  return words.size() == 2 && limit != nullptr &&
         absl::SimpleAtoi(words[1], limit);
}

// "20"
bool ParseOpenEnd(absl::string_view text, Golden* golden) {
  golden->expected.open = true;
  return absl::SimpleAtoi(text, &golden->expected.bytes_decoded) &&
         golden->expected.bytes_decoded <= golden->bytes.size();
}

// Takes a line. Sets `*ended` when it tells the end.
bool ParseLine(absl::string_view line, bool* ended, Golden* golden) {
  absl::string_view rest = line;
  if (absl::StartsWith(line, "//")) return true;
  if (absl::ConsumePrefix(&rest, "decode ")) {
    golden->what = std::string(rest);
    return true;
  }
  if (absl::ConsumePrefix(&rest, "limit ")) {
    return ParseLimit(rest, &golden->limits);
  }
  if (*ended) {
    golden->canonical = line == "canonical";
    return golden->canonical && !golden->fails();
  }
  *ended = true;
  if (line == "end") return true;
  if (absl::ConsumePrefix(&rest, "need_more at ")) {
    return ParseOpenEnd(rest, golden);
  }
  if (absl::StartsWith(line, "error ")) return ParseFailure(line, golden);
  *ended = false;
  golden->expected.elements.emplace_back(line);
  return true;
}

Golden Read(absl::string_view folder, absl::string_view name) {
  const std::string path = absl::StrCat(folder, "/", name);
  std::string wrong;
  std::optional<Golden> golden = ParseGolden(
      ReadFile(path + ".resp"), ReadFile(path + ".expected"), &wrong);
  if (!golden.has_value()) Fail(path, wrong);
  golden->name = std::string(name);
  return *std::move(golden);
}

}  // namespace

std::optional<Golden> ParseGolden(std::string bytes, absl::string_view expected,
                                  std::string* wrong) {
  Golden golden;
  golden.bytes = std::move(bytes);
  golden.expected.given = golden.bytes.size();
  golden.expected.bytes_decoded = golden.bytes.size();
  bool ended = false;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(expected, "\n"), '\n')) {
    if (!ParseLine(line, &ended, &golden)) {
      *wrong = std::string(line);
      return std::nullopt;
    }
  }
  if (!ended || golden.what.empty()) {
    *wrong = "(its end)";
    return std::nullopt;
  }
  return golden;
}

std::vector<Golden> AllGolden() {
  std::vector<Golden> all;
  for (const char* folder : {"testdata/golden", "testdata/captures"}) {
    const std::vector<std::string> names = ListFiles(folder, ".resp");
    if (names != ListFiles(folder, ".expected")) {
      Fail(folder, "a .resp without an .expected, or the reverse");
    }
    for (const std::string& name : names) all.push_back(Read(folder, name));
  }
  return all;
}

std::string GoldenTestName(const Golden& golden) {
  std::string name = golden.name;
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

std::ostream& operator<<(std::ostream& out, const Golden& golden) {
  return out << golden.name;
}

}  // namespace codec_testing
}  // namespace kevy_replica
