# SPDX-License-Identifier: Apache-2.0
import os
import sys

import lit.formats

config.name = "ashlar"
config.test_format = lit.formats.ShTest(True)
config.suffixes = [".mlir", ".test"]
config.excludes = ["data", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.ashlar_build, "tests", "lit")

tools = [os.path.join(config.ashlar_build, "tools", t) for t in ("ashlar-opt", "ashlar-kernel-run", "ashlar", "ashlar-run")]
config.environment["PATH"] = os.pathsep.join(tools + [config.llvm_tools, os.environ["PATH"]])
config.environment["HOME"] = os.environ.get("HOME", "/tmp")
config.substitutions.append(("%checkpoints", os.path.join(config.ashlar_source, "models", "checkpoints")))
config.substitutions.append(("%runner", os.path.join(config.ashlar_build, "tools", "ashlar-run", "ashlar-run")))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%data", os.path.join(config.ashlar_source, "tests", "data")))
config.environment["ASHLAR_TUNING"] = ""  # schedules must not depend on what the machine was tuned to
for name, value in os.environ.items():
    if name.startswith(("ASHLAR_", "VK_", "XDG_")):
        config.environment[name] = value
