// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/redis_server.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"

extern char** environ;

namespace kevy_replica {
namespace {

constexpr char kProgram[] = "redis-server";

uint16_t FreePort() {
  const absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Listen("127.0.0.1:0");
  EXPECT_TRUE(listener.ok()) << listener.status();
  const absl::StatusOr<Address> address = ParseAddress((*listener)->address());
  EXPECT_TRUE(address.ok()) << address.status();
  return address->port;
}

}  // namespace

bool RedisServer::IsInstalled() {
  const char* const path = getenv("PATH");
  if (path == nullptr) return false;
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    if (access(absl::StrCat(folder, "/", kProgram).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

RedisServer::RedisServer(Socket socket, Keep keep)
    : socket_(socket), keep_(keep) {
  // Not the test's own folder, whose name may be too long for a socket's.
  std::string pattern = "/tmp/redis_XXXXXX";
  EXPECT_NE(mkdtemp(&pattern[0]), nullptr);
  folder_ = pattern;
}

RedisServer::~RedisServer() {
  Kill();
  for (const char* name : {"socket", "appendonlydir/appendonly.aof.1.base.rdb",
                           "appendonlydir/appendonly.aof.1.incr.aof",
                           "appendonlydir/appendonly.aof.manifest"}) {
    unlink(absl::StrCat(folder_, "/", name).c_str());
  }
  rmdir(absl::StrCat(folder_, "/appendonlydir").c_str());
  rmdir(folder_.c_str());
}

void RedisServer::Start() {
  // Another may have taken the port.
  while (!TryStart()) {
  }
}

bool RedisServer::TryStart() {
  if (socket_ == Socket::kLoopback && port_ == 0) port_ = FreePort();
  std::vector<std::string> argv = {
      kProgram,     "--port",    absl::StrCat(port_),
      "--bind",     "127.0.0.1", "--dir",
      folder_,      "--save",    "",
      "--loglevel", "warning",   "--logfile",
      "/dev/null"};
  if (socket_ == Socket::kUnix) {
    argv.insert(argv.end(), {"--unixsocket", absl::StrCat(folder_, "/socket")});
  }
  if (keep_ == Keep::kAll) {
    argv.insert(argv.end(), {"--appendonly", "yes", "--appendfsync", "always",
                             "--auto-aof-rewrite-percentage", "0"});
  }
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  if (posix_spawnp(&pid_, kProgram, nullptr, nullptr, arguments.data(),
                   environ) != 0) {
    std::abort();  // No test can go on without it.
  }
  const absl::StatusOr<TargetAddress> address = ParseTargetAddress(target());
  EXPECT_TRUE(address.ok()) << address.status();
  while (true) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      port_ = 0;
      return false;
    }
    absl::StatusOr<std::unique_ptr<RedisLink>> link =
        RedisLink::Connect(*address, std::make_shared<Interrupter>());
    if (link.ok()) {
      link_ = *std::move(link);
      // DBSIZE: it has loaded its file.
      if (IsReached() && !Ask({"DBSIZE"}).is_error()) return true;
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
}

bool RedisServer::IsReached() {
  // Who has taken the port answers before ours has seen that it cannot have it.
  return absl::StrContains(Ask({"INFO", "server"}).text,
                           absl::StrCat("\r\nprocess_id:", pid_, "\r\n"));
}

void RedisServer::Kill() {
  if (pid_ <= 0) return;
  link_.reset();
  kill(pid_, SIGKILL);
  EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  pid_ = -1;
}

std::string RedisServer::target() const {
  return socket_ == Socket::kUnix ? absl::StrCat("unix:", folder_, "/socket")
                                  : absl::StrCat("redis://127.0.0.1:", port_);
}

TargetReply RedisServer::Ask(const std::vector<std::string>& argv) {
  link_->Add(std::vector<absl::string_view>(argv.begin(), argv.end()));
  const absl::Status sent = link_->Send();
  EXPECT_TRUE(sent.ok()) << sent;
  const absl::StatusOr<TargetReply> reply = link_->Receive();
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *reply : TargetReply();
}

}  // namespace kevy_replica
