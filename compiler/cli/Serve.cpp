// sinter serve BUNDLE: the files of a web bundle over HTTP, to this machine
// only. What a static host must do for the page, done right: MIME types,
// byte ranges (a cut download goes on), entity tags, and the two headers that
// let a page use threads. Served is what lies in the folder and nothing
// above it; foreign Host headers are refused, so that no other site can read
// a bundle through a name that it points here (DNS rebinding).
#include "compiler/cli/Command.h"
#include "compiler/support/Error.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

#include <httplib.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <unistd.h>

using namespace sinter;
using namespace sinter::cli;

namespace {

/// First choice of a port; the next free one of these is taken.
constexpr int kFirstPort = 8080, kLastPort = 8099;

struct ServeOptions {
  std::string bundle;
  int port = -1; ///< -1: the first free one from kFirstPort
  bool isolated = true;
};

/// What the request's Range header asks of `size` bytes.
struct ByteRange {
  enum Kind { Whole, Part, Impossible } kind = Whole;
  uint64_t begin = 0, end = 0; ///< [begin, end)
};

/// Closes a file when the last response that sends it is done.
class OpenFile {
public:
  explicit OpenFile(int descriptor) : descriptor(descriptor) {}
  ~OpenFile() { ::close(descriptor); }
  OpenFile(const OpenFile &) = delete;
  OpenFile &operator=(const OpenFile &) = delete;

  const int descriptor;
};

/// Answers requests from one folder; used by several threads at once.
class StaticSite {
public:
  StaticSite(std::string root, bool isolated, const std::atomic<bool> &stopping)
      : root(std::move(root)), isolated(isolated), stopping(stopping) {}

  void answer(const httplib::Request &request,
              httplib::Response &response) const;

private:
  bool resolve(llvm::StringRef path, llvm::SmallVectorImpl<char> &file) const;

  std::string root; ///< without links
  bool isolated;
  const std::atomic<bool> &stopping;
};

} // namespace

static const char *mimeType(llvm::StringRef path) {
  return llvm::StringSwitch<const char *>(llvm::sys::path::extension(path))
      .Case(".html", "text/html; charset=utf-8")
      .Cases(".js", ".mjs", "text/javascript; charset=utf-8")
      .Case(".css", "text/css; charset=utf-8")
      .Cases(".json", ".map", "application/json; charset=utf-8")
      .Case(".webmanifest", "application/manifest+json")
      .Case(".wasm", "application/wasm")
      .Cases(".wgsl", ".ts", ".md", ".txt", "text/plain; charset=utf-8")
      .Case(".svg", "image/svg+xml")
      .Case(".png", "image/png")
      .Case(".ico", "image/x-icon")
      .Default("application/octet-stream");
}

/// One range of the forms a-b, a- and -n; several, or what is no range, are
/// ignored, as RFC 9110 allows.
static ByteRange parseRange(llvm::StringRef header, uint64_t size) {
  uint64_t first, last;
  auto [from, to] = header.split('-');
  if (!from.consume_front("bytes=") || header.count('-') != 1)
    return {};
  if (from.empty()) {
    if (to.getAsInteger(10, last))
      return {};
    if (last == 0 || size == 0)
      return {ByteRange::Impossible};
    return {ByteRange::Part, size - std::min(last, size), size};
  }
  if (from.getAsInteger(10, first) ||
      (!to.empty() && to.getAsInteger(10, last)))
    return {};
  if (to.empty() || last >= size)
    last = size - 1;
  if (first >= size)
    return {ByteRange::Impossible};
  return first > last ? ByteRange{}
                      : ByteRange{ByteRange::Part, first, last + 1};
}

/// Whether a Host header names this machine.
static bool isLoopbackHost(llvm::StringRef host) {
  if (host.starts_with("[::1]"))
    return true;
  llvm::StringRef name = host.split(':').first;
  return name == "127.0.0.1" || name.equals_insensitive("localhost");
}

