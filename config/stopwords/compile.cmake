# cmake -D OUT=FILE -P compile.cmake: writes the lists beside this file as C, see index/text/stop.h.
set(arrays "")
set(rows "")
file(GLOB lists ${CMAKE_CURRENT_LIST_DIR}/*.txt)
foreach(list ${lists})
    get_filename_component(code ${list} NAME_WE)
    string(TOUPPER ${code} name)
    file(STRINGS ${list} words ENCODING UTF-8 REGEX "^[^#]")
    string(JOIN "\", \"" words ${words})
    string(APPEND arrays "static const char *const ${code}[] = {\"${words}\", NULL};\n")
    string(APPEND rows "    [LANG_${name}] = ${code},\n")
endforeach()
file(WRITE ${OUT} "/* Made from config/stopwords by compile.cmake. */\n"
    "#include \"index/text/stop.h\"\n\n${arrays}\n"
    "const char *const *const stop_lists[LANG_COUNT] = {\n${rows}};\n")
