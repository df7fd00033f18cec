"""vulkan_sampling.py DRIVER: tokens drawn by a Vulkan software device are those that the processor draws with the same seed,
for every setting the program has, without a message of the Khronos validation layer. DRIVER: lavapipe or swiftshader.

Skips (exit code 77) where the driver or the layer is not installed."""
import json
import sys

from bundles import ROOT, sinter, temporary_folder
from vulkan_driver import vulkan

on_device = vulkan(sys.argv[1])
SETTINGS = [["--temp", 1], ["--temp", 0.9, "--top-k", 20], ["--temp", 1.1, "--top-p", 0.9], ["--temp", 1.2, "--min-p", 0.05],
            ["--temp", 0, "--repeat-penalty", 1.3], ["--temp", 0, "--logit-bias", "300=4", "--logit-bias", "261=-100"],
            ["--temp", 0.8, "--top-k", 50, "--top-p", 0.95, "--min-p", 0.01, "--repeat-penalty", 1.1]]

with temporary_folder() as scratch:
    bundle = f"{scratch}/bundle"
    sinter("compile", ROOT / "examples/tales/model", "-q", "f32", "--target", "cpu,vulkan", "-o", bundle, "--quiet")
    for seed, settings in enumerate(SETTINGS):
        run = ["run", bundle, "-p", "Once upon a time", "-n", 40, "--seed", seed, "--json", *settings]
        wanted = json.loads(sinter(*run, "--device", "cpu"))
        got = json.loads(on_device(*run, "--device", "vulkan"))
        assert got["tokens"] == wanted["tokens"], f"{settings}:\n{got['text']}\n{wanted['text']}"
    print(f"{len(SETTINGS)} settings agree")
