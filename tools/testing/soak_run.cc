// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/soak_run.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/client/position_store.h"
#include "kevy_replica/tools/testing/process_usage.h"
#include "kevy_replica/tools/testing/soak_handler.h"
#include "kevy_replica/tools/testing/soak_primary.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/secure/noise_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);
// Loud: for waits that a fault alone could make so long.
constexpr absl::Duration kPatience = absl::Minutes(2);
// The part of the soak that sets the bounds of memory.
constexpr double kWarmUp = 0.2;
constexpr size_t kResidentSlack = 8 << 20;
constexpr size_t kHeapSlack = 1 << 20;

std::string NameOf(size_t shard) { return absl::StrCat("shard-", shard); }

template <typename T>
T ValueOrDie(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "soak: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

std::shared_ptr<const PrivateKey> NewKey() {
  return std::make_shared<PrivateKey>(ValueOrDie(PrivateKey::Generate()));
}

// Noise for addresses with keys, plain links for those without.
TransportSecurity SecureIfKeys(std::shared_ptr<const PrivateKey> key) {
  return [noise =
              NoiseSecurity(std::move(key))](absl::Span<const std::string> keys)
             -> absl::StatusOr<TransportWrapper> {
    if (!keys.empty()) return noise(keys);
    return TransportWrapper(
        [](std::unique_ptr<Transport> inner)
            -> absl::StatusOr<std::unique_ptr<Transport>> { return inner; });
  };
}

}  // namespace

// The positions of one fleet. After Kill() stores are lost.
class Soak::KillableStore : public PositionStore {
 public:
  explicit KillableStore(const std::string& path)
      : file_(ValueOrDie(FilePositionStore::Open(path))) {}

  void Kill() { killed_ = true; }

  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override {
    return file_->Load(name);
  }
  absl::Status Store(absl::Span<const NamedPosition> positions) override {
    return killed_ ? absl::OkStatus() : file_->Store(positions);
  }

 private:
  const std::unique_ptr<FilePositionStore> file_;
  std::atomic<bool> killed_{false};
};

Soak::Soak(const SoakOptions& options)
    : options_(options),
      start_(absl::Now()),
      random_(options.seed),
      printed_(start_) {
  std::shared_ptr<const PrivateKey> primary_key;
  if (options_.secure) {
    primary_key = NewKey();
    replica_key_ = NewKey();
  }
  for (size_t i = 0; i < options_.shards; ++i) {
    SoakPrimaryOptions primary;
    primary.shard = i;
    primary.seed = random_.Bits();
    primary.frames_per_second =
        options_.frames_per_second / static_cast<double>(options_.shards);
    const bool secure = options_.secure && i % 2 == 1;
    if (secure) {
      NoiseResponderOptions responder;
      responder.private_key = primary_key;
      primary.wrap = NoiseAcceptor(responder);
    }
    handlers_.push_back(std::make_unique<SoakHandler>(i, &report_));
    primaries_.push_back(
        std::make_unique<SoakPrimary>(std::move(primary), &report_));
    addresses_.push_back(primaries_.back()->address());
    if (secure) {
      addresses_.back() =
          absl::StrCat("kevys://", addresses_.back(),
                       "?key=", primary_key->public_key().ToHex());
    }
  }
  first_usage_ = ThisProcessUsage();
}

Soak::~Soak() = default;

bool Soak::Run() {
  while (!Over()) {
    Episode(/*last=*/false);
    CheckUsageBetweenFleets();
  }
  Episode(/*last=*/true);
  CheckUsageBetweenFleets();
  Print(/*summary=*/true);
  return report_.violations() == 0;
}

bool Soak::Over() const { return report_.violations() > 0 || Progress() >= 1; }

double Soak::Progress() const {
  double progress = 1;
  if (options_.links > 0) {
    progress = static_cast<double>(report_.links) /
               static_cast<double>(options_.links);
  }
  if (options_.duration > absl::ZeroDuration()) {
    progress = std::min(
        progress, absl::FDivDuration(absl::Now() - start_, options_.duration));
  }
  return std::min(progress, 1.0);
}

bool Soak::BoundsMemory() const {
  return options_.duration > absl::ZeroDuration();
}

// Short times, so that stalls cost little of the soak.
FleetOptions Soak::Options(PositionStore* store) {
  FleetOptions options;
  options.link.replica_id = "soak";
  options.link.handshake_timeout = absl::Seconds(1);
  options.link.idle_timeout = absl::Seconds(1);
  options.link.heartbeat_timeout = absl::Milliseconds(500);
  options.link.stall_timeout = absl::Milliseconds(500);
  options.link.ack_interval = absl::Milliseconds(20);
  options.retry.initial_backoff = absl::Milliseconds(5);
  options.retry.max_backoff = absl::Milliseconds(100);
  options.store.positions = store;
  options.store.interval = absl::Milliseconds(200);
  constexpr size_t kReadBytes[] = {0, 512, 16 << 10};
  options.read_bytes = kReadBytes[random_.Below(3)];
  if (replica_key_ != nullptr) options.secure = SecureIfKeys(replica_key_);
  return options;
}

