// WGSL through Dawn: files in a folder, and run-cases.mjs in Node.
#include "GridRunner.h"

#include "targets/wgsl/WgslTarget.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace sinter;
using namespace sinter::test;

namespace {

class WebRunner : public GridRunner {
public:
  const Target &target() const override { return wgslTarget(); }
  bool run(const GridProgram &program,
           llvm::ArrayRef<GridRun> runs) const override;
};

void writeFile(const std::string &path, llvm::StringRef bytes) {
  std::error_code problem;
  llvm::raw_fd_ostream file(path, problem);
  ASSERT_FALSE(problem) << path << ": " << problem.message();
  file << bytes;
}

std::string readFile(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().str() : std::string();
}

void describeRun(llvm::json::OStream &out, const GridProgram &program,
                 const GridRun &run, const GridImage &image, size_t number) {
  const std::vector<bool> &read = program.read.at(run.kernel);
  out.attribute("kernel", run.kernel);
  out.attribute("x", run.x);
  out.attribute("y", run.y);
  out.attributeArray("scalars", [&] {
    for (uint32_t scalar : run.scalars)
      out.value(scalar);
  });
  out.attributeArray("bindings", [&] {
    for (size_t i = 0; i < run.bindings.size(); ++i)
      out.object([&] {
        out.attribute("offset", int64_t(image.offset(number, i)));
        out.attribute("bytes", int64_t(GridImage::sizeOf(*run.bindings[i])));
        out.attribute("readonly", bool(read[i]));
      });
  });
}

/// run.json: the description of all runs.
std::string describe(const GridProgram &program, llvm::ArrayRef<GridRun> runs,
                     const GridImage &image) {
  std::string json;
  llvm::raw_string_ostream stream(json);
  llvm::json::OStream out(stream, 1);
  out.object([&] {
    out.attribute("variant", program.variant.name);
    out.attributeArray("features", [&] {
      for (const std::string &feature : program.variant.features)
        out.value(feature);
    });
    out.attribute("layer", SINTER_VULKAN_LAYER);
    out.attribute("guard", int64_t(GridImage::kGuardBytes));
    out.attributeArray("kernels", [&] {
      for (const std::string &kernel : program.kernels)
        out.value(kernel);
    });
    out.attributeArray("cases", [&] {
      for (auto [number, run] : llvm::enumerate(runs))
        out.object([&, number = number, &run = run] {
          describeRun(out, program, run, image, number);
        });
    });
  });
  return stream.str();
}

bool execute(const std::string &folder, const GridImage &image,
             llvm::ArrayRef<GridRun> runs) {
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
  if (after.size() != image.bytes.size()) {
    ADD_FAILURE() << "output.bin has " << after.size() << " bytes, expected "
                  << image.bytes.size();
    return false;
  }
  image.giveBack(after, runs);
  return true;
}

bool WebRunner::run(const GridProgram &program,
                    llvm::ArrayRef<GridRun> runs) const {
  if (llvm::StringRef(SINTER_NODE_PATH).empty()) {
    [] {
      GTEST_SKIP() << "needs Node.js 20 or newer (./dev test installs one)";
    }();
    return false;
  }
  llvm::SmallString<128> made;
  if (llvm::sys::fs::createUniqueDirectory("sinter-grid", made)) {
    ADD_FAILURE() << "cannot make a folder for files";
    return false;
  }
  std::string folder = made.str().str();
  GridImage image(runs);
  writeFile(folder + "/run.json", describe(program, runs, image));
  writeFile(folder + "/module.wgsl", program.files.front().bytes);
  writeFile(folder + "/input.bin", image.bytes);
  bool executed = execute(folder, image, runs);
  if (!std::getenv("SINTER_KEEP_FILES"))
    llvm::sys::fs::remove_directories(folder);
  else
    llvm::errs() << "files of " << program.variant.name << ": " << folder
                 << "\n";
  return executed;
}

} // namespace

const GridRunner &sinter::test::webRunner() {
  static const WebRunner runner;
  return runner;
}
