// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// Secure links beside plain ones, and beside the cipher alone at the same
// message size.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "kevy_replica/benchmarks/check.h"
#include "kevy_replica/benchmarks/measure.h"
#include "kevy_replica/benchmarks/run.h"
#include "kevy_replica/transport/in_memory_transport.h"
#include "kevy_replica/transport/listener.h"
#include "kevy_replica/transport/secure/testing/noise_pair.h"
#include "kevy_replica/transport/secure/testing/test_authority.h"
#include "kevy_replica/transport/secure/testing/tls_server.h"
#include "kevy_replica/transport/socket_transport.h"
#include "kevy_replica/transport/transport.h"

namespace kevy_replica {
namespace benchmarks {
namespace {

constexpr size_t kTagSize = 16;
// The size of a caller's buffer, as in a client.
constexpr size_t kBuffer = 256 << 10;
// The plaintext bytes of one timed batch, at least a message.
constexpr size_t kBatch = 1 << 20;

// The two ends of a link.
struct Ends {
  std::unique_ptr<Transport> writer;
  std::unique_ptr<Transport> reader;
};

// Makes a link of one kind over two connected ends. `writer` is the primary's
// end. Handshakes are over when it returns.
using MakeLink = Ends (*)(Ends inner);

Ends PlainLink(Ends inner) { return inner; }

Ends NoiseLink(Ends inner) {
  secure_testing::NoisePair pair = secure_testing::MakeNoisePair(
      std::move(inner.reader), std::move(inner.writer));
  return {std::move(pair.primary), std::move(pair.replica)};
}

Ends TlsLink(Ends inner, const char* cipher) {
  transport_testing::TlsPair pair = transport_testing::MakeTlsPair(
      std::move(inner.reader), std::move(inner.writer), /*max_version=*/0,
      cipher);
  return {std::move(pair.server), std::move(pair.client)};
}

constexpr char kAes[] = "TLS_AES_256_GCM_SHA384";
constexpr char kChaCha[] = "TLS_CHACHA20_POLY1305_SHA256";

Ends TlsAesLink(Ends inner) { return TlsLink(std::move(inner), kAes); }

Ends TlsChaChaLink(Ends inner) { return TlsLink(std::move(inner), kChaCha); }

struct Kind {
  const char* name;
  MakeLink make;
};

// The kinds of links. A further one is a row here.
constexpr Kind kKinds[] = {
    {"plain", PlainLink},
    {"noise", NoiseLink},
    {"tls_aes", TlsAesLink},
    {"tls_chacha", TlsChaChaLink},
};

// Bytes in memory, for one thread: the cost of a link without a system call.
struct Pipe {
  std::vector<char> bytes;
  size_t begin = 0;
  bool discard = false;  // Writes are dropped.
};

class PipeEnd : public Transport {
 public:
  PipeEnd(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}

  absl::StatusOr<size_t> Read(absl::Span<char> buffer,
                              absl::Duration) override {
    const size_t size = std::min(buffer.size(), in_->bytes.size() - in_->begin);
    if (size == 0) return absl::DeadlineExceededError("the pipe is empty");
    std::memcpy(buffer.data(), in_->bytes.data() + in_->begin, size);
    in_->begin += size;
    if (in_->begin == in_->bytes.size()) {
      in_->bytes.clear();
      in_->begin = 0;
    }
    return size;
  }
  absl::Status Write(absl::string_view bytes, absl::Duration) override {
    if (!out_->discard) {
      out_->bytes.insert(out_->bytes.end(), bytes.begin(), bytes.end());
    }
    return absl::OkStatus();
  }
  void Interrupt() override {}
  void Close() override {}
  std::string peer() const override { return "pipe"; }

