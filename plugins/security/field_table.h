#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aev::security {

/// Numbers the members of data that rules ask for: `ip_address`, or `metadata.country` for one of
/// an object in data. Immutable once the rules are compiled.
class FieldTable {
 public:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// The number of a path, which is new or known.
  std::size_t add(std::string_view path) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].path == path) {
        return i;
      }
    }
    const std::size_t dot = path.find('.');
    fields_.push_back({std::string(path),
                       dot == std::string_view::npos ? std::string() : std::string(path, 0, dot),
                       std::string(dot == std::string_view::npos ? path : path.substr(dot + 1))});
    return fields_.size() - 1;
  }

  /// The number of member `name` of the object `parent` (empty: of data itself), or kNone.
  [[nodiscard]] std::size_t find(std::string_view parent, std::string_view name) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].name == name && fields_[i].parent == parent) {
        return i;
      }
    }
    return kNone;
  }

  [[nodiscard]] bool is_parent(std::string_view name) const {
    for (const Field& field : fields_) {
      if (!field.parent.empty() && field.parent == name) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] std::size_t size() const { return fields_.size(); }

  [[nodiscard]] const std::string& parent(std::size_t number) const {
    return fields_[number].parent;
  }

  [[nodiscard]] const std::string& name(std::size_t number) const { return fields_[number].name; }

  [[nodiscard]] const std::string& path(std::size_t number) const { return fields_[number].path; }

 private:
  struct Field {
    std::string path;
    std::string parent;
    std::string name;
  };

  std::vector<Field> fields_;
};

}  // namespace aev::security
