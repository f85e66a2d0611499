// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Code of the documents that is in no example. code_test compares them.

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/client/follower.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/tls_options.h"
#include "kevy_replica/transport/secure/tls_security.h"

// docs/secure.md
absl::Status FollowEncrypted(const std::string& primary_key,
                             kevy_replica::FollowerHandler& index) {
  auto key = kevy_replica::PrivateKey::FromFile("/etc/indexer/replica.key");
  if (!key.ok()) return key.status();
  kevy_replica::FollowerOptions options;
  options.secure = kevy_replica::NoiseSecurity(
      std::make_shared<const kevy_replica::PrivateKey>(*std::move(key)));
  auto follower = kevy_replica::Follower::Create(
      "kevys://db1:16004?key=" + primary_key, &index, options);
  return follower.status();
}

absl::Status FollowOverTls(kevy_replica::FollowerHandler& index) {
  kevy_replica::TlsOptions tls;
  tls.server_name = "proxy1.example";
  tls.ca_file = "/etc/indexer/ca.pem";
  kevy_replica::FollowerOptions options;
  options.secure = kevy_replica::TlsSecurity(tls);
  auto follower =
      kevy_replica::Follower::Create("proxy1.example:16004", &index, options);
  return follower.status();
}
