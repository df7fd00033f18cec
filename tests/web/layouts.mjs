// The byte offsets in runtime/web/runtime.ts are those that clang gives the structs of the headers in wasm32: every
// offset becomes a static assertion of a C file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { libraryModules, skip, source } from './support/skip.mjs';

const script = path.join(libraryModules, 'runtime.js');
if (!fs.existsSync(script)) skip('the JavaScript library is not built');
const { layouts } = await import(pathToFileURL(script).href);

const structs = {
  error: 'sinter_error', memoryFile: 'sinter_memory_file', samplerParams: 'sinter_sampler_params',
  logitBias: 'sinter_logit_bias', chatParams: 'sinter_chat_params',
};
assert.deepEqual(Object.keys(layouts).sort(), Object.keys(structs).sort());
const snake = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

const check = (change = (offset) => offset) => {
  const lines = ['#include "runtime/web/native/exports.h"'];
  for (const [name, { size, ...fields }] of Object.entries(layouts)) {
    lines.push(`_Static_assert(sizeof(${structs[name]}) == ${size}, "${name}");`);
    for (const [field, offset] of Object.entries(fields))
      lines.push(`_Static_assert(offsetof(${structs[name]}, ${snake(field)}) == ${change(offset)}, "${name}.${field}");`);
  }
  const { status, stderr, error } = spawnSync('clang-19', ['--target=wasm32', '-ffreestanding', '-fsyntax-only', '-xc', '-std=c11',
    `-I${source}`, '-'], { input: lines.join('\n'), encoding: 'utf8' });
  if (error) skip('clang-19 is not installed');
  return { status, stderr };
};

const { status, stderr } = check();
assert.equal(status, 0, stderr);
assert.notEqual(check((offset) => offset + 4).status, 0, 'wrong offsets would be noticed');
