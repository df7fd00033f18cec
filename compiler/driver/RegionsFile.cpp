// See RegionsFile.h. MLIR's parser is not made for hostile text: what it sees
// is small, of few characters, not deep, and in a context that knows one
// dialect; and a child process sees it first.
#include "compiler/driver/RegionsFile.h"

#include "compiler/bundle/Manifest.h"
#include "compiler/driver/Registration.h"
#include "compiler/kernels/KernelFamily.h"
#include "compiler/lowering/XfToPlan.h"
#include "compiler/support/Error.h"
#include "dialects/plan/Plan.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mlir;
using namespace sinter;

static constexpr llvm::StringLiteral kHeader = "// sinter-regions ";
static constexpr unsigned kVersion = 1;
static constexpr size_t kMostBytes = size_t(4) << 20;
static constexpr int kMostLevels = 32;
/// Of processor time for an attempt.
static constexpr rlim_t kMostSeconds = 20;
/// Of a tensor or a cache: 256 GiB of f32.
static constexpr int64_t kMostElements = int64_t(1) << 36;
static constexpr int64_t kMostTokens = int64_t(1) << 24;
static constexpr llvm::StringLiteral kContextAttr = "sinter.context";
static constexpr llvm::StringLiteral kChunkAttr = "sinter.chunk";

/// What stage Plan says of a region; families read nothing else.
static const llvm::StringRef kRegionAttrs[] = {
    kernels::kGridAttr, kernels::kMaxTokensAttr, kernels::kFirstRowAttr,
    kernels::kRowCountAttr};

std::string sinter::regionsPath(llvm::StringRef plan) {
  plan.consume_back(".fb");
  return (plan + ".regions.mlir").str();
}

//===-- Writing -----------------------------------------------------------===//

std::string sinter::regionsText(ModuleOp module) {
  plan::ProgramOp program = *module.getOps<plan::ProgramOp>().begin();
  Builder builder(module.getContext());
  OwningOpRef<ModuleOp> regions = ModuleOp::create(builder.getUnknownLoc());
  (*regions)->setAttr(kContextAttr,
                      builder.getI64IntegerAttr(program.getContext()));
  (*regions)->setAttr(kChunkAttr,
                      builder.getI64IntegerAttr(program.getChunk()));
  for (xf::RegionOp region : kernelRegions(module)) {
    xf::RegionOp copy = region.clone();
    for (NamedAttribute attribute :
         llvm::to_vector(copy->getDiscardableAttrs()))
      if (!llvm::is_contained(kRegionAttrs, attribute.getName().getValue()))
        copy->removeAttr(attribute.getName());
    regions->push_back(copy);
  }
  std::string text;
  llvm::raw_string_ostream out(text);
  out << kHeader << kVersion << '\n';
  regions->print(out);
  out << '\n';
  return text;
}

PlanRegions sinter::regionsOf(std::unique_ptr<MLIRContext> mlir,
                              OwningOpRef<ModuleOp> module) {
  plan::ProgramOp program = *module->getOps<plan::ProgramOp>().begin();
  return {std::move(mlir), std::move(module),
          static_cast<int64_t>(program.getContext()),
          static_cast<int64_t>(program.getChunk())};
}

//===-- Reading: text -----------------------------------------------------===//

static llvm::Error wrong(llvm::StringRef where, const llvm::Twine &what) {
  return inputError(where + ": " + what);
}

static llvm::Error checkHeader(llvm::StringRef text, llvm::StringRef where) {
  llvm::StringRef line = text.split('\n').first;
  unsigned version = 0;
  if (!line.consume_front(kHeader) || line.getAsInteger(10, version) ||
      version == 0)
    return wrong(where, "it does not begin with '" + kHeader + "VERSION'");
  if (version > kVersion)
    return unsupportedError(where + ": version " + llvm::Twine(version) +
                            ", this program reads " + llvm::Twine(kVersion));
  return llvm::Error::success();
}

/// Characters and brackets, before a recursive parser sees them. Those in
/// strings and comments count as well: ours hold none.
static llvm::Error checkText(llvm::StringRef text, llvm::StringRef where) {
  if (text.size() > kMostBytes)
    return wrong(where, llvm::Twine(text.size()) + " bytes, at most " +
                            llvm::Twine(kMostBytes) + " are read");
  int level = 0;
  for (auto [at, c] : llvm::enumerate(text)) {
    if (c != '\n' && !llvm::isPrint(c))
      return wrong(where, "byte " + llvm::Twine(at) + " is no ASCII text");
    bool arrow = c == '>' && at && text[at - 1] == '-';
    if (c == '(' || c == '[' || c == '{' || c == '<')
      ++level;
    else if ((c == ')' || c == ']' || c == '}' || c == '>') && !arrow)
      --level;
    if (level > kMostLevels)
      return wrong(where,
                   "brackets are nested too deep at byte " + llvm::Twine(at));
  }
  return llvm::Error::success();
}

