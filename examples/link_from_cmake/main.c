/* tell: continues a text with the model "tales", whose kernels and runtime are
 * linked into this program. Only the weights, the plan and the tokenizer are
 * read from the bundle's folder.
 *
 *   tell [PROMPT [BUNDLE]]
 *
 * BUNDLE defaults to the folder the program was linked from; a program that is
 * shipped passes the place where it keeps the folder.
 */
#include <stdio.h>
#include <string.h>

#include "tales.h"

/* The text that became certain with this token; nonzero would stop. */
static int print_text(void *user, int32_t token, const char *text,
                      size_t bytes) {
  (void)user;
  (void)token;
  fwrite(text, 1, bytes, stdout);
  fflush(stdout);
  return 0;
}

/* Runs the prompt and prints the reply as it comes. */
static sinter_status tell(sinter_session *session, const char *prompt,
                          sinter_error *error) {
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  sinter_generate_result result = SINTER_GENERATE_RESULT_INIT;
  sinter_status status;
  params.prompt_text = prompt;
  params.prompt_text_bytes = strlen(prompt);
  params.max_tokens = 128;
  /* No sampler: always the likeliest token. */
  status = sinter_generate(session, &params, print_text, NULL, &result, error);
  if (status != SINTER_OK)
    return status;
  printf("\n");
  fprintf(stderr, "%u tokens in %.3f s, the first after %.3f s\n",
          result.generated_tokens, result.decode_seconds,
          result.first_token_seconds);
  return SINTER_OK;
}

int main(int argc, char **argv) {
  const char *prompt = argc > 1 ? argv[1] : "Once upon a time";
  const char *bundle = argc > 2 ? argv[2] : TALES_BUNDLE_DIR;
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  sinter_model *model = NULL;
  sinter_session *session = NULL;
  sinter_error error;
  sinter_status status = sinter_model_open_static(&tales_cpu_module, bundle,
                                                  &options, &model, &error);
  if (status == SINTER_OK)
    status = sinter_session_create(model, NULL, &session, &error);
  if (status == SINTER_OK)
    status = tell(session, prompt, &error);
  if (status != SINTER_OK)
    fprintf(stderr, "tell: %s\n", error.message);
  sinter_session_destroy(session);
  sinter_model_close(model);
  return status == SINTER_OK ? 0 : 1;
}
