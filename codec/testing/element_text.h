// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decoded elements as the lines of text of golden files.

#ifndef KEVY_REPLICA_CODEC_TESTING_ELEMENT_TEXT_H_
#define KEVY_REPLICA_CODEC_TESTING_ELEMENT_TEXT_H_

#include <optional>
#include <string>

#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/handshake.h"

namespace kevy_replica {
namespace codec_testing {

// As AppendText() of event.h, with the bytes of a chunk, escaped.
std::string ElementText(const StreamEvent& event);

// `answer protocol=2 generation=7 offset=8`
std::string ElementText(const HandshakeAnswer& answer);

// `request protocol=2 generation=7 offset=8 id="r1"`
std::string ElementText(const HandshakeRequest& request);

// `ack next_offset=9`, or `no ack`
std::string ElementText(const std::optional<Ack>& ack);

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_ELEMENT_TEXT_H_
