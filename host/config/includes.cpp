#include "config/includes.h"

#include <algorithm>
#include <glob.h>
#include <set>
#include <string>
#include <system_error>

#include "config/interpolation.h"
#include "config/yaml_reader.h"

namespace aev::config {
namespace {

constexpr std::size_t kMaxFiles = 1000;

/// Files that match `pattern`, sorted. The folder's own name is taken literally.
std::vector<std::string> matching_files(const std::filesystem::path& folder,
                                        const std::string& pattern) {
  std::string whole;
  if (!std::filesystem::path(pattern).is_absolute()) {
    for (const char each : (folder / "").string()) {
      if (each == '*' || each == '?' || each == '[' || each == '\\') {
        whole += '\\';
      }
      whole += each;
    }
  }
  whole += pattern;
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(whole.c_str(), 0, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

class Includer {
 public:
  Includer(const Environment& environment, std::vector<Problem>& problems)
      : environment_(environment), problems_(problems) {}

  std::shared_ptr<YamlNode> read(const std::filesystem::path& file) {
    const std::string identity = identify(file);
    done_.insert(identity);
    std::shared_ptr<YamlNode> root = read_yaml(file, problems_);
    if (root == nullptr) {
      return nullptr;
    }
    if (root->kind != YamlNode::Kind::kMap) {
      problems_.push_back({root->where(), {}, "the file must hold a map (`version: 1` …)", false});
      return nullptr;
    }
    const std::filesystem::path folder = file.parent_path();
    interpolate(*root, folder, environment_, problems_);
    open_.push_back(identity);
    include_all(*root, folder);
    open_.pop_back();
    return root;
  }

 private:
  static std::string identify(const std::filesystem::path& file) {
    std::error_code failure;
    const std::filesystem::path real = std::filesystem::weakly_canonical(file, failure);
    return failure ? file.string() : real.string();
  }

  void include_all(YamlNode& root, const std::filesystem::path& folder) {
    const auto entry = std::find_if(root.entries.begin(), root.entries.end(),
                                    [](const YamlEntry& each) { return each.name == "include"; });
    if (entry == root.entries.end()) {
      return;
    }
    const std::shared_ptr<YamlNode> patterns = entry->value;
    root.entries.erase(entry);
    if (patterns->kind == YamlNode::Kind::kSequence) {
      for (std::size_t i = 0; i < patterns->items.size(); ++i) {
        include(root, folder, *patterns->items[i], "include[" + std::to_string(i) + "]");
      }
    } else if (patterns->kind != YamlNode::Kind::kNull) {
      include(root, folder, *patterns, "include");
    }
  }

  void include(YamlNode& root,
               const std::filesystem::path& folder,
               const YamlNode& pattern,
               const std::string& path) {
    if (pattern.kind != YamlNode::Kind::kScalar || pattern.text.empty()) {
      problem(pattern.where(), path, "must be a path or a glob, or a list of them");
      return;
    }
    const std::vector<std::string> files = matching_files(folder, pattern.text);
    if (files.empty() && pattern.text.find_first_of("*?[") == std::string::npos) {
      problem(pattern.where(), path, "there is no file " + (folder / pattern.text).string());
    }
    for (const std::string& file : files) {
      const std::string identity = identify(file);
      const auto cycle = std::find(open_.begin(), open_.end(), identity);
      if (cycle != open_.end()) {
        std::string chain;
        for (auto each = cycle; each != open_.end(); ++each) {
          chain += std::filesystem::path(*each).filename().string() + " -> ";
        }
        problem(pattern.where(), path,
                "includes itself: " + chain + std::filesystem::path(identity).filename().string());
        continue;
      }
      if (done_.count(identity) != 0) {
        continue;  // reached by two globs; once is enough
      }
      if (done_.size() >= kMaxFiles) {
        problem(pattern.where(), path, "more than " + std::to_string(kMaxFiles) + " files");
        return;
      }
      if (const std::shared_ptr<YamlNode> other = read(file)) {
        merge(root, *other);
      }
    }
  }

  void merge(YamlNode& into, const YamlNode& from) {
    for (const YamlEntry& entry : from.entries) {
      const auto own =
          std::find_if(into.entries.begin(), into.entries.end(),
                       [&entry](const YamlEntry& each) { return each.name == entry.name; });
      if (own == into.entries.end() || own->value->kind == YamlNode::Kind::kNull) {
        if (own == into.entries.end()) {
          into.entries.push_back(entry);
        } else {
          *own = entry;
        }
        continue;
      }
      merge_entry(*own, entry);
    }
  }

  void merge_entry(YamlEntry& own, const YamlEntry& other) {
    const YamlNode& more = *other.value;
    if (more.kind == YamlNode::Kind::kNull ||
        (own.name == "version" && own.value->text == more.text)) {
      return;
    }
    if (own.value->kind != more.kind || more.kind == YamlNode::Kind::kScalar) {
      twice(own, other, own.name);
      return;
    }
    // The node may be shared through an alias, so the joined one is a copy.
    auto joined = std::make_shared<YamlNode>(*own.value);
    joined->items.insert(joined->items.end(), more.items.begin(), more.items.end());
    for (const YamlEntry& child : more.entries) {
      if (const YamlEntry* const first = joined->find(child.name)) {
        twice(*first, child, own.name + "." + child.name);
      } else {
        joined->entries.push_back(child);
      }
    }
    own.value = std::move(joined);
  }

  void twice(const YamlEntry& first, const YamlEntry& second, const std::string& path) {
    problem(second.key_where(), path, "given twice; first at " + to_string(first.key_where()));
  }

  void problem(const Location& where, const std::string& path, std::string message) {
    problems_.push_back({where, path, std::move(message), false});
  }

  const Environment& environment_;
  std::vector<Problem>& problems_;
  std::vector<std::string> open_;  // files being read, outermost first
  std::set<std::string> done_;
};

}  // namespace

std::shared_ptr<YamlNode> read_with_includes(const std::filesystem::path& file,
                                             const Environment& environment,
                                             std::vector<Problem>& problems) {
  return Includer(environment, problems).read(file);
}

}  // namespace aev::config
