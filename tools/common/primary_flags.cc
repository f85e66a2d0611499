// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/primary_flags.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/locate_primary.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/transport/interrupter.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kSearchAgain = absl::Seconds(1);

// Asks the nodes of `url` until one of them is the primary.
absl::StatusOr<Primary> Locate(
    absl::string_view url, const std::shared_ptr<Interrupter>& interrupter) {
  LocatePrimaryOptions options;
  options.connect.interrupter = interrupter;
  while (true) {
    absl::StatusOr<Primary> primary = LocatePrimary(url, options);
    if (!absl::IsUnavailable(primary.status())) return primary;
    Say({LogLevel::kWarning, "no_primary",
         absl::StrCat(primary.status().message(), "; asking again")});
    if (interrupter->Sleep(kSearchAgain)) {
      return absl::CancelledError("interrupted");
    }
  }
}

}  // namespace

absl::Status CheckPrimaryFlags(absl::string_view primary, size_t shards) {
  absl::Status status =
      IsKevyUrl(primary)
          ? ParseKevyUrl(primary).status()
          : ShardAddresses(primary, std::max<size_t>(shards, 1)).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("--primary: ", status.message()));
}

absl::StatusOr<ChosenPrimary> ChoosePrimary(
    absl::string_view primary, size_t shards,
    const std::shared_ptr<Interrupter>& interrupter,
    absl::string_view version) {
  if (!IsKevyUrl(primary)) {
    shards = std::max<size_t>(shards, 1);
    absl::StatusOr<std::vector<std::string>> addresses =
        ShardAddresses(primary, shards);
    if (!addresses.ok()) return addresses.status();
    const absl::StatusOr<ListenerAddress> listener =
        ParseListenerAddress(primary);
    if (!listener.ok()) return listener.status();
    Say({LogLevel::kInfo, "primary_unchecked",
         absl::StrCat("not checked: that ",
                      Escaped(listener->address.ToString()),
                      " is the primary, and that it has ", shards,
                      shards == 1 ? " shard" : " shards",
                      version.empty() ? "" : " and version ", version,
                      " (kevy:// and the client port would check it)")});
    return ChosenPrimary{*std::move(addresses), shards};
  }
  if (shards == 0) {
    const absl::StatusOr<Primary> found = Locate(primary, interrupter);
    if (!found.ok()) return found.status();
    shards = found->shards.size();
  }
  return ChosenPrimary{{std::string(primary)}, shards};
}

std::string DescribePrimary(const Primary& primary) {
  const size_t shards = primary.shards.size();
  std::string text = absl::StrCat("the primary is ", primary.node);
  if (!primary.version.empty()) {
    absl::StrAppend(&text, ", kevy ", primary.version);
  }
  absl::StrAppend(&text, ", with ", shards, shards == 1 ? " shard" : " shards");
  if (!primary.warning.empty()) absl::StrAppend(&text, "; ", primary.warning);
  return text;
}

LogEvent PrimaryEvent(const Primary& primary) {
  if (!primary.warning.empty()) {
    return {LogLevel::kWarning, "primary", DescribePrimary(primary)};
  }
  return {LogLevel::kInfo, "primary", DescribePrimary(primary)};
}

}  // namespace kevy_replica
