// GenerateTest.cpp: sinter_generate without text: how it ends, what it reports,
// what the session holds, reuse of a conversation's beginning.
#include "ApiTesting.h"

using namespace sinter;
using namespace sinter::toy;

namespace {

sinter_generate_params withPrompt(const std::vector<int32_t> &prompt,
                                  uint32_t maxTokens) {
  sinter_generate_params params = SINTER_GENERATE_PARAMS_INIT;
  params.prompt_tokens = prompt.data();
  params.prompt_token_count = prompt.size();
  params.max_tokens = maxTokens;
  return params;
}

/// The greedy continuation of a history.
std::vector<int32_t> continuation(std::vector<int32_t> history, size_t count) {
  std::vector<int32_t> made;
  while (made.size() < count) {
    made.push_back(toyNext(history));
    history.push_back(made.back());
  }
  return made;
}

struct Reply {
  std::vector<int32_t> tokens;
  sinter_generate_result result;
  Error error;
};

Reply run(Session &session, const sinter_generate_params &params,
          size_t cancelAfter = 1000) {
  Reply r;
  r.result = session.generate(
      params,
      [&](int32_t token, std::string_view text) {
        EXPECT_TRUE(text.empty()); // no tokenizer
        r.tokens.push_back(token);
        return r.tokens.size() < cancelAfter;
      },
      r.error);
  return r;
}

TEST(Generate, Length) {
  Opened opened;
  Session session = opened.session();
  std::vector<int32_t> prompt = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
  Reply r = run(session, withPrompt(prompt, 12));
  ASSERT_FALSE(r.error) << r.error.message();
  EXPECT_EQ(r.tokens, continuation(prompt, 12));
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_LENGTH);
  EXPECT_EQ(r.result.prompt_tokens, 10u);
  EXPECT_EQ(r.result.generated_tokens, 12u);
  EXPECT_EQ(r.result.stop_token, -1);
  EXPECT_EQ(session.position(), 21u); // all but the last token
  EXPECT_GT(r.result.prefill_seconds, 0);
  EXPECT_GE(r.result.first_token_seconds, r.result.prefill_seconds);
  EXPECT_GT(r.result.decode_seconds, 0);
}

TEST(Generate, EosAndStopTokens) {
  std::vector<int32_t> prompt = {3, 1, 4};
  std::vector<int32_t> all = continuation(prompt, 10);
  size_t at = 3;
  auto found = std::find(all.begin(), all.end(), all[at]);
  ASSERT_EQ(found - all.begin(), 3); // its first occurrence
  ToyOptions options;
  options.eosIds = {all[at]};
  Opened opened(options), plain;
  Session session = opened.session(), second = plain.session();
  Reply r = run(session, withPrompt(prompt, 10));
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_EOS);
  EXPECT_EQ(r.result.stop_token, all[at]);
  EXPECT_EQ(r.tokens,
            (std::vector<int32_t>(all.begin(), all.begin() + long(at))));
  EXPECT_EQ(session.position(), prompt.size() + at);

  Session third = opened.session();
  sinter_generate_params ignoring = withPrompt(prompt, 10);
  ignoring.ignore_eos = 1;
  EXPECT_EQ(run(third, ignoring).tokens, all);

  sinter_generate_params stop = withPrompt(prompt, 10);
  int32_t stopTokens[] = {127, all[at]};
  stop.stop_tokens = stopTokens;
  stop.stop_token_count = 2;
  r = run(second, stop);
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_STOP_TOKEN);
  EXPECT_EQ(r.result.stop_token, all[at]);
}

TEST(Generate, CancelledByCallback) {
  Opened opened;
  Session session = opened.session();
  std::vector<int32_t> prompt = {3, 1, 4};
  Reply r = run(session, withPrompt(prompt, 50), 4);
  EXPECT_FALSE(r.error);
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_CANCELLED);
  EXPECT_EQ(r.tokens.size(), 4u);
  // Usable afterwards.
  EXPECT_EQ(session.position(), 6u);
  EXPECT_TRUE(session.decode(r.tokens.back(), r.error));
}

