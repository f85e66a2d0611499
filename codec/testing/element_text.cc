// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/element_text.h"

#include <optional>
#include <string>
#include <variant>

#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/snapshot.h"

namespace kevy_replica {
namespace codec_testing {

std::string ElementText(const StreamEvent& event) {
  std::string text;
  AppendText(event, &text);
  if (const auto* chunk = std::get_if<SnapshotChunk>(&event)) {
    text += ' ';
    AppendEscaped(chunk->bytes, &text);
  }
  return text;
}

std::string ElementText(const HandshakeAnswer& answer) {
  std::string text;
  AppendText(answer, &text);
  return text;
}

std::string ElementText(const HandshakeRequest& request) {
  std::string text;
  AppendText(request, &text);
  return text;
}

std::string ElementText(const std::optional<Ack>& ack) {
  if (!ack.has_value()) return "no ack";
  std::string text;
  AppendText(*ack, &text);
  return text;
}

}  // namespace codec_testing
}  // namespace kevy_replica
