// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Prints the replication stream of a kevy primary. See kUsage.

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kevy_replica/client/feed_position.h"
#include "kevy_replica/client/file_position_store.h"
#include "kevy_replica/client/follower_options.h"
#include "kevy_replica/client/kevy_url.h"
#include "kevy_replica/client/link_options.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/codec/handshake.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/embedded_primary.h"
#include "kevy_replica/tools/common/file_flags.h"
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
#include "kevy_replica/tools/common/reopen_signal.h"
#include "kevy_replica/tools/common/standard_files.h"
#include "kevy_replica/tools/common/stop_signals.h"
#include "kevy_replica/tools/common/tls_flags.h"
#include "kevy_replica/tools/tail/follow.h"
#include "kevy_replica/tools/tail/hook_transport.h"
#include "kevy_replica/tools/tail/output_file.h"
#include "kevy_replica/tools/tail/replay.h"
#include "kevy_replica/tools/tail/snapshot_printer.h"
#include "kevy_replica/tools/tail/tail.h"
#include "kevy_replica/tools/tail/tail_printer.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/secure/keys.h"
#include "kevy_replica/transport/secure/noise_security.h"
#include "kevy_replica/transport/transport.h"

ABSL_FLAG(
    std::string, primary, "",
    "kevy://HOST:PORT[,HOST:PORT...]: the client ports of a primary and its\n"
    "replicas. The tail follows the one that is the primary, with all its\n"
    "shards. Or HOST:PORT, [IPV6]:PORT or unix:PATH: the replication listener\n"
    "of a shard, or of the first one (by default the client port + 10000).\n"
    "It is followed as given: nothing checks its role. A primary that\n"
    "encrypts its replication links has public keys (--key_file):\n"
    "kevy://HOST:PORT,...?key=HEX[&key=HEX...] or kevys://HOST:PORT?key=HEX.");
ABSL_FLAG(
    uint32_t, shards, 0,
    "The number of the primary's shards, on consecutive ports. 0: with\n"
    "kevy:// the number that the primary tells, otherwise 1. With more than\n"
    "one, every line names its shard: \"[3] \" in text, \"shard\":3 in json.");
ABSL_FLAG(bool, once, false,
          "Print one link and exit when it ends, instead of following. A time\n"
          "limit that passes ends it with status 1.");
ABSL_FLAG(
    kevy_replica::StartFlag, from, {},
    "GENERATION:OFFSET: the position to start at, in the form of the `end`\n"
    "event. 0:0 is a fresh start. It is for one shard: with kevy:// give\n"
    "--shards=1. Or now: new writes only, without a snapshot (kevy:// and "
    "kevy\n"
    "2.3 or later). A position in --positions has priority.");
ABSL_FLAG(
    kevy_replica::TailFormat, format, kevy_replica::TailFormat::kText,
    "text (like redis-cli's MONITOR), json (an object a line) or resp (the\n"
    "frames' commands alone, for redis-cli --pipe).");
ABSL_FLAG(kevy_replica::SnapshotMode, snapshot,
          kevy_replica::SnapshotMode::kRecords,
          "records, chunks or skip: print a snapshot's records (with\n"
          "--format=resp the commands that rebuild them), only the lengths of\n"
          "its chunks, or nothing between its begin and its end.");
ABSL_FLAG(bool, acknowledge, false,
          "Acknowledge printed frames. The primary's WAIT then counts this\n"
          "reader as a copy of the data, so only ask for it if the output is\n"
          "one.");
ABSL_FLAG(uint64_t, max_frames, 0,
          "Exit after so many frames of all shards. 0: no limit.");
ABSL_FLAG(
    std::string, positions, "",
    "The file that keeps the positions of the printed frames. The next run\n"
    "continues there.");
ABSL_FLAG(std::string, output, "",
          "The file to append to, instead of standard output. Only its owner\n"
          "can read a file that the tail creates. SIGUSR1 reopens it, after a\n"
          "log rotation.");
