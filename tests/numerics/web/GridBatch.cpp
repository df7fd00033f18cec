// Building, running and comparing kernels for grids (GridBatch.h).
#include "GridBatch.h"
#include "KernelForms.h"
#include "QuantizedTwin.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

using namespace sinter;
using namespace sinter::test;

GridBatch::GridBatch(llvm::StringRef where) {
  auto [variant, driver] = where.split('@');
  runner = driver.empty() ? &webRunner() : &vulkanRunner(driver);
  auto found = runner->target().variants(&context(), {variant.str()});
  if (found)
    program.variant = found->front();
  else
    ADD_FAILURE() << llvm::toString(found.takeError());
  module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context()));
}

size_t GridBatch::add(const std::string &text, llvm::StringRef family,
                      bool forced) {
  Entry entry;
  entry.module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  if (!entry.module) {
    ADD_FAILURE() << "cannot parse\n" << text;
    return ~size_t(0);
  }
  entry.region = *entry.module->getOps<xf::RegionOp>().begin();
  entry.region->setAttr(kernels::kGridAttr, mlir::UnitAttr::get(&context()));
  kernels::Selection chosen = kernels::selectFamily(entry.region);
  entry.family = chosen.family;
  if (forced)
    for (const kernels::KernelFamily *candidate :
         kernels::allFamilies(/*grid=*/true)) {
      std::string reason;
      if (candidate->name() == family &&
          candidate->accepts(entry.region, reason))
        entry.family = candidate;
    }
  if (!entry.family || entry.family->name() != family) {
    ADD_FAILURE() << "wanted " << family.str() << ": " << chosen.reason << "\n"
                  << text;
    return ~size_t(0);
  }
  entry.id = entry.family->id(entry.region);
  entry.meaning = quantizes() ? quantizedTwin(entry.region) : entry.region;
  entries.push_back(std::move(entry));
  return entries.size() - 1;
}

std::vector<size_t> GridBatch::addSchedules(const std::string &text,
                                            llvm::StringRef family) {
  std::vector<size_t> indices;
  size_t first = add(text, family);
  if (first >= entries.size())
    return indices;
  auto parameters = kernels::parametersOf(*entries[first].family,
                                          entries[first].region, caps());
  entries.pop_back();
  EXPECT_FALSE(parameters.empty()) << family.str() << " has no schedule";
  for (const kernels::ScheduleParameter &parameter : parameters)
    for (int64_t value : parameter.values) {
      indices.push_back(add(text, family));
      Entry &entry = entries.back();
      entry.schedule[parameter.name.str()] = value;
      entry.id += "_" + parameter.name.str() + std::to_string(value);
    }
  return indices;
}

void GridBatch::addKernel(const std::string &text) {
  std::string caps;
  llvm::raw_string_ostream(caps) << mlir::Attribute(program.variant.caps);
  auto parsed = mlir::parseSourceString<mlir::ModuleOp>(
      "#caps = " + caps + "\n" + text, &context());
  if (!parsed) {
    ADD_FAILURE() << "cannot parse\n" << text;
    return;
  }
  module->getBody()->getOperations().splice(module->getBody()->end(),
                                            parsed->getBody()->getOperations());
}

void GridBatch::check(GridRun run, std::function<void()> inspect) {
  runs.push_back(std::move(run));
  inspections.push_back(std::move(inspect));
}

void GridBatch::dispatchOf(const Entry &entry, const RunSize &size,
                           GridRun &run) {
  kernels::WorkItems items = entry.family->workItems(entry.region);
  run.kernel = entry.id;
  run.x = items.items; // build() divides by items_per_group
  run.y = items.perTokens
              ? (size.tokens + items.perTokens - 1) / items.perTokens
              : 1;
  run.scalars = {uint32_t(size.tokens), uint32_t(size.position),
                 uint32_t(size.row)};
}

void GridBatch::check(size_t index, const RunSize &size, double tolerance,
                      std::function<void(std::vector<Datum> &)> prepare) {
  ASSERT_LT(index, entries.size());
  Entry &entry = entries[index];
  std::mt19937 random(unsigned(17 * size.tokens + size.position + 1));
  auto arguments = std::make_shared<std::vector<Datum>>();
  auto results = std::make_shared<std::vector<Datum>>();
  for (unsigned i = 0; i < entry.region.getArgumentTypes().size(); ++i)
    arguments->push_back(makeArgument(entry.region, i, size, random));
  for (mlir::Type type : entry.region.getResultTypes())
    results->push_back(makeResult(type, size));
  if (quantizes() && !anyInputs)
    makeExact(*arguments, random);
  if (prepare)
    prepare(*arguments);
  GridRun run;
  dispatchOf(entry, size, run);
  for (auto *data : {arguments.get(), results.get()})
    for (Datum &datum : *data)
      run.bindings.push_back(datum.memory.get());
  std::string where = entry.id + " for " + program.variant.name +
                      " T=" + std::to_string(size.tokens) +
                      " P=" + std::to_string(size.position);
  check(std::move(run), [=, region = entry.meaning] {
    checkRegion(region, *arguments, *results, size, tolerance, where);
  });
}

