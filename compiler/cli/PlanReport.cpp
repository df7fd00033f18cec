// See PlanReport.h.
#include "compiler/cli/PlanReport.h"

#include "compiler/support/Error.h"
#include "runtime/schema/plan_generated.h"

#include "llvm/Support/FormatVariadic.h"

#include <map>
#include <vector>

using namespace sinter;
using namespace sinter::cli;

namespace {
/// A kernel's part in one token of decoding (entry points decode and head) at
/// half of the context.
struct Share {
  uint64_t dispatches = 0; ///< in all entry points
  uint64_t perToken = 0;   ///< in decode and head
  double bytes = 0, flops = 0;
  uint64_t items = 0;
};
} // namespace

static llvm::StringRef textOf(const flatbuffers::String *text) {
  return text ? llvm::StringRef(text->c_str(), text->size())
              : llvm::StringRef();
}

/// A vector that may be absent, as a range.
template <typename T>
static std::vector<T> listOf(const flatbuffers::Vector<T> *list) {
  return list ? std::vector<T>(list->begin(), list->end()) : std::vector<T>();
}
template <typename T>
static std::vector<const T *>
tablesOf(const flatbuffers::Vector<flatbuffers::Offset<T>> *list) {
  std::vector<const T *> tables;
  if (list)
    for (const T *table : *list)
      tables.push_back(table);
  return tables;
}

