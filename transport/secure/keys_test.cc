// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/keys.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <new>
#include <sstream>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "kevy_replica/transport/secure/internal/evp.h"
#include "kevy_replica/transport/secure/internal/secret.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/testing/reading.h"
#include "kevy_replica/transport/testing/temp_dir.h"

namespace kevy_replica {
namespace {

using secure_testing::Must;
using transport_testing::CodeOf;
using transport_testing::FileContents;
using transport_testing::TempDir;

// The initiator's static key in testdata/noise/cacophony_ik.txt, and the public
// key that belongs to it.
constexpr absl::string_view kPrivate =
    "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1";
constexpr absl::string_view kPublic =
    "6bc3822a2aa7f4e6981d6538692b3cdf3e6df9eea6ed269eb41d93c22757b75a";

// Writes a key file and gives it `mode`.
std::string KeyFile(const TempDir& dir, absl::string_view contents,
                    mode_t mode = 0600) {
  std::string path = dir.File("a");
  ::unlink(path.c_str());
  std::ofstream(path, std::ios::binary) << contents;
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  return path;
}

TEST(PublicKeyTest, ReadsAndPrintsHex) {
  const PublicKey key =
      Must(PublicKey::FromHex(absl::AsciiStrToUpper(kPublic)));
  EXPECT_EQ(key.ToHex(), kPublic);
  EXPECT_EQ(absl::StrCat(key.bytes().size()), "32");
  std::ostringstream out;
  out << key;
  EXPECT_EQ(out.str(), kPublic);
  EXPECT_EQ(PublicKey::FromBytes(key.bytes()), key);
}

TEST(PublicKeyTest, ComparesAndHashes) {
  const PublicKey key = Must(PublicKey::FromHex(kPublic));
  EXPECT_NE(key, PublicKey());
  EXPECT_EQ(absl::Hash<PublicKey>()(key),
            absl::Hash<PublicKey>()(Must(PublicKey::FromHex(kPublic))));
}

TEST(PublicKeyTest, OtherTextsFail) {
  for (const std::string& text :
       {std::string(), std::string(kPublic.substr(1)),
        absl::StrCat(kPublic, "0"), absl::StrCat(kPublic.substr(1), "g"),
        absl::StrCat(kPublic.substr(1), "\n"), std::string(64, '/'),
        std::string(64, ':'), std::string(64, '`'), std::string(64, '\xe1'),
        std::string(1 << 20, '0')}) {
    const auto key = PublicKey::FromHex(text);
    EXPECT_EQ(CodeOf(key), absl::StatusCode::kInvalidArgument);
    EXPECT_LT(key.status().message().size(), size_t{400});
  }
}

// A private key with the line end of its file, say.
TEST(PublicKeyTest, ErrorKeepsTheDigits) {
  const absl::Status status =
      PublicKey::FromHex(absl::StrCat(kPrivate, "\n")).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "65 characters")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), kPrivate.substr(0, 4)));
}

TEST(PublicKeyTest, ReadsHexDigitsAlone) {
  for (int c = 0; c < 256; ++c) {
    std::string text(kPublic);
    text[5] = static_cast<char>(c);
    EXPECT_EQ(PublicKey::FromHex(text).ok(),
              absl::ascii_isxdigit(static_cast<unsigned char>(c)))
        << c;
  }
}

TEST(PrivateKeyTest, KnowsItsPublicKey) {
  EXPECT_EQ(Must(PrivateKey::FromHex(kPrivate)).public_key().ToHex(), kPublic);
}

TEST(PrivateKeyTest, BothSidesAgree) {
  const PrivateKey a = Must(PrivateKey::Generate());
  const PrivateKey b = Must(PrivateKey::Generate());
  EXPECT_NE(a.public_key(), b.public_key());
  std::string from_a(32, '\0');
  std::string from_b(32, '\0');
  ASSERT_TRUE(a.Agree(b.public_key(), absl::MakeSpan(&from_a[0], 32)).ok());
  ASSERT_TRUE(b.Agree(a.public_key(), absl::MakeSpan(&from_b[0], 32)).ok());
  EXPECT_EQ(from_a, from_b);
  EXPECT_NE(from_a, std::string(32, '\0'));
}

TEST(PrivateKeyTest, ZeroResultFails) {
  char shared[32];
  EXPECT_EQ(Must(PrivateKey::Generate())
                .Agree(PublicKey(), absl::MakeSpan(shared))
                .code(),
            absl::StatusCode::kInvalidArgument);
  // OpenSSL's error must not show up in a later call of another object.
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

TEST(PrivateKeyTest, ErrorsKeepTheDigits) {
  const std::string almost(kPrivate.substr(0, 63));
  for (const std::string& text :
       {almost, absl::StrCat(almost, "x"), absl::StrCat(kPrivate, kPrivate)}) {
    const absl::Status status = PrivateKey::FromHex(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(absl::StrContains(status.message(), almost.substr(0, 4)));
  }
}

TEST(PrivateKeyTest, FileWithOrWithoutLineEndIsRead) {
  const TempDir dir;
  for (const absl::string_view end : {"", "\n", "\r\n"}) {
    const auto key =
        PrivateKey::FromFile(KeyFile(dir, absl::StrCat(kPrivate, end)));
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->public_key().ToHex(), kPublic);
  }
}

TEST(PrivateKeyTest, OtherFileContentsFail) {
  const TempDir dir;
  for (const std::string& contents :
       {std::string(), std::string("\n"), std::string(kPrivate.substr(1)),
        absl::StrCat(kPrivate, "\n\n"), absl::StrCat(kPrivate, "\n0"),
        absl::StrCat(" ", kPrivate), absl::StrCat(kPrivate, "\r\n\n"),
        std::string(1 << 20, '0')}) {
    const std::string path = KeyFile(dir, contents);
    const absl::Status status = PrivateKey::FromFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
        << contents.size();
    EXPECT_TRUE(absl::StrContains(status.message(), path)) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), kPrivate.substr(1, 8)));
  }
}