/// The file that a decoded URL path names: below the root also after links are
/// followed, and not hidden.
bool StaticSite::resolve(llvm::StringRef path,
                         llvm::SmallVectorImpl<char> &file) const {
  if (path.empty() || path.contains('\0') || path.contains('\\'))
    return false;
  path = path.drop_front();
  if (path.empty())
    path = "index.html";
  llvm::SmallVector<llvm::StringRef> names;
  path.split(names, '/');
  for (llvm::StringRef name : names)
    if (name.empty() || name.starts_with("."))
      return false;
  llvm::SmallString<256> joined(root);
  llvm::sys::path::append(joined, path);
  if (llvm::sys::fs::real_path(joined, file))
    return false;
  llvm::StringRef real(file.data(), file.size());
  return real.consume_front(root) && real.starts_with("/") &&
         llvm::sys::fs::is_regular_file(llvm::Twine(root) + real);
}

/// Sends bytes [begin, begin + length) of an open file.
static void sendBytes(httplib::Response &response, int descriptor,
                      const char *type, uint64_t begin, uint64_t length,
                      const std::atomic<bool> &stopping) {
  auto file = std::make_shared<OpenFile>(descriptor);
  if (length == 0)
    return response.set_content("", type);
  response.set_content_provider(
      length, type,
      [file, begin, &stopping](size_t offset, size_t left,
                               httplib::DataSink &sink) {
        char buffer[64 << 10];
        ssize_t got = ::pread(file->descriptor, buffer,
                              std::min(left, sizeof(buffer)), begin + offset);
        // A file that became shorter, or a server that ends, cuts the reply.
        return got > 0 && !stopping && sink.write(buffer, got);
      });
}

void StaticSite::answer(const httplib::Request &request,
                        httplib::Response &response) const {
  // Ranges are ours: with a validator, and 416 where nothing can be sent. The
  // library would cut the body a second time.
  const_cast<httplib::Request &>(request).ranges.clear();
  if (!isLoopbackHost(request.get_header_value("Host"))) {
    response.status = 403;
    return response.set_content("only for this machine\n", "text/plain");
  }
  llvm::SmallString<256> file;
  llvm::sys::fs::file_status status;
  int descriptor = -1;
  if (!resolve(request.path, file) ||
      llvm::sys::fs::openFileForRead(file, descriptor) ||
      llvm::sys::fs::status(descriptor, status)) {
    if (descriptor >= 0)
      ::close(descriptor);
    response.status = 404;
    return response.set_content("not found\n", "text/plain");
  }
  uint64_t size = status.getSize();
  std::string tag = llvm::formatv(
      "\"{0:x-}-{1:x-}\"", size,
      status.getLastModificationTime().time_since_epoch().count());
  response.set_header("ETag", tag);
  response.set_header("Accept-Ranges", "bytes");
  // Ask again each time: a bundle may be compiled anew under the same name.
  response.set_header("Cache-Control", "no-cache");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Cross-Origin-Resource-Policy", "same-origin");
  if (isolated) {
    response.set_header("Cross-Origin-Opener-Policy", "same-origin");
    response.set_header("Cross-Origin-Embedder-Policy", "require-corp");
  }
  if (request.get_header_value("If-None-Match") == tag) {
    ::close(descriptor);
    response.status = 304;
    return;
  }
  ByteRange range = parseRange(request.get_header_value("Range"), size);
  if (request.has_header("If-Range") &&
      request.get_header_value("If-Range") != tag)
    range = {};
  if (range.kind == ByteRange::Impossible) {
    ::close(descriptor);
    response.status = 416;
    response.set_header("Content-Range", llvm::formatv("bytes */{0}", size));
    return;
  }
  response.status = range.kind == ByteRange::Part ? 206 : 200;
  if (range.kind == ByteRange::Part)
    response.set_header(
        "Content-Range",
        llvm::formatv("bytes {0}-{1}/{2}", range.begin, range.end - 1, size));
  else
    range.end = size;
  sendBytes(response, descriptor, mimeType(file), range.begin,
            range.end - range.begin, stopping);
}

/// The root without links, after a look at what it holds.
static llvm::Expected<std::string> siteRoot(const std::string &bundle) {
  llvm::SmallString<256> root;
  if (std::error_code error = llvm::sys::fs::real_path(bundle, root))
    return llvm::make_error<InputError>("cannot open " + bundle + ": " +
                                        error.message());
  bool isBundle = llvm::sys::fs::exists(root + "/manifest.json");
  if (!isBundle)
    return llvm::make_error<InputError>(
        bundle + " is not a bundle: it has no manifest.json");
  if (!llvm::sys::fs::exists(root + "/index.html"))
    return llvm::make_error<UnsupportedError>(
        bundle + " has no page to serve: compile the model with --target web "
                 "for one, or talk to this bundle with sinter chat");
  return root.str().str();
}

