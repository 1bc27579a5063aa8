#include "core/thread_name.h"

#include <array>
#include <cstdio>
#include <pthread.h>

namespace aev {

void name_this_thread(const char* name) noexcept {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%s", name);
  pthread_setname_np(pthread_self(), text.data());
}

}  // namespace aev
