// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Positions in a file, for months of restarts and crashes.
//
//   auto store = FilePositionStore::Open("/var/lib/indexer/positions");
//   if (!store.ok()) return store.status();
//
// The file is for people to read, but only for this class to write:
//
//   kevy_replica positions 1
//   shard-0 7270893326363503:39
//   shard-1 7270893326363503:1002
//   end 2 10247940529964133859
//
// To begin again with a snapshot, end the process and delete the file.

#ifndef KEVY_REPLICA_CLIENT_FILE_POSITION_STORE_H_
#define KEVY_REPLICA_CLIENT_FILE_POSITION_STORE_H_

#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/position_map.h"
#include "kevy_replica/client/internal/whole_file.h"
#include "kevy_replica/client/position_store.h"

namespace kevy_replica {

// Thread-safe. One file holds any number of names, and belongs to one object at
// a time, in all processes: two would take each other's positions away.
class FilePositionStore : public PositionStore {
 public:
  // Reads the file, once. A missing file is an empty store, and is created by
  // the first Store(); its folder must exist. A path that is a symbolic link
  // stands for the file it leads to. Errors, each with the path:
  //
  // | kDataLoss          | no positions file, one of a later format, or  |
  // |                    | cut short or changed: the message says what   |
  // |                    | to do                                         |
  // | kResourceExhausted | over 64 MiB                                   |
  // | kNotFound          | no such folder; a link that leads nowhere     |
  // | others, from errno | the file cannot be read, the folder not       |
  // |                    | written                                       |
  static absl::StatusOr<std::unique_ptr<FilePositionStore>> Open(
      absl::string_view path);

  // From memory.
  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;

  // Writes the whole file anew, to the same path with ".tmp" behind it, has the
  // system put it on the disk, and renames it: a crash at any moment leaves the
  // old positions or the new ones. That costs a few milliseconds, however few
  // positions they are, and as long Load() waits: store many at once.
  //
  // Errors, but kInvalidArgument for a name: kResourceExhausted over 64 MiB,
  // otherwise from errno, with the path and what was done to it. The next
  // Store() may well succeed. After an error Load() still tells what the file
  // holds. Those are the former positions, but for an error after the renaming,
  // when it says "make the new name last": then they are the new ones, and it
  // is just not known whether they would outlast a power failure.
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  friend class FilePositionStoreTest;

  static absl::StatusOr<std::unique_ptr<FilePositionStore>> Open(
      absl::string_view path, client_internal::SystemCallHook hook);
  FilePositionStore(client_internal::WholeFile file,
                    client_internal::PositionMap positions);

  std::mutex mutex_;
  client_internal::WholeFile file_;
  client_internal::PositionMap positions_;  // What the file holds.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FILE_POSITION_STORE_H_
