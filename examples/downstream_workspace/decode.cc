// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes one frame and prints the name of its command. This program stands
// outside the repository of kevy_replica and uses it.

#include <iostream>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"

int main() {
  constexpr absl::string_view kBytes =
      "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n";
  kevy_replica::FrameDecoder decoder;
  kevy_replica::FrameView frame;
  if (!decoder.Decode(kBytes, &frame).done()) return 1;
  std::cout << frame.offset() << ": " << frame.argv()[0] << "\n";
}
