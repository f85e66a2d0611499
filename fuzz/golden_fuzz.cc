// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The reader of golden files. The input is the text, a NUL, and the bytes. An
// accepted text points into the bytes. Comments change nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/golden.h"
#include "kevy_replica/codec/wire_error.h"
#include "kevy_replica/fuzz/check.h"

namespace kevy_replica {
namespace {

using codec_testing::Golden;
using codec_testing::ParseGolden;

void Parse(absl::string_view input) {
  const size_t end = std::min(input.find('\0'), input.size());
  const absl::string_view text = input.substr(0, end);
  const std::string bytes(input.substr(std::min(end + 1, input.size())));
  std::string wrong;
  const std::optional<Golden> golden = ParseGolden(bytes, text, &wrong);
  if (!golden.has_value()) return;
  FUZZ_CHECK(golden->bytes == bytes && !golden->what.empty());
  FUZZ_CHECK(golden->expected.bytes_decoded <= bytes.size());
  if (golden->fails()) {
    FUZZ_CHECK(golden->expected.bytes_decoded <= golden->known_with);
    FUZZ_CHECK(golden->known_with < bytes.size());
    FUZZ_CHECK(!golden->canonical && !golden->expected.open);
  }
  const std::optional<Golden> same =
      ParseGolden(bytes, absl::StrCat("// A case.\n", text), &wrong);
  FUZZ_CHECK(same.has_value());
  FUZZ_CHECK(same->expected == golden->expected);
  FUZZ_CHECK(same->what == golden->what && same->limits == golden->limits);
  FUZZ_CHECK(same->canonical == golden->canonical);
}

}  // namespace
}  // namespace kevy_replica

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kevy_replica::Parse(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
