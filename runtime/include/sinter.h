/* sinter.h: the C interface of the Sinter runtime. A model is opened from a
 * bundle folder (docs/formats/bundle.md); a session is one conversation with
 * it.
 *
 * Handles are checked: a null, closed or foreign handle gives
 * SINTER_INVALID_HANDLE, never a crash. Every function that can fail returns a
 * sinter_status and, where it takes a sinter_error, fills it (it may be NULL).
 *
 * Threads: a model may be used from any number of threads. A session, sampler
 * or text stream belongs to one call at a time: a second call meanwhile, also
 * its destruction and also from inside a callback, returns SINTER_BUSY and
 * changes nothing. Steps of several sessions of one model take turns, first
 * come, first served. Nothing is allocated after creation, except by the
 * functions that tokenize, detokenize, apply a chat template or set biases.
 *
 * Option and result structs start with struct_size: set it (the *_INIT macros
 * do), so that a program built against an older header keeps working. Fields
 * that the caller does not know take their defaults.
 */
#ifndef SINTER_H
#define SINTER_H

#include <stddef.h>
#include <stdint.h>

#include "sinter_abi.h"

#if defined(__GNUC__)
#define SINTER_API __attribute__((visibility("default")))
#define SINTER_NODISCARD __attribute__((warn_unused_result))
#else
#define SINTER_API
#define SINTER_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SINTER_VERSION_MAJOR 0
#define SINTER_VERSION_MINOR 1
#define SINTER_VERSION_PATCH 0

/* -- Status ---------------------------------------------------------------- */

/* What went wrong. The comment says when a code is chosen. */
typedef enum sinter_status {
  /* The call did what it says. */
  SINTER_OK = 0,
  /* The caller passed a null pointer, a value out of its range, a token that is
   * not in the vocabulary, or options that contradict each other. */
  SINTER_INVALID_ARGUMENT = 1,
  /* The handle is null, was already closed, or is of another kind. */
  SINTER_INVALID_HANDLE = 2,
  /* The call makes no sense in this state: logits before the first token, or
   * tokenization with a bundle that brings no tokenizer. */
  SINTER_INVALID_STATE = 3,
  /* Another call is using this handle, or sessions use the model; try again
   * when it is over. */
  SINTER_BUSY = 4,
  /* The caller's buffer is too small; the count that was returned is what is
   * needed, and nothing was written. */
  SINTER_BUFFER_TOO_SMALL = 5,
  /* A file or folder does not exist (also: the folder is not a bundle). */
  SINTER_NOT_FOUND = 6,
  /* The operating system refused to open, read or map something. */
  SINTER_IO_ERROR = 7,
  /* The bytes of a bundle contradict themselves: size, SHA-256, syntax or
   * meaning. The bundle has to be made or copied again. */
  SINTER_CORRUPT = 8,
  /* Bundle, kernels and runtime were made for different versions of Sinter. */
  SINTER_VERSION_MISMATCH = 9,
  /* The bundle is fine, but not for this machine, device or build. */
  SINTER_UNSUPPORTED = 10,
  /* Memory, threads or handles ran out. */
  SINTER_OUT_OF_MEMORY = 11,
  /* The tokens do not fit into what is left of the context; nothing was run. */
  SINTER_CONTEXT_FULL = 12,
  /* The model computed logits that are not numbers, so that no token can be
   * chosen. */
  SINTER_BAD_LOGITS = 13,
  /* A callback asked to stop. */
  SINTER_CANCELLED = 14,
  /* A bug in Sinter. */
  SINTER_INTERNAL = 15,
  /* The GPU was removed or reset, or its driver gave up; the model has to be
   * closed and opened again. */
  SINTER_DEVICE_LOST = 16
} sinter_status;

#define SINTER_ERROR_MESSAGE_BYTES 500

/* Where a function says what went wrong: what, where, what to do. The message
 * is UTF-8, ends with a zero byte, and is cut where it does not fit. */
typedef struct sinter_error {
  sinter_status code;
  char message[SINTER_ERROR_MESSAGE_BYTES];
} sinter_error;

/* The code's name, "SINTER_OK"; static storage. */
SINTER_API const char *sinter_status_name(int status);

