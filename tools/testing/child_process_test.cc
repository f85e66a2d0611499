// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/testing/child_process.h"

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

std::vector<std::string> Script(const std::string& script) {
  return {"-c", script};
}

TEST(ChildProcessTest, ReturnsOutputErrorsAndExitStatus) {
  const ChildResult result =
      RunChild("sh", Script("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.status, 3);
}

TEST(ChildProcessTest, ReadsLineByLine) {
  ChildProcess child("sh", Script("printf 'one\ntwo\nrest'"));
  EXPECT_EQ(child.ReadLine(), "one\n");
  EXPECT_EQ(child.ReadLine(), "two\n");
  EXPECT_EQ(child.ReadLine(), "rest");
  EXPECT_EQ(child.ReadLine(), "");
  EXPECT_EQ(child.Wait(), 0);
}

TEST(ChildProcessTest, ReadsErrorsLineByLine) {
  ChildProcess child("sh", Script("printf 'one\nrest' >&2; echo out"));
  EXPECT_EQ(child.ReadErrorLine(), "one\n");
  EXPECT_EQ(child.ReadOutput(), "out\n");
  EXPECT_EQ(child.ReadErrors(), "rest");
  EXPECT_EQ(child.ReadErrorLine(), "");
  EXPECT_EQ(child.Wait(), 0);
}

// Writes more than both pipes hold, in turns.
TEST(ChildProcessTest, DrainsBothStreamsAtOnce) {
  const ChildResult result =
      RunChild("sh", Script("head -c 1000000 /dev/zero >&2;"
                            "head -c 1000000 /dev/zero;"
                            "head -c 1000000 /dev/zero >&2"));
  EXPECT_EQ(result.out.size(), 1000000u);
  EXPECT_EQ(result.err.size(), 2000000u);
}

TEST(ChildProcessTest, SignalEndsChild) {
  ChildProcess child("sleep", {"1000"});
  EXPECT_EQ(child.ExitStatus(), std::nullopt);
  child.Signal(SIGTERM);
  EXPECT_EQ(child.Wait(), -SIGTERM);
  EXPECT_EQ(child.ExitStatus(), -SIGTERM);
}

TEST(ChildProcessTest, AwaitRunsUntilConditionHolds) {
  ChildProcess child("sleep", {"1000"});
  int calls = 0;
  EXPECT_TRUE(child.Await("the third call", [&] { return ++calls == 3; }));
}

TEST(ChildProcessTest, AwaitFailsWhenChildEnds) {
  ChildProcess child("sh", Script("echo gone; exit 3"));
  EXPECT_NONFATAL_FAILURE(
      EXPECT_FALSE(child.Await("its appearance", [] { return false; })),
      "it ended before its appearance\nIts output:\ngone\n");
  EXPECT_EQ(child.Wait(), 3);
}

// Tries every wait with a child that goes on forever.
TEST(ChildProcessTest, WaitsGiveUpAndShowOutput) {
  using Child = ChildProcess;
  for (const auto wait : std::vector<void (*)(Child*)>{
           [](Child* child) { child->ReadLine(); },
           [](Child* child) { child->ReadOutput(); },
           [](Child* child) { child->ReadErrors(); },
           [](Child* child) { child->Wait(); },
           [](Child* child) { child->Await("it", [] { return false; }); }}) {
    Child child("sh", Script("echo oops >&2; echo hello; exec sleep 1000"));
    EXPECT_EQ(child.ReadLine(), "hello\n");
    child.set_patience(absl::Milliseconds(1));
    EXPECT_NONFATAL_FAILURE(wait(&child),
                            "Its output:\nhello\n\nIts errors:\noops\n");
    EXPECT_EQ(child.Wait(), -SIGKILL);
    EXPECT_EQ(child.ReadOutput(), "");
    child.ReadErrors();  // Returns at once.
  }
}

TEST(ChildProcessTest, ErrorsGoToTerminal) {
  if (!ChildProcess::HasTerminals()) GTEST_SKIP() << "no terminals here";
  ChildProcess::Options options;
  options.err_is_terminal = true;
  EXPECT_EQ(RunChild("sh", Script("test -t 2 && echo yes >&2"), options).err,
            "yes\r\n");
}

TEST(ChildProcessTest, OutputMayBeClosed) {
  ChildProcess::Options options;
  options.out_closed = true;
  const ChildResult result =
      RunChild("sh", Script("trap '' PIPE; echo x || exit 3"), options);
  EXPECT_EQ(result.status, 3);
}

}  // namespace
}  // namespace kevy_replica
