# Copyright 2026 The kevy_replica Authors
# SPDX-License-Identifier: Apache-2.0

"""Builtins under other names: a file that defines `CcInfo` cannot read the builtin of that name."""

NATIVE_CC_COMMON = cc_common
NATIVE_CC_INFO = CcInfo
