// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

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

// A new decoder for each pass, so that growing its buffer and its argument
// storage is part of the cost.
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
