# Every third-party library of the host, all from Debian 12 (packaging/install-deps).

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Net NetSSL Crypto JSON Util)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(rdkafka REQUIRED IMPORTED_TARGET rdkafka>=2.0)
find_package(Boost 1.81 REQUIRED COMPONENTS filesystem)

# Header-only libraries whose Debian packages carry no CMake configuration we can rely on.
find_path(AEV_VALIJSON_INCLUDE valijson/validator.hpp REQUIRED)
add_library(aev_valijson INTERFACE)
target_include_directories(aev_valijson SYSTEM INTERFACE "${AEV_VALIJSON_INCLUDE}")
find_path(AEV_CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
add_library(aev_cli11 INTERFACE)
target_include_directories(aev_cli11 SYSTEM INTERFACE "${AEV_CLI11_INCLUDE}")

if(BUILD_TESTING OR NOT DEFINED BUILD_TESTING)
  find_package(Catch2 2.13 REQUIRED)
  include(Catch)
endif()
