// pieces.ts: weights.sha256 (docs/formats/bundle.md), the hashes of the weights'
// pieces. A browser copies what it hashes, and copies of a whole shard go into
// memory that is fresh each time: pieces are hashed several times as fast.
import { SinterError } from "./errors.js";
import { sha256Bytes } from "./sha256.js";

export const piecesPath = "weights.sha256";
export const pieceBytes = 512 << 10;
const hashBytes = 32;

export class PieceHashes {
  /** hashes: the file; weights: bytes of all weights. CORRUPT when they do not fit. */
  constructor(
    private readonly hashes: Uint8Array,
    weights: number,
  ) {
    const expected = Math.ceil(weights / pieceBytes) * hashBytes;
    if (hashes.length !== expected)
      throw new SinterError(
        "CORRUPT",
        `${piecesPath} has ${hashes.length} bytes instead of ${expected}; compile the bundle again`,
        { file: piecesPath },
      );
  }

  /** Whether these bytes, whole pieces from an offset on, are the weights. They are
   * copied at once and may change meanwhile, where the browser hashes. */
  async match(offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const all: Promise<boolean>[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes)
      all.push(this.matchPiece((offset + at) / pieceBytes, bytes.subarray(at, at + pieceBytes)));
    return (await Promise.all(all)).every((good) => good);
  }

  private async matchPiece(index: number, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const hash = await sha256Bytes(bytes);
    return hash.every((byte, i) => byte === this.hashes[index * hashBytes + i]);
  }
}
