// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps values of a primary near their readers, and drops each one when its key
// is written. Give the listeners of all shards:
//
//   ./bazelw run //examples:near_cache -- 127.0.0.1:16004 127.0.0.1:16005
//   get user:1          -> miss 1     Read the value from the primary, then
//   put user:1 1 Ann    -> kept       give it with the number of the miss.
//   get user:1          -> hit Ann
//
// A frame drops every value whose key is one of its arguments. An argument that
// is no key costs a needless miss at most, so no table of commands is needed.
// Give a value whose key has a deadline one of its own: do not count on a frame
// at its end. docs/guide.md tells the writes that a primary does not stream.

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/fleet.h"
#include "kevy_replica/client/follower_event.h"
#include "kevy_replica/client/follower_handler.h"
#include "kevy_replica/codec/frame.h"

namespace {

// Thread-safe.
class Cache {
 public:
  explicit Cache(size_t shards) : shards_(shards) {}

  // The value. Otherwise sets `*lease`, which Put() needs. 0: not to be kept.
  std::optional<std::string> Get(const std::string& key, uint64_t* lease) {
    const std::lock_guard<std::mutex> lock(mutex_);
    *lease = 0;
    if (linked_ < shards_) return std::nullopt;
    Entry& entry = entries_[key];
    if (!entry.value.has_value()) entry.lease = *lease = ++last_lease_;
    return entry.value;
  }

  // Keeps a value that was read after Get() gave `lease`, unless the key was
  // written since: the value may be the old one. Returns whether it is kept.
  bool Put(const std::string& key, uint64_t lease, std::string value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto entry = entries_.find(key);
    if (entry == entries_.end() || entry->second.lease != lease) return false;
    entry->second.value = std::move(value);
    return true;
  }

  void Drop(absl::string_view key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.erase(key);
  }
  void Clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    entries_.clear();
  }

  // Without all shards' links a write might go unnoticed: nothing is kept.
  void LinkUp() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++linked_;
  }
  void LinkDown() {
    const std::lock_guard<std::mutex> lock(mutex_);
    --linked_;
    entries_.clear();
  }

 private:
  struct Entry {
    uint64_t lease = 0;
    std::optional<std::string> value;
  };

  const size_t shards_;
  std::mutex mutex_;
  size_t linked_ = 0;
  uint64_t last_lease_ = 0;
  absl::flat_hash_map<std::string, Entry> entries_;
};

// One for each shard.
class Invalidator : public kevy_replica::FollowerHandler {
 public:
  explicit Invalidator(Cache* cache) : cache_(cache) {}

  absl::Status OnFrames(absl::Span<const kevy_replica::FrameView> frames,
                        const kevy_replica::FeedPosition&) override {
    for (const kevy_replica::FrameView& frame : frames) {
      if (WritesUnnamedKeys(frame.argv()[0])) cache_->Clear();
      for (const absl::string_view arg : frame.argv()) cache_->Drop(arg);
    }
    return absl::OkStatus();
  }
  absl::Status OnReset(const kevy_replica::FeedPosition&) override {
    return Clear();
  }
  absl::Status OnSnapshotBegin() override { return absl::OkStatus(); }
  absl::Status OnSnapshotChunk(absl::string_view) override {
    return absl::OkStatus();
  }
  // Any key may have changed: so shows FLUSHALL, too.
  absl::Status OnSnapshotEnd(const kevy_replica::FeedPosition&) override {
    return Clear();
  }
  void OnLinkUp(const kevy_replica::LinkUp&) override {
    linked_ = true;
    cache_->LinkUp();
  }
  absl::Status OnLinkDown(const kevy_replica::LinkDown&) override {
    if (linked_) cache_->LinkDown();
    linked_ = false;
    return absl::OkStatus();
  }

 private:
  static bool WritesUnnamedKeys(absl::string_view command) {
    for (const absl::string_view name :
         {"FLUSHALL", "FLUSHDB", "SWAPDB", "EVAL", "EVALSHA", "FCALL"}) {
      if (absl::EqualsIgnoreCase(command, name)) return true;
    }
    return false;
  }
  absl::Status Clear() {
    cache_->Clear();
    return absl::OkStatus();
  }

  Cache* const cache_;
  bool linked_ = false;
};

// Answers the lines of standard input.
void Serve(Cache* cache) {
  std::string command, key, value;
  uint64_t lease;
  while (std::cin >> command >> key) {
    if (command == "get") {
      const std::optional<std::string> hit = cache->Get(key, &lease);
      hit.has_value() ? std::cout << "hit " << *hit
                      : std::cout << "miss " << lease;
    } else if (std::cin >> lease >> value) {
      std::cout << (cache->Put(key, lease, value) ? "kept" : "refused");
    }
    std::cout << std::endl;
  }
}

absl::Status Run(absl::Span<const std::string> addresses) {
  Cache cache(addresses.size());
  std::vector<Invalidator> invalidators(addresses.size(), Invalidator(&cache));
  std::vector<kevy_replica::FollowerHandler*> handlers;
  for (Invalidator& invalidator : invalidators) {
    handlers.push_back(&invalidator);
  }
  kevy_replica::FleetOptions options;
  options.link.replica_id = "near-cache";
  options.acknowledge = false;  // A cache is no copy: WAIT must not count it.
  auto fleet = kevy_replica::Fleet::Create(addresses, handlers, options);
  if (!fleet.ok()) return fleet.status();
  absl::Status status;
  std::thread follower([&] { status = (*fleet)->Run(); });
  // The first snapshots clear the cache. (2.0.20 never counts as caught up.)
  (*fleet)->WaitCaughtUp(absl::Now() + absl::Seconds(30)).IgnoreError();
  Serve(&cache);
  (*fleet)->Stop();
  follower.join();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: near_cache HOST:PORT...\n";
    return 2;
  }
  const absl::Status status =
      Run(std::vector<std::string>(argv + 1, argv + argc));
  if (status.ok()) return 0;
  std::cerr << status << '\n';
  return 1;
}
