# SPDX-License-Identifier: Apache-2.0
"""How to reach a dbt target over ODBC: a module for each database that aft knows."""
