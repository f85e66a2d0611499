// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Gives tests access to members that product code must not use.
//
// The pattern, for any class with invariants in any room:
//
// 1. The class numbers its invariants in its header, and declares two private
//    lines:
//
//      friend class ROOM_testing::TestAccess;
//      absl::string_view CheckInvariants() const;  // "", or the broken one.
//
//    The header declares ROOM_testing::TestAccess forward, and includes no file
//    of ROOM/testing/.
// 2. The .cc file always defines CheckInvariants(). No macro changes the class
//    or an inline function, so translation units with different macros agree
//    (One Definition Rule). Product code never calls it. It only takes space in
//    the archive.
// 3. ROOM/testing/test_access.h defines TestAccess, whose CheckInvariants()
//    aborts with the broken invariant. Tests and fuzz targets call that after
//    each step.

#ifndef KEVY_REPLICA_CODEC_TESTING_TEST_ACCESS_H_
#define KEVY_REPLICA_CODEC_TESTING_TEST_ACCESS_H_

#include "kevy_replica/codec/internal/byte_buffer.h"
#include "kevy_replica/codec/reply_decoder.h"
#include "kevy_replica/codec/snapshot_payload.h"
#include "kevy_replica/codec/stream_decoder.h"

namespace kevy_replica {
namespace codec_testing {

class TestAccess {
 public:
  // Aborts with the number and name of the first broken invariant, if one is
  // broken. Precondition: `decoder` is not a moved-from one.
  static void CheckInvariants(const StreamDecoder& decoder);

  // Sets the memory policy of the decoder's buffer. Precondition: the decoder
  // is new.
  static void UseMemory(internal::ByteBuffer::Memory memory,
                        StreamDecoder* decoder);
  static void UseMemory(internal::ByteBuffer::Memory memory,
                        PayloadDecoder* decoder);
  static void UseMemory(internal::ByteBuffer::Memory memory,
                        ReplyDecoder* decoder);
};

}  // namespace codec_testing
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CODEC_TESTING_TEST_ACCESS_H_
