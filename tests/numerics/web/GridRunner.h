// What a batch of kernels for grids is run by: a target, and a device that
// takes its files. WebRunner.cpp is Dawn, VulkanRunner.cpp the software devices
// of Vulkan; both are given the same kernels and cases (GridBatch.h).
#pragma once

#include "../KernelTest.h"

#include "targets/common/Target.h"

#include <array>
#include <map>

namespace sinter::test {

/// One run of a kernel: workgroups, scalars, what each binding holds.
struct GridRun {
  std::string kernel;
  int64_t x = 1, y = 1;
  std::array<uint32_t, 3> scalars{}; ///< token_count, position, row
  std::vector<Memory *> bindings;
};

/// All kernels of a batch, as a bundle has them.
struct GridProgram {
  TargetVariant variant;
  std::vector<std::string> kernels;              ///< entry points, in order
  std::map<std::string, std::vector<bool>> read; ///< bindings only read
  std::vector<TargetFile> files;
};

class GridRunner {
public:
  virtual ~GridRunner() = default;
  virtual const Target &target() const = 0;
  /// Validates the program, makes all its kernels, does the runs in one process
  /// and leaves what they wrote in their bindings. False where nothing was
  /// executed: validated only, skipped with a message, or failed.
  virtual bool run(const GridProgram &program,
                   llvm::ArrayRef<GridRun> runs) const = 0;
};

const GridRunner &webRunner();
/// `driver`: "lavapipe" or "swiftshader".
const GridRunner &vulkanRunner(llvm::StringRef driver);

/// The bindings of all runs in one piece, NaN behind each of them and up to the
/// next; each begins at a multiple of 256, as devices want it.
class GridImage {
public:
  /// Bytes of NaN that belong to a binding.
  static constexpr size_t kGuardBytes = 256;

  explicit GridImage(llvm::ArrayRef<GridRun> runs);
  std::string bytes;
  /// Where binding `index` of run `run` begins, and how long it is without its
  /// guard: whole words.
  size_t offset(size_t run, size_t index) const { return offsets[run][index]; }
  static size_t sizeOf(const Memory &memory) {
    return (memory.size() + 3) / 4 * 4;
  }
  /// Copies an image of the same runs back into their bindings; a guard that
  /// was written is a failure.
  void giveBack(llvm::StringRef after, llvm::ArrayRef<GridRun> runs) const;

private:
  std::vector<std::vector<size_t>> offsets;
};

} // namespace sinter::test
