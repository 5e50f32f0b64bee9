# SPDX-License-Identifier: Apache-2.0
# What `cpack -G DEB` makes of an installation; packaging/deb calls it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dbt-aft)
set(CPACK_PACKAGE_CONTACT "The maintainers of dbt-aft <maintainers@dbt-aft.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "runs Python scripts inside a dbt run, over ODBC")
set(CPACK_PACKAGE_DESCRIPTION
"'aft dbt run' runs Python scripts right after the dbt nodes that they belong
to and before the children of these start, in the user's own dbt.
dbt, pandas and pyarrow are not in the package: scripts run in the Python
environment that dbt is installed in.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS unixodbc)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "odbc-postgresql, odbc-mariadb, libsqliteodbc")

set(AFT_DOC share/doc/dbt-aft)
install(FILES packaging/debian/copyright DESTINATION ${AFT_DOC})
# Policy wants them compressed, without the file's name and time.
configure_file(packaging/debian/changelog.in changelog @ONLY)
add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/changelog.Debian.gz
  COMMAND gzip -9nc ${PROJECT_BINARY_DIR}/changelog
    > ${PROJECT_BINARY_DIR}/changelog.Debian.gz
  COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${PROJECT_BINARY_DIR}/changelog.gz
  DEPENDS CHANGELOG.md ${PROJECT_BINARY_DIR}/changelog)
add_custom_target(aft_changelogs ALL DEPENDS ${PROJECT_BINARY_DIR}/changelog.Debian.gz)
install(FILES ${PROJECT_BINARY_DIR}/changelog.Debian.gz ${PROJECT_BINARY_DIR}/changelog.gz
  DESTINATION ${AFT_DOC})
install(CODE [[execute_process(COMMAND_ERROR_IS_FATAL ANY
  COMMAND gzip -9nf "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/man/man1/aft.1"
    "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/man/man1/aft-dbt.1")]])

include(CPack)
