// ToyModel.cpp: see ToyModel.h.
#include "ToyModel.h"
#include "runtime/core/Bundle.h"
#include "runtime/core/Sha256.h"
#include "runtime/device/cpu/CpuFeatures.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sinter::toy {

namespace {

std::string hexDigest(const std::string &bytes) {
  uint8_t digest[32];
  char hex[65];
  rt::Sha256::digest(bytes.data(), bytes.size(), digest);
  rt::sha256Hex(digest, hex);
  return hex;
}

std::unique_ptr<fb::DispatchT> dispatch(uint32_t kernel, uint32_t items,
                                        uint32_t per,
                                        std::vector<fb::Range> bindings) {
  auto made = std::make_unique<fb::DispatchT>();
  made->kernel = kernel;
  made->items = items;
  made->items_per_tokens = per;
  made->bindings = std::move(bindings);
  made->layer = "layers.0";
  return made;
}

void addEntry(fb::PlanT &plan, const char *name,
              std::vector<std::unique_ptr<fb::DispatchT>> dispatches) {
  auto entry = std::make_unique<fb::EntryT>();
  entry->name = name;
  entry->dispatches = std::move(dispatches);
  plan.entries.push_back(std::move(entry));
}

void addIo(fb::PlanT &plan, const char *name, fb::Range range) {
  auto io = std::make_unique<fb::IoT>();
  io->name = name;
  io->range = std::make_unique<fb::Range>(range);
  plan.ios.push_back(std::move(io));
}

} // namespace

std::vector<uint8_t> toyPlan(const ToyOptions &options) {
  fb::PlanT plan;
  plan.abi_version = SINTER_ABI_VERSION;
  plan.context = TOY_CONTEXT;
  plan.chunk = TOY_CHUNK;
  plan.vocab_size = TOY_VOCAB;
  plan.hidden_size = TOY_HIDDEN;
  plan.layer_count = 1;
  plan.bos_id = 1;
  plan.eos_ids = options.eosIds;
  fb::Range bias(options.weightOffset, TOY_VOCAB * 4, fb::Space_weights);
  plan.weight_bytes = options.weightOffset + TOY_VOCAB * 4;
  fb::Range tokens(0, 64, fb::Space_arena);
  fb::Range hidden(64, TOY_CHUNK * TOY_HIDDEN * 4, fb::Space_arena);
  fb::Range logits(192, TOY_VOCAB * 4, fb::Space_arena);
  fb::Range next(704, 64, fb::Space_arena);
  plan.arena_bytes = 768;
  fb::Range cache(0, TOY_CONTEXT * 8, fb::Space_state);
  plan.state_bytes = TOY_CONTEXT * 8;
  for (const char *name : {"append", "mix", "head", "greedy"}) {
    auto kernel = std::make_unique<fb::KernelT>();
    kernel->id = name;
    kernel->scratch_bytes = 64;
    kernel->family = "toy";
    plan.kernels.push_back(std::move(kernel));
  }
  for (const char *name : {"prefill", "decode"}) {
    std::vector<std::unique_ptr<fb::DispatchT>> steps;
    steps.push_back(dispatch(0, 1, 1, {tokens, cache}));
    steps.push_back(dispatch(1, 1, 1, {cache, tokens, hidden}));
    addEntry(plan, name, std::move(steps));
  }
  std::vector<std::unique_ptr<fb::DispatchT>> head, greedy;
  head.push_back(dispatch(2, TOY_VOCAB / 16, 0, {hidden, bias, logits}));
  addEntry(plan, "head", std::move(head));
  greedy.push_back(dispatch(3, 1, 0, {logits, next}));
  if (options.greedy)
    addEntry(plan, "greedy", std::move(greedy));
  addIo(plan, "tokens", tokens);
  addIo(plan, "hidden", hidden);
  addIo(plan, "logits", logits);
  if (options.greedy)
    addIo(plan, "next_token", next);
  auto weight = std::make_unique<fb::WeightT>();
  weight->name = "bias";
  weight->layout = "vector";
  weight->scheme = "f32";
  weight->rows = 1;
  weight->columns = TOY_VOCAB;
  weight->range = std::make_unique<fb::Range>(bias);
  plan.weights.push_back(std::move(weight));
  auto state = std::make_unique<fb::StateT>();
  state->name = "layers.0.kv";
  state->kv_heads = 1;
  state->capacity = TOY_CONTEXT;
  state->head_dim = 1;
  state->element_bytes = 4;
  state->range = std::make_unique<fb::Range>(cache);
  plan.states.push_back(std::move(state));
  if (options.editPlan)
    options.editPlan(plan);
  flatbuffers::FlatBufferBuilder builder;
  fb::FinishPlanBuffer(builder, fb::Plan::Pack(builder, &plan));
  return {builder.GetBufferPointer(),
          builder.GetBufferPointer() + builder.GetSize()};
}

