// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Reading from a socket: the client, and a bare recv loop without decoding.

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/client_readers.h"
#include "kevy_replica/benchmarks/corpus.h"
#include "kevy_replica/benchmarks/loopback_primary.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/run.h"
#include "kevy_replica/benchmarks/temporary_folder.h"
#include "kevy_replica/client/replica_client.h"
#include "kevy_replica/transport/address.h"
#include "kevy_replica/transport/socket_transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

// The client and its primary.
class ClientLink {
 public:
  ClientLink(absl::string_view address, const Corpus& corpus, size_t read_bytes)
      : primary_(address, corpus) {
    ReplicaClientOptions options = ClientOptionsFor(corpus);
    options.read_bytes = read_bytes;
    client_ = ValueOrDie(ReplicaClient::Connect(primary_.address(), options));
  }

  size_t Read(size_t frames) {
    return ReadBatches(client_.get(), frames).frames;
  }

 private:
  LoopbackPrimary primary_;
  std::unique_ptr<ReplicaClient> client_;
};

// The floor: blocking recv() into the same buffer again and again.
class BareLink {
 public:
  BareLink(absl::string_view address, const Corpus& corpus, size_t read_bytes)
      : primary_(address, corpus), buffer_(read_bytes) {
    const Address to = ValueOrDie(ParseAddress(primary_.address()));
    if (to.kind == Address::Kind::kUnix) {
      socket_ = ValueOrDie(UnixTransport::Connect(to.path));
    } else {
      socket_ = ValueOrDie(TcpTransport::Connect(to.host, to.port));
    }
    const int flags = fcntl(socket_->fd(), F_GETFL);
    fcntl(socket_->fd(), F_SETFL, flags & ~O_NONBLOCK);
  }

  // Reads about `bytes` and returns whether they came. Bytes beyond them count
  // for the next call.
  bool Read(size_t bytes) {
    while (ahead_ < bytes) {
      const ssize_t n = recv(socket_->fd(), buffer_.data(), buffer_.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      benchmark::DoNotOptimize(buffer_.data());
      ahead_ += static_cast<size_t>(n);
    }
    ahead_ -= bytes;
    return true;
  }

 private:
  LoopbackPrimary primary_;
  std::vector<char> buffer_;
  std::unique_ptr<SocketTransport> socket_;
  size_t ahead_ = 0;
};

void RegisterLoopback(const std::string& kind, const std::string& address,
                      const Corpus& corpus) {
  for (const size_t read_bytes : {64 << 10, 256 << 10}) {
    const std::string of = absl::StrCat(kind, "/", read_bytes >> 10, "k");
    // Real time includes the other thread's work.
    RegisterPasses("Loopback/client/" + of, corpus,
                   [&corpus, address, read_bytes] {
                     return [&corpus, link = std::make_unique<ClientLink>(
                                          address, corpus, read_bytes)] {
                       return link->Read(corpus.frames);
                     };
                   })
        ->UseRealTime();
    RegisterPasses("Loopback/recv/" + of, corpus,
                   [&corpus, address, read_bytes] {
                     return [&corpus, link = std::make_unique<BareLink>(
                                          address, corpus, read_bytes)] {
                       return link->Read(corpus.bytes.size()) ? corpus.frames
                                                              : 0;
                     };
                   })
        ->UseRealTime();
  }
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  namespace benchmarks = kevy_replica::benchmarks;
  const std::string folder =
      benchmarks::ValueOrDie(benchmarks::MakeTemporaryFolder());
  const std::string path = folder + "/socket";
  for (const benchmarks::Corpus& corpus : benchmarks::Corpora()) {
    benchmarks::RegisterLoopback("tcp", "127.0.0.1:0", corpus);
    benchmarks::RegisterLoopback("unix", "unix:" + path, corpus);
  }
  const int status = benchmarks::Run(argc, argv);
  rmdir(folder.c_str());
  return status;
}
