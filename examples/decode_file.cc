// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the writes of a recorded stream, by the codec alone: without a
// connection, a client or a clock.
//
//   ./bazelw run //examples:decode_file -- /tmp/recording
//
// `kevy_tail --once --record=/tmp/recording` records a stream.
// testdata/captures has some.

#include <fstream>
#include <iostream>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace {

using kevy_replica::Outcome;

// Reads into the decoder's own memory. Returns false at the file's end.
bool Read(std::istream& file, kevy_replica::StreamDecoder* decoder) {
  const absl::Span<char> room = decoder->Prepare(64 << 10);
  file.read(room.data(), static_cast<std::streamsize>(room.size()));
  if (file.gcount() > 0) decoder->Commit(static_cast<size_t>(file.gcount()));
  return file.gcount() > 0;
}

void Print(const kevy_replica::StreamEvent& event) {
  const auto* frame = std::get_if<kevy_replica::FrameView>(&event);
  if (frame == nullptr) return;  // A heartbeat, or a part of a snapshot.
  std::cout << frame->offset();
  for (const absl::string_view arg : frame->argv()) {
    std::cout << ' ' << kevy_replica::Escaped(arg);
  }
  std::cout << '\n';
}

int Decode(std::istream& file) {
  kevy_replica::StreamDecoder decoder;
  kevy_replica::HandshakeAnswer answer;
  bool answered = false;
  for (;;) {
    switch (answered ? decoder.Next() : decoder.DecodeAnswer(&answer)) {
      case Outcome::kDone:
        if (answered) Print(decoder.event());
        answered = true;
        break;
      case Outcome::kNeedMore:
        if (Read(file, &decoder)) break;
        if (answered && decoder.at_boundary()) return 0;
        std::cerr << "the stream is cut behind byte " << decoder.bytes_decoded()
                  << '\n';
        return 1;
      case Outcome::kError:
        std::cerr << decoder.error() << " at byte " << decoder.bytes_decoded()
                  << ", near " << kevy_replica::Escaped(decoder.Excerpt())
                  << '\n';
        return 1;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ifstream file(argc == 2 ? argv[1] : "", std::ios::binary);
  if (!file) {
    std::cerr << "usage: decode_file FILE\n";
    return 2;
  }
  return Decode(file);
}
