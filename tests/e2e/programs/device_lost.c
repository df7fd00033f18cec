/* device_lost.c BUNDLE: after the device was lost, every call on its sessions
 * says so, and the model can be closed and opened again. The layer of
 * tests/device/vulkan makes one submission fail. Prints the message of the
 * first loss. */
#include "sinter.h"

#include <stdio.h>

static int check(const char *what, sinter_status status, sinter_status wanted) {
  if (status == wanted)
    return 0;
  printf("%s: %s, wanted %s\n", what, sinter_status_name(status),
         sinter_status_name(wanted));
  return 1;
}

static int open_session(const char *bundle, sinter_model **model,
                        sinter_session **session) {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.device = SINTER_DEVICE_VULKAN;
  sinter_error error = {0};
  int bad = check("open", sinter_model_open(bundle, &options, model, &error),
                  SINTER_OK);
  return bad ||
         check("session", sinter_session_create(*model, NULL, session, &error),
               SINTER_OK);
}

int main(int count, char **arguments) {
  const int32_t prompt[] = {1, 2, 3};
  int32_t token = 0;
  sinter_model *model = NULL;
  sinter_session *session = NULL;
  sinter_error error = {0};
  if (count != 2 || open_session(arguments[1], &model, &session))
    return 1;
  sinter_status status = sinter_session_prefill(session, prompt, 3, &error);
  for (int i = 0; i < 20 && status == SINTER_OK; ++i)
    status = sinter_session_decode(session, 5, &error);
  int bad = check("decode", status, SINTER_DEVICE_LOST);
  printf("%s\n", error.message);
  bad |= check("decode again", sinter_session_decode(session, 5, &error),
               SINTER_DEVICE_LOST);
  bad |= check("prefill", sinter_session_prefill(session, prompt, 3, &error),
               SINTER_DEVICE_LOST);
  bad |= check(
      "sample",
      sinter_session_sample(session, NULL, &token, &error) == SINTER_OK, 0);
  bad |= check("destroy", sinter_session_destroy(session), SINTER_OK);
  bad |= check("close", sinter_model_close(model), SINTER_OK);
  if (bad || open_session(arguments[1], &model, &session))
    return 1;
  /* The layer counts the submissions of a device: few of them are not enough
   * for it. */
  bad |= check("prefill of a new model",
               sinter_session_prefill(session, prompt, 3, &error), SINTER_OK);
  bad |= check("sample of a new model",
               sinter_session_sample(session, NULL, &token, &error), SINTER_OK);
  bad |= check("destroy", sinter_session_destroy(session), SINTER_OK);
  return bad || check("close", sinter_model_close(model), SINTER_OK);
}
