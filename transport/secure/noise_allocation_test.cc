// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Memory of this library and of OpenSSL: a Noise link in its steady state
// allocates nothing, and no freed memory holds a private key.

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/transport.h"

namespace {

uint64_t allocations = 0;  // For one thread.

void* Allocate(size_t size) {
  ++allocations;
  void* const memory = std::malloc(std::max<size_t>(size, 1));
  if (memory == nullptr) std::abort();
  return memory;
}

// The number of freed blocks that hold `watched`, 32 bytes, if it is set.
const char* watched = nullptr;
int exposed = 0;

void Free(void* memory) {
  if (watched != nullptr && memory != nullptr &&
      ::memmem(memory, ::malloc_usable_size(memory), watched, 32) != nullptr) {
    ++exposed;
  }
  std::free(memory);
}

// Before OpenSSL's first allocation.
const int openssl_counts = CRYPTO_set_mem_functions(
    [](size_t size, const char*, int) { return Allocate(size); },
    [](void* memory, size_t size, const char*, int) {
      ++allocations;
      return std::realloc(memory, size);
    },
    [](void* memory, const char*, int) { Free(memory); });

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size);
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, size_t) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete[](void* memory, size_t) noexcept { Free(memory); }

namespace kevy_replica {
namespace {

// One direction of bytes in a fixed buffer, since InMemoryTransport allocates.
struct Pipe {
  std::vector<char> bytes = std::vector<char>(1 << 20);
  size_t begin = 0;
  size_t end = 0;
};

class PipeTransport : public Transport {
 public:
  PipeTransport(Pipe* in, Pipe* out) : in_(in), out_(out) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration) override {
    const size_t size = std::min(buffer.size(), in_->end - in_->begin);
    if (size == 0) return absl::DeadlineExceededError("");
    std::memcpy(buffer.data(), in_->bytes.data() + in_->begin, size);
    in_->begin += size;
    if (in_->begin == in_->end) in_->begin = in_->end = 0;
    return size;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration) override {
    if (bytes.size() > out_->bytes.size() - out_->end) std::abort();
    std::memcpy(out_->bytes.data() + out_->end, bytes.data(), bytes.size());
    out_->end += bytes.size();
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void Close() override {}
  std::string peer() const override { return "pipe"; }

 private:
  Pipe* const in_;
  Pipe* const out_;
};

// Sends `size` bytes, and reads them into `buffer`.
void Exchange(const secure_testing::NoisePair& pair, absl::string_view bytes,
              absl::Span<char> buffer) {
  ASSERT_TRUE(pair.primary->Write(bytes, absl::ZeroDuration()).ok());
  for (size_t size = 0; size < bytes.size();) {
    const absl::StatusOr<size_t> read =
        pair.replica->Read(buffer, absl::ZeroDuration());
    ASSERT_TRUE(read.ok()) << read.status();
    size += *read;
  }
}

TEST(NoiseAllocationTest, CountsOpenSsl) {
  ASSERT_EQ(openssl_counts, 1);
  const uint64_t before = allocations;
  OPENSSL_free(OPENSSL_malloc(10));
  EXPECT_EQ(allocations, before + 1);
}

TEST(NoiseAllocationTest, MessagesAllocateNothing) {
  Pipe to_replica;
  Pipe to_primary;
  const auto pair = secure_testing::MakeNoisePair(
      std::make_unique<PipeTransport>(&to_replica, &to_primary),
      std::make_unique<PipeTransport>(&to_primary, &to_replica));
  const std::string bytes(200000, 'x');
  std::vector<char> buffers(65536);
  uint64_t counted = 0;
  // The first round lets the buffers grow.
  for (int round = 0; round < 3; ++round) {
    const uint64_t before = allocations;
    for (const size_t buffer : {7, 1000, 20000, 65536}) {
      for (const size_t size : {1, 57, 5000, 16384, 65519, 200000}) {
        Exchange(pair, absl::string_view(bytes).substr(0, size),
                 absl::MakeSpan(buffers).subspan(0, buffer));
      }
    }
    counted = allocations - before;
  }
  EXPECT_EQ(counted, uint64_t{0});
}

TEST(NoiseAllocationTest, FreedMemoryHoldsNoPrivateKey) {
  // The key of secure_testing::ReplicaKey(), as bytes.
  const std::string key(32, '\x11');
  watched = key.data();
  exposed = 0;
  delete new std::string(key);  // It does notice.
  EXPECT_EQ(exposed, 1);
  exposed = 0;
  secure_testing::MakeNoisePair();
  PrivateKey moved = secure_testing::Must(PrivateKey::Generate());
  moved = secure_testing::Must(PrivateKey::FromHex(std::string(64, '1')));
  moved = secure_testing::Must(PrivateKey::Generate());
  EXPECT_EQ(exposed, 0);
  watched = nullptr;
}

}  // namespace
}  // namespace kevy_replica
