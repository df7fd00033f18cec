// SessionTest.cpp: prefill in chunks, decode, logits, truncation, the full
// context, and sessions side by side.
#include "ApiTesting.h"

#include <cmath>
#include <thread>

using namespace sinter;
using namespace sinter::toy;

namespace {

std::vector<int32_t> someTokens(size_t count) {
  std::vector<int32_t> tokens(count);
  for (size_t i = 0; i < count; ++i)
    tokens[i] = int32_t((i * 37 + 11) % TOY_VOCAB);
  return tokens;
}

void expectLogits(Session &session, const std::vector<int32_t> &history) {
  Error error;
  std::vector<float> logits(TOY_VOCAB);
  ASSERT_TRUE(session.logits(logits, error)) << error.message();
  for (int32_t v = 0; v < TOY_VOCAB; ++v)
    ASSERT_EQ(logits[size_t(v)], toyLogit(history, v)) << v;
}

TEST(Session, AnyPromptLength) {
  for (uint32_t threads : {1u, 2u, 5u}) {
    Opened opened({}, threads);
    for (size_t count : {1u, 2u, 7u, 8u, 9u, 16u, 33u, 64u}) {
      Session session = opened.session();
      auto tokens = someTokens(count);
      Error error;
      ASSERT_TRUE(session.prefill(tokens, error)) << error.message();
      EXPECT_EQ(session.position(), count);
      expectLogits(session, tokens);
    }
  }
}

TEST(Session, DecodeContinues) {
  Opened opened;
  Session session = opened.session();
  Error error;
  auto tokens = someTokens(20);
  ASSERT_TRUE(session.prefill({tokens.begin(), tokens.begin() + 5}, error));
  for (size_t i = 5; i < 12; ++i)
    ASSERT_TRUE(session.decode(tokens[i], error)) << error.message();
  ASSERT_TRUE(session.prefill({tokens.begin() + 12, tokens.end()}, error));
  expectLogits(session, tokens);
  std::vector<int32_t> held(64);
  size_t count = 0;
  ASSERT_EQ(sinter_session_tokens(session.get(), held.data(), 64, &count),
            SINTER_OK);
  held.resize(count);
  EXPECT_EQ(held, tokens);
  EXPECT_EQ(sinter_session_tokens(session.get(), held.data(), 3, &count),
            SINTER_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 20u);
}

TEST(Session, LogitsOfEveryPosition) {
  Opened opened;
  Session session = opened.session();
  Error error;
  auto tokens = someTokens(19);
  std::vector<float> logits(19 * TOY_VOCAB);
  ASSERT_EQ(sinter_session_prefill_logits(session.get(), tokens.data(), 19,
                                          logits.data(), logits.size(),
                                          error.raw()),
            SINTER_OK)
      << error.message();
  for (size_t i = 0; i < 19; ++i)
    for (int32_t v = 0; v < TOY_VOCAB; ++v)
      ASSERT_EQ(logits[i * TOY_VOCAB + size_t(v)],
                toyLogit({tokens.begin(), tokens.begin() + long(i) + 1}, v));
  expectLogits(session, tokens);
  EXPECT_EQ(sinter_session_prefill_logits(session.get(), tokens.data(), 19,
                                          logits.data(), 18, error.raw()),
            SINTER_INVALID_ARGUMENT);
}

TEST(Session, ContextFull) {
  Opened opened;
  Session session = opened.session();
  Error error;
  EXPECT_FALSE(session.prefill(someTokens(65), error));
  EXPECT_EQ(error.code(), SINTER_CONTEXT_FULL);
  EXPECT_EQ(session.position(), 0u);
  ASSERT_TRUE(session.prefill(someTokens(63), error));
  EXPECT_FALSE(session.prefill(someTokens(2), error));
  EXPECT_EQ(error.code(), SINTER_CONTEXT_FULL);
  ASSERT_TRUE(session.decode(3, error));
  EXPECT_FALSE(session.decode(3, error));
  EXPECT_EQ(error.code(), SINTER_CONTEXT_FULL);
  EXPECT_EQ(session.position(), 64u);
  // Usable again after a truncation.
  ASSERT_TRUE(session.truncate(10, error));
  ASSERT_TRUE(session.decode(4, error));
  auto history = someTokens(10);
  history.push_back(4);
  expectLogits(session, history);
}

TEST(Session, Truncate) {
  Opened opened;
  Session session = opened.session();
  Error error;
  std::vector<float> logits(TOY_VOCAB);
  auto tokens = someTokens(9);
  ASSERT_TRUE(session.prefill(tokens, error));
  EXPECT_FALSE(session.truncate(10, error));
  EXPECT_EQ(error.code(), SINTER_INVALID_ARGUMENT);
  ASSERT_TRUE(session.truncate(9, error)); // nothing forgotten
  expectLogits(session, tokens);
  ASSERT_TRUE(session.truncate(4, error));
  EXPECT_FALSE(session.logits(logits, error));
  EXPECT_EQ(error.code(), SINTER_INVALID_STATE);
  ASSERT_TRUE(session.decode(77, error));
  tokens.resize(4);
  tokens.push_back(77);
  expectLogits(session, tokens);
  ASSERT_TRUE(session.truncate(0, error));
  EXPECT_EQ(session.position(), 0u);
}

TEST(Session, RejectsBadTokens) {
  Opened opened;
  Session session = opened.session();
  Error error;
  for (int32_t bad : {-1, TOY_VOCAB, INT32_MAX, INT32_MIN}) {
    EXPECT_FALSE(session.prefill({1, 2, bad}, error));
    EXPECT_EQ(error.code(), SINTER_INVALID_ARGUMENT);
    EXPECT_NE(std::string(error.message()).find("token 2"), std::string::npos);
    EXPECT_FALSE(session.decode(bad, error));
  }
  EXPECT_FALSE(session.prefill({}, error));
  EXPECT_EQ(error.code(), SINTER_INVALID_ARGUMENT);
  EXPECT_EQ(session.position(), 0u);
}

TEST(Session, GreedyWithAndWithoutEntry) {
  for (bool entry : {true, false}) {
    ToyOptions options;
    options.greedy = entry;
    Opened opened(options);
    Session session = opened.session();
    Error error;
    ASSERT_TRUE(session.prefill({9, 8, 7}, error));
    int32_t token = -1;
    ASSERT_EQ(
        sinter_session_sample(session.get(), nullptr, &token, error.raw()),
        SINTER_OK)
        << error.message();
    EXPECT_EQ(token, toyNext({9, 8, 7}));
  }
}

TEST(Session, NanLogitsAreAnError) {
  for (bool entry : {true, false})
    for (float temperature : {0.0f, 1.0f}) {
      ToyOptions options;
      options.greedy = entry;
      options.bias.assign(TOY_VOCAB, std::nanf(""));
      Opened opened(options);
      Session session = opened.session();
      Error error;
      ASSERT_TRUE(session.decode(1, error));
      sinter_sampler_params params = SINTER_SAMPLER_PARAMS_INIT;
      params.temperature = temperature;
      Sampler sampler = Sampler::create(opened.model, params, error);
      EXPECT_EQ(session.sample(sampler, error), -1);
      EXPECT_EQ(error.code(), SINTER_BAD_LOGITS);
      EXPECT_EQ(session.sample(Sampler(), error), -1);
      EXPECT_EQ(error.code(), SINTER_BAD_LOGITS);
      // The session is still good.
      EXPECT_TRUE(session.decode(2, error));
    }
}

TEST(Session, SideBySide) {
  Opened opened({}, 3);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&opened, t] {
      Error error;
      for (int round = 0; round < 5; ++round) {
        Session session = Session::create(opened.model, error);
        std::vector<int32_t> history;
        for (int i = 0; i < 60; ++i) {
          history.push_back((t * 31 + i * 7 + round) % TOY_VOCAB);
          ASSERT_TRUE(session.decode(history.back(), error));
          ASSERT_EQ(session.sample(Sampler(), error), toyNext(history));
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

/// The last token of 17, two chunks of eight before it.
TEST(Session, ATokenAloneIsDecoded) {
  Opened opened;
  Error error;
  sinter_session_options options = SINTER_SESSION_OPTIONS_INIT;
  options.profile = 1;
  sinter_session *raw = nullptr;
  ASSERT_EQ(sinter_session_create(opened.model.get(), &options, &raw, nullptr),
            SINTER_OK);
  Session session(raw);
  std::vector<int32_t> tokens = someTokens(17);
  ASSERT_TRUE(session.prefill(tokens, error));
  EXPECT_EQ(session.sample(Sampler(), error), toy::toyNext(tokens));
  std::vector<std::string> rows;
  auto note = [](void *user, const sinter_profile_row *row) {
    if (std::string(row->kernel) == "append")
      static_cast<std::vector<std::string> *>(user)->push_back(
          std::string(row->entry) + " " + std::to_string(row->calls));
  };
  ASSERT_EQ(sinter_session_profile(session.get(), note, &rows, 1), SINTER_OK);
  EXPECT_EQ(rows, (std::vector<std::string>{"prefill 2", "decode 1"}));
}

TEST(Session, Profile) {
  Opened opened;
  Error error;
  sinter_session_options options = SINTER_SESSION_OPTIONS_INIT;
  options.profile = 1;
  sinter_session *raw = nullptr;
  ASSERT_EQ(sinter_session_create(opened.model.get(), &options, &raw, nullptr),
            SINTER_OK);
  Session session(raw), plain = opened.session();
  ASSERT_TRUE(session.prefill(someTokens(20), error)); // 3 chunks
  ASSERT_TRUE(session.decode(1, error));
  EXPECT_GE(session.sample(Sampler(), error), 0);
  std::vector<std::string> rows;
  auto note = [](void *user, const sinter_profile_row *row) {
    static_cast<std::vector<std::string> *>(user)->push_back(
        std::string(row->entry) + " " + row->kernel + " " + row->layer + " " +
        std::to_string(row->calls) + " " + std::to_string(row->weight_bytes));
    EXPECT_GT(row->seconds, 0);
  };
  ASSERT_EQ(sinter_session_profile(session.get(), note, &rows, 1), SINTER_OK);
  EXPECT_EQ(rows,
            (std::vector<std::string>{
                "prefill append layers.0 3 0", "prefill mix layers.0 3 0",
                "decode append layers.0 1 0", "decode mix layers.0 1 0",
                "head head layers.0 1 512", "greedy greedy layers.0 1 0"}));
  EXPECT_EQ(sinter_session_profile(plain.get(), nullptr, nullptr, 0),
            SINTER_INVALID_STATE);
}

} // namespace
