// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/codec/testing/client_port.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kevy_replica/codec/testing/read_file.h"

namespace kevy_replica {
namespace codec_testing {
namespace {

constexpr absl::string_view kFolder = "testdata/client_port/";

// Reads the JSON of one line, as far as the recordings need it.
class LineReader {
 public:
  explicit LineReader(absl::string_view line) : line_(line), left_(line) {}

  bool Take(absl::string_view text) {
    return absl::ConsumePrefix(&left_, text);
  }
  void Expect(absl::string_view text) {
    if (!Take(text)) Fail();
  }

  std::string String() {
    std::string bytes;
    Expect("\"");
    while (!Take("\"")) {
      if (Take("\\r")) {
        bytes.push_back('\r');
      } else if (Take("\\n")) {
        bytes.push_back('\n');
      } else if (left_.empty() || left_[0] == '\\') {
        Fail();
      } else {
        bytes.push_back(left_[0]);
        left_.remove_prefix(1);
      }
    }
    return bytes;
  }

 private:
  [[noreturn]] void Fail() {
    std::fprintf(stderr, "cannot read: %s\n", std::string(line_).c_str());
    std::abort();
  }

  absl::string_view line_;
  absl::string_view left_;
};

}  // namespace

std::vector<std::string> ClientPortRecordings() {
  return ListFiles(kFolder, ".jsonl");
}

std::vector<ClientPortExchange> ClientPortExchanges(absl::string_view name) {
  const std::string file = ReadFile(absl::StrCat(kFolder, name, ".jsonl"));
  std::vector<ClientPortExchange> exchanges;
  for (const absl::string_view line :
       absl::StrSplit(absl::StripSuffix(file, "\n"), '\n')) {
    LineReader reader(line);
    ClientPortExchange exchange;
    reader.Expect("{\"node\": ");
    exchange.node = reader.String();
    reader.Expect(", \"command\": [");
    do {
      exchange.command.push_back(reader.String());
    } while (reader.Take(", "));
    reader.Expect("], \"reply\": ");
    exchange.reply = reader.String();
    reader.Expect("}");
    exchanges.push_back(std::move(exchange));
  }
  return exchanges;
}

}  // namespace codec_testing
}  // namespace kevy_replica
