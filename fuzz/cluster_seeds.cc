// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of cluster: maps of each form, redirections, and some faults.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {
namespace {

// "*2..." as RESP: a range with one master.
std::string Range(int first, int last, absl::string_view host, int port) {
  return absl::StrCat("*3\r\n:", first, "\r\n:", last, "\r\n*2\r\n$",
                      host.size(), "\r\n", host, "\r\n:", port, "\r\n");
}

}  // namespace

std::vector<Seed> Seeds() {
  const std::string map = absl::StrCat("*2\r\n", Range(0, 8191, "a", 7000),
                                       Range(8192, 16383, "b", 7001));
  const std::string moved = "-MOVED 5 b:7001\r\n";
  const std::string slot = std::string("\0\5", 2);
  std::vector<Seed> seeds = {
      {"map", slot + map + "$1\r\nv\r\n"},
      {"moved", slot + map + moved + "$1\r\nv\r\n"},
      {"ask", slot + map + "-ASK 5 [::1]:7002\r\n+OK\r\n$1\r\nv\r\n"},
      {"circle", slot + map + moved + "-MOVED 5 a:7000\r\n" + moved},
      {"trouble", slot + map + "-CLUSTERDOWN no\r\n" + map + "+OK\r\n"},
      {"uncovered", slot + "*1\r\n" + Range(9, 9, "a", 1) + map + ":1\r\n"},
      {"no_cluster", slot + "-ERR cluster support disabled\r\n"},
      {"empty_host", slot + "*1\r\n" + Range(0, 9, "", 7000) + moved},
      {"unknown_host", slot + "*1\r\n" + Range(0, 9, "?", 7000)},
      {"replica", slot +
                      "*1\r\n*4\r\n:0\r\n:9\r\n*2\r\n$1\r\na\r\n:1\r\n"
                      "*4\r\n$1\r\nr\r\n:2\r\n$2\r\nid\r\n*0\r\n" +
                      moved},
      {"twice", slot + "*2\r\n" + Range(0, 9, "a", 1) + Range(9, 9, "a", 1)},
      {"socket", slot + "*1\r\n" + Range(0, 9, "unix:/tmp/s", 1)}};
  for (const char* text :
       {"MOVED 3999 127.0.0.1:6381", "ASK 3999 ::1:6381", "MOVED 1 :6381"}) {
    seeds.push_back({text, text});
  }
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
