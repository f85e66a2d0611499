// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Compares a kevy primary with the target of kevy_mirror. See kUsage.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/locate_primary.h"
#include "kevy_replica/client/primary.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_flags.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/tools/verify/cluster_link.h"
#include "kevy_replica/tools/verify/verify.h"
#include "kevy_replica/tools/verify/verify_report.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"

ABSL_FLAG(
    std::string, primary, "",
    "kevy://HOST:PORT[,HOST:PORT...]: the client ports of a primary and its\n"
    "replicas; the primary among them is compared. Or HOST:PORT, [IPV6]:PORT\n"
    "or unix:PATH: the client port of the primary. (Not a replication port,\n"
    "as kevy_mirror takes it.)");
ABSL_FLAG(
    std::string, target, "",
    "redis://[USER@]HOST[:PORT][/DB], the same with rediss:// for TLS, or\n"
    "unix:/PATH[?db=DB], as kevy_mirror takes it. For a cluster\n"
    "redis+cluster://[USER@]HOST:PORT[,HOST:PORT...] with some of its nodes,\n"
    "or rediss+cluster://. A password in it shows in the list of processes.");
ABSL_FLAG(std::string, position_key, "kevy_mirror",
          "The key in the target for the mirror's own record. It is not\n"
          "compared, nor are those of a cluster's slots, \"KEY:{...\".");
ABSL_FLAG(uint32_t, shards, 0,
          "The number of the primary's shards that the mirror follows. 0: the\n"
          "number that the primary tells. Another number is an error.");
ABSL_FLAG(absl::Duration, timeout,
          kevy_replica::MirrorProgressOptions().timeout,
          "The longest wait for a mirror that does not move, as in 30s.");
ABSL_FLAG(
    absl::Duration, deadline_tolerance,
    kevy_replica::VerifyOptions().deadline_tolerance,
    "How far the deadlines of a key or hash field may differ. kevy to 5.4\n"
    "streams relative deadlines, so that the copy's are later by the\n"
    "mirror's delay; the difference of the clocks counts, too.");
ABSL_FLAG(uint64_t, rate, 0,
          "The most keys to read a second, of both sides together. 0: no\n"
          "limit.");
ABSL_FLAG(bool, repair, false,
          "Rewrite the keys of the target that differ, each in one\n"
          "transaction.");
ABSL_FLAG(uint32_t, max_differences,
          kevy_replica::VerifyOptions().max_differences,
          "The most differing keys to print. All are counted.");
ABSL_FLAG(std::string, format, "text", "text or json: one object in one line.");
ABSL_FLAG(
    uint64_t, max_reply_bytes, uint64_t{64} << 20,
    "The longest reply of either side. kevy sends a whole hash or set in\n"
    "one. A longer one is not compared, and counted.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_verify: compares the data of a kevy primary with the copy that
kevy_mirror keeps in a Valkey or Redis server or cluster, while both are written
to.

  kevy_verify --primary=kevy://localhost:6004 --target=redis://localhost/1

It reads every key of both sides, type by type, and prints the numbers of equal
and different keys, and the first keys that differ. kevy_mirror must be running,
unless nobody writes to the primary.

)";

constexpr absl::string_view kNotes = R"(
A difference counts if it still stands after the mirror has reached the place
where the primary was when the key was read, and the key stood still on the
primary meanwhile (WATCH). A key that is written all the time is counted as
changing, and does not count in the exit status.

Compared: types, values by their bytes (scores as numbers), the order of lists,
entries, last ids and groups of streams, and deadlines.
Not compared: consumers and single pending entries of a stream's groups, a
stream's counters, access times. A value is counted as not compared if a side
refuses a command for it, or if it is over --max_reply_bytes.

--repair writes a key only if it can prove that the value is the primary's at
the position that the mirror has reached: it watches the key on both sides, and
the mirror's record. The mirror goes on meanwhile.

In a cluster each slot has a position of its own. The keys of the cluster are
compared as a whole only if no slot moves meanwhile: else the comparison is not
complete.

See docs/verify.md.

Exit status:
  0  equal, or every difference was repaired
  1  an error, with a message: the comparison is not complete. Also Ctrl-C, and
     a mirror that does not move for --timeout
  2  bad usage
  3  different
  4  no difference is left, but keys were not compared
)";

constexpr absl::string_view kName = "kevy_verify";
constexpr int kExitDifferent = 3;
constexpr int kExitPartial = 4;

// Room for the smallest piece of a value, 256 KiB of a string.
constexpr uint64_t kLeastReplyBytes = 1 << 20;

absl::Status CheckFlags() {
  if (absl::GetFlag(FLAGS_primary).empty() ||
      absl::GetFlag(FLAGS_target).empty()) {
    return absl::InvalidArgumentError("--primary and --target must be given");
  }
  const std::string format = absl::GetFlag(FLAGS_format);
  if (format != "text" && format != "json") {
    return absl::InvalidArgumentError("--format must be text or json");
  }
  if (absl::GetFlag(FLAGS_position_key).empty()) {
    return absl::InvalidArgumentError("--position_key must not be empty");
  }
  if (absl::GetFlag(FLAGS_timeout) <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("--timeout must be more than 0");
  }
  if (absl::GetFlag(FLAGS_deadline_tolerance) < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "--deadline_tolerance must not be negative");
  }
  if (absl::GetFlag(FLAGS_max_reply_bytes) < kLeastReplyBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--max_reply_bytes must be ", kLeastReplyBytes, " or more"));
  }
  return absl::OkStatus();
}

