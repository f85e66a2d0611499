# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Tests that a misuse does not compile.

    load("//bazel/compile_fail:compile_fail.bzl", "compile_fail_test")

    compile_fail_test(
        name = "dropped_result_test",
        src = "dropped_result_snippet.cc",
        cases = {"DROPS_NEXT": "nodiscard"},
        copts = ["-Werror=unused-result"],
        deps = [":stream_decoder"],
    )

The snippet holds the misuses under macros and right code around them:

    void Use(StreamDecoder* decoder) {
    #ifdef DROPS_NEXT
      decoder->Next();
    #endif
    }

The snippet is compiled (not linked, not run) once without a macro, which must succeed, and once for each case with its
macro defined, which must fail with a message that its extended regular expression (grep -E) matches. An expression
that holds for both g++ and clang names a word of both, such as `nodiscard`.

It runs the compiler of the configuration, with the flags of the command line (.bazelrc included) and then `copts`, in
one action for each compilation. The test itself is a script of sh and grep that reads their outputs. It works offline,
with Bazel 4.2 to 7, and with g++ and clang.
"""

load("@rules_cc//cc:defs.bzl", "CcInfo", "cc_common")
load("@rules_cc//cc:find_cc_toolchain.bzl", "find_cc_toolchain")

_COMPILE_ACTION = "c++-compile"

def _compile(ctx, cc_toolchain, features, context, macro):
    """Compiles the snippet, and returns the file with the exit code and the messages.

    Args:
      ctx: the rule's context.
      cc_toolchain: the C++ toolchain.
      features: its configured features.
      context: the compilation context of `deps`.
      macro: the macro to define, or "".

    Returns:
      The output: its first line is the compiler's exit code.
    """
    output = ctx.actions.declare_file("%s.%s.txt" % (ctx.label.name, macro or "control"))
    cpp = ctx.fragments.cpp
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = cc_toolchain,
        source_file = ctx.file.src.path,
        output_file = "/dev/null",
        user_compile_flags = cpp.copts + cpp.cxxopts + ctx.attr.copts + (["-D" + macro] if macro else []),
        include_directories = context.includes,
        quote_include_directories = context.quote_includes,
        # Bazel 5 and later keep other repositories' folders apart (--features=external_include_paths).
        system_include_directories = depset(
            transitive = [context.system_includes, getattr(context, "external_includes", depset())],
        ),
        preprocessor_defines = context.defines,
    )
    arguments = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = _COMPILE_ACTION,
        variables = variables,
    )
    ctx.actions.run_shell(
        outputs = [output],
        inputs = depset([ctx.file.src], transitive = [context.headers, cc_toolchain.all_files]),
        command = 'out="$1"; shift; "$@" >"$out.log" 2>&1; echo "$?" >"$out"; cat "$out.log" >>"$out"; rm "$out.log"',
        arguments = [
            output.path,
            cc_common.get_tool_for_action(feature_configuration = features, action_name = _COMPILE_ACTION),
        ] + arguments,
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = _COMPILE_ACTION,
            variables = variables,
        ),
        mnemonic = "CompileFail",
        progress_message = "Compiling %s %s" % (ctx.file.src.short_path, macro),
    )
    return output

def _quoted(text):
    return "'" + text.replace("'", "'\\''") + "'"

def _compile_fail_test_impl(ctx):
    cc_toolchain = find_cc_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = cc_toolchain,
        requested_features = ctx.features,
        # These ask for outputs or module maps that a single compilation has not got.
        unsupported_features = ctx.disabled_features + ["layering_check", "module_maps", "parse_headers", "pic", "per_object_debug_info"],
    )
    context = cc_common.merge_cc_infos(cc_infos = [dep[CcInfo] for dep in ctx.attr.deps]).compilation_context
    control = _compile(ctx, cc_toolchain, features, context, "")
    outputs = [control]
    lines = ["#!/bin/sh", "failed=0", "control %s" % _quoted(control.short_path)]
    for macro, expected in ctx.attr.cases.items():
        output = _compile(ctx, cc_toolchain, features, context, macro)
        outputs.append(output)
        lines.append("misuse %s %s %s" % (macro, _quoted(expected), _quoted(output.short_path)))
    functions = """
control() {
  if [ "$(head -n 1 "$1")" != 0 ]; then
    echo "FAILED: the snippet without a macro must compile, but:"; cat "$1"; failed=1
  fi
}
misuse() {
  if [ "$(head -n 1 "$3")" = 0 ]; then
    echo "FAILED: with $1 the snippet must not compile, but it does"; failed=1
  elif ! tail -n +2 "$3" | grep -E -q -e "$2"; then
    echo "FAILED: with $1 no message matches '$2':"; cat "$3"; failed=1
  else
    echo "$1: $(tail -n +2 "$3" | grep -E -e "$2" | head -n 1)"
  fi
}
"""
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        output = script,
        content = lines[0] + functions + "\n".join(lines[1:] + ["exit $failed", ""]),
        is_executable = True,
    )
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(files = outputs))]

compile_fail_test = rule(
    implementation = _compile_fail_test_impl,
    doc = "Tests that a snippet compiles, and that it does not with each of some macros.",
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = [".cc"], doc = "The snippet."),
        "cases": attr.string_dict(mandatory = True, doc = "The macro of each misuse, and an expression that a message must match."),
        "copts": attr.string_list(doc = "Flags behind those of the command line."),
        "deps": attr.label_list(providers = [CcInfo], doc = "The libraries whose headers the snippet includes."),
        "_cc_toolchain": attr.label(default = Label("@bazel_tools//tools/cpp:current_cc_toolchain")),
    },
    fragments = ["cpp"],
    test = True,
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
