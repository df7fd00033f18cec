// Compiling and running regions (RegionBatch.h).
#include "RegionBatch.h"
#include "RegionCheck.h"

#include "mlir/IR/Verifier.h"

using namespace sinter;
using namespace sinter::test;

RegionBatch::RegionBatch(std::string variant) : variant(std::move(variant)) {}

size_t RegionBatch::add(const std::string &text, llvm::StringRef family,
                        bool forced) {
  Entry entry;
  entry.module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  if (!entry.module) {
    ADD_FAILURE() << "cannot parse\n" << text;
    return ~size_t(0);
  }
  entry.region = *entry.module->getOps<xf::RegionOp>().begin();
  kernels::Selection chosen = kernels::selectFamily(entry.region);
  entry.family = chosen.family;
  if (forced)
    for (const kernels::KernelFamily *candidate : kernels::allFamilies()) {
      std::string reason;
      if (candidate->name() == family &&
          candidate->accepts(entry.region, reason))
        entry.family = candidate;
    }
  EXPECT_TRUE(entry.family && entry.family->name() == family)
      << "wanted " << family.str() << ": " << chosen.reason << "\n"
      << text;
  entry.id = entry.family->id(entry.region);
  entries.push_back(std::move(entry));
  return entries.size() - 1;
}

bool RegionBatch::compile() {
  module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context()));
  mlir::OpBuilder builder(&context());
  kern::CapsAttr caps = cpu::capsOf(&context(), *cpu::findVariant(variant));
  for (Entry &entry : entries) {
    if (module->lookupSymbol(entry.id))
      continue;
    builder.setInsertionPointToEnd(module->getBody());
    auto kernel = entry.family->build(builder, entry.region, caps);
    if (failed(kernel) || kernel->getSymName() != entry.id ||
        failed(mlir::verify(*kernel))) {
      ADD_FAILURE() << "cannot build " << entry.id;
      return false;
    }
  }
  if (!cpu::runsHere(variant))
    return linkForEmulation();
  auto loaded = cpu::LoadedKernels::create(*module, variant);
  if (!loaded) {
    ADD_FAILURE() << llvm::toString(loaded.takeError());
    return false;
  }
  kernels = std::move(*loaded);
  return true;
}

bool RegionBatch::linkForEmulation() {
  EmitOptions options;
  options.prefix = "arm";
  auto files = cpu::compileKernelModule(*module, variant, options);
  if (!files) {
    ADD_FAILURE() << llvm::toString(files.takeError());
    return false;
  }
  emulatedIds = options.kernelIds;
  emulator = std::make_unique<Emulator>();
  return emulator->link(files->at(1).bytes);
}

void RegionBatch::run(const Entry &entry, std::vector<Memory *> bindings,
                      const RunSize &size, std::mt19937 &random) {
  kernels::WorkItems items = entry.family->workItems(entry.region);
  int64_t count = items.items;
  if (items.perTokens)
    count *= (size.tokens + items.perTokens - 1) / items.perTokens;
  sinter_scalars scalars{size.tokens, size.position, size.row};
  if (emulator)
    emulate(entry, bindings, scalars, count);
  else
    runNatively(entry, bindings, scalars, count, random);
}

void RegionBatch::emulate(const Entry &entry,
                          const std::vector<Memory *> &bindings,
                          const sinter_scalars &scalars, int64_t items) {
  auto index = llvm::find(emulatedIds, entry.id) - emulatedIds.begin();
  auto kernel = module->lookupSymbol<kern::KernelOp>(entry.id);
  std::string input;
  Emulator::appendRequest(input, index, scalars, items,
                          kernel.getScratchBytes(), bindings);
  std::string output = emulator->emulate(input);
  llvm::StringRef rest = output;
  for (Memory *binding : bindings)
    ASSERT_TRUE(Emulator::takeBinding(rest, *binding)) << entry.id;
}

/// Work items in random order and runs, by two workers in turn whose scratch
/// starts as garbage.
void RegionBatch::runNatively(const Entry &entry,
                              const std::vector<Memory *> &bindings,
                              const sinter_scalars &scalars, int64_t items,
                              std::mt19937 &random) {
  std::vector<std::pair<int64_t, int64_t>> runs;
  for (int64_t at = 0; at < items;) {
    int64_t next = std::min<int64_t>(items, at + 1 + int64_t(random() % 3));
    runs.push_back({at, next});
    at = next;
  }
  std::shuffle(runs.begin(), runs.end(), random);
  std::vector<void *> pointers;
  for (Memory *binding : bindings)
    pointers.push_back(binding->data());
  auto scratchBytes = size_t(kernels->scratchBytes(entry.id));
  Memory scratch[2] = {Memory(scratchBytes), Memory(scratchBytes)};
  for (Memory &memory : scratch)
    std::memset(memory.data(), 0xff, scratchBytes);
  bool started[2] = {false, false};
  for (auto [begin, end] : runs) {
    size_t worker = random() % 2;
    kernels->find(entry.id)(pointers.data(), &scalars, scratch[worker].data(),
                            begin, end, !started[worker]);
    started[worker] = true;
  }
  EXPECT_TRUE(scratch[0].intact() && scratch[1].intact()) << entry.id;
}

void RegionBatch::check(size_t index, const RunSize &size, double tolerance,
                        std::function<void(std::vector<Datum> &)> prepare) {
  ASSERT_LT(index, entries.size());
  ASSERT_TRUE(kernels || emulator);
  Entry &entry = entries[index];
  std::mt19937 random(unsigned(17 * size.tokens + size.position + 1));
  std::vector<Datum> arguments, results;
  for (unsigned i = 0; i < entry.region.getArgumentTypes().size(); ++i)
    arguments.push_back(makeArgument(entry.region, i, size, random));
  for (mlir::Type type : entry.region.getResultTypes())
    results.push_back(makeResult(type, size));
  if (prepare)
    prepare(arguments);
  std::vector<Memory *> bindings;
  for (Datum &datum : arguments)
    bindings.push_back(datum.memory.get());
  for (Datum &datum : results)
    bindings.push_back(datum.memory.get());
  run(entry, bindings, size, random);

  std::string where = entry.id + " for " + variant +
                      " T=" + std::to_string(size.tokens) +
                      " P=" + std::to_string(size.position);
  checkRegion(entry.region, arguments, results, size, tolerance, where);
}

std::string sinter::test::testName(std::string variant) {
  std::replace(variant.begin(), variant.end(), '-', '_');
  return variant;
}
