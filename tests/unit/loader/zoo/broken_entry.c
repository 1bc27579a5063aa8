/* A plugin with one thing wrong in what it says about itself: ZOO_... picks which. */
#include <string.h>

#include <aev/plugin.h>

#ifdef ZOO_UNRESOLVED
void zoo_function_that_nobody_defines(void);
#endif

#ifdef ZOO_INIT_FAILS
static aev_status init(const char* path, aev_error* error) {
  (void)path;
  strcpy(error->message, "the licence has expired");
  return AEV_E_INTERNAL;
}
#else
#define init NULL
#endif

#if !defined(ZOO_NO_SYMBOL) && !defined(ZOO_FUNCTION_ENTRY)

static const aev_descriptor kType = {
#ifdef ZOO_SMALL_DESCRIPTOR
    8,
#else
    sizeof(aev_descriptor),
#endif
    0,
#ifdef ZOO_BAD_ID
    "Not An Id",
#else
    "broken",
#endif
    "Broken",    "1.0",
#ifdef ZOO_NO_VENDOR
    NULL,
#else
    "Zoo",
#endif
#ifdef ZOO_EMPTY_SCHEMA
    " \n",
#else
    "{}",
#endif
};

static const aev_descriptor* descriptor(uint32_t index) {
#if defined(ZOO_NO_TYPES)
  return index == UINT32_MAX ? &kType : NULL;
#elif defined(ZOO_ENDLESS_TYPES)
  static char ids[512][16];
  static aev_descriptor types[512];
  types[index] = kType;
  ids[index][0] = 't';
  ids[index][1] = (char)('a' + index / 26 % 26);
  ids[index][2] = (char)('a' + index % 26);
  types[index].id = ids[index];
  return &types[index];
#elif defined(ZOO_SAME_TYPE_TWICE)
  return index < 2 ? &kType : NULL;
#else
  return index == 0 ? &kType : NULL;
#endif
}

static aev_subscriber* create(const char* id,
                              const aev_host* host,
                              aev_str config_json,
                              aev_error* error) {
  (void)id;
  (void)host;
  (void)config_json;
  (void)error;
#ifdef ZOO_UNRESOLVED
  zoo_function_that_nobody_defines();
#endif
  return NULL;
}

#if defined(ZOO_WRONG_MAGIC)
#define MAGIC 0x12345678u
#else
#define MAGIC AEV_MAGIC
#endif
#if defined(ZOO_SMALL_ENTRY)
#define SIZE 24
#elif defined(ZOO_LYING_SIZE)
#define SIZE (sizeof(aev_entry) + 4096)
#else
#define SIZE sizeof(aev_entry)
#endif
#if defined(ZOO_WRONG_MAJOR)
#define MAJOR 2
#define MINOR 0
#elif defined(ZOO_OLDER_MINOR)
#define MAJOR AEV_ABI_MAJOR
#define MINOR (AEV_ABI_MINOR - 1)
#elif defined(ZOO_NEWER_MINOR)
#define MAJOR AEV_ABI_MAJOR
#define MINOR (AEV_ABI_MINOR + 1)
#else
#define MAJOR AEV_ABI_MAJOR
#define MINOR AEV_ABI_MINOR
#endif
#if defined(ZOO_HOST_TOO_OLD)
#define MIN_HOST_MINOR (AEV_ABI_MINOR + 3)
#else
#define MIN_HOST_MINOR 0
#endif
#if defined(ZOO_NO_DESCRIPTOR)
#define DESCRIPTOR NULL
#else
#define DESCRIPTOR descriptor
#endif
#if defined(ZOO_NO_CREATE)
#define CREATE NULL
#else
#define CREATE create
#endif

/* Used in every variant, so that none of them is an unused function. */
const struct {
  const aev_descriptor* (*descriptor)(uint32_t);
  aev_subscriber* (*create)(const char*, const aev_host*, aev_str, aev_error*);
} zoo_functions = {descriptor, create};

AEV_EXPORT const aev_entry aev_plugin_entry = {
    MAGIC, SIZE, MAJOR, MINOR, MIN_HOST_MINOR, 0, init, NULL, DESCRIPTOR, NULL, CREATE, NULL};

#elif defined(ZOO_FUNCTION_ENTRY)

/* Made by hand: the header declares a constant of this name, so the compiler must not see both. */
__asm__(
    ".text\n"
    ".globl aev_plugin_entry\n"
    ".type aev_plugin_entry, %function\n"
    "aev_plugin_entry:\n"
    "ret\n"
    ".size aev_plugin_entry, 64\n");

#else

AEV_EXPORT int zoo_something_else = 1;

#endif
