// MisuseTest.cpp: null, closed, foreign and busy handles, bad arguments, and
// objects that end while they are used: typed errors, no crash.
#include "ApiTesting.h"

#include <atomic>
#include <cstring>
#include <thread>

using namespace sinter;
using namespace sinter::toy;

namespace {

template <typename T> T *foreign(void *handle) {
  return reinterpret_cast<T *>(handle);
}

TEST(Misuse, NullEverywhere) {
  sinter_error error;
  size_t size = 0;
  int32_t token = 0;
  float logit = 0;
  const char *text = nullptr;
  sinter_model_info info = SINTER_MODEL_INFO_INIT;
  EXPECT_EQ(sinter_model_open(nullptr, nullptr, nullptr, nullptr),
            SINTER_INVALID_ARGUMENT);
  sinter_model *model = nullptr;
  EXPECT_EQ(sinter_model_open("", nullptr, &model, &error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(error.code, SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_model_open_static(nullptr, "/", nullptr, &model, nullptr),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_model_close(nullptr), SINTER_OK);
  EXPECT_EQ(sinter_model_get_info(nullptr, &info), SINTER_INVALID_HANDLE);
  sinter_session *session = nullptr;
  EXPECT_EQ(sinter_session_create(nullptr, nullptr, &session, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_create(nullptr, nullptr, nullptr, &error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_session_destroy(nullptr), SINTER_OK);
  EXPECT_EQ(sinter_session_prefill(nullptr, &token, 1, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(
      sinter_session_prefill_logits(nullptr, &token, 1, &logit, 1, &error),
      SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_decode(nullptr, 1, &error), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_logits(nullptr, &logit, 1, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_sample(nullptr, nullptr, &token, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_position(nullptr, &size), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_tokens(nullptr, nullptr, 0, &size),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_truncate(nullptr, 0, &error), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_profile(nullptr, nullptr, nullptr, 0),
            SINTER_INVALID_HANDLE);
  sinter_sampler *sampler = nullptr;
  EXPECT_EQ(sinter_sampler_create(nullptr, nullptr, &sampler, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_sampler_destroy(nullptr), SINTER_OK);
  EXPECT_EQ(sinter_sampler_reset(nullptr, 1), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_sampler_accept(nullptr, 1), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_sampler_set_biases(nullptr, nullptr, 0, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_sampler_sample(nullptr, &logit, 1, &token, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_tokenize(nullptr, "a", 1, 0, &token, 1, &size, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_detokenize(nullptr, &token, 1, 0, nullptr, 0, &size, &error),
            SINTER_INVALID_HANDLE);
  sinter_text_stream *stream = nullptr;
  EXPECT_EQ(sinter_text_stream_create(nullptr, 0, &stream, &error),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_text_stream_push(nullptr, 1, &text, &size),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_text_stream_finish(nullptr, &text, &size),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_text_stream_destroy(nullptr), SINTER_OK);
  EXPECT_EQ(
      sinter_generate(nullptr, nullptr, nullptr, nullptr, nullptr, &error),
      SINTER_INVALID_HANDLE);
}

TEST(Misuse, NullArguments) {
  Opened opened;
  Session session = opened.session();
  sinter_error error;
  EXPECT_EQ(sinter_model_get_info(opened.model.get(), nullptr),
            SINTER_INVALID_ARGUMENT);
  sinter_model_info info = {};
  EXPECT_EQ(sinter_model_get_info(opened.model.get(), &info),
            SINTER_INVALID_ARGUMENT); // struct_size is 0
  EXPECT_EQ(sinter_session_prefill(session.get(), nullptr, 3, &error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_session_logits(session.get(), nullptr, TOY_VOCAB, &error),
            SINTER_INVALID_ARGUMENT);
  float logit = 0;
  EXPECT_EQ(sinter_session_logits(session.get(), &logit, 1, &error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_session_sample(session.get(), nullptr, nullptr, &error),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_session_position(session.get(), nullptr),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_session_tokens(session.get(), nullptr, 5, nullptr),
            SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(sinter_generate(session.get(), nullptr, nullptr, nullptr, nullptr,
                            &error),
            SINTER_INVALID_ARGUMENT);
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.stop_token_count = 3;
  EXPECT_EQ(sinter_generate(session.get(), &params, nullptr, nullptr, nullptr,
                            &error),
            SINTER_INVALID_ARGUMENT);
  params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_text = "a";
  params.prompt_text_bytes = 1;
  EXPECT_EQ(sinter_generate(session.get(), &params, nullptr, nullptr, nullptr,
                            &error),
            SINTER_INVALID_STATE); // no tokenizer
  size_t count = 0;
  EXPECT_EQ(sinter_tokenize(opened.model.get(), "a", 1, 0, nullptr, 0, &count,
                            &error),
            SINTER_INVALID_STATE);
}

TEST(Misuse, BadOptions) {
  ToyBundle bundle;
  auto status = [&](sinter_model_options options) {
    Error error;
    Model model = Model::openStatic(bundle.module(), bundle.dir().c_str(),
                                    options, error);
    return error.code();
  };
  sinter_model_options options = SINTER_MODEL_OPTIONS_INIT;
  options.threads = 257;
  EXPECT_EQ(status(options), SINTER_INVALID_ARGUMENT);
  options = SINTER_MODEL_OPTIONS_INIT;
  memset(&options.device, 9, sizeof(options.device)); // no enumerator
  EXPECT_EQ(status(options), SINTER_INVALID_ARGUMENT);
  options = SINTER_MODEL_OPTIONS_INIT;
  memset(&options.weights_mode, 9, sizeof(options.weights_mode));
  EXPECT_EQ(status(options), SINTER_INVALID_ARGUMENT);
  options = SINTER_MODEL_OPTIONS_INIT;
  options.struct_size = 1;
  EXPECT_EQ(status(options), SINTER_INVALID_ARGUMENT);
}

TEST(Misuse, ClosedAndForeignHandles) {
  Opened opened;
  Error error;
  Session session = opened.session();
  Sampler sampler =
      Sampler::create(opened.model, SINTER_SAMPLER_PARAMS_INIT, error);
  sinter_session *old = session.get();
  session = Session();
  EXPECT_EQ(sinter_session_decode(old, 1, error.raw()), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_destroy(old), SINTER_INVALID_HANDLE); // twice
  Session reused = opened.session(); // maybe the same slot
  EXPECT_EQ(sinter_session_decode(old, 1, error.raw()), SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_decode(foreign<sinter_session>(sampler.get()), 1,
                                  error.raw()),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_session_destroy(foreign<sinter_session>(opened.model.get())),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_sampler_destroy(foreign<sinter_sampler>(reused.get())),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(sinter_model_close(foreign<sinter_model>(reused.get())),
            SINTER_INVALID_HANDLE);
  int local = 0; // a pointer that was never a handle
  EXPECT_EQ(
      sinter_session_decode(foreign<sinter_session>(&local), 1, error.raw()),
      SINTER_INVALID_HANDLE);
}

TEST(Misuse, ModelStaysWhileUsed) {
  ToyBundle bundle;
  Error error;
  Model model = Model::openStatic(bundle.module(), bundle.dir().c_str(),
                                  withThreads(2), error);
  {
    Session session = Session::create(model, error);
    EXPECT_EQ(sinter_model_close(model.get()), SINTER_BUSY);
    EXPECT_TRUE(session.decode(1, error));
  }
  {
    Sampler sampler = Sampler::create(model, error);
    EXPECT_EQ(sinter_model_close(model.get()), SINTER_BUSY);
  }
  sinter_model *raw = model.get();
  EXPECT_EQ(sinter_model_close(raw), SINTER_OK);
  EXPECT_EQ(sinter_model_close(raw), SINTER_INVALID_HANDLE);
  sinter_session *session = nullptr;
  EXPECT_EQ(sinter_session_create(raw, nullptr, &session, nullptr),
            SINTER_INVALID_HANDLE);
  EXPECT_EQ(session, nullptr);
}

TEST(Misuse, SamplerOfAnotherModel) {
  Opened opened;
  ToyOptions larger;
  larger.editPlan = [](fb::PlanT &p) { p.vocab_size = 64; };
  larger.editManifest = [](std::string &text) {
    text.replace(text.find("\"vocab_size\": 128"), 17, "\"vocab_size\": 64 ");
  };
  Opened other(larger);
  Error error;
  Sampler sampler =
      Sampler::create(other.model, SINTER_SAMPLER_PARAMS_INIT, error);
  ASSERT_TRUE(sampler) << error.message();
  Session session = opened.session();
  ASSERT_TRUE(session.decode(1, error));
  EXPECT_EQ(session.sample(sampler, error), -1);
  EXPECT_EQ(error.code(), SINTER_INVALID_ARGUMENT);
}

TEST(Misuse, InsideTheCallback) {
  Opened opened;
  Session session = opened.session();
  Error error;
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  int32_t prompt[] = {1, 2, 3};
  params.prompt_tokens = prompt;
  params.prompt_token_count = 3;
  params.max_tokens = 4;
  int calls = 0;
  session.generate(
      params,
      [&](int32_t, std::string_view) {
        ++calls;
        Error inner;
        EXPECT_FALSE(session.decode(1, inner));
        EXPECT_EQ(inner.code(), SINTER_BUSY);
        EXPECT_EQ(sinter_session_destroy(session.get()), SINTER_BUSY);
        EXPECT_EQ(sinter_model_close(opened.model.get()), SINTER_BUSY);
        return true;
      },
      error);
  EXPECT_FALSE(error);
  EXPECT_EQ(calls, 4);
}

TEST(Misuse, TwoThreadsOneSession) {
  Opened opened;
  Session session = opened.session();
  std::atomic<int> good{0}, busy{0};
  auto work = [&] {
    for (int i = 0; i < 2000; ++i) {
      Error error;
      bool ok = session.decode(1, error);
      if (!ok && error.code() == SINTER_CONTEXT_FULL)
        ok = session.truncate(0, error);
      if (ok)
        ++good;
      else if (error.code() == SINTER_BUSY)
        ++busy;
      else
        ADD_FAILURE() << error.message();
    }
  };
  std::thread first(work), second(work);
  first.join();
  second.join();
  EXPECT_GT(good.load(), 0);
}

TEST(Misuse, DestroyDuringUse) {
  Opened opened;
  for (int round = 0; round < 50; ++round) {
    sinter_session *session = nullptr;
    ASSERT_EQ(
        sinter_session_create(opened.model.get(), nullptr, &session, nullptr),
        SINTER_OK);
    std::thread user([session] {
      for (;;) {
        sinter_status status = sinter_session_decode(session, 1, nullptr);
        if (status == SINTER_CONTEXT_FULL)
          status = sinter_session_truncate(session, 0, nullptr);
        if (status == SINTER_INVALID_HANDLE)
          return;
      }
    });
    while (sinter_session_destroy(session) == SINTER_BUSY)
      ;
    user.join();
  }
}

TEST(Misuse, StatusNames) {
  EXPECT_STREQ(sinter_status_name(SINTER_OK), "SINTER_OK");
  EXPECT_STREQ(sinter_status_name(SINTER_INTERNAL), "SINTER_INTERNAL");
  EXPECT_STREQ(sinter_status_name(99), "unknown status");
  EXPECT_STREQ(sinter_version(), "0.1.0");
}

} // namespace
