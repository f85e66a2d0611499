// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/internal_command.h"

#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/argv_view.h"
#include "kevy_replica/codec/event.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/codec/result.h"
#include "kevy_replica/codec/stream_decoder.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace {

bool IsInternal(absl::string_view name) {
  const ArgRef refs[] = {{0, name.size()}};
  return IsInternalCommand(ArgvView(name.data(), refs, 1));
}

TEST(InternalCommandTest, PrefixInAnyCaseIsInternal) {
  EXPECT_TRUE(IsInternal("XINTERNAL.CATALOG"));
  EXPECT_TRUE(IsInternal("XINTERNAL.CONSUMERSEEN"));
  EXPECT_TRUE(IsInternal("XINTERNAL.PENDING"));
  EXPECT_TRUE(IsInternal("xinternal.catalog"));
  EXPECT_TRUE(IsInternal("XInternal.Later"));
  EXPECT_TRUE(IsInternal("XINTERNAL."));
}

TEST(InternalCommandTest, OtherNamesAreNot) {
  EXPECT_FALSE(IsInternalCommand(ArgvView()));
  for (const absl::string_view name :
       {absl::string_view(""), absl::string_view("X"),
        absl::string_view("XINTERNAL"), absl::string_view("XINTERNALS.A"),
        absl::string_view("AXINTERNAL.A"), absl::string_view("XADD"),
        absl::string_view("XINTERNAL\0.", 11)}) {
    EXPECT_FALSE(IsInternal(name)) << name;
  }
  // An argument does not count.
  const ArgRef refs[] = {{0, 3}, {4, 11}};
  EXPECT_FALSE(IsInternalCommand(ArgvView("GET XINTERNAL.A", refs, 2)));
}

TEST(InternalCommandTest, TellsInternalFramesOfAStream) {
  const std::string stream =
      codec_testing::ReadFile("testdata/golden/frames-internal-commands.resp");
  StreamDecoder decoder;
  decoder.Feed(stream);
  HandshakeAnswer answer;
  ASSERT_EQ(decoder.DecodeAnswer(&answer), Outcome::kDone);
  std::vector<bool> internal;
  while (decoder.Next() == Outcome::kDone) {
    const auto* const frame = std::get_if<FrameView>(&decoder.event());
    if (frame != nullptr) internal.push_back(IsInternalCommand(frame->argv()));
  }
  EXPECT_TRUE(decoder.at_boundary());
  EXPECT_EQ(internal, (std::vector<bool>{false, true, true, false}));
}

}  // namespace
}  // namespace kevy_replica
