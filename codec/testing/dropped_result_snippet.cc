// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Results that lose data when dropped: each misuse drops one.

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/ack.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/heartbeat.h"
#include "kevy_replica/codec/internal/decimal.h"
#include "kevy_replica/codec/limits.h"
#include "kevy_replica/codec/payload_encoder.h"
#include "kevy_replica/codec/payload_event.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/snapshot.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {

void Stream(StreamDecoder* decoder, HandshakeAnswer* answer) {
  if (decoder->Next() != Outcome::kDone) return;
  for (const FrameView& frame : decoder->NextFrames()) (void)frame;
#ifdef NEXT
  decoder->Next();
#endif
#ifdef NEXT_FRAMES
  decoder->NextFrames();
#endif
#ifdef DECODE_ANSWER
  decoder->DecodeAnswer(answer);
#else
  if (decoder->DecodeAnswer(answer) == Outcome::kDone) return;
#endif
}

void Replies(ReplyDecoder* decoder) {
  if (decoder->Next() != Outcome::kDone) return;
#ifdef REPLY_NEXT
  decoder->Next();
#endif
}

void OneShot(absl::string_view input, FrameDecoder* decoder, FrameView* frame,
             HandshakeAnswer* answer, Heartbeat* heartbeat,
             SnapshotChunk* chunk, std::optional<Ack>* ack) {
  if (decoder->Decode(input, frame).done()) return;
#ifdef DECODE_FRAME
  decoder->Decode(input, frame);
#endif
#ifdef DECODE_HANDSHAKE_ANSWER
  DecodeHandshakeAnswer(input, Limits(), answer);
#endif
#ifdef DECODE_HEARTBEAT
  DecodeHeartbeat(input, Limits(), heartbeat);
#endif
#ifdef DECODE_CHUNK
  DecodeSnapshotChunk(input, Limits(), chunk);
#endif
#ifdef DECODE_ACK
  DecodeAck(input, Limits(), ack);
#endif
#ifdef PARSE_DECIMAL
  internal::ParseDecimal(input);
#endif
  (void)answer;
  (void)heartbeat;
  (void)chunk;
  (void)ack;
}

void Encoding(const std::vector<absl::string_view>& argv, absl::Span<char> room,
              std::string* out) {
  if (AppendFrame(8, argv, out) != WireError::kNone) return;
  if (!EncodeFrame(8, argv, room).ok()) return;
#ifdef APPEND_FRAME
  AppendFrame(8, argv, out);
#endif
#ifdef APPEND_COMMAND
  AppendCommand(argv, out);
#endif
#ifdef ENCODE_FRAME
  EncodeFrame(8, argv, room);
#endif
#ifdef APPEND_ACK
  Append(Ack{8}, out);
#endif
#ifdef APPEND_REQUEST
  Append(HandshakeRequest{}, out);
#endif
#ifdef APPEND_CHUNK
  Append(SnapshotChunk{"bytes"}, out);
#endif
}

void Payload(PayloadDecoder* decoder, PayloadEncoder* encoder,
             std::string* out) {
  if (decoder->Next() == Outcome::kError) return;
  if (encoder->Append(PayloadEnd(), out) != WireError::kNone) return;
#ifdef PAYLOAD_NEXT
  decoder->Next();
#endif
#ifdef PAYLOAD_FINISH
  decoder->Finish();
#else
  if (decoder->Finish() != WireError::kNone) return;
#endif
#ifdef PAYLOAD_APPEND
  encoder->Append(PayloadEnd(), out);
#endif
}

}  // namespace kevy_replica
