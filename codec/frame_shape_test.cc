// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A shape stays within its arrays, and compares every byte that it must. It is
// learned from two frames alike.

#include "kevy_replica/codec/internal/frame_shape.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/codec/arg_ref.h"
#include "kevy_replica/codec/frame.h"
#include "kevy_replica/codec/internal/envelope_predictor.h"
#include "kevy_replica/codec/internal/frame_predictor.h"
#include "kevy_replica/codec/internal/meter.h"
#include "kevy_replica/codec/wire_error.h"

namespace kevy_replica {
namespace internal {
namespace {

// A frame of `argc` arguments of `size` bytes, and their places.
struct Example {
  explicit Example(size_t argc, size_t size = 1) {
    const std::string arg(size, 'a');
    const std::vector<absl::string_view> argv(argc, arg);
    EXPECT_EQ(AppendFrame(8, argv, &wire), WireError::kNone);
    size_t at = wire.find('*', 1) + 1;
    envelope_size = at;
    for (size_t i = 0; i < argc; ++i) {
      at = wire.find('a', at);
      args.push_back({at, size});
      at += size;
    }
  }

  std::string wire;
  size_t envelope_size = 0;
  std::vector<ArgRef> args;
};

// A shape, and another object directly behind its last array.
struct ShapeAndNeighbor {
  FrameShape shape;
  ArgRef neighbor = {111, 222};
};

void Learn(const Example& example, FrameShape* shape) {
  shape->Learn(example.wire.data(), example.wire.size(), example.envelope_size,
               example.args.data(), example.args.size());
}

// Returns the number of frames that the shape takes at the front of `wire`: 0
// or 1. Another frame stands behind it, so that all loads are within `wire`.
size_t Take(std::string wire, FrameShape* shape) {
  wire += wire;
  EnvelopePredictor envelope;
  EXPECT_TRUE(envelope.Set(8));
  NoMeter meter;
  return shape->TakeFrames(
      wire.data(), wire.size(), 1, &envelope, meter,
      [](const char*, uint64_t offset) { EXPECT_EQ(offset, 8u); });
}

TEST(FrameShapeTest, LearnsUpToItsMostArguments) {
  for (const size_t argc : {1, 2, 32, 33, 63, 64, 65, 72, 100}) {
    SCOPED_TRACE(argc);
    Example example(argc);
    // A place outside the arguments, so that a read past the end shows.
    example.args.push_back({7, 7});
    const auto object = std::make_unique<ShapeAndNeighbor>();
    object->shape.Learn(example.wire.data(), example.wire.size(),
                        example.envelope_size, example.args.data(), argc);
    EXPECT_EQ(object->neighbor.offset, 111u);
    EXPECT_EQ(object->neighbor.size, 222u);
    const bool learned = argc <= 64;
    EXPECT_EQ(object->shape.active(), learned);
    if (!learned) continue;
    ASSERT_EQ(object->shape.argc(), argc);
    ASSERT_EQ(object->shape.size(), example.wire.size());
    for (size_t i = 0; i < argc; ++i) {
      EXPECT_EQ(object->shape.args()[i].offset, example.args[i].offset);
      EXPECT_EQ(object->shape.args()[i].size, 1u);
    }
  }
}

void ExpectComparesAllButArguments(const Example& example) {
  FrameShape shape;
  for (size_t i = 0; i < example.wire.size(); ++i) {
    Learn(example, &shape);
    ASSERT_EQ(Take(example.wire, &shape), 1u);
    std::string other = example.wire;
    other[i] = '#';
    EXPECT_EQ(Take(other, &shape), example.wire[i] == 'a' ? 1u : 0u) << i;
  }
}

TEST(FrameShapeTest, ComparesEveryByteButTheArguments) {
  for (const size_t argc : {1, 2, 9, 10, 32, 33, 64}) {
    SCOPED_TRACE(argc);
    ExpectComparesAllButArguments(Example(argc));
  }
}

// More than the 8 bytes of one load lie between two arguments.
TEST(FrameShapeTest, ComparesEveryByteOfLongHeaders) {
  for (const size_t size : {10, 1000}) {
    SCOPED_TRACE(size);
    ExpectComparesAllButArguments(Example(10, size));
  }
}

// Two frames in a row of another shape end it. A frame of this shape starts the
// count anew. Bytes that are not compared leave it: too few, or another offset.
TEST(FrameShapeTest, TwoOtherShapesInARowEndIt) {
  const Example example(2, 7);
  const std::string other = Example(2, 8).wire;
  std::string other_offset = example.wire;
  other_offset[other_offset.find('8')] = '9';
  ASSERT_EQ(other_offset.size(), example.wire.size());
  FrameShape shape;
  Learn(example, &shape);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Take(other, &shape), 0u);
    EXPECT_TRUE(shape.active());
    EXPECT_EQ(Take(example.wire, &shape), 1u);
  }
  EXPECT_EQ(Take(other, &shape), 0u);
  EXPECT_EQ(Take(other_offset, &shape), 0u);
  EXPECT_EQ(Take("", &shape), 0u);
  EXPECT_TRUE(shape.active());
  EXPECT_EQ(Take(other, &shape), 0u);
  EXPECT_FALSE(shape.active());
}

void Observe(const Example& example, FramePredictor* predictor) {
  predictor->Observe(example.wire.data(), example.wire.size(),
                     example.envelope_size - 1, example.args.data(),
                     example.args.size());
}

TEST(FramePredictorTest, LearnsFromTwoFramesOfOneSizeAndCount) {
  const Example one(2, 7);
  const Example other_size(2, 8);
  const Example other_count(1, 19);
  ASSERT_EQ(one.wire.size(), other_count.wire.size());
  FramePredictor predictor;
  for (const Example& example : {one, other_size, one, other_count, one}) {
    Observe(example, &predictor);
    EXPECT_FALSE(predictor.shape.active());
  }
  Observe(one, &predictor);
  EXPECT_TRUE(predictor.shape.active());
  EXPECT_EQ(predictor.shape.argc(), 2u);
  EXPECT_EQ(predictor.shape.envelope_size(), one.envelope_size);
}

TEST(FramePredictorTest, KeepsAShapeThatIsActiveOrInUse) {
  const Example one(2, 7);
  const Example other(3, 7);
  FramePredictor active;
  for (const Example& example : {one, one, other, other}) {
    Observe(example, &active);
  }
  EXPECT_EQ(active.shape.argc(), 2u);
  FramePredictor in_use;
  in_use.shape_in_use = true;
  for (int i = 0; i < 3; ++i) Observe(one, &in_use);
  EXPECT_FALSE(in_use.shape.active());
  in_use.shape_in_use = false;
  Observe(one, &in_use);
  EXPECT_TRUE(in_use.shape.active());
}

}  // namespace
}  // namespace internal
}  // namespace kevy_replica
