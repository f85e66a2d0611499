// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Applies the stream of a kevy primary to a Valkey or Redis server. See kUsage.

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kevy_replica/client/kevy_version.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/embedded_primary.h"
#include "kevy_replica/tools/common/flags.h"
#include "kevy_replica/tools/common/key_flag.h"
#include "kevy_replica/tools/common/link_flags.h"
#include "kevy_replica/tools/common/log.h"
#include "kevy_replica/tools/common/monitor_flags.h"
#include "kevy_replica/tools/common/output.h"
#include "kevy_replica/tools/common/primary_flags.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/tools/common/progress.h"
#include "kevy_replica/tools/common/reader_watch.h"
#include "kevy_replica/tools/common/standard_files.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/common/tls_flags.h"
#include "kevy_replica/tools/mirror/cluster/cluster_address.h"
#include "kevy_replica/tools/mirror/cluster/cluster_target.h"
#include "kevy_replica/tools/mirror/cluster/explain_cluster.h"
#include "kevy_replica/tools/mirror/cluster/node_connector.h"
#include "kevy_replica/tools/mirror/explain.h"
#include "kevy_replica/tools/mirror/mirror.h"
#include "kevy_replica/tools/mirror/mirror_state.h"
#include "kevy_replica/tools/mirror/mirror_target.h"
#include "kevy_replica/tools/mirror/printing_link.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/reply_reader.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_flags.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"

ABSL_FLAG(
    std::string, primary, "",
    "kevy://HOST:PORT[,HOST:PORT...]: the client ports of a primary and its\n"
    "replicas. The mirror follows the one that is the primary, with all its\n"
    "shards. Or HOST:PORT, [IPV6]:PORT or unix:PATH: the replication listener\n"
    "of the first shard (by default the client port + 10000). It is followed\n"
    "as given: nothing checks its role. A primary that encrypts its\n"
    "replication links has public keys (--key_file):\n"
    "kevy://HOST:PORT,...?key=HEX[&key=HEX...] or kevys://HOST:PORT?key=HEX.");
ABSL_FLAG(
    uint32_t, shards, 0,
    "The number of the primary's shards, on consecutive ports. 0: with\n"
    "kevy:// the number that the primary tells, otherwise 1. They share the\n"
    "target's database. If one of them needs a new snapshot, all are loaded\n"
    "again.");
ABSL_FLAG(
    std::string, target, "",
    "redis://[USER@]HOST[:PORT][/DB], the same with rediss:// for TLS, or\n"
    "unix:/PATH[?db=DB], by default port 6379 and database 0. A password in\n"
    "it, as in redis://USER:PASSWORD@HOST, shows in the list of processes.\n"
    "redis+cluster://[USER@]HOST:PORT[,HOST:PORT...] is a Redis Cluster or\n"
    "Valkey Cluster, by some of its nodes; rediss+cluster:// for TLS.");
ABSL_FLAG(std::string, position_key, "kevy_mirror",
          "The key in the target for the mirror's own record.");
ABSL_FLAG(bool, replace, false,
          "Replace the data of the target's database, if another program has\n"
          "written it or a command was rejected.");
ABSL_FLAG(
    kevy_replica::OnReject, on_reject, kevy_replica::OnReject::kPass,
    "pass, stop or skip. pass: pass over commands that do not fit the\n"
    "data, since the primary has refused them as well, and stop at those\n"
    "that the target cannot do. stop: stop at both. skip: pass over\n"
    "both.");
ABSL_FLAG(
    std::string, reload, "in_place",
    "in_place or swap, if the primary sends a snapshot. in_place: empty the\n"
    "database and load; readers see a part of the data meanwhile. swap: load\n"
    "into --swap_database and exchange the two when all shards are loaded;\n"
    "readers see the old data meanwhile, and the target needs memory for\n"
    "both. Not on a cluster.");
ABSL_FLAG(
    int32_t, swap_database, -1,
    "The target's database for --reload=swap, for this mirror alone. It must\n"
    "be empty; data that an earlier run has left there is deleted.");
ABSL_FLAG(
    kevy_replica::OnLostTarget, on_lost_target,
    kevy_replica::OnLostTarget::kStop,
    "stop or reload, if the target comes back without the mirror's record, as\n"
    "an empty server, while the mirror runs. reload: load everything again.");
ABSL_FLAG(
    kevy_replica::KevyVersion, primary_version, kevy_replica::kAssumedVersion,
    "The primary's version, by which commands are dropped and rewritten: see\n"
    "docs/guide.md. Without the flag, kevy:// asks the primary. The default\n"
    "is the newest version that was observed.");
