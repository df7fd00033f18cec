// A worker of the wasm runtime's thread pool: the same two modules on the same memory, with a stack of its own.
import fs from 'node:fs';
import { workerData } from 'node:worker_threads';
import { clock, linkKernels } from './runtime.mjs';

const { runtime, memory, kernels, ids, first, stackEnd, index } = workerData;
const { exports } = new WebAssembly.Instance(runtime, { env: { ...clock(), memory } });
exports.__stack_pointer.value = stackEnd;
linkKernels(new WebAssembly.Module(fs.readFileSync(kernels)), { exports, memory }, ids, first);
exports.sinter_web_worker(index);
