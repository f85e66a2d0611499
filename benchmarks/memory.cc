// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The memory that kevy_tail takes, as a Markdown table.

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kevy_replica/benchmarks/memory_primary.h"
#include "kevy_replica/benchmarks/memory_process.h"
#include "kevy_replica/benchmarks/memory_workload.h"
#include "kevy_replica/benchmarks/temporary_folder.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/transport.h"

ABSL_FLAG(
    uint64_t, bytes, 1 << 30,
    "Length of the long streams, in bytes. The huge frame has a quarter.");
ABSL_FLAG(std::string, format, "resp", "The --format of kevy_tail.");
ABSL_FLAG(bool, follow, false, "Run kevy_tail without --once.");

namespace kevy_replica {
namespace benchmarks {
namespace {

// Returns the row of `workload`, sent over a socket at `address` to the
// kevy_tail at the path `program`.
absl::StatusOr<std::string> Row(const MemoryWorkload& workload,
                                const std::string& program,
                                const std::string& address) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen(address);
  if (!listener.ok()) return listener.status();
  const bool follow = absl::GetFlag(FLAGS_follow);
  std::vector<std::string> command = {
      program, absl::StrCat("--primary=", address), "--acknowledge",
      "--snapshot=skip",
      absl::StrCat("--format=", absl::GetFlag(FLAGS_format))};
  // The long streams carry frames without heartbeats.
  command.push_back(follow ? "--heartbeat_timeout=inf" : "--once");
  absl::StatusOr<std::unique_ptr<MemoryProcess>> tail =
      MemoryProcess::Start(std::move(command));
  if (!tail.ok()) return tail.status();
  absl::StatusOr<std::unique_ptr<Transport>> replica =
      (*listener)->Accept(absl::Minutes(1));
  if (!replica.ok()) return replica.status();

  auto primary = std::make_unique<MemoryPrimary>(*std::move(replica));
  absl::Status played = primary->Play(workload);
  if (!played.ok()) return played;
  const absl::StatusOr<MemoryProcess::Memory> memory = (*tail)->Measure();
  if (!memory.ok()) return memory.status();
  std::string row =
      absl::StrCat("| ", workload.name, " | ", primary->bytes(), " | ",
                   primary->frames(), " | ", primary->largest_element(), " | ",
                   memory->peak_kib, " | ", memory->now_kib, " |");
  if (follow) return row;  // kevy_tail would connect again: kill it.
  primary.reset();         // Closes, and so ends kevy_tail.
  absl::Status ended = (*tail)->Wait();
  if (!ended.ok()) return ended;
  return row;
}

absl::Status PrintTable(const std::string& program,
                        const std::string& address) {
  std::puts(
      "| stream | bytes | frames | largest element, bytes | peak RSS, KiB | "
      "RSS at the end, KiB |\n"
      "|---|---:|---:|---:|---:|---:|");
  for (const MemoryWorkload& workload :
       MemoryWorkloads(absl::GetFlag(FLAGS_bytes))) {
    const absl::StatusOr<std::string> row = Row(workload, program, address);
    if (!row.ok()) return row.status();
    std::puts(row->c_str());
    std::fflush(stdout);  // The next row takes a while.
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& program) {
  const absl::StatusOr<std::string> folder = MakeTemporaryFolder();
  if (!folder.ok()) return folder.status();
  const absl::Status status =
      PrintTable(program, absl::StrCat("unix:", *folder, "/socket"));
  rmdir(folder->c_str());
  return status;
}

// Next to this program's folder, as Bazel lays it out.
std::string DefaultProgram(const std::string& self) {
  return absl::StrCat(self.substr(0, self.rfind('/') + 1),
                      "../tools/kevy_tail");
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "memory [--bytes=N] [PATH OF kevy_tail]: prints a Markdown table with "
      "the "
      "memory that kevy_tail takes for each kind of stream.");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const std::string program =
      arguments.size() > 1
          ? arguments[1]
          : kevy_replica::benchmarks::DefaultProgram(arguments[0]);
  const absl::Status status = kevy_replica::benchmarks::Run(program);
  if (status.ok()) return 0;
  std::fprintf(stderr, "memory: %s\n", status.ToString().c_str());
  return 1;
}
