// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Foreign bytes in messages, logs and output files: escaped, they are one
// printable line, also for a reader of Unicode, and they can be read back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/tools/common/json.h"

namespace kevy_replica {
namespace {

// The character behind each short escape, in the order of the names.
constexpr absl::string_view kNames = "nrtabf\"\\";
constexpr absl::string_view kCharacters = "\n\r\t\a\b\f\"\\";

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xc0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  } else {
    out->push_back(static_cast<char>(0xe0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 63)));
    out->push_back(static_cast<char>(0x80 | (code & 63)));
  }
}

// Reads the text between quotes, with \x and two digits, \u and four digits
// of a character, and the short escapes.
std::string Unescape(absl::string_view text) {
  FUZZ_CHECK(absl::ConsumePrefix(&text, "\""));
  FUZZ_CHECK(absl::ConsumeSuffix(&text, "\""));
  std::string bytes;
  while (!text.empty()) {
    FUZZ_CHECK(text[0] != '"');
    if (text[0] != '\\') {
      bytes.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    FUZZ_CHECK(text.size() >= 2);
    const char name = text[1];
    text.remove_prefix(2);
    const size_t digits = name == 'x' ? 2 : name == 'u' ? 4 : 0;
    if (digits == 0) {
      const size_t i = kNames.find(name);
      FUZZ_CHECK(i != absl::string_view::npos);
      bytes.push_back(kCharacters[i]);
      continue;
    }
    const std::string hex(text.substr(0, digits));
    FUZZ_CHECK(hex.size() == digits &&
               std::all_of(hex.begin(), hex.end(), absl::ascii_isxdigit));
    const auto code =
        static_cast<uint32_t>(std::strtoul(hex.c_str(), nullptr, 16));
    if (name == 'x') {
      bytes.push_back(static_cast<char>(code));
    } else {
      AppendUtf8(code, &bytes);
    }
    text.remove_prefix(digits);
  }
  return bytes;
}

void Run(absl::string_view bytes) {
  std::string text = "before";
  AppendEscaped(bytes, &text);
  FUZZ_CHECK(text == "before" + Escaped(bytes));
  FUZZ_CHECK(std::all_of(text.begin(), text.end(), absl::ascii_isprint));
  FUZZ_CHECK(Unescape(Escaped(bytes)) == bytes);

  std::string json;
  AppendJson(bytes, &json);
  absl::string_view base64 = json;
  if (absl::ConsumePrefix(&base64, "{\"base64\":\"")) {
    FUZZ_CHECK(absl::ConsumeSuffix(&base64, "\"}"));
    std::string decoded;
    FUZZ_CHECK(absl::Base64Unescape(base64, &decoded) && decoded == bytes);
    // ASCII is text.
    FUZZ_CHECK(!std::all_of(bytes.begin(), bytes.end(), absl::ascii_isascii));
    return;
  }
  FUZZ_CHECK(Unescape(json) == bytes);
  FUZZ_CHECK(std::none_of(json.begin(), json.end(), absl::ascii_iscntrl));
  for (size_t i = 0; i + 1 < json.size(); ++i) {
    // The control characters U+0080 to U+009F.
    FUZZ_CHECK(json[i] != '\xc2' ||
               static_cast<unsigned char>(json[i + 1]) >= 0xa0);
  }
  FUZZ_CHECK(!absl::StrContains(json, "\u2028"));
  FUZZ_CHECK(!absl::StrContains(json, "\u2029"));
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Run(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
