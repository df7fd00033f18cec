//===- ConfigTest.cpp - config.json: both schemes, defaults, refusals
//-------===//

#include "compiler/import/Config.h"
#include "tests/unit/import/TestFiles.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace sinter;
using namespace sinter::test;

/// Reads the configuration of a folder with these files and one tensor.
static llvm::Expected<DecoderConfig> read(const std::string &config,
                                          const std::string &generation = "",
                                          bool hasHead = true) {
  TempFolder folder;
  folder.write("config.json", config);
  if (!generation.empty())
    folder.write("generation_config.json", generation);
  folder.write(
      "model.safetensors",
      test::safetensors(
          "{" +
              tensorEntry(hasHead ? "lm_head.weight" : "x", "U8", "[1]", 0, 1) +
              "}",
          1));
  auto source = openModel(folder.path());
  if (!source)
    return source.takeError();
  return readConfig(**source);
}

static std::string replaced(std::string text, llvm::StringRef from,
                            llvm::StringRef to) {
  size_t at = text.find(from.str());
  EXPECT_NE(at, std::string::npos) << from.str();
  return text.replace(at, from.size(), to.str());
}

/// llamaConfig with another model_type.
static std::string of(llvm::StringRef type, llvm::StringRef more = "") {
  return replaced(llamaConfig(more), "\"llama\"", ("\"" + type + "\"").str());
}

/// llamaConfig with one key replaced by another value.
static std::string with(llvm::StringRef key, llvm::StringRef value) {
  std::string text = llamaConfig();
  size_t begin = text.find(("\"" + key + "\":").str());
  EXPECT_NE(begin, std::string::npos) << key.str();
  size_t end = text.find_first_of(",}", begin);
  return text.substr(0, begin) + ("\"" + key + "\":" + value).str() +
         text.substr(end);
}

/// llamaConfig without one key.
static std::string without(llvm::StringRef key,
                           std::string text = llamaConfig()) {
  size_t begin = text.find((",\"" + key + "\":").str());
  EXPECT_NE(begin, std::string::npos) << key.str();
  return text.erase(begin, text.find_first_of(",}", begin + 1) - begin);
}

TEST(Config, LlamaDefaults) {
  DecoderConfig c = llvm::cantFail(read(without("rms_norm_eps")));
  EXPECT_EQ(c.normEpsilon, 1e-6);
  EXPECT_EQ(c.rope.theta, 10000);
  EXPECT_EQ(c.rope.dim, 16);
  EXPECT_EQ(c.headDim, 16);
  EXPECT_FALSE(c.tiedEmbeddings);
  EXPECT_FALSE(c.qkvBias || c.mlpBias || c.attentionOutputBias || c.qkNorm);
  EXPECT_EQ(c.activation, Activation::Silu);
  EXPECT_EQ(c.slidingWindow, 0);
  EXPECT_TRUE(c.eosIds.empty());
  // Absent or null: as many key-value heads as heads.
  EXPECT_EQ(llvm::cantFail(read(without("num_key_value_heads"))).kvHeads, 4);
  EXPECT_EQ(llvm::cantFail(read(with("num_key_value_heads", "null"))).kvHeads,
            4);
  EXPECT_EQ(
      llvm::cantFail(read(without("max_position_embeddings"))).maxPositions,
      2048);
  // Without a head in the file and without the key it can only be tied.
  EXPECT_TRUE(llvm::cantFail(read(llamaConfig(), "", false)).tiedEmbeddings);
  EXPECT_FALSE(
      llvm::cantFail(
          read(llamaConfig(R"("tie_word_embeddings":false)"), "", false))
          .tiedEmbeddings);
  EXPECT_TRUE(llvm::cantFail(read(llamaConfig(R"("tie_word_embeddings":true)")))
                  .tiedEmbeddings);
}

