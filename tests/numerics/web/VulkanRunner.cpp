// SPIR-V in this process, on a software device that the runtime's own Vulkan
// classes open: lavapipe or SwiftShader. Every module passes SPIRV-Tools'
// validator for Vulkan 1.2 first, but for modules with matrices where that is
// too old to know them. Where the driver is missing the test is skipped; a
// variant whose features the driver lacks is validated only.
#include "GridRunner.h"

#include "runtime/device/vulkan/VulkanCommands.h"
#include "runtime/device/vulkan/VulkanMemory.h"
#include "runtime/device/vulkan/VulkanPipeline.h"
#include "targets/spirv/SpirvTarget.h"

#include "spirv-tools/libspirv.h"
#include "llvm/Support/FileSystem.h"

#include <cstdlib>

using namespace sinter;
using namespace sinter::test;

namespace {

struct Driver {
  llvm::StringRef name, icd, device, package;
};

const Driver kDrivers[] = {
    {"lavapipe", "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json", "llvmpipe",
     "mesa-vulkan-drivers"},
    {"swiftshader", "/usr/lib/chromium/vk_swiftshader_icd.json", "SwiftShader",
     "chromium"},
};

/// The parts of a kernels/vulkan/<variant>.spvpack.
class Pack {
public:
  explicit Pack(llvm::StringRef file)
      : words((file.size() + 3) / 4), kernels(0), group(0) {
    std::memcpy(words.data(), file.data(), file.size());
    auto *header = reinterpret_cast<rt::KernelPackHeader *>(words.data());
    kernels = header->kernels;
    group = header->group;
    table = reinterpret_cast<rt::PackedKernel *>(header + 1);
  }
  llvm::ArrayRef<uint32_t> module(size_t kernel) const {
    return llvm::ArrayRef(words).slice(table[kernel].firstWord,
                                       table[kernel].words);
  }
  std::vector<uint32_t> words;
  uint32_t kernels, group;
  rt::PackedKernel *table;
};

/// What SPIRV-Tools older than the extension (Debian 12's 2023.1) says of
/// CooperativeMatrixKHR.
constexpr llvm::StringLiteral kUnknownMatrices =
    "Invalid capability operand: 6022";

/// Every module against the rules of its environment; failures name the kernel.
void validate(const Pack &pack, const GridProgram &program) {
  spv_context context = spvContextCreate(SPV_ENV_VULKAN_1_2);
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    llvm::ArrayRef<uint32_t> module = pack.module(i);
    spv_const_binary_t binary = {module.data(), module.size()};
    spv_diagnostic diagnostic = nullptr;
    spv_result_t result = spvValidate(context, &binary, &diagnostic);
    if (diagnostic && llvm::StringRef(diagnostic->error) == kUnknownMatrices) {
      std::printf("%s: not validated, this SPIRV-Tools knows no matrices\n",
                  program.kernels[i].c_str());
      result = SPV_SUCCESS;
    }
    EXPECT_EQ(result, SPV_SUCCESS)
        << program.kernels[i] << " for " << program.variant.name << ": "
        << (diagnostic ? diagnostic->error : "");
    spvDiagnosticDestroy(diagnostic);
  }
  spvContextDestroy(context);
}

/// One program on one device. The order of members is that of their needs.
class Session {
public:
  Session(const GridProgram &program, const Pack &pack)
      : program(program), pack(pack), fault(&error) {}
  ~Session();
  bool open(const Driver &driver);
  bool hasFeatures() const;
  bool makePipelines();
  bool execute(llvm::ArrayRef<GridRun> runs);

private:
  bool good(rt::Status status, const std::string &what) {
    EXPECT_EQ(status, SINTER_OK) << what << ": " << error.message;
    return status == SINTER_OK;
  }
  bool good(VkResult result, const std::string &what) {
    EXPECT_EQ(result, VK_SUCCESS) << what;
    return result == VK_SUCCESS;
  }
  bool makePipeline(size_t kernel);
  bool makePool(llvm::ArrayRef<GridRun> runs);
  bool bind(const GridRun &run, size_t number, const GridImage &image,
            VkDescriptorSet sets[2]);
  size_t indexOf(const std::string &kernel) const {
    return size_t(llvm::find(program.kernels, kernel) -
                  program.kernels.begin());
  }

