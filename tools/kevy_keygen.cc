// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Makes the key of a replica for secure links. See kUsage.

#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/escape.h"
#include "kevy_replica/tools/common/command_line.h"
#include "kevy_replica/tools/common/program.h"
#include "kevy_replica/transport/secure/keys.h"

ABSL_FLAG(std::string, key_file, "", "The file of the private key. Required.");
ABSL_FLAG(bool, public_key, false,
          "Print the public key of the existing file, instead of making one.");

namespace kevy_replica {
namespace {

constexpr absl::string_view kName = "kevy_keygen";

constexpr absl::string_view kUsage =
    R"(kevy_keygen: makes the key of a replica, for a kevy primary that encrypts
its replication links (kevy 7.0).

  kevy_keygen --key_file=replica.key

It writes the private key to a new file that only its owner can read, and prints
the public key: 64 hex digits. The public key belongs into the primary's
replica_keys. The file belongs to kevy_tail and kevy_mirror as --key_file. An
existing file is never changed. docs/secure.md has all steps.

)";

constexpr absl::string_view kNotes = R"(
Exit status:
  0  the public key was printed
  1  an error, with a message
  2  bad usage
)";

absl::StatusOr<PrivateKey> ReadOrMake(const std::string& path) {
  if (absl::GetFlag(FLAGS_public_key)) return PrivateKey::FromFile(path);
  absl::StatusOr<PrivateKey> key = PrivateKey::Generate();
  if (!key.ok()) return key;
  const absl::Status written = key->WriteFile(path);
  if (absl::IsAlreadyExists(written)) {
    return absl::AlreadyExistsError(
        absl::StrCat(Escaped(path),
                     " exists, and is left as it is: remove it, or give "
                     "--public_key to see its public key"));
  }
  if (!written.ok()) return written;
  Say(absl::StrCat("the private key is in ", Escaped(path),
                   ", and this is the public one:"));
  return key;
}

int Run(const CommandLine& /*command_line*/) {
  const std::string path = absl::GetFlag(FLAGS_key_file);
  if (path.empty()) return BadUsage("--key_file is missing");
  const absl::StatusOr<PrivateKey> key = ReadOrMake(path);
  if (!key.ok()) return ExitStatusOf(key.status());
  std::printf("%s\n", key->public_key().ToHex().c_str());
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return kExitSuccess;
  return ExitStatusOf(
      absl::UnavailableError("standard output cannot be written"));
}

}  // namespace
}  // namespace kevy_replica

int main(int argc, char** argv) {
  return kevy_replica::RunProgram(
      {kevy_replica::kName, kevy_replica::kUsage, kevy_replica::kNotes}, argc,
      argv, kevy_replica::Run);
}
