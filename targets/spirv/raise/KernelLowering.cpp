// Bindings, built-in variables, scratch and the few ops of kern, one kernel at
// a time; see KernelLowering.h and the table in docs/vulkan.md.
#include "targets/spirv/raise/KernelLowering.h"

#include "targets/spirv/raise/SpirvPasses.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"

using namespace mlir;
using namespace sinter;
namespace target = sinter::spirvtarget;

namespace {

constexpr StringLiteral kScalars = "scalars";
constexpr unsigned kScalarSet = 1;

int64_t bytesOf(Type element) {
  if (auto vector = dyn_cast<VectorType>(element))
    return vector.getNumElements() * bytesOf(vector.getElementType());
  return element.getIntOrFloatBitWidth() / 8;
}

bool isWritten(BlockArgument binding) {
  return llvm::any_of(binding.getUsers(), [](Operation *user) {
    return isa<memref::StoreOp>(user);
  });
}

/// Where the elements of a memref lie: a global variable that holds them
/// (in a struct, for bindings), or a function variable.
struct Storage {
  spirv::GlobalVariableOp global;
  Value local;
  bool inStruct = false;
};

class Lowering {
public:
  explicit Lowering(kern::KernelOp kernel)
      : kernel(kernel), builder(kernel), loc(kernel.getLoc()) {}
  FailureOr<spirv::ModuleOp> run();

private:
  void addBindings();
  void addScratch();
  void takeBody();
  void addEntryPoint();
  void annotate(int64_t written);
  int64_t writtenMask();
  LogicalResult lower(Operation *op);

  spirv::GlobalVariableOp global(StringRef name, Type type);
  spirv::GlobalVariableOp builtIn(spirv::BuiltIn which, Type type);
  Value address(spirv::GlobalVariableOp variable) {
    return builder.create<spirv::AddressOfOp>(loc, variable);
  }
  Value word(uint32_t number) {
    return builder.create<spirv::ConstantOp>(
        loc, builder.getI32Type(),
        builder.getI32IntegerAttr(static_cast<int32_t>(number)));
  }
  Value toIndex(Value i32) {
    return builder.create<arith::IndexCastUIOp>(loc, builder.getIndexType(),
                                                i32);
  }
  /// Component of a vector built-in, or a scalar one.
  Value loadBuiltIn(spirv::BuiltIn which, int component = -1);
  Value lane();
  Value scalar(kern::Scalar which);
  Value element(Value memref, Value index);
  /// What an access of a memref has to say, or null.
  spirv::MemoryAccessAttr accessOf(Value memref);
  Value call(StringRef function, Type result, Value operand);
  void need(spirv::Capability capability) {
    if (!llvm::is_contained(capabilities, capability))
      capabilities.push_back(capability);
  }
  void need(spirv::Extension extension) {
    if (!llvm::is_contained(extensions, extension))
      extensions.push_back(extension);
  }

