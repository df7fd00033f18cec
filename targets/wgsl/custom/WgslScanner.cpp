// Tokens with their lines, then the declarations at module scope; see
// WgslScanner.h.
#include "targets/wgsl/custom/WgslScanner.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <map>

using namespace llvm;
using namespace sinter;
using namespace sinter::wgsl;

namespace {

struct Token {
  std::string text; ///< a name, a number, or one character
  int64_t line;
};

/// `@name(a, b)`: the tokens between the parentheses.
struct Attribute {
  std::string name;
  std::vector<std::string> arguments;
};

class Scanner {
public:
  explicit Scanner(const KernelSource &source) : source(source) {}
  Expected<WgslModule> run();

private:
  Error tokenize();
  Error skipBlockComment(size_t &at, int64_t &line);
  Error declaration();
  Error attributes();
  Error variable(int64_t line);
  Error function(int64_t line);
  Error enable();
  Error constant();
  Error skipPast(StringRef closing);
  Error skipBraces();

  bool done() const { return next == tokens.size(); }
  StringRef peek() const {
    return done() ? StringRef() : StringRef(tokens[next].text);
  }
  std::string take() { return done() ? std::string() : tokens[next++].text; }
  int64_t line() const {
    return tokens.empty() ? 1 : tokens[std::min(next, tokens.size() - 1)].line;
  }
  Error fail(const Twine &what) const { return errorAt(source, line(), what); }
  /// The value of a token list that is one number or constant, or `otherwise`.
  int64_t numberOf(ArrayRef<std::string> expression, int64_t otherwise) const;
  const Attribute *find(StringRef name) const {
    for (const Attribute &attribute : pending)
      if (attribute.name == name)
        return &attribute;
    return nullptr;
  }

  const KernelSource &source;
  std::vector<Token> tokens;
  size_t next = 0;
  std::vector<Attribute> pending; ///< before the next declaration
  std::map<std::string, int64_t> constants;
  unsigned entries = 0;
  WgslModule result;
};

bool isName(char c) { return isAlnum(c) || c == '_'; }

} // namespace

/// Block comments nest.
Error Scanner::skipBlockComment(size_t &at, int64_t &line) {
  StringRef text = source.text;
  int64_t first = line;
  unsigned depth = 0;
  do {
    StringRef rest = text.substr(at);
    if (rest.empty())
      return errorAt(source, first, "this comment does not end");
    if (rest.starts_with("/*"))
      ++depth, ++at;
    else if (rest.starts_with("*/"))
      --depth, ++at;
    else if (rest.front() == '\n')
      ++line;
    ++at;
  } while (depth);
  return Error::success();
}

Error Scanner::tokenize() {
  StringRef text = source.text;
  int64_t line = 1;
  for (size_t at = 0; at < text.size();) {
    StringRef rest = text.substr(at);
    if (rest.starts_with("//")) {
      at += rest.find('\n') == StringRef::npos ? rest.size() : rest.find('\n');
    } else if (rest.starts_with("/*")) {
      if (Error error = skipBlockComment(at, line))
        return error;
    } else if (isName(rest.front())) {
      StringRef name = rest.take_while([](char c) { return isName(c); });
      tokens.push_back({name.str(), line});
      at += name.size();
    } else {
      line += rest.front() == '\n';
      if (!isSpace(rest.front()))
        tokens.push_back({std::string(1, rest.front()), line});
      ++at;
    }
  }
  return Error::success();
}

int64_t Scanner::numberOf(ArrayRef<std::string> expression,
                          int64_t otherwise) const {
  if (expression.size() != 1)
    return otherwise;
  auto known = constants.find(expression[0]);
  if (known != constants.end())
    return known->second;
  int64_t number = otherwise;
  StringRef digits = StringRef(expression[0]).rtrim("iu");
  return digits.getAsInteger(0, number) ? otherwise : number;
}

Error Scanner::skipPast(StringRef closing) {
  while (!done())
    if (take() == closing)
      return Error::success();
  return fail("'" + closing + "' is missing");
}

/// From before an opening brace to behind its closing one.
Error Scanner::skipBraces() {
  while (!done() && peek() != "{")
    ++next;
  int64_t first = line();
  unsigned depth = 0;
  do {
    if (done())
      return errorAt(source, first, "this brace is not closed");
    std::string token = take();
    depth += token == "{";
    depth -= token == "}";
  } while (depth);
  return Error::success();
}

Error Scanner::attributes() {
  pending.clear();
  while (peek() == "@") {
    ++next;
    Attribute attribute{take(), {}};
    if (peek() == "(") {
      unsigned depth = 0;
      do {
        if (done())
          return fail("')' is missing");
        std::string token = take();
        depth += token == "(";
        depth -= token == ")";
        attribute.arguments.push_back(std::move(token));
      } while (depth);
      attribute.arguments.erase(attribute.arguments.begin());
      attribute.arguments.pop_back();
    }
    pending.push_back(std::move(attribute));
  }
  return Error::success();
}

