// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/escape.h"

#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

void AppendEscaped(absl::string_view bytes, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : bytes) {
    switch (c) {
      case '\\':
      case '"':
        out->push_back('\\');
        out->push_back(c);
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      case '\a':
        out->append("\\a");
        break;
      case '\b':
        out->append("\\b");
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
          out->push_back(c);
        } else {
          out->append("\\x");
          out->push_back(kHex[byte >> 4]);
          out->push_back(kHex[byte & 15]);
        }
      }
    }
  }
  out->push_back('"');
}

std::string Escaped(absl::string_view bytes) {
  std::string out;
  AppendEscaped(bytes, &out);
  return out;
}

}  // namespace kevy_replica