/* "0.1.0"; static storage. */
SINTER_API const char *sinter_version(void);

typedef struct sinter_model sinter_model;
typedef struct sinter_session sinter_session;
typedef struct sinter_sampler sinter_sampler;
typedef struct sinter_text_stream sinter_text_stream;

/* -- Models ---------------------------------------------------------------- */

typedef enum sinter_device_kind {
  SINTER_DEVICE_AUTO = 0, /* the best that bundle and machine have */
  SINTER_DEVICE_CPU = 1,
  SINTER_DEVICE_NULL = 2, /* computes nothing, all logits are zero; for tests */
  SINTER_DEVICE_VULKAN = 3 /* a GPU with Vulkan 1.2 */
} sinter_device_kind;

typedef enum sinter_weights_mode {
  /* HUGE_PAGES, where the machine has them and the weights take at most half
   * of the memory that is available; MMAP otherwise. */
  SINTER_WEIGHTS_AUTO = 0,
  SINTER_WEIGHTS_MMAP = 1, /* map the files; pages are shared and evictable */
  /* read them into memory of 2 MiB pages: decoding is a fifth faster */
  SINTER_WEIGHTS_HUGE_PAGES = 2
} sinter_weights_mode;

typedef struct sinter_model_options {
  uint32_t struct_size;
  sinter_device_kind device;
  /* Threads that compute, the caller's included; 0: one for each processor this
   * process may use. At most 256. */
  uint32_t threads;
  sinter_weights_mode weights_mode;
  /* Nonzero: check the weights' SHA-256 while opening. Everything else is
   * always checked. */
  int32_t verify_weights;
  /* For tests: the kernel variant to use ("avx2"), instead of the best that the
   * machine can run. NULL: the best. */
  const char *cpu_variant;
  /* The GPU to use: its index ("1") or part of its name ("radeon"). NULL: the
   * best. */
  const char *gpu;
} sinter_model_options;
#define SINTER_MODEL_OPTIONS_INIT                                              \
  {sizeof(sinter_model_options),                                               \
   SINTER_DEVICE_AUTO,                                                         \
   0,                                                                          \
   SINTER_WEIGHTS_AUTO,                                                        \
   0,                                                                          \
   NULL,                                                                       \
   NULL}

/* Opens a bundle folder: checks it, maps the weights, loads the kernels that
 * fit this machine, starts the threads. dir: UTF-8 path, only needed during the
 * call. options may be NULL. *model is NULL after a failure. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_model_open(const char *dir, const sinter_model_options *options,
                  sinter_model **model, sinter_error *error);

/* The same with kernels that are linked into the program (the symbol
 * <prefix>_cpu_module of the bundle's static archive); the bundle's kernels
 * folder is not read and may be missing. module must outlive the model. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_model_open_static(const sinter_cpu_module *module, const char *dir,
                         const sinter_model_options *options,
                         sinter_model **model, sinter_error *error);

/* Closes a model. NULL is allowed. SINTER_BUSY, and the model stays open, while
 * sessions, samplers or text streams of it exist. */
SINTER_API sinter_status sinter_model_close(sinter_model *model);

/* Settings of a sampler. The order is: biases (sinter_sampler_set_biases),
 * penalties, temperature, top_k, top_p, min_p, each on what the one before
 * left. */
typedef struct sinter_sampler_params {
  uint32_t struct_size;
  float temperature; /* below 0.001: always the likeliest token; at most 100 */
  int32_t top_k;     /* keep this many of the likeliest; 0: all */
  float top_p; /* (0, 1]: keep the likeliest that together reach it; 1: all */
  float min_p; /* [0, 1): keep what has this share of the likeliest's
                  probability */
  /* Tokens among the last penalty_window ones: a positive logit is divided by
   * repeat_penalty, a negative one multiplied (1: off; (0, 100]); then
   * presence_penalty and count * frequency_penalty are subtracted ([-100,
   * 100]). */
  float repeat_penalty;
  float presence_penalty;
  float frequency_penalty;
  int32_t penalty_window; /* tokens, 0 to 65536; 0: penalties are off */
  uint64_t seed; /* the same seed and the same logits give the same tokens */
} sinter_sampler_params;
#define SINTER_SAMPLER_PARAMS_INIT                                             \
  {sizeof(sinter_sampler_params), 0.0f, 0, 1.0f, 0.0f, 1.0f, 0.0f, 0.0f, 64, 0}

