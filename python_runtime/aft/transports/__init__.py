# SPDX-License-Identifier: Apache-2.0
"""Ways to a database other than ODBC."""
