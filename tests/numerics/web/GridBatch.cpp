// Building, running and comparing kernels for grids (GridBatch.h).
#include "GridBatch.h"

#include "targets/wgsl/WgslTarget.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace sinter;
using namespace sinter::test;

/// Bytes of NaN behind a binding.
static constexpr size_t kGuardBytes = 256;

static size_t paddedSize(const Memory &memory) {
  return (memory.size() + 3) / 4 * 4;
}

GridBatch::GridBatch(std::string name) {
  auto found = wgslTarget().variants(&context(), {name});
  if (found)
    variant = found->front();
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
  entries.push_back(std::move(entry));
  return entries.size() - 1;
}

void GridBatch::addKernel(const std::string &text) {
  std::string caps;
  llvm::raw_string_ostream(caps) << mlir::Attribute(variant.caps);
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
  cases.push_back({std::move(run), std::move(inspect)});
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
  if (prepare)
    prepare(*arguments);
  GridRun run;
  dispatchOf(entry, size, run);
  for (auto *data : {arguments.get(), results.get()})
    for (Datum &datum : *data)
      run.bindings.push_back(datum.memory.get());
  std::string where = entry.id + " for " + variant.name +
                      " T=" + std::to_string(size.tokens) +
                      " P=" + std::to_string(size.position);
  check(std::move(run), [=, region = entry.region] {
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
    auto kernel = entry.family->build(builder, entry.region, variant.caps);
    if (failed(kernel) || kernel->getSymName() != entry.id ||
        failed(mlir::verify(*kernel))) {
      ADD_FAILURE() << "cannot build " << entry.id;
      return false;
    }
  }
  for (Case &test : cases) {
    auto kernel = module->lookupSymbol<kern::KernelOp>(test.run.kernel);
    if (!kernel || kernel.getNumArguments() != test.run.bindings.size()) {
      ADD_FAILURE() << test.run.kernel << " is missing or has other bindings";
      return false;
    }
    auto each = int64_t(kernel.getItemsPerGroup());
    test.run.x = (test.run.x + each - 1) / each;
  }
  return true;
}

bool GridBatch::print() {
  EmitOptions options;
  for (auto kernel : module->getOps<kern::KernelOp>())
    options.kernelIds.push_back(kernel.getSymName().str());
  mlir::PassManager passes(&context());
  wgslTarget().populateLegalize(passes, variant);
  if (failed(passes.run(*module))) {
    ADD_FAILURE() << "cannot legalize";
    return false;
  }
  auto files = wgslTarget().emit({variant}, {*module}, options);
  if (!files) {
    ADD_FAILURE() << llvm::toString(files.takeError());
    return false;
  }
  text = files->front().bytes;
  return true;
}

//===-- Files between here and run-cases.mjs ------------------------------===//

static void writeFile(const std::string &path, llvm::StringRef bytes) {
  std::error_code problem;
  llvm::raw_fd_ostream file(path, problem);
  ASSERT_FALSE(problem) << path << ": " << problem.message();
  file << bytes;
}

/// The description of all runs; their bindings in one file, guards included.
std::string GridBatch::inputs(const std::string &folder) {
  std::string json, bytes;
  llvm::raw_string_ostream stream(json);
  llvm::json::OStream out(stream, 1);
  out.object([&] {
    out.attribute("variant", variant.name);
    out.attributeArray("features", [&] {
      for (const std::string &feature : variant.features)
        out.value(feature);
    });
    out.attribute("guard", int64_t(kGuardBytes));
    out.attributeArray("kernels", [&] {
      for (auto kernel : module->getOps<kern::KernelOp>())
        out.value(kernel.getSymName());
    });
    out.attributeArray("cases", [&] {
      for (const Case &test : cases)
        out.object([&] {
          auto kernel = module->lookupSymbol<kern::KernelOp>(test.run.kernel);
          out.attribute("kernel", test.run.kernel);
          out.attribute("x", test.run.x);
          out.attribute("y", test.run.y);
          out.attributeArray("scalars", [&] {
            for (uint32_t scalar : test.run.scalars)
              out.value(scalar);
          });
          out.attributeArray("bindings", [&] {
            for (auto [i, memory] : llvm::enumerate(test.run.bindings))
              out.object([&, index = unsigned(i), memory = memory] {
                out.attribute("offset", int64_t(bytes.size()));
                out.attribute("bytes", int64_t(paddedSize(*memory)));
                out.attribute("readonly", kernel.isReadonly(index));
                bytes.append(memory->as<char>(), memory->size());
                bytes.append(paddedSize(*memory) - memory->size() + kGuardBytes,
                             '\xff');
              });
          });
        });
    });
  });
  stream.flush();
  writeFile(folder + "/run.json", json);
  writeFile(folder + "/module.wgsl", text);
  writeFile(folder + "/input.bin", bytes);
  return bytes;
}

static std::string readFile(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().str() : std::string();
}

bool GridBatch::execute(const std::string &folder) {
  std::string before = inputs(folder);
  std::string log = folder + "/log.txt";
  std::string node = SINTER_NODE_PATH;
  llvm::StringRef arguments[] = {
      node, SINTER_SOURCE_DIR "/tests/numerics/web/run-cases.mjs", folder};
  std::optional<llvm::StringRef> redirects[] = {
      std::nullopt, llvm::StringRef(log), llvm::StringRef(log)};
  std::string problem;
  int status = llvm::sys::ExecuteAndWait(node, arguments, std::nullopt,
                                         redirects, 300, 0, &problem);
  std::string said = readFile(log);
  if (status == 77) {
    [&] { GTEST_SKIP() << said; }();
    return false;
  }
  if (status != 0) {
    ADD_FAILURE() << "run-cases.mjs ended with " << status << " " << problem
                  << "\n"
                  << said;
    return false;
  }
  std::string after = readFile(folder + "/output.bin");
  if (after.empty()) // validated only
    return false;
  if (after.size() != before.size()) {
    ADD_FAILURE() << "output.bin has " << after.size() << " bytes, expected "
                  << before.size();
    return false;
  }
  size_t at = 0;
  std::string guard(kGuardBytes, '\xff');
  for (Case &test : cases)
    for (auto [i, memory] : llvm::enumerate(test.run.bindings)) {
      std::memcpy(memory->data(), after.data() + at, memory->size());
      at += paddedSize(*memory);
      EXPECT_EQ(after.compare(at, kGuardBytes, guard), 0)
          << test.run.kernel << " writes beyond binding " << i;
      at += kGuardBytes;
    }
  return true;
}

void GridBatch::run() {
  if (llvm::StringRef(SINTER_NODE_PATH).empty())
    GTEST_SKIP() << "needs Node.js 20 or newer (./dev test installs one)";
  if (testing::Test::HasFailure() || !build() || !print())
    return;
  llvm::SmallString<128> folder;
  ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("sinter-grid", folder));
  bool executed = execute(folder.str().str());
  if (!std::getenv("SINTER_KEEP_FILES"))
    llvm::sys::fs::remove_directories(folder);
  else
    llvm::errs() << "files of " << variant.name << ": " << folder << "\n";
  if (executed)
    for (Case &test : cases)
      test.inspect();
}
