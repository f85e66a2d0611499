// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/transport/secure/tls_options.h"

#include <sstream>
#include <vector>

#include "absl/hash/hash_testing.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace kevy_replica {
namespace {

TEST(TlsOptionsTest, EachMemberCountsForEquality) {
  std::vector<TlsOptions> all(7);
  all[1].server_name = "a";
  all[2].ca_file = "a";
  all[3].certificate_file = "a";
  all[4].key_file = "a";
  all[5].verify = false;
  all[6].handshake_timeout = absl::Seconds(1);
  for (const TlsOptions& a : all) {
    for (const TlsOptions& b : all) {
      EXPECT_EQ(a == b, &a == &b) << a << ", " << b;
      EXPECT_EQ(a != b, &a != &b) << a << ", " << b;
    }
  }
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(all));
}

TEST(TlsOptionsTest, TextNamesEachMember) {
  TlsOptions options;
  options.server_name = "db1";
  options.ca_file = "/ca.pem";
  options.certificate_file = "/cert.pem";
  options.key_file = "/key.pem";
  options.verify = false;
  std::ostringstream out;
  out << options;
  EXPECT_EQ(out.str(),
            "server_name=db1 ca_file=/ca.pem certificate_file=/cert.pem "
            "key_file=/key.pem verify=0 handshake_timeout=10s");
}

}  // namespace
}  // namespace kevy_replica
