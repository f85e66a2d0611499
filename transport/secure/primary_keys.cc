// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/primary_keys.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kevy_replica/transport/secure/keys.h"

namespace kevy_replica {

PrimaryKeys::PrimaryKeys(std::vector<PublicKey> keys)
    : keys_(std::move(keys)) {}

absl::StatusOr<std::shared_ptr<PrimaryKeys>> PrimaryKeys::Create(
    std::vector<PublicKey> keys) {
  if (keys.empty()) {
    return absl::InvalidArgumentError(
        "a secure link needs the public key of the primary");
  }
  return std::shared_ptr<PrimaryKeys>(new PrimaryKeys(std::move(keys)));
}

PublicKey PrimaryKeys::current() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return keys_[current_];
}

void PrimaryKeys::Failed(const PublicKey& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (keys_[current_] == key) current_ = (current_ + 1) % keys_.size();
}

}  // namespace kevy_replica
