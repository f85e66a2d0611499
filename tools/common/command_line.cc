// Copyright 2026 The kevy_replica Authors
// SPDX-License-Identifier: Apache-2.0

#include "kevy_replica/tools/common/command_line.h"

#include <cstddef>
#include <map>
#include <string>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "kevy_replica/codec/escape.h"

namespace kevy_replica {

absl::StatusOr<CommandLine> ParseArguments(
    absl::Span<const char* const> arguments) {
  CommandLine result;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const absl::string_view argument = arguments[i];
    absl::string_view name = argument;
    if (!absl::ConsumePrefix(&name, "-") || name.empty() || name == "-") {
      return absl::InvalidArgumentError(
          absl::StrCat("unexpected argument ", Escaped(argument)));
    }
    absl::ConsumePrefix(&name, "-");
    if (name == "help" || name == "h") {
      result.help = true;
      continue;
    }
    if (name == "version") {
      result.version = true;
      continue;
    }
    const size_t equals = name.find('=');
    const bool has_value = equals != absl::string_view::npos;
    absl::string_view value;
    if (has_value) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    bool negated = false;
    if (flag == nullptr && !has_value && absl::ConsumePrefix(&name, "no")) {
      flag = absl::FindCommandLineFlag(name);
      negated = flag != nullptr && flag->IsOfType<bool>();
      if (!negated) flag = nullptr;
    }
    if (flag == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag ", Escaped(argument)));
    }
    if (!has_value) {
      if (flag->IsOfType<bool>()) {
        value = negated ? "false" : "true";
      } else if (++i < arguments.size()) {
        value = arguments[i];
      } else {
        return absl::InvalidArgumentError(
            absl::StrCat("--", name, " needs a value"));
      }
    }
    if (value.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", name, " has an empty value: is a variable unset?"));
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      // Abseil's message quotes the value unescaped. Take only the reason,
      // which stands after the flag's name.
      const std::string quoted = absl::StrCat("flag '", name, "'");
      absl::string_view why = error;
      const size_t reason = why.rfind(quoted);
      why.remove_prefix(reason == absl::string_view::npos
                            ? why.size()
                            : reason + quoted.size());
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, ": bad value ", Escaped(value), why));
    }
    result.given.emplace(name);
  }
  return result;
}

std::string FlagsHelp() {
  std::map<absl::string_view, const absl::CommandLineFlag*> sorted;
  for (const auto& [name, flag] : absl::GetAllFlags()) sorted[name] = flag;
  std::string help;
  for (const auto& [name, flag] : sorted) {
    absl::StrAppend(
        &help, "  --", name, " (default: ",
        flag->DefaultValue().empty() ? "none" : flag->DefaultValue(),
        ")\n      ", absl::StrReplaceAll(flag->Help(), {{"\n", "\n      "}}),
        "\n");
  }
  return help;
}

}  // namespace kevy_replica
