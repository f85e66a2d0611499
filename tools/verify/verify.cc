// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/verify/verify.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kevy_replica/client/replication_token.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/key_comparison.h"
#include "kevy_replica/tools/verify/key_walk.h"
#include "kevy_replica/tools/verify/key_watch.h"
#include "kevy_replica/tools/verify/mirror_progress.h"
#include "kevy_replica/tools/verify/repair.h"
#include "kevy_replica/tools/verify/scan_limit.h"
#include "kevy_replica/tools/verify/server.h"
#include "kevy_replica/tools/verify/small_keys.h"
#include "kevy_replica/tools/verify/verify_report.h"

namespace kevy_replica {
namespace {

constexpr absl::string_view kScanCount = "512";
// Keys in one group of commands. A reply of SCAN may bring more.
constexpr size_t kBatchKeys = 512;
// Suspects to gather. Each group of them waits for the mirror once.
constexpr size_t kMaxSuspects = 256;
constexpr size_t kMaxSuspectBytes = 1 << 20;
// Re-reads of one key, behind that of its group.
constexpr int kProofs = 2;
constexpr std::chrono::seconds kTellInterval(10);

class Verifier {
 public:
  Verifier(const VerifyOptions& options, VerifyReport* report)
      : options_(options),
        report_(report),
        primary_("the primary", options.connect_primary),
        target_("the target", options.connect_target),
        progress_(options.progress, &primary_, &target_) {}

  absl::Status Run() {
    absl::Status status = primary_.Connect();
    if (status.ok()) status = CheckRole();
    if (status.ok()) status = target_.Connect();
    if (status.ok()) status = progress_.Begin(options_.shards);
    if (status.ok()) {
      begin_ = Clock::now();
      told_ = begin_;
      status = Scan(&primary_, &report_->primary_keys,
                    [this](absl::Span<const std::string> keys) {
                      return TakePrimaryKeys(keys);
                    });
    }
    if (status.ok()) status = Settle();
    if (status.ok()) {
      status = Scan(&target_, &report_->target_keys,
                    [this](absl::Span<const std::string> keys) {
                      return TakeTargetKeys(keys);
                    });
    }
    if (status.ok()) status = Settle();
    // A primary that was demoted meanwhile may have answered with old values.
    if (status.ok()) status = CheckRole();
    report_->is_complete = status.ok();
    CountFieldDeadlines();
    return status;
  }

 private:
  // Monotonic, since a wall clock that is set back would stop the reading.
  using Clock = std::chrono::steady_clock;
  using TakeKeys =
      std::function<absl::Status(absl::Span<const std::string> keys)>;

  absl::Status CheckRole() {
    const absl::StatusOr<TargetReply> role = primary_.Ask({"ROLE"});
    if (!role.ok()) return role.status();
    if (role->elements.empty() || role->elements[0].text == "master") {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        "the node of --primary is a replica: give the primary, or kevy:// and "
        "all nodes");
  }

  absl::Status Interrupted() const {
    return options_.progress.interrupter->interrupted()
               ? absl::CancelledError("interrupted")
               : absl::OkStatus();
  }

  // A reply of SCAN, and DBSIZE before it.
  struct Page {
    std::optional<uint64_t> database_size;
    std::string cursor;
    std::vector<std::string> keys;
  };

  static absl::StatusOr<Page> ReadPage(Server* server,
                                       const std::string& cursor) {
    server->Add({"DBSIZE"});
    server->Add({"SCAN", cursor, "COUNT", kScanCount});
    absl::Status sent = server->Send();
    if (!sent.ok()) return sent;
    const absl::StatusOr<TargetReply> size = server->Receive();
    if (!size.ok()) return size.status();
    absl::StatusOr<TargetReply> reply = server->Receive();
    if (!reply.ok()) return reply.status();
    if (reply->is_error()) {
      return absl::FailedPreconditionError(
          absl::StrCat(server->name(), ": SCAN: ", reply->text));
    }
    const bool has_form = reply->elements.size() == 2 &&
                          reply->elements[0].type == TargetReply::Type::kText &&
                          reply->elements[1].type == TargetReply::Type::kArray;
    if (!has_form || (reply->elements[0].text == cursor && cursor != "0")) {
      return absl::UnavailableError(
          absl::StrCat(server->name(), ": the reply to SCAN has ",
                       has_form ? "the same cursor again" : "another form"));
    }
    Page page;
    // A user without the right to DBSIZE gets an error.
    if (size->type == TargetReply::Type::kInteger) {
      page.database_size =
          static_cast<uint64_t>(std::max<int64_t>(size->integer, 0));
    }
    page.cursor = std::move(reply->elements[0].text);
    for (TargetReply& key : reply->elements[1].elements) {
      page.keys.push_back(std::move(key.text));
    }
    return page;
  }

