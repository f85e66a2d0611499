// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Fails each system call of kevy_keygen, each of its calls of OpenSSL and each
// allocation inside of OpenSSL in turn: see failing_child.h and
// openssl_failures.h. The key file is whole and private, or missing. No message
// has a part of the private key.

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kevy_replica/client/testing/temp_folder.h"
#include "kevy_replica/tools/testing/child_process.h"
#include "kevy_replica/tools/testing/failing_child.h"

namespace kevy_replica {
namespace {

using client_testing::FileContents;
using client_testing::TempFolder;
using client_testing::WriteFile;

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kFailingKeygen[] = "tools/kevy_keygen_failing";
constexpr char kHexLine[] = "[0-9a-f]{64}\n";

// Without the thousands of allocations each other call fails.
class KevyKeygenFailingCallsTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) return;
    ::setenv("KEVY_SPARE_ALLOCATIONS", "1", 1);
    ::setenv("KEVY_FAIL_EVERY_CALL", "1", 1);
  }
  void TearDown() override {
    if (GetParam()) return;
    ::unsetenv("KEVY_SPARE_ALLOCATIONS");
    ::unsetenv("KEVY_FAIL_EVERY_CALL");
  }

  // Runs the program with a failure. Checks all but the file.
  ChildResult Run(FailingChild* failing,
                  const std::vector<std::string>& flags) {
    ChildProcess child(kFailingKeygen, flags);
    const ChildResult result = EndOf(*failing, &child);
    failing->Stop();
    const ChildReport report = failing->report();
    if (!report.failed || report.passes) {
      EXPECT_EQ(result.status, expected_) << result.err;
    }
    EXPECT_THAT(result.status, AnyOf(0, 1)) << result.err;
    EXPECT_THAT(result.out, AnyOf("", MatchesRegex(kHexLine)));
    if (result.status != 0) {
      EXPECT_EQ(result.out, "");
      EXPECT_THAT(result.err, HasSubstr("kevy_keygen: "));
    }
    EXPECT_THAT(folder_.Names(), IsSubsetOf({"key", "report"}));
    const std::string secret = FileContents(key_).substr(0, 16);
    if (!secret.empty()) {
      EXPECT_THAT(result.err, Not(HasSubstr(secret)));
    }
    return result;
  }

  void Report(const std::string& scenario, const std::string& tried) {
    std::cout << "kevy_keygen " << scenario << ": " << tried << std::endl;
  }

  const TempFolder folder_;
  const std::string key_ = folder_.File("key");
  const std::string flag_ = absl::StrCat("--key_file=", key_);
  int expected_ = 0;  // Without a failure.
};

INSTANTIATE_TEST_SUITE_P(Failures, KevyKeygenFailingCallsTest,
                         ::testing::Bool(), [](const auto& info) {
                           return info.param ? "Allocations" : "Calls";
                         });

TEST_P(KevyKeygenFailingCallsTest, NewKeyIsWholeOrMissing) {
  const std::string tried =
      FailEachCallOfChild(folder_.File("report"), [&](FailingChild* failing) {
        ::unlink(key_.c_str());
        const ChildResult result = Run(failing, {flag_});
        struct stat file;
        if (::lstat(key_.c_str(), &file) != 0) {
          EXPECT_EQ(result.status, 1);
          return;
        }
        EXPECT_EQ(file.st_mode, S_IFREG | 0600u);
        EXPECT_THAT(FileContents(key_), MatchesRegex(kHexLine));
        const ChildResult shown =
            RunChild(kFailingKeygen, {flag_, "--public_key"});
        EXPECT_EQ(shown.status, 0) << shown.err;
        if (result.status == 0) {
          EXPECT_EQ(result.out, shown.out);
        }
      });
  Report("of a new key", tried);
}

TEST_P(KevyKeygenFailingCallsTest, ExistingKeyIsNeverChanged) {
  const std::string secret = std::string(64, '1') + "\n";
  WriteFile(key_, secret);
  ASSERT_EQ(::chmod(key_.c_str(), 0600), 0);
  std::string public_key;
  const auto run = [&](const std::vector<std::string>& flags) {
    return FailEachCallOfChild(folder_.File("report"),
                               [&](FailingChild* failing) {
                                 const ChildResult result = Run(failing, flags);
                                 if (public_key.empty())
                                   public_key = result.out;
                                 EXPECT_THAT(result.out, AnyOf("", public_key));
                                 EXPECT_EQ(FileContents(key_), secret);
                               });
  };
  Report("of its public key", run({flag_, "--public_key"}));
  expected_ = 1;
  Report("of an existing file", run({flag_}));
}

}  // namespace
}  // namespace kevy_replica