ABSL_FLAG(std::string, prometheus, "",
          "The file for metrics in Prometheus's text format, replaced every\n"
          "second.");
ABSL_FLAG(std::string, record, "",
          "The file for all bytes that the primary sends, to --replay them.\n"
          "Overwrites the file. Needs --once. Only its owner can read a file\n"
          "that the tail creates. SIGUSR1 reopens it: both files in a row are\n"
          "then the recording.");
ABSL_FLAG(std::string, replay, "",
          "The recording to read instead of a link; - is standard input. Its\n"
          "first line sets --protocol and --from, unless they are given.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kUsage =
    R"(kevy_tail: prints the replication stream of a kevy primary.

  kevy_tail --primary=kevy://localhost:6004 --format=json

It follows the primary through broken links and to another node, until Ctrl-C.
A plain address, localhost:16004, is one shard: give --shards to follow all
shards of a primary. Without --primary or --replay it plays a recording from an
embedded primary, and exits at its end.

)";

constexpr absl::string_view kNotes = R"(
Restarts:
  With --positions the next run continues at the stored position. A position
  is stored after its frames are written. So a killed tail may print its last
  frames again, to a pipe or a terminal. In a file given by --output each
  frame stands once: the next run truncates the file to the stored position.
  A lock keeps a second tail from the file, and from the positions. To start a
  new file, move the old one away and send SIGUSR1: the next line goes to a new
  file. Or stop the tail, move the file away and create an empty one.

Snapshots as commands:
  With --format=resp each key of a snapshot is deleted and rebuilt. Keys that
  the snapshot lacks stay; the tail says so when a snapshot replaces earlier
  data. It also says which parts of the snapshot commands cannot express.
  Commands about kevy's own state (XINTERNAL.*) are left out.

Monitoring:
  --listen serves the metrics of client/follower_stats.h, and whether the tail
  follows and has caught up. --prometheus writes the metrics to a file.
  docs/operations.md describes them, the log's events and a systemd unit.

Limits:
- Before kevy 5.1 a primary that has lost its data may use an old generation
  again. The tail may then continue in the new history without notice.
- Before kevy 4.0 only a link's first heartbeat names the history. A tail that
  is stopped before it may start over. One that is killed before it may have
  frames of several shards twice in --output. Before 3.14 there are no
  heartbeats, so a new history may go unnoticed.
- Before kevy 4.0 a fresh start may lack the data from before the primary's
  last restart.
- kevy 3.18 and older may lose a shard when a tail is killed, by kill -9 or a
  second Ctrl-C, while writes flow. An end by one signal is safe.
- The stream differs from the primary's data: kevy also streams commands that
  it refused, and leaves out some writes. How much depends on its version.

Exit status:
  0  the end of --once, --replay or the embedded recording; --max_frames;
     Ctrl-C, SIGTERM or SIGHUP (a second one kills); or the reader of the
     output is gone
  1  an error, with a message; with --once also an error of the stream
  2  bad usage, a file that cannot be used, or an address that --listen cannot
     have
)";

constexpr absl::string_view kName = "kevy_tail";

bool Follows() {
  return !absl::GetFlag(FLAGS_primary).empty() && !absl::GetFlag(FLAGS_once);
}

absl::Status CheckPrimary() {
  const std::string primary = absl::GetFlag(FLAGS_primary);
  const StartFlag from = absl::GetFlag(FLAGS_from);
  if (from.start_at == StartAt::kNow && (!Follows() || !IsKevyUrl(primary))) {
    return absl::InvalidArgumentError(
        "--from=now needs --primary=kevy://..., and excludes --once");
  }
  if (primary.empty()) return absl::OkStatus();
  if (IsKevyUrl(primary) && absl::GetFlag(FLAGS_once)) {
    return absl::InvalidArgumentError(
        "--once needs one shard in --primary: HOST:PORT or kevys://HOST:PORT");
  }
  const uint32_t shards = absl::GetFlag(FLAGS_shards);
  // A kevy:// URL may have any number of shards.
  if ((shards > 1 || (shards == 0 && IsKevyUrl(primary))) &&
      from.position != FeedPosition()) {
    return absl::InvalidArgumentError(
        "--from is for one shard: give --shards=1, or keep positions of "
        "several "
        "in --positions");
  }
  return CheckPrimaryFlags(primary, shards);
}

