// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Decodes the worked session of docs/protocol.md: every byte and every decoded
// element of that page is right.

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/element_text.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

using ::testing::ElementsAreArray;

// Two or more lines of the page.
struct Element {
  bool from_primary;
  size_t offset;
  std::string bytes;
  std::vector<std::string> text;  // As decoded, a line each.
};

// The bytes of `\r`, `\n`, `\0`, `\xhh` and plain characters.
std::string Unescape(absl::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes.push_back(text[i]);
      continue;
    }
    const char kind = text[++i];
    if (kind == 'x') {
      unsigned value = 0;
      for (const char digit : text.substr(i + 1, 2)) {
        value = value * 16 + (digit <= '9' ? digit - '0' : digit - 'a' + 10);
      }
      bytes.push_back(static_cast<char>(value));
      i += 2;
    } else {
      bytes.push_back(kind == 'r' ? '\r' : kind == 'n' ? '\n' : '\0');
    }
  }
  return bytes;
}

std::vector<Element> Session() {
  const std::string page = codec_testing::ReadFile("docs/protocol.md");
  const std::string begin_mark = "```session\n";
  const size_t begin = page.find(begin_mark);
  const size_t end = page.find("```\n", begin + begin_mark.size());
  if (begin == std::string::npos || end == std::string::npos) return {};
  const absl::string_view block = absl::string_view(page).substr(
      begin + begin_mark.size(), end - begin - begin_mark.size());
  std::vector<Element> elements;
  for (absl::string_view line :
       absl::StrSplit(block, '\n', absl::SkipEmpty())) {
    if (line[0] == ' ') {
      elements.back().text.emplace_back(absl::StripAsciiWhitespace(line));
      continue;
    }
    Element element;
    element.from_primary = line.substr(0, 7) == "primary";
    EXPECT_TRUE(absl::SimpleAtoi(line.substr(8, 5), &element.offset)) << line;
    element.bytes = Unescape(line.substr(14));
    elements.push_back(element);
  }
  return elements;
}

// The events of a snapshot payload that is one chunk.
void AppendPayload(absl::string_view bytes, std::vector<std::string>* text) {
  PayloadDecoder decoder(/*now_ms=*/0);
  decoder.Feed(bytes);
  while (decoder.Next() == Outcome::kDone) {
    std::string line = "payload ";
    AppendText(decoder.event(), &line);
    text->push_back(line);
  }
}

std::vector<std::string> DecodePrimary(const Element& element,
                                       StreamDecoder* decoder) {
  std::vector<std::string> text;
  const bool answers = decoder->bytes_decoded() == 0;
  decoder->Feed(element.bytes);
  HandshakeAnswer answer;
  if (answers && decoder->DecodeAnswer(&answer) == Outcome::kDone) {
    text.push_back(codec_testing::ElementText(answer));
  }
  while (decoder->Next() == Outcome::kDone) {
    text.emplace_back();
    AppendText(decoder->event(), &text.back());
    if (const auto* chunk = std::get_if<SnapshotChunk>(&decoder->event())) {
      AppendPayload(chunk->bytes, &text);
    }
  }
  return text;
}

std::vector<std::string> DecodeReplica(const Element& element) {
  HandshakeRequest request;
  ArgvStorage storage;
  if (element.offset == 0) {
    const DecodeResult result =
        DecodeHandshakeRequest(element.bytes, Limits(), &storage, &request);
    if (!result.done() || result.bytes_decoded != element.bytes.size())
      return {};
    return {codec_testing::ElementText(request)};
  }
  std::optional<Ack> ack;
  const DecodeResult result = DecodeAck(element.bytes, Limits(), &ack);
  if (!result.done() || result.bytes_decoded != element.bytes.size()) return {};
  return {codec_testing::ElementText(ack)};
}

TEST(ProtocolPageTest, WorkedSessionDecodesAsWritten) {
  const std::vector<Element> session = Session();
  ASSERT_EQ(session.size(), 15u);
  StreamDecoder decoder;
  size_t sent_by_primary = 0;
  size_t sent_by_replica = 0;
  for (const Element& element : session) {
    SCOPED_TRACE(testing::PrintToString(element.text));
    size_t* const sent =
        element.from_primary ? &sent_by_primary : &sent_by_replica;
    EXPECT_EQ(element.offset, *sent);
    EXPECT_THAT(element.from_primary ? DecodePrimary(element, &decoder)
                                     : DecodeReplica(element),
                ElementsAreArray(element.text));
    *sent += element.bytes.size();
  }
  EXPECT_TRUE(decoder.at_boundary());
  EXPECT_EQ(decoder.bytes_decoded(), sent_by_primary);
}

}  // namespace
}  // namespace kevy_replica