/* What a model is. Strings and arrays belong to the model. Text that the bundle
 * does not give is "" (chat_template: NULL). */
typedef struct sinter_model_info {
  uint32_t struct_size;
  uint32_t context;     /* tokens a session can hold */
  uint32_t chunk;       /* tokens one prefill step takes */
  uint32_t vocab_size;  /* logits per token */
  uint32_t hidden_size; /* numbers per token between layers */
  uint32_t layer_count;
  uint32_t threads;      /* that compute, the caller's included */
  int32_t has_tokenizer; /* 0 or 1 */
  int32_t bos_id;        /* -1: none */
  uint32_t eos_count;
  const int32_t *eos_ids; /* tokens that end a reply */
  const char *name;
  const char *architecture; /* "llama" */
  const char *quantization; /* "q4_0" */
  const char *generator;    /* "sinter 0.1.0" */
  const char *device;       /* "cpu" */
  const char *variant;      /* "avx512-vnni" */
  const char *variant_reason;
  const char *chat_template; /* Jinja text, or NULL */
  uint64_t parameters;
  double bits_per_weight;
  uint64_t weight_bytes; /* packed, shared by all sessions */
  uint64_t arena_bytes;  /* per session: activations */
  uint64_t state_bytes;  /* per session: KV cache */
  uint64_t download_bytes;
  uint32_t bundle_version_major;
  uint32_t bundle_version_minor;
  sinter_sampler_params sampling; /* the model's own defaults */
} sinter_model_info;
#define SINTER_MODEL_INFO_INIT                                                 \
  {sizeof(sinter_model_info),                                                  \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   -1,                                                                         \
   0,                                                                          \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   NULL,                                                                       \
   0,                                                                          \
   0.0,                                                                        \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   SINTER_SAMPLER_PARAMS_INIT}

/* Fills *info. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_model_get_info(const sinter_model *model, sinter_model_info *info);

/* Checks every file of a bundle against its manifest (size and SHA-256), and
 * the plan and the manifest by meaning; loads nothing. progress may be NULL; it
 * is called after each file and stops the check by returning nonzero
 * (SINTER_CANCELLED). */
typedef int (*sinter_verify_callback)(void *user, const char *path,
                                      uint64_t bytes);
SINTER_API SINTER_NODISCARD sinter_status
sinter_bundle_verify(const char *dir, sinter_verify_callback progress,
                     void *user, sinter_error *error);

/* -- Sessions -------------------------------------------------------------- */

typedef struct sinter_session_options {
  uint32_t struct_size;
  /* Nonzero: measure every dispatch, see sinter_session_profile. */
  int32_t profile;
} sinter_session_options;
#define SINTER_SESSION_OPTIONS_INIT {sizeof(sinter_session_options), 0}

/* A session owns a KV cache and an arena (state_bytes + arena_bytes), all of it
 * allocated here. It starts empty. options may be NULL. */
SINTER_API SINTER_NODISCARD sinter_status sinter_session_create(
    sinter_model *model, const sinter_session_options *options,
    sinter_session **session, sinter_error *error);

/* NULL is allowed. SINTER_BUSY while a call uses the session. */
SINTER_API sinter_status sinter_session_destroy(sinter_session *session);

/* Appends count (>= 1) tokens at the current position, in chunks. On
 * SINTER_CONTEXT_FULL and SINTER_INVALID_ARGUMENT nothing was appended. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_prefill(sinter_session *session, const int32_t *tokens,
                       size_t count, sinter_error *error);

/* As sinter_session_prefill, and writes the logits after each of the tokens:
 * logits: [count, vocab_size] f32, logit_count = count * vocab_size. */
SINTER_API SINTER_NODISCARD sinter_status sinter_session_prefill_logits(
    sinter_session *session, const int32_t *tokens, size_t count, float *logits,
    size_t logit_count, sinter_error *error);

/* Appends one token through the decode path. */
SINTER_API SINTER_NODISCARD sinter_status sinter_session_decode(
    sinter_session *session, int32_t token, sinter_error *error);