/// The module, verified, in a context that knows no other dialect.
static llvm::Expected<OwningOpRef<ModuleOp>>
parse(llvm::StringRef text, llvm::StringRef where, MLIRContext &mlir) {
  std::string problem;
  ScopedDiagnosticHandler handler(&mlir, [&](Diagnostic &diagnostic) {
    if (!problem.empty() ||
        diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    llvm::raw_string_ostream out(problem);
    if (auto place = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>())
      out << "line " << place.getLine() << ", column " << place.getColumn()
          << ": ";
    out << diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, ParserConfig(&mlir), where);
  if (!module)
    return wrong(where, problem.empty() ? "it is no module" : problem);
  return module;
}

//===-- Reading: meaning --------------------------------------------------===//

/// A number of tokens on the module.
static llvm::Expected<int64_t> tokensOf(ModuleOp module, llvm::StringRef name,
                                        llvm::StringRef where) {
  auto number = module->getAttrOfType<IntegerAttr>(name);
  if (!number || !number.getType().isInteger(64) || number.getInt() < 1 ||
      number.getInt() > kMostTokens)
    return wrong(where, name + " is missing or out of range");
  return number.getInt();
}

/// Positive dimensions whose product is no more than kMostElements; the first
/// of a tensor may be open: `chunk` rows.
static bool isSmall(Type type, int64_t chunk) {
  SmallVector<int64_t> sizes;
  if (auto cache = dyn_cast<xf::KvCacheType>(type)) {
    sizes = {cache.getKvHeads(), cache.getCapacity(), cache.getHeadDim()};
  } else {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() < 1 || tensor.getRank() > 2)
      return false;
    sizes.append(tensor.getShape().begin(), tensor.getShape().end());
    if (tensor.isDynamicDim(0))
      sizes.front() = chunk;
  }
  int64_t all = 1;
  for (int64_t size : sizes)
    if (size < 1 || llvm::MulOverflow(all, size, all) || all > kMostElements)
      return false;
  return true;
}

/// Attributes and types that stage Plan could have given the region.
static std::string problemOf(xf::RegionOp region, int64_t chunk) {
  for (NamedAttribute attribute : region->getDiscardableAttrs())
    if (!llvm::is_contained(kRegionAttrs, attribute.getName().getValue()))
      return "has an attribute '" + attribute.getName().str() +
             "' that it may not have";
  auto isSmallType = [chunk](Value value) {
    return isSmall(value.getType(), chunk);
  };
  bool small = true;
  region.walk([&](Operation *op) {
    small &= op == region.getOperation() ||
             (llvm::all_of(op->getOperands(), isSmallType) &&
              llvm::all_of(op->getResults(), isSmallType));
  });
  if (!small || !llvm::all_of(region.getBody().getArguments(), isSmallType))
    return "has a type that is too large, or none of a plan's";
  if (region->hasAttr(kernels::kGridAttr) !=
      region->hasAttr(kernels::kMaxTokensAttr))
    return "has one of sinter.grid and sinter.max_tokens";
  auto most = region->getAttrOfType<IntegerAttr>(kernels::kMaxTokensAttr);
  if (region->hasAttr(kernels::kGridAttr) && (!most || most.getInt() != chunk))
    return "is for other calls than sinter.chunk says";
  if (!region->hasAttr(kernels::kFirstRowAttr) &&
      !region->hasAttr(kernels::kRowCountAttr))
    return {};
  kernels::RegionRows part = kernels::rowsOfRegion(region);
  if (part.first < 0 || part.count < 1)
    return "is a part without rows";
  bool found = false;
  for (BlockArgument argument : region.getBody().getArguments())
    if (kernels::isMatrix(argument)) {
      found = true;
      int64_t rows = cast<RankedTensorType>(argument.getType()).getDimSize(0);
      if (part.first >= rows || part.count > rows - part.first)
        return "is a part that is not in its matrix";
    }
  return found ? "" : "is a part of no matrix";
}

static llvm::Error checkRegions(ModuleOp module, int64_t chunk,
                                llvm::StringRef where) {
  if (module.getBody()->empty())
    return wrong(where, "there is no region in it");
  for (Operation &op : *module.getBody()) {
    auto region = dyn_cast<xf::RegionOp>(op);
    if (!region)
      return wrong(where, op.getName().getStringRef() + " is no xf.region");
    std::string name = ("region " + region.getSymName()).str();
    std::string problem = problemOf(region, chunk);
    if (!problem.empty())
      return wrong(where, name + " " + problem);
    kernels::Selection chosen = kernels::selectFamily(region);
    if (!chosen.family)
      return wrong(where, name + " is taken by no kernel family");
    if (chosen.family->id(region) != region.getSymName())
      return wrong(where, name + " is called " + chosen.family->id(region) +
                              " by this version; compile the model again");
  }
  return llvm::Error::success();
}

/// Everything but the dialects that kernels are built with.
static llvm::Expected<PlanRegions> parseRegions(llvm::StringRef text,
                                                llvm::StringRef where) {
  DialectRegistry few;
  few.insert<xf::XfDialect>();
  PlanRegions regions;
  regions.mlir =
      std::make_unique<MLIRContext>(few, MLIRContext::Threading::DISABLED);
  regions.mlir->printOpOnDiagnostic(false);
  auto module = parse(text, where, *regions.mlir);
  if (!module)
    return module.takeError();
  regions.module = std::move(*module);
  auto context = tokensOf(*regions.module, kContextAttr, where);
  if (!context)
    return context.takeError();
  auto chunk = tokensOf(*regions.module, kChunkAttr, where);
  if (!chunk)
    return chunk.takeError();
  regions.context = *context;
  regions.chunk = *chunk;
  if (regions.chunk > regions.context)
    return wrong(where, "sinter.chunk is more than sinter.context");
  if (llvm::Error error = checkRegions(*regions.module, regions.chunk, where))
    return std::move(error);
  return regions;
}

//===-- Reading: a first attempt ------------------------------------------===//

/// The child's life: its exit code is the error's, the message goes to `pipe`.
[[noreturn]] static void attempt(llvm::StringRef text, llvm::StringRef where,
                                 int pipe) {
  for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL})
    std::signal(signal, SIG_DFL);
  rlimit seconds = {kMostSeconds, kMostSeconds};
  (void)::setrlimit(RLIMIT_CPU, &seconds);
  int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  (void)::dup2(nowhere, STDERR_FILENO); // what libraries say as they die
  auto regions = parseRegions(text, where);
  if (regions)
    ::_exit(kExitOk);
  llvm::Error error = regions.takeError();
  int code = exitCode(error);
  std::string message = llvm::toString(std::move(error));
  for (size_t at = 0; at < message.size();) {
    ssize_t count = ::write(pipe, message.data() + at, message.size() - at);
    if (count <= 0)
      break;
    at += static_cast<size_t>(count);
  }
  ::_exit(code);
}