 private:
  const std::shared_ptr<Pipe> in_;
  const std::shared_ptr<Pipe> out_;
};

// Makes a link over pipes. `to_reader` gets the pipe of the writer's bytes.
Ends OverPipes(MakeLink make, std::shared_ptr<Pipe>* to_reader) {
  *to_reader = std::make_shared<Pipe>();
  auto to_writer = std::make_shared<Pipe>();
  return make({std::make_unique<PipeEnd>(to_writer, *to_reader),
               std::make_unique<PipeEnd>(*to_reader, to_writer)});
}

Ends InMemory() {
  auto ends = InMemoryTransport::CreatePair(kBatch);
  return {std::move(ends.first), std::move(ends.second)};
}

Ends Loopback() {
  const auto listener = ValueOrDie(Listener::Listen("127.0.0.1:0"));
  auto reader = ValueOrDie(ConnectTransport(listener->address()));
  auto writer = ValueOrDie(listener->Accept(absl::Seconds(30)));
  return {std::move(writer), std::move(reader)};
}

size_t MessagesPerBatch(size_t size) {
  return std::max<size_t>(1, kBatch / size);
}

void Count(size_t messages, size_t size, benchmark::State& state) {
  const double all =
      static_cast<double>(state.iterations()) * static_cast<double>(messages);
  SetCounters(all, all * static_cast<double>(size), state);
}

// Reads `size` bytes in all.
void ReadAll(Transport& transport, size_t size, absl::Span<char> buffer) {
  while (size > 0) {
    size -= std::min(
        size, ValueOrDie(transport.Read(buffer, absl::InfiniteDuration())));
    benchmark::DoNotOptimize(buffer.data());
  }
}

void Seal(benchmark::State& state, MakeLink make, size_t size) {
  std::shared_ptr<Pipe> pipe;
  const Ends ends = OverPipes(make, &pipe);
  pipe->discard = true;
  const std::string message(size, 'x');
  const size_t messages = MessagesPerBatch(size);
  for (auto _ : state) {
    for (size_t i = 0; i < messages; ++i) {
      OkOrDie(ends.writer->Write(message, absl::InfiniteDuration()));
    }
  }
  Count(messages, size, state);
}

void Open(benchmark::State& state, MakeLink make, size_t size) {
  std::shared_ptr<Pipe> pipe;
  const Ends ends = OverPipes(make, &pipe);
  const std::string message(size, 'x');
  std::vector<char> buffer(kBuffer);
  const size_t messages = MessagesPerBatch(size);
  for (auto _ : state) {
    state.PauseTiming();
    for (size_t i = 0; i < messages; ++i) {
      OkOrDie(ends.writer->Write(message, absl::InfiniteDuration()));
    }
    state.ResumeTiming();
    ReadAll(*ends.reader, messages * size, absl::MakeSpan(buffer));
  }
  Count(messages, size, state);
}

// The writer and the reader on two threads. Counts real time.
void Stream(benchmark::State& state, MakeLink make, Ends (*connect)(),
            size_t size) {
  const Ends ends = make(connect());
  std::thread writer([&ends, message = std::string(size, 'x')] {
    while (ends.writer->Write(message, absl::InfiniteDuration()).ok()) {
    }
  });
  std::vector<char> buffer(kBuffer);
  const size_t messages = MessagesPerBatch(size);
  for (auto _ : state) {
    ReadAll(*ends.reader, messages * size, absl::MakeSpan(buffer));
  }
  ends.writer->Interrupt();
  writer.join();
  Count(messages, size, state);
}

// Both sides of a handshake, on one thread.
void Handshake(benchmark::State& state, MakeLink make) {
  for (auto _ : state) {
    const Ends ends = make(InMemory());
    benchmark::DoNotOptimize(ends.reader.get());
  }
  state.counters["handshakes/s"] = benchmark::Counter(
      static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

// A cipher with tags by EVP alone: the floor.
using Algorithm = const EVP_CIPHER* (*)();

class Cipher {
 public:
  Cipher(Algorithm algorithm, bool seal)
      : seal_(seal), context_(EVP_CIPHER_CTX_new()) {
    const unsigned char key[32] = {1};
    Check(EVP_CipherInit_ex(context_, algorithm(), nullptr, key, nullptr,
                            seal ? 1 : 0));
  }
  ~Cipher() { EVP_CIPHER_CTX_free(context_); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  // Seals or opens, and writes or checks the tag behind `size` bytes of `out`.
  void Run(const char* in, size_t size, char* out) {
    const unsigned char nonce[12] = {};
    int length = 0;
    auto* const bytes = reinterpret_cast<unsigned char*>(out);
    Check(EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, nonce, -1));
    if (!seal_) {
      Check(EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, kTagSize,
                                bytes + size));
    }
    Check(EVP_CipherUpdate(context_, bytes, &length,
                           reinterpret_cast<const unsigned char*>(in),
                           static_cast<int>(size)));
    Check(EVP_CipherFinal_ex(context_, bytes + length, &length));
    if (seal_) {
      Check(EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, kTagSize,
                                bytes + size));
    }
  }

 private:
  static void Check(int result) {
    if (result != 1) std::abort();
  }

  const bool seal_;
  EVP_CIPHER_CTX* const context_;
};

void SealAlone(benchmark::State& state, Algorithm algorithm, size_t size) {
  Cipher cipher(algorithm, /*seal=*/true);
  const std::string message(size, 'x');
  std::vector<char> sealed(size + kTagSize);
  for (auto _ : state) {
    cipher.Run(message.data(), size, sealed.data());
    benchmark::ClobberMemory();
  }
  Count(1, size, state);
}

// In place, with the copy that every read makes, from as much memory as the
// links' pipes have.
void OpenAlone(benchmark::State& state, Algorithm algorithm, size_t size) {
  const size_t messages = MessagesPerBatch(size);
  const size_t sealed_size = size + kTagSize;
  std::vector<char> sealed(messages * sealed_size);
  Cipher seal(algorithm, /*seal=*/true);
  const std::string message(size, 'x');
  for (size_t i = 0; i < messages; ++i) {
    seal.Run(message.data(), size, sealed.data() + i * sealed_size);
  }
  Cipher cipher(algorithm, /*seal=*/false);
  std::vector<char> buffer(sealed_size);
  for (auto _ : state) {
    for (size_t i = 0; i < messages; ++i) {
      std::memcpy(buffer.data(), sealed.data() + i * sealed_size, sealed_size);
      cipher.Run(buffer.data(), size, buffer.data());
      benchmark::ClobberMemory();
    }
  }
  Count(messages, size, state);
}

// TLS by libssl alone, the floor: two of its connections over memory BIOs.
class BareTls {
 public:
  explicit BareTls(const char* cipher) {
    static const transport_testing::TestAuthority authority;
    static const std::string certificate = authority.Issue({});
    SSL_CTX* const client = SSL_CTX_new(TLS_client_method());
    SSL_CTX* const server = SSL_CTX_new(TLS_server_method());
    Check(SSL_CTX_set_ciphersuites(server, cipher));
    Check(SSL_CTX_use_certificate_chain_file(server, certificate.c_str()));
    Check(SSL_CTX_use_PrivateKey_file(server, certificate.c_str(),
                                      SSL_FILETYPE_PEM));
    reader_ = SSL_new(client);
    writer_ = SSL_new(server);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    BIO* const to_reader = BIO_new(BIO_s_mem());
    BIO* const to_writer = BIO_new(BIO_s_mem());
    BIO_up_ref(to_reader);
    BIO_up_ref(to_writer);
    SSL_set_bio(reader_, to_reader, to_writer);
    SSL_set_bio(writer_, to_writer, to_reader);
    SSL_set_connect_state(reader_);
    SSL_set_accept_state(writer_);
    while (SSL_do_handshake(reader_) + SSL_do_handshake(writer_) != 2) {
    }
  }
  ~BareTls() {
    SSL_free(reader_);
    SSL_free(writer_);
  }
  BareTls(const BareTls&) = delete;
  BareTls& operator=(const BareTls&) = delete;

