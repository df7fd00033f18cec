/* tokens: what tests/e2e/arm64.py runs on another processor. Writes the logits
 * after each token of the prompt (raw f32, [count, vocab_size]) and prints the
 * variant in use on one line, the likeliest continuation's tokens on the next.
 *
 *   tokens BUNDLE LOGITS COUNT TOKEN...
 */
#include <stdio.h>
#include <stdlib.h>

#include "tiny.h"

static int32_t prompt[4096];

static int fail(const char *what, const sinter_error *error) {
  fprintf(stderr, "tokens: %s: %s\n", what, error->message);
  return 1;
}

static int write_logits(sinter_session *session, size_t count, size_t vocab,
                        const char *path) {
  sinter_error error;
  size_t wanted = count * vocab;
  float *logits = malloc(wanted * sizeof *logits);
  FILE *file = fopen(path, "wb");
  size_t written;
  if (!logits || !file)
    return 1;
  if (sinter_session_prefill_logits(session, prompt, count, logits, wanted,
                                    &error))
    return fail("prefill", &error);
  written = fwrite(logits, sizeof *logits, wanted, file);
  free(logits);
  return fclose(file) != 0 || written != wanted;
}

static int print_greedy(sinter_session *session, int count) {
  sinter_error error;
  int32_t token = 0;
  int i;
  for (i = 0; i < count; ++i) {
    if (sinter_session_sample(session, NULL, &token, &error))
      return fail("sample", &error);
    printf("%d ", (int)token);
    if (sinter_session_decode(session, token, &error))
      return fail("decode", &error);
  }
  printf("\n");
  return 0;
}

int main(int argc, char **argv) {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  sinter_model *model = NULL;
  sinter_session *session = NULL;
  sinter_error error;
  size_t count = 0;
  if (argc < 5 || argc > 4000)
    return 2;
  for (; count + 4 < (size_t)argc; ++count)
    prompt[count] = atoi(argv[count + 4]);
  options.threads = 2;
  if (tiny_open(argv[1], &options, &model, &error))
    return fail("open", &error);
  if (sinter_model_get_info(model, &info))
    return 1;
  printf("%s\n", info.variant);
  if (sinter_session_create(model, NULL, &session, &error))
    return fail("session", &error);
  if (write_logits(session, count, info.vocab_size, argv[2]) ||
      print_greedy(session, atoi(argv[3])))
    return 1;
  sinter_session_destroy(session);
  return sinter_model_close(model) == SINTER_OK ? 0 : 1;
}