ABSL_FLAG(
    std::string, scripts, "refuse",
    "refuse or allow: pass EVAL on. Danger: a script can empty or change\n"
    "all databases of the target, and can hang it.");
ABSL_FLAG(uint32_t, batch, 1000, "The most commands in one transaction.");
ABSL_FLAG(bool, explain, false,
          "Ask both sides, print the mirror's plan, and end. Changes nothing.");
ABSL_FLAG(bool, dry_run, false,
          "Print the commands as RESP, and leave the target alone.");
ABSL_FLAG(std::string, prometheus, "",
          "The file for metrics in Prometheus's text format, replaced every\n"
          "second.");
namespace kevy_replica {

constexpr FlagName<OnReject> kOnRejectNames[] = {{OnReject::kPass, "pass"},
                                                 {OnReject::kStop, "stop"},
                                                 {OnReject::kSkip, "skip"}};

// The form of --on_reject.
bool AbslParseFlag(absl::string_view text, OnReject* on_reject,
                   std::string* error) {
  return ParseFlagName(kOnRejectNames, text, on_reject, error);
}
std::string AbslUnparseFlag(OnReject on_reject) {
  return UnparseFlagName(kOnRejectNames, on_reject);
}

constexpr FlagName<OnLostTarget> kOnLostTargetNames[] = {
    {OnLostTarget::kStop, "stop"}, {OnLostTarget::kReload, "reload"}};

// The form of --on_lost_target.
bool AbslParseFlag(absl::string_view text, OnLostTarget* on_lost_target,
                   std::string* error) {
  return ParseFlagName(kOnLostTargetNames, text, on_lost_target, error);
}
std::string AbslUnparseFlag(OnLostTarget on_lost_target) {
  return UnparseFlagName(kOnLostTargetNames, on_lost_target);
}

// The form of --primary_version: "5.4.0".
bool AbslParseFlag(absl::string_view text, KevyVersion* version,
                   std::string* error) {
  const std::optional<KevyVersion> parsed = ParseKevyVersion(text);
  if (!parsed.has_value()) {
    *error = "must have the form 5.4.0";
    return false;
  }
  *version = *parsed;
  return true;
}
std::string AbslUnparseFlag(const KevyVersion& version) {
  std::string text;
  AppendText(version, &text);
  return text;
}

namespace {

constexpr absl::string_view kUsage =
    R"(kevy_mirror: applies the replication stream of a kevy primary to a Valkey
or Redis server, or to a cluster of them.

