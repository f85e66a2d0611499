// Copyright 2026 The kevy_replica Authors
//
// Licensed under the Apache License, Version 2.0 (the "License");
// you may not use this file except in compliance with the License.
// You may obtain a copy of the License at
//
//     https://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS,
// WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
// See the License for the specific language governing permissions and
// limitations under the License.

#ifndef KEVY_REPLICA_TOOLS_EVERY_SECOND_H_
#define KEVY_REPLICA_TOOLS_EVERY_SECOND_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace kevy_replica {

// As long as it lives, calls `function` every second, on a thread of its own
// that no signal reaches: the first time a second from now.
class EverySecond {
 public:
  explicit EverySecond(std::function<void()> function);
  ~EverySecond();  // Waits for a call that lasts.
  EverySecond(const EverySecond&) = delete;
  EverySecond& operator=(const EverySecond&) = delete;

 private:
  void Run();

  const std::function<void()> function_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_EVERY_SECOND_H_
