# SPDX-License-Identifier: Apache-2.0
"""Records what a dbt prints and writes: `python -m tests.unit.plugin.streams.record`.

Arguments: the dbt, sqlite or postgres, and the folder for the files. What names the
machine is left out, and so is what aft does not read of the manifest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.support.postgres import DATABASE, PASSWORD, USER, running_server
from tests.support.programs import JAFFLE_SHOP

# A model that fails, one below it, a test that warns, one that fails, and a snapshot.
FILES = {
    "models/broken.sql": "select no_such_column from {{ ref('stg_orders') }}\n",
    "models/below_broken.sql": "select * from {{ ref('broken') }}\n",
    "snapshots/customers_history.sql": """{% snapshot customers_history %}
{{ config(
    target_schema='main', unique_key='customer_id', strategy='check',
    check_cols=['first_name']) }}
select * from {{ ref('customers') }}
{% endsnapshot %}
""",
    "models/schema.yml": """version: 2
models:
  - name: customers
    columns:
      - name: customer_id
        tests: [unique]
  - name: orders
    columns:
      - name: status
        tests:
          - accepted_values:
              values: [placed]
              config: {severity: warn}
      - name: customer_id
        tests: [unique]
""",
}
KEPT = (
    "resource_type",
    "name",
    "package_name",
    "original_file_path",
    "fqn",
    "schema",
    "alias",
)


def record(dbt: str, adapter: str, output: Path) -> None:
    """Run `dbt ls` and `dbt build` on the example project, and keep what they say."""
    folder = Path(tempfile.mkdtemp(prefix="aft-record-"))
    project = folder / "shop"
    ignored = shutil.ignore_patterns("*.py", "target", "logs")
    shutil.copytree(JAFFLE_SHOP, project, ignore=ignored)
    for name, text in FILES.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    output.mkdir(parents=True, exist_ok=True)
    listing = "ls --output json --output-keys unique_id"
    if adapter == "postgres":
        with running_server() as server:
            profile = {
                "type": "postgres",
                "threads": 1,
                "host": "127.0.0.1",
                "port": server.port,
                "user": USER,
                "password": PASSWORD,
                "dbname": DATABASE,
                "schema": "main",
            }
            profiles = {"jaffle_shop": {"target": "dev", "outputs": {"dev": profile}}}
            (project / "profiles.yml").write_text(yaml.safe_dump(profiles))
            keep(run(dbt, listing, project), output / "ls.jsonl", folder)
            keep(run(dbt, "build", project), output / "build.jsonl", folder)
    else:
        keep(run(dbt, listing, project), output / "ls.jsonl", folder)
        keep(run(dbt, "build", project), output / "build.jsonl", folder)
    target = project / "target"
    keep((target / "run_results.json").read_text(), output / "run_results.json", folder)
    manifest = shortened(json.loads((target / "manifest.json").read_text()))
    (output.parent / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    shutil.rmtree(folder)


def run(dbt: str, command: str, project: Path) -> str:
    """What the command prints, with dbt's log as JSON lines."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project),
        "JAFFLE_SHOP_FOLDER": str(project),
        "DBT_LOG_FORMAT": "json",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return subprocess.run(
        [dbt, *command.split()],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    ).stdout


def keep(text: str, file: Path, folder: Path) -> None:
    """Write `text` without what names this machine."""
    text = text.replace(str(folder), "")
    text = re.sub(r'"(pid|port)": \d+', r'"\1": 1', text)
    file.write_text(re.sub(r"0x[0-9a-f]{6,}", "0x1", text))


def shortened(manifest: dict[str, Any]) -> dict[str, Any]:
    """The parts of the manifest that aft reads."""
    metadata = manifest["metadata"]
    nodes = {}
    for unique_id, node in manifest["nodes"].items():
        kept = {key: node[key] for key in KEPT if key in node}
        kept["config"] = {"materialized": node["config"].get("materialized")}
        kept["depends_on"] = {"nodes": node.get("depends_on", {}).get("nodes", [])}
        nodes[unique_id] = kept
    return {
        "metadata": {key: metadata[key] for key in ("dbt_version", "project_name")},
        "nodes": nodes,
    }


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