/* Writes the logits after the last token: [vocab_size] f32. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_logits(sinter_session *session, float *logits,
                      size_t logit_count, sinter_error *error);

/* Chooses the token that follows the last one, without appending it. sampler
 * NULL: the likeliest (chosen on the device). A sampler counts the token as
 * said. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_sample(sinter_session *session, sinter_sampler *sampler,
                      int32_t *token, sinter_error *error);

/* Tokens the session holds. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_position(const sinter_session *session, size_t *position);

/* Copies the tokens the session holds; *count is how many there are. tokens may
 * be NULL when capacity is 0. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_tokens(const sinter_session *session, int32_t *tokens,
                      size_t capacity, size_t *count);

/* Forgets all tokens from position on (position <= current). Logits are then
 * undefined until the next token, except when nothing was forgotten. */
SINTER_API SINTER_NODISCARD sinter_status sinter_session_truncate(
    sinter_session *session, size_t position, sinter_error *error);

/* One row of a profile: a dispatch of an entry point, in running order. */
typedef struct sinter_profile_row {
  const char *entry;  /* "decode" */
  const char *kernel; /* the kernel's id */
  const char *family;
  const char *layer; /* "layers.3.mlp" */
  uint64_t calls;
  double seconds;        /* all calls together */
  uint64_t weight_bytes; /* that one call binds */
  /* When the last call began, in seconds of the system's monotonic clock. On a
   * GPU reckoned backwards from when the host saw the end of its entry. */
  double last_begin;
} sinter_profile_row;
typedef void (*sinter_profile_callback)(void *user,
                                        const sinter_profile_row *row);

/* Reports every dispatch of every entry point, for sessions created with
 * profile; SINTER_INVALID_STATE for others. reset nonzero: start again at 0. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_session_profile(sinter_session *session,
                       sinter_profile_callback callback, void *user, int reset);

/* -- Sampling -------------------------------------------------------------- */

/* A sampler holds the random state and the last tokens (for penalties). params
 * NULL: the model's own defaults, with seed 0. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_sampler_create(sinter_model *model, const sinter_sampler_params *params,
                      sinter_sampler **sampler, sinter_error *error);
SINTER_API sinter_status sinter_sampler_destroy(sinter_sampler *sampler);

/* Forgets the tokens and starts the random numbers again at seed. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_sampler_reset(sinter_sampler *sampler, uint64_t seed);

/* Added to the logit of a token: -100 all but forbids it, 100 all but forces
 * it. */
typedef struct sinter_logit_bias {
  int32_t token; /* in the vocabulary */
  float bias;    /* [-100, 100] */
} sinter_logit_bias;
#define SINTER_MAX_LOGIT_BIASES 300

/* Sets the biases of a sampler in place of earlier ones; they outlast
 * sinter_sampler_reset. biases: count of them, copied; NULL with 0: none.
 * SINTER_INVALID_ARGUMENT, and the earlier ones stay, when there are more than
 * SINTER_MAX_LOGIT_BIASES, or a token or bias is out of its range. A token that
 * comes twice gets the sum. */
SINTER_API SINTER_NODISCARD sinter_status sinter_sampler_set_biases(
    sinter_sampler *sampler, const sinter_logit_bias *biases, size_t count,
    sinter_error *error);

/* Tells the sampler of a token that it did not choose (a prompt's). */
SINTER_API SINTER_NODISCARD sinter_status
sinter_sampler_accept(sinter_sampler *sampler, int32_t token);

/* Chooses from logits ([vocab_size] f32, not changed) and counts the token as
 * said. SINTER_BAD_LOGITS when one is NaN or +infinity, or all are -infinity.
 */
SINTER_API SINTER_NODISCARD sinter_status
sinter_sampler_sample(sinter_sampler *sampler, const float *logits,
                      size_t logit_count, int32_t *token, sinter_error *error);

/* -- Text ------------------------------------------------------------------ */

typedef enum sinter_tokenize_flags {
  SINTER_TOKENIZE_PLAIN = 0,
  /* Add what the model expects around a text (its begin token, ...). */
  SINTER_TOKENIZE_ADD_SPECIAL = 1,
  /* Read the names of special tokens in the text ("<|im_end|>") as these
   * tokens. Never with text from strangers. */
  SINTER_TOKENIZE_PARSE_SPECIAL = 2
} sinter_tokenize_flags;

