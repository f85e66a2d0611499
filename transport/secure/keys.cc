// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/keys.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/transport/internal/fd.h"
#include "kevy_replica/transport/internal/status.h"
#include "kevy_replica/transport/secure/internal/evp.h"
#include "kevy_replica/transport/secure/internal/secret.h"

namespace kevy_replica {

using secure_internal::OpenSslError;
using secure_internal::Secret;
using transport_internal::ErrnoStatus;
using transport_internal::RetryOnEintr;
using transport_internal::UniqueFd;

namespace {

constexpr size_t kHexSize = 2 * PrivateKey::kSize;

// Returns all ones if 0 <= value <= limit, else 0. Precondition: `value` and
// `limit` are small.
int InRange(int value, int limit) { return ~(value | (limit - value)) >> 31; }

// Returns 0 to 15, or -1. Without a table and without a branch: a secret digit
// would leave its mark in the cache or in the branch predictor.
int DigitValue(char c) {
  const int value = static_cast<unsigned char>(c);
  const int decimal = value - '0';
  const int letter = (value | 0x20) - 'a';
  return ((InRange(decimal, 9) & (decimal + 1)) |
          (InRange(letter, 5) & (letter + 11))) -
         1;
}

// Without a branch, too.
char Digit(int value) {
  return static_cast<char>('0' + value +
                           (InRange(value - 10, 5) & ('a' - '0' - 10)));
}

// Writes the bytes of 64 digits to `bytes`. Returns whether `hex` is that.
bool ParseHex(absl::string_view hex, absl::Span<char> bytes) {
  if (hex.size() != kHexSize) return false;
  int all = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = DigitValue(hex[2 * i]);
    const int low = DigitValue(hex[2 * i + 1]);
    all |= high | low;  // Negative if one of them is.
    bytes[i] = static_cast<char>((high & 15) << 4 | (low & 15));
  }
  return all >= 0;
}

// Reads up to `buffer.size()` bytes of a file. Returns their number, or -1.
ssize_t ReadAll(int fd, absl::Span<char> buffer) {
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t n = RetryOnEintr(
        [&] { return ::read(fd, buffer.data() + size, buffer.size() - size); });
    if (n < 0) return -1;
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(size);
}

absl::Status CheckFile(int fd, const std::string& path) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, {"read", path});
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("read ", path, ": a private key must be a regular file"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "read %s: group or others may use this private key (mode %04o): "
        "chmod 600 %s",
        path, info.st_mode & 07777U, path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromHex(absl::string_view hex) {
  PublicKey key;
  if (ParseHex(hex, absl::MakeSpan(key.bytes_))) return key;
  // The text may be a private key by mistake, so it is not repeated.
  return absl::InvalidArgumentError(
      absl::StrCat("a public key is 64 hex digits, and nothing else: it has ",
                   hex.size(), " characters"));
}

PublicKey PublicKey::FromBytes(absl::string_view bytes) {
  PublicKey key;
  std::copy_n(bytes.begin(), kSize, key.bytes_.begin());
  return key;
}

std::string PublicKey::ToHex() const { return absl::BytesToHexString(bytes()); }

std::ostream& operator<<(std::ostream& out, const PublicKey& key) {
  return out << key.ToHex();
}

absl::StatusOr<PrivateKey> PrivateKey::Of(secure_internal::Key key) {
  if (key == nullptr) return OpenSslError("X25519 private key");
  char bytes[PublicKey::kSize];
  size_t size = sizeof(bytes);
  if (EVP_PKEY_get_raw_public_key(key.get(), secure_internal::Bytes(bytes),
                                  &size) != 1) {
    return OpenSslError("X25519 public key");
  }
  return PrivateKey(std::move(key), PublicKey::FromBytes({bytes, size}));
}

absl::StatusOr<PrivateKey> PrivateKey::FromFile(const std::string& path) {
  // O_NONBLOCK: a named pipe without a writer must not make open() wait.
  const UniqueFd fd(RetryOnEintr(
      [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"open", path});
  absl::Status status = CheckFile(fd.get(), path);
  if (!status.ok()) return status;
  Secret<kHexSize + 3> text;  // One byte more than "\r\n" takes.
  const ssize_t size = ReadAll(fd.get(), text.span());
  if (size < 0) return ErrnoStatus(errno, {"read", path});
  absl::string_view hex = text.view().substr(0, static_cast<size_t>(size));
  if (!hex.empty() && hex.back() == '\n') hex.remove_suffix(1);
  if (!hex.empty() && hex.back() == '\r') hex.remove_suffix(1);
  absl::StatusOr<PrivateKey> key = FromHex(hex);
  if (absl::IsInvalidArgument(key.status())) {
    return absl::InvalidArgumentError(
        absl::StrCat("read ", path, ": ", key.status().message()));
  }
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::FromHex(absl::string_view hex) {
  Secret<kSize> bytes;
  if (ParseHex(hex, bytes.span())) {
    return Of(secure_internal::Key(EVP_PKEY_new_raw_private_key(
        EVP_PKEY_X25519, nullptr, bytes.data(), kSize)));
  }
  return absl::InvalidArgumentError(
      "a private key is 64 hex digits, and nothing else");
}

absl::StatusOr<PrivateKey> PrivateKey::Generate() {
  const secure_internal::KeyContext context(
      EVP_PKEY_CTX_new_id(EVP_PKEY_X25519, nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_keygen(context.get(), &made) != 1) {
    return OpenSslError("X25519 key generation");
  }
  return Of(secure_internal::Key(made));
}

absl::Status PrivateKey::WriteFile(const std::string& path) const {
  const UniqueFd fd(RetryOnEintr([&] {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  }));
  if (fd.get() < 0) return ErrnoStatus(errno, {"create", path});
  Secret<kSize> bytes;
  size_t size = kSize;
  if (EVP_PKEY_get_raw_private_key(key_.get(),
                                   secure_internal::Bytes(bytes.span().data()),
                                   &size) != 1) {
    ::unlink(path.c_str());
    return OpenSslError("X25519 private key");
  }
  Secret<kHexSize + 1> text;
  for (size_t i = 0; i < kSize; ++i) {
    const int byte = static_cast<unsigned char>(bytes.view()[i]);
    text.span()[2 * i] = Digit(byte >> 4);
    text.span()[2 * i + 1] = Digit(byte & 15);
  }
  text.span()[kHexSize] = '\n';
  absl::string_view rest = text.view();
  while (!rest.empty()) {
    const ssize_t written = RetryOnEintr(
        [&] { return ::write(fd.get(), rest.data(), rest.size()); });
    if (written < 0) break;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (rest.empty() && RetryOnEintr([&] { return ::fsync(fd.get()); }) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  ::unlink(path.c_str());
  return ErrnoStatus(error, {"write", path});
}

absl::Status PrivateKey::Agree(const PublicKey& peer,
                               absl::Span<char> shared) const {
  const secure_internal::Key other(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_X25519, nullptr, secure_internal::Bytes(peer.bytes()),
      PublicKey::kSize));
  if (other == nullptr) return OpenSslError("X25519 public key");
  const secure_internal::KeyContext context(
      EVP_PKEY_CTX_new(key_.get(), nullptr));
  if (context == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1) {
    return OpenSslError("X25519");
  }
  // A result of zeros is an error of OpenSSL, too. Some providers accept it.
  // Any other error leaves these bytes.
  std::fill(shared.begin(), shared.end(), '\xff');
  size_t size = shared.size();
  const bool derived =
      EVP_PKEY_derive(context.get(), secure_internal::Bytes(shared.data()),
                      &size) == 1;
  const Secret<PublicKey::kSize> zeros;
  if (CRYPTO_memcmp(shared.data(), zeros.data(), PublicKey::kSize) == 0) {
    ERR_clear_error();
    return absl::InvalidArgumentError(absl::StrCat(
        "the Diffie-Hellman result with ", peer.ToHex(), " is zero"));
  }
  if (!derived) return OpenSslError("X25519");
  return absl::OkStatus();
}

}  // namespace kevy_replica
