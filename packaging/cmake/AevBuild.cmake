# Compiler settings of the whole tree and the helper functions that every folder uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(AEV_CCACHE ccache)
if(AEV_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${AEV_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${AEV_CCACHE}")
endif()

set(AEV_SANITIZE "" CACHE STRING "Value for -fsanitize=, for example address,undefined or thread")
if(AEV_SANITIZE)
  add_compile_options(-fsanitize=${AEV_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AEV_SANITIZE})
  if(AEV_SANITIZE MATCHES "thread")
    # GCC's ThreadSanitizer does not model fences; the code has none, the libraries' headers may.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>)
  endif()
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  add_link_options(-Wl,-z,relro -Wl,-z,now)
  # Debug information keeps crash reports readable and lets profilers name functions.
  add_compile_options(-g1)
else()
  add_compile_options(-Og)
endif()

# Warnings are errors in our code only; never exported to those who use the SDK.
add_library(aev_warnings INTERFACE)
target_compile_options(
  aev_warnings
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wimplicit-fallthrough
            -Werror
            # False alarms of GCC 12 at -O3 on strings (GCC bugs 105651, 105562).
            "$<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized>"
            $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
            $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

# aev_add_layer(<name> SOURCES <files...> [LINK <public layers...>] [PRIVATE_LINK <libraries...>])
# One static library per folder of host/, included as "<name>/<header>.h".
function(aev_add_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  set(target aev_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}/host")
  target_link_libraries(${target} PUBLIC ${ARG_LINK} PRIVATE aev_warnings ${ARG_PRIVATE_LINK})
endfunction()

# aev_add_test(<name> SOURCES <files...> [LINK <libraries...>] [LABELS <labels...>] [TIMEOUT <seconds>])
# A Catch2 program whose test cases become ctest tests. The shared main comes from tests/support.
function(aev_add_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} aev_test_main aev_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set(properties LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    list(APPEND properties RUN_SERIAL ON)
  endif()
  catch_discover_tests(
    ${name}
    TEST_PREFIX "${name}: "
    PROPERTIES ${properties})
endfunction()
