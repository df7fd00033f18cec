// How fast threads can read memory on this machine: the limit of decoding.
#pragma once

namespace sinter::cli {

/// Bytes per second that `threads` threads read together from memory far larger
/// than the caches: the best of several passes over 1 GiB (less where memory is
/// short).
double readBandwidth(unsigned threads);

} // namespace sinter::cli
