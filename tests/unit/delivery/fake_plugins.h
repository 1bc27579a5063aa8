#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "loader/instance.h"

namespace aev::delivery::testing {

/// One attempt as a plugin saw it.
struct SeenAttempt {
  std::string subscriber;
  events::Seq seq = 0;
  std::uint32_t attempt = 0;
  bool replay = false;
  std::string config = {};  ///< of the instance
};

/// How a plugin answers an attempt; nothing: not before settle_held().
using Answer = std::function<std::optional<loader::Outcome>(const SeenAttempt&)>;

/// Plugins that answer at once as the test says, or hold what they got. Thread-safe.
class FakePlugins final : public loader::InstanceFactory {
 public:
  FakePlugins();

  /// Decides about every later attempt.
  void answer(Answer answer);
  /// Settles everything that is held.
  void settle_held(loader::Outcome outcome);
  /// Ends the instance of `subscriber` as a plugin that broke the contract.
  void fail(const std::string& subscriber);
  /// From now on nothing is looked at or settled, and instances stop at once with what they hold.
  void die();
  /// Instances created from now on work again.
  void revive();
  /// The next creations fail.
  void refuse(std::optional<Error> refusal);
  /// The next instances do not start.
  void refuse_start(std::optional<Error> refusal);
  /// From now on start() is not answered.
  void hold_starts();

  /// How many instances were created.
  [[nodiscard]] std::size_t created();
  /// Waits until so many were; false after kLimit.
  [[nodiscard]] bool wait_created(std::size_t count);

  [[nodiscard]] std::vector<SeenAttempt> seen();
  /// How often each seq was tried by `subscriber`.
  [[nodiscard]] std::map<events::Seq, int> tries(const std::string& subscriber);
  /// Waits until `condition` holds of all attempts seen; false after kLimit.
  [[nodiscard]] bool wait(const std::function<bool(const std::vector<SeenAttempt>&)>& condition);
  /// Waits until so many attempts have been seen; false after kLimit.
  [[nodiscard]] bool wait_attempts(std::size_t count);
  /// Waits until so many instances have been asked to stop; false after kLimit.
  [[nodiscard]] bool wait_stops(std::size_t count);

  Result<std::unique_ptr<loader::Instance>> create(std::string_view type,
                                                   const std::string& name,
                                                   const std::string& config_json,
                                                   loader::InstanceListener& listener) override;

 private:
  class FakeInstance;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace aev::delivery::testing
