#include "loader/entry_check.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "core/json_text.h"
#include "loader/guarded_call.h"

namespace aev::loader {
namespace {

constexpr std::uint32_t kMaxTypes = 256;
constexpr std::size_t kMaxIdBytes = 64;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxSchemaBytes = 4u << 20;

Error invalid(std::string message) {
  return Error{ErrorCode::kInvalid, std::move(message), {}};
}

std::string version(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

Result<void> check_version(const aev_entry& entry) {
  const std::string theirs = version(entry.abi_major, entry.abi_minor);
  const std::string ours = version(AEV_ABI_MAJOR, AEV_ABI_MINOR);
  const std::string built = "is built for ABI " + theirs + ", this host has " + ours;
  // Before 1.0 a minor may change anything.
  if (entry.abi_major != AEV_ABI_MAJOR ||
      (AEV_ABI_MAJOR == 0 && entry.abi_minor != AEV_ABI_MINOR)) {
    return invalid(built + ": rebuild it against this host's SDK");
  }
  if (entry.min_host_minor > AEV_ABI_MINOR) {
    return invalid("needs a host with ABI " + version(entry.abi_major, entry.min_host_minor) +
                   " or newer, this host has " + ours +
                   ": update the host, or use an older plugin");
  }
  return {};
}

bool valid_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

/// `text` copied, or an error if it is missing, too long or not UTF-8.
Result<std::string> descriptor_text(const std::string& which,
                                    const char* member,
                                    const char* text,
                                    std::size_t max_bytes) {
  if (text == nullptr) {
    return invalid(which + " has no `" + member + "`: every text of an aev_descriptor is required");
  }
  const std::size_t length = strnlen(text, max_bytes + 1);
  if (length > max_bytes) {
    return invalid(which + " has a `" + member + "` of more than " + std::to_string(max_bytes) +
                   " bytes: is it NUL-terminated?");
  }
  std::string copy(text, length);
  if (!is_utf8(copy)) {
    return invalid(which + " has a `" + member + "` that is not UTF-8");
  }
  return copy;
}

Result<TypeInfo> read_type(const aev_descriptor& descriptor, std::uint32_t index) {
  const std::string number = "subscriber type number " + std::to_string(index);
  if (!AEV_HAS(&descriptor, aev_descriptor, config_schema_json)) {
    return invalid(number + " says a struct_size of " + std::to_string(descriptor.struct_size) +
                   ", which is too small: set it to sizeof(aev_descriptor)");
  }
  TypeInfo type;
  AEV_ASSIGN(type.id, descriptor_text(number, "id", descriptor.id, kMaxTextBytes));
  if (!valid_id(type.id)) {
    return invalid(number + " has the id \"" + type.id +
                   "\": an id has 1 to 64 of the characters a-z, 0-9, _ and -");
  }
  const std::string which = "subscriber type \"" + type.id + "\"";
  AEV_ASSIGN(type.name, descriptor_text(which, "name", descriptor.name, kMaxTextBytes));
  AEV_ASSIGN(type.version, descriptor_text(which, "version", descriptor.version, kMaxTextBytes));
  AEV_ASSIGN(type.vendor, descriptor_text(which, "vendor", descriptor.vendor, kMaxTextBytes));
  AEV_ASSIGN(
      type.config_schema_json,
      descriptor_text(which, "config_schema_json", descriptor.config_schema_json, kMaxSchemaBytes));
  type.source = (descriptor.flags & AEV_TYPE_SOURCE) != 0;
  if (type.config_schema_json.find_first_not_of(" \t\r\n") == std::string::npos) {
    return invalid(which + " has an empty `config_schema_json`: {} allows everything");
  }
  return type;
}

}  // namespace

Result<aev_entry> check_entry(const aev_entry& entry) {
  if (entry.magic != AEV_MAGIC) {
    return invalid(
        "exports an aev_plugin_entry with a wrong magic number: set `magic` to AEV_MAGIC, and make "
        "the entry a compile-time constant");
  }
  AEV_RETURN_IF_ERROR(check_version(entry));
  if (!AEV_HAS(&entry, aev_entry, create)) {
    return invalid("says a struct_size of " + std::to_string(entry.struct_size) +
                   " in aev_plugin_entry, which is too small: set it to sizeof(aev_entry)");
  }
  aev_entry known{};
  std::memcpy(&known, &entry, std::min<std::size_t>(entry.struct_size, sizeof known));
  if (known.descriptor == nullptr) {
    return invalid("has no `descriptor` function in aev_plugin_entry: it is required");
  }
  if (known.create == nullptr) {
    return invalid("has no `create` function in aev_plugin_entry: it is required");
  }
  return known;
}

Result<std::vector<TypeInfo>> read_types(const aev_entry& entry) {
  std::vector<TypeInfo> types;
  for (std::uint32_t index = 0;; ++index) {
    const aev_descriptor* descriptor = nullptr;
    if (auto thrown = guarded_call([&] { descriptor = entry.descriptor(index); })) {
      return invalid("descriptor(" + std::to_string(index) + ") " + *thrown +
                     ": report this to the plugin's vendor");
    }
    if (descriptor == nullptr) {
      break;
    }
    if (index == kMaxTypes) {
      return invalid("offers more than " + std::to_string(kMaxTypes) +
                     " subscriber types: descriptor() must return NULL after the last");
    }
    AEV_ASSIGN(TypeInfo type, read_type(*descriptor, index));
    const auto same = [&](const TypeInfo& other) { return other.id == type.id; };
    if (std::any_of(types.begin(), types.end(), same)) {
      return invalid("offers the subscriber type \"" + type.id +
                     "\" twice: ids must differ, and descriptor() must return NULL after the last");
    }
    types.push_back(std::move(type));
  }
  if (types.empty()) {
    return invalid("offers no subscriber type: descriptor(0) must return one");
  }
  return types;
}

}  // namespace aev::loader