  kevy_mirror --primary=kevy://localhost:6004 --target=redis://localhost/1

It loads the primary's snapshots and applies its writes, until Ctrl-C. A plain
address, localhost:16004, is one shard: give --shards to mirror all shards of a
primary. Without --target it prints the commands, a line each. Without --primary
and --target it plays a recording and exits at its end.

)";

constexpr absl::string_view kNotes = R"(
Restarts:
  A transaction brings frames and the position after them to the target. The
  next run reads the position there and continues, so it applies each received
  frame once.

Reloads:
  If one of several shards needs a snapshot, all are loaded again: a key does
  not tell its shard. --reload=swap keeps the old data for readers until all
  shards are loaded, and exchanges the databases with the positions, in one
  transaction. A mirror that is killed meanwhile continues from the old data,
  and its next run deletes the unfinished copy. If memory for both copies is
  missing, the mirror waits, and readers keep the old data. kevy before
  3.14 sends no heartbeats: a history that it streams without a snapshot is
  never swapped in.

Deadlines that have passed:
  A mirror that is behind meets deadlines that have passed. A later write to
  such a key counts as one before the deadline: the key stays for it, for at
  most 10 minutes, and expires when the mirror has caught up, 10 seconds behind
  the deadline at the earliest. A write that the primary made to a new key of
  that name is lost then. Both count as kevy_mirror_uncertain_total. With a
  target before Redis 7.0 the key stays for the 10 minutes.

A target that has changed:
  The mirror reads its record after each reconnect, before it writes. A target
  that went back, to a replica that lagged say, is continued from the position
  in its record. If the primary's backlog lacks that position, a snapshot
  follows. A target that came back without the record ends the mirror
  (--on_lost_target=stop), or is loaded again. A mirror that starts on an empty
  database always loads everything. A target that is READONLY, MASTERDOWN or
  LOADING is waited for.

A cluster:
  Each slot has a key with its position, which is written in one transaction
  with the slot's frames. So the mirror applies each frame once for each slot,
  through deaths of nodes, failovers and resharding. A slot that no node serves
  stalls the mirror. Frames on keys of several slots are split or rewritten
  where that is exact; others, as XREADGROUP on streams of several slots, stop
  it. --explain lists them. A new snapshot deletes all keys of the cluster.
  docs/cluster.md tells more.

Rejected commands:
  kevy streams commands that it has refused, too. If the target refuses one as
  well (wrong type, say), it changes nothing on either side: it is counted and
  passed over. A command that the target cannot do (unknown, without permission,
  a script) would leave a difference: the mirror stops, or passes it over with
  --on_reject=skip. It stops in front of a command that it does not send. If
  the target rejects a command that was sent, the stored position is past it:
  the next run refuses to start without --on_reject=skip or --replace. If the
  target is in trouble (OOM, READONLY, LOADING), the mirror waits. If the
  connection to the target breaks between a transaction and its replies, the
  rejections in it are not counted.

Metrics (--prometheus, --listen):
  Those of client/follower_stats.h, each with the label shard, and the counters
  kevy_mirror_snapshot_bytes_total, kevy_mirror_records_total,
  kevy_mirror_transactions_total, kevy_mirror_target_connects_total,
  kevy_mirror_untold_transactions_total (replies lost, with the connection or
  a killed mirror),
  the gauge kevy_mirror_target_up, and three counters with the labels class and
  name (a command, or a part of a snapshot): kevy_mirror_passed_over_total
  (classes data, unable, ignored, lost, item, memory),
  kevy_mirror_uncertain_total and kevy_mirror_target_waits_total (trouble with
  the error's code, connection).
  docs/operations.md lists them all.

Limits:
- The copy can differ from the primary. kevy also streams commands that it
  refused, leaves out some writes, and expires keys by its own clock. How much
  depends on its version.
- Before kevy 4.0 a fresh mirror may miss writes from before the primary's last
  restart, because the primary then sends no snapshot.
- kevy 3.18 and older may lose a shard when a mirror is killed, by kill -9 or a
  second Ctrl-C, while writes flow. An end by one signal is safe.
- Before kevy 5.1 a primary that has lost its data may use an old generation
  again. The mirror may then continue in the new history without notice.
- Before kevy 4.0 only a link's first heartbeat names the history. A mirror that
  is killed before it may not notice a new one. Before 3.14 there are no
  heartbeats.

Exit status:
  0  Ctrl-C, SIGTERM or SIGHUP (a second one kills), the recording's end, or
     the reader of printed commands is gone
  1  an error, with a message
  2  bad usage, a metrics file that cannot be created, or an address that
     --listen cannot have
)";

constexpr absl::string_view kName = "kevy_mirror";

// Whether the commands go to standard output.
bool Prints() {
  return absl::GetFlag(FLAGS_dry_run) || absl::GetFlag(FLAGS_target).empty();
}

absl::Status CheckClusterFlags() {
  if (absl::GetFlag(FLAGS_reload) == "swap") {
    return absl::InvalidArgumentError(
        "--reload=swap needs several databases, and a cluster has one");
  }
  if (absl::GetFlag(FLAGS_scripts) == "allow") {
    return absl::InvalidArgumentError(
        "--scripts=allow is not for a cluster: a script's keys have no slot");
  }
  if (absl::StrContains(absl::GetFlag(FLAGS_position_key), '{')) {
    return absl::InvalidArgumentError(
        "--position_key must not have a { in a cluster: the mirror appends a "
        "hash tag for each slot");
  }
  return absl::OkStatus();
}

absl::Status CheckFlags(const CommandLine& command_line) {
  const std::string scripts = absl::GetFlag(FLAGS_scripts);
  if (scripts != "refuse" && scripts != "allow") {
    return absl::InvalidArgumentError("--scripts must be refuse or allow");
  }
  if (command_line.given.count("shards") != 0 &&
      absl::GetFlag(FLAGS_primary).empty()) {
    return absl::InvalidArgumentError("--shards needs --primary");
  }
  const std::string reload = absl::GetFlag(FLAGS_reload);
  if (reload != "in_place" && reload != "swap") {
    return absl::InvalidArgumentError("--reload must be in_place or swap");
  }
  const bool has_spare = absl::GetFlag(FLAGS_swap_database) >= 0;
  if (has_spare != (reload == "swap")) {
    return absl::InvalidArgumentError(
        "--reload=swap and --swap_database need each other");
  }
  if (has_spare && Prints()) {
    return absl::InvalidArgumentError(
        "--reload=swap needs --target, without --dry_run");
  }
  if (absl::GetFlag(FLAGS_batch) == 0) {
    return absl::InvalidArgumentError("--batch must be more than 0");
  }
  if (absl::GetFlag(FLAGS_position_key).empty()) {
    return absl::InvalidArgumentError("--position_key must not be empty");
  }
  if (absl::GetFlag(FLAGS_primary).empty() &&
      !absl::GetFlag(FLAGS_target).empty()) {
    // The recording would replace the target's data.
    return absl::InvalidArgumentError("--target needs --primary");
  }
  if (Prints()) {
    const absl::Status status = CheckStandardOutput("--target");
    if (!status.ok()) return status;
  }
  if (IsClusterAddress(absl::GetFlag(FLAGS_target))) {
    const absl::Status status = CheckClusterFlags();
    if (!status.ok()) return status;
  }
  if (absl::GetFlag(FLAGS_explain) && Prints()) {
    return absl::InvalidArgumentError("--explain needs --target");
  }
  if (!absl::GetFlag(FLAGS_primary).empty()) {
    const absl::Status status = CheckPrimaryFlags(absl::GetFlag(FLAGS_primary),
                                                  absl::GetFlag(FLAGS_shards));
    if (!status.ok()) return status;
  }
  const absl::Status tls = CheckTlsFlags(absl::GetFlag(FLAGS_primary));
  return tls.ok() ? CheckLinkFlags() : tls;
}

MirrorRunOptions OptionsOfFlags(const CommandLine& command_line) {
  MirrorRunOptions options;
  options.mirror.position_key = absl::GetFlag(FLAGS_position_key);
  options.mirror.replace = absl::GetFlag(FLAGS_replace);
  options.mirror.on_reject = absl::GetFlag(FLAGS_on_reject);
  options.mirror.on_lost_target = absl::GetFlag(FLAGS_on_lost_target);
  if (command_line.given.count("primary_version") != 0) {
    options.mirror.primary_version = absl::GetFlag(FLAGS_primary_version);
  }
  options.mirror.scripts = absl::GetFlag(FLAGS_scripts) == "allow";
  options.mirror.print_only =
      absl::GetFlag(FLAGS_dry_run) || absl::GetFlag(FLAGS_target).empty();
  options.mirror.max_batch = absl::GetFlag(FLAGS_batch);
  options.mirror.now_ms = [] {
    return static_cast<uint64_t>(absl::ToUnixMillis(absl::Now()));
  };
  options.mirror.log = Say;
  options.fleet.link = LinkOptionsOfFlags();
  options.mirror.limits = options.fleet.link.limits;
  options.prometheus = absl::GetFlag(FLAGS_prometheus);
  options.status_line = HasStatusLine();
  return options;
}

// Connects to --target, or prints its commands to `output`. Sets `*mirror`'s
// databases.
absl::StatusOr<TargetConnector> ConnectorOfFlags(
    const std::shared_ptr<Interrupter>& interrupter, Output* output,
    MirrorOptions* mirror) {
  if (Prints()) {
    const PrintingLink::Format format = absl::GetFlag(FLAGS_dry_run)
                                            ? PrintingLink::Format::kResp
                                            : PrintingLink::Format::kText;
    return [format, output] {
      return std::make_unique<PrintingLink>(format, output);
    };
  }
  absl::StatusOr<TargetAddress> address =
      ParseTargetAddress(absl::GetFlag(FLAGS_target));
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target: ", address.status().message()));
  }
  mirror->database = address->database;
  const int32_t spare = absl::GetFlag(FLAGS_swap_database);
  if (spare >= 0) mirror->swap_database = static_cast<uint32_t>(spare);
  if (mirror->swap_database == mirror->database) {
    return absl::InvalidArgumentError(
        "--swap_database must not be the database of --target");
  }
  absl::Status status = TakeTargetFlags(&*address);
  if (!status.ok()) return status;
  return [address = *address, interrupter] {
    return RedisLink::Connect(address, interrupter);
  };
}

