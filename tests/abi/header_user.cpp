/* plugin.h compiles on its own in every version of C++ that it promises. */
#include <aev/plugin.h>

int aev_header_user();

int aev_header_user() {
  return static_cast<int>(AEV_ABI_MAJOR);
}
