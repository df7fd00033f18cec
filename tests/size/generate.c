/* generate.c: the smallest program that lets a model speak; what the size
 * budget counts. */
#include "sinter.h"
#include <stdio.h>

static int say(void *user, int32_t token, const char *text, size_t bytes) {
  (void)user;
  (void)token;
  fwrite(text, 1, bytes, stdout);
  return 0;
}

int main(int argc, char **argv) {
  sinter_error error;
  sinter_model *model = NULL;
  sinter_session *session = NULL;
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_text = argc > 2 ? argv[2] : "Once";
  params.prompt_text_bytes = argc > 2 ? 1 : 4;
  if (sinter_model_open(argv[argc > 1], NULL, &model, &error) ||
      sinter_session_create(model, NULL, &session, &error) ||
      sinter_generate(session, &params, say, NULL, NULL, &error)) {
    puts(error.message);
    return 1;
  }
  return 0;
}
