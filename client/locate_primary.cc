// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/locate_primary.h"

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/internal/locator_driver.h"
#include "kevy_replica/client/internal/monotonic_time.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/client/primary_locator.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/poller.h"

namespace kevy_replica {
namespace {

constexpr uint64_t kInterrupterId = 0;
constexpr uint64_t kFirstNodeId = 1;

}  // namespace

absl::StatusOr<Primary> LocatePrimary(absl::string_view url,
                                      const LocatePrimaryOptions& options) {
  absl::StatusOr<KevyUrl> parsed = ParseKevyUrl(url);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<std::unique_ptr<Poller>> poller = Poller::Create();
  if (!poller.ok()) return poller.status();
  const Interrupter* const interrupter = options.connect.interrupter.get();
  if (interrupter != nullptr) {
    absl::Status status =
        (*poller)->Set(interrupter->fd(), POLLIN, kInterrupterId);
    if (!status.ok()) return status;
  }
  const absl::Time until = client_internal::MonotonicNow() + options.timeout;
  client_internal::LocatorDriver driver(
      std::move(parsed->nodes), options.locator, options.connect, poller->get(),
      kFirstNodeId, client_internal::MonotonicNow);
  absl::Status missing = absl::UnavailableError(absl::StrCat(
      "no node has answered within ", absl::FormatDuration(options.timeout)));
  while (true) {
    if (interrupter != nullptr && interrupter->interrupted()) {
      return absl::CancelledError("interrupted");
    }
    const absl::Time next = driver.Step();
    while (std::optional<LocatorEvent> event = driver.locator().PollEvent()) {
      if (auto* found = std::get_if<PrimaryFound>(&*event)) {
        return std::move(found->primary);
      }
      if (auto* failed = std::get_if<LocatorFailed>(&*event)) {
        return std::move(failed->status);
      }
      if (auto* miss = std::get_if<PrimaryMissing>(&*event)) {
        missing = std::move(miss->status);
      }
    }
    const absl::Time now = client_internal::MonotonicNow();
    if (now >= until) return missing;
    const absl::StatusOr<absl::Span<const uint64_t>> ready = (*poller)->Wait(
        std::max(std::min(next, until) - now, absl::ZeroDuration()));
    if (!ready.ok()) return ready.status();
  }
}

}  // namespace kevy_replica
