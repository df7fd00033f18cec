// plan.program to plan.fb and back through the generated reader.
#include "compiler/bundle/PlanWriter.h"
#include "Modules.h"
#include "runtime/schema/plan_generated.h"

using namespace sinter;
using namespace sinter::test;

static const char kProgram[] = R"(
xf.region @k1(%x: tensor<1x64xf32>, %c: !xf.kv_cache<1 x 32 x 2, f32>, %v: tensor<64xf32, #xf.quant<f32>>) -> tensor<1x64xf32> {
  xf.yield %x : tensor<1x64xf32>
}
xf.region @k2(%t: tensor<1xi32>, %m: tensor<40x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32> {
  %0 = xf.embedding %t, %m : (tensor<1xi32>, tensor<40x64xf32, #xf.quant<q4_0>>) -> tensor<1x64xf32>
  xf.yield %0 : tensor<1x64xf32>
}
xf.weight @m from [#xf.source<"a", "bf16">, #xf.source<"b", "bf16">] : tensor<40x64xf32, #xf.quant<q4_0>>
xf.weight @v from [#xf.source<"c", "f32">] : tensor<64xf32, #xf.quant<f32>>
xf.weight @r rope <theta = 1.0e4 : f64, dim = 4, none> : tensor<32x4xf32, #xf.quant<f32>>
plan.program attributes {context = 32, chunk = 8, vocab_size = 40, weight_bytes = 2816, arena_bytes = 4096, state_bytes = 512} {
  plan.weight @m of @m "rows16" at 0 bytes 1728
  plan.weight @v of @v "vector" at 1792 bytes 256
  plan.weight @r of @r "rope" at 2304 bytes 512
  plan.state @kv : !xf.kv_cache<1 x 32 x 2, f32> at 0 bytes 512
  plan.buffer @tokens : tensor<?xi32> io "tokens" alive 0 to 0 at 0 bytes 64
  plan.buffer @hidden : tensor<?x64xf32> io "hidden" alive 0 to 0 at 64 bytes 2048
  plan.buffer @t : tensor<?x64xf32> in @prefill alive 0 to 1 at 2112 bytes 1024
  plan.entry @prefill {
    plan.dispatch @k2 [@tokens, @m, @t] items 3 per 2 layer "layers.0"
    plan.dispatch @k1 [@t, @kv, @v, @hidden] items 5 per 0
  }
  plan.entry @decode {
    plan.dispatch @k1 [@hidden, @kv, @v, @hidden] items 1 per 0
  }
})";

static PlanInfo info() {
  PlanInfo info;
  info.hiddenSize = 64;
  info.layerCount = 2;
  info.bosId = 1;
  info.eosIds = {2, 7};
  info.kernels = {{"k1", 128, "gemv", "first"}, {"k2", 0, "fallback", ""}};
  return info;
}

static bool isRange(const fb::Range *range, uint64_t offset, uint64_t bytes,
                    fb::Space space) {
  return range && range->offset() == offset && range->bytes() == bytes &&
         range->space() == space;
}

TEST(PlanWriter, EverythingComesBack) {
  Module module(kProgram);
  ASSERT_TRUE(module.module);
  auto bytes = writePlan(module.program(), info());
  ASSERT_TRUE(static_cast<bool>(bytes)) << llvm::toString(bytes.takeError());
  auto *data = reinterpret_cast<const uint8_t *>(bytes->data());
  flatbuffers::Verifier verifier(data, bytes->size());
  ASSERT_TRUE(fb::VerifyPlanBuffer(verifier));
  const fb::Plan &plan = *fb::GetPlan(data);
  EXPECT_EQ(plan.abi_version(), 1u);
  EXPECT_EQ(plan.context(), 32u);
  EXPECT_EQ(plan.chunk(), 8u);
  EXPECT_EQ(plan.vocab_size(), 40u);
  EXPECT_EQ(plan.hidden_size(), 64u);
  EXPECT_EQ(plan.layer_count(), 2u);
  EXPECT_EQ(plan.weight_bytes(), 2816u);
  EXPECT_EQ(plan.arena_bytes(), 4096u);
  EXPECT_EQ(plan.state_bytes(), 512u);
  EXPECT_EQ(plan.bos_id(), 1);
  ASSERT_EQ(plan.eos_ids()->size(), 2u);
  EXPECT_EQ(plan.eos_ids()->Get(1), 7);

  ASSERT_EQ(plan.kernels()->size(), 2u);
  EXPECT_EQ(plan.kernels()->Get(0)->id()->str(), "k1");
  EXPECT_EQ(plan.kernels()->Get(0)->scratch_bytes(), 128u);
  EXPECT_EQ(plan.kernels()->Get(1)->family()->str(), "fallback");

  ASSERT_EQ(plan.weights()->size(), 3u);
  const fb::Weight &m = *plan.weights()->Get(0);
  EXPECT_EQ(m.name()->str(), "m");
  EXPECT_EQ(m.layout()->str(), "rows16");
  EXPECT_EQ(m.scheme()->str(), "q4_0");
  EXPECT_EQ(m.rows(), 40u);
  EXPECT_EQ(m.columns(), 64u);
  EXPECT_TRUE(isRange(m.range(), 0, 1728, fb::Space_weights));
  EXPECT_EQ(plan.weights()->Get(1)->rows(), 1u);
  EXPECT_EQ(plan.weights()->Get(1)->columns(), 64u);
  EXPECT_EQ(plan.weights()->Get(1)->scheme()->str(), "f32");
  EXPECT_EQ(plan.weights()->Get(2)->rows(), 32u);

  const fb::Io *hidden = plan.ios()->LookupByKey("hidden");
  ASSERT_NE(hidden, nullptr);
  EXPECT_TRUE(isRange(hidden->range(), 64, 2048, fb::Space_arena));
  EXPECT_EQ(plan.ios()->size(), 2u);

  ASSERT_EQ(plan.states()->size(), 1u);
  EXPECT_EQ(plan.states()->Get(0)->capacity(), 32u);
  EXPECT_EQ(plan.states()->Get(0)->element_bytes(), 4u);

  const fb::Entry *prefill = plan.entries()->LookupByKey("prefill");
  ASSERT_NE(prefill, nullptr);
  ASSERT_EQ(prefill->dispatches()->size(), 2u);
  const fb::Dispatch &first = *prefill->dispatches()->Get(0);
  EXPECT_EQ(first.kernel(), 1u);
  EXPECT_EQ(first.items(), 3u);
  EXPECT_EQ(first.items_per_tokens(), 2u);
  EXPECT_EQ(first.layer()->str(), "layers.0");
  ASSERT_EQ(first.bindings()->size(), 3u);
  EXPECT_TRUE(isRange(first.bindings()->Get(2), 2112, 1024, fb::Space_arena));
  const fb::Dispatch &second = *prefill->dispatches()->Get(1);
  EXPECT_TRUE(isRange(second.bindings()->Get(1), 0, 512, fb::Space_state));
}

TEST(PlanWriter, SameBytesEveryTime) {
  Module one(kProgram), two(kProgram);
  EXPECT_EQ(*writePlan(one.program(), info()),
            *writePlan(two.program(), info()));
}

TEST(PlanWriter, UnknownKernelsAreOurFault) {
  Module module(kProgram);
  PlanInfo lacking = info();
  lacking.kernels.pop_back();
  EXPECT_FAILS(writePlan(module.program(), lacking), kExitInternal,
               {"k2", "kernel table"});
  PlanInfo negative = info();
  negative.hiddenSize = -1;
  EXPECT_FAILS(writePlan(module.program(), negative), kExitInternal,
               {"hidden_size -1"});
}
