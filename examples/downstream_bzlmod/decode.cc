// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

// Decodes one frame and prints its command's name: what a program outside
// kevy_replica's repository has to write to use it.

#include <iostream>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/frame.h"

int main() {
  constexpr absl::string_view kBytes =
      "*2\r\n:8\r\n*3\r\n$3\r\nSET\r\n$3\r\nfoo\r\n$3\r\nbar\r\n";
  kevy_replica::ArgvStorage storage;
  kevy_replica::FrameView frame;
  const kevy_replica::DecodeResult result = kevy_replica::DecodeFrame(
      kBytes, kevy_replica::Limits(), &storage, &frame);
  if (!result.done()) return 1;
  std::cout << frame.offset() << ": " << frame.argv()[0] << "\n";
}
