/* exports.h: what sinter.wasm and sinter-threads.wasm export to JavaScript,
 * beyond the C interface of sinter.h, which they export by name (but for the
 * functions that open folders). The modules are wasm32: pointers, size_t and
 * handles are u32; uint64_t is a BigInt; little endian.
 *
 * Imports, all from module "env":
 *   memory              sinter-threads.wasm only: a shared WebAssembly.Memory,
 *                       initial 32 pages (2 MiB) or more, maximum as much as
 *                       may be needed, at most 65536 pages. sinter.wasm
 *                       exports its own.
 *   sinter_now          () -> f64: milliseconds of a clock that only goes
 *                       forward (performance.now()).
 *   sinter_local_time   () -> f64: seconds since 1970-01-01 local time; asked
 *                       only by chat templates that print a date.
 *
 * Exports beside functions: memory (sinter.wasm), __stack_pointer (mutable
 * i32), __indirect_function_table (growable). Call _initialize once in the
 * instance that calls the API, before anything else; never in workers.
 *
 * Any call may grow the memory: make new typed arrays after each call.
 * Functions are not reentrant and, but for sinter_web_worker, belong to one
 * thread (the engine's).
 *
 * Errors: a sinter_error is 504 bytes: i32 code, then the message, UTF-8 and
 * zero-terminated. Pass sinter_web_error() where sinter.h wants one.
 */
#ifndef SINTER_WEB_EXPORTS_H
#define SINTER_WEB_EXPORTS_H

#include "runtime/include/sinter.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -- Memory and errors ----------------------------------------------------- */

/* Zero-filled memory, aligned to 64; 0 when there is none. */
SINTER_API void *sinter_web_alloc(size_t bytes);
SINTER_API void sinter_web_free(void *memory);

/* The engine's sinter_error, always the same address. */
SINTER_API sinter_error *sinter_web_error(void);

/* -- Opening a model ------------------------------------------------------- */

/* A file of the bundle, in memory. */
typedef struct sinter_memory_file {
  const char *path; /* as in the manifest, zero-terminated: "plan.fb" */
  const void *data;
  size_t bytes;
} sinter_memory_file; /* 12 bytes */

/* Opens a model from files in memory: manifest.json, the plan and, if the
 * manifest lists it, tokenizer.bin; weights are not among them. The bytes are
 * checked as in a folder (SHA-256 against the manifest, then by meaning) and
 * copied; they may be freed after the call. All pointers may be temporary.
 *
 *   plan_path  "plan.fb" (wasm device) or "plan.grid.fb"
 *   module     wasm device: what sinter_web_kernels gave; NULL: no device in
 *              wasm (webgpu): tokenizer, chat templates, samplers and
 *              sinter_web_plan work, sessions compute nothing
 *   threads    1 to 256, the engine's own included; above 1 only in
 *              sinter-threads.wasm (sinter_web_worker)
 *   *model     the handle, 0 after a failure
 *
 * With a module the weights' memory is allocated here: OUT_OF_MEMORY says how
 * much was missing. */
SINTER_API sinter_status sinter_model_open_memory(
    const sinter_memory_file *files, size_t file_count, const char *plan_path,
    const sinter_cpu_module *module, uint32_t threads, sinter_model **model,
    sinter_error *error);

/* The kernels of the wasm device. Kernel modules (kernels/wasm/<variant>.wasm,
 * for sinter-threads.wasm <variant>-threads.wasm) import from "env": memory,
 * __indirect_function_table, __stack_pointer (the runtime instance's), and the
 * immutable i32 globals __memory_base and __table_base (any value: kernels
 * have no data and no table entries of their own), or some of these. They
 * export each kernel by its id. Grow the runtime's table by the number of
 * kernels, set the entries to the exports in the order of the plan's kernel
 * table (sinter_web_plan), at the same indices in every worker.
 *
 *   stamp  the 48 bytes of the kernel module's custom section "sinter"
 *          (WebAssembly.Module.customSections): checked against the plan
 *   name   the variant's name, zero-terminated; copied
 *   first  index of the first kernel in the table
 *
 * The module for sinter_model_open_memory; it lives until sinter_web_free,
 * which must come after the model's end. 0 if the stamp is none. */
SINTER_API const sinter_cpu_module *sinter_web_kernels(const void *stamp,
                                                       size_t stamp_bytes,
                                                       const char *name,
                                                       uint32_t first);

/* Where the model's weights belong: weight_bytes bytes, all shards one after
 * the other. The loader fills them before the first token; nothing checks them
 * (see sinter_web_sha256_begin). 0 for a model without a module. */
SINTER_API void *sinter_web_weights(const sinter_model *model);