void GridBatch::check(size_t index, std::vector<Memory *> bindings,
                      std::function<void()> inspect) {
  ASSERT_LT(index, entries.size());
  GridRun run;
  dispatchOf(entries[index], {}, run);
  run.bindings = std::move(bindings);
  check(std::move(run), std::move(inspect));
}

bool GridBatch::build() {
  mlir::OpBuilder builder(&context());
  for (Entry &entry : entries) {
    if (module->lookupSymbol(entry.id))
      continue;
    builder.setInsertionPointToEnd(module->getBody());
    auto kernel = kernels::buildKernel(builder, *entry.family, entry.region,
                                       caps(), entry.schedule);
    bool good = succeeded(kernel) &&
                kernel->getSymName() == entry.family->id(entry.region) &&
                succeeded(mlir::verify(*kernel));
    if (!good) {
      ADD_FAILURE() << "cannot build " << entry.id;
      return false;
    }
    kernel->setSymName(entry.id);
  }
  for (auto kernel : module->getOps<kern::KernelOp>()) {
    program.kernels.push_back(kernel.getSymName().str());
    std::vector<bool> &read = program.read[kernel.getSymName().str()];
    for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
      read.push_back(kernel.isReadonly(i));
  }
  for (GridRun &run : runs) {
    auto kernel = module->lookupSymbol<kern::KernelOp>(run.kernel);
    if (!kernel || kernel.getNumArguments() != run.bindings.size()) {
      ADD_FAILURE() << run.kernel << " is missing or has other bindings";
      return false;
    }
    auto each = int64_t(kernel.getItemsPerGroup());
    run.x = (run.x + each - 1) / each;
  }
  return true;
}

bool GridBatch::emit() {
  EmitOptions options;
  options.kernelIds = program.kernels;
  mlir::PassManager passes(&context());
  runner->target().populateLegalize(passes, program.variant);
  if (failed(passes.run(*module))) {
    ADD_FAILURE() << "cannot legalize";
    return false;
  }
  auto files = runner->target().emit({program.variant}, {*module}, options);
  if (!files) {
    ADD_FAILURE() << llvm::toString(files.takeError());
    return false;
  }
  program.files = std::move(*files);
  return true;
}

void GridBatch::run() {
  if (testing::Test::HasFailure() || !build() || !emit() ||
      !runner->run(program, runs))
    return;
  for (const auto &inspect : inspections)
    inspect();
}

double GridBatch::linearTolerance(llvm::StringRef scheme, double exact) const {
  bool halves = caps().has(kern::Feature::shader_f16) && !caps().getMatrix();
  return halves && scheme.starts_with("q") ? kHalfSums : exact;
}

size_t GridBatch::formOf(size_t index) const {
  const Entry &entry = entries[index];
  std::optional<size_t> form =
      kernelForm(*entry.family, entry.region, program.variant.caps);
  EXPECT_TRUE(form) << "cannot build " << entry.id;
  return form.value_or(0);
}

void GridBatch::addTo(KernelForms &forms) const {
  for (const Entry &entry : entries)
    forms.add(*entry.family, entry.region);
}

GridImage::GridImage(llvm::ArrayRef<GridRun> runs) {
  for (const GridRun &run : runs) {
    std::vector<size_t> &places = offsets.emplace_back();
    for (Memory *memory : run.bindings) {
      places.push_back(bytes.size());
      bytes.append(memory->as<char>(), memory->size());
      size_t end = places.back() + sizeOf(*memory) + kGuardBytes;
      bytes.append(llvm::alignTo(end, kGuardBytes) - bytes.size(), '\xff');
    }
  }
}

void GridImage::giveBack(llvm::StringRef after,
                         llvm::ArrayRef<GridRun> runs) const {
  std::string guard(kGuardBytes, '\xff');
  for (auto [number, run] : llvm::enumerate(runs))
    for (auto [i, memory] : llvm::enumerate(run.bindings)) {
      size_t at = offset(number, i);
      std::memcpy(memory->data(), after.data() + at, memory->size());
      EXPECT_EQ(after.substr(at + sizeOf(*memory), kGuardBytes), guard)
          << run.kernel << " writes beyond binding " << i;
    }
}

std::string
sinter::test::gridTestName(const testing::TestParamInfo<std::string> &info) {
  std::string name = info.param;
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}
