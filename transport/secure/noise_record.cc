// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/noise_record.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/secure/internal/evp.h"

namespace kevy_replica {

using secure_internal::Bytes;
using secure_internal::OpenSslError;

void WriteNoiseLength(size_t size, absl::Span<char> out) {
  out[0] = static_cast<char>(size >> 8);
  out[1] = static_cast<char>(size & 0xff);
}

size_t ReadNoiseLength(absl::string_view bytes) {
  return size_t{static_cast<unsigned char>(bytes[0])} << 8 |
         static_cast<unsigned char>(bytes[1]);
}

absl::StatusOr<NoiseCipher> NoiseCipher::Create(Key key, Direction direction,
                                                uint64_t first) {
  secure_internal::CipherContext context(EVP_CIPHER_CTX_new());
  if (context == nullptr ||
      EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                        key.data(), nullptr,
                        direction == Direction::kSeal ? 1 : 0) != 1) {
    return OpenSslError("ChaCha20-Poly1305");
  }
  return NoiseCipher(std::move(context), first);
}

absl::Status NoiseCipher::Begin() {
  // The last number is reserved: Noise Protocol Framework, section 5.1.
  if (next_ == std::numeric_limits<uint64_t>::max()) {
    return absl::ResourceExhaustedError(
        "all message numbers of the link are used up: reconnect");
  }
  unsigned char nonce[12] = {};  // 4 zeros, then little-endian.
  for (int i = 0; i < 8; ++i) {
    nonce[4 + i] = static_cast<unsigned char>(next_ >> (8 * i));
  }
  if (EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce, -1) !=
      1) {
    return OpenSslError("ChaCha20-Poly1305 nonce");
  }
  return absl::OkStatus();
}

absl::Status NoiseCipher::Seal(absl::string_view plaintext,
                               absl::Span<char> out,
                               absl::string_view associated) {
  absl::Status status = Begin();
  if (!status.ok()) return status;
  EVP_CIPHER_CTX* const context = context_.get();
  int size = 0;
  unsigned char* const end = Bytes(out.data()) + plaintext.size();
  if ((!associated.empty() &&
       EVP_EncryptUpdate(context, nullptr, &size, Bytes(associated),
                         static_cast<int>(associated.size())) != 1) ||
      (!plaintext.empty() &&
       EVP_EncryptUpdate(context, Bytes(out.data()), &size, Bytes(plaintext),
                         static_cast<int>(plaintext.size())) != 1) ||
      EVP_EncryptFinal_ex(context, end, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kNoiseTagSize, end) !=
          1) {
    return OpenSslError("ChaCha20-Poly1305 seal");
  }
  ++next_;
  return absl::OkStatus();
}

absl::StatusOr<size_t> NoiseCipher::Open(absl::string_view sealed,
                                         absl::Span<char> out,
                                         absl::string_view associated) {
  if (sealed.size() < kNoiseTagSize) {
    return absl::DataLossError(absl::StrCat("message ", next_, " has ",
                                            sealed.size(),
                                            " bytes, less than its tag"));
  }
  absl::Status status = Begin();
  if (!status.ok()) return status;
  EVP_CIPHER_CTX* const context = context_.get();
  int size = 0;
  const size_t plain = sealed.size() - kNoiseTagSize;
  // OpenSSL only reads the tag, though its parameter is not const.
  void* const tag = const_cast<char*>(sealed.data() + plain);
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kNoiseTagSize, tag) !=
          1 ||
      (!associated.empty() &&
       EVP_DecryptUpdate(context, nullptr, &size, Bytes(associated),
                         static_cast<int>(associated.size())) != 1) ||
      (plain > 0 &&
       EVP_DecryptUpdate(context, Bytes(out.data()), &size, Bytes(sealed),
                         static_cast<int>(plain)) != 1)) {
    OPENSSL_cleanse(out.data(), plain);
    return OpenSslError("ChaCha20-Poly1305 open");
  }
  if (EVP_DecryptFinal_ex(context, Bytes(out.data()) + plain, &size) != 1) {
    // No part of a forged plaintext may be used.
    OPENSSL_cleanse(out.data(), plain);
    ERR_clear_error();
    return absl::DataLossError(
        absl::StrCat("message ", next_,
                     " does not open: it was changed, replayed or reordered"));
  }
  ++next_;
  return plain;
}

}  // namespace kevy_replica