  /// Distance of the scalars of two runs: what uniform buffers want at most.
  static constexpr size_t kScalarStride = 256;

  const GridProgram &program;
  const Pack &pack;
  sinter_error error{};
  rt::Fault fault;
  rt::VulkanContext context;
  rt::VulkanLayouts layouts;
  std::vector<VkPipeline> pipelines;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  rt::VulkanBuffer data, scalars;
};

Session::~Session() {
  const rt::VulkanApi &vk = context.vk;
  if (!context.device)
    return;
  vk.DestroyDescriptorPool(context.device, pool, nullptr);
  for (VkPipeline pipeline : pipelines)
    vk.DestroyPipeline(context.device, pipeline, nullptr);
}

bool Session::open(const Driver &driver) {
  // The loader reads it whenever an instance is made.
  setenv("VK_ICD_FILENAMES", driver.icd.str().c_str(), 1);
  // What is tested is our code, not lavapipe's optimiser: without it, and with
  // short vectors, kernels compile in a third of the time.
  setenv("GALLIVM_PERF", "nopt", 0);
  setenv("LP_NATIVE_VECTOR_WIDTH", "128", 0);
  return good(context.open(driver.device.str().c_str(), fault),
              driver.name.str());
}

bool Session::hasFeatures() const {
  return llvm::all_of(program.variant.features, [&](const std::string &name) {
    return context.features.has(name.c_str());
  });
}

bool Session::makePipeline(size_t kernel) {
  llvm::ArrayRef<uint32_t> words = pack.module(kernel);
  uint32_t bindings = pack.table[kernel].bindings;
  rt::KernelCode code = {
      words.data(), words.size(), program.kernels[kernel].c_str(),
      llvm::is_contained(program.variant.features, "subgroups")};
  return good(layouts.require(context, bindings, fault), "layouts") &&
         good(rt::makePipeline(context, code, layouts.pipeline(bindings),
                               VK_NULL_HANDLE, pipelines[kernel], fault),
              program.kernels[kernel]);
}

bool Session::makePipelines() {
  pipelines.resize(program.kernels.size());
  for (size_t i = 0; i < pipelines.size(); ++i)
    if (!makePipeline(i))
      return false;
  return true;
}

bool Session::makePool(llvm::ArrayRef<GridRun> runs) {
  auto count = uint32_t(runs.size());
  uint32_t buffers = 0;
  for (const GridRun &run : runs)
    buffers += uint32_t(run.bindings.size());
  VkDescriptorPoolSize sizes[] = {
      {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, std::max(buffers, 1u)},
      {VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, count}};
  VkDescriptorPoolCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
  info.maxSets = 2 * count;
  info.poolSizeCount = 2;
  info.pPoolSizes = sizes;
  return good(
      context.vk.CreateDescriptorPool(context.device, &info, nullptr, &pool),
      "a descriptor pool");
}

bool Session::bind(const GridRun &run, size_t number, const GridImage &image,
                   VkDescriptorSet sets[2]) {
  const rt::VulkanApi &vk = context.vk;
  VkDescriptorSetLayout both[] = {
      layouts.set(pack.table[indexOf(run.kernel)].bindings), layouts.scalars()};
  VkDescriptorSetAllocateInfo allocate = {};
  allocate.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
  allocate.descriptorPool = pool;
  allocate.descriptorSetCount = 2;
  allocate.pSetLayouts = both;
  if (!good(vk.AllocateDescriptorSets(context.device, &allocate, sets),
            "descriptors"))
    return false;
  std::vector<VkDescriptorBufferInfo> ranges;
  for (size_t i = 0; i < run.bindings.size(); ++i)
    ranges.push_back(
        {data.handle(), image.offset(number, i),
         GridImage::sizeOf(*run.bindings[i]) + GridImage::kGuardBytes});
  VkDescriptorBufferInfo numbers = {scalars.handle(), number * kScalarStride,
                                    4 * sizeof(uint32_t)};
  VkWriteDescriptorSet writes[2] = {};
  writes[0].sType = writes[1].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  writes[0].dstSet = sets[0];
  writes[0].descriptorCount = uint32_t(ranges.size());
  writes[0].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  writes[0].pBufferInfo = ranges.data();
  writes[1].dstSet = sets[1];
  writes[1].descriptorCount = 1;
  writes[1].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
  writes[1].pBufferInfo = &numbers;
  vk.UpdateDescriptorSets(context.device, 2, writes, 0, nullptr);
  std::memcpy(scalars.mapped() + number * kScalarStride, run.scalars.data(),
              sizeof(run.scalars));
  return true;
}

