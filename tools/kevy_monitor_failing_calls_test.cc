// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of a kevy_tail that serves its pages in turn: see
// failing_child.h. After a failure of --listen that does not last the pages
// come, or the program has ended with status 1 and a message. The program
// prints each frame. No failure makes a thread spin.

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/testing/scripted_primary.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/failing_child.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/testing/reading.h"

namespace kevy_replica {
namespace {

using client_testing::TempFolder;
using transport_testing::ReadOnce;

using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr char kFailingTail[] = "tools/kevy_tail_failing";
constexpr uint64_t kFrames = 20;

// Half a second of a loop without a pause is far more, on any machine.
constexpr size_t kMostCalls = 5000;

std::vector<std::string> Command(uint64_t offset) {
  return {"SET", "key", absl::StrCat(offset)};
}

// The address of the pages. Empty: the program has ended.
std::string AwaitAddress(ChildProcess* child, std::string* errors) {
  for (;;) {
    const std::string line = child->ReadErrorLine();
    if (line.empty()) return "";
    *errors += line;
    const size_t begin = line.find("http://");
    if (begin == std::string::npos) continue;
    const std::string rest = line.substr(begin + 7);
    return rest.substr(0, rest.find('/'));
  }
}

bool HasPage(const std::string& address) {
  const auto client = ConnectTransport(address);
  if (!client.ok()) return false;
  const absl::Duration patience = absl::Seconds(60);
  (*client)->Write("GET /metrics HTTP/1.0\r\n\r\n", patience).IgnoreError();
  std::string answer;
  for (;;) {
    const auto bytes = ReadOnce(**client, 4096, patience);
    if (!bytes.ok() || bytes->empty()) break;
    answer += *bytes;
  }
  return absl::StartsWith(answer, "HTTP/1.1 200 ");
}

TEST(KevyMonitorFailingCallsTest, PagesComeAfterEachFailure) {
  ScriptedPrimary primary;
  primary.SetDefault(
      PrimaryScript().Generation(7).FramesTo(kFrames, Command).Stall());
  ASSERT_TRUE(primary.Listen("127.0.0.1:0").ok());
  const TempFolder folder;
  const std::vector<std::string> flags = {
      absl::StrCat("--primary=", primary.address()), "--listen=:0",
      "--protocol=2", "--heartbeat_timeout=inf", "--stall_timeout=inf"};
  const std::string tried =
      FailEachCallOfChild(folder.File("report"), [&](FailingChild* failing) {
        ChildProcess child(kFailingTail, flags);
        std::string errors;
        bool is_complete = false;
        if (!failing->lasting()) {
          const std::string address = AwaitAddress(&child, &errors);
          if (!address.empty()) {
            child.Await("its page, or its end", [&] {
              return HasPage(address) || child.ExitStatus().has_value();
            });
            std::string line;
            while (!absl::StartsWith(line, absl::StrCat(kFrames - 1, " "))) {
              line = child.ReadLine();
              if (line.empty()) break;
            }
            is_complete = !line.empty();
            if (is_complete) child.Signal(SIGTERM);
          }
        }
        ChildResult result = EndOf(*failing, &child);
        failing->Stop();
        errors += result.err;
        const ChildReport report = failing->report();
        EXPECT_THAT(result.status, AnyOf(0, 1, 2)) << errors;
        if (!report.failed || report.passes) {
          EXPECT_EQ(result.status, 0) << errors;
        }
        if (result.status != 0) {
          EXPECT_THAT(errors, HasSubstr("kevy_tail: "));
        } else if (!failing->lasting()) {
          EXPECT_TRUE(is_complete) << "a frame is missing";
        }
        EXPECT_LT(report.calls, kMostCalls) << "a thread spins";
      });
  std::cout << "kevy_tail --listen: " << tried << std::endl;
}

}  // namespace
}  // namespace kevy_replica
