// Test cases of linear kernels and their modules (LinearKernels.h).
#include "LinearKernels.h"

#include "compiler/kernels/KernelFamily.h"

using namespace sinter;
using namespace sinter::test;
using xf::ActivationKind;
using xf::Scheme;

std::vector<LinearCase> sinter::test::linearCases(Scheme scheme) {
  std::vector<LinearCase> cases;
  auto add = [&](int64_t rows, int64_t columns, int64_t tokens = 0) {
    LinearCase test;
    test.scheme = scheme;
    test.rows = rows;
    test.columns = columns;
    test.tokens = tokens;
    return &cases.emplace_back(test);
  };
  add(16, 32);
  add(50, 100);
  add(1, 7)->norm = true;
  add(48, 288)->residual = true;
  add(37, 97)->residual = true;
  add(64, 160)->gate = ActivationKind::silu;
  add(96, 96)->norm = true;
  cases.back().selectRow = true;
  add(64, 256)->norm = true;
  cases.back().gate = ActivationKind::gelu_tanh;
  cases.back().bias = true;
  add(32, 64)->gate = ActivationKind::relu;
  add(35, 72)->bias = true;
  cases.back().residual = true;
  cases.back().norm = true;
  for (int64_t tokens : {1, 5, 16, 33}) {
    add(48, 96, tokens);
    add(50, 100, tokens)->residual = true;
    add(64, 33, tokens)->gate = ActivationKind::gelu;
    cases.back().bias = true;
  }
  return cases;
}

/// The default schedule, or those with one parameter set, to each value.
static std::vector<kernels::Schedule>
schedulesOf(const kernels::KernelFamily &family, xf::RegionOp region,
            kern::CapsAttr caps, bool every) {
  std::vector<kernels::Schedule> schedules;
  if (!every)
    return {{}};
  for (const auto &parameter : kernels::parametersOf(family, region, caps))
    for (int64_t value : parameter.values)
      schedules.push_back({{parameter.name.str(), value}});
  EXPECT_FALSE(schedules.empty()) << family.name().str();
  return schedules;
}

LinearKernels sinter::test::buildLinears(const std::vector<LinearCase> &cases,
                                         const std::string &variant,
                                         bool everySchedule) {
  LinearKernels built;
  kern::CapsAttr caps = cpu::capsOf(&context(), *cpu::findVariant(variant));
  built.module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context()));
  for (const LinearCase &test : cases) {
    auto parsed =
        mlir::parseSourceString<mlir::ModuleOp>(test.region("r"), &context());
    EXPECT_TRUE(parsed) << test.region("r");
    if (!parsed)
      continue;
    xf::RegionOp region = *parsed->getOps<xf::RegionOp>().begin();
    auto selection = kernels::selectFamily(region);
    llvm::StringRef wanted = test.decode() ? "linear_gemv" : "linear_gemm";
    bool right = selection.family && selection.family->name() == wanted;
    EXPECT_TRUE(right) << test.describe() << ": " << selection.reason;
    if (!right)
      continue;
    for (const kernels::Schedule &schedule :
         schedulesOf(*selection.family, region, caps, everySchedule)) {
      std::string id = selection.family->id(region);
      for (const auto &[name, value] : schedule)
        id += "_" + name + std::to_string(value);
      built.ids.push_back(id);
      built.items.push_back(selection.family->workItems(region).items);
      built.cases.push_back(test);
      if (built.module->lookupSymbol(id))
        continue;
      mlir::OpBuilder builder =
          mlir::OpBuilder::atBlockEnd(built.module->getBody());
      auto kernel = kernels::buildKernel(builder, *selection.family, region,
                                         caps, schedule);
      EXPECT_TRUE(succeeded(kernel)) << id;
      if (succeeded(kernel))
        kernel->setSymName(id);
    }
  }
  EXPECT_TRUE(succeeded(built.module->verify()));
  return built;
}
