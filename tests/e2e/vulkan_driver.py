"""Running sinter on a Vulkan software device under the Khronos validation layer, whose messages are failures."""
import os
import subprocess
from pathlib import Path

from bundles import SINTER, skip

DRIVERS = {"lavapipe": "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
           "swiftshader": "/usr/lib/chromium/vk_swiftshader_icd.json"}
LAYER = "VK_LAYER_KHRONOS_validation"


def vulkan(name):
    """A function that gives the standard output of sinter on that driver; skips the test where it is missing."""
    driver = DRIVERS[name]
    if not Path(driver).exists():
        skip(f"{driver} is missing")

    def on_device(*arguments):
        environment = dict(os.environ, VK_ICD_FILENAMES=driver, VK_INSTANCE_LAYERS=LAYER,
                           VK_LAYER_ENABLES="VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT")
        done = subprocess.run([SINTER, *map(str, arguments)], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        for word in ("Validation Error", "Validation Warning", "VUID-", "SYNC-"):
            assert word not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.stdout

    return on_device
