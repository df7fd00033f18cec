"""Every stage can be stopped at, dumped and started from: continuing from a dump gives the same IR as going through."""
import pathlib

from bundles import ROOT, sinter, temporary_folder

STAGES = ["import", "canonicalize", "quantize", "fuse", "plan", "kernels", "legalize"]
model = ROOT / "examples/tales/model"

with temporary_folder() as scratch:
    whole, again = pathlib.Path(scratch, "whole"), pathlib.Path(scratch, "again")
    sinter("compile", model, "--variants", "avx2", "--dump-ir", whole, "--stop-after", STAGES[-1])
    names = [f"{i:02}-{stage}.mlir" for i, stage in enumerate(STAGES)]
    assert sorted(path.name for path in whole.iterdir()) == sorted(names + ["index.html"]), list(whole.iterdir())
    page = (whole / "index.html").read_text()
    assert all(f'name: "{stage}"' in page for stage in STAGES) and "http://" not in page and "https://" not in page
    again.mkdir()
    for i in range(1, len(STAGES)):
        (again / names[i - 1]).write_bytes((whole / names[i - 1]).read_bytes())
        sinter("compile", model, "--variants", "avx2", "--dump-ir", again, "--start-at", STAGES[i], "--stop-after", STAGES[i])
        without_locations = lambda path: [line.split(" loc(")[0] for line in path.read_text().splitlines()
                                          if not line.startswith("#loc")]
        assert without_locations(again / names[i]) == without_locations(whole / names[i]), f"stage {STAGES[i]} differs"
    # A dump that is not of its stage is refused, and so is one that does not parse.
    (again / names[3]).write_bytes((whole / names[4]).read_bytes())
    sinter("compile", model, "--dump-ir", again, "--start-at", "plan", "--stop-after", "plan", code=1)
    (again / names[3]).write_text("func.func @")
    sinter("compile", model, "--dump-ir", again, "--start-at", "plan", "--stop-after", "plan", code=1)
    # Without a folder the module is data, on standard output.
    printed = sinter("compile", model, "--stop-after", "plan")
    assert "plan.program" in printed and "plan.dispatch" in printed
    # A stage that fails is a bug of ours: exit code 70, the module before it is saved, and the message says how to replay.
    dump = pathlib.Path(scratch, "broken")
    sinter("compile", model, "--dump-ir", dump, "--stop-after", "fuse")
    fused = dump / "03-fuse.mlir"
    fused.write_text(fused.read_text().replace("@greedy", "@gready"))
    output = pathlib.Path(scratch, "bundle")
    message = sinter("compile", model, "--dump-ir", dump, "--start-at", "plan", "-o", output, code=70)
    saved = pathlib.Path(f"{output}.reproducer", "03-fuse.mlir")
    assert "entry point @greedy is missing" in message and f"--start-at plan" in message and saved.exists(), message
    assert not output.exists()
    replayed = sinter("compile", model, "--dump-ir", saved.parent, "--start-at", "plan", "--stop-after", "plan", "-o",
                      f"{scratch}/replay", code=70)
    assert "entry point @greedy is missing" in replayed, replayed
