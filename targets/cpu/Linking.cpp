// lld as a library (Linking.h). lld reads and writes files and keeps global
// state, hence the temporary folder and the child process.
#include "targets/cpu/Linking.h"

#include "compiler/support/Error.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/BinaryFormat/Wasm.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

LLD_HAS_DRIVER(elf)
LLD_HAS_DRIVER(wasm)

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

static Error writeFile(StringRef path, StringRef bytes) {
  std::error_code problem;
  raw_fd_ostream file(path, problem, sys::fs::OF_None);
  if (!problem)
    file << bytes, file.close(), problem = file.error();
  file.clear_error();
  if (problem)
    return resourceError("cannot write " + path + ": " + problem.message());
  return Error::success();
}

/// Runs lld in a child process. Its drivers keep global state, and the one for
/// wasm keeps pointers into the link before (a second link crashes now and
/// then); a child also contains any crash. `command` begins with the program's
/// name, which chooses the driver; messages go to the file `log`.
static Expected<int> runInChild(ArrayRef<const char *> command,
                                const std::string &log) {
  pid_t child = ::fork();
  if (child == 0) {
    int descriptor = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    lld::Result result = lld::lldMain(
        command, stream, stream,
        {{lld::Gnu, &lld::elf::link}, {lld::Wasm, &lld::wasm::link}});
    stream.flush();
    ::_exit(result.retCode == 0 ? 0 : 1);
  }
  int status = 0;
  if (child < 0)
    return resourceError(Twine("cannot start the linker: ") + strerror(errno));
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return resourceError(Twine("lost the linker: ") + strerror(errno));
  return status;
}

/// Links files; `arguments` without the program's name.
static Error runLinker(const char *program, ArrayRef<std::string> arguments,
                       const std::string &log) {
  std::vector<const char *> command = {program};
  for (const std::string &argument : arguments)
    command.push_back(argument.c_str());
  Expected<int> status = runInChild(command, log);
  if (!status)
    return status.takeError();
  if (*status == 0)
    return Error::success();
  auto text = MemoryBuffer::getFile(log);
  return internalError("linking kernels failed with status " + Twine(*status) +
                       ": " + (text ? (*text)->getBuffer().trim() : ""));
}

/// Writes objects to a temporary folder, links them there and reads the result.
static Expected<std::string> link(const char *program,
                                  std::vector<std::string> arguments,
                                  ArrayRef<NamedObject> objects) {
  SmallString<128> folder;
  if (std::error_code problem =
          sys::fs::createUniqueDirectory("sinter-link", folder))
    return resourceError("cannot make a temporary folder: " +
                         problem.message());
  auto cleanUp = make_scope_exit([&] { sys::fs::remove_directories(folder); });
  auto inFolder = [&](StringRef name) {
    SmallString<128> path(folder);
    sys::path::append(path, name);
    return path.str().str();
  };
  std::string output = inFolder("linked");
  arguments.insert(arguments.end(), {"-o", output});
  for (const NamedObject &object : objects) {
    arguments.push_back(inFolder(object.name));
    if (Error error = writeFile(arguments.back(), object.bytes))
      return error;
  }
  if (Error error = runLinker(program, arguments, inFolder("log")))
    return error;
  auto linked = MemoryBuffer::getFile(output, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!linked)
    return resourceError("cannot read " + output + ": " +
                         linked.getError().message());
  return (*linked)->getBuffer().str();
}

Expected<std::string> cpu::linkSharedLibrary(ArrayRef<NamedObject> objects) {
  return link("ld.lld",
              {"-shared", "--build-id=none", "--gc-sections", "-z", "relro",
               "-z", "now", "-z", "defs", "-z", "noexecstack",
               "--hash-style=gnu", "--threads=1", "--strip-debug",
               "-soname=kernels.so"},
              objects);
}

Expected<std::string> cpu::linkWasmModule(const NamedObject &object) {
  return link("wasm-ld",
              {"-shared", "--experimental-pic", "--import-memory",
               "--no-check-features", "--threads=1", "--strip-all"},
              object);
}

