// plan.ts: reads the plan's table of words (runtime/web/native/exports.h), which
// the C++ runtime has checked: all ranges, indices and counts are in bounds.
import { SinterError } from "./errors.js";

const magic = 0x54504e53;
const version = 1;

export type Space = "weights" | "arena" | "state";
const spaces: readonly Space[] = ["weights", "arena", "state"];

export interface Range {
  readonly space: Space;
  readonly offset: number;
  readonly bytes: number;
}
export interface PlanWeight {
  readonly name: string;
  readonly range: Range;
}
export interface PlanState {
  readonly name: string;
  readonly range: Range;
}
export interface PlanDispatch {
  readonly kernel: number;
  readonly items: number;
  readonly itemsPerTokens: number;
  readonly layer: string;
  readonly bindings: readonly Range[];
}
export interface Plan {
  readonly context: number;
  readonly chunk: number;
  readonly vocabSize: number;
  readonly layerCount: number;
  readonly weightBytes: number;
  readonly arenaBytes: number;
  readonly stateBytes: number;
  readonly largestBinding: number;
  readonly eosIds: readonly number[];
  readonly bosId: number;
  readonly kernels: readonly string[];
  readonly weights: readonly PlanWeight[];
  readonly ios: ReadonlyMap<string, Range>;
  readonly states: readonly PlanState[];
  readonly entries: ReadonlyMap<string, readonly PlanDispatch[]>;
}

class Words {
  private readonly bytes: Uint8Array;
  constructor(private readonly words: Uint32Array<ArrayBuffer>) {
    this.bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  }
  at(index: number): number {
    const word = this.words[index];
    if (word === undefined)
      throw new SinterError("INTERNAL", `the plan's table has no word ${index}`);
    return word;
  }
  long(index: number): number {
    return this.at(index) + this.at(index + 1) * 2 ** 32;
  }
  text(index: number): string {
    const offset = this.at(index);
    return new TextDecoder().decode(this.bytes.subarray(offset, offset + this.at(index + 1)));
  }
  range(index: number): Range {
    return {
      space: spaces[this.at(index)] ?? "arena",
      offset: this.long(index + 1),
      bytes: this.long(index + 3),
    };
  }
  list<T>(count: number, first: number, size: number, read: (at: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => read(first + i * size));
  }
}

function readDispatch(words: Words, at: number): PlanDispatch {
  return {
    kernel: words.at(at),
    items: words.at(at + 1),
    itemsPerTokens: words.at(at + 2),
    layer: words.text(at + 3),
    bindings: words.list(words.at(at + 5), words.at(at + 6), 5, (b) => words.range(b)),
  };
}

/** The whole table. */
export function readPlan(table: Uint32Array<ArrayBuffer>): Plan {
  const words = new Words(table);
  if (words.at(0) !== magic || words.at(1) !== version)
    throw new SinterError(
      "VERSION_MISMATCH",
      "runtime/sinter.wasm is of another version than the library",
    );
  return {
    context: words.at(3),
    chunk: words.at(4),
    vocabSize: words.at(5),
    layerCount: words.at(7),
    weightBytes: words.long(8),
    arenaBytes: words.long(10),
    stateBytes: words.long(12),
    largestBinding: words.long(14),
    kernels: words.list(words.at(16), words.at(17), 4, (at) => words.text(at)),
    weights: words.list(words.at(18), words.at(19), 9, (at) => ({
      name: words.text(at),
      range: words.range(at + 2),
    })),
    ios: new Map(
      words.list(words.at(20), words.at(21), 7, (at) => [words.text(at), words.range(at + 2)]),
    ),
    states: words.list(words.at(22), words.at(23), 11, (at) => ({
      name: words.text(at),
      range: words.range(at + 2),
    })),
    entries: new Map(
      words.list(words.at(24), words.at(25), 4, (at) => [
        words.text(at),
        words.list(words.at(at + 2), words.at(at + 3), 7, (d) => readDispatch(words, d)),
      ]),
    ),
    eosIds: words.list(words.at(26), words.at(27), 1, (at) => words.at(at) | 0),
    bosId: words.at(28) | 0,
  };
}
