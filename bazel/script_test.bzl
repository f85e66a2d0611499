# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""A test that is a script.

Bazel 9 has no sh_test of its own. This rule works with Bazel 4 to 9 and needs no other repository.
"""

def _script_test_impl(ctx):
    test = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = test, target_file = ctx.file.src, is_executable = True)
    runfiles = ctx.runfiles(files = [ctx.file.src] + ctx.files.data)
    for data in ctx.attr.data:
        runfiles = runfiles.merge(data[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = test, runfiles = runfiles)]

script_test = rule(
    implementation = _script_test_impl,
    doc = "Runs an executable file; exit status 0 passes.",
    attrs = {
        "src": attr.label(mandatory = True, allow_single_file = True, doc = "The script, with its interpreter in line 1."),
        "data": attr.label_list(allow_files = True, doc = "Files and programs that the script finds in its folder."),
    },
    test = True,
)