TEST(Config, DefaultsDifferByArchitecture) {
  std::string plain = without("num_key_value_heads");
  auto as = [&](llvm::StringRef type) {
    std::string text = replaced(plain, "\"llama\"", ("\"" + type + "\"").str());
    return replaced(text, "\"num_attention_heads\":4",
                    "\"num_attention_heads\":32");
  };
  DecoderConfig mistral = llvm::cantFail(read(as("mistral")));
  EXPECT_EQ(mistral.kvHeads, 8);
  EXPECT_EQ(mistral.slidingWindow, 4096);
  EXPECT_EQ(mistral.windowOf(1), 4096);
  DecoderConfig qwen2 = llvm::cantFail(read(as("qwen2")));
  EXPECT_EQ(qwen2.kvHeads, 32);
  EXPECT_TRUE(qwen2.qkvBias);
  EXPECT_EQ(qwen2.slidingWindow, 0);
  DecoderConfig qwen3 = llvm::cantFail(read(as("qwen3")));
  EXPECT_EQ(qwen3.headDim, 128);
  EXPECT_TRUE(qwen3.qkNorm);
}

TEST(Config, FlagsAndActivations) {
  DecoderConfig c = llvm::cantFail(read(llamaConfig(
      R"("attention_bias":true,"mlp_bias":true,"hidden_act":"gelu_pytorch_tanh")")));
  EXPECT_TRUE(c.qkvBias && c.attentionOutputBias && c.mlpBias);
  EXPECT_EQ(c.activation, Activation::GeluTanh);
  EXPECT_EQ(
      llvm::cantFail(read(llamaConfig(R"("hidden_act":"gelu")"))).activation,
      Activation::Gelu);
  c = llvm::cantFail(read(of("qwen3", R"("attention_bias":true)")));
  EXPECT_TRUE(c.qkvBias && c.attentionOutputBias);
  // Not a key of this class: it would mean a bias that the class has not.
  EXPECT_FAILS(read(of("qwen2", R"("attention_bias":true)")), 3,
               {"attention_bias is set"});
  EXPECT_EQ(llvm::cantFail(read(llamaConfig(R"("torch_dtype":"float16")")))
                .storedType,
            "float16");
  EXPECT_EQ(
      llvm::cantFail(read(llamaConfig(R"("dtype":"bfloat16")"))).storedType,
      "bfloat16");
  EXPECT_EQ(llvm::cantFail(read(llamaConfig(R"("head_dim":24)"))).headDim, 24);
}

TEST(Config, ArchitectureByNameOrClass) {
  std::string noType = replaced(llamaConfig(), "\"model_type\":\"llama\"",
                                "\"architectures\":[\"LlamaForCausalLM\"]");
  EXPECT_EQ(llvm::cantFail(read(noType)).architecture, "llama");
  EXPECT_EQ(llvm::cantFail(read(replaced(noType, "LlamaFor", "LLaMAFor")))
                .architecture,
            "llama");
  EXPECT_FAILS(
      read(replaced(noType, "LlamaFor", "FooFor")), 3,
      {"config.json: architectures", "FooForCausalLM", "llama, mistral"});
  EXPECT_FAILS(read(of("mamba")), 3, {"model_type is 'mamba'", "qwen3"});
  EXPECT_FAILS(read(llamaConfig(
                   R"("architectures":["LlamaForSequenceClassification"])")),
               3, {"LlamaForSequenceClassification", "LlamaForCausalLM"});
  EXPECT_FAILS(read(replaced(llamaConfig(), "\"model_type\":\"llama\",", "")),
               1, {"model_type is missing"});
  EXPECT_FAILS(read(of("llama", R"("architectures":"x")")), 1,
               {"architectures is not a list"});
}

TEST(Config, RopeScalingOldScheme) {
  auto rope = [](llvm::StringRef scaling) {
    return llvm::cantFail(
               read(llamaConfig(
                   ("\"rope_theta\":500,\"rope_scaling\":" + scaling).str())))
        .rope;
  };
  EXPECT_EQ(rope("null").theta, 500);
  EXPECT_EQ(rope("null").scaling, RopeScaling::None);
  EXPECT_EQ(rope("{}").scaling, RopeScaling::None);
  EXPECT_EQ(rope(R"({"rope_type":"default"})").scaling, RopeScaling::None);
  for (const char *key : {"type", "rope_type"}) {
    RopeConfig linear =
        rope((llvm::Twine("{\"") + key + "\":\"linear\",\"factor\":4}").str());
    EXPECT_EQ(linear.scaling, RopeScaling::Linear);
    EXPECT_EQ(linear.factor, 4);
    EXPECT_EQ(linear.theta, 500);
  }
  RopeConfig llama3 =
      rope(R"({"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,)"
           R"("high_freq_factor":4.0,"original_max_position_embeddings":64})");
  EXPECT_EQ(llama3.scaling, RopeScaling::Llama3);
  EXPECT_EQ(llama3.originalContext, 64);
}

