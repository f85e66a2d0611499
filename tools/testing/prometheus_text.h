// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

// A strict reader of the Prometheus text format (version 0.0.4), for tests.

#ifndef KEVY_REPLICA_TOOLS_TESTING_PROMETHEUS_TEXT_H_
#define KEVY_REPLICA_TOOLS_TESTING_PROMETHEUS_TEXT_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace kevy_replica {

struct PrometheusSamples {
  // The first fault: "line 3: no TYPE before the samples of x". Empty: none.
  std::string fault;
  std::map<std::string, std::string> values;  // By `name{labels}`.
  std::map<std::string, std::string> types;   // By name.
};

// Reads metrics. Faults are those of the format, and of the conventions that
// kevy_replica keeps: HELP and TYPE before the first sample of each metric, all
// samples of a metric together, no sample twice, counters end in _total.
PrometheusSamples ReadPrometheusText(absl::string_view text);

}  // namespace kevy_replica

#endif  // KEVY_REPLICA_TOOLS_TESTING_PROMETHEUS_TEXT_H_
