/* HeaderTest.c: sinter.h is C: this file is compiled as such, with all
 * initialisers. */
#include "sinter.h"

const void *sinterHeaderIsC(void);
const void *sinterHeaderIsC(void) {
  static const sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  static const sinter_model_info info = SINTER_MODEL_INFO_INIT;
  static const sinter_session_options session = SINTER_SESSION_OPTIONS_INIT;
  static const sinter_sampler_params sampler = SINTER_SAMPLER_PARAMS_INIT;
  static const sinter_generate_params generate = SINTER_GENERATE_PARAMS_INIT;
  static const sinter_chat_params chat = SINTER_CHAT_PARAMS_INIT;
  static const sinter_generate_result result = SINTER_GENERATE_RESULT_INIT;
  return options.struct_size + info.struct_size + session.struct_size +
                     sampler.struct_size + generate.struct_size +
                     result.struct_size + chat.struct_size >
                 0
             ? &options
             : 0;
}
