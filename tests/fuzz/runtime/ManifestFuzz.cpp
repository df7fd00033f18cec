// ManifestFuzz.cpp: any bytes as manifest.json: accepted or refused with a
// message, and what is accepted has safe paths and terminated strings.
#include "runtime/core/Manifest.h"

#include <cstdlib>
#include <cstring>

using namespace sinter::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sinter_error error;
  Fault fault(&error);
  Manifest manifest;
  Status status =
      manifest.parse(reinterpret_cast<const char *>(data), size, fault);
  if (status != error.code || (status && !error.message[0]))
    abort();
  if (status)
    return 0;
  for (const ManifestFile &file : manifest.files)
    if (!isSafePath(file.path) || !manifest.find(file.path))
      abort();
  return strlen(manifest.name) + strlen(manifest.generator) > 2 * size ? 1 : 0;
}
