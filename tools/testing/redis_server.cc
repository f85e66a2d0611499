// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/redis_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "kevy_replica/tools/mirror/redis_link.h"
#include "kevy_replica/tools/mirror/target_address.h"
#include "kevy_replica/tools/mirror/target_link.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/interrupter.h"
#include "kevy_replica/transport/listener.h"

namespace kevy_replica {
namespace {

// The server program. KEVY_TEST_SERVER names another one, by its path.
std::string Program() {
  const char* const program = getenv("KEVY_TEST_SERVER");
  return program == nullptr ? "redis-server" : program;
}

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
  const std::string program = Program();
  if (absl::StrContains(program, '/')) {
    return access(program.c_str(), X_OK) == 0;
  }
  const char* const path = getenv("PATH");
  if (path == nullptr) return false;
  for (const absl::string_view folder : absl::StrSplit(path, ':')) {
    if (access(absl::StrCat(folder, "/", program).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

RedisServer::RedisServer(Socket socket, Keep keep)
    : socket_(socket), keep_(keep) {
  // The test's own folder may have a path too long for a Unix socket.
  std::string pattern = "/tmp/redis_XXXXXX";
  EXPECT_NE(mkdtemp(&pattern[0]), nullptr);
  folder_ = pattern;
}

RedisServer::~RedisServer() {
  Kill();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
  EXPECT_FALSE(error) << folder_ << ": " << error.message();
}

void RedisServer::Start() {
  // Another process may have taken the port.
  constexpr int kMaxTries = 100;
  for (int i = 0; i < kMaxTries; ++i) {
    if (TryStart()) return;
  }
  ADD_FAILURE() << "cannot find a free port";
  std::abort();
}

bool RedisServer::TryStart() {
  if (socket_ == Socket::kLoopback && port_ == 0) port_ = FreePort();
  std::vector<std::string> arguments = {
      tls_.has_value() ? "--tls-port" : "--port",
      absl::StrCat(port_),
      "--bind",
      "127.0.0.1",
      "--dir",
      folder_,
      "--save",
      "",
      "--loglevel",
      "warning"};
  arguments.insert(arguments.end(), tls_arguments_.begin(),
                   tls_arguments_.end());
  if (socket_ == Socket::kUnix) {
    arguments.insert(arguments.end(),
                     {"--unixsocket", absl::StrCat(folder_, "/socket")});
  }
  if (is_cluster_) {
    if (bus_port_ == 0) bus_port_ = FreePort();
    // The log goes to a file, since nobody reads the pipe of a node in time.
    arguments.insert(arguments.end(),
                     {"--cluster-enabled", "yes", "--cluster-port",
                      absl::StrCat(bus_port_), "--logfile", "log"});
  }
  if (keep_ == Keep::kAll) {
    arguments.insert(arguments.end(),
                     {"--appendonly", "yes", "--appendfsync", "always",
                      "--auto-aof-rewrite-percentage", "0"});
  }
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  process_ = std::make_unique<ChildProcess>(Program(), arguments);
  absl::StatusOr<TargetAddress> address = ParseTargetAddress(target());
  EXPECT_TRUE(address.ok()) << address.status();
  address->tls = tls_;
  bool serves = false;
  process_->Await("it serves", [&] {
    if (process_->ExitStatus().has_value()) return true;
    absl::StatusOr<std::unique_ptr<RedisLink>> link =
        RedisLink::Connect(*address, std::make_shared<Interrupter>());
    if (!link.ok()) return false;
    link_ = *std::move(link);
    // DBSIZE fails until the server has loaded its file.
    serves = IsReached() && !Ask({"DBSIZE"}).is_error();
    return serves;
  });
  if (!serves) {
    port_ = 0;
    bus_port_ = 0;
  }
  return serves;
}

bool RedisServer::IsReached() {
  // Another server on this port may answer before ours gives up.
  return absl::StrContains(
      Ask({"INFO", "server"}).text,
      absl::StrCat("\r\nprocess_id:", process_->pid(), "\r\n"));
}

void RedisServer::Kill() {
  link_.reset();
  process_.reset();
}

std::string RedisServer::target() const {
  return socket_ == Socket::kUnix
             ? absl::StrCat("unix:", folder_, "/socket")
             : absl::StrCat(tls_.has_value() ? "rediss" : "redis",
                            "://127.0.0.1:", port_);
}

void RedisServer::SetTls(const std::string& certificate_file,
                         const std::string& ca_file,
                         bool demand_client_certificate) {
  tls_.emplace();
  tls_->ca_file = ca_file;
  tls_->certificate_file = certificate_file;
  tls_arguments_ = {"--port",
                    "0",
                    "--tls-cert-file",
                    certificate_file,
                    "--tls-key-file",
                    certificate_file,
                    "--tls-ca-cert-file",
                    ca_file,
                    "--tls-auth-clients",
                    demand_client_certificate ? "yes" : "no"};
}

TargetReply RedisServer::Ask(const std::vector<std::string>& argv) {
  link_->Add(std::vector<absl::string_view>(argv.begin(), argv.end()));
  const absl::Status sent = link_->Send();
  EXPECT_TRUE(sent.ok()) << sent;
  const absl::StatusOr<TargetReply> reply = link_->Receive(ReplyDetail::kWhole);
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.ok() ? *reply : TargetReply();
}

}  // namespace kevy_replica
