# A folder is a target. Its headers are reached as "folder/header.hpp" through an include directory that
# holds this one folder alone, so that including a folder that is not linked fails to build.

function(snapcore_include_root target visibility prefix)
  set(root ${CMAKE_BINARY_DIR}/include/${target})
  cmake_path(GET prefix PARENT_PATH parent)
  file(MAKE_DIRECTORY ${root}/${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${prefix} SYMBOLIC)
  target_include_directories(${target} ${visibility} $<BUILD_INTERFACE:${root}>)
endfunction()

# snapcore_folder(base SOURCES a.cpp b.cpp LINKS sdk)   makes the static library core_base
function(snapcore_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(core_${name} STATIC ${arg_SOURCES})
  target_link_libraries(core_${name} PUBLIC ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
  snapcore_include_root(core_${name} PUBLIC ${name})
  snapcore_check_headers(core_${name} FOLDER . PREFIX ${name}/ LINKS core_${name} ${arg_PRIVATE_LINKS})
endfunction()

# snapcore_support(http SOURCES http.cpp HEADERS http.hpp PRIVATE_LINKS CURL::libcurl)
#
# An optional helper of the SDK: the library snapcore::http, its headers as <snapcore/support/http.hpp>, both installed.
function(snapcore_support name)
  cmake_parse_arguments(arg "" "" "SOURCES;HEADERS;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(snapcore_${name} STATIC ${arg_SOURCES})
  add_library(snapcore::${name} ALIAS snapcore_${name})
  target_link_libraries(snapcore_${name} PUBLIC snapcore_sdk ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
  snapcore_include_root(snapcore_${name} PUBLIC snapcore/support)
  set_target_properties(snapcore_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS snapcore_${name} EXPORT snapcore)
  install(FILES ${arg_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/snapcore/support)
  snapcore_check_headers(snapcore_${name} FOLDER . PREFIX snapcore/support/ HEADERS ${arg_HEADERS}
    LINKS snapcore_${name})
endfunction()