  // Drops the records of later writes.
  void Discard() { SSL_set0_wbio(writer_, BIO_new(BIO_s_null())); }

  void Write(absl::string_view bytes) {
    size_t written = 0;
    Check(SSL_write_ex(writer_, bytes.data(), bytes.size(), &written));
  }

  // Reads `size` bytes in all.
  void ReadAll(size_t size, absl::Span<char> buffer) {
    while (size > 0) {
      size_t read = 0;
      Check(SSL_read_ex(reader_, buffer.data(), buffer.size(), &read));
      size -= std::min(size, read);
      benchmark::DoNotOptimize(buffer.data());
    }
  }

 private:
  static void Check(int result) {
    if (result != 1) std::abort();
  }

  SSL* reader_;
  SSL* writer_;
};

void SealByLibssl(benchmark::State& state, const char* cipher, size_t size) {
  BareTls tls(cipher);
  tls.Discard();
  const std::string message(size, 'x');
  const size_t messages = MessagesPerBatch(size);
  for (auto _ : state) {
    for (size_t i = 0; i < messages; ++i) tls.Write(message);
  }
  Count(messages, size, state);
}

void OpenByLibssl(benchmark::State& state, const char* cipher, size_t size) {
  BareTls tls(cipher);
  const std::string message(size, 'x');
  std::vector<char> buffer(kBuffer);
  const size_t messages = MessagesPerBatch(size);
  for (auto _ : state) {
    state.PauseTiming();
    for (size_t i = 0; i < messages; ++i) tls.Write(message);
    state.ResumeTiming();
    tls.ReadAll(messages * size, absl::MakeSpan(buffer));
  }
  Count(messages, size, state);
}

template <typename Function>
benchmark::internal::Benchmark* Register(const std::string& name,
                                         Function function) {
  return benchmark::RegisterBenchmark(name.c_str(), function)->MinTime(0.1);
}

void RegisterAll() {
  // 57 bytes: a small frame. 65,519: the longest message.
  for (const size_t size : {57, 1024, 16384, 65519}) {
    for (const auto& [name, algorithm] :
         {std::pair<const char*, Algorithm>("evp", EVP_chacha20_poly1305),
          std::pair<const char*, Algorithm>("evp_aes", EVP_aes_256_gcm)}) {
      Register(absl::StrCat("Seal/", name, "/", size),
               [size, algorithm = algorithm](benchmark::State& state) {
                 SealAlone(state, algorithm, size);
               });
      Register(absl::StrCat("Open/", name, "/", size),
               [size, algorithm = algorithm](benchmark::State& state) {
                 OpenAlone(state, algorithm, size);
               });
    }
    for (const auto& [name, cipher] :
         {std::pair<const char*, const char*>("libssl_chacha", kChaCha),
          std::pair<const char*, const char*>("libssl_aes", kAes)}) {
      Register(absl::StrCat("Seal/", name, "/", size),
               [size, cipher = cipher](benchmark::State& state) {
                 SealByLibssl(state, cipher, size);
               });
      Register(absl::StrCat("Open/", name, "/", size),
               [size, cipher = cipher](benchmark::State& state) {
                 OpenByLibssl(state, cipher, size);
               });
    }
    for (const Kind& kind : kKinds) {
      const auto name = [&kind, size](absl::string_view group) {
        return absl::StrCat(group, "/", kind.name, "/", size);
      };
      const MakeLink make = kind.make;
      Register(name("Seal"), [make, size](benchmark::State& state) {
        Seal(state, make, size);
      });
      Register(name("Open"), [make, size](benchmark::State& state) {
        Open(state, make, size);
      });
      Register(name("Memory"), [make, size](benchmark::State& state) {
        Stream(state, make, InMemory, size);
      })->UseRealTime();
      Register(name("Loopback"), [make, size](benchmark::State& state) {
        Stream(state, make, Loopback, size);
      })->UseRealTime();
    }
  }
  for (const Kind& kind : kKinds) {
    Register(absl::StrCat("Handshake/", kind.name),
             [make = kind.make](benchmark::State& state) {
               Handshake(state, make);
             });
  }
}

}  // namespace
}  // namespace benchmarks
}  // namespace kevy_replica

int main(int argc, char** argv) {
  kevy_replica::benchmarks::RegisterAll();
  return kevy_replica::benchmarks::Run(argc, argv);
}