// Checks the flags that need --once, and those that need its absence.
absl::Status CheckFollowing(const CommandLine& command_line) {
  if (Follows()) {
    return absl::GetFlag(FLAGS_record).empty()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "--record needs --once: a recording holds one link");
  }
  for (const char* name :
       {"positions", "prometheus", "shards", "heartbeat_timeout", "listen"}) {
    if (command_line.given.count(name) != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " needs --primary, and excludes --once"));
    }
  }
  return absl::OkStatus();
}

// Checks that the flags name different files, since one would overwrite or
// truncate the other.
absl::Status CheckFiles() {
  const std::string replay = absl::GetFlag(FLAGS_replay);
  return CheckFilesDiffer(
      {{"--positions", absl::GetFlag(FLAGS_positions), /*is_store=*/true},
       {"--output", absl::GetFlag(FLAGS_output)},
       {"--prometheus", absl::GetFlag(FLAGS_prometheus)},
       {"--record", absl::GetFlag(FLAGS_record)},
       {"--replay", replay == "-" ? "" : replay}});
}

absl::Status CheckFlags(const CommandLine& command_line) {
  const std::string primary = absl::GetFlag(FLAGS_primary);
  const bool replays = !absl::GetFlag(FLAGS_replay).empty();
  if (replays && !primary.empty()) {
    return absl::InvalidArgumentError(
        "--primary and --replay exclude each other");
  }
  if (replays && command_line.given.count("key_file") != 0) {
    return absl::InvalidArgumentError(
        "--key_file and --replay exclude each other: a recording is plain");
  }
  if (replays && !absl::GetFlag(FLAGS_record).empty()) {
    return absl::InvalidArgumentError(
        "--record and --replay exclude each other");
  }
  if (absl::GetFlag(FLAGS_snapshot) == SnapshotMode::kChunks &&
      absl::GetFlag(FLAGS_format) == TailFormat::kResp) {
    return absl::InvalidArgumentError(
        "--snapshot=chunks has no form in --format=resp");
  }
  absl::Status status = CheckLinkFlags();
  if (status.ok()) status = CheckFollowing(command_line);
  if (status.ok()) status = CheckPrimary();
  if (status.ok()) status = CheckTlsFlags(primary);
  if (status.ok()) status = CheckFiles();
  if (status.ok() && absl::GetFlag(FLAGS_output).empty()) {
    status = CheckStandardOutput("--output");
  }
  return status;
}

int BadOutput(const absl::Status& status) {
  return BadUsage(absl::StrCat("--output: ", status.message()));
}

// A file of --output or --record, which a log rotation may replace.
class RotatedFile {
 public:
  RotatedFile(std::unique_ptr<OutputFile> file, const Interrupter* interrupter,
              absl::string_view name)
      : file_(std::move(file)), output_(file_->fd(), interrupter, name) {}

  OutputFile* file() { return file_.get(); }
  Output* output() { return &output_; }

  // Reopens the file if a signal has asked for it. With `store`, stores the new
  // mark.
  absl::Status ReopenIfAsked(OutputPositionStore* store = nullptr) {
    if (!requests_.Take()) return absl::OkStatus();
    return store == nullptr ? file_->Reopen() : store->Reopen();
  }

 private:
  const std::unique_ptr<OutputFile> file_;
  Output output_;
  ReopenRequests requests_;
};

// Opens the file of a flag. Null: the flag was not given.
absl::StatusOr<std::unique_ptr<RotatedFile>> OpenFile(
    const std::string& path, const Interrupter* interrupter,
    absl::string_view name) {
  if (path.empty()) return nullptr;
  absl::StatusOr<std::unique_ptr<OutputFile>> file = OutputFile::Open(path);
  if (!file.ok()) return file.status();
  return std::make_unique<RotatedFile>(*std::move(file), interrupter, name);
}