  // Hands all keys of a server to `take`, in batches.
  absl::Status Scan(Server* server, uint64_t* count, const TakeKeys& take) {
    ScanLimit limit(options_.scan_slack);
    std::string cursor = "0";
    do {
      absl::StatusOr<Page> page = ReadPage(server, cursor);
      if (!page.ok()) return page.status();
      const std::string reason =
          limit.Count(page->keys.size(), page->database_size);
      if (!reason.empty()) {
        return absl::UnavailableError(
            absl::StrCat(server->name(), ": ", reason));
      }
      cursor = std::move(page->cursor);
      for (size_t begin = 0; begin < page->keys.size(); begin += kBatchKeys) {
        const absl::Span<const std::string> batch =
            absl::MakeConstSpan(page->keys).subspan(begin, kBatchKeys);
        absl::Status status = Interrupted();
        if (status.ok()) status = Pace(batch.size());
        if (status.ok()) status = take(batch);
        if (!status.ok()) return status;
        *count += batch.size();
      }
      absl::Status status = Interrupted();
      if (!status.ok()) return status;
    } while (cursor != "0");
    return absl::OkStatus();
  }

  // Waits until `keys` more keys may be read.
  absl::Status Pace(size_t keys) {
    const Clock::time_point now = Clock::now();
    if (now - told_ >= kTellInterval) {
      told_ = now;
      options_.log(absl::StrCat(report_->primary_keys,
                                " keys of the primary and ",
                                report_->target_keys, " of the target read, ",
                                report_->Total().different, " different"));
    }
    if (options_.rate == 0) return absl::OkStatus();
    const absl::Duration due = absl::Seconds(
        static_cast<double>(paced_) / static_cast<double>(options_.rate));
    paced_ += keys;
    const absl::Duration wait = due - absl::FromChrono(now - begin_);
    if (wait > absl::ZeroDuration() &&
        options_.progress.interrupter->Sleep(wait)) {
      return absl::CancelledError("interrupted");
    }
    return absl::OkStatus();
  }

