// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Where a replica keeps how far it has applied, so that it goes on there when
// it starts again.
//
//   auto stored = store->Load("shard-0");
//   if (!stored.ok()) return stored.status();
//   FeedPosition position = stored->value_or(FeedPosition{});  // None: {0, 0}.
//   ...
//   absl::Status status = store->Store({{"shard-0", position}});
//
// One store serves many followers, each under a name of its own. Store after
// applying, never before: then a crash between the two brings writes again, and
// loses none. Who applies into a database may keep the position there, in the
// same transaction, by a PositionStore of their own: then none comes again.
//
// FilePositionStore keeps them in a file.

#ifndef KEVY_REPLICA_CLIENT_POSITION_STORE_H_
#define KEVY_REPLICA_CLIENT_POSITION_STORE_H_

#include <functional>
#include <map>
#include <mutex>
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

struct NamedPosition {
  std::string name;
  FeedPosition position;

  friend auto ValueFields(const NamedPosition& named) {
    return std::tie(named.name, named.position);
  }
};
// Appends "shard-0=7:8".
void AppendText(const NamedPosition& named, std::string* out);

// Names are of printable ASCII without spaces and quotes, and not empty: any
// other is kInvalidArgument. Thread-safe, as all that implement it must be.
class PositionStore {
 public:
  virtual ~PositionStore() = default;

  // The position stored under `name`; nothing if none ever was. An error where
  // what is stored cannot be read or trusted: never a silent start from 0.
  virtual absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) = 0;

  // Stores all of them or none, never some: once it returns OK, they last; on
  // an error they are not stored, unless the implementation says otherwise. A
  // name's former position is replaced, be it a later one; names that are not
  // mentioned keep theirs. Of a name given twice the last position counts.
  virtual absl::Status Store(absl::Span<const NamedPosition> positions) = 0;
};

// For those who implement it: kInvalidArgument if `name` is no name.
absl::Status CheckPositionName(absl::string_view name);

// Lasts as long as the object: for tests, and for those who start with a
// snapshot every time.
class InMemoryPositionStore : public PositionStore {
 public:
  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  std::mutex mutex_;
  std::map<std::string, FeedPosition, std::less<>> positions_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_POSITION_STORE_H_
