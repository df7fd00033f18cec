// Numbered dumps of the module and an index page that shows what changed
// between them; plain files, no network, no script beyond the page's own.
#include "compiler/pipeline/Stages.h"

#include "compiler/support/Error.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace sinter;

std::string StageDumper::fileName(StringRef folder, Stage stage) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, llvm::formatv("{0,0+2}-{1}.mlir",
                                              static_cast<int>(stage),
                                              stageFlag(stage))
                                    .str());
  return path.str().str();
}

llvm::Expected<StageDumper> StageDumper::create(StringRef folder) {
  StageDumper dumper;
  dumper.folder = folder.str();
  if (folder.empty())
    return dumper;
  if (std::error_code error = llvm::sys::fs::create_directories(folder))
    return resourceError("cannot create the dump folder " + folder + ": " +
                         error.message());
  return dumper;
}

llvm::Error StageDumper::dump(Stage stage, ModuleOp module) {
  if (folder.empty())
    return llvm::Error::success();
  std::string path = fileName(folder, stage);
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (error)
    return resourceError("cannot write " + Twine(path) + ": " +
                         error.message());
  // Locations stay: they carry the layer paths from stage to stage.
  module.print(out, OpPrintingFlags().enableDebugInfo(true, false));
  out << "\n";
  out.close();
  if (out.has_error()) {
    error = out.error();
    out.clear_error();
    return resourceError("cannot write " + Twine(path) + ": " +
                         error.message());
  }
  dumped.push_back(stage);
  return llvm::Error::success();
}

llvm::Expected<OwningOpRef<ModuleOp>>
sinter::readDump(MLIRContext *context, StringRef folder, Stage stage) {
  std::string path = StageDumper::fileName(folder, stage);
  if (!llvm::sys::fs::exists(path))
    return inputError("there is no dump " + Twine(path) +
                      "; make it with --dump-ir first");
  auto module = parseSourceFile<ModuleOp>(path, context);
  if (!module)
    return inputError("the dump " + Twine(path) + " does not parse");
  if (failed(verifyStage(stage, *module)))
    return inputError("the dump " + Twine(path) + " is not what stage " +
                      stageFlag(stage) + " leaves");
  return std::move(module);
}

//===-- index.html --------------------------------------------------------===//

/// Text of one dump as a JavaScript string literal, safe inside <script>.
static std::string scriptString(StringRef text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '<':
      out += "\\u003c";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20)
        out += ' ';
      else
        out += c;
    }
  }
  return out + "\"";
}

static constexpr StringRef kPageHead = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sinter stages</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 1rem; }
nav button { font: inherit; margin: 0 .25rem .25rem 0; padding: .2rem .6rem; }
nav button[aria-pressed=true] { font-weight: bold; }
pre { font: 12px/1.35 monospace; overflow-x: auto; }
.add { background: #dff5e1; } .del { background: #fbe3e4; text-decoration: line-through; }
</style>
<h1>Stages of this compile</h1>
<p>Left: the stage to show. A line is marked where it is not in the stage before.
<label><input type="checkbox" id="whole"> unchanged lines too</label></p>
<nav id="nav"></nav><pre id="out"></pre>
<script>
const stages = [
)";

static constexpr StringRef kPageTail = R"(];
const nav = document.getElementById('nav'), out = document.getElementById('out'), whole = document.getElementById('whole');
let shown = 0;
const count = lines => { const m = new Map(); for (const l of lines) m.set(l, (m.get(l) ?? 0) + 1); return m; };
const plain = line => line.replace(/ loc\(.*\)$/, '');
function show(i) {
  shown = i;
  [...nav.children].forEach((b, k) => b.setAttribute('aria-pressed', k === i));
  const now = stages[i].text.split('\n').map(plain), before = i ? stages[i - 1].text.split('\n').map(plain) : [];
  const had = count(before), has = count(now);
  out.textContent = '';
  const line = (text, kind) => { const d = document.createElement('div'); d.textContent = (kind === 'add' ? '+ ' : kind === 'del' ? '- ' : '  ') + text; d.className = kind; out.append(d); };
  for (const l of before) if (!has.get(l) && whole.checked) line(l, 'del');
  for (const l of now) { const isNew = !had.get(l); if (isNew) line(l, 'add'); else if (whole.checked || !i) line(l, ''); }
}
stages.forEach((s, i) => { const b = document.createElement('button'); b.textContent = s.name; b.title = s.file; b.onclick = () => show(i); nav.append(b); });
whole.onchange = () => show(shown);
show(0);
</script>
</html>
)";

llvm::Error StageDumper::writeIndex() {
  if (folder.empty())
    return llvm::Error::success();
  std::string page = kPageHead.str();
  for (Stage stage : dumped) {
    std::string path = fileName(folder, stage);
    auto text = llvm::MemoryBuffer::getFile(path);
    if (!text)
      return resourceError("cannot read back " + Twine(path));
    page += "{name: \"" + stageFlag(stage).str() +
            "\", file: " + scriptString(llvm::sys::path::filename(path)) +
            ", text: " + scriptString((*text)->getBuffer()) + "},\n";
  }
  page += kPageTail;
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, "index.html");
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (error)
    return resourceError("cannot write " + Twine(path) + ": " +
                         error.message());
  out << page;
  return llvm::Error::success();
}
