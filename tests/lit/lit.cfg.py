# How lit runs the .mlir files below this folder. Substitutions: %s the file, %t a
# scratch path; sinter-opt, sinter, FileCheck, not and split-file are on the PATH.
import os
import shutil
import subprocess

import lit.formats

config.name = "sinter"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.sinter_exec_root
config.excludes = ["Inputs"]
config.environment["PATH"] = os.pathsep.join(
    [config.sinter_tools_dir, config.llvm_tools_dir, os.environ.get("PATH", "")])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
config.environment["SINTER_SHARED_DATA"] = os.path.join(
    config.sinter_source_dir, "..", "shared", "data")
if shutil.which("spirv-val") and shutil.which("spirv-dis"):
    config.available_features.add("spirv-tools")
    # Those that are not older than the extension (June 2023): Debian 12 has 2023.1.
    if not subprocess.run(["spirv-as", "-o", os.devnull], input=b"OpCapability CooperativeMatrixKHR\n",
                          capture_output=True).returncode:
        config.available_features.add("spirv-tools-matrices")
