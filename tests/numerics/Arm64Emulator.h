// Kernels of arm64 under qemu-user: a static archive, linked with
// arm64_driver.c, fed requests and read back.
#pragma once

#include "KernelTest.h"

#include "llvm/ADT/SmallString.h"

namespace sinter::test {

/// A temporary folder with the emulated program in it.
class Emulator {
public:
  Emulator();
  ~Emulator();
  Emulator(const Emulator &) = delete;

  /// Whether this machine has the emulator and the cross compiler.
  static bool available();

  /// Links the driver with a bundle's archive of prefix "arm".
  bool link(llvm::StringRef archive) const;

  /// What the driver writes when given `input`.
  std::string emulate(llvm::StringRef input) const;

  /// Adds one request of the driver's protocol: kernel `kernel` of the module,
  /// items [0, items).
  static void appendRequest(std::string &input, int64_t kernel,
                            const sinter_scalars &scalars, int64_t items,
                            int64_t scratchBytes,
                            const std::vector<Memory *> &bindings);

  /// Reads a binding's bytes off the front of the driver's output.
  static bool takeBinding(llvm::StringRef &output, Memory &binding);

private:
  std::string path(llvm::StringRef name) const;
  void write(llvm::StringRef name, llvm::StringRef bytes) const;

  llvm::SmallString<128> folder;
};

} // namespace sinter::test
