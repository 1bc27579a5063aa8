// A subscriber that appends each event's canonical JSON to a file, one line each: the smallest
// plugin that is of use. Copy this folder, rename it, and replace what deliver() does.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <aev/plugin.hpp>

namespace {

/// The value of `"path": "…"` in the configuration. The host has checked it against the schema
/// below, so it is there; a plugin with more to read links a JSON library.
std::string path_of(aev::sdk::Json config) {
  const auto key = config.find("\"path\"");
  const auto begin = config.find('"', config.find(':', key)) + 1;
  return std::string(config.substr(begin, config.find('"', begin) - begin));
}

class LineWriter : public aev::sdk::Subscriber {
 public:
  LineWriter(aev::sdk::Host host, aev::sdk::Json config) : host_(host), path_(path_of(config)) {}

  ~LineWriter() override {
    if (file_ >= 0) {
      close(file_);
    }
  }

  void deliver(aev::sdk::Batch batch) override {
    if (file_ < 0) {
      file_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    }
    if (file_ < 0) {
      // The host pauses this subscriber and tries again; no event loses an attempt.
      batch.complete_all(aev::sdk::NotConnected(path_ + ": " + std::strerror(errno)));
      return;
    }
    std::string lines;
    for (const auto event : batch) {
      aev::sdk::append_canonical_json(lines, event);
      lines += '\n';
    }
    if (write(file_, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size())) {
      batch.complete_all(aev::sdk::Delivered());
    } else {
      batch.complete_all(aev::sdk::Retry(std::strerror(errno), errno));
    }
  }

 private:
  aev::sdk::Host host_;
  std::string path_;
  int file_ = -1;
};

}  // namespace

AEV_PLUGIN(aev::sdk::Type<LineWriter>{.id = "my_subscriber",
                                      .name = "Writes events to a file",
                                      .version = "0.1.0",
                                      .vendor = "you",
                                      .config_schema = R"({
      "type": "object",
      "properties": {"path": {"type": "string", "minLength": 1, "description": "File to append to"}},
      "required": ["path"],
      "additionalProperties": false
    })"});
