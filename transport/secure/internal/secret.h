// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Bytes that leave no copy behind.

#ifndef KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_SECRET_H_
#define KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_SECRET_H_

#include <array>
#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace kevy_replica {
namespace secure_internal {

// OPENSSL_cleanse(), whose header is large.
void Cleanse(char* bytes, size_t size);

// `kSize` bytes, zeros at first. OPENSSL_cleanse() wipes them at destruction,
// in the source of a move, and before an assignment.
template <size_t kSize>
class Secret {
 public:
  Secret() = default;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { other.Wipe(); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.Wipe();
    }
    return *this;
  }
  ~Secret() { Wipe(); }

  void Wipe() { Cleanse(bytes_.data(), kSize); }

  absl::Span<char> span() { return absl::MakeSpan(bytes_); }
  absl::string_view view() const { return {bytes_.data(), kSize}; }
  // As OpenSSL takes them.
  const unsigned char* data() const {
    return reinterpret_cast<const unsigned char*>(bytes_.data());
  }

 private:
  std::array<char, kSize> bytes_ = {};
};

}  // namespace secure_internal
}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TRANSPORT_SECURE_INTERNAL_SECRET_H_