  kern::KernelOp kernel;
  OpBuilder builder;
  Location loc;
  spirv::ModuleOp module;
  spirv::FuncOp function;
  DenseMap<Value, Storage> storage;
  SmallVector<Attribute> interface;
  SmallVector<spirv::Capability> capabilities{spirv::Capability::Shader};
  SmallVector<spirv::Extension> extensions;
  bool usesSubgroups = false, usesMatrices = false;
};

spirv::GlobalVariableOp Lowering::global(StringRef name, Type type) {
  if (auto known = module.lookupSymbol<spirv::GlobalVariableOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  auto variable = builder.create<spirv::GlobalVariableOp>(
      loc, TypeAttr::get(type), builder.getStringAttr(name));
  interface.push_back(SymbolRefAttr::get(variable));
  return variable;
}

spirv::GlobalVariableOp Lowering::builtIn(spirv::BuiltIn which, Type type) {
  StringRef name = spirv::stringifyBuiltIn(which);
  auto variable =
      global(name, spirv::PointerType::get(type, spirv::StorageClass::Input));
  variable->setAttr("built_in", builder.getStringAttr(name));
  return variable;
}

Value Lowering::loadBuiltIn(spirv::BuiltIn which, int component) {
  Type i32 = builder.getI32Type();
  Type type = component < 0 ? i32 : VectorType::get({3}, i32);
  Value value =
      builder.create<spirv::LoadOp>(loc, address(builtIn(which, type)));
  if (component >= 0)
    value = builder.create<spirv::CompositeExtractOp>(
        loc, value, ArrayRef<int32_t>{component});
  return value;
}

Value Lowering::lane() {
  if (!usesSubgroups)
    return loadBuiltIn(spirv::BuiltIn::LocalInvocationIndex);
  need(spirv::Capability::GroupNonUniform);
  Value first = builder.create<spirv::IMulOp>(
      loc, loadBuiltIn(spirv::BuiltIn::SubgroupId),
      loadBuiltIn(spirv::BuiltIn::SubgroupSize));
  return builder.create<spirv::IAddOp>(
      loc, first, loadBuiltIn(spirv::BuiltIn::SubgroupLocalInvocationId));
}

Value Lowering::scalar(kern::Scalar which) {
  Type i32 = builder.getI32Type();
  Type block = spirv::StructType::get({i32, i32, i32}, {0, 4, 8});
  auto variable = global(
      kScalars, spirv::PointerType::get(block, spirv::StorageClass::Uniform));
  variable.setDescriptorSet(kScalarSet);
  variable.setBinding(0);
  Value member = builder.create<spirv::AccessChainOp>(
      loc, address(variable), ValueRange{word(static_cast<uint32_t>(which))});
  return builder.create<spirv::LoadOp>(loc, member);
}

void Lowering::addBindings() {
  for (BlockArgument argument : kernel.getBody().getArguments()) {
    unsigned number = argument.getArgNumber();
    Type element = cast<MemRefType>(argument.getType()).getElementType();
    auto array = spirv::RuntimeArrayType::get(
        element, static_cast<unsigned>(bytesOf(element)));
    Type type = spirv::PointerType::get(spirv::StructType::get({array}, {0}),
                                        spirv::StorageClass::StorageBuffer);
    auto variable = global("binding" + std::to_string(number), type);
    variable.setDescriptorSet(0);
    variable.setBinding(number);
    if (!isWritten(argument))
      variable->setAttr("non_writable", builder.getUnitAttr());
    storage[argument] = {variable, Value(), true};
  }
}

/// kern.scratch stands directly in the kernel's body.
void Lowering::addScratch() {
  unsigned count = 0;
  for (auto scratch : llvm::make_early_inc_range(
           function.getBody().getOps<kern::ScratchOp>())) {
    MemRefType type = scratch.getType();
    auto array = spirv::ArrayType::get(
        type.getElementType(), static_cast<unsigned>(type.getDimSize(0)));
    Storage place;
    if (scratch.getShared()) {
      place.global = global(
          "shared" + std::to_string(count++),
          spirv::PointerType::get(array, spirv::StorageClass::Workgroup));
    } else {
      builder.setInsertionPoint(scratch);
      place.local = builder.create<spirv::VariableOp>(
          loc, spirv::PointerType::get(array, spirv::StorageClass::Function),
          spirv::StorageClass::Function, nullptr);
    }
    storage[scratch.getResult()] = place;
  }
}

/// The kernel's ops, flat: those of kern.once, then those of kern.for_items.
void Lowering::takeBody() {
  builder.setInsertionPointToEnd(module.getBody());
  function = builder.create<spirv::FuncOp>(loc, kernel.getSymName(),
                                           builder.getFunctionType({}, {}));
  Block *body = function.addEntryBlock();
  body->getOperations().splice(body->begin(),
                               kernel.getBody().front().getOperations());
  for (Operation &op : llvm::make_early_inc_range(*body)) {
    if (auto items = dyn_cast<kern::ForItemsOp>(op)) {
      builder.setInsertionPoint(items);
      Value first = loadBuiltIn(spirv::BuiltIn::WorkgroupId, 0);
      if (kernel.getItemsPerGroup() != 1)
        first = builder.create<spirv::IMulOp>(
            loc, first, word(static_cast<uint32_t>(kernel.getItemsPerGroup())));
      items.getItem().replaceAllUsesWith(toIndex(first));
      body->getOperations().splice(items->getIterator(),
                                   items.getBody().front().getOperations());
      items.erase();
    } else if (auto once = dyn_cast<kern::OnceOp>(op)) {
      body->getOperations().splice(once->getIterator(),
                                   once.getBody().front().getOperations());
      once.erase();
    }
  }
}

void Lowering::addEntryPoint() {
  builder.setInsertionPointToEnd(module.getBody());
  builder.create<spirv::EntryPointOp>(loc, spirv::ExecutionModel::GLCompute,
                                      function, interface);
  builder.create<spirv::ExecutionModeOp>(
      loc, function, spirv::ExecutionMode::LocalSize,
      ArrayRef<int32_t>{static_cast<int32_t>(kernel.getCaps().getGroup()), 1,
                        1});
}

/// Bit i: binding i is written.
int64_t Lowering::writtenMask() {
  int64_t written = 0;
  for (auto [i, argument] : llvm::enumerate(kernel.getBody().getArguments()))
    written |= int64_t(isWritten(argument)) << i;
  return written;
}

void Lowering::annotate(int64_t written) {
  module->setAttr("vce_triple",
                  spirv::VerCapExtAttr::get(spirv::Version::V_1_5, capabilities,
                                            extensions, builder.getContext()));
  auto set = [&](StringRef name, int64_t number) {
    module->setAttr(name, builder.getI64IntegerAttr(number));
  };
  set(target::kGroupAttr, kernel.getCaps().getGroup());
  set(target::kItemsPerGroupAttr,
      static_cast<int64_t>(kernel.getItemsPerGroup()));
  set(target::kBindingsAttr, kernel.getNumArguments());
  set(target::kWrittenAttr, written);
}

Value Lowering::element(Value memref, Value index) {
  const Storage &place = storage.lookup(memref);
  Value at =
      builder.create<arith::IndexCastUIOp>(loc, builder.getI32Type(), index);
  SmallVector<Value> path;
  if (place.inStruct)
    path.push_back(word(0));
  path.push_back(at);
  Value base = place.local ? place.local : address(place.global);
  return builder.create<spirv::AccessChainOp>(loc, base, path);
}

spirv::MemoryAccessAttr Lowering::accessOf(Value memref) {
  auto scratch = memref.getDefiningOp<kern::ScratchOp>();
  if (!usesMatrices || !scratch || !scratch.getShared())
    return {};
  return spirv::MemoryAccessAttr::get(builder.getContext(),
                                      target::kSharedAccess);
}

/// A call that HalfInstructions.cpp replaces; the function's body is never run.
Value Lowering::call(StringRef name, Type result, Value operand) {
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(function);
    auto made = builder.create<spirv::FuncOp>(
        loc, name, builder.getFunctionType({operand.getType()}, {result}));
    builder.setInsertionPointToStart(made.addEntryBlock());
    builder.create<spirv::ReturnValueOp>(
        loc, builder.create<spirv::UndefOp>(loc, result));
  }
  return builder
      .create<spirv::FunctionCallOp>(
          loc, result, SymbolRefAttr::get(builder.getContext(), name), operand)
      .getResult(0);
}

LogicalResult Lowering::lower(Operation *op) {
  builder.setInsertionPoint(op);
  loc = op->getLoc();
  Value result;
  if (target::lowerMatrixOp(builder, op, [&](Value memref, Value index) {
        return element(memref, index);
      }))
    return success();
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    auto made = builder.create<spirv::LoadOp>(
        loc, element(load.getMemRef(), load.getIndices()[0]));
    made.setMemoryAccessAttr(accessOf(load.getMemRef()));
    result = made;
  } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
    auto made = builder.create<spirv::StoreOp>(
        loc, element(store.getMemRef(), store.getIndices()[0]),
        store.getValueToStore());
    made.setMemoryAccessAttr(accessOf(store.getMemRef()));
  } else if (auto scalarOp = dyn_cast<kern::ScalarOp>(op)) {
    result = toIndex(scalar(scalarOp.getWhich()));
  } else if (isa<kern::LaneOp>(op)) {
    result = toIndex(lane());
  } else if (isa<kern::BlockOp>(op)) {
    result = toIndex(loadBuiltIn(spirv::BuiltIn::WorkgroupId, 1));
  } else if (isa<kern::BarrierOp>(op)) {
    auto semantics = spirv::MemorySemantics::AcquireRelease |
                     spirv::MemorySemantics::WorkgroupMemory;
    if (usesMatrices)
      semantics = semantics | spirv::MemorySemantics::MakeAvailable |
                  spirv::MemorySemantics::MakeVisible;
    builder.create<spirv::ControlBarrierOp>(loc, spirv::Scope::Workgroup,
                                            spirv::Scope::Workgroup, semantics);
  } else if (auto reduce = dyn_cast<kern::SubgroupReduceOp>(op)) {
    need(spirv::Capability::GroupNonUniformArithmetic);
    Type type = reduce.getType();
    if (reduce.getKind() == kern::Reduction::add)
      result = builder.create<spirv::GroupNonUniformFAddOp>(
          loc, type, spirv::Scope::Subgroup, spirv::GroupOperation::Reduce,
          reduce.getX(), Value());
    else
      result = builder.create<spirv::GroupNonUniformFMaxOp>(
          loc, type, spirv::Scope::Subgroup, spirv::GroupOperation::Reduce,
          reduce.getX(), Value());
  } else if (isa<kern::SubgroupLaneOp>(op)) {
    need(spirv::Capability::GroupNonUniform);
    result = toIndex(loadBuiltIn(spirv::BuiltIn::SubgroupLocalInvocationId));
  } else if (isa<kern::SubgroupSizeOp>(op)) {
    need(spirv::Capability::GroupNonUniform);
    result = toIndex(loadBuiltIn(spirv::BuiltIn::SubgroupSize));
  } else if (auto unpack = dyn_cast<kern::UnpackF16Op>(op)) {
    result = call(target::kUnpackHalf, unpack.getType(), unpack.getWord());
  } else if (auto pack = dyn_cast<kern::PackF16Op>(op)) {
    result = call(target::kPackHalf, pack.getType(), pack.getPair());
  } else if (auto halves = dyn_cast<kern::BitcastF16Op>(op)) {
    result = builder.create<spirv::BitcastOp>(loc, halves.getType(),
                                              halves.getWord());
  } else if (auto dot = dyn_cast<kern::PackedDotOp>(op)) {
    need(spirv::Capability::DotProduct);
    need(spirv::Capability::DotProductInput4x8BitPacked);
    need(spirv::Extension::SPV_KHR_integer_dot_product);
    result = builder.create<spirv::SDotOp>(
        loc, dot.getType(), dot.getLhs(), dot.getRhs(),
        spirv::PackedVectorFormatAttr::get(
            builder.getContext(),
            spirv::PackedVectorFormat::PackedVectorFormat4x8Bit));
  } else if (isa<kern::ReturnOp>(op)) {
    builder.create<spirv::ReturnOp>(loc);
  } else if (isa<kern::ScratchOp>(op)) {
    return success(); // a variable by now; goes when nothing uses it
  } else if (isa<kern::PrefetchOp>(op)) {
    // Hints have no word here.
  } else if (isa<kern::KernDialect, memref::MemRefDialect>(op->getDialect())) {
    return op->emitOpError("has no SPIR-V form");
  } else {
    return success();
  }
  if (result)
    op->getResult(0).replaceAllUsesWith(result);
  op->erase();
  return success();
}