static std::string readAll(int pipe) {
  std::string text;
  char part[4096];
  while (true) {
    ssize_t count = ::read(pipe, part, sizeof(part));
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return text;
    text.append(part, static_cast<size_t>(count));
  }
}

/// Malformed text can corrupt memory in MLIR's parser (fuzzing shows it), so
/// only what a child process took is parsed in this one.
static llvm::Error attemptInChild(llvm::StringRef text, llvm::StringRef where) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return resourceError("cannot start a process to read " + where);
  pid_t child = ::fork();
  if (child == 0)
    attempt(text, where, ends[1]);
  ::close(ends[1]);
  std::string message = child > 0 ? readAll(ends[0]) : std::string();
  ::close(ends[0]);
  if (child < 0)
    return resourceError("cannot start a process to read " + where);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitOk)
    return llvm::Error::success();
  if (WIFEXITED(status) && WEXITSTATUS(status) == kExitInput)
    return inputError(message);
  return wrong(where, "it breaks MLIR's parser; this program did not write it");
}

llvm::Expected<PlanRegions> sinter::readRegions(llvm::StringRef text,
                                                llvm::StringRef where) {
  if (llvm::Error error = checkHeader(text, where))
    return std::move(error);
  if (llvm::Error error = checkText(text, where))
    return std::move(error);
  if (llvm::Error error = attemptInChild(text, where))
    return std::move(error);
  auto regions = parseRegions(text, where);
  if (!regions)
    return regions.takeError();
  DialectRegistry all;
  registerAllSinterDialects(all);
  regions->mlir->appendDialectRegistry(all);
  regions->mlir->loadAllAvailableDialects();
  return regions;
}

//===-- In a bundle -------------------------------------------------------===//

static llvm::Expected<std::string> readText(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return inputError("cannot read " + path + ": " +
                      buffer.getError().message());
  return (*buffer)->getBuffer().str();
}

llvm::Expected<std::string> sinter::regionsInBundle(llvm::StringRef folder,
                                                    llvm::StringRef target) {
  std::string path = (folder + "/manifest.json").str();
  auto manifest = readText(path);
  if (!manifest)
    return manifest.takeError();
  auto programs = readManifestPrograms(*manifest, path);
  if (!programs)
    return programs.takeError();
  auto files = readManifestFiles(*manifest, path);
  if (!files)
    return files.takeError();
  auto program = llvm::find_if(*programs, [&](const BundleProgramFile &one) {
    return llvm::is_contained(one.targets, target);
  });
  if (program == programs->end())
    return unsupportedError(folder + " has no kernels for " + target);
  std::string name = regionsPath(program->plan);
  auto file = llvm::find_if(
      *files, [&](const BundleFile &one) { return one.path == name; });
  if (file == files->end())
    return inputError(folder + " has no " + name +
                      ": it was made by an older version; compile the model "
                      "again, or tune the model");
  std::string place = (folder + "/" + name).str();
  uint64_t size = 0;
  if (std::error_code problem = llvm::sys::fs::file_size(place, size))
    return inputError("cannot read " + place + ": " + problem.message());
  auto text = size == file->size ? readText(place) : std::string();
  if (text && (size != file->size ||
               Sha256::of(llvm::StringRef(*text)) != file->sha256))
    return verificationError(place + ": the bytes are not those that were "
                                     "written");
  return text;
}
