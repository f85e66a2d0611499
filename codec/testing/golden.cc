// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/golden.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>
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

// "error NAME at POSITION" or "error NAME at POSITION by POSITION"
bool ParseFailure(absl::string_view line, Golden* golden) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 4 && words.size() != 6) return false;
  if (!ParseError(words[1], &golden->expected.error) || words[2] != "at" ||
      !absl::SimpleAtoi(words[3], &golden->expected.position)) {
    return false;
  }
  golden->known_with = static_cast<size_t>(golden->expected.position);
  if (words.size() == 6 &&
      (words[4] != "by" || !absl::SimpleAtoi(words[5], &golden->known_with))) {
    return false;
  }
  return golden->known_with < golden->bytes.size() &&
         golden->expected.position <= golden->known_with;
}

Golden Read(absl::string_view folder, absl::string_view name) {
  const std::string path = absl::StrCat(folder, "/", name);
  Golden golden;
  golden.name = std::string(name);
  golden.bytes = ReadFile(path + ".resp");
  golden.expected.given = golden.bytes.size();
  golden.expected.position = golden.bytes.size();
  const std::string text = ReadFile(path + ".expected");
  bool ended = false;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    if (absl::StartsWith(line, "//")) continue;
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "decode ")) {
      golden.what = std::string(rest);
    } else if (absl::ConsumePrefix(&rest, "limit ")) {
      const std::vector<absl::string_view> words = absl::StrSplit(rest, ' ');
      uint64_t* const limit = LimitNamed(words[0], &golden.limits);
      if (words.size() != 2 || limit == nullptr ||
          !absl::SimpleAtoi(words[1], limit)) {
        Fail(path, line);
      }
    } else if (ended) {
      if (line != "canonical" || golden.fails()) Fail(path, line);
      golden.canonical = true;
    } else if (line == "end") {
      ended = true;
    } else if (absl::ConsumePrefix(&rest, "need_more at ")) {
      if (!absl::SimpleAtoi(rest, &golden.expected.position)) Fail(path, line);
      golden.expected.open = true;
      ended = true;
    } else if (absl::StartsWith(line, "error ")) {
      if (!ParseFailure(line, &golden)) Fail(path, line);
      ended = true;
    } else {
      golden.expected.elements.emplace_back(line);
    }
  }
  if (!ended || golden.what.empty()) Fail(path, "(its end)");
  return golden;
}

}  // namespace

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