namespace {
/// Reads the parts of a WebAssembly module one after the other.
class WasmReader {
public:
  explicit WasmReader(StringRef bytes)
      : at(bytes.bytes_begin()), end(bytes.bytes_end()) {}
  bool done() const { return at == end || !good; }
  uint8_t byte() { return at == end ? (good = false, 0) : *at++; }
  uint64_t number() {
    unsigned length = 0;
    const char *problem = nullptr;
    uint64_t value = decodeULEB128(at, &length, end, &problem);
    good &= !problem;
    at += problem ? 0 : length;
    return value;
  }
  StringRef take(uint64_t bytes) {
    if (bytes > uint64_t(end - at))
      good = false, bytes = 0;
    at += bytes;
    return StringRef(reinterpret_cast<const char *>(at) - bytes, bytes);
  }

  const uint8_t *at, *end;
  bool good = true;
};
} // namespace

/// An import section whose memory is shared.
static Expected<std::string> shareMemory(StringRef section) {
  std::string result;
  raw_string_ostream out(result);
  WasmReader in(section);
  uint64_t count = in.number();
  encodeULEB128(count, out);
  for (uint64_t i = 0; i < count && in.good; ++i) {
    const uint8_t *begin = in.at;
    in.take(in.number()); // module
    in.take(in.number()); // name
    uint8_t kind = in.byte();
    out << StringRef(reinterpret_cast<const char *>(begin), in.at - begin);
    begin = in.at;
    if (kind == wasm::WASM_EXTERNAL_MEMORY) {
      uint8_t flags = in.byte();
      out << char(wasm::WASM_LIMITS_FLAG_HAS_MAX |
                  wasm::WASM_LIMITS_FLAG_IS_SHARED);
      encodeULEB128(in.number(), out);
      encodeULEB128(65536, out);
      if (flags & wasm::WASM_LIMITS_FLAG_HAS_MAX)
        in.number();
      continue;
    }
    if (kind == wasm::WASM_EXTERNAL_FUNCTION) {
      in.number();
    } else if (kind == wasm::WASM_EXTERNAL_GLOBAL) {
      in.take(2); // type, mutability
    } else if (kind == wasm::WASM_EXTERNAL_TABLE) {
      in.byte(); // type
      uint8_t flags = in.byte();
      in.number();
      if (flags & wasm::WASM_LIMITS_FLAG_HAS_MAX)
        in.number();
    } else {
      in.good = false;
    }
    out << StringRef(reinterpret_cast<const char *>(begin), in.at - begin);
  }
  if (!in.good || in.at != in.end)
    return internalError("the import section of a kernel module is malformed");
  return result;
}

Expected<std::string> cpu::withSharedMemory(StringRef module) {
  std::string result = module.take_front(8).str();
  raw_string_ostream out(result);
  WasmReader in(module.drop_front(8));
  while (!in.done()) {
    uint8_t id = in.byte();
    StringRef content = in.take(in.number());
    std::string changed;
    if (id == wasm::WASM_SEC_IMPORT) {
      auto shared = shareMemory(content);
      if (!shared)
        return shared.takeError();
      changed = std::move(*shared);
      content = changed;
    }
    out << char(id);
    encodeULEB128(content.size(), out);
    out << content;
  }
  if (!in.good)
    return internalError("a kernel module is malformed");
  return result;
}

Expected<std::string> cpu::writeArchive(ArrayRef<NamedObject> objects) {
  std::vector<NewArchiveMember> members;
  for (const NamedObject &object : objects)
    members.emplace_back(MemoryBufferRef(object.bytes, object.name));
  auto archive = writeArchiveToBuffer(members, SymtabWritingMode::NormalSymtab,
                                      object::Archive::K_GNU,
                                      /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return internalError("cannot make the static archive: " +
                         toString(archive.takeError()));
  return (*archive)->getBuffer().str();
}