// Records the bytes of `transport` to `record`, from the file's beginning on.
absl::StatusOr<std::unique_ptr<Transport>> Recorded(
    std::unique_ptr<Transport> transport, RotatedFile* record) {
  absl::Status status = record->file()->Empty();
  if (!status.ok()) return status;
  return std::make_unique<HookTransport>(
      std::move(transport), /*before_wait=*/nullptr,
      [record](absl::string_view bytes) {
        absl::Status written = record->ReopenIfAsked();
        if (!written.ok()) return written;
        record->output()->Append(bytes);
        return record->output()->Flush();
      });
}

// The exit status of a stream that was printed to `output`, and recorded to
// `record` unless that is null.
int StreamExitStatus(absl::Status status, const Output& output,
                     RotatedFile* record) {
  if (status.ok() || absl::IsCancelled(status)) return kExitSuccess;
  if (record != nullptr && !record->output()->status().ok()) {
    return ExitStatusOf(record->output()->status());
  }
  // Only an error of the stream has a recommended action.
  Say({LogLevel::kError, "stream_failed",
       output.status().ok() ? DescribeForTail(status)
                            : std::string(status.message())});
  return kExitError;
}

// Opens the recording as a link. Sets the protocol and the position of the
// handshake by the answer at its beginning.
absl::StatusOr<std::unique_ptr<Transport>> ReplayTo(
    ReplicaClientOptions* client, const CommandLine& command_line) {
  absl::StatusOr<Replay> opened =
      OpenReplay(absl::GetFlag(FLAGS_replay), client->connect.interrupter);
  if (!opened.ok()) return opened.status();
  const HandshakeAnswer answer = opened->answer.value_or(HandshakeAnswer());
  // kAuto would want a second link to try the other protocol on.
  if (client->link.protocol == ProtocolChoice::kAuto) {
    client->link.protocol = answer.protocol == Protocol::kV1
                                ? ProtocolChoice::kV1
                                : ProtocolChoice::kV2;
  }
  if (command_line.given.count("from") == 0) {
    client->from = {answer.generation, answer.offset};
  }
  return std::move(opened->transport);
}

TailOptions OnceOptions(const std::shared_ptr<Interrupter>& interrupter) {
  TailOptions options;
  options.client.connect.interrupter = interrupter;
  options.client.link = LinkOptionsOfFlags();
  // A single link waits as long as it takes.
  options.client.link.heartbeat_timeout = absl::InfiniteDuration();
  options.client.from = absl::GetFlag(FLAGS_from).position;
  options.format = absl::GetFlag(FLAGS_format);
  options.snapshot = absl::GetFlag(FLAGS_snapshot);
  options.ack = absl::GetFlag(FLAGS_acknowledge);
  options.max_frames = absl::GetFlag(FLAGS_max_frames);
  options.status_line = HasStatusLine();
  return options;
}