// The limit of each wait for a server.
constexpr absl::Duration kServerTimeout = absl::Seconds(10);

TargetReplyLimits LimitsOfFlag() {
  TargetReplyLimits limits;
  limits.whole_bytes = absl::GetFlag(FLAGS_max_reply_bytes);
  limits.brief_bytes = limits.whole_bytes;
  return limits;
}

TargetConnector ConnectorTo(const TargetAddress& address,
                            const std::shared_ptr<Interrupter>& interrupter) {
  return [address, interrupter, limits = LimitsOfFlag()] {
    return RedisLink::Connect(address, interrupter, kServerTimeout, limits);
  };
}

// Sets the target of --target. Errors: bad usage.
absl::Status TakeTarget(const std::shared_ptr<Interrupter>& interrupter,
                        VerifyOptions* options) {
  const std::string flag = absl::GetFlag(FLAGS_target);
  if (!IsClusterAddress(flag)) {
    absl::StatusOr<TargetAddress> target = ParseTargetAddress(flag);
    if (!target.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--target: ", target.status().message()));
    }
    absl::Status status = TakeTargetFlags(&*target);
    options->connect_target = ConnectorTo(*target, interrupter);
    return status;
  }
  absl::StatusOr<ClusterAddress> cluster = ParseClusterAddress(flag);
  if (!cluster.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target: ", cluster.status().message()));
  }
  absl::Status status = TakeTargetFlags(&cluster->login);
  if (!status.ok()) return status;
  if (absl::StrContains(absl::GetFlag(FLAGS_position_key), '{')) {
    return absl::InvalidArgumentError(
        "--position_key must not have a { with a cluster");
  }
  const NodeConnector connect =
      RedisNodeConnector(*cluster, interrupter, kServerTimeout, LimitsOfFlag());
  options->connect_target = [seeds = cluster->seeds, connect] {
    return ClusterLink::Connect(seeds, connect);
  };
  options->progress.is_cluster = true;
  return absl::OkStatus();
}

// The client port of --primary. kInvalidArgument: bad usage.
absl::StatusOr<TargetAddress> PrimaryOfFlag(
    const std::shared_ptr<Interrupter>& interrupter) {
  const std::string flag = absl::GetFlag(FLAGS_primary);
  std::string node = flag;
  if (IsKevyUrl(flag)) {
    LocatePrimaryOptions options;
    options.connect.interrupter = interrupter;
    const absl::StatusOr<Primary> primary = LocatePrimary(flag, options);
    if (!primary.ok()) return primary.status();
    Say(DescribePrimary(*primary));
    node = primary->node;
  }
  const absl::StatusOr<Address> address = ParseAddress(node);
  if (!address.ok()) return address.status();
  TargetAddress result;
  result.server = *address;
  return result;
}

int Run(const CommandLine&) {
  const absl::Status flags = CheckFlags();
  if (!flags.ok()) return BadUsage(flags.message());
  const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
  VerifyOptions options;
  absl::Status status = TakeTarget(interrupter, &options);
  if (!status.ok()) return BadUsage(status.message());
  const absl::StatusOr<TargetAddress> primary = PrimaryOfFlag(interrupter);
  if (absl::IsInvalidArgument(primary.status())) {
    return BadUsage(absl::StrCat("--primary: ", primary.status().message()));
  }
  if (!primary.ok()) return ExitStatusOf(primary.status());

  options.connect_primary = ConnectorTo(*primary, interrupter);
  options.progress.position_key = absl::GetFlag(FLAGS_position_key);
  options.progress.timeout = absl::GetFlag(FLAGS_timeout);
  options.progress.interrupter = interrupter;
  options.shards = absl::GetFlag(FLAGS_shards);
  options.deadline_tolerance = absl::GetFlag(FLAGS_deadline_tolerance);
  options.rate = absl::GetFlag(FLAGS_rate);
  options.repair = absl::GetFlag(FLAGS_repair);
  options.max_differences = absl::GetFlag(FLAGS_max_differences);
  options.log = Say;
  VerifyReport report;
  status = Verify(options, &report);

  Output output(STDOUT_FILENO, interrupter.get());
  const std::string text = absl::GetFlag(FLAGS_format) == "json"
                               ? ReportJson(report)
                               : ReportText(report);
  output.Append(text);
  const absl::Status flushed = output.Flush();
  if (!status.ok()) return ExitStatusOf(status);
  if (!flushed.ok()) return ExitStatusOf(flushed);
  const absl::string_view result = report.result();
  if (result == "different") return kExitDifferent;
  return result == "partial" ? kExitPartial : kExitSuccess;
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {kevy_replica::kName, kevy_replica::kUsage, kevy_replica::kNotes}, argc,
      argv, kevy_replica::Run);
}