void Soak::Episode(bool last) {
  KillableStore store(absl::StrCat(options_.folder, "/positions"));
  std::vector<FollowerHandler*> handlers;
  for (const std::unique_ptr<SoakHandler>& handler : handlers_) {
    handlers.push_back(handler.get());
  }
  ++fleets_;
  const bool killed = !last && random_.OneIn(2);
  {
    const std::unique_ptr<Fleet> fleet =
        ValueOrDie(Fleet::Create(addresses_, handlers, Options(&store)));
    absl::Status status;
    std::thread runner([&] { status = fleet->Run(); });
    const uint64_t links =
        report_.links + 5 + random_.Below(10 * handlers.size());
    while (!last && report_.links < links && !Over()) {
      absl::SleepFor(kTick);
      CheckResident();
      Print(/*summary=*/false);
    }
    if (last && report_.violations() == 0) CatchUp(fleet.get());
    if (killed) {
      ++kills_;
      store.Kill();
    }
    fleet->Stop();
    runner.join();
    if (!status.ok()) {
      report_.AddViolation(
          absl::StrCat("the fleet ended: ", status.ToString()));
    }
  }
  CheckStored(&store, killed);
}

void Soak::CatchUp(Fleet* fleet) {
  for (const std::unique_ptr<SoakPrimary>& primary : primaries_) {
    primary->Calm();
  }
  const absl::Time deadline = absl::Now() + kPatience;
  const absl::Status status = fleet->WaitCaughtUp(deadline);
  if (!status.ok()) {
    report_.AddViolation(
        absl::StrCat("the fleet does not catch up: ", status.ToString()));
  }
  // The last heartbeat may have come before the calm.
  for (size_t i = 0; i < primaries_.size(); ++i) {
    const FeedPosition head = primaries_[i]->head();
    while (fleet->Stats(i).applied != head) {
      absl::SleepFor(kTick);
      if (absl::Now() < deadline) continue;
      report_.AddViolation(absl::StrCat("shard ", i, " does not get to ",
                                        ToString(head), ": ",
                                        ToString(fleet->Stats(i).applied)));
      break;
    }
  }
}

void Soak::CheckStored(PositionStore* store, bool killed) {
  for (size_t i = 0; i < handlers_.size(); ++i) {
    const FeedPosition stored =
        ValueOrDie(store->Load(NameOf(i))).value_or(FeedPosition{});
    const std::optional<FeedPosition> held = handlers_[i]->held();
    const bool unknown = stored.generation == 0;
    const bool fits =
        killed ? !held.has_value() || FeedPosition::ValueFields(stored) <=
                                          FeedPosition::ValueFields(*held)
               : held == stored;
    if (!unknown && !fits) {
      report_.AddViolation(absl::StrCat(
          "shard ", i, ": ", ToString(stored), " is stored, held is ",
          held.has_value() ? ToString(*held) : "nothing"));
    }
    handlers_[i]->Resume(stored);
  }
}

void Soak::CheckUsageBetweenFleets() {
  const absl::Time deadline = absl::Now() + kPatience;
  // The primaries notice the end of the fleet's links a little later.
  ProcessUsage usage = ThisProcessUsage();
  while (usage.descriptors != first_usage_.descriptors ||
         usage.threads != first_usage_.threads) {
    if (absl::Now() >= deadline) {
      report_.AddViolation(
          absl::StrCat("after fleet ", fleets_, ": ", ToString(usage),
                       ", before the first one: ", ToString(first_usage_)));
      return;
    }
    absl::SleepFor(kTick);
    usage = ThisProcessUsage();
  }
  max_heap_ = std::max(max_heap_, usage.heap_bytes);
  if (Progress() < kWarmUp || warm_heap_ == 0) {
    warm_heap_ = max_heap_;
  } else if (BoundsMemory() && usage.heap_bytes > warm_heap_ + kHeapSlack) {
    report_.AddViolation(absl::StrCat("the heap has grown: ", ToString(usage),
                                      ", in the first fifth: ", warm_heap_,
                                      " bytes"));
  }
}

void Soak::CheckResident() {
  const ProcessUsage usage = ThisProcessUsage();
  max_resident_ = std::max(max_resident_, usage.resident_bytes);
  max_descriptors_ = std::max(max_descriptors_, usage.descriptors);
  max_threads_ = std::max(max_threads_, usage.threads);
  if (Progress() < kWarmUp || warm_resident_ == 0) {
    warm_resident_ = max_resident_;
  } else if (BoundsMemory() && usage.resident_bytes > warm_resident_ +
                                                          warm_resident_ / 10 +
                                                          kResidentSlack) {
    report_.AddViolation(
        absl::StrCat("the resident memory has grown: ", ToString(usage),
                     ", in the first fifth: ", warm_resident_, " bytes"));
  }
}

void Soak::Print(bool summary) {
  const absl::Time now = absl::Now();
  if (!summary && now - printed_ < options_.progress_interval) return;
  printed_ = now;
  const std::string line =
      absl::StrCat(summary ? "summary" : "soak",
                   " seconds=", absl::ToInt64Seconds(now - start_), " ",
                   report_.ToString(), " fleets=", fleets_, " kills=", kills_,
                   " ", ToString(ThisProcessUsage()));
  std::printf("%s\n", line.c_str());
  if (summary) {
    std::printf(
        "memory: resident at most %zu KiB, %zu KiB in the first fifth; heap "
        "between fleets at most %zu KiB, %zu KiB in the first fifth\n"
        "at most %zu descriptors and %zu threads; between fleets always %zu "
        "and %zu\n",
        max_resident_ >> 10, warm_resident_ >> 10, max_heap_ >> 10,
        warm_heap_ >> 10, max_descriptors_, max_threads_,
        first_usage_.descriptors, first_usage_.threads);
  }
  std::fflush(stdout);
}

}  // namespace kevy_replica