TEST(Config, Yarn) {
  auto rope = [](llvm::StringRef more) {
    return llvm::cantFail(
               read(llamaConfig(
                   (R"("rope_scaling":{"type":"yarn")" + more + "}").str())))
        .rope;
  };
  RopeConfig r = rope(R"(,"factor":4.0,"original_max_position_embeddings":32)");
  EXPECT_EQ(r.scaling, RopeScaling::Yarn);
  EXPECT_EQ(r.factor, 4);
  EXPECT_EQ(r.originalContext, 32);
  EXPECT_EQ(r.betaFast, 32);
  EXPECT_EQ(r.betaSlow, 1);
  EXPECT_TRUE(r.truncate);
  EXPECT_DOUBLE_EQ(r.attentionFactor, 0.1 * std::log(4.0) + 1);
  // Without the original length the trained length is the model's own.
  EXPECT_EQ(rope(R"(,"factor":4.0)").originalContext, 128);
  // Without a factor it is the ratio of the two.
  EXPECT_EQ(rope(R"(,"original_max_position_embeddings":32)").factor, 4);
  r = rope(R"(,"factor":4,"attention_factor":1.5,"beta_fast":16,"beta_slow":2,)"
           R"("truncate":false)");
  EXPECT_EQ(r.attentionFactor, 1.5);
  EXPECT_EQ(r.betaFast, 16);
  EXPECT_EQ(r.betaSlow, 2);
  EXPECT_FALSE(r.truncate);
  r = rope(R"(,"factor":4,"mscale":0.5,"mscale_all_dim":2)");
  EXPECT_DOUBLE_EQ(r.attentionFactor,
                   (0.05 * std::log(4.0) + 1) / (0.2 * std::log(4.0) + 1));
}

TEST(Config, RopeParametersNewScheme) {
  auto rope = [](llvm::StringRef parameters) {
    return llvm::cantFail(
               read(llamaConfig(("\"rope_parameters\":" + parameters).str())))
        .rope;
  };
  EXPECT_EQ(rope(R"({"rope_theta":500000.0,"rope_type":"default"})").theta,
            500000);
  EXPECT_EQ(rope(R"({"rope_theta":7000})").theta, 7000);
  RopeConfig r =
      rope(R"({"rope_theta":500000.0,"rope_type":"llama3","factor":32.0,)"
           R"("low_freq_factor":1.0,"high_freq_factor":4.0,)"
           R"("original_max_position_embeddings":64})");
  EXPECT_EQ(r.theta, 500000);
  EXPECT_EQ(r.scaling, RopeScaling::Llama3);
  EXPECT_EQ(r.factor, 32);
  // The new key wins over the old ones beside it.
  r = llvm::cantFail(
          read(llamaConfig(
              R"("rope_theta":1234,"rope_scaling":{"type":"linear","factor":2},)"
              R"("rope_parameters":{"rope_theta":99,"rope_type":"default"})")))
          .rope;
  EXPECT_EQ(r.theta, 99);
  EXPECT_EQ(r.scaling, RopeScaling::None);
}

TEST(Config, RopeFaults) {
  const std::tuple<const char *, int, const char *> cases[] = {
      {R"({"rope_type":"dynamic","factor":2})", 3, "'dynamic'"},
      {R"({"rope_type":"longrope","factor":2})", 3, "'longrope'"},
      {R"({"type":"mrope","mrope_section":[1]})", 3, "'mrope'"},
      {R"({"type":"linear","rope_type":"yarn","factor":2})", 3, "but type is"},
      {R"({"factor":2})", 1, "rope_type is missing"},
      {R"({"type":"linear"})", 1, "factor is missing"},
      {R"({"type":"linear","factor":"2"})", 1, "factor is not a number"},
      {R"({"type":"linear","factor":0})", 1, "factor is 0"},
      {R"({"type":"linear","factor":-1})", 1, "possible"},
      {R"({"type":"linear","factor":1e300})", 1, "possible"},
      {R"({"type":"llama3","factor":8})", 1, "low_freq_factor is missing"},
      {R"({"type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4})",
       1, "above"},
      {R"({"type":"yarn","factor":4,"original_max_position_embeddings":0})", 1,
       "original context length is 0"},
      {R"({"full_attention":{"rope_type":"default"}})", 3, "full_attention"},
      {R"([1])", 1, "not an object"},
      {R"({"type":"linear","factor":2,"partial_rotary_factor":0.5})", 3,
       "partial_rotary_factor"},
  };
  for (auto &[scaling, code, words] : cases) {
    SCOPED_TRACE(scaling);
    EXPECT_FAILS(read(llamaConfig(std::string("\"rope_scaling\":") + scaling)),
                 code, {"config.json: ", words});
  }
}

