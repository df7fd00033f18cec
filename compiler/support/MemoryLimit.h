//===- MemoryLimit.h - Running out of memory in good order ------*- C++ -*-===//
//
// A failed allocation anywhere ends the process with one message and exit code
// 4, after what an interrupt would remove has been removed.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>

namespace sinter {

/// "800M", "4G", "1073741824": bytes, with K, M, G in powers of 1024. Nothing
/// for anything else.
std::optional<uint64_t> parseBytes(llvm::StringRef text);

/// Handles failed allocations as described above, and with `bytes` > 0 lets the
/// process take no more private memory than that (Linux: RLIMIT_DATA; mapped
/// model files do not count). To be called once. ResourceError if the system
/// refuses the limit.
llvm::Error limitMemory(uint64_t bytes);

} // namespace sinter
