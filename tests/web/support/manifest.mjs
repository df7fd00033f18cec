// Writes manifest.json as the compiler does, its own hash at the end (docs/formats/bundle.md).
import crypto from 'node:crypto';

export function manifestText(manifest) {
  const { sha256: _, ...rest } = manifest;
  const text = `${JSON.stringify(rest, null, 2).slice(0, -2)},\n  "sha256": "`;
  return `${text}${crypto.createHash('sha256').update(text).digest('hex')}"\n}\n`;
}
