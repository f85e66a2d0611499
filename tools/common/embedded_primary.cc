// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/embedded_primary.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/noise_transport.h"

namespace kevy_replica {
namespace {

// testdata/captures/kevy-5.4.0-fresh.resp.
constexpr unsigned char kCapture[] = {
#include "tools/common/embedded_capture.inc"
};

// Makes `*primary` secure. Returns its public key.
absl::StatusOr<PublicKey> Secure(const PublicKey& replica_key,
                                 ScriptedPrimary* primary) {
  absl::StatusOr<PrivateKey> key = PrivateKey::Generate();
  if (!key.ok()) return key.status();
  const PublicKey public_key = key->public_key();
  NoiseResponderOptions options;
  options.private_key = std::make_shared<const PrivateKey>(*std::move(key));
  options.allow = [replica_key](const PublicKey& other) {
    return other == replica_key;
  };
  primary->SetWrapper(NoiseAcceptor(std::move(options)));
  return public_key;
}

}  // namespace

absl::StatusOr<std::string> StartEmbeddedPrimary(const PublicKey* replica_key,
                                                 ScriptedPrimary* primary) {
  primary->SetDefault(PrimaryScript::Capture(
      std::string(reinterpret_cast<const char*>(kCapture), sizeof(kCapture))));
  std::string key;
  if (replica_key != nullptr) {
    const absl::StatusOr<PublicKey> made = Secure(*replica_key, primary);
    if (!made.ok()) return made.status();
    key = made->ToHex();
  }
  const absl::Status status = primary->Listen("127.0.0.1:0");
  if (!status.ok()) return status;
  const std::string address =
      key.empty() ? primary->address()
                  : absl::StrCat("kevys://", primary->address(), "?key=", key);
  Say({LogLevel::kInfo, "embedded_primary",
       absl::StrCat("no --primary given: playing a recording of kevy 5.4.0 "
                    "from an embedded primary at ",
                    address)});
  return address;
}

}  // namespace kevy_replica