/* Text (UTF-8, any bytes allowed) to tokens. *count is the number of tokens;
 * SINTER_BUFFER_TOO_SMALL when capacity is less. tokens may be NULL when
 * capacity is 0. */
SINTER_API SINTER_NODISCARD sinter_status sinter_tokenize(
    const sinter_model *model, const char *text, size_t bytes, uint32_t flags,
    int32_t *tokens, size_t capacity, size_t *count, sinter_error *error);

/* Tokens to text; *bytes is its length (no zero byte is added). special
 * nonzero: special tokens are written by name, else left out. */
SINTER_API SINTER_NODISCARD sinter_status sinter_detokenize(
    const sinter_model *model, const int32_t *tokens, size_t count, int special,
    char *text, size_t capacity, size_t *bytes, sinter_error *error);

/* Streaming: each token gives the text that is certain by then; a character
 * that is not complete yet is held back. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_text_stream_create(sinter_model *model, int special,
                          sinter_text_stream **stream, sinter_error *error);
SINTER_API sinter_status sinter_text_stream_destroy(sinter_text_stream *stream);

/* *text is valid until the next call on the stream. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_text_stream_push(sinter_text_stream *stream, int32_t token,
                        const char **text, size_t *bytes);

/* What was held back (incomplete characters as U+FFFD); the stream starts
 * again. */
SINTER_API SINTER_NODISCARD sinter_status sinter_text_stream_finish(
    sinter_text_stream *stream, const char **text, size_t *bytes);

/* -- Chat ------------------------------------------------------------------ */

typedef struct sinter_chat_message {
  const char *role;    /* "system", "user", "assistant", ...; zero-terminated */
  const char *content; /* UTF-8, any bytes allowed */
  size_t content_bytes;
} sinter_chat_message;

/* A conversation, as the model's chat template (Jinja, sinter_model_info)
 * turns it into text. */
typedef struct sinter_chat_params {
  uint32_t struct_size;
  /* Nonzero: the text ends with the beginning of a reply. */
  int32_t add_generation_prompt;
  const sinter_chat_message *messages;
  size_t message_count;
  /* JSON texts, zero-terminated, or NULL. messages_json: an array of objects,
   * instead of messages (for tool calls and contents of several parts).
   * tools_json: an array of tools. variables_json: an object, whose members
   * become variables of the template. */
  const char *messages_json;
  const char *tools_json;
  const char *variables_json;
  /* What the template takes for the wall clock: seconds since 1970-01-01 local
   * time; 0: now. */
  int64_t now;
} sinter_chat_params;
#define SINTER_CHAT_PARAMS_INIT                                                \
  {sizeof(sinter_chat_params), 1, NULL, 0, NULL, NULL, NULL, 0}

/* The conversation as text; *bytes is its length (no zero byte is added).
 * SINTER_INVALID_STATE: the bundle has no chat template.
 * SINTER_INVALID_ARGUMENT: JSON that is none, or the template refuses the
 * conversation (two users in a row, say), for its own reason in the message.
 * SINTER_UNSUPPORTED: the template is wrong, or needs more steps, text, depth
 * or memory than a template may (docs/chat-templates.md). */
SINTER_API SINTER_NODISCARD sinter_status sinter_apply_chat_template(
    const sinter_model *model, const sinter_chat_params *params, char *text,
    size_t capacity, size_t *bytes, sinter_error *error);

/* The conversation as tokens, for sinter_generate with prompt_tokens and
 * reuse_prefix. Special tokens are those that the template writes: their names
 * in messages, tools and variables are text like any other. Do not tokenize
 * the text of sinter_apply_chat_template instead. Errors as there, and
 * those of sinter_tokenize. */
SINTER_API SINTER_NODISCARD sinter_status sinter_tokenize_chat(
    const sinter_model *model, const sinter_chat_params *params,
    int32_t *tokens, size_t capacity, size_t *count, sinter_error *error);

/* -- Generation ------------------------------------------------------------ */

