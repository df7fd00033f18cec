// LLVM dialect to objects (Codegen.h). The optimisation pipeline has neither
// vectorisers nor unrolling: kernels say what they want, and compile time is
// what a user waits for.
#include "targets/cpu/Codegen.h"

#include "compiler/support/Error.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Object/Wasm.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <mutex>

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

static constexpr StringLiteral kPipeline =
    "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg,"
    "loop-mssa(licm),early-cse<memssa>,instcombine<no-verify-fixpoint>,"
    "simplifycfg,adce)";

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeWebAssemblyTargetInfo();
    LLVMInitializeWebAssemblyTarget();
    LLVMInitializeWebAssemblyTargetMC();
    LLVMInitializeWebAssemblyAsmPrinter();
  });
}

static Expected<std::unique_ptr<TargetMachine>>
createMachine(const CpuVariant &variant) {
  initializeTargets();
  std::string triple = archName(variant.arch).str() +
                       (variant.arch == Arch::wasm32 ? "-unknown-unknown"
                                                     : "-unknown-linux-gnu");
  std::string problem;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, problem);
  if (!target)
    return internalError("no code generator for " + triple + ": " + problem);
  TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      triple, variant.processor, variant.llvmFeatures, options, Reloc::PIC_,
      CodeModel::Small, CodeGenOptLevel::Default));
  if (!machine)
    return internalError("cannot set up code generation for " + variant.name);
  return machine;
}

std::string cpu::kernelSymbol(StringRef prefix, const CpuVariant &variant,
                              StringRef id) {
  std::string symbol = (prefix + "_" + variant.name + "_" + id).str();
  std::replace(symbol.begin(), symbol.end(), '-', '_');
  return symbol;
}

/// What every function of a variant is compiled with.
static void setAttributes(Function &function, const CpuVariant &variant) {
  function.addFnAttr("target-cpu", variant.processor);
  function.addFnAttr("tune-cpu", variant.tuneFor);
  function.addFnAttr("target-features", variant.llvmFeatures);
  if (variant.arch == Arch::x86_64)
    function.addFnAttr("prefer-vector-width", std::to_string(variant.simdBits));
  function.addFnAttr("no-builtins");
  function.addFnAttr(Attribute::NoUnwind);
  function.addFnAttr(
      Attribute::getWithUWTableKind(function.getContext(), UWTableKind::None));
}

Expected<std::unique_ptr<Module>>
cpu::translateKernels(mlir::ModuleOp module, LLVMContext &context,
                      const CpuVariant &variant, StringRef prefix,
                      ArrayRef<std::string> kernelIds) {
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<Module> result =
      mlir::translateModuleToLLVMIR(module, context, variant.name);
  if (!result)
    return internalError("translation of the " + variant.name +
                         " kernels to LLVM IR failed");
  result->setSourceFileName("");
  for (Function &function : *result)
    if (!function.isDeclaration()) {
      setAttributes(function, variant);
      function.setLinkage(GlobalValue::InternalLinkage);
    }
  for (const std::string &id : kernelIds) {
    Function *function = result->getFunction(id);
    if (!function || function->isDeclaration())
      return internalError("kernel " + id + " is missing among the " +
                           variant.name + " kernels");
    function->setName(kernelSymbol(prefix, variant, id));
    function->setLinkage(GlobalValue::ExternalLinkage);
    if (variant.arch == Arch::wasm32)
      function->addFnAttr("wasm-export-name", id);
    else
      function->setVisibility(GlobalValue::HiddenVisibility);
  }
  return result;
}

/// Machine code or assembly of a module, as it is.
static Expected<std::string> generate(Module &module, TargetMachine &machine,
                                      CodeGenFileType type) {
  SmallString<0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type,
                                  /*DisableVerify=*/true))
    return internalError("the code generator cannot write this kind of file");
  passes.run(module);
  return bytes.str().str();
}

/// Kernels call nothing: finds a symbol that the object needs from elsewhere.
static Error checkSelfContained(StringRef object, const CpuVariant &variant) {
  auto file = object::ObjectFile::createObjectFile(
      MemoryBufferRef(object, variant.name));
  if (!file)
    return internalError("the object of " + variant.name +
                         " cannot be read back: " + toString(file.takeError()));
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    bool readable = bool(flags) && bool(name);
    // wasm functions with spills move the stack pointer of their thread.
    if (readable && (*flags & object::SymbolRef::SF_Undefined) &&
        !name->empty() && *name != "__stack_pointer")
      return internalError("a kernel of " + variant.name + " calls '" + *name +
                           "', but kernels may call nothing");
    consumeError(flags.takeError());
    consumeError(name.takeError());
  }
  if (const auto *wasm = dyn_cast<object::WasmObjectFile>(file->get()))
    if (!wasm->dataSegments().empty())
      return internalError("a kernel of " + variant.name +
                           " has data, but modules of kernels have no memory "
                           "of their own");
  return Error::success();
}

static void setTarget(Module &module, TargetMachine &machine) {
  module.setTargetTriple(machine.getTargetTriple().str());
  module.setDataLayout(machine.createDataLayout());
  module.setPICLevel(PICLevel::BigPIC);
}

Error cpu::optimizeKernels(Module &module, const CpuVariant &variant) {
  auto machine = createMachine(variant);
  if (!machine)
    return machine.takeError();
  setTarget(module, **machine);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  PassBuilder builder(machine->get(), tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  if (Error error = builder.parsePassPipeline(passes, kPipeline))
    return internalError("bad pass pipeline: " + toString(std::move(error)));
  passes.run(module, modules);
  return Error::success();
}

Expected<std::string> cpu::compileKernels(Module &module,
                                          const CpuVariant &variant) {
  auto machine = createMachine(variant);
  if (!machine)
    return machine.takeError();
  auto object = generate(module, **machine, CodeGenFileType::ObjectFile);
  if (!object)
    return object.takeError();
  if (Error error = checkSelfContained(*object, variant))
    return error;
  return object;
}

Expected<std::string> cpu::compileData(Module &module,
                                       const CpuVariant &variant) {
  auto machine = createMachine(variant);
  if (!machine)
    return machine.takeError();
  setTarget(module, **machine);
  return generate(module, **machine, CodeGenFileType::ObjectFile);
}

Error cpu::dumpAssembly(const Module &module, const CpuVariant &variant,
                        StringRef prefix, ArrayRef<std::string> kernelIds,
                        StringRef dumpDir) {
  auto machine = createMachine(variant);
  if (!machine)
    return machine.takeError();
  for (const std::string &id : kernelIds) {
    std::string symbol = kernelSymbol(prefix, variant, id);
    std::string body = id + ".body";
    ValueToValueMapTy map;
    std::unique_ptr<Module> alone =
        CloneModule(module, map, [&](const GlobalValue *value) {
          return !isa<Function>(value) || value->getName() == symbol ||
                 value->getName() == body;
        });
    for (Function &function : make_early_inc_range(*alone))
      if (function.isDeclaration() && function.use_empty())
        function.eraseFromParent();
    auto text = generate(*alone, **machine, CodeGenFileType::AssemblyFile);
    if (!text)
      return text.takeError();
    SmallString<256> path(dumpDir);
    sys::path::append(path, id + "." + variant.name + ".s");
    std::error_code problem;
    raw_fd_ostream file(path, problem, sys::fs::OF_Text);
    if (!problem)
      file << *text, file.close(), problem = file.error();
    if (problem)
      return resourceError("cannot write " + path + ": " + problem.message());
  }
  return Error::success();
}
