// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/key_flag.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/transport/secure/keys.h"

ABSL_FLAG(
    std::string, key_file, "",
    "The file with this reader's private key, for a primary that encrypts\n"
    "its replication links (kevy 7.0): see docs/secure.md. --primary then\n"
    "has the primary's public key. kevy_keygen makes such a file; only\n"
    "its owner may read it. Without --primary the embedded primary is\n"
    "secure, and allows this key.");

namespace kevy_replica {
namespace {

bool HasKeys(absl::string_view primary) {
  if (IsKevyUrl(primary)) {
    const absl::StatusOr<KevyUrl> url = ParseKevyUrl(primary);
    return url.ok() && !url->keys.empty();
  }
  const absl::StatusOr<ListenerAddress> listener =
      ParseListenerAddress(primary);
  return listener.ok() && !listener->keys.empty();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const PrivateKey>> KeyOfFlag(
    absl::string_view primary) {
  const std::string path = absl::GetFlag(FLAGS_key_file);
  if (path.empty()) {
    if (!HasKeys(primary)) return nullptr;
    return absl::InvalidArgumentError(
        "--primary has the primary's public key, so this reader needs a key of "
        "its own: give --key_file (kevy_keygen makes one)");
  }
  if (!primary.empty() && !HasKeys(primary)) {
    return absl::InvalidArgumentError(
        "--key_file makes secure links, so --primary needs the primary's "
        "public key, as in kevys://HOST:PORT?key=HEX or "
        "kevy://HOST:PORT?key=HEX");
  }
  absl::StatusOr<PrivateKey> key = PrivateKey::FromFile(path);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--key_file: ", key.status().message()));
  }
  return std::make_shared<const PrivateKey>(*std::move(key));
}

}  // namespace kevy_replica
