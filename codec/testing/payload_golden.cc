// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/payload_golden.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
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
#include "kevy_replica/codec/testing/payload_run.h"
#include "kevy_replica/codec/testing/read_file.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

constexpr absl::string_view kFolder = "testdata/payload";

[[noreturn]] void Fail(absl::string_view file, absl::string_view line) {
  std::fprintf(stderr, "%s.payload: cannot read: %s\n",
               std::string(file).c_str(), std::string(line).c_str());
  std::abort();
}

void AppendNumber(uint64_t number, int bytes, std::string* out) {
  for (; bytes > 0; --bytes, number >>= 8) {
    out->push_back(static_cast<char>(number & 0xff));
  }
}

int HexDigit(char c) {
  if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return -1;
  return absl::ascii_isdigit(static_cast<unsigned char>(c))
             ? c - '0'
             : absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
}

bool TakeHexPair(absl::string_view* text, std::string* out) {
  if (text->size() < 2) return false;
  const int high = HexDigit((*text)[0]);
  const int low = HexDigit((*text)[1]);
  if (high < 0 || low < 0) return false;
  out->push_back(static_cast<char>(high * 16 + low));
  text->remove_prefix(2);
  return true;
}

// The text between the first two quotes.
bool TakeQuoted(absl::string_view* text, std::string* out) {
  while (!text->empty()) {
    const char c = text->front();
    text->remove_prefix(1);
    if (c == '"') return true;
    if (c != '\\') {
      out->push_back(c);
      continue;
    }
    if (absl::ConsumePrefix(text, "x")) {
      if (!TakeHexPair(text, out)) return false;
      continue;
    }
    constexpr absl::string_view kNames = "\\\"nrtab";
    constexpr absl::string_view kMeant = "\\\"\n\r\t\a\b";
    if (text->empty()) return false;
    const size_t i = kNames.find(text->front());
    if (i == absl::string_view::npos) return false;
    out->push_back(kMeant[i]);
    text->remove_prefix(1);
  }
  return false;
}

// "u32=5" and the like.
bool TakeNumber(absl::string_view* text, std::string* out) {
  const absl::string_view word = text->substr(0, text->find(' '));
  const std::vector<absl::string_view> sides = absl::StrSplit(word, '=');
  if (sides.size() != 2) return false;
  text->remove_prefix(word.size());
  uint64_t number;
  if (sides[0] == "f64") {
    double real;
    if (!absl::SimpleAtod(sides[1], &real)) return false;
    std::memcpy(&number, &real, sizeof number);
    AppendNumber(number, 8, out);
    return true;
  }
  if (!absl::SimpleAtoi(sides[1], &number)) return false;
  const int bytes = sides[0] == "u8"    ? 1
                    : sides[0] == "u32" ? 4
                    : sides[0] == "u64" ? 8
                                        : 0;
  if (bytes == 0 || (bytes < 8 && number >> (8 * bytes) != 0)) return false;
  AppendNumber(number, bytes, out);
  return true;
}

bool AppendBytes(absl::string_view line, std::string* out) {
  while (true) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || absl::StartsWith(line, "//")) return true;
    if (absl::ConsumePrefix(&line, "bytes\"")) {
      std::string string;
      if (!TakeQuoted(&line, &string)) return false;
      AppendNumber(string.size(), 4, out);
      *out += string;
    } else if (absl::ConsumePrefix(&line, "\"")) {
      if (!TakeQuoted(&line, out)) return false;
    } else if (!TakeNumber(&line, out) && !TakeHexPair(&line, out)) {
      return false;
    }
  }
}

bool SetLimit(absl::string_view name, uint64_t value, Limits* limits) {
  if (name == "max_bulk_bytes") {
    limits->max_bulk_bytes = value;
  } else if (name == "max_snapshot_bytes") {
    limits->max_snapshot_bytes = value;
  } else if (name == "max_trailer_bytes") {
    limits->max_trailer_bytes = value;
  } else {
    return false;
  }
  return true;
}

// "NAME at BYTE" and, for a row segment, the key.
bool ParseError(absl::string_view text, PayloadRun* run) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  if (words.size() != 3 && words.size() != 4) return false;
  for (int i = 1; i <= static_cast<int>(WireError::kNoSpace); ++i) {
    if (WireErrorName(static_cast<WireError>(i)) == words[0]) {
      run->error = static_cast<WireError>(i);
    }
  }
  absl::string_view key = words.size() == 4 ? words[3] : "\"\"";
  return run->error != WireError::kNone && words[1] == "at" &&
         absl::SimpleAtoi(words[2], &run->bytes_decoded) &&
         absl::ConsumePrefix(&key, "\"") && TakeQuoted(&key, &run->error_key) &&
         key.empty();
}

PayloadGolden Read(absl::string_view name) {
  const std::string path = absl::StrCat(kFolder, "/", name);
  PayloadGolden golden;
  golden.name = std::string(name);
  const std::string text = ReadFile(path + ".payload");
  bool ended = false;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    absl::string_view rest = line;
    if (absl::ConsumePrefix(&rest, "> ")) {
      if (ended) Fail(path, line);
      golden.expected.steps.push_back({std::string(rest), golden.bytes.size()});
      if (rest == "payload_end") golden.ended_at = golden.bytes.size();
    } else if (absl::ConsumePrefix(&rest, "limit ")) {
      const std::vector<absl::string_view> words = absl::StrSplit(rest, ' ');
      uint64_t value;
      if (words.size() != 2 || !absl::SimpleAtoi(words[1], &value) ||
          !SetLimit(words[0], value, &golden.way.limits)) {
        Fail(path, line);
      }
    } else if (absl::ConsumePrefix(&rest, "now_ms ")) {
      if (!absl::SimpleAtoi(rest, &golden.way.now_ms)) Fail(path, line);
    } else if (line == "end" && !ended) {
      golden.expected.bytes_decoded = golden.bytes.size();
      ended = true;
    } else if (absl::ConsumePrefix(&rest, "error ") && !ended) {
      if (!ParseError(rest, &golden.expected)) Fail(path, line);
      golden.known_with = golden.bytes.size();
      ended = true;
    } else if (!AppendBytes(line, &golden.bytes)) {
      Fail(path, line);
    }
  }
  if (!ended) Fail(path, "(its end)");
  if (!golden.fails() && golden.expected.bytes_decoded != golden.bytes.size()) {
    Fail(path, "(bytes behind its end)");
  }
  golden.expected.given = golden.bytes.size();
  return golden;
}

}  // namespace

std::vector<PayloadGolden> AllPayloadGolden() {
  std::vector<PayloadGolden> all;
  for (const std::string& name : ListFiles(kFolder, ".payload")) {
    all.push_back(Read(name));
  }
  return all;
}

std::string PayloadGoldenTestName(const PayloadGolden& golden) {
  std::string name = golden.name;
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

std::ostream& operator<<(std::ostream& out, const PayloadGolden& golden) {
  return out << golden.name;
}

}  // namespace codec_testing
}  // namespace kevy_replica