  absl::Status TakePrimaryKeys(absl::Span<const std::string> keys) {
    const absl::StatusOr<std::vector<std::string>> types = FindEqualSmallKeys(
        keys, options_.deadline_tolerance, &primary_, &target_);
    if (!types.ok()) return types.status();
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!(*types)[i].empty()) {
        ++report_->CountsOf((*types)[i]).equal;
        continue;
      }
      if (progress_.IsOwnKey(keys[i])) {
        ++report_->CountsOf("none").not_compared;
        report_->AddNotCompared("the key of the mirror's record", 1);
        continue;
      }
      absl::Status status = Compare(keys[i]);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status TakeTargetKeys(absl::Span<const std::string> keys) {
    std::vector<absl::string_view> asked;
    for (const std::string& key : keys) {
      if (!progress_.IsOwnKey(key)) asked.push_back(key);
    }
    for (const absl::string_view key : asked) primary_.Add({"EXISTS", key});
    absl::Status status = primary_.Send();
    if (!status.ok()) return status;
    std::vector<absl::string_view> extra;
    for (const absl::string_view key : asked) {
      const absl::StatusOr<TargetReply> exists = primary_.Receive();
      if (!exists.ok()) return exists.status();
      if (exists->is_error()) {
        return absl::FailedPreconditionError(
            absl::StrCat("the primary: EXISTS: ", exists->text));
      }
      if (exists->integer == 0) extra.push_back(key);
    }
    for (const absl::string_view key : extra) {
      status = AddSuspect(key);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Compares a key for the first time.
  absl::Status Compare(absl::string_view key) {
    const absl::StatusOr<KeyComparison> result = CompareKey(
        key, options_.deadline_tolerance, kPieceElements, &primary_, &target_);
    if (!result.ok()) return result.status();
    return Count(*result) ? absl::OkStatus() : AddSuspect(key);
  }

  // Counts an equal key, and one that cannot be compared. Returns false for any
  // other: it is a suspect.
  bool Count(const KeyComparison& result) {
    if (result.outcome == KeyOutcome::kNotCompared) {
      ++report_->CountsOf(result.type).not_compared;
      report_->AddNotCompared(result.text, 1);
      return true;
    }
    if (result.outcome != KeyOutcome::kEqual) return false;
    if (result.type != "none") ++report_->CountsOf(result.type).equal;
    return true;
  }

  absl::Status AddSuspect(absl::string_view key) {
    suspect_bytes_ += key.size();
    suspects_.emplace_back(key);
    return suspects_.size() >= kMaxSuspects ||
                   suspect_bytes_ >= kMaxSuspectBytes
               ? Settle()
               : absl::OkStatus();
  }

  absl::Status AwaitMirror(absl::Span<const std::string> keys) {
    absl::StatusOr<ReplicationToken> token = progress_.Token();
    return token.ok() ? progress_.WaitFor(*std::move(token), keys)
                      : token.status();
  }

  // Proves or drops the suspects.
  absl::Status Settle() {
    const std::vector<std::string> keys = std::exchange(suspects_, {});
    suspect_bytes_ = 0;
    if (keys.empty()) return absl::OkStatus();
    // Most suspects are only late, and one wait serves them all.
    absl::Status status = AwaitMirror(keys);
    if (!status.ok()) return status;
    for (const std::string& key : keys) {
      status = Interrupted();
      if (!status.ok()) return status;
      const absl::StatusOr<KeyComparison> result =
          CompareKey(key, options_.deadline_tolerance, kPieceElements,
                     &primary_, &target_);
      if (!result.ok()) return result.status();
      if (Count(*result)) continue;
      status = Prove(key);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Proves one difference: the key stood still on the primary from before the
  // token until the target was read.
  absl::Status Prove(const std::string& key) {
    int64_t elements = kPieceElements;
    std::string type = "none";
    for (int proof = 0; proof < kProofs;) {
      KeyWatch watch(&primary_);
      absl::Status status = watch.Begin(key);
      const bool is_watched = status.ok();
      if (!is_watched && !absl::IsFailedPrecondition(status)) return status;
      const absl::StatusOr<ReplicationToken> token = progress_.Token();
      if (!token.ok()) return token.status();
      status = progress_.WaitFor(*token, {key});
      if (!status.ok()) return status;
      const absl::StatusOr<KeyComparison> result = CompareKey(
          key, options_.deadline_tolerance, elements, &primary_, &target_);
      if (!result.ok()) return result.status();
      type = result->type;
      // A reload that has begun meanwhile has emptied the target.
      const absl::StatusOr<bool> holds =
          progress_.IsBetween(*token, nullptr, key);
      if (!holds.ok()) return holds.status();
      const bool is_linked = watch.IsLinked();
      absl::StatusOr<bool> stood = true;
      if (is_watched) stood = watch.Stood();
      if (!stood.ok() && !absl::IsFailedPrecondition(stood.status())) {
        return stood.status();
      }
      if (Count(*result)) return absl::OkStatus();
      if (is_watched && !is_linked && elements > 1) {
        // A reply over the limit has cost the link, and its WATCH.
        elements = FewerElements(elements);
        continue;
      }
      ++proof;
      // Without WATCH, all re-reads must have seen the difference.
      if (result->outcome == KeyOutcome::kDifferent && *holds && stood.ok() &&
          *stood && (is_watched || proof == kProofs)) {
        return TakeDifference(key, *result);
      }
    }
    ++report_->CountsOf(type).changing;
    return absl::OkStatus();
  }

  absl::Status TakeDifference(const std::string& key,
                              const KeyComparison& result) {
    ++report_->CountsOf(result.type).different;
    KeyDifference difference = {key, result.type, result.text, false, ""};
    absl::Status status;
    if (options_.repair) {
      absl::StatusOr<std::string> reason =
          RepairKey(key, &progress_, &primary_, &target_);
      status = reason.status();
      difference.not_repaired =
          reason.ok() ? *std::move(reason) : std::string(status.message());
      difference.repaired = difference.not_repaired.empty();
      ++(difference.repaired ? report_->repaired : report_->not_repaired);
    }
    if (report_->differences.size() < options_.max_differences) {
      report_->differences.push_back(std::move(difference));
    }
    return status;
  }

  // A comparison that was not made must not look like an equal one.
  void CountFieldDeadlines() {
    const auto hashes = report_->types.find("hash");
    if (hashes == report_->types.end()) return;
    const bool own = primary_.tells_field_deadlines();
    const bool other = target_.tells_field_deadlines();
    if (own && other) return;
    report_->AddNotCompared(absl::StrCat("deadlines of hash fields: ",
                                         own     ? "the target does not know"
                                         : other ? "the primary does not know"
                                                 : "neither side knows",
                                         " HPEXPIRETIME or HPTTL"),
                            hashes->second.equal + hashes->second.different);
  }

  const VerifyOptions& options_;
  VerifyReport* const report_;
  Server primary_;
  Server target_;
  MirrorProgress progress_;
  Clock::time_point begin_;
  Clock::time_point told_;
  uint64_t paced_ = 0;
  std::vector<std::string> suspects_;
  size_t suspect_bytes_ = 0;
};

}  // namespace

absl::Status Verify(const VerifyOptions& options, VerifyReport* report) {
  return Verifier(options, report).Run();
}

}  // namespace kevy_replica
