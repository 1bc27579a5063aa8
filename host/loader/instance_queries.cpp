// The part of InstanceCore that asks the plugin (aev.query, aev.check) and answers its requests.

#include <utility>

#include "loader/instance_core.h"
#include "loader/plugin_text.h"

namespace aev::loader {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64u << 20;
constexpr std::size_t kMaxMediaTypeBytes = 128;

/// Where a plugin writes what it answers.
struct Written {
  QueryAnswer answer;
  bool too_large = false;
};

void set_content_type(aev_answer* answer, aev_str media_type) {
  auto& written = *static_cast<Written*>(answer->host_data);
  std::string text = plugin_text(media_type, kMaxMediaTypeBytes);
  if (text.find_first_of("\r\n") == std::string::npos) {
    written.answer.media_type = std::move(text);
  }
}

std::uint32_t write_answer(aev_answer* answer, aev_bytes bytes) {
  auto& written = *static_cast<Written*>(answer->host_data);
  if (bytes.len > kMaxAnswerBytes - written.answer.body.size()) {
    written.too_large = true;
    return 0;
  }
  if (bytes.ptr != nullptr) {
    written.answer.body.append(static_cast<const char*>(bytes.ptr), bytes.len);
  }
  return 1;
}

ErrorCode query_error(aev_status status) {
  switch (status) {
    case AEV_E_UNSUPPORTED:
      return ErrorCode::kNotFound;
    case AEV_E_CONFIG:
      return ErrorCode::kInvalid;
    case AEV_E_STATE:
    case AEV_BUSY:
      return ErrorCode::kConflict;
    default:
      return ErrorCode::kInternal;
  }
}

Error no_queries(const std::string& subscriber) {
  return Error{ErrorCode::kNotFound,
               "subscriber '" + subscriber + "' answers no queries: its plugin has none",
               {}};
}

}  // namespace

Result<QueryAnswer> Instance::query(std::string_view /*name*/,
                                    std::string_view /*parameters_json*/) {
  return Error{ErrorCode::kNotFound, "this subscriber answers no queries", {}};
}

std::string Instance::queries_json() {
  return "[]";
}

Result<void> Instance::check(Duration /*patience*/) {
  return {};
}

const void* InstanceCore::extension(const char* id) const {
  const void* found = nullptr;
  if (functions_.get_extension != nullptr) {
    // A plugin that throws here simply has no extension.
    static_cast<void>(guarded_call([&] { found = functions_.get_extension(subscriber_, id); }));
  }
  return found;
}

Result<QueryAnswer> InstanceCore::query(std::string_view name, std::string_view parameters_json) {
  const Gate::Pass pass(query_gate_);
  if (!pass) {
    return Error{ErrorCode::kConflict, "subscriber '" + name_ + "' is being stopped", {}};
  }
  if (query_ == nullptr || !AEV_HAS(query_, aev_query, query) || query_->query == nullptr) {
    return no_queries(name_);
  }
  Written written;
  aev_answer answer{};
  answer.struct_size = sizeof answer;
  answer.host_data = &written;
  answer.content_type = set_content_type;
  answer.write = write_answer;
  aev_error error = new_plugin_error();
  aev_status status = AEV_OK;
  const auto thrown = guarded_call([&] {
    status =
        query_->query(subscriber_, to_aev_str(name), to_aev_str(parameters_json), &answer, &error);
  });
  if (thrown) {
    return Error{ErrorCode::kInternal, "the plugin's query() " + *thrown, {}};
  }
  if (written.too_large) {
    return Error{ErrorCode::kTooLarge,
                 "the answer is larger than 64 MiB: ask for less, for example a shorter period",
                 {}};
  }
  if (status != AEV_OK) {
    return to_error(error, query_error(status), "the plugin does not say why it cannot answer");
  }
  return std::move(written.answer);
}

std::string InstanceCore::queries_json() const {
  const bool any = query_ != nullptr && AEV_HAS(query_, aev_query, queries_json) &&
                   query_->queries_json != nullptr;
  return any ? query_->queries_json : "[]";
}

Result<void> InstanceCore::check(Duration patience) {
  if (check_ == nullptr || !AEV_HAS(check_, aev_check, check) || check_->check == nullptr) {
    return {};
  }
  auto request = std::make_shared<CheckRequest>();
  request->deadline = services_.clock.mono_now() + patience;
  auto result = request->result.get_future();
  {
    const MutexLock lock(mutex_);
    checks_.push_back(std::move(request));
    changed_.notify_all();
  }
  // Beyond its deadline a plugin is given a moment to say so itself.
  if (result.wait_for(patience + services_.options.stop_grace) != std::future_status::ready) {
    return Error{ErrorCode::kIo, "the plugin's check did not come to an end", {}};
  }
  try {
    return result.get();
  } catch (const std::future_error&) {
    return Error{ErrorCode::kConflict, "subscriber '" + name_ + "' ended during the check", {}};
  }
}

bool InstanceCore::do_check(CheckRequest& request) {
  const std::int64_t deadline_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(request.deadline.time_since_epoch())
          .count();
  aev_error error = new_plugin_error();
  aev_status status = AEV_OK;
  std::string thrown;
  const CallEnd end = call(
      "check", [&] { status = check_->check(subscriber_, deadline_ns, &error); }, thrown);
  if (end == CallEnd::kAbandoned) {
    return false;
  }
  if (end == CallEnd::kThrew) {
    request.result.set_value(Error{ErrorCode::kInternal, "the plugin's " + thrown, {}});
  } else if (status == AEV_OK) {
    request.result.set_value({});
  } else {
    request.result.set_value(to_error(error,
                                      status == AEV_E_CONFIG ? ErrorCode::kInvalid : ErrorCode::kIo,
                                      "the plugin does not say what is wrong"));
  }
  return true;
}

bool InstanceCore::do_answers() {
  while (auto ready = requests_.next()) {
    std::string thrown;
    const CallEnd end = call(
        "answer", [&] { ready->first(ready->second); }, thrown);
    if (end == CallEnd::kAbandoned) {
      return false;
    }
    if (end == CallEnd::kThrew) {
      fail(Error{ErrorCode::kInternal, "the plugin is at fault: " + thrown, {}});
      return false;
    }
  }
  return true;
}

HostServices::Done InstanceCore::done_of(std::uint64_t number) {
  return [weak = weak_from_this(), number](Result<void> result) {
    if (const auto core = weak.lock()) {
      Answer answer;
      if (!result) {
        answer.error = std::move(result.error());
      }
      if (core->requests_.answer(number, std::move(answer))) {
        core->wake();
      }
    }
  };
}

HostServices::Read InstanceCore::read_of(std::uint64_t number) {
  return [weak = weak_from_this(), number](Result<HistoryPage> result) {
    if (const auto core = weak.lock()) {
      Answer answer;
      if (result) {
        answer.page = std::move(*result);
      } else {
        answer.error = std::move(result.error());
      }
      if (core->requests_.answer(number, std::move(answer))) {
        core->wake();
      }
    }
  };
}

void InstanceCore::wake() {
  const MutexLock lock(mutex_);
  changed_.notify_all();
}

}  // namespace aev::loader
