# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Abseil's public targets that Debian's libabsl-dev contains."""

def absl_libraries(names):
    """Declares a target for each name. Each links the installed libraries.

    Args:
      names: the names of the package's public targets.
    """
    for name in names:
        native.cc_library(
            name = name,
            visibility = ["//visibility:public"],
            deps = ["//:installed"],
        )
