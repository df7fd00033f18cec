// stop.ts: finds stop texts in text that arrives in pieces. What may be the
// beginning of one is held back; what certainly is not goes on at once.

export class StopMatcher {
  private held = "";
  /** The stop text that was found. */
  found: string | undefined;

  constructor(private readonly stops: readonly string[]) {}

  /** Adds a piece; returns what is certain. After a stop text was found it is
   * the text before it. */
  push(piece: string): string {
    if (this.stops.length === 0) return piece;
    const text = this.held + piece;
    let first = -1;
    for (const stop of this.stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
        this.found = stop;
      }
    }
    if (first >= 0) {
      this.held = "";
      return text.slice(0, first);
    }
    const keep = this.possibleStart(text);
    this.held = text.slice(keep);
    return text.slice(0, keep);
  }

  /** Where the earliest suffix begins that may become a stop text. */
  private possibleStart(text: string): number {
    const longest = Math.max(...this.stops.map((stop) => stop.length));
    for (let at = Math.max(0, text.length - longest + 1); at < text.length; ++at) {
      const rest = text.slice(at);
      if (this.stops.some((stop) => stop.startsWith(rest))) return at;
    }
    return text.length;
  }

  /** What was held back, at the end. */
  finish(): string {
    const rest = this.held;
    this.held = "";
    return rest;
  }
}