TEST(Config, SlidingWindows) {
  auto windows = [](const std::string &text) {
    DecoderConfig c = llvm::cantFail(read(text));
    return std::vector<int64_t>{c.windowOf(0), c.windowOf(1)};
  };
  using W = std::vector<int64_t>;
  EXPECT_EQ(windows(of("mistral", R"("sliding_window":null)")), (W{0, 0}));
  EXPECT_EQ(windows(of("mistral", R"("sliding_window":7)")), (W{7, 7}));
  EXPECT_EQ(windows(of("llama", R"("sliding_window":7)")), (W{0, 0}));
  EXPECT_EQ(windows(of("qwen2", R"("sliding_window":7,"max_window_layers":1)")),
            (W{0, 0}));
  EXPECT_EQ(windows(of("qwen2", R"("sliding_window":7,"max_window_layers":1,)"
                                R"("use_sliding_window":true)")),
            (W{0, 7}));
  EXPECT_EQ(
      windows(of("qwen2", R"("sliding_window":7,"use_sliding_window":true)")),
      (W{0, 0})); // max_window_layers is 28 if absent
  EXPECT_EQ(
      windows(of("qwen3",
                 R"("sliding_window":7,"use_sliding_window":true,)"
                 R"("layer_types":["sliding_attention","full_attention"])")),
      (W{7, 0}));
  EXPECT_EQ(windows(of("qwen3",
                       R"("layer_types":["full_attention","full_attention"])")),
            (W{0, 0}));
  EXPECT_FAILS(read(of("mistral", R"("sliding_window":0)")), 1,
               {"sliding_window is 0"});
  EXPECT_FAILS(read(of("mistral", R"("sliding_window":4294967296)")), 1,
               {"possible"});
  EXPECT_FAILS(read(of("qwen3", R"("layer_types":["full_attention"])")), 1,
               {"one string per layer"});
  EXPECT_FAILS(
      read(of("qwen3",
              R"("layer_types":["full_attention","linear_attention"])")),
      3, {"linear_attention", "layer 1"});
  EXPECT_FAILS(
      read(of("llama",
              R"("layer_types":["sliding_attention","full_attention"])")),
      3, {"sliding_attention"});
  EXPECT_FAILS(
      read(of("mistral",
              R"("sliding_window":7,)"
              R"("layer_types":["sliding_attention","full_attention"])")),
      3, {"full_attention"});
}

TEST(Config, TokenIds) {
  DecoderConfig c = llvm::cantFail(
      read(llamaConfig(R"("bos_token_id":1,"eos_token_id":[2,5])"),
           R"({"bos_token_id":1,"eos_token_id":[7,2]})"));
  EXPECT_EQ(c.bosIds, (std::vector<int64_t>{1}));
  EXPECT_EQ(c.eosIds, (std::vector<int64_t>{7, 2, 5}));
  EXPECT_TRUE(llvm::cantFail(read(llamaConfig(R"("eos_token_id":null)")))
                  .eosIds.empty());
  EXPECT_FAILS(read(llamaConfig(R"("eos_token_id":32)")), 1,
               {"eos token id 32", "vocabulary of 32"});
  EXPECT_FAILS(read(llamaConfig(R"("bos_token_id":-1)")), 1,
               {"bos token id -1"});
  EXPECT_FAILS(read(llamaConfig(R"("eos_token_id":["x"])")), 1,
               {"list of token ids"});
  EXPECT_FAILS(read(llamaConfig(), R"({"eos_token_id":"x"})"), 1,
               {"generation_config.json"});
}