/// Binds to the asked port, or to the first free one. The port, or -1.
static int bindServer(httplib::Server &server, int port) {
  const char *loopback = "127.0.0.1";
  if (port == 0)
    return server.bind_to_any_port(loopback);
  for (int p = port < 0 ? kFirstPort : port; p <= (port < 0 ? kLastPort : port);
       ++p)
    if (server.bind_to_port(loopback, p))
      return p;
  return -1;
}

static void sayWhere(const ServeOptions &options, int port,
                     const Globals &globals) {
  std::string url = llvm::formatv("http://127.0.0.1:{0}/", port);
  if (globals.json) {
    llvm::json::Object where{{"url", url},
                             {"port", port},
                             {"bundle", options.bundle},
                             {"isolated", options.isolated}};
    llvm::outs() << llvm::json::Value(std::move(where)) << "\n";
    llvm::outs().flush();
  } else if (!globals.quiet) {
    llvm::errs() << options.bundle << " at " << url << " (Ctrl-C ends it)\n";
  }
}

/// Why bindServer failed, and what to do.
static llvm::Error portTaken(int port) {
  if (port >= 0)
    return llvm::make_error<ResourceError>(
        "port " + llvm::Twine(port) +
        " is taken or not allowed; choose another one, or --port 0 for any");
  return llvm::make_error<ResourceError>(
      "ports " + llvm::Twine(kFirstPort) + " to " + llvm::Twine(kLastPort) +
      " are all taken; choose another one with --port, or --port 0 for any");
}

static void setUp(httplib::Server &server, const StaticSite &site, bool log) {
  // Not the library's SO_REUSEPORT, with which two servers share a port.
  server.set_socket_options([](socket_t socket) {
    int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  });
  server.set_tcp_nodelay(true);
  // Short, because the end of the server waits for idle connections.
  server.set_keep_alive_timeout(1);
  server.set_keep_alive_max_count(10000);
  server.set_payload_max_length(0);
  server.Get(".*", [&site](const auto &request, auto &response) {
    site.answer(request, response);
  });
  if (log)
    server.set_logger([](const auto &request, const auto &response) {
      llvm::errs() << llvm::formatv("{0} {1} {2} {3}\n", response.status,
                                    request.method, request.path,
                                    request.get_header_value("Range"));
    });
}

static int run(const ServeOptions &options, const Globals &globals) {
  auto root = siteRoot(options.bundle);
  if (!root)
    return reportError(root.takeError());
  std::atomic<bool> stopping = false;
  StaticSite site(*root, options.isolated, stopping);
  httplib::Server server;
  setUp(server, site, globals.verbose > 0);
  int port = bindServer(server, options.port);
  if (port < 0)
    return reportError(portTaken(options.port));
  // One thread waits for the signals, which all others have blocked: stop()
  // is no function for a signal handler.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::thread watcher([&] {
    int signal;
    sigwait(&signals, &signal);
    stopping = true;
    server.stop();
    // A second one ends the process at once.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  });
  sayWhere(options, port, globals);
  server.listen_after_bind();
  if (!stopping)
    pthread_kill(watcher.native_handle(), SIGTERM);
  watcher.join();
  return kExitOk;
}

Runner cli::addServeCommand(CLI::App &app, const Globals &globals) {
  app.description("Serve the page of a web bundle to this machine");
  auto options = std::make_shared<ServeOptions>();
  app.add_option("BUNDLE", options->bundle, "Folder of the bundle")->required();
  app.add_option("--port", options->port,
                 "Port; 0: any free one (default: the first free one from "
                 "8080)")
      ->check(CLI::Range(0, 65535));
  app.add_flag("--coop,!--no-coop", options->isolated,
               "Send the headers that allow threads (on unless --no-coop)");
  return [options, &globals] { return run(*options, globals); };
}