// Makes --target, a cluster, the target of `*options`.
absl::Status TakeCluster(MirrorRunOptions* options) {
  absl::StatusOr<ClusterAddress> address =
      ParseClusterAddress(absl::GetFlag(FLAGS_target));
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--target: ", address.status().message()));
  }
  const absl::Status status = TakeTargetFlags(&address->login);
  if (!status.ok()) return status;
  ClusterTarget::Where where;
  where.seeds = address->seeds;
  // A value travels whole in a reply if its key moves to another slot.
  TargetReplyLimits limits;
  limits.whole_bytes = limits.brief_bytes;
  where.connect = RedisNodeConnector(*address, options->interrupter,
                                     absl::Seconds(10), limits);
  where.sleep = [interrupter = options->interrupter](absl::Duration timeout) {
    return interrupter->Sleep(timeout);
  };
  options->open =
      [where](
          const MirrorOptions& mirror, MirrorCounters* counters,
          MirrorState* state) -> absl::StatusOr<std::unique_ptr<MirrorTarget>> {
    return ClusterTarget::Open(where, mirror, counters, state);
  };
  options->explain = [where, options](std::string* text) {
    return ExplainCluster(where, options->mirror, text);
  };
  return absl::OkStatus();
}

int Run(const CommandLine& command_line) {
  const absl::Status flags = CheckFlags(command_line);
  if (!flags.ok()) return BadUsage(flags.message());
  const absl::StatusOr<std::shared_ptr<const PrivateKey>> key =
      KeyOfFlag(absl::GetFlag(FLAGS_primary));
  if (!key.ok()) return BadUsage(key.status().message());
  MirrorRunOptions options = OptionsOfFlags(command_line);
  options.fleet.secure = *key != nullptr
                             ? NoiseSecurity(*key)
                             : TlsOfFlags(absl::GetFlag(FLAGS_primary));
  options.interrupter = HandleStopSignals();
  Output output(STDOUT_FILENO, options.interrupter.get());
  if (!Prints() && IsClusterAddress(absl::GetFlag(FLAGS_target))) {
    const absl::Status taken = TakeCluster(&options);
    if (!taken.ok()) return BadUsage(taken.message());
  } else {
    absl::StatusOr<TargetConnector> connect =
        ConnectorOfFlags(options.interrupter, &output, &options.mirror);
    if (!connect.ok()) return BadUsage(connect.status().message());
    options.connect = *std::move(connect);
  }
  if (options.mirror.scripts && !options.mirror.print_only) {
    Say({LogLevel::kWarning, "scripts_allowed",
         "danger: with --scripts=allow, whoever may write to the primary can "
         "empty, change or hang all databases of the target"});
  }

  absl::StatusOr<MonitorOfFlags> monitor = MonitorOfFlags();
  // A mirror with the same flags may be running.
  if (!absl::GetFlag(FLAGS_explain)) monitor = StartMonitorOfFlags();
  if (!monitor.ok()) return BadUsage(monitor.status().message());
  options.monitor = monitor->monitor.get();
  ScriptedPrimary embedded_primary;
  if (absl::GetFlag(FLAGS_primary).empty()) {
    absl::StatusOr<std::string> address = StartEmbeddedPrimary(
        *key == nullptr ? nullptr : &(*key)->public_key(), &embedded_primary);
    if (!address.ok()) return ExitStatusOf(address.status());
    options.addresses = {*std::move(address)};
    options.once = true;
  } else {
    absl::StatusOr<ChosenPrimary> primary = ChoosePrimary(
        absl::GetFlag(FLAGS_primary), absl::GetFlag(FLAGS_shards),
        options.interrupter,
        options.mirror.primary_version.has_value()
            ? ""
            : AbslUnparseFlag(absl::GetFlag(FLAGS_primary_version)));
    if (absl::IsCancelled(primary.status())) return kExitSuccess;
    if (!primary.ok()) return ExitStatusOf(primary.status());
    options.addresses = std::move(primary->addresses);
    options.mirror.shards = primary->shards;
  }
  if (absl::GetFlag(FLAGS_explain)) {
    std::string text;
    const absl::Status status = Explain(options, &text);
    output.Append(text);
    const absl::Status flushed = output.Flush();
    return ExitStatusOf(status.ok() ? flushed : status);
  }
  const absl::Status metrics = MetricsFile(options.prometheus).Create();
  if (!metrics.ok()) return BadUsage(metrics.message());
  std::optional<ReaderWatch> watch;
  if (Prints()) watch.emplace(STDOUT_FILENO, RequestStop);
  return ExitStatusOf(RunMirror(options));
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {kevy_replica::kName, kevy_replica::kUsage, kevy_replica::kNotes}, argc,
      argv, kevy_replica::Run);
}
