#include "loader/library_file.h"

#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

namespace aev::loader {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
constexpr std::uint16_t kMachine = EM_NONE;  // not known here: left to the dynamic loader
#endif

class File {
 public:
  explicit File(const std::filesystem::path& file)
      : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

  ~File() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }

  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message), {}};
}

/// The dynamic loader's messages on such files are terse or wrong, so they are told apart first.
Result<void> check_is_library(const std::filesystem::path& path) {
  const File file(path);
  if (file.descriptor() < 0) {
    const int error = errno;
    return Error{error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                 "cannot be read (" + std::string(std::strerror(error)) +
                     "): make the file readable for the account that runs the host",
                 {}};
  }

  struct stat info {};

  if (::fstat(file.descriptor(), &info) != 0) {
    return Error{ErrorCode::kIo, "cannot be examined: " + std::string(std::strerror(errno)), {}};
  }
  if (S_ISDIR(info.st_mode)) {
    return invalid("is a directory, not a shared library: name the .so file inside it instead");
  }
  if (!S_ISREG(info.st_mode)) {
    return invalid("is not a regular file: a plugin is a shared library (.so)");
  }
  if (info.st_size == 0) {
    return invalid("is an empty file: was copying it interrupted? Install the plugin again");
  }
  ElfW(Ehdr) header{};
  const ssize_t got = ::pread(file.descriptor(), &header, sizeof header, 0);
  if (got < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return invalid(
        "is not a shared library (it lacks the ELF signature): is it a text file, or a library of "
        "another operating system? Only built plugins (.so) belong into a plugin directory");
  }
  if (got < static_cast<ssize_t>(sizeof header)) {
    return invalid("is cut short: install the plugin again");
  }
  const unsigned char our_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  if (header.e_ident[EI_CLASS] != our_class ||
      (kMachine != EM_NONE && header.e_machine != kMachine)) {
    return invalid("is built for another kind of processor: rebuild it for this machine's");
  }
  if (header.e_type != ET_DYN) {
    return invalid(
        "is an ELF file but not a shared library: link it with -shared, or use aev_add_plugin()");
  }
  return {};
}

Error no_entry() {
  return invalid(
      "does not export aev_plugin_entry: is it a plugin? If it is, build it with aev_add_plugin() "
      "and define aev_plugin_entry with AEV_EXPORT and C linkage (in C++: extern \"C\")");
}

}  // namespace

Result<const aev_entry*> open_library_file(const std::filesystem::path& path) {
  AEV_RETURN_IF_ERROR(check_is_library(path));
  // An absolute path keeps dlopen from searching the library path for a bare name.
  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  void* const library =
      ::dlopen((ignored ? path : absolute).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* const reason = ::dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
    return invalid(
        "cannot be loaded: " + std::string(reason != nullptr ? reason : "unknown reason") +
        ": check that the libraries it needs are installed (ldd shows which)");
  }
  void* const symbol = ::dlsym(library, "aev_plugin_entry");
  if (symbol == nullptr) {
    return no_entry();
  }
  // dlsym looks into the library's dependencies too; a symbol of theirs is not this file's.
  link_map* map = nullptr;
  Dl_info where{};
  const ElfW(Sym)* entry_symbol = nullptr;
  void* extra = nullptr;
  if (::dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 ||
      ::dladdr1(symbol, &where, &extra, RTLD_DL_LINKMAP) == 0 || extra != map) {
    return no_entry();
  }
  extra = nullptr;
  if (::dladdr1(symbol, &where, &extra, RTLD_DL_SYMENT) == 0 || extra == nullptr) {
    return no_entry();
  }
  entry_symbol = static_cast<const ElfW(Sym)*>(extra);
  if (ELF64_ST_TYPE(entry_symbol->st_info) != STT_OBJECT) {
    return invalid(
        "exports aev_plugin_entry, but not as a constant: define it as `const aev_entry "
        "aev_plugin_entry = {...}`, not as a function");
  }
  const auto* const entry = static_cast<const aev_entry*>(symbol);
  // Read the size that it claims only if the symbol is large enough to hold the claim.
  if (entry_symbol->st_size < offsetof(aev_entry, init) ||
      (entry->magic == AEV_MAGIC && entry->struct_size > entry_symbol->st_size)) {
    return invalid(
        "exports an aev_plugin_entry that is smaller than it says: define it with the type "
        "aev_entry of <aev/plugin.h> and struct_size = sizeof(aev_entry)");
  }
  return entry;
}

}  // namespace aev::loader