llvm::Expected<PlanReport> PlanReport::create(std::string bytes) {
  flatbuffers::Verifier verifier(
      reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  if (!fb::VerifyPlanBuffer(verifier))
    return inputError("the plan is damaged");
  return PlanReport(std::move(bytes));
}

const fb::Plan &PlanReport::plan() const { return *fb::GetPlan(bytes.data()); }

/// What one run of a kernel moves (runtime/schema/plan.fbs).
static double bytesOf(const fb::Cost &cost, double tokens, double position) {
  return cost.weight_bytes() + cost.bytes_per_token() * tokens +
         cost.bytes_per_token_position() * tokens * position;
}

/// What each kernel does in one token at a position.
static std::vector<Share> sharesOf(const fb::Plan &plan, double position) {
  auto kernels = tablesOf(plan.kernels());
  std::vector<Share> shares(kernels.size());
  for (const fb::Entry *entry : tablesOf(plan.entries())) {
    llvm::StringRef name = textOf(entry->name());
    bool counts = name == "decode" || name == "head" || name == "greedy";
    for (const fb::Dispatch *dispatch : tablesOf(entry->dispatches())) {
      if (dispatch->kernel() >= shares.size())
        continue;
      Share &share = shares[dispatch->kernel()];
      ++share.dispatches;
      share.items = dispatch->items();
      const fb::Cost *cost = kernels[dispatch->kernel()]->cost();
      if (!counts || !cost)
        continue;
      ++share.perToken;
      share.bytes += bytesOf(*cost, 1, position);
      share.flops +=
          cost->flops_per_token() + cost->flops_per_token_position() * position;
    }
  }
  return shares;
}

double PlanReport::bytesPerToken(double position) const {
  double total = 0;
  for (const Share &share : sharesOf(plan(), position))
    total += share.bytes;
  return total;
}

static llvm::StringRef floatOf(uint64_t bytes) {
  return bytes == 4 ? "f32" : bytes == 2 ? "f16" : "?";
}

namespace {
/// What numbers are kept and multiplied as.
struct Precision {
  llvm::StringRef hidden; ///< the residual stream and what is added to it
  llvm::StringRef caches;
  uint64_t integerInputs = 0, floatInputs = 0; ///< products, in all entries
};
} // namespace

static Precision precisionOf(const fb::Plan &plan) {
  Precision precision;
  for (const fb::Io *io : tablesOf(plan.ios()))
    if (textOf(io->name()) == "hidden" && plan.chunk() && plan.hidden_size())
      precision.hidden =
          floatOf(io->range()->bytes() / plan.chunk() / plan.hidden_size());
  for (const fb::State *state : tablesOf(plan.states()))
    precision.caches = floatOf(state->element_bytes());
  std::vector<Share> shares = sharesOf(plan, 0);
  auto kernels = tablesOf(plan.kernels());
  for (size_t i = 0; i < kernels.size(); ++i) {
    llvm::StringRef id = textOf(kernels[i]->id());
    if (!id.consume_front("linear_"))
      continue;
    bool integers = id.take_front(8).contains("_i8_"); // scheme, inputs
    (integers ? precision.integerInputs : precision.floatInputs) +=
        shares[i].dispatches;
  }
  return precision;
}

static void printPrecision(const Precision &precision, llvm::raw_ostream &out) {
  out << "precision: residual stream and values between kernels "
      << precision.hidden << ", sums f32, keys and values " << precision.caches
      << "\n";
  uint64_t all = precision.integerInputs + precision.floatInputs;
  out << llvm::formatv("  {0} of {1} matrix products take 8-bit inputs in "
                       "blocks of 32, the others f32\n",
                       precision.integerInputs, all);
}

double PlanReport::bytesOfRun(llvm::StringRef kernel, double tokens,
                              double position) const {
  for (const fb::Kernel *known : tablesOf(plan().kernels()))
    if (const fb::Cost *cost = known->cost(); textOf(known->id()) == kernel)
      return cost ? bytesOf(*cost, tokens, position) : 0;
  return 0;
}

void PlanReport::printModel(llvm::raw_ostream &out) const {
  const fb::Plan &p = plan();
  out << llvm::formatv(
      "context {0} tokens, prefill chunk {1}, vocabulary {2}, hidden {3}, {4} "
      "layers\nweights {5:N} bytes, arena {6:N} bytes, caches {7:N} bytes, {8} "
      "kernels\n",
      p.context(), p.chunk(), p.vocab_size(), p.hidden_size(), p.layer_count(),
      p.weight_bytes(), p.arena_bytes(), p.state_bytes(),
      tablesOf(p.kernels()).size());
  printPrecision(precisionOf(p), out);
  std::map<std::string, std::pair<uint64_t, uint64_t>> schemes;
  for (const fb::Weight *weight : tablesOf(p.weights())) {
    auto &[count, size] = schemes[textOf(weight->scheme()).str()];
    ++count;
    size += weight->range()->bytes();
  }
  for (const auto &[scheme, total] : schemes)
    out << llvm::formatv("{0,8}: {1,4} tensors, {2,14:N} bytes\n", scheme,
                         total.first, total.second);
}

void PlanReport::printKernels(llvm::raw_ostream &out) const {
  const fb::Plan &p = plan();
  std::vector<Share> shares = sharesOf(p, p.context() / 2.0);
  double total = 0;
  for (const Share &share : shares)
    total += share.bytes;
  out << llvm::formatv("one token at position {0}: {1:N} bytes\n",
                       p.context() / 2, static_cast<uint64_t>(total));
  out << llvm::formatv("{0,10} {1,6} {2,14} {3,14} {4,6} {5,8}  {6,-18} {7}\n",
                       "dispatches", "/token", "bytes/token", "FLOPs/token",
                       "share", "items", "family", "kernel");
  auto kernels = tablesOf(p.kernels());
  for (size_t i = 0; i < kernels.size(); ++i) {
    const Share &share = shares[i];
    out << llvm::formatv(
        "{0,10} {1,6} {2,14:N} {3,14:N} {4,6:P1} {5,8}  {6,-18} {7}\n",
        share.dispatches, share.perToken, static_cast<uint64_t>(share.bytes),
        static_cast<uint64_t>(share.flops),
        total > 0 ? share.bytes / total : 0.0, share.items,
        textOf(kernels[i]->family()), textOf(kernels[i]->id()));
    if (!textOf(kernels[i]->reason()).empty())
      out << "             declined: " << textOf(kernels[i]->reason()) << "\n";
  }
}

/// Which dispatches of an entry a buffer is alive in, at most 64 characters
/// wide.
static std::string lifeOf(const fb::Buffer &buffer, uint64_t dispatches) {
  constexpr uint64_t kWidth = 64;
  if (textOf(buffer.entry()).empty() || dispatches == 0)
    return std::string(
        std::min<uint64_t>(kWidth, std::max<uint64_t>(dispatches, 1)), '=');
  uint64_t width = std::min(kWidth, dispatches);
  std::string line(width, '.');
  uint64_t first = buffer.first() * width / dispatches;
  uint64_t last =
      std::min<uint64_t>(buffer.last() * width / dispatches, width - 1);
  for (uint64_t i = first; i <= last; ++i)
    line[i] = '#';
  return line;
}

void PlanReport::printMemory(llvm::raw_ostream &out) const {
  const fb::Plan &p = plan();
  std::map<std::string, uint64_t> dispatches;
  for (const fb::Entry *entry : tablesOf(p.entries()))
    dispatches[textOf(entry->name()).str()] =
        tablesOf(entry->dispatches()).size();
  out << llvm::formatv("caches: {0:N} bytes\n", p.state_bytes());
  for (const fb::State *state : tablesOf(p.states()))
    out << llvm::formatv("  {0,12:N} +{1,-12:N} {2}: {3} heads x {4} tokens x "
                         "{5}, {6} bytes a number\n",
                         state->range()->offset(), state->range()->bytes(),
                         textOf(state->name()), state->kv_heads(),
                         state->capacity(), state->head_dim(),
                         state->element_bytes());
  out << llvm::formatv("arena: {0:N} bytes; alive from left to right over an "
                       "entry's dispatches (= always)\n",
                       p.arena_bytes());
  std::map<std::string, std::string>
      seen; // equal lives and places of one entry, once
  for (const fb::Buffer *buffer : tablesOf(p.buffers())) {
    std::string entry = textOf(buffer->entry()).str();
    out << llvm::formatv(
        "  {0,12:N} +{1,-12:N} {2,-14} {3}\n", buffer->range()->offset(),
        buffer->range()->bytes(), textOf(buffer->name()),
        lifeOf(*buffer, dispatches[entry.empty() ? "prefill" : entry]));
  }
}

void PlanReport::printProgram(llvm::raw_ostream &out) const {
  const fb::Plan &p = plan();
  auto kernels = tablesOf(p.kernels());
  static const char *const kSpaces[] = {"weights", "arena", "state"};
  for (const fb::Entry *entry : tablesOf(p.entries())) {
    out << textOf(entry->name()) << ":\n";
    for (const fb::Dispatch *dispatch : tablesOf(entry->dispatches())) {
      llvm::StringRef kernel = dispatch->kernel() < kernels.size()
                                   ? textOf(kernels[dispatch->kernel()]->id())
                                   : "?";
      out << llvm::formatv("  {0,-24} {1} items {2}", textOf(dispatch->layer()),
                           kernel, dispatch->items());
      if (dispatch->items_per_tokens())
        out << " for every " << dispatch->items_per_tokens() << " tokens";
      out << "\n";
      if (dispatch->bindings())
        for (const fb::Range *range : *dispatch->bindings())
          out << llvm::formatv("      {0,-8} {1,12:N} +{2:N}\n",
                               kSpaces[std::min<int>(range->space(), 2)],
                               range->offset(), range->bytes());
    }
  }
}

static llvm::json::Array kernelsJson(const fb::Plan &plan) {
  llvm::json::Array list;
  std::vector<Share> shares = sharesOf(plan, plan.context() / 2.0);
  auto kernels = tablesOf(plan.kernels());
  for (size_t i = 0; i < kernels.size(); ++i)
    list.push_back(llvm::json::Object{
        {"id", textOf(kernels[i]->id())},
        {"family", textOf(kernels[i]->family())},
        {"reason", textOf(kernels[i]->reason())},
        {"scratch_bytes", static_cast<int64_t>(kernels[i]->scratch_bytes())},
        {"dispatches", static_cast<int64_t>(shares[i].dispatches)},
        {"dispatches_per_token", static_cast<int64_t>(shares[i].perToken)},
        {"items", static_cast<int64_t>(shares[i].items)},
        {"bytes_per_token", shares[i].bytes},
        {"flops_per_token", shares[i].flops}});
  return list;
}

static llvm::json::Array buffersJson(const fb::Plan &plan) {
  llvm::json::Array list;
  for (const fb::Buffer *buffer : tablesOf(plan.buffers()))
    list.push_back(llvm::json::Object{
        {"name", textOf(buffer->name())},
        {"entry", textOf(buffer->entry())},
        {"first", static_cast<int64_t>(buffer->first())},
        {"last", static_cast<int64_t>(buffer->last())},
        {"offset", static_cast<int64_t>(buffer->range()->offset())},
        {"bytes", static_cast<int64_t>(buffer->range()->bytes())}});
  return list;
}

static llvm::json::Array weightsJson(const fb::Plan &plan) {
  llvm::json::Array list;
  for (const fb::Weight *weight : tablesOf(plan.weights()))
    list.push_back(llvm::json::Object{
        {"name", textOf(weight->name())},
        {"scheme", textOf(weight->scheme())},
        {"layout", textOf(weight->layout())},
        {"rows", static_cast<int64_t>(weight->rows())},
        {"columns", static_cast<int64_t>(weight->columns())},
        {"offset", static_cast<int64_t>(weight->range()->offset())},
        {"bytes", static_cast<int64_t>(weight->range()->bytes())}});
  return list;
}

llvm::json::Object PlanReport::json() const {
  const fb::Plan &p = plan();
  llvm::json::Object entries;
  for (const fb::Entry *entry : tablesOf(p.entries()))
    entries[textOf(entry->name())] =
        static_cast<int64_t>(tablesOf(entry->dispatches()).size());
  Precision precision = precisionOf(p);
  return llvm::json::Object{
      {"precision",
       llvm::json::Object{{"values", precision.hidden},
                          {"sums", "f32"},
                          {"caches", precision.caches},
                          {"products_of_8_bit_inputs",
                           static_cast<int64_t>(precision.integerInputs)},
                          {"products_of_f32_inputs",
                           static_cast<int64_t>(precision.floatInputs)}}},
      {"context", static_cast<int64_t>(p.context())},
      {"chunk", static_cast<int64_t>(p.chunk())},
      {"vocab_size", static_cast<int64_t>(p.vocab_size())},
      {"hidden_size", static_cast<int64_t>(p.hidden_size())},
      {"layer_count", static_cast<int64_t>(p.layer_count())},
      {"weight_bytes", static_cast<int64_t>(p.weight_bytes())},
      {"arena_bytes", static_cast<int64_t>(p.arena_bytes())},
      {"state_bytes", static_cast<int64_t>(p.state_bytes())},
      {"dispatches", std::move(entries)},
      {"kernels", kernelsJson(p)},
      {"buffers", buffersJson(p)},
      {"weights", weightsJson(p)}};
}
