# SPDX-License-Identifier: Apache-2.0
"""Python models: files that dbt sees as ephemeral models and that run as their scripts."""
