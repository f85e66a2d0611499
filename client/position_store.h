// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Keeps the applied position of each replica, so that a restarted replica
// resumes there.
//
//   auto stored = store->Load("shard-0");
//   if (!stored.ok()) return stored.status();
//   FeedPosition position = stored->value_or(FeedPosition{});  // Or {0, 0}.
//   ...
//   absl::Status status = store->Store({{"shard-0", position}});
//
// One store serves many followers, each under a name of its own. Apply first,
// then store: a crash between the two repeats writes, but keeps all. A handler
// that applies to a database may save the position in the same transaction,
// through a PositionStore of its own. Then writes arrive exactly once.
//
// FilePositionStore keeps positions in a file.

#ifndef KEVY_REPLICA_CLIENT_POSITION_STORE_H_
#define KEVY_REPLICA_CLIENT_POSITION_STORE_H_

#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/codec/internal/value.h"

namespace kevy_replica {

// A stored position. "shard-0" is the name for shard 0.
struct NamedPosition {
  std::string name;
  FeedPosition position;

  template <typename T>
  static auto ValueFields(const T& named) {
    return std::tie(named.name, named.position);
  }
};
// Appends "shard-0=7:8".
void AppendText(const NamedPosition& named, std::string* out);

// A name is one or more printable ASCII characters, without spaces and quotes.
// Any other name is kInvalidArgument. Thread-safe: each implementation must be.
class PositionStore {
 public:
  virtual ~PositionStore() = default;

  // Returns:
  //   a position  the one stored last under `name`
  //   nullopt     `name` was not stored yet
  //   an error    the stored position cannot be read or is damaged. The caller
  //               must not start from {0, 0} instead.
  virtual absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) = 0;

  // Stores all of `positions`, or none of them. OK: they last. An error: they
  // are not stored, unless the implementation documents otherwise. Replaces a
  // name's former position, even a later one. Other names keep theirs. If a
  // name is given twice, its last position counts.
  virtual absl::Status Store(absl::Span<const NamedPosition> positions) = 0;
};

// For implementations: returns kInvalidArgument if `name` is malformed.
absl::Status CheckPositionName(absl::string_view name);

// Keeps positions as long as the object lives. For tests, and for replicas that
// begin with a snapshot at every start.
class InMemoryPositionStore : public PositionStore {
 public:
  InMemoryPositionStore();
  ~InMemoryPositionStore() override;

  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_POSITION_STORE_H_
