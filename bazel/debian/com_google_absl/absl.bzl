# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Abseil's public targets, as far as Debian's libabsl-dev has them."""

def absl_libraries(names):
    """Declares a target for each name; all of them link what they need of the installed libraries.

    Args:
      names: the names of the package's public targets.
    """
    for name in names:
        native.cc_library(
            name = name,
            visibility = ["//visibility:public"],
            deps = ["//:installed"],
        )
