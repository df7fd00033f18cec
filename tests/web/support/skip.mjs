// What a test does when something it needs is not on this machine: it says so and exits with 77.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
/** tests/web */
export const testsWeb = path.dirname(here);
/** The repository's root. */
export const source = process.env.SINTER_SOURCE ?? path.resolve(testsWeb, '../..');
/** Where the built tools lie. */
export const bin = process.env.SINTER_BIN ?? path.join(source, 'build/bin');
/** The library's modules one by one, for tests of its parts; bundles hold them joined. */
export const libraryModules = path.resolve(bin, '../web-modules');
/** Reference models and data that are not part of the repository; may not exist. */
export const sharedData = process.env.SINTER_SHARED_DATA ?? path.resolve(source, '../shared/data');

/** Ends the process as a skipped test. */
export function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

/** Imports an npm package of tests/web/package.json, or skips. */
export async function need(name) {
  try {
    createRequire(path.join(testsWeb, 'x.js')).resolve(`${name}/package.json`);
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND')
      skip(`npm package ${name} is not installed (./dev test installs it where there is a network)`);
  }
  return import(name);
}

/** Path of Debian's chromium (or $CHROMIUM), or skips. */
export function chromiumPath() {
  const names = (process.env.PATH ?? '').split(':').map((dir) => path.join(dir, 'chromium'));
  const found = [process.env.CHROMIUM, ...names].find((file) => file && fs.existsSync(file));
  return found ?? skip('chromium is not installed (apt-get install chromium)');
}

/** Path of a tool that the build makes, or skips. */
export function tool(name) {
  const file = path.join(bin, name);
  return fs.existsSync(file) ? file : skip(`${file} is not built`);
}