/// All runs in one submission: they share no memory, so nothing stands between
/// them.
bool Session::execute(llvm::ArrayRef<GridRun> runs) {
  const rt::VulkanApi &vk = context.vk;
  GridImage image(runs);
  if (!good(data.create(context, image.bytes.size(), rt::Place::Device,
                        "the bindings", fault),
            "memory") ||
      !good(scalars.create(context, runs.size() * kScalarStride,
                           rt::Place::Host, "the scalars", fault),
            "memory") ||
      !makePool(runs))
    return false;
  if (!data.mapped()) {
    ADD_FAILURE() << "a software device whose memory cannot be mapped";
    return false;
  }
  std::memcpy(data.mapped(), image.bytes.data(), image.bytes.size());
  rt::VulkanCommandPool commandPool;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  if (!good(commandPool.create(context, rt::kComputeQueue, fault),
            "commands") ||
      !good(commandPool.allocate(commands, fault), "commands") ||
      !good(commandPool.begin(commands, /*oneTime=*/true, fault), "commands"))
    return false;
  for (auto [number, run] : llvm::enumerate(runs)) {
    VkDescriptorSet sets[2];
    if (!bind(run, number, image, sets))
      return false;
    size_t kernel = indexOf(run.kernel);
    vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                       pipelines[kernel]);
    vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE,
                             layouts.pipeline(pack.table[kernel].bindings), 0,
                             2, sets, 0, nullptr);
    vk.CmdDispatch(commands, uint32_t(run.x), uint32_t(run.y), 1);
  }
  rt::memoryBarrier(vk, commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                    VK_ACCESS_SHADER_WRITE_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                    VK_ACCESS_HOST_READ_BIT);
  rt::Submission submission;
  if (!good(commandPool.end(commands, fault), "commands") ||
      !good(context.submit(commands, rt::kComputeQueue, {}, submission, fault),
            "submission") ||
      !good(context.wait(submission, fault), "waiting"))
    return false;
  image.giveBack(
      {reinterpret_cast<const char *>(data.mapped()), image.bytes.size()},
      runs);
  return true;
}

class VulkanRunner : public GridRunner {
public:
  explicit VulkanRunner(const Driver &driver) : driver(driver) {}
  const Target &target() const override { return spirvTarget(); }
  bool run(const GridProgram &program,
           llvm::ArrayRef<GridRun> runs) const override {
    Pack pack(program.files.front().bytes);
    if (pack.kernels != program.kernels.size()) {
      ADD_FAILURE() << "the pack holds " << pack.kernels << " kernels";
      return false;
    }
    validate(pack, program);
    if (!llvm::sys::fs::exists(driver.icd)) {
      [&] {
        GTEST_SKIP() << "no " << driver.icd.str() << " (apt-get install "
                     << driver.package.str() << ")";
      }();
      return false;
    }
    Session session(program, pack);
    if (!session.open(driver))
      return false;
    if (!session.hasFeatures()) {
      [&] {
        GTEST_SKIP() << driver.name.str() << " lacks a feature of "
                     << program.variant.name << ": not executed"
                     << (program.variant.caps.getMatrix()
                             ? " (VK_KHR_cooperative_matrix of its shapes)"
                             : "");
      }();
      return false;
    }
    return session.makePipelines() && session.execute(runs);
  }

private:
  const Driver &driver;
};

} // namespace

const GridRunner &sinter::test::vulkanRunner(llvm::StringRef driver) {
  static const VulkanRunner lavapipe(kDrivers[0]), swiftShader(kDrivers[1]);
  return driver == kDrivers[0].name ? lavapipe : swiftShader;
}
