// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of verify: each question with replies that answer it.

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {
namespace {

// PEXPIRETIME, and HPEXPIRETIME or HPTTL: known.
constexpr absl::string_view kRedis = ":-2\r\n*1\r\n:-2\r\n";
constexpr absl::string_view kKevy =
    "-ERR unknown command\r\n-ERR unknown command\r\n*1\r\n:-2\r\n";

// See Run() of verify_fuzz.cc. The length of the primary's replies is a
// multiple of 4: they end with the begin of another one.
std::string Input(char question, absl::string_view details,
                  absl::string_view primary, absl::string_view target) {
  std::string all(1, question);
  all += '\0';  // The default limits.
  absl::StrAppend(&all, details);
  std::string replies = absl::StrCat(kKevy, primary);
  while (replies.size() % 4 != 0) replies += '+';
  all += static_cast<char>(replies.size() / 4);
  absl::StrAppend(&all, replies, kRedis, target);
  return all;
}

std::string Details(int first, int second) {
  return {static_cast<char>(first), static_cast<char>(second)};
}

}  // namespace

std::vector<Seed> Seeds() {
  constexpr absl::string_view kValues[] = {
      "$5\r\nhello\r\n",
      "*2\r\n$1\r\n0\r\n*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n",
      "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
      "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
      "*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$3\r\ninf\r\n",
      "*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"};
  constexpr absl::string_view kTypes[] = {"string", "hash", "list",
                                          "set",    "zset", "stream"};
  constexpr absl::string_view kToken = "*4\r\n:77\r\n:5\r\n:78\r\n:1\r\n";
  constexpr absl::string_view kRecord =
      "*8\r\n$11\r\nkevy_mirror\r\n$1\r\n1\r\n$6\r\nshards\r\n$1\r\n2\r\n"
      "$7\r\nshard-0\r\n$4\r\n77:5\r\n$7\r\nshard-1\r\n$5\r\nempty\r\n";
  constexpr absl::string_view kSlotsRecord =
      "*8\r\n$11\r\nkevy_mirror\r\n$1\r\n1\r\n$6\r\nshards\r\n$1\r\n2\r\n"
      "$7\r\nshard-0\r\n$5\r\nslots\r\n$7\r\nshard-1\r\n$5\r\nslots\r\n";
  constexpr absl::string_view kMarks = "*2\r\n$4\r\n77:5\r\n$4\r\n78:1\r\n";
  constexpr absl::string_view kEmpty = "*0\r\n";
  std::vector<Seed> seeds;
  for (int i = 0; i < 6; ++i) {
    const std::string state = absl::StrCat("+", kTypes[i], "\r\n:-1\r\n");
    seeds.push_back(
        {absl::StrCat("walk ", kTypes[i]),
         Input(0, Details(i, 1), "", absl::StrCat(kValues[i], kEmpty))});
    seeds.push_back(
        {absl::StrCat("compare ", kTypes[i]),
         Input(5, Details(0, 0),
               absl::StrCat(state, ":5\r\n", kValues[i], kValues[i]),
               absl::StrCat(state, ":5\r\n", kValues[i], kValues[i]))});
    const std::string small = absl::StrCat(
        state, "+none\r\n:-2\r\n+none\r\n:-2\r\n:2\r\n", kValues[i]);
    seeds.push_back({absl::StrCat("small ", kTypes[i]),
                     Input(1, Details(0, 0), small, small)});
  }
  seeds.push_back(
      {"progress", Input(2, Details(2, 0), absl::StrCat(kToken, kToken, kToken),
                         absl::StrCat(kRecord, kRecord, kRecord))});
  seeds.push_back({"progress of a cluster",
                   Input(2, Details(2, 1), absl::StrCat(kToken, kToken, kToken),
                         absl::StrCat(kSlotsRecord, kSlotsRecord, kMarks,
                                      kSlotsRecord, kMarks))});
  seeds.push_back({"record", Input(3, Details(1, 0), "", kRecord)});
  seeds.push_back({"watch", Input(4, Details(0, 0), "",
                                  "+OK\r\n+OK\r\n+QUEUED\r\n*1\r\n+PONG\r\n")});
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