/* Called for each token, with the text that became certain (maybe none: a part
 * of a character, or what may become a stop string, is held back), and once
 * more with token -1 if text was held back at the end. text is not
 * zero-terminated; without a tokenizer it is empty. Nonzero stops generation.
 * The session may not be used inside. */
typedef int (*sinter_token_callback)(void *user, int32_t token,
                                     const char *text, size_t bytes);

typedef struct sinter_generate_params {
  uint32_t struct_size;
  /* The prompt: tokens, or, when prompt_tokens is NULL, UTF-8 text (special
   * tokens are added when the session is empty or reuse_prefix is set).
   * Neither: go on after the last token. */
  const int32_t *prompt_tokens;
  size_t prompt_token_count;
  const char *prompt_text;
  size_t prompt_text_bytes;
  /* 0: the prompt is appended to what the session holds. 1: the prompt is the
   * whole conversation; the beginning that the session already holds is not
   * computed again, the rest of what it holds is forgotten. */
  int32_t reuse_prefix;
  uint32_t max_tokens; /* 0: until the context is full */
  int32_t
      ignore_eos; /* nonzero: the model's end tokens are tokens like others */
  const int32_t *stop_tokens;
  size_t stop_token_count;
  const char *const
      *stop_strings; /* zero-terminated UTF-8, 1 to 256 bytes, at most 16 */
  size_t stop_string_count;
  sinter_sampler *sampler; /* NULL: always the likeliest token */
  int32_t
      special_text; /* nonzero: special tokens appear in the text, by name */
} sinter_generate_params;
#define SINTER_GENERATE_PARAMS_INIT                                            \
  {sizeof(sinter_generate_params),                                             \
   NULL,                                                                       \
   0,                                                                          \
   NULL,                                                                       \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   NULL,                                                                       \
   0,                                                                          \
   NULL,                                                                       \
   0,                                                                          \
   NULL,                                                                       \
   0}

typedef enum sinter_finish_reason {
  SINTER_FINISH_NONE = 0,       /* it failed before the end */
  SINTER_FINISH_EOS = 1,        /* the model ended its reply */
  SINTER_FINISH_STOP_TOKEN = 2, /* one of stop_tokens */
  SINTER_FINISH_STOP_STRING =
      3, /* one of stop_strings; it is not part of the text */
  SINTER_FINISH_LENGTH = 4,       /* max_tokens */
  SINTER_FINISH_CONTEXT_FULL = 5, /* no room for another token */
  SINTER_FINISH_CANCELLED = 6     /* the callback said so */
} sinter_finish_reason;

typedef struct sinter_generate_result {
  uint32_t struct_size;
  sinter_finish_reason finish_reason;
  int32_t stop_token;         /* the end or stop token, or -1 */
  int32_t stop_string;        /* index in stop_strings, or -1 */
  uint32_t prompt_tokens;     /* of the prompt, reused ones included */
  uint32_t reused_tokens;     /* of those, already held */
  uint32_t generated_tokens;  /* given to the callback; the end or stop token is
                                 not among them */
  double prefill_seconds;     /* the prompt through the model */
  double first_token_seconds; /* from the call to the first token's callback */
  double decode_seconds;      /* from the first token's choice to the end */
} sinter_generate_result;
#define SINTER_GENERATE_RESULT_INIT                                            \
  {sizeof(sinter_generate_result),                                             \
   SINTER_FINISH_NONE,                                                         \
   -1,                                                                         \
   -1,                                                                         \
   0,                                                                          \
   0,                                                                          \
   0,                                                                          \
   0.0,                                                                        \
   0.0,                                                                        \
   0.0}

/* Runs the prompt, then chooses and runs tokens until something ends it. result
 * may be NULL. Afterwards the session holds the prompt and the generated
 * tokens, perhaps without the last one (sinter_session_tokens tells), so that a
 * further prompt with reuse_prefix can begin with them. A prompt that does not
 * fit gives SINTER_CONTEXT_FULL; a context that fills up later is a finish
 * reason, and so is a callback that stops. */
SINTER_API SINTER_NODISCARD sinter_status
sinter_generate(sinter_session *session, const sinter_generate_params *params,
                sinter_token_callback callback, void *user,
                sinter_generate_result *result, sinter_error *error);

#ifdef __cplusplus
}
#endif
#endif