void ToyBundle::write(const std::string &path, const std::string &bytes) const {
  std::filesystem::path target = dir_ + "/" + path;
  std::filesystem::create_directories(target.parent_path());
  std::ofstream(target, std::ios::binary) << bytes;
}

std::string ToyBundle::read(const std::string &path) const {
  std::ifstream file(dir_ + "/" + path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void ToyBundle::remove(const std::string &path) const {
  std::filesystem::remove(dir_ + "/" + path);
}

void ToyBundle::addFile(const std::string &path, const std::string &bytes) {
  write(path, bytes);
  files_ += files_.empty() ? "" : ",\n    ";
  files_ += R"({"path": ")" + path + R"(", "size": )" +
            std::to_string(bytes.size()) + R"(, "sha256": ")" +
            hexDigest(bytes) + R"("})";
}

ToyBundle::ToyBundle(ToyOptions options) {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "sinter-toy-XXXXXX").string();
  dir_ = mkdtemp(pattern.data());
  std::vector<uint8_t> plan = toyPlan(options);
  std::string planText(plan.begin(), plan.end());
  addFile("plan.fb", planText);
  if (!options.tokenizer.empty())
    addFile("tokenizer.bin",
            {options.tokenizer.begin(), options.tokenizer.end()});
  std::string weights(options.weightOffset, '\0');
  weights.append(reinterpret_cast<const char *>(options.bias.data()),
                 TOY_VOCAB * 4);
  for (uint64_t at = 0; at < weights.size(); at += rt::kShardBytes) {
    char path[32];
    rt::shardPath(uint32_t(at / rt::kShardBytes), path);
    addFile(path, weights.substr(at, rt::kShardBytes));
  }
  module_ = {SINTER_MODULE_MAGIC, SINTER_ABI_VERSION, 3, 4, {}, toy_variants};
  rt::Sha256::digest(plan.data(), plan.size(), module_.plan_sha256);
  std::ifstream library(TOY_LIBRARY_PATH, std::ios::binary);
  std::stringstream code;
  code << library.rdbuf();
  std::string bytes = code.str();
  size_t marker = bytes.find(TOY_MARKER);
  if (marker != std::string::npos)
    memcpy(&bytes[marker], module_.plan_sha256, 32);
  addFile(std::string("kernels/cpu/") + rt::cpuArchitecture() + ".so", bytes);
  std::string manifest = R"({
  "format": "sinter-bundle", "version": [1, 0], "abi_version": 1,
  "generator": "toy", "name": "toy", "prefix": "toy",
  "model": { "architecture": "toy", "parameters": 128, "context": 64,
             "vocab_size": 128, "quantization": "f32", "bits_per_weight": 32 },
  "targets": { "cpu": { "variants": ["impossible", "plain", "second"] } },
  "bytes": { "download": 1, "weights": 512, "arena": 768, "state": 512 },
  "sampling": )" + options.sampling +
                         R"(,
  "chat_template": "{{ \"a\u00e9\" }}",
  "files": [ )" + files_ +
                         " ]\n}\n";
  if (options.editManifest)
    options.editManifest(manifest);
  write("manifest.json", manifest);
}

ToyBundle::~ToyBundle() { std::filesystem::remove_all(dir_); }

static int64_t toySum(const std::vector<int32_t> &history) {
  int64_t sum = 0;
  for (size_t p = 0; p < history.size(); ++p)
    sum += int64_t(history[p] + 1) * int64_t(p + 1);
  return sum;
}

int32_t toyNext(const std::vector<int32_t> &history) {
  return int32_t(toySum(history) % TOY_VOCAB);
}

float toyLogit(const std::vector<int32_t> &history, int32_t v) {
  return -std::abs(float(v - toyNext(history)));
}

} // namespace sinter::toy
