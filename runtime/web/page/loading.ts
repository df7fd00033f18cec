// loading.ts: the progress of a load: a labelled progress bar, its stages, bytes,
// speed and the time that is left.
import type { Progress, Stage } from "../progress.js";
import { byId, make } from "./dom.js";
import { formatDuration, formatSize } from "./format.js";

const stages: readonly (readonly [Stage, string])[] = [
  ["manifest", "Looking"],
  ["download", "Downloading"],
  ["verify", "Reading from this device"],
  ["upload", "Moving to memory"],
  ["compile", "Preparing kernels"],
  ["warmup", "Warming up"],
];

export class LoadingView {
  private readonly section = byId("loading", HTMLElement);
  private readonly bar = byId("bar", HTMLElement);
  private readonly list = byId("stages", HTMLOListElement);
  private seen = new Set<Stage>();
  private spoken = -1;

  show(): void {
    this.seen.clear();
    this.spoken = -1;
    this.section.hidden = false;
    this.update({
      stage: "manifest", loadedBytes: 0, totalBytes: 0, cachedBytes: 0, verifiedBytes: 0,
      uploadedBytes: 0, secondsLeft: undefined, bytesPerSecond: undefined,
    });
  }
  hide(): void {
    this.section.hidden = true;
  }

  update(progress: Progress): void {
    const { stage, loadedBytes, totalBytes } = progress;
    if (stage === "ready") return;
    this.seen.add(stage);
    const name = stages.find(([id]) => id === stage)?.[1] ?? stage;
    const detail = this.detail(progress);
    byId("stage", HTMLElement).textContent = name;
    byId("loading-detail", HTMLElement).textContent = detail;
    const share = totalBytes > 0 ? loadedBytes / totalBytes : 0;
    byId("bar-fill", SVGRectElement).setAttribute("width", String(Math.floor(share * 1000)));
    const percent = Math.floor(share * 100);
    this.bar.setAttribute("aria-valuenow", String(percent));
    // A reader that follows the value is told of whole percents only.
    if (percent !== this.spoken) this.bar.setAttribute("aria-valuetext", `${name}, ${percent} percent`);
    this.spoken = percent;
    this.showStages(stage);
  }

  private detail(progress: Progress): string {
    const { stage, loadedBytes, totalBytes, bytesPerSecond, secondsLeft } = progress;
    if (totalBytes === 0 || (stage !== "download" && stage !== "verify")) return "";
    const parts = [`${formatSize(loadedBytes)} of ${formatSize(totalBytes)}`];
    if (bytesPerSecond !== undefined && bytesPerSecond > 0) parts.push(`${formatSize(bytesPerSecond)}/s`);
    if (secondsLeft !== undefined && secondsLeft >= 1) parts.push(`${formatDuration(secondsLeft)} left`);
    return parts.join(" \u00b7 ");
  }

  private showStages(now: Stage): void {
    this.list.replaceChildren(
      ...stages
        .filter(([id]) => this.seen.has(id))
        .map(([id, name]) => {
          const item = make("li", "", name);
          item.dataset["state"] = id === now ? "now" : "done";
          return item;
        }),
    );
  }
}
