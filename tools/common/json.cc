// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/json.h"

#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/utf8.h"

namespace kevy_replica {
namespace {

// If the first character of `*text` needs an escape, removes it and returns its
// code. Returns -1 otherwise.
int TakeEscaped(absl::string_view* text) {
  const auto first = static_cast<unsigned char>(text->front());
  int code = -1;
  size_t size = 1;
  if (first < 0x20 || first == 0x7f || first == '"' || first == '\\') {
    code = first;
  } else if (first == 0xc2 && static_cast<unsigned char>((*text)[1]) < 0xa0) {
    code = static_cast<unsigned char>((*text)[1]);  // U+0080 to U+009F.
    size = 2;
  } else if (absl::StartsWith(*text, "\u2028")) {
    code = 0x2028;
    size = 3;
  } else if (absl::StartsWith(*text, "\u2029")) {
    code = 0x2029;
    size = 3;
  }
  if (code >= 0) text->remove_prefix(size);
  return code;
}

void AppendEscape(int code, std::string* out) {
  constexpr absl::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr absl::string_view kNames = "\"\\bfnrt";
  const size_t i = code < 0x80 ? kShort.find(static_cast<char>(code))
                               : absl::string_view::npos;
  if (i != absl::string_view::npos) {
    absl::StrAppend(out, "\\", kNames.substr(i, 1));
  } else {
    absl::StrAppend(out, "\\u", absl::Hex(code, absl::kZeroPad4));
  }
}

}  // namespace

void AppendJson(absl::string_view bytes, std::string* out) {
  if (!internal::IsUtf8(bytes)) {
    absl::StrAppend(out, "{\"base64\":\"", absl::Base64Escape(bytes), "\"}");
    return;
  }
  out->push_back('"');
  while (!bytes.empty()) {
    const int code = TakeEscaped(&bytes);
    if (code >= 0) {
      AppendEscape(code, out);
    } else {
      out->push_back(bytes.front());
      bytes.remove_prefix(1);
    }
  }
  out->push_back('"');
}

}  // namespace kevy_replica
