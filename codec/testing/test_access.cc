// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/test_access.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {
namespace codec_testing {

void TestAccess::CheckInvariants(const StreamDecoder& decoder) {
  const absl::string_view broken = decoder.CheckInvariants();
  if (broken.empty()) return;
  std::fprintf(stderr, "StreamDecoder: broken invariant %s\n",
               std::string(broken).c_str());
  std::abort();
}

void TestAccess::UseMemory(internal::ByteBuffer::Memory memory,
                           StreamDecoder* decoder) {
  decoder->buffer_ = internal::ByteBuffer(memory);
}

void TestAccess::UseMemory(internal::ByteBuffer::Memory memory,
                           PayloadDecoder* decoder) {
  decoder->reader_.scratch_ = internal::ByteBuffer(memory);
}

void TestAccess::UseMemory(internal::ByteBuffer::Memory memory,
                           ReplyDecoder* decoder) {
  decoder->buffer_ = internal::ByteBuffer(memory);
}

}  // namespace codec_testing
}  // namespace kevy_replica
