// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A position store in one file, which survives restarts and crashes.
//
//   auto store = FilePositionStore::Open("/var/lib/indexer/positions");
//   if (!store.ok()) return store.status();
//
// People may read the file. Only this class may write it:
//
//   kevy_replica positions 1
//   shard-0 7270893326363503:39
//   shard-1 7270893326363503:1002
//   end 2 10247940529964133859
//
// For a fresh start, end the process and delete the file.

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

// Thread-safe. One file holds any number of names. It belongs to one object at
// a time, in all processes, since two would overwrite each other's positions. A
// lock on the path with ".lock" appended sees to that, where the file system
// has locks; the lock's file is empty and stays.
class FilePositionStore : public PositionStore {
 public:
  // Reads the file, once. A missing file is an empty store: the first Store()
  // creates it. A symbolic link stands for its target. Precondition: the folder
  // exists. Errors, each with the path:
  //
  // | kDataLoss           | the file is not a positions file, has a later |
  // |                     | format, is cut short, or was changed: the     |
  // |                     | message tells the remedy                      |
  // | kFailedPrecondition | another store has the file, in this process   |
  // |                     | or another one, whose pid the message tells   |
  // |                     | where the system does. Or the path is no      |
  // |                     | regular file                                  |
  // | kResourceExhausted  | the file is longer than 64 MiB                |
  // | kNotFound           | the folder or the link's target is missing    |
  // | others, from errno  | the file cannot be read, or its folder cannot |
  // |                     | be written                                    |
  static absl::StatusOr<std::unique_ptr<FilePositionStore>> Open(
      absl::string_view path);

  // Reads memory, not the file.
  absl::StatusOr<std::optional<FeedPosition>> Load(
      absl::string_view name) override;

  // Writes all positions to the path with ".tmp" appended, syncs that file to
  // the disk, and renames it. A crash at any moment leaves the old positions or
  // the new ones. One call costs one fsync() of the file and one of its folder,
  // for one position as for many. Load() waits for it. So store many at once.
  //
  // Errors:
  //   kInvalidArgument    a name is malformed
  //   kResourceExhausted  the file would be longer than 64 MiB
  //   others, from errno  with the path and the failed operation
  //
  // After an error the former positions stand, and a later call may succeed.
  // One error differs: "make the new name last" comes after the renaming. The
  // new positions then stand, but a power failure may take them back. Load()
  // always returns the positions in the file.
  absl::Status Store(absl::Span<const NamedPosition> positions) override;

 private:
  friend class FilePositionStoreTest;

  static absl::StatusOr<std::unique_ptr<FilePositionStore>> Open(
      absl::string_view path, client_internal::SystemCallHook hook);
  FilePositionStore(client_internal::WholeFile file,
                    client_internal::PositionMap positions);

  std::mutex mutex_;
  client_internal::WholeFile file_;
  client_internal::PositionMap positions_;  // The file's contents.
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_CLIENT_FILE_POSITION_STORE_H_