// Prints one link. `key` as KeyOfFlag() returns it.
int RunOnce(const CommandLine& command_line,
            const std::shared_ptr<const PrivateKey>& key,
            const std::shared_ptr<Interrupter>& interrupter) {
  TailOptions options = OnceOptions(interrupter);
  options.client.secure = key != nullptr
                              ? NoiseSecurity(key)
                              : TlsOfFlags(absl::GetFlag(FLAGS_primary));
  std::unique_ptr<Transport> replay;
  if (!absl::GetFlag(FLAGS_replay).empty()) {
    absl::StatusOr<std::unique_ptr<Transport>> opened =
        ReplayTo(&options.client, command_line);
    if (absl::IsCancelled(opened.status())) return kExitSuccess;
    if (!opened.ok()) {
      return BadUsage(absl::StrCat("--replay: ", opened.status().message()));
    }
    replay = *std::move(opened);
  }
  const absl::StatusOr<std::unique_ptr<RotatedFile>> record =
      OpenFile(absl::GetFlag(FLAGS_record), interrupter.get(), "the recording");
  if (!record.ok()) {
    return BadUsage(absl::StrCat("--record: ", record.status().message()));
  }
  const absl::StatusOr<std::unique_ptr<RotatedFile>> file =
      OpenFile(absl::GetFlag(FLAGS_output), interrupter.get(), "the output");
  if (!file.ok()) return BadOutput(file.status());
  Output standard_output(STDOUT_FILENO, interrupter.get());
  Output* const output =
      *file == nullptr ? &standard_output : (*file)->output();
  if (*file != nullptr) {
    options.before_flush = [&file] { return (*file)->ReopenIfAsked(); };
  }
  const ReaderWatch watch(
      *file == nullptr ? STDOUT_FILENO : (*file)->file()->fd(), RequestStop);
  if (replay != nullptr) {
    return StreamExitStatus(Tail(std::move(replay), options, output), *output,
                            /*record=*/nullptr);
  }

  ScriptedPrimary embedded_primary;
  std::string address = absl::GetFlag(FLAGS_primary);
  if (address.empty()) {
    absl::StatusOr<std::string> started = StartEmbeddedPrimary(
        key == nullptr ? nullptr : &key->public_key(), &embedded_primary);
    if (!started.ok()) return ExitStatusOf(started.status());
    address = *std::move(started);
  }
  if (*record != nullptr) {
    options.wrap = [&record](std::unique_ptr<Transport> transport) {
      return Recorded(std::move(transport), record->get());
    };
  }
  return StreamExitStatus(Tail(address, options, output), *output,
                          record->get());
}

// The position store, and the output file truncated to the stored mark.
struct Kept {
  std::unique_ptr<FilePositionStore> positions;  // Null: no --positions.
  std::unique_ptr<RotatedFile> file;             // Null: standard output.
};

// Returns nothing after an error, which it has reported.
std::optional<Kept> OpenKept(const Interrupter* interrupter) {
  Kept kept;
  std::optional<FeedPosition> mark;
  const std::string positions = absl::GetFlag(FLAGS_positions);
  if (!positions.empty()) {
    absl::StatusOr<std::unique_ptr<FilePositionStore>> store =
        FilePositionStore::Open(positions);
    if (!store.ok()) {
      BadUsage(absl::StrCat("--positions: ", store.status().message()));
      return std::nullopt;
    }
    kept.positions = *std::move(store);
    // Cannot fail: the name is valid and Open() has read the file.
    mark =
        kept.positions->Load(OutputPositionStore::kName).value_or(std::nullopt);
  }
  const std::string path = absl::GetFlag(FLAGS_output);
  if (path.empty()) {
    // The earlier output file will lack the frames that go to standard output
    // now. A mark of length 0 prevents that a later run continues in it.
    if (mark.has_value()) {
      const absl::Status status =
          kept.positions->Store({{OutputPositionStore::kName, FeedPosition()}});
      if (!status.ok()) {
        BadUsage(absl::StrCat("--positions: ", status.message()));
        return std::nullopt;
      }
    }
    return kept;
  }
  absl::StatusOr<std::unique_ptr<OutputFile>> file =
      positions.empty() ? OutputFile::Open(path)
                        : OutputFile::Resume(path, mark);
  if (!file.ok()) {
    BadOutput(file.status());
    return std::nullopt;
  }
  kept.file = std::make_unique<RotatedFile>(*std::move(file), interrupter,
                                            "the output");
  if (mark.has_value() && mark->next_offset > 0 && kept.file->file()->empty()) {
    Say({LogLevel::kWarning, "output_restarted",
         absl::StrCat(path, " is empty: starting over in it, without the ",
                      mark->next_offset, " bytes that were printed before")});
  }
  return kept;
}

