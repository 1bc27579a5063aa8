// A C++ plugin that lets exceptions escape where its configuration says: create, start, deliver,
// stop, destroy, validate.

#include <stdexcept>
#include <string>
#include <string_view>

#include <aev/plugin.h>

namespace {

struct Thrower {
  aev_subscriber base{};
  const aev_host* host = nullptr;
  std::string where;
};

Thrower& self_of(aev_subscriber* self) {
  return *static_cast<Thrower*>(self->plugin_data);
}

void throw_if(const std::string& where, const char* here) {
  if (where.find(here) != std::string::npos) {
    throw std::runtime_error(std::string("thrown in ") + here);
  }
}

aev_status start(aev_subscriber* self, aev_limits*, aev_error*) {
  throw_if(self_of(self).where, "start");
  return AEV_OK;
}

aev_status deliver(aev_subscriber* self, const aev_batch*, uint32_t*) {
  throw_if(self_of(self).where, "deliver");
  throw 42;
}

void stop(aev_subscriber* self, int64_t) {
  throw_if(self_of(self).where, "stop");
  self_of(self).host->stopped(self_of(self).host);
}

void destroy(aev_subscriber* self) {
  Thrower* const thrower = &self_of(self);
  const std::string where = thrower->where;
  delete thrower;
  throw_if(where, "destroy");
}

const aev_descriptor kType{sizeof(aev_descriptor), 0, "throws", "Throws", "1.0", "Zoo",
                           R"({"type":"object"})"};

const aev_descriptor* descriptor(uint32_t index) {
  return index == 0 ? &kType : nullptr;
}

aev_status validate(const char*, aev_str config, aev_error*) {
  throw_if(std::string(config.ptr, config.len), "validate");
  return AEV_OK;
}

aev_subscriber* create(const char*, const aev_host* host, aev_str config, aev_error*) {
  const std::string where(config.ptr, config.len);
  throw_if(where, "create");
  auto* const thrower = new Thrower;
  thrower->host = host;
  thrower->where = where;
  thrower->base = {sizeof(aev_subscriber), 0, thrower, start, deliver, stop, destroy, nullptr};
  return &thrower->base;
}

}  // namespace

extern "C" AEV_EXPORT const aev_entry aev_plugin_entry;
const aev_entry aev_plugin_entry{
    AEV_MAGIC, sizeof(aev_entry), AEV_ABI_MAJOR, AEV_ABI_MINOR, 0,      0,
    nullptr,   nullptr,           descriptor,    validate,      create, nullptr};
