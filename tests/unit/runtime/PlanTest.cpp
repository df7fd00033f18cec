// PlanTest.cpp: plan.fb: semantic checks, and damage of every byte.
#include "runtime/core/Plan.h"
#include "ToyModel.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace sinter;
using namespace sinter::rt;

namespace {

Status load(const std::vector<uint8_t> &bytes, Plan &plan,
            std::string *message = nullptr) {
  sinter_error error;
  Fault fault(&error);
  Buffer buffer;
  EXPECT_TRUE(buffer.allocate(bytes.size()));
  if (!bytes.empty())
    memcpy(buffer.data(), bytes.data(), bytes.size());
  Status status = plan.load(std::move(buffer), fault);
  if (message)
    *message = error.message;
  return status;
}

using Edit = std::function<void(fb::PlanT &)>;

Status loadEdited(Edit edit, std::string *message = nullptr) {
  toy::ToyOptions options;
  options.editPlan = std::move(edit);
  Plan plan;
  return load(toy::toyPlan(options), plan, message);
}

fb::Range moved(const fb::Range &range, uint64_t offset, uint64_t bytes) {
  return fb::Range(offset, bytes, range.space());
}

TEST(Plan, LoadsToy) {
  Plan plan;
  std::string message;
  ASSERT_EQ(load(toy::toyPlan(), plan, &message), SINTER_OK) << message;
  EXPECT_EQ(plan.root().context(), 64u);
  ASSERT_NE(plan.entry(kGreedy), nullptr);
  const fb::Dispatch &mix = *plan.entry(kPrefill)->dispatches()->Get(1);
  EXPECT_EQ(Plan::items(mix, 7), 7u);
  EXPECT_EQ(Plan::items(*plan.entry(kHead)->dispatches()->Get(0), 1), 8u);
}

TEST(Plan, VersionIsItsOwnError) {
  std::string message;
  EXPECT_EQ(loadEdited([](fb::PlanT &p) { p.abi_version = 7; }, &message),
            SINTER_VERSION_MISMATCH);
  EXPECT_NE(message.find('7'), std::string::npos);
}

TEST(Plan, Semantics) {
  const std::pair<const char *, Edit> cases[] = {
      {"context", [](fb::PlanT &p) { p.context = 0; }},
      {"chunk", [](fb::PlanT &p) { p.chunk = 65; }},
      {"chunk", [](fb::PlanT &p) { p.chunk = 0; }},
      {"vocab", [](fb::PlanT &p) { p.vocab_size = 0; }},
      {"vocab", [](fb::PlanT &p) { p.vocab_size = 0xffffffff; }},
      {"layer", [](fb::PlanT &p) { p.layer_count = 0xffffffff; }},
      {"arena", [](fb::PlanT &p) { p.arena_bytes = UINT64_MAX; }},
      {"bos", [](fb::PlanT &p) { p.bos_id = 128; }},
      {"bos", [](fb::PlanT &p) { p.bos_id = -2; }},
      {"eos", [](fb::PlanT &p) { p.eos_ids = {3, -1}; }},
      {"scratch",
       [](fb::PlanT &p) { p.kernels[0]->scratch_bytes = 1ull << 40; }},
      {"names kernel",
       [](fb::PlanT &p) { p.entries[0]->dispatches[0]->kernel = 4; }},
      {"names kernel", [](fb::PlanT &p) { p.kernels.clear(); }},
      {"items", [](fb::PlanT &p) { p.entries[0]->dispatches[0]->items = 0; }},
      {"items",
       [](fb::PlanT &p) { p.entries[0]->dispatches[0]->items = 0x7fffffff; }},
      {"entry 'head'",
       [](fb::PlanT &p) { p.entries.erase(p.entries.begin() + 2); }},
      {"missing or empty",
       [](fb::PlanT &p) { p.entries[1]->dispatches.clear(); }},
      {"missing or empty",
       [](fb::PlanT &p) { p.entries[3]->dispatches.clear(); }},
      {"two entries", [](fb::PlanT &p) { p.entries[0]->name = "decode"; }},
      {"two buffers", [](fb::PlanT &p) { p.ios[0]->name = "hidden"; }},
      {"'tokens'", [](fb::PlanT &p) { p.ios[0]->name = "other"; }},
      {"'logits'",
       [](fb::PlanT &p) {
         p.ios[2]->range =
             std::make_unique<fb::Range>(moved(*p.ios[2]->range, 192, 508));
       }},
      {"'hidden'",
       [](fb::PlanT &p) {
         p.ios[1]->range = std::make_unique<fb::Range>(0, 128, fb::Space_state);
       }},
      {"cache", [](fb::PlanT &p) { p.states[0]->capacity = 48; }},
      {"cache", [](fb::PlanT &p) { p.states[0]->kv_heads = 0xffffffff; }},
      {"cache", [](fb::PlanT &p) { p.states[0]->element_bytes = 0; }},
      {"cache", [](fb::PlanT &p) { p.states[0]->range.reset(); }},
      {"needs", [](fb::PlanT &p) { p.weights[0]->columns = 127; }},
      {"weight 0", [](fb::PlanT &p) { p.weights[0]->columns = 0xffffffff; }},
      {"weight 0", [](fb::PlanT &p) { p.weights[0]->range.reset(); }},
      {"weight 1",
       [](fb::PlanT &p) {
         p.weights.push_back(std::make_unique<fb::WeightT>());
         p.weights[1]->range =
             std::make_unique<fb::Range>(*p.weights[0]->range);
       }},
  };
  for (const auto &c : cases) {
    std::string message;
    EXPECT_EQ(loadEdited(c.second, &message), SINTER_CORRUPT) << c.first;
    EXPECT_NE(message.find(c.first), std::string::npos)
        << c.first << ": " << message;
  }
}

TEST(Plan, BindingRanges) {
  const fb::Range bad[] = {
      {UINT64_MAX - 63, 64, fb::Space_arena}, // wraps
      {64, UINT64_MAX, fb::Space_arena},      // wraps
      {704, 128, fb::Space_arena},            // beyond the end
      {32, 32, fb::Space_arena},              // not aligned
      {0, 0, fb::Space_arena},                // empty
      {0, 64, fb::Space(3)},                  // no such space
      {512, 64, fb::Space_state},             // beyond the end
      {512, 64, fb::Space_weights},           // beyond the end
  };
  for (const fb::Range &range : bad) {
    std::string message;
    Status status = loadEdited(
        [&](fb::PlanT &p) { p.entries[1]->dispatches[1]->bindings[0] = range; },
        &message);
    EXPECT_EQ(status, SINTER_CORRUPT) << range.offset();
    EXPECT_NE(message.find("binding 0"), std::string::npos) << message;
  }
}

/// Walks over everything a reader of a loaded plan looks at.
uint64_t walk(const Plan &plan) {
  uint64_t sum =
      plan.tokens().offset() + plan.hidden().bytes() + plan.logits().offset();
  for (uint32_t id = 0; id < kEntryCount; ++id) {
    const fb::Entry *entry = plan.entry(EntryId(id));
    if (!entry)
      continue;
    for (const fb::Dispatch *d : *entry->dispatches()) {
      const fb::Kernel *kernel = plan.root().kernels()->Get(d->kernel());
      sum += Plan::items(*d, id == kPrefill ? plan.root().chunk() : 1);
      sum += kernel->id() ? kernel->id()->size() : 0;
      sum += d->layer() ? strlen(d->layer()->c_str()) : 0;
      for (uint32_t b = 0; d->bindings() && b < d->bindings()->size(); ++b) {
        const fb::Range *range = d->bindings()->Get(b);
        uint64_t limit =
            range->space() == fb::Space_weights ? plan.root().weight_bytes()
            : range->space() == fb::Space_arena ? plan.root().arena_bytes()
                                                : plan.root().state_bytes();
        EXPECT_LE(range->bytes(), limit);
        EXPECT_LE(range->offset(), limit - range->bytes());
      }
    }
  }
  return sum;
}

TEST(Plan, Damage) {
  std::vector<uint8_t> good = toy::toyPlan();
  int rejected = 0, loaded = 0;
  for (size_t i = 0; i < good.size(); ++i)
    for (int mask : {0x01, 0x04, 0x80, 0xff}) {
      std::vector<uint8_t> bad = good;
      bad[i] = uint8_t(bad[i] ^ mask);
      Plan plan;
      if (load(bad, plan) == SINTER_OK) {
        walk(plan);
        ++loaded;
      } else {
        ++rejected;
      }
    }
  EXPECT_GT(rejected, 0);
  EXPECT_GT(loaded, 0); // names, sizes that still fit, padding
  for (size_t length = 0; length < good.size(); ++length) {
    Plan plan;
    std::vector<uint8_t> bad(good.begin(), good.begin() + long(length));
    if (load(bad, plan) == SINTER_OK)
      walk(plan);
  }
}

} // namespace
