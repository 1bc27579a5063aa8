#include "config/yaml_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/yaml_complaint.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

constexpr std::size_t kMaxFileBytes = 16u << 20;
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 1'000'000;

/// Ends the parse from inside a yaml-cpp callback; caught in read_yaml().
class Stop : public std::runtime_error {
 public:
  Stop(const YAML::Mark& mark, const std::string& message)
      : std::runtime_error(message), line(mark.line + 1), column(mark.column + 1) {}

  int line;
  int column;
};

/// Builds YamlNodes from yaml-cpp's events. The library's own Node is not used: it hides duplicate
/// keys, loses which scalars were quoted, and copies nothing of where an alias came from.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> file, std::vector<Problem>& problems)
      : file_(std::move(file)), problems_(problems) {}

  [[nodiscard]] std::shared_ptr<YamlNode> root() const { return root_; }

  [[nodiscard]] YAML::Mark last_scalar() const { return last_scalar_; }

  void OnDocumentStart(const YAML::Mark&) override {}

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, make(mark, YamlNode::Kind::kNull, anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end() || open_.count(found->second.get()) != 0) {
      throw Stop(mark, "an alias to the value that contains it has no end");
    }
    count(mark, found->second->expanded);
    if (stack_.size() + found->second->height > kMaxDepth) {
      throw Stop(mark, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
    }
    add(mark, found->second);
  }

  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t anchor,
                const std::string& value) override {
    last_scalar_ = mark;
    auto node = make(mark, YamlNode::Kind::kScalar, anchor);
    node->text = value;
    node->is_text = tag == "!" || tag == "tag:yaml.org,2002:str";
    check_tag(mark, tag);
    add(mark, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, make(mark, YamlNode::Kind::kSequence, anchor));
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, make(mark, YamlNode::Kind::kMap, anchor));
  }

  void OnMapEnd() override { close(); }

 private:
  struct Level {
    std::shared_ptr<YamlNode> node;
    std::unordered_map<std::string, int> lines;  // of the keys so far
    bool expects_value = false;
    bool drop_value = false;
    YamlEntry entry;
  };

  std::shared_ptr<YamlNode> make(const YAML::Mark& mark,
                                 YamlNode::Kind kind,
                                 YAML::anchor_t anchor) {
    count(mark, 1);
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->line = mark.line + 1;
    node->column = mark.column + 1;
    node->file = file_;
    if (anchor != 0) {
      anchors_[anchor] = node;
    }
    return node;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    total_ += nodes;
    if (total_ > kMaxNodes) {
      throw Stop(mark, "more than " + std::to_string(kMaxNodes) +
                           " values, counting what aliases stand for");
    }
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    static constexpr std::array<std::string_view, 10> kKnown{"",
                                                             "!",
                                                             "?",
                                                             "tag:yaml.org,2002:str",
                                                             "tag:yaml.org,2002:int",
                                                             "tag:yaml.org,2002:float",
                                                             "tag:yaml.org,2002:bool",
                                                             "tag:yaml.org,2002:null",
                                                             "tag:yaml.org,2002:seq",
                                                             "tag:yaml.org,2002:map"};
    if (std::find(kKnown.begin(), kKnown.end(), tag) == kKnown.end()) {
      problem(mark, "the tag " + tag + " has no meaning here; take it out");
    }
  }

  void problem(const YAML::Mark& mark, std::string message) {
    problems_.push_back(
        {{*file_, mark.line + 1, mark.column + 1}, path(), std::move(message), false});
  }

  [[nodiscard]] std::string path() const {
    std::string out;
    for (const Level& level : stack_) {
      if (level.node->kind == YamlNode::Kind::kSequence) {
        out += "[" + std::to_string(level.node->items.size()) + "]";
      } else if (level.expects_value) {
        out += (out.empty() ? "" : ".") + level.entry.name;
      }
    }
    return out;
  }

  void open(const YAML::Mark& mark, std::shared_ptr<YamlNode> node) {
    if (stack_.size() >= kMaxDepth) {
      throw Stop(mark, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
    }
    open_.insert(node.get());
    // A map or list in the place of a key is added like any value, so that key() can refuse it.
    stack_.push_back({std::move(node), {}, false, false, {}});
  }

  void close() {
    std::shared_ptr<YamlNode> node = std::move(stack_.back().node);
    stack_.pop_back();
    open_.erase(node.get());
    YAML::Mark mark;
    mark.line = node->line - 1;
    mark.column = node->column - 1;
    add(mark, std::move(node));
  }

  void add(const YAML::Mark& mark, std::shared_ptr<YamlNode> node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = stack_.back();
    YamlNode& parent = *level.node;
    if (parent.kind == YamlNode::Kind::kMap && !level.expects_value) {
      key(mark, *node);
      return;
    }
    parent.expanded += node->expanded;
    parent.height = std::max(parent.height, node->height + 1);
    if (parent.kind == YamlNode::Kind::kSequence) {
      parent.items.push_back(std::move(node));
      return;
    }
    level.expects_value = false;
    if (!level.drop_value) {
      level.entry.value = std::move(node);
      parent.entries.push_back(std::move(level.entry));
    }
  }

  void key(const YAML::Mark& mark, const YamlNode& node) {
    Level& level = stack_.back();
    level.drop_value = true;
    level.entry = {node.text, mark.line + 1, mark.column + 1, nullptr};
    if (node.kind != YamlNode::Kind::kScalar) {
      problem(mark, "a key must be a word");
    } else if (node.text == "<<" && !node.is_text) {
      problem(mark, "merge keys (<<) are not supported; write the values out or use an alias");
    } else {
      const auto [seen, fresh] = level.lines.emplace(node.text, mark.line + 1);
      level.drop_value = !fresh;
      if (!fresh) {
        const std::string before = path();
        problems_.push_back({{*file_, mark.line + 1, mark.column + 1},
                             (before.empty() ? "" : before + ".") + node.text,
                             "given twice; first on line " + std::to_string(seen->second),
                             false});
      }
    }
    level.expects_value = true;
  }

  std::shared_ptr<const std::string> file_;
  std::vector<Problem>& problems_;
  std::vector<Level> stack_;
  std::unordered_set<const YamlNode*> open_;
  std::unordered_map<YAML::anchor_t, std::shared_ptr<YamlNode>> anchors_;
  std::shared_ptr<YamlNode> root_;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
  std::size_t total_ = 0;
};