/* -- Threads (sinter-threads.wasm) ----------------------------------------- */

/* Serves the open model's thread pool; index from 1 to threads - 1, each once.
 * A worker instantiates the same two modules on the same memory, sets its
 * __stack_pointer to the end of a block of sinter_web_stack_bytes() that the
 * engine allocated for it, puts the kernels into its table and calls this.
 * Returns 1 when the model is closed, 0 at once if none is open. Workers may
 * come late or not at all, nobody waits for them, except that closing the
 * model waits until those inside have left. */
SINTER_API int sinter_web_worker(uint32_t index);

/* Stack of a worker, bytes (a multiple of 16). */
SINTER_API size_t sinter_web_stack_bytes(void);

/* -- SHA-256 --------------------------------------------------------------- */

/* A running hash; 0 when there is no memory. */
SINTER_API void *sinter_web_sha256_begin(void);
SINTER_API void sinter_web_sha256_update(void *hash, const void *data,
                                         size_t bytes);
/* Writes 32 bytes and ends the hash. digest NULL: only ends it. */
SINTER_API void sinter_web_sha256_finish(void *hash, uint8_t *digest);

/* -- The plan as a table --------------------------------------------------- */

/* Writes the plan as 32-bit words. *count is how many; BUFFER_TOO_SMALL, and
 * nothing written, when capacity is less (words may be NULL with capacity 0).
 *
 * 64-bit numbers take two words, low first. "at" is an index of a word of the
 * table. A name is two words: byte offset from the table's beginning and length
 * in bytes; UTF-8, not terminated.
 *
 * A range is five words: space (0 weights, 1 arena, 2 state), offset (2),
 * bytes (2). All ranges lie inside their space.
 *
 * Header, 32 words:
 *    0 magic 0x54504e53 ("SNPT")    1 version, 1           2 words in all
 *    3 context      4 chunk         5 vocab_size           6 hidden_size
 *    7 layer_count  8 weight_bytes (2)   10 arena_bytes (2)
 *   12 state_bytes (2)              14 largest binding, bytes (2)
 *   16 kernel count   17 kernels at     18 weight count    19 weights at
 *   20 io count       21 ios at         22 state count     23 states at
 *   24 entry count    25 entries at     26 eos count       27 eos ids at
 *   28 bos id (i32, -1: none)           29 bytes of a weight shard
 *   30 dispatches of all entries        31 bindings of all dispatches
 *
 * Kernel, 4 words:  id (name), family (name)
 * Weight, 9 words:  name, range, rows, columns. In ascending order of offset,
 *                   not overlapping; every weight binding lies in one weight.
 * Io, 7 words:      name, range. "tokens" i32[chunk], "hidden" f32[chunk,
 *                   hidden_size], "logits" f32[vocab_size], "next_token" i32;
 *                   grid plans also "sampling" f32[16] and "history" i32[].
 * State, 11 words:  name, range, kv_heads, capacity, head_dim, element_bytes
 * Entry, 4 words:   name ("prefill", "decode", "head", "greedy", "sample"),
 *                   dispatch count, dispatches at
 * Dispatch, 7 words: kernel, items, items_per_tokens, layer (name), binding
 *                   count, bindings at. Its work items are items, times
 *                   ceil(token_count / items_per_tokens) if that is not 0.
 * Binding, 5 words: a range
 *
 * Every kernel index is below the kernel count, every dispatch of the four
 * first entries was checked for any token_count up to chunk. */
SINTER_API SINTER_NODISCARD sinter_status sinter_web_plan(
    const sinter_model *model, uint32_t *words, size_t capacity, size_t *count);

#define SINTER_WEB_PLAN_MAGIC 0x54504e53u
#define SINTER_WEB_PLAN_VERSION 1u

/* -- Layouts in wasm32 ------------------------------------------------------
 *
 * Structs of sinter.h that JavaScript fills or reads, as byte offsets (checked
 * by exports.cpp). Set struct_size, at 0, to the size.
 *
 * sinter_session_options, 8:  4 profile i32
 * sinter_sampler_params, 48:  4 temperature f32   8 top_k i32   12 top_p f32
 *   16 min_p f32   20 repeat_penalty f32   24 presence_penalty f32
 *   28 frequency_penalty f32   32 penalty_window i32   40 seed u64
 * sinter_chat_params, 40:  4 add_generation_prompt i32   8 messages
 *   12 message_count   16 messages_json   20 tools_json   24 variables_json
 *   32 now i64
 * sinter_chat_message, 12:  0 role   4 content   8 content_bytes
 */

#ifdef __cplusplus
}
#endif
#endif
