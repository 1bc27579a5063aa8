#pragma once

#include <string>
#include <utility>
#include <vector>

#include <aev/plugin.hpp>

namespace aev::kafka {

/// An event that owns what it shows, for tests of parts that take one.
class MadeEvent {
 public:
  explicit MadeEvent(std::string data = "{}",
                     std::string type = "vote",
                     std::string debate = "d1",
                     std::vector<std::pair<std::string, std::string>> attributes = {})
      : data_(std::move(data)),
        type_(std::move(type)),
        debate_(std::move(debate)),
        attributes_(std::move(attributes)) {
    for (const auto& [name, value] : attributes_) {
      raw_attributes_.push_back({sdk::str(name), sdk::str(value)});
    }
    raw_.seq = 1;
    raw_.time_unix_ns = 1'772'366'400'000'000'000;
    raw_.id = sdk::str("e1");
    raw_.event_type = sdk::str(type_);
    raw_.debate_id = sdk::str(debate_);
    raw_.source = sdk::str("arena");
    raw_.content_type = sdk::str("application/json");
    raw_.data = {data_.data(), data_.size()};
    raw_.attributes = raw_attributes_.data();
    raw_.attribute_count = static_cast<std::uint32_t>(raw_attributes_.size());
    raw_.attempt = 1;
  }

  MadeEvent(const MadeEvent&) = delete;
  MadeEvent& operator=(const MadeEvent&) = delete;

  [[nodiscard]] aev_event& raw() { return raw_; }

  [[nodiscard]] sdk::Event view() const { return sdk::Event(&raw_); }

 private:
  std::string data_;
  std::string type_;
  std::string debate_;
  std::vector<std::pair<std::string, std::string>> attributes_;
  std::vector<aev_attr> raw_attributes_;
  aev_event raw_{};
};

}  // namespace aev::kafka