TEST(Generate, ContextFills) {
  Opened opened;
  Session session = opened.session();
  std::vector<int32_t> prompt(60, 2);
  Reply r = run(session, withPrompt(prompt, 0));
  EXPECT_FALSE(r.error) << r.error.message();
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_CONTEXT_FULL);
  EXPECT_EQ(r.tokens, continuation(prompt, 5)); // 4 in the cache, and one
  EXPECT_EQ(session.position(), 64u);
  Session second = opened.session();
  prompt.resize(65, 2);
  r = run(second, withPrompt(prompt, 1));
  EXPECT_EQ(r.error.code(), SINTER_CONTEXT_FULL);
  EXPECT_EQ(r.result.finish_reason, SINTER_FINISH_NONE);
  EXPECT_EQ(second.position(), 0u);
}

TEST(Generate, ContinuesWithoutPrompt) {
  Opened opened;
  Session session = opened.session();
  sinter_generate_params none = SINTER_GENERATE_PARAMS_INIT;
  none.max_tokens = 3;
  EXPECT_EQ(run(session, none).error.code(), SINTER_INVALID_STATE);
  Error error;
  ASSERT_TRUE(session.prefill({7, 7}, error));
  Reply r = run(session, none);
  EXPECT_EQ(r.tokens, continuation({7, 7}, 3));
  // Appending is the default.
  std::vector<int32_t> more = {5};
  std::vector<int32_t> history = {7, 7, r.tokens[0], r.tokens[1], 5};
  EXPECT_EQ(run(session, withPrompt(more, 2)).tokens, continuation(history, 2));
}

TEST(Generate, ReusesTheBeginning) {
  Opened opened;
  Session session = opened.session();
  std::vector<int32_t> conversation = {3, 1, 4, 1, 5};
  sinter_generate_params first = withPrompt(conversation, 4);
  first.reuse_prefix = 1;
  Reply r = run(session, first);
  EXPECT_EQ(r.result.reused_tokens, 0u);
  conversation.insert(conversation.end(), r.tokens.begin(), r.tokens.end());
  conversation.insert(conversation.end(), {9, 9});
  sinter_generate_params second = withPrompt(conversation, 4);
  second.reuse_prefix = 1;
  r = run(session, second);
  EXPECT_EQ(r.result.reused_tokens, 8u); // all but the last generated token
  EXPECT_EQ(r.result.prompt_tokens, 11u);
  EXPECT_EQ(r.tokens, continuation(conversation, 4));
  // Another conversation with the same first two tokens.
  std::vector<int32_t> other = {3, 1, 8};
  sinter_generate_params third = withPrompt(other, 3);
  third.reuse_prefix = 1;
  r = run(session, third);
  EXPECT_EQ(r.result.reused_tokens, 2u);
  EXPECT_EQ(r.tokens, continuation(other, 3));
  // The same again: the last token is run once more for its logits.
  r = run(session, third);
  EXPECT_EQ(r.result.reused_tokens, 2u);
  EXPECT_EQ(r.tokens, continuation(other, 3));
}

TEST(Generate, SamplerPenalisesThePrompt) {
  Opened opened;
  Session session = opened.session();
  Error error;
  std::vector<int32_t> prompt = {3, 1, 4};
  prompt.push_back(toyNext(prompt));
  prompt.pop_back();
  int32_t likeliest = toyNext(prompt);
  prompt.insert(prompt.begin(), likeliest);
  likeliest = toyNext(prompt);
  sinter_sampler_params params = SINTER_SAMPLER_PARAMS_INIT;
  params.presence_penalty = 100;
  Sampler sampler = Sampler::create(opened.model, params, error);
  sinter_generate_params generate = withPrompt(prompt, 40);
  generate.sampler = sampler.get();
  Reply r = run(session, generate);
  EXPECT_FALSE(r.error) << r.error.message();
  // The penalty window holds all of it: no token comes twice.
  std::vector<int32_t> all = prompt;
  all.insert(all.end(), r.tokens.begin(), r.tokens.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

TEST(Generate, SeedsDecide) {
  Opened opened;
  Error error;
  auto tokens = [&](uint64_t seed) {
    sinter_sampler_params params = SINTER_SAMPLER_PARAMS_INIT;
    params.temperature = 5;
    params.seed = seed;
    Sampler sampler = Sampler::create(opened.model, params, error);
    Session session = opened.session();
    std::vector<int32_t> prompt = {1};
    sinter_generate_params generate = withPrompt(prompt, 20);
    generate.sampler = sampler.get();
    return run(session, generate).tokens;
  };
  EXPECT_EQ(tokens(1), tokens(1));
  EXPECT_NE(tokens(1), tokens(2));
}

} // namespace
