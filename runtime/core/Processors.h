// Processors.h: how many threads are worth starting.
#ifndef SINTER_RUNTIME_CORE_PROCESSORS_H
#define SINTER_RUNTIME_CORE_PROCESSORS_H

#include <cstdint>

namespace sinter::rt {

/// Processors this process may run on, bounded by the container's share of
/// time; >= 1.
uint32_t usableProcessors();

} // namespace sinter::rt
#endif
