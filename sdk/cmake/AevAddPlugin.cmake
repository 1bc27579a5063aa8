# aev_add_plugin(<name> SOURCES <files...> [LINK <libraries...>])
#
# Builds <name>.so, a plugin of Aragora Events: hidden visibility, `aev_plugin_entry` as the only
# exported symbol, and no undefined symbols left. Inside the project's own tree and outside of it, the
# file lands in <build>/plugins/.
set(AEV_PLUGIN_VERSION_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/plugin.map" CACHE INTERNAL "")

function(aev_add_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "aev_add_plugin(${name}): give it SOURCES")
  endif()
  add_library(${name} MODULE ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE AragoraEvents::sdk ${ARG_LINK})
  set_target_properties(
    ${name}
    PROPERTIES PREFIX ""
               SUFFIX ".so"
               CXX_VISIBILITY_PRESET hidden
               C_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON
               LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins"
               LINK_DEPENDS "${AEV_PLUGIN_VERSION_SCRIPT}")
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_link_options(${name} PRIVATE "LINKER:--version-script=${AEV_PLUGIN_VERSION_SCRIPT}")
  # A sanitizer's runtime lives in the host program: its symbols are undefined here on purpose.
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize" AND NOT AEV_SANITIZE)
    target_link_options(${name} PRIVATE "LINKER:-z,defs")
  endif()
endfunction()
