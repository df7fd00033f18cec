// pieces.ts: weights.sha256 (docs/formats/bundle.md), the hashes of the weights'
// pieces. A browser copies what it hashes, and copies of a whole shard go into
// memory that is fresh each time: pieces are hashed several times as fast.
import { SinterError } from "./errors.js";
import { sha256Bytes } from "./sha256.js";

export const piecesPath = "weights.sha256";
export const pieceBytes = 512 << 10;
const hashBytes = 32;

/** The hashes of whole pieces, one after the other. The bytes are copied at once and
 * may change meanwhile. */
export async function hashPieces(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const all: Promise<Uint8Array>[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    all.push(sha256Bytes(bytes.subarray(at, at + pieceBytes)));
  const hashes = new Uint8Array(all.length * hashBytes);
  for (const [i, hash] of (await Promise.all(all)).entries()) hashes.set(hash, i * hashBytes);
  return hashes;
}

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

  /** Whether the weights' bytes from offset on, whole pieces, have these hashes. */
  match(offset: number, size: number, hashes: Uint8Array): boolean {
    const begin = (offset / pieceBytes) * hashBytes;
    return (
      hashes.length === Math.ceil(size / pieceBytes) * hashBytes &&
      hashes.every((byte, i) => byte === this.hashes[begin + i])
    );
  }
}
