//===- FuzzTemplate.cpp - Chat templates from anybody ---------------------===//
//
// The input is a template, a zero byte, and the JSON of its variables. What is
// rendered must keep within its limits, tell of the input only what lies in the
// text, and come out the same twice; what is not must say why.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/ChatTemplate.h"

using namespace sinter::text;

static void require(bool condition) {
  if (!condition)
    __builtin_trap();
}

static void check(const ChatTemplate &rendering, RenderStatus status,
                  const RenderLimits &limits) {
  size_t size = rendering.text().size, end = 0;
  require(size <= limits.outputBytes);
  for (size_t i = 0; i < rendering.inputRangeCount(); ++i) {
    const TextRange &range = rendering.inputRanges()[i];
    require(range.begin >= end && range.begin < range.end);
    end = range.end;
  }
  require(end <= size);
  if (status == RenderStatus::Ok)
    return;
  // raise_exception('') has no more to say than that.
  require(rendering.message()[0] || status == RenderStatus::Refused);
  require(size == 0);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *source = reinterpret_cast<const char *>(data);
  size_t length = 0;
  while (length < size && data[length])
    ++length;
  ChatInput input;
  if (length < size)
    input.variablesJson = {data + length + 1, size - length - 1};
  RenderLimits limits;
  limits.steps = 20000;
  limits.outputBytes = 1 << 16;
  limits.memoryBytes = 1 << 22;
  ChatTemplate first, second;
  RenderStatus status = first.render(source, length, input, limits);
  check(first, status, limits);
  require(second.render(source, length, input, limits) == status);
  Bytes a = first.text(), b = second.text();
  require(compareBytes(a, b) == 0);
  return 0;
}
