"""agreement_bundle.py FOLDER WORK: compiles a reference model at -q f32 for every target into WORK/bundle, once for all the
agreement tests of that model, which leave what they measure beside it. Without the web library: for the native targets."""
import pathlib
import shutil
import subprocess
import sys

from bundles import SINTER, shared

folder = shared(f"reference/{sys.argv[1]}")
work = pathlib.Path(sys.argv[2])
work.mkdir(parents=True, exist_ok=True)
shutil.rmtree(work / "bundle", ignore_errors=True)
for targets in ("cpu,wasm,webgpu,vulkan", "cpu,vulkan"):
    command = [SINTER, "compile", folder, "-q", "f32", "--target", targets, "--variants", "native", "-o", work / "bundle",
               "--quiet"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        break
    if "without the web library" not in done.stderr:
        sys.exit(f"sinter compile {folder}: exit code {done.returncode}\n{done.stderr}")
