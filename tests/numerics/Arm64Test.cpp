// Linear kernels compiled for arm64, run under qemu-user through the static
// archive of a bundle. Skipped where the emulator or the cross compiler is
// missing.
#include "LinearKernels.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace sinter;
using namespace sinter::test;
using xf::Scheme;

namespace {

/// A temporary folder with the emulated program in it.
class Emulator {
public:
  Emulator() { llvm::sys::fs::createUniqueDirectory("sinter-arm64", folder); }
  ~Emulator() { llvm::sys::fs::remove_directories(folder); }

  static bool available() {
    return bool(llvm::sys::findProgramByName("qemu-aarch64")) &&
           bool(llvm::sys::findProgramByName("aarch64-linux-gnu-gcc"));
  }

  std::string path(llvm::StringRef name) const {
    return (folder + "/" + name).str();
  }
  void write(llvm::StringRef name, llvm::StringRef bytes) const {
    std::error_code problem;
    llvm::raw_fd_ostream file(path(name), problem);
    file << bytes;
    EXPECT_FALSE(problem) << problem.message();
  }

  /// Links the driver with an archive.
  bool link(llvm::StringRef archive) const {
    write("kernels.a", archive);
    std::string source = SINTER_SOURCE_DIR;
    std::string include = "-I" + source, output = path("driver"),
                library = path("kernels.a"),
                driver = source + "/tests/numerics/arm64_driver.c";
    return run("aarch64-linux-gnu-gcc",
               {"-O1", "-static", include, driver, library, "-o", output}, {});
  }

  /// What the driver writes when given `input`.
  std::string emulate(llvm::StringRef input) const {
    write("input", input);
    std::string in = path("input"), out = path("output"),
                driver = path("driver");
    EXPECT_TRUE(run("qemu-aarch64", {"-cpu", "max", driver}, {in, out, ""}));
    auto file = llvm::MemoryBuffer::getFile(out, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
    return file ? (*file)->getBuffer().str() : "";
  }

private:
  static bool run(llvm::StringRef program,
                  std::vector<llvm::StringRef> arguments,
                  std::vector<llvm::StringRef> redirects) {
    auto found = llvm::sys::findProgramByName(program);
    arguments.insert(arguments.begin(), program);
    std::vector<std::optional<llvm::StringRef>> files;
    for (llvm::StringRef file : redirects)
      files.push_back(file);
    if (!files.empty())
      files.back() = std::nullopt; // errors are shown
    return found && llvm::sys::ExecuteAndWait(*found, arguments, std::nullopt,
                                              files) == 0;
  }

  llvm::SmallString<128> folder;
};

void append(std::string &text, int64_t number) {
  text.append(reinterpret_cast<const char *>(&number), 8);
}

/// One request of the driver's protocol.
void append(std::string &text, int64_t kernel, LinearData &data,
            int64_t scratch, int64_t items) {
  sinter_scalars scalars = data.scalars();
  for (int64_t number :
       {kernel, scalars.token_count, scalars.position, scalars.row, int64_t(0),
        items, int64_t(1), scratch, int64_t(data.parts().size())})
    append(text, number);
  for (Memory &part : data.parts()) {
    append(text, int64_t(part.size()));
    text.append(part.as<char>(), part.size());
  }
}

class Arm64Test
    : public testing::TestWithParam<std::tuple<std::string, Scheme>> {};

TEST_P(Arm64Test, AgreesWithPlainEvaluation) {
  if (!Emulator::available())
    GTEST_SKIP() << "needs qemu-aarch64 and aarch64-linux-gnu-gcc";
  auto [variant, scheme] = GetParam();
  LinearKernels built = buildLinears(linearCases(scheme), variant);
  EmitOptions options;
  options.prefix = "arm";
  auto files = cpu::compileKernelModule(*built.module, variant, options);
  if (!files)
    FAIL() << llvm::toString(files.takeError());
  ASSERT_EQ(files->at(0).path, "kernels/cpu/aarch64.so");
  ASSERT_EQ(files->at(1).path, "lib/libsinter_model-aarch64.a");
  Emulator emulator;
  ASSERT_TRUE(emulator.link(files->at(1).bytes));

  std::vector<std::unique_ptr<LinearData>> data;
  std::string input;
  for (size_t i = 0; i < built.cases.size(); ++i) {
    data.push_back(std::make_unique<LinearData>(built.cases[i], unsigned(i)));
    auto kernel = llvm::find(options.kernelIds, built.ids[i]);
    ASSERT_NE(kernel, options.kernelIds.end());
    auto op = built.module->lookupSymbol<kern::KernelOp>(built.ids[i]);
    append(input, kernel - options.kernelIds.begin(), *data.back(),
           op.getScratchBytes(), built.items[i]);
  }
  std::string output = emulator.emulate(input);
  size_t at = 0;
  for (size_t i = 0; i < data.size(); ++i) {
    SCOPED_TRACE(built.cases[i].describe());
    for (Memory &part : data[i]->parts()) {
      ASSERT_LE(at + part.size(), output.size()) << "the output is too short";
      std::memcpy(part.data(), output.data() + at, part.size());
      at += part.size();
    }
    data[i]->check();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Variants, Arm64Test,
    testing::ValuesIn(std::vector<std::tuple<std::string, Scheme>>{
        {"arm64-dotprod", Scheme::q4_0},
        {"arm64-dotprod", Scheme::q8_0},
        {"arm64-dotprod", Scheme::f32},
        {"arm64-dotprod", Scheme::f16},
        {"arm64-i8mm", Scheme::q4_0},
        {"arm64-i8mm", Scheme::q8_0}}),
    [](const auto &info) {
      std::string name = std::get<0>(info.param) + "_" +
                         xf::stringifyScheme(std::get<1>(info.param)).str();
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
