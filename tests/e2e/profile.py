"""profile.py: `bench --profile --trace`, on the CPU and on lavapipe: ids are those of inspect, sums agree with each other and with the wall time,
the trace is JSON whose dispatches lie within their calls. Also what reads a plan of a bundle that has only the one for grids."""
import json
import os
import pathlib

from bundles import ROOT, SINTER, run_tool, sinter, temporary_folder

MODEL = ROOT / "examples/tales/model"
LAVAPIPE = pathlib.Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
PROMPT, COUNT = 140, 4  # two chunks
CALLS = 2 + 2 * COUNT + 1  # prefill twice, a sample, then decode and sample


def profile(bundle, device, trace):
    environment = dict(os.environ, VK_ICD_FILENAMES=str(LAVAPIPE))
    out = run_tool(SINTER, "bench", bundle, "--device", device, "-p", PROMPT, "-n", COUNT, "-r", 1, "--profile", "--trace", trace, "--json",
                   env=environment)
    return json.loads(out), json.loads(pathlib.Path(trace).read_text())


def check_sums(bench, kernels):
    """Sums of kernels are those of their entries, and their sum is no more than the wall time."""
    measured = bench["profile"]
    runs = {entry["entry"]: entry["runs"] for entry in measured["entries"]}
    assert runs == {"prefill": 2, "decode": COUNT, "head": COUNT + 1, "greedy": COUNT + 1}, runs
    for entry in measured["entries"]:
        for key in ("seconds", "bytes"):
            total = sum(kernel[key] for kernel in entry["kernels"])
            assert abs(total - entry[key]) <= 1e-6 * entry[key], (entry["entry"], key, total, entry[key])
        assert abs(sum(kernel["share"] for kernel in entry["kernels"]) - 1) < 1e-6, entry
        for kernel in entry["kernels"]:
            assert kernels[kernel["id"]] == kernel["family"], kernel
            assert kernel["calls"] % entry["runs"] == 0 and kernel["bytes"] > 0, kernel
    ran = {kernel["id"] for entry in measured["entries"] for kernel in entry["kernels"]}
    drawn = {id for id, family in kernels.items() if family in ("grid_sort_logits", "grid_sample")}  # bench is greedy
    assert ran == set(kernels) - drawn, ran ^ set(kernels)
    share = measured["kernel_seconds"] / measured["wall_seconds"]
    assert 0.2 < share <= 1.01, share
    return share


def check_trace(trace, bench):
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    calls = [event for event in events if event["cat"] == "call"]
    dispatches = [event for event in events if event["cat"] != "call"]
    assert len(calls) == CALLS, len(calls)
    expected = sum(kernel["calls"] for entry in bench["profile"]["entries"] for kernel in entry["kernels"])
    assert len(dispatches) == expected, (len(dispatches), expected)
    slack = 50.0  # microseconds: timestamps and the host's clock are read at different moments
    for dispatch in dispatches:
        begin, end = dispatch["ts"], dispatch["ts"] + dispatch["dur"]
        assert any(call["ts"] - slack <= begin and end <= call["ts"] + call["dur"] + slack for call in calls), dispatch
    names = {event["name"] for event in trace["traceEvents"] if event["ph"] == "M"}
    assert names == {"process_name", "thread_name"}, names


def main():
    with temporary_folder() as scratch:
        both, alone = f"{scratch}/both", f"{scratch}/alone"
        sinter("compile", MODEL, "--target", "cpu,vulkan", "--variants", "x86-64-v2,spirv-soft", "-o", both, "--quiet")
        sinter("compile", MODEL, "--target", "vulkan", "--variants", "spirv-soft", "-o", alone, "--quiet")
        devices = ["cpu", "vulkan"] if LAVAPIPE.exists() else ["cpu"]
        for device in devices:
            facts = json.loads(sinter("inspect", both, "--kernels", "--device", device, "--json"))
            assert device in facts["targets"], facts["targets"]
            bench, trace = profile(both, device, f"{scratch}/{device}.json")
            share = check_sums(bench, {kernel["id"]: kernel["family"] for kernel in facts["kernels"]})
            check_trace(trace, bench)
            assert ("decode_share_of_bandwidth" in bench) == (device == "cpu"), bench
            print(f"{device}: kernels take {share:.0%} of the wall time")
        # The plan that a bundle has, the one that is asked for, and one that is not there.
        grid = json.loads(sinter("inspect", alone, "--json"))
        assert grid["plan"] == "plan.grid.fb" and grid["targets"] == ["vulkan"], (grid["plan"], grid["targets"])
        assert json.loads(sinter("inspect", both, "--json"))["plan"] == "plan.fb"
        asked = json.loads(sinter("inspect", both, "--device", "vulkan", "--json"))
        assert asked["kernels"] == grid["kernels"], "the same program in both bundles"
        model = json.loads(sinter("inspect", MODEL, "--device", "vulkan", "--json"))
        assert [k["id"] for k in model["kernels"]] == [k["id"] for k in grid["kernels"]], "a model as it would be compiled"
        assert "is for vulkan" in sinter("inspect", alone, "--device", "cpu", code=3)
        sinter("verify", alone, "--quiet")
        sinter("verify", both, "--quiet")
        # A plan for grids that is cut short does not pass.
        plan = pathlib.Path(both, "plan.grid.fb")
        plan.write_bytes(plan.read_bytes()[:-8])
        assert "plan.grid.fb" in sinter("verify", both, code=5)
        assert "cannot write" in sinter("bench", both, "-p", 1, "-n", 1, "-r", 1, "--device", "cpu", "--trace", f"{scratch}/no/t.json", code=4)


if __name__ == "__main__":
    main()
