// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/decode_benchmarks.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/pieces.h"
#include "kevy_replica/benchmarks/readers.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// A new decoder for each pass: the cost includes the growth of its buffer and
// of its argument storage.
void RegisterFresh(const std::string& name, Corpus made) {
  const Corpus& corpus = *new Corpus(std::move(made));  // For the whole run.
  RegisterPasses(name, corpus, [&corpus] {
    return [&corpus] {
      StreamReader reader(StreamReader::By::kNextFrames);
      return reader.Read(corpus.bytes, kPiece).frames;
    };
  });
}

}  // namespace

void RegisterShapes(bool large) {
  for (const size_t argc : {1, 16, 256, 4096, 65536, 1 << 20}) {
    RegisterFresh("Arguments/next_frames", ArgumentCorpus(argc));
  }
  std::vector<size_t> sizes = {1, 16, 256, 4096, 64 << 10, 1 << 20, 16 << 20};
  if (large) sizes.insert(sizes.end(), {128 << 20, 512 << 20});
  for (const size_t size : sizes) {
    RegisterFresh("Value/next_frames", ValueCorpus(size));
  }
}

}  // namespace benchmarks
}  // namespace kevy_replica
