# snapcore_add_plugin(NAME SOURCES a.cpp ... LINKS lib ...)
#
# Makes NAME.so: everything hidden but the one entry point, no undefined symbols, installed where snapcore looks for
# plugins. The same function serves the plugins of this tree and those built against an installed snapcore, where
# NAME.so appears in plugins/ of the build folder (or in SNAPCORE_PLUGIN_OUTPUT_DIRECTORY).
set(SNAPCORE_PLUGIN_MAP ${CMAKE_CURRENT_LIST_DIR}/plugin.map)

function(snapcore_add_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  if(NOT TARGET snapcore::sdk)
    message(FATAL_ERROR "snapcore_add_plugin: the target snapcore::sdk is missing; call find_package(snapcore)")
  endif()
  if(NOT SNAPCORE_PLUGIN_OUTPUT_DIRECTORY)
    set(SNAPCORE_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  endif()
  if(NOT SNAPCORE_PLUGIN_DIR)
    set(SNAPCORE_PLUGIN_DIR lib/snapcore/plugins)
  endif()
  add_library(plugin_${name} MODULE ${arg_SOURCES})
  target_link_libraries(plugin_${name} PRIVATE snapcore::sdk ${arg_LINKS})
  set_target_properties(plugin_${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} SUFFIX ".so"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    LIBRARY_OUTPUT_DIRECTORY ${SNAPCORE_PLUGIN_OUTPUT_DIRECTORY}
    LINK_DEPENDS ${SNAPCORE_PLUGIN_MAP})
  target_link_options(plugin_${name} PRIVATE -Wl,--version-script=${SNAPCORE_PLUGIN_MAP} -Wl,--exclude-libs,ALL)
  # The sanitizers leave their runtime's symbols to the host program.
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
  if(NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type}}" MATCHES "-fsanitize")
    target_link_options(plugin_${name} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS plugin_${name} LIBRARY DESTINATION ${SNAPCORE_PLUGIN_DIR})
  set_property(GLOBAL APPEND PROPERTY SNAPCORE_PLUGINS plugin_${name})
  if(COMMAND snapcore_check_headers)
    snapcore_check_headers(plugin_${name} FOLDER . LINKS snapcore::sdk ${arg_LINKS})
  endif()
endfunction()