FollowOptions FollowOptionsOfFlags(ChosenPrimary primary) {
  FollowOptions options;
  options.primary = std::move(primary);
  options.fleet.link = LinkOptionsOfFlags();
  options.fleet.from = absl::GetFlag(FLAGS_from).position;
  options.fleet.start_at = absl::GetFlag(FLAGS_from).start_at;
  options.fleet.acknowledge = absl::GetFlag(FLAGS_acknowledge);
  // Store as often as possible, so that a killed tail prints few frames again.
  options.fleet.store.interval = absl::ZeroDuration();
  options.format = absl::GetFlag(FLAGS_format);
  options.snapshot = absl::GetFlag(FLAGS_snapshot);
  options.max_frames = absl::GetFlag(FLAGS_max_frames);
  options.prometheus = absl::GetFlag(FLAGS_prometheus);
  options.status_line = HasStatusLine();
  return options;
}

int RunFollowing(const std::shared_ptr<const PrivateKey>& key,
                 const std::shared_ptr<Interrupter>& interrupter) {
  const std::optional<Kept> kept = OpenKept(interrupter.get());
  if (!kept.has_value()) return kExitBadUsage;
  const absl::Status metrics =
      MetricsFile(absl::GetFlag(FLAGS_prometheus)).Create();
  if (!metrics.ok()) return BadUsage(metrics.message());
  const absl::StatusOr<MonitorOfFlags> monitor = StartMonitorOfFlags();
  if (!monitor.ok()) return BadUsage(monitor.status().message());
  absl::StatusOr<ChosenPrimary> primary = ChoosePrimary(
      absl::GetFlag(FLAGS_primary), absl::GetFlag(FLAGS_shards), interrupter);
  if (absl::IsCancelled(primary.status())) return kExitSuccess;
  if (!primary.ok()) return ExitStatusOf(primary.status());
  FollowOptions options = FollowOptionsOfFlags(*std::move(primary));
  options.fleet.secure = key != nullptr
                             ? NoiseSecurity(key)
                             : TlsOfFlags(absl::GetFlag(FLAGS_primary));
  Output standard_output(STDOUT_FILENO, interrupter.get());
  RotatedFile* const file = kept->file.get();
  Output* const output = file == nullptr ? &standard_output : file->output();
  options.monitor = monitor->monitor.get();
  options.fleet.store.positions = kept->positions.get();
  std::optional<OutputPositionStore> with_output;
  if (kept->positions != nullptr && file != nullptr) {
    with_output.emplace(kept->positions.get(), file->file(), output);
    options.fleet.store.positions = &*with_output;
    // Marks the present contents, so that the next run keeps them.
    const absl::Status status = with_output->Store({});
    if (!status.ok()) return BadUsage(status.message());
  }
  if (file != nullptr) {
    options.before_print = [file, &with_output] {
      return file->ReopenIfAsked(with_output.has_value() ? &*with_output
                                                         : nullptr);
    };
  }
  absl::Status status;
  {
    const ReaderWatch watch(
        file == nullptr ? STDOUT_FILENO : file->file()->fd(), RequestStop);
    status = Follow(options, output);
  }
  // Marks the end lines too.
  if (status.ok() && output->status().ok() && with_output.has_value()) {
    status = with_output->Store({});
  }
  // Follow() has described each link's end with its action.
  return ExitStatusOf(status);
}

int Run(const CommandLine& command_line) {
  const absl::Status flags = CheckFlags(command_line);
  if (!flags.ok()) return BadUsage(flags.message());
  const absl::StatusOr<std::shared_ptr<const PrivateKey>> key =
      KeyOfFlag(absl::GetFlag(FLAGS_primary));
  if (!key.ok()) return BadUsage(key.status().message());
  const std::shared_ptr<Interrupter> interrupter = HandleStopSignals();
  HandleReopenSignal();
  return Follows() ? RunFollowing(*key, interrupter)
                   : RunOnce(command_line, *key, interrupter);
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {kevy_replica::kName, kevy_replica::kUsage, kevy_replica::kNotes}, argc,
      argv, kevy_replica::Run);
}