FailureOr<spirv::ModuleOp> Lowering::run() {
  if (!kernel.isGrid())
    return kernel.emitOpError("is made for CPU workers, not for a grid");
  if (kernel.getNumArguments() > 32)
    return kernel.emitOpError("has more than 32 bindings");
  usesSubgroups = kernel
                      .walk([](Operation *op) {
                        return isa<kern::SubgroupReduceOp, kern::SubgroupLaneOp,
                                   kern::SubgroupSizeOp>(op)
                                   ? WalkResult::interrupt()
                                   : WalkResult::advance();
                      })
                      .wasInterrupted();
  SmallVector<spirv::Capability> forMatrices =
      target::matrixCapabilities(kernel);
  usesMatrices = !forMatrices.empty();
  int64_t sharedBytes = kernel.getSharedBytes(), written = writtenMask();
  module = builder.create<spirv::ModuleOp>(
      loc, spirv::AddressingModel::Logical,
      usesMatrices ? spirv::MemoryModel::Vulkan : spirv::MemoryModel::GLSL450,
      std::nullopt, kernel.getSymName());
  addBindings();
  takeBody();
  if (usesMatrices) {
    target::convertMatrixTypes(function);
    for (spirv::Capability capability : forMatrices)
      need(capability);
    need(spirv::Extension::SPV_KHR_cooperative_matrix);
  }
  addScratch();
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) {
    if (op != function.getOperation() &&
        !isa<spirv::SPIRVDialect>(op->getDialect()))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (llvm::any_of(op->getResultTypes(), [](Type type) {
          return getElementTypeOrSelf(type).isF16();
        }))
      need(spirv::Capability::Float16);
    if (failed(lower(op)))
      return failure();
  }
  for (auto scratch :
       llvm::make_early_inc_range(function.getBody().getOps<kern::ScratchOp>()))
    scratch.erase();
  function.walk([](scf::ForOp loop) { target::keepLoopResults(loop); });
  addEntryPoint();
  annotate(written);
  module->setAttr(target::kSharedBytesAttr,
                  builder.getI64IntegerAttr(sharedBytes));
  kernel.erase();
  return module;
}

} // namespace

FailureOr<spirv::ModuleOp>
sinter::spirvtarget::lowerKernel(kern::KernelOp kernel) {
  return Lowering(kernel).run();
}
