"""The peers of `tegata bench bridge`: the same two exports, read, validated and compared with duckdb, sqlite3, and sort + comm.

    cargo run --release -p registry --example bridge_bench -- 1000000 /tmp/bridge
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install duckdb
    /tmp/peers/bin/python bench/bridge_peer.py /tmp/bridge

Prints JSON: seconds, and how many people were added, changed and gone. All must find the same. See bench/bridge.md.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(sys.argv[1])
# What crosses the bridge or goes into the match keys: the columns whose change is a change.
COLUMNS = "宛名番号 世帯番号 氏名 生年月日 性別 続柄 住所 地区 状態 異動日 住民となった日 支援措置 子ども医療受給者番号".split()
REST = COLUMNS[1:]


def report(job, seconds, found):
    added, changed, gone = (int(number) for number in found)
    print(json.dumps({"job": job, "wall_s": round(seconds, 3), "added": added, "changed": changed, "gone": gone}, ensure_ascii=False))


def differs(old, new):
    return " or ".join(f'{old}."{column}" is distinct from {new}."{column}"' for column in REST)


def with_duckdb():
    import duckdb

    start = time.perf_counter()
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    for name in ("yesterday", "today"):
        # As text, with the two checks that SQL makes cheap: days are days, ids are there.
        connection.execute(f"create table {name} as select * from read_csv('{FOLDER / name}.csv', all_varchar = true, header = true)")
    bad = connection.execute(
        "select count(*) from today where \"宛名番号\" is null or (\"異動日\" <> '' and try_cast(\"異動日\" as date) is null)"
    ).fetchone()[0]
    assert bad == 0
    found = connection.execute(
        f'select count(*) filter (o."宛名番号" is null), '
        f'count(*) filter (o."宛名番号" is not null and n."宛名番号" is not null and ({differs("o", "n")})), '
        f'count(*) filter (n."宛名番号" is null) from yesterday o full join today n on o."宛名番号" = n."宛名番号"'
    ).fetchone()
    report("duckdb", time.perf_counter() - start, found)


def with_sqlite():
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        script = "\n".join(
            [
                ".mode csv",
                f".import '{FOLDER / 'yesterday.csv'}' yesterday",
                f".import '{FOLDER / 'today.csv'}' today",
                'create unique index y on yesterday ("宛名番号");',
                'create unique index t on today ("宛名番号");',
                'select (select count(*) from today n where not exists (select 1 from yesterday o where o."宛名番号" = n."宛名番号")),'
                f'(select count(*) from today n join yesterday o on o."宛名番号" = n."宛名番号" where {differs("o", "n")}),'
                '(select count(*) from yesterday o where not exists (select 1 from today n where o."宛名番号" = n."宛名番号"));',
            ]
        )
        out = subprocess.run(["sqlite3", f"{folder}/peer.db"], input=script, capture_output=True, text=True, check=True).stdout
    report("sqlite3 .import + SQL", time.perf_counter() - start, out.strip().split(","))


def with_sort_and_comm():
    # No validation at all, and only right where no cell is quoted.
    header = (FOLDER / "today.csv").open(encoding="utf-8").readline().strip().split(",")
    fields = ",".join(str(header.index(column) + 1) for column in COLUMNS)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        commands = []
        for name in ("yesterday", "today"):
            commands.append(f"(cut -d, -f{fields} '{FOLDER / name}.csv' | sort > {folder}/{name}) &")
        commands.append("wait")
        commands.append(f"comm -23 {folder}/yesterday {folder}/today | cut -d, -f1 > {folder}/old")
        commands.append(f"comm -13 {folder}/yesterday {folder}/today | cut -d, -f1 > {folder}/new")
        commands.append(f"comm -13 {folder}/old {folder}/new | wc -l; comm -12 {folder}/old {folder}/new | wc -l; comm -23 {folder}/old {folder}/new | wc -l")
        environment = {**os.environ, "LC_ALL": "C"}
        out = subprocess.run(["bash", "-c", "\n".join(commands)], capture_output=True, text=True, check=True, env=environment).stdout
    report("sort + comm", time.perf_counter() - start, out.split())


with_duckdb()
with_sqlite()
with_sort_and_comm()