/// Where the first byte that is not UTF-8 stands.
Location place_of_bad_byte(std::string_view text, const std::string& file) {
  Location where{file, 1, 1};
  std::size_t line_start = 0;
  while (line_start < text.size()) {
    const std::size_t end = std::min(text.find('\n', line_start), text.size());
    const std::string_view line = text.substr(line_start, end - line_start);
    if (!is_utf8(line)) {
      for (std::size_t length = 1; length <= line.size(); ++length) {
        // A character is at most four bytes, so a prefix that stays wrong for four is wrong here.
        bool valid_soon = false;
        for (std::size_t more = 0; more < 4 && length + more <= line.size(); ++more) {
          valid_soon = valid_soon || is_utf8(line.substr(0, length + more));
        }
        if (!valid_soon || length == line.size()) {
          where.column = static_cast<int>(length);
          return where;
        }
        if (length > 4096) {
          return where;  // the line is enough
        }
      }
    }
    ++where.line;
    line_start = end + 1;
  }
  return where;
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& file, std::size_t max_bytes) {
  std::error_code failure;
  const std::filesystem::file_status status = std::filesystem::status(file, failure);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Error{ErrorCode::kNotFound, "there is no such file", {}};
  }
  if (failure) {
    return Error{ErrorCode::kIo, "cannot be read: " + failure.message(), {}};
  }
  if (status.type() == std::filesystem::file_type::directory) {
    return Error{ErrorCode::kInvalid, "is a folder, a file is needed", {}};
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return Error{ErrorCode::kIo, std::string("cannot be read: ") + std::strerror(errno), {}};
  }
  std::string text;
  std::vector<char> block(64u << 10);
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes) {
      return Error{
          ErrorCode::kTooLarge, "is larger than " + std::to_string(max_bytes) + " bytes", {}};
    }
  }
  if (in.bad()) {
    return Error{ErrorCode::kIo, "cannot be read to its end", {}};
  }
  return text;
}

std::shared_ptr<YamlNode> read_yaml(const std::filesystem::path& file,
                                    std::vector<Problem>& problems) {
  const Result<std::string> text = read_text_file(file, kMaxFileBytes);
  if (!text) {
    problems.push_back({{file.string(), 0, 0}, {}, text.error().message, false});
    return nullptr;
  }
  return parse_yaml(*text, file.string(), problems);
}

std::shared_ptr<YamlNode> parse_yaml(const std::string& text,
                                     const std::string& file,
                                     std::vector<Problem>& problems) {
  const auto name = std::make_shared<const std::string>(file);
  const auto failed = [&](int line, int column, std::string message) {
    problems.push_back({{*name, line, column}, {}, std::move(message), false});
    return nullptr;
  };
  if (!is_utf8(text)) {
    const Location where = place_of_bad_byte(text, *name);
    return failed(where.line, where.column, "not UTF-8; save the file as UTF-8");
  }
  TreeBuilder builder(name, problems);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) {
      return failed(1, 1, "the file is empty; it needs at least `version: 1`");
    }
    if (is_open_quote(text, builder.last_scalar().line, builder.last_scalar().column)) {
      return failed(builder.last_scalar().line + 1, builder.last_scalar().column + 1,
                    "bad YAML: a quote that is never closed");
    }
    TreeBuilder rest(name, problems);
    if (parser.HandleNextDocument(rest)) {
      const std::shared_ptr<YamlNode> second = rest.root();
      return failed(second ? second->line : 0, second ? second->column : 0,
                    "a second document (after `---`) has no meaning here");
    }
  } catch (const Stop& stop) {
    return failed(stop.line, stop.column, stop.what());
  } catch (const YAML::Exception& error) {
    return failed(error.mark.line + 1, error.mark.column + 1,
                  "bad YAML: " + explain_yaml_error(error.msg, error.mark.line, text));
  } catch (const std::exception& error) {
    return failed(0, 0, std::string("cannot be parsed: ") + error.what());
  }
  return builder.root();
}

}  // namespace aev::config
