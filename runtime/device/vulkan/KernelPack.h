// KernelPack.h: the file kernels/vulkan/<variant>.spvpack: all SPIR-V modules
// of a variant. Written by the compiler (targets/spirv), read by the Vulkan
// device; little-endian 32-bit words throughout (docs/vulkan.md).
#ifndef SINTER_RUNTIME_DEVICE_VULKAN_KERNELPACK_H
#define SINTER_RUNTIME_DEVICE_VULKAN_KERNELPACK_H

#include <cstdint>

namespace sinter::rt {

constexpr uint32_t kKernelPackMagic = 0x56534e53; // "SNSV"
constexpr uint32_t kKernelPackVersion = 1;
constexpr uint32_t kMaxKernelBindings = 32;

struct KernelPackHeader {
  uint32_t magic, version;
  uint32_t kernels; // as many PackedKernels follow
  uint32_t group;   // lanes of a workgroup
  uint8_t planSha256[32];
};

/// A kernel, in the order of the plan's kernel table.
struct PackedKernel {
  uint32_t firstWord, words; // of its module, counted from the file's beginning
  uint32_t itemsPerGroup;
  uint32_t sharedBytes; // of workgroup memory
  uint32_t bindings;
  uint32_t writtenMask; // bit i: binding i is written
};

} // namespace sinter::rt
#endif
