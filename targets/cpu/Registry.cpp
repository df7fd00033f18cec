// Builds the module table as LLVM constants (Registry.h).
#include "targets/cpu/Registry.h"

#include "runtime/include/sinter_abi.h"
#include "targets/cpu/Codegen.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace sinter;
using namespace sinter::cpu;

namespace {

class RegistryBuilder {
public:
  RegistryBuilder()
      : module("registry", context), pointer(PointerType::get(context, 0)) {
    module.setSourceFileName("");
  }

  /// A private constant.
  GlobalVariable *constant(Constant *value, const Twine &name) {
    auto *global =
        new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                           GlobalValue::PrivateLinkage, value, name);
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return global;
  }
  Constant *array(Type *element, ArrayRef<Constant *> values) {
    return ConstantArray::get(ArrayType::get(element, values.size()), values);
  }
  Constant *number(Type *type, uint64_t value) {
    return ConstantInt::get(type, value);
  }

  Constant *variant(const CpuVariant &variant, StringRef prefix,
                    ArrayRef<std::string> kernelIds) {
    SmallVector<Constant *> kernels;
    auto *type = FunctionType::get(Type::getVoidTy(context), {}, false);
    for (const std::string &id : kernelIds) {
      auto *kernel =
          Function::Create(type, GlobalValue::ExternalLinkage,
                           kernelSymbol(prefix, variant, id), module);
      kernel->setVisibility(GlobalValue::HiddenVisibility);
      kernels.push_back(kernel);
    }
    Constant *name = ConstantDataArray::getString(context, variant.name);
    return ConstantStruct::getAnon(
        {constant(name, "name"),
         number(Type::getInt64Ty(context), variant.requiredFeatures),
         constant(array(pointer, kernels), "kernels")});
  }

  LLVMContext context;
  Module module;
  PointerType *pointer;
};

} // namespace

Expected<std::string>
cpu::compileRegistry(StringRef symbol, StringRef prefix,
                     ArrayRef<const CpuVariant *> variants,
                     ArrayRef<std::string> kernelIds,
                     const std::array<uint8_t, 32> &planSha256) {
  RegistryBuilder builder;
  SmallVector<Constant *> rows;
  for (const CpuVariant *variant : variants)
    rows.push_back(builder.variant(*variant, prefix, kernelIds));
  Constant *table =
      builder.constant(builder.array(rows.front()->getType(), rows), "table");
  Type *i32 = Type::getInt32Ty(builder.context);
  Constant *record = ConstantStruct::getAnon(
      {builder.number(i32, SINTER_MODULE_MAGIC),
       builder.number(i32, SINTER_ABI_VERSION),
       builder.number(i32, variants.size()),
       builder.number(i32, kernelIds.size()),
       ConstantDataArray::get(builder.context, ArrayRef<uint8_t>(planSha256)),
       table});
  new GlobalVariable(builder.module, record->getType(), /*isConstant=*/true,
                     GlobalValue::ExternalLinkage, record, symbol);
  return compileData(builder.module, *variants.front());
}
