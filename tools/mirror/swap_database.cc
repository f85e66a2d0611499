// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/mirror/swap_database.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kevy_replica/tools/mirror/checked_link.h"
#include "kevy_replica/tools/mirror/mirror_record.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/reply_class.h"
#include "kevy_replica/tools/mirror/target_link.h"

namespace kevy_replica {
namespace {

absl::Status Select(uint32_t database, CheckedLink* link) {
  return link->Ask({"SELECT", absl::StrCat(database)}).status();
}

absl::Status CannotSwap(absl::string_view error) {
  return absl::FailedPreconditionError(absl::StrCat(
      "--reload=swap needs a target with SWAPDB and a second database, not a "
      "cluster: ",
      error, "; use --reload=in_place"));
}

// Swaps the spare database with itself, which changes nothing.
absl::Status CheckSwap(const MirrorOptions& options, CheckedLink* link) {
  const std::string spare = absl::StrCat(*options.swap_database);
  const absl::Status status = link->Ask({"SWAPDB", spare, spare}).status();
  return absl::IsFailedPrecondition(status) ? CannotSwap(status.message())
                                            : status;
}

// Empties the spare database and selects the readers'.
absl::Status EmptySpare(const MirrorOptions& options, CheckedLink* link) {
  absl::Status status = Select(*options.swap_database, link);
  if (!status.ok()) return status;
  const absl::StatusOr<SpareContent> content = ReadSpare(options, link);
  if (!content.ok()) return content.status();
  if (*content == SpareContent::kForeign) return ForeignSpare(options);
  if (*content != SpareContent::kEmpty) {
    status = link->Ask({"FLUSHDB", "ASYNC"}).status();
    if (!status.ok()) return status;
  }
  return Select(options.database, link);
}

}  // namespace

absl::StatusOr<SpareContent> ReadSpare(const MirrorOptions& options,
                                       CheckedLink* link) {
  const absl::StatusOr<TargetReply> size = link->Ask({"DBSIZE"});
  if (!size.ok()) return size.status();
  if (size->integer == 0) return SpareContent::kEmpty;
  const absl::StatusOr<TargetReply> fields =
      link->Ask({"HMGET", options.position_key, kVersionField, kSpareField});
  // The key has another type.
  if (absl::IsFailedPrecondition(fields.status())) {
    return SpareContent::kForeign;
  }
  if (!fields.ok()) return fields.status();
  if (fields->elements.size() != 2 ||
      fields->elements[1].text != absl::StrCat(options.database)) {
    return SpareContent::kForeign;
  }
  return fields->elements[0].text.empty() ? SpareContent::kOldData
                                          : SpareContent::kNewData;
}

absl::Status ForeignSpare(const MirrorOptions& options) {
  return absl::FailedPreconditionError(absl::StrCat(
      "the target's database ", *options.swap_database,
      " holds keys that this mirror did not write, and stays unchanged: empty "
      "it, or choose another --swap_database"));
}

absl::Status OpenSpare(const MirrorOptions& options, CheckedLink* link,
                       MirrorState* state) {
  if (!state->in_spare) {
    const absl::Status status = CheckSwap(options, link);
    return status.ok() ? EmptySpare(options, link) : status;
  }
  const absl::Status status = Select(*options.swap_database, link);
  if (!status.ok()) return status;
  const absl::StatusOr<SpareContent> content = ReadSpare(options, link);
  if (!content.ok()) return content.status();
  if (*content == SpareContent::kForeign) return ForeignSpare(options);
  if (*content != SpareContent::kOldData) return absl::OkStatus();
  state->in_spare = false;
  return EmptySpare(options, link);
}

absl::Status EnterSpare(const MirrorOptions& options, CheckedLink* link,
                        MirrorState* state) {
  absl::Status status = Select(*options.swap_database, link);
  if (!status.ok()) return status;
  const absl::StatusOr<SpareContent> content = ReadSpare(options, link);
  if (!content.ok()) return content.status();
  if (*content == SpareContent::kForeign) return ForeignSpare(options);
  state->in_spare = true;
  return absl::OkStatus();
}

absl::Status SwapDatabases(const MirrorOptions& options, CheckedLink* link,
                           MirrorState* state) {
  if (!state->in_spare) return absl::OkStatus();
  const std::string readers = absl::StrCat(options.database);
  const std::string spare = absl::StrCat(*options.swap_database);
  link->Add({"MULTI"});
  link->Add({"HDEL", options.position_key, kSpareField});
  link->Add({"SELECT", readers});
  // The old data's record, whatever it was, becomes its mark.
  link->Add({"DEL", options.position_key});
  link->Add({"HSET", options.position_key, kSpareField, readers});
  link->Add({"SWAPDB", readers, spare});
  link->Add({"EXEC"});
  absl::Status sent = link->Send();
  if (!sent.ok()) return sent;
  const absl::StatusOr<std::string> error = link->ReceiveTransaction();
  if (!error.ok()) return error.status();
  if (!error->empty()) {
    return ClassOfError(*error, "") == ReplyClass::kTrouble
               ? link->Fail(ServersTrouble(*error))
               : CannotSwap(*error);
  }
  state->in_spare = false;
  return EmptySpare(options, link);
}

}  // namespace kevy_replica
