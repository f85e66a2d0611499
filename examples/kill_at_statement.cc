// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Linked into a program that uses SQLite, kills it at the begin or the end of a
// statement: at the one that KILL_AT counts, from 1. 0: at none.

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>

namespace {

int left = 0;

int Count(unsigned, void*, void*, void*) {
  if (--left == 0) kill(getpid(), SIGKILL);
  return 0;
}

// SQLite calls it for each connection that is opened. A kill, unlike a power
// failure, leaves all writes to the system, so none waits for the disk.
int Watch(sqlite3* db, const char**, const void*) {
  sqlite3_exec(db, "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  return sqlite3_trace_v2(db, SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE, Count,
                          nullptr);
}

[[maybe_unused]] const bool watching = [] {
  const char* const at = std::getenv("KILL_AT");
  if (at == nullptr) return false;
  left = std::atoi(at);
  return sqlite3_auto_extension(reinterpret_cast<void (*)()>(Watch)) ==
         SQLITE_OK;
}();

}  // namespace
