// Running arm64 kernels (Arm64Emulator.h).
#include "Arm64Emulator.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace sinter;
using namespace sinter::test;

/// Runs a program of the path; `redirects` as in llvm::sys::ExecuteAndWait.
static bool runProgram(llvm::StringRef program,
                       std::vector<llvm::StringRef> arguments,
                       std::vector<llvm::StringRef> redirects) {
  auto found = llvm::sys::findProgramByName(program);
  arguments.insert(arguments.begin(), program);
  std::vector<std::optional<llvm::StringRef>> files;
  for (llvm::StringRef file : redirects)
    files.push_back(file);
  if (!files.empty())
    files.back() = std::nullopt; // errors are shown
  return found &&
         llvm::sys::ExecuteAndWait(*found, arguments, std::nullopt, files) == 0;
}

Emulator::Emulator() {
  llvm::sys::fs::createUniqueDirectory("sinter-arm64", folder);
}

Emulator::~Emulator() { llvm::sys::fs::remove_directories(folder); }

bool Emulator::available() {
  return bool(llvm::sys::findProgramByName("qemu-aarch64")) &&
         bool(llvm::sys::findProgramByName("aarch64-linux-gnu-gcc"));
}

std::string Emulator::path(llvm::StringRef name) const {
  return (folder + "/" + name).str();
}

void Emulator::write(llvm::StringRef name, llvm::StringRef bytes) const {
  std::error_code problem;
  llvm::raw_fd_ostream file(path(name), problem);
  file << bytes;
  EXPECT_FALSE(problem) << problem.message();
}

bool Emulator::link(llvm::StringRef archive) const {
  write("kernels.a", archive);
  std::string source = SINTER_SOURCE_DIR;
  std::string include = "-I" + source, output = path("driver"),
              library = path("kernels.a"),
              driver = source + "/tests/numerics/arm64_driver.c";
  return runProgram("aarch64-linux-gnu-gcc",
                    {"-O1", "-static", include, driver, library, "-o", output},
                    {});
}

std::string Emulator::emulate(llvm::StringRef input) const {
  write("input", input);
  std::string in = path("input"), out = path("output"), driver = path("driver");
  EXPECT_TRUE(
      runProgram("qemu-aarch64", {"-cpu", "max", driver}, {in, out, ""}));
  auto file = llvm::MemoryBuffer::getFile(out, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  return file ? (*file)->getBuffer().str() : "";
}

void Emulator::appendRequest(std::string &input, int64_t kernel,
                             const sinter_scalars &scalars, int64_t items,
                             int64_t scratchBytes,
                             const std::vector<Memory *> &bindings) {
  auto add = [&](int64_t number) {
    input.append(reinterpret_cast<const char *>(&number), 8);
  };
  for (int64_t number :
       {kernel, scalars.token_count, scalars.position, scalars.row, int64_t(0),
        items, int64_t(1), scratchBytes, int64_t(bindings.size())})
    add(number);
  for (Memory *binding : bindings) {
    add(int64_t(binding->size()));
    input.append(binding->as<char>(), binding->size());
  }
}

bool Emulator::takeBinding(llvm::StringRef &output, Memory &binding) {
  if (output.size() < binding.size())
    return false;
  std::memcpy(binding.data(), output.data(), binding.size());
  output = output.drop_front(binding.size());
  return true;
}