Error Scanner::variable(int64_t line) {
  WgslVariable variable;
  variable.line = line;
  if (peek() == "<") {
    ++next;
    variable.space = take();
    if (peek() == ",") {
      ++next;
      variable.access = take();
    }
    if (Error error = skipPast(">"))
      return error;
  }
  variable.name = take();
  if (peek() == ":") {
    ++next;
    while (!done() && peek() != ";" && peek() != "=")
      variable.type.push_back(take());
  }
  if (const Attribute *group = find("group"))
    variable.group = numberOf(group->arguments, -1);
  if (const Attribute *binding = find("binding"))
    variable.binding = numberOf(binding->arguments, -1);
  // array<T, NAME>: the number that NAME is.
  for (std::string &token : variable.type)
    if (constants.count(token))
      token = std::to_string(constants[token]);
  result.variables.push_back(std::move(variable));
  return skipPast(";");
}

Error Scanner::function(int64_t line) {
  std::string name = take();
  if (find("compute")) {
    ++entries;
    result.entry = name;
    result.entryLine = line;
    const Attribute *size = find("workgroup_size");
    if (!size)
      return errorAt(source, line,
                     "the compute function '" + name +
                         "' has no @workgroup_size");
    size_t dimension = 0;
    std::vector<std::string> part;
    auto finish = [&] {
      if (dimension < 3 && !part.empty())
        result.group[dimension++] = numberOf(part, 0);
      part.clear();
    };
    for (const std::string &token : size->arguments)
      token == "," ? finish() : part.push_back(token);
    finish();
  }
  return skipBraces();
}

Error Scanner::enable() {
  while (!done() && peek() != ";") {
    std::string name = take();
    if (name != ",")
      result.enables.push_back(std::move(name));
  }
  return skipPast(";");
}

/// `const NAME = 64u;`; other constants are skipped.
Error Scanner::constant() {
  std::string name = take();
  std::vector<std::string> expression;
  if (Error error = skipPast("="))
    return error;
  while (!done() && peek() != ";")
    expression.push_back(take());
  int64_t value = numberOf(expression, -1);
  if (value >= 0)
    constants[name] = value;
  return skipPast(";");
}

Error Scanner::declaration() {
  if (Error error = attributes())
    return error;
  int64_t at = line();
  std::string word = take();
  if (word == "enable")
    return enable();
  if (word == "var")
    return variable(at);
  if (word == "fn")
    return function(at);
  if (word == "const")
    return constant();
  if (word == "struct")
    return skipBraces();
  if (word == "override")
    return errorAt(source, at,
                   "overrides are not set by the runtime; use const");
  if (word == "alias" || word == "requires" || word == "diagnostic" ||
      word == "const_assert")
    return skipPast(";");
  if (word == ";")
    return Error::success();
  return errorAt(source, at, "'" + word + "' begins no declaration of WGSL");
}

Expected<WgslModule> Scanner::run() {
  if (Error error = tokenize())
    return std::move(error);
  while (!done())
    if (Error error = declaration())
      return std::move(error);
  if (entries != 1)
    return errorAt(source, 0,
                   "the file has " + Twine(entries) +
                       " compute functions, it must have one");
  return std::move(result);
}

Expected<WgslModule> sinter::wgsl::scanWgsl(const KernelSource &source) {
  return Scanner(source).run();
}

/// "vec4f" and the like as scalar and bytes.
static std::optional<WgslArray> shortVector(StringRef name) {
  unsigned lanes = 0;
  if (!name.consume_front("vec") || name.size() != 2 ||
      name.take_front(1).getAsInteger(10, lanes) || lanes < 2 || lanes > 4)
    return std::nullopt;
  StringRef scalar = StringSwitch<StringRef>(name.drop_front())
                         .Case("f", "f32")
                         .Case("h", "f16")
                         .Case("i", "i32")
                         .Case("u", "u32")
                         .Default("");
  if (scalar.empty())
    return std::nullopt;
  return WgslArray{scalar.str(), lanes * (scalar == "f16" ? 2 : 4), 0,
                   lanes == 3};
}

std::optional<WgslArray> sinter::wgsl::arrayOf(ArrayRef<std::string> type) {
  if (type.size() < 4 || type[0] != "array" || type[1] != "<" ||
      type.back() != ">")
    return std::nullopt;
  ArrayRef<std::string> element = type.drop_front(2).drop_back();
  WgslArray array;
  int64_t count = 0;
  size_t size = element.size();
  if (size > 2 && element[size - 2] == ",") {
    if (StringRef(element[size - 1]).rtrim("iu").getAsInteger(0, count))
      count = 0;
    element = element.drop_back(2);
  }
  auto isScalar = [](StringRef name) {
    return name == "f32" || name == "f16" || name == "i32" || name == "u32";
  };
  if (element.size() == 1 && isScalar(element[0]))
    array = {element[0], element[0] == "f16" ? 2 : 4, 0, false};
  else if (element.size() == 1)
    array = shortVector(element[0]).value_or(WgslArray());
  else if (element.size() == 4 && element[1] == "<" && isScalar(element[2]))
    array = shortVector(element[0] +
                        (element[2] == "f16" ? "h" : element[2].substr(0, 1)))
                .value_or(WgslArray());
  array.count = count;
  return array;
}