TEST(PrivateKeyTest, FileThatOthersMayUseFails) {
  const TempDir dir;
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0610, 0666, 0777}) {
    const std::string path = KeyFile(dir, kPrivate, mode);
    const absl::Status status = PrivateKey::FromFile(path).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << mode;
    EXPECT_TRUE(
        absl::StrContains(status.message(), absl::StrCat("chmod 600 ", path)))
        << status;
  }
  EXPECT_TRUE(PrivateKey::FromFile(KeyFile(dir, kPrivate, 0400)).ok());
}

TEST(PrivateKeyTest, MissingFileFails) {
  const TempDir dir;
  EXPECT_EQ(CodeOf(PrivateKey::FromFile(dir.File("a"))),
            absl::StatusCode::kNotFound);
}

// open() of a pipe without a writer would wait.
TEST(PrivateKeyTest, FolderAndPipeFail) {
  const TempDir dir;
  EXPECT_EQ(CodeOf(PrivateKey::FromFile(dir.path())),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(::mkfifo(dir.File("a").c_str(), 0600), 0);
  EXPECT_EQ(CodeOf(PrivateKey::FromFile(dir.File("a"))),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PrivateKeyTest, LinkIsFollowedAndItsTargetChecked) {
  const TempDir dir;
  const std::string path = KeyFile(dir, kPrivate);
  ASSERT_EQ(::symlink(path.c_str(), dir.File("b").c_str()), 0);
  EXPECT_TRUE(PrivateKey::FromFile(dir.File("b")).ok());
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(CodeOf(PrivateKey::FromFile(dir.File("b"))),
            absl::StatusCode::kFailedPrecondition);
}

TEST(PrivateKeyTest, WrittenFileIsPrivateAndIsRead) {
  const TempDir dir;
  const std::string path = dir.File("a");
  const mode_t umask = ::umask(0);
  const absl::Status status =
      Must(PrivateKey::FromHex(kPrivate)).WriteFile(path);
  ::umask(umask);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(FileContents(path), absl::StrCat(kPrivate, "\n"));
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_EQ(Must(PrivateKey::FromFile(path)).public_key().ToHex(), kPublic);
}

TEST(PrivateKeyTest, ExistingFileIsNotOverwritten) {
  const TempDir dir;
  const std::string path = KeyFile(dir, "mine");
  EXPECT_EQ(Must(PrivateKey::Generate()).WriteFile(path).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(FileContents(path), "mine");
}

TEST(PrivateKeyTest, MoveTakesKeyAway) {
  PrivateKey key = Must(PrivateKey::FromHex(kPrivate));
  PrivateKey moved = std::move(key);
  char shared[32];
  const PublicKey peer = Must(PrivateKey::Generate()).public_key();
  EXPECT_TRUE(moved.Agree(peer, absl::MakeSpan(shared)).ok());
  EXPECT_FALSE(key.Agree(peer, absl::MakeSpan(shared)).ok());
  key = std::move(moved);
  EXPECT_TRUE(key.Agree(peer, absl::MakeSpan(shared)).ok());
  EXPECT_EQ(key.public_key().ToHex(), kPublic);
}

TEST(OpenSslErrorTest, NamesReasonAndEmptiesQueue) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(EVP_PKEY_new_raw_public_key(
                  EVP_PKEY_X25519, nullptr,
                  secure_internal::Bytes(absl::string_view("short")), 5),
              nullptr);
  }
  ASSERT_NE(ERR_peek_error(), 0UL);
  const absl::Status status = secure_internal::OpenSslError("X25519");
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(absl::StartsWith(status.message(), "OpenSSL: X25519: "))
      << status;
  EXPECT_EQ(ERR_peek_error(), 0UL);
  EXPECT_EQ(secure_internal::OpenSslError("X25519").message(),
            "OpenSSL: X25519: failed");
}

TEST(SecretTest, MoveWipesSource) {
  secure_internal::Secret<32> secret;
  secret.span()[5] = 's';
  secure_internal::Secret<32> moved = std::move(secret);
  EXPECT_EQ(secret.view(), std::string(32, '\0'));
  EXPECT_EQ(moved.view()[5], 's');
  secret = std::move(moved);
  EXPECT_EQ(moved.view(), std::string(32, '\0'));
  EXPECT_EQ(secret.view()[5], 's');
}

TEST(SecretTest, SelfMoveKeepsBytes) {
  secure_internal::Secret<32> secret;
  secret.span()[5] = 's';
  secure_internal::Secret<32>& same = secret;  // Hides it from the compiler.
  secret = std::move(same);
  EXPECT_EQ(secret.view()[5], 's');
}

TEST(SecretTest, DestructorWipes) {
  using Secret = secure_internal::Secret<32>;
  alignas(Secret) char memory[sizeof(Secret)];
  auto* const secret = new (memory) Secret;
  secret->span()[5] = 's';
  secret->~Secret();
  // The compiler must not drop the wipe, though nobody may read the object.
  volatile const char* const bytes = memory;
  for (size_t i = 0; i < sizeof(memory); ++i) EXPECT_EQ(bytes[i], 0) << i;
}

}  // namespace
}  // namespace kevy_replica
