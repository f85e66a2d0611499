// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/client/file_position_store.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/internal/position_map.h"
#include "kevy_replica/client/internal/positions_text.h"
#include "kevy_replica/client/internal/whole_file.h"
#include "kevy_replica/client/position_store.h"

namespace kevy_replica {

using client_internal::FormatPositions;
using client_internal::ParsePositions;
using client_internal::PositionMap;
using client_internal::SystemCallHook;
using client_internal::WholeFile;

// Room for a million names.
constexpr size_t kMaxSize = 64 << 20;

absl::StatusOr<std::unique_ptr<FilePositionStore>> FilePositionStore::Open(
    absl::string_view path) {
  return Open(path, SystemCallHook());
}

absl::StatusOr<std::unique_ptr<FilePositionStore>> FilePositionStore::Open(
    absl::string_view path, SystemCallHook hook) {
  absl::StatusOr<WholeFile> file = WholeFile::Open(path, std::move(hook));
  if (!file.ok()) return file.status();
  absl::Status locked = file->Lock();
  if (!locked.ok()) return locked;
  const absl::StatusOr<std::optional<std::string>> text = file->Read(kMaxSize);
  if (!text.ok()) return text.status();
  absl::StatusOr<PositionMap> positions = PositionMap();
  if (text->has_value()) positions = ParsePositions(**text);
  if (!positions.ok()) {
    return absl::Status(
        positions.status().code(),
        absl::StrCat(file->path(), " ", positions.status().message()));
  }
  return absl::WrapUnique(
      new FilePositionStore(*std::move(file), *std::move(positions)));
}

FilePositionStore::FilePositionStore(WholeFile file, PositionMap positions)
    : file_(std::move(file)), positions_(std::move(positions)) {}

absl::StatusOr<std::optional<FeedPosition>> FilePositionStore::Load(
    absl::string_view name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return client_internal::FindPosition(positions_, name);
}

absl::Status FilePositionStore::Store(
    absl::Span<const NamedPosition> positions) {
  const std::lock_guard<std::mutex> lock(mutex_);
  PositionMap updated = positions_;
  absl::Status status = client_internal::UpdatePositions(positions, &updated);
  if (!status.ok()) return status;
  const std::string text = FormatPositions(updated);
  if (text.size() > kMaxSize) {
    return absl::ResourceExhaustedError(
        absl::StrCat("write ", file_.path(), ": it would be longer than ",
                     kMaxSize, " bytes"));
  }
  WholeFile::Replacement replacement = file_.Replace(text);
  if (replacement.replaced) positions_.swap(updated);
  return std::move(replacement.status);
}

}  // namespace kevy_replica
