/* plugin.h compiles on its own in every language version that it promises. */
#include <aev/plugin.h>

int aev_header_user(void);

int aev_header_user(void) {
  return (int)AEV_ABI_MAJOR;
}
