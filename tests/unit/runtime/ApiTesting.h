// ApiTesting.h: opening toy bundles through the C interface in tests.
#ifndef SINTER_TESTS_UNIT_RUNTIME_APITESTING_H
#define SINTER_TESTS_UNIT_RUNTIME_APITESTING_H

#include "ToyModel.h"
#include "sinter.hpp"

#include <gtest/gtest.h>

namespace sinter::toy {

inline sinter_model_options withThreads(uint32_t threads) {
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.threads = threads;
  return options;
}

/// A toy bundle and its opened model, with linked-in kernels.
struct Opened {
  explicit Opened(ToyOptions toy = {}, uint32_t threads = 2)
      : bundle(std::move(toy)),
        model(Model::openStatic(bundle.module(), bundle.dir().c_str(),
                                withThreads(threads), error)) {
    EXPECT_TRUE(model) << error.message();
  }
  Session session() {
    Session made = Session::create(model, error);
    EXPECT_TRUE(made) << error.message();
    return made;
  }
  ToyBundle bundle;
  Error error;
  Model model;
};

} // namespace sinter::toy
#endif
