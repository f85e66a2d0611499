// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// The seeds of HTTP requests: those of scrapers, and some faults.

#include <string>
#include <vector>

#include "kevy_replica/codec/testing/random_stream.h"
#include "kevy_replica/fuzz/seeds.h"

namespace kevy_replica {

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds;
  for (const char* text :
       {"GET /metrics HTTP/1.1\r\nHost: db1:9100\r\nUser-Agent: "
        "Prometheus/2.42.0\r\nAccept: text/plain;version=0.0.4;q=0.5\r\n"
        "Accept-Encoding: gzip\r\n\r\n",
        "GET /healthz HTTP/1.0\r\n\r\n",
        "HEAD /readyz?verbose=1 HTTP/1.1\r\nHost:\tdb1\r\n\r\n",
        "POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        "GET /metrics\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\nHost: db1\n\n", "GET /\x01 HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02", "*1\r\n$4\r\nPING\r\n"}) {
    seeds.push_back({text, text});
  }
  seeds.push_back({"long", "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x')});
  return seeds;
}

void MutateSeed(codec_testing::Random* random, std::string* bytes) {
  codec_testing::Mutate(random, bytes);
}

}  // namespace kevy_replica
