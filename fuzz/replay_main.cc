// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Runs a fuzz target over its seed corpus and over changed copies of it. The
// runs are the same each time, and need no fuzzer. Given a folder, it writes
// the corpus there instead, one file a seed, for a fuzzer.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/check.h"
#include "kevy_replica/fuzz/seeds.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace kevy_replica {
namespace {

constexpr int kCopies = 20;

void RunOne(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()),
                         bytes.size());
}

int Run() {
  int inputs = 0;
  RunOne("");
  for (const Seed& seed : Seeds()) {
    // Printed first, so that the last line names the input of an abort.
    std::printf("%s\n", Escaped(seed.name).c_str());
    std::fflush(stdout);
    RunOne(seed.bytes);
    codec_testing::Random random(1);
    for (int i = 0; i < kCopies; ++i) {
      std::string copy = seed.bytes;
      MutateSeed(&random, &copy);
      RunOne(copy);
    }
    inputs += 1 + kCopies;
  }
  std::printf("%d inputs\n", inputs);
  return 0;
}

int Write(const char* folder) {
  int number = 0;
  for (const Seed& seed : Seeds()) {
    const std::string name = absl::StrCat(folder, "/", ++number);
    std::FILE* const file = std::fopen(name.c_str(), "wb");
    FUZZ_CHECK(file != nullptr);
    FUZZ_CHECK(std::fwrite(seed.bytes.data(), 1, seed.bytes.size(), file) ==
               seed.bytes.size());
    FUZZ_CHECK(std::fclose(file) == 0);
  }
  return 0;
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return argc == 2 ? kevy_replica::Write(argv[1]) : kevy_replica::Run();
}