/// Fault 16: what would change the numbers is refused by name.
TEST(Config, UnsupportedFeatures) {
  const char *cases[][2] = {
      {R"("hidden_act":"relu2")", "hidden_act is 'relu2'"},
      {R"("attn_logit_softcapping":50.0)", "attn_logit_softcapping"},
      {R"("final_logit_softcapping":30.0)", "final_logit_softcapping"},
      {R"("num_local_experts":8)", "num_local_experts"},
      {R"("num_experts":60)", "num_experts"},
      {R"("quantization_config":{"quant_method":"gptq","bits":4})", "gptq"},
      {R"("quantization_config":{})", "quantization_config"},
      {R"("partial_rotary_factor":0.5)", "partial_rotary_factor"},
      {R"("use_mrope":true)", "use_mrope"},
      {R"("text_config":{})", "text_config"},
      {R"("embedding_multiplier":12.0)", "embedding_multiplier"},
      {R"("is_encoder_decoder":true)", "is_encoder_decoder"},
      {R"("n_shared_experts":1)", "n_shared_experts"},
      {R"("kv_lora_rank":512)", "kv_lora_rank"},
      {R"("vision_config":{})", "vision_config"},
      {R"("alibi":true)", "alibi is set"},
      {R"("use_qkv_bias":true)", "use_qkv_bias is set"},
      {R"("use_qk_norm":true)", "use_qk_norm is set"},
      {R"("rotary_dim":8)", "rotary_dim is set"},
      {R"("lm_head_bias":true)", "lm_head_bias is set"},
      {R"("rope_scaling":{"type":"dynamic","factor":2.0})", "'dynamic'"},
      {R"("rope_scaling":{"rope_type":"longrope"})", "'longrope'"},
      {R"("rope_scaling":{"rope_type":"x","type":"y"})", "but type is 'y'"},
      {R"("rope_parameters":{"rope_type":"mrope"})", "'mrope'"},
      {R"("rope_parameters":{"full_attention":{"rope_theta":1e6}})",
       "differs between kinds of layers"},
  };
  for (auto &[key, words] : cases) {
    SCOPED_TRACE(key);
    EXPECT_FAILS(read(llamaConfig(key)), 3, {"config.json: ", words});
  }
  // Neutral values of the same keys, and keys without an effect.
  EXPECT_TRUE(static_cast<bool>(read(llamaConfig(
      R"("attn_logit_softcapping":null,"num_experts":0,"partial_rotary_factor":1.0,)"
      R"("use_mrope":false,"quantization_config":null,"pretraining_tp":2,)"
      R"("use_cache":true,"attention_dropout":0.1,"unknown_key":[1,{"x":2}])"))));
}

/// What a family's own switches may not be.
TEST(Config, UnsupportedMixes) {
  const char *cases[][3] = {
      {"gemma", R"("final_logit_softcapping":30.0)", "final_logit_softcapping"},
      {"gemma2", R"("rope_local_base_freq":1e4)", "rope_local_base_freq"},
      {"gemma3_text", R"("use_bidirectional_attention":true)",
       "use_bidirectional_attention"},
      {"gemma3_text",
       R"("rope_parameters":{"chunked_attention":{"rope_theta":1e4}})",
       "chunked_attention"},
      {"phi", R"("alibi":true)", "alibi"},
      {"phi3", R"("attention_bias":true)", "attention_bias is set"},
      {"phi3", R"("num_local_experts":16)", "num_local_experts"},
      {"phi3", R"("rope_scaling":{"type":"yarn2","factor":4.0})", "'yarn2'"},
      {"stablelm", R"("hidden_act":"gelu_10")", "'gelu_10'"},
      {"stablelm", R"("mlp_bias":true)", "mlp_bias"},
      {"falcon", R"("apply_residual_connection_post_layernorm":true)",
       "apply_residual_connection_post_layernorm"},
      {"falcon", R"("new_decoder_architecture":true,"parallel_attn":false)",
       "parallel_attn"},
      {"falcon", R"("multi_query":false)", "num_kv_heads"},
      {"falcon",
       R"("new_decoder_architecture":true,"num_ln_in_parallel_attn":3)",
       "num_ln_in_parallel_attn"},
      {"gpt2", R"("add_cross_attention":true)", "add_cross_attention"},
      {"gpt2", R"("activation_function":"mish")", "'mish'"},
      {"gpt_neox", R"("use_qkv_bias":true)", "use_qkv_bias"},
      {"gpt_neox", R"("layer_types":["x","x"])", "'x'"},
  };
  for (auto &[type, more, words] : cases) {
    SCOPED_TRACE(std::string(type) + " " + more);
    EXPECT_FAILS(read(of(type, more)), 3, {"config.json: ", words});
  }
}

