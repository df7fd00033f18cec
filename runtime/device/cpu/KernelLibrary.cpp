// KernelLibrary.cpp: dlopen by absolute path, after the file's hash was
// compared. In a file of its own, so that programs with linked-in kernels do
// not need the dynamic loader.
#include "runtime/device/cpu/KernelLibrary.h"
#include "runtime/device/cpu/CpuFeatures.h"

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace sinter::rt {

Status openKernelLibrary(const Bundle &bundle, void **library,
                         const sinter_cpu_module **module, Fault &fault) {
  char name[64];
  snprintf(name, sizeof(name), "kernels/cpu/%s.so", cpuArchitecture());
  if (!bundle.manifest.find(name))
    return fault.set(SINTER_UNSUPPORTED,
                     "the bundle has no CPU kernels for %s ('%s'); compile the "
                     "model with this target",
                     cpuArchitecture(), name);
  File file;
  if (Status status = bundle.openListed(name, file, fault))
    return status;
  if (Status status = bundle.checkHash(name, file, fault))
    return status;
  char joined[PATH_MAX], path[PATH_MAX];
  int length =
      snprintf(joined, sizeof(joined), "%s/%s", bundle.folder.path(), name);
  if (length < 0 || size_t(length) >= sizeof(joined) || !realpath(joined, path))
    return fault.setErrno(SINTER_IO_ERROR, "cannot resolve", name);
  *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!*library)
    return fault.set(SINTER_UNSUPPORTED, "cannot load the kernels: %s",
                     dlerror());
  *module = static_cast<const sinter_cpu_module *>(
      dlsym(*library, "sinter_cpu_module"));
  if (*module)
    return SINTER_OK;
  closeKernelLibrary(*library);
  *library = nullptr;
  return fault.set(SINTER_CORRUPT, "'%s' has no symbol 'sinter_cpu_module'",
                   name);
}

void closeKernelLibrary(void *library) {
  if (library)
    dlclose(library);
}

} // namespace sinter::rt