/// A file may have both epsilons; each kind of norm has its own.
TEST(Config, TheEpsilonOfTheNorm) {
  std::string both = R"("layer_norm_eps":1e-3)";
  EXPECT_EQ(llvm::cantFail(read(of("stablelm", both))).normEpsilon, 1e-3);
  EXPECT_NE(llvm::cantFail(read(llamaConfig(both))).normEpsilon, 1e-3);
}

/// Fault 10: absurd sizes, before anything is allocated from them.
TEST(Config, AbsurdSizes) {
  const char *cases[][2] = {
      {"num_hidden_layers", "0"},
      {"num_hidden_layers", "-1"},
      {"num_hidden_layers", "1025"},
      {"num_hidden_layers", "1000000"},
      {"num_hidden_layers", "2147483648"},
      {"num_hidden_layers", "9223372036854775807"},
      {"num_hidden_layers", "18446744073709551615"},
      {"num_hidden_layers", "1e30"},
      {"num_hidden_layers", "2.5"},
      {"num_hidden_layers", "\"2\""},
      {"num_hidden_layers", "[2]"},
      {"num_hidden_layers", "true"},
      {"num_hidden_layers", "null"},
      {"hidden_size", "0"},
      {"hidden_size", "-64"},
      {"hidden_size", "131073"},
      {"hidden_size", "4294967360"},
      {"hidden_size", "9223372036854775807"},
      {"hidden_size", "63"},
      {"hidden_size", "66"},
      {"hidden_size", "4"},
      {"intermediate_size", "0"},
      {"intermediate_size", "-1"},
      {"intermediate_size", "1048577"},
      {"intermediate_size", "4294967296"},
      {"num_attention_heads", "0"},
      {"num_attention_heads", "-4"},
      {"num_attention_heads", "4097"},
      {"num_attention_heads", "5"},
      {"num_attention_heads", "64"},
      {"num_attention_heads", "2147483648"},
      {"num_key_value_heads", "0"},
      {"num_key_value_heads", "-2"},
      {"num_key_value_heads", "3"},
      {"num_key_value_heads", "8"},
      {"num_key_value_heads", "4097"},
      {"vocab_size", "0"},
      {"vocab_size", "-1"},
      {"vocab_size", "2147483648"},
      {"vocab_size", "16777217"},
      {"vocab_size", "9223372036854775807"},
      {"max_position_embeddings", "0"},
      {"max_position_embeddings", "-1"},
      {"max_position_embeddings", "1099511627776"},
      {"rms_norm_eps", "0"},
      {"rms_norm_eps", "-1e-5"},
      {"rms_norm_eps", "1"},
      {"rms_norm_eps", "1e-300"},
      {"rms_norm_eps", "\"1e-5\""},
  };
  unsigned count = 0;
  for (auto &[key, value] : cases) {
    SCOPED_TRACE(std::string(key) + " " + value);
    EXPECT_FAILS(read(with(key, value)), 1, {"config.json: "});
    ++count;
  }
  for (const char *more :
       {R"("head_dim":0)", R"("head_dim":-16)", R"("head_dim":15)",
        R"("head_dim":8192)", R"("rope_theta":0)", R"("rope_theta":1)",
        R"("rope_theta":-1)", R"("rope_theta":1e300)",
        R"("tie_word_embeddings":1)"}) {
    SCOPED_TRACE(more);
    EXPECT_FAILS(read(llamaConfig(more)), 1, {"config.json: "});
    ++count;
  }
  for (const char *key :
       {"hidden_size", "intermediate_size", "num_hidden_layers",
        "num_attention_heads", "vocab_size"}) {
    EXPECT_FAILS(read(without(key)), 1, {key, "is missing"});
    ++count;
  }
  EXPECT_GE(count, 50u);
}
