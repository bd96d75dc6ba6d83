"""Prints how patients are recognized: python -m tests.bench.recognize (docs/benchmarks.md)."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import mean, median
from typing import Any

from tests.bench.page import put_section
from tests.bench.table import machine

ROOT = Path(__file__).parents[2]
KNOWN = 20_000  # who is asked for is drawn from these, however many there are
TIMES = ("mean", "median", "cpu", "index", "together", "together_cpu")
SECTION = """## Recognition of patients

People from `tests/bench/people.py`, with twins, namesakes, fathers and sons of one name and
numbers given out twice; {asked:,} of them asked for in another spelling (`tests/bench/variants.py`)
and {asked:,} strangers, most of them like somebody known: a twin, a namesake, the son or father, a
newborn under the mother's number, somebody with a neighboring or the same number.
Measured on {date}: {machine}; load {load} at the end.

{quality}

*Automatic*: joined without a look. *Queue*: a data steward decides, and the right patient is among
those she sees. *Missed*: taken for somebody new. *Wrong*: joined with somebody else. Of those
whose ID names its issuer, {share:.3f} were automatic (goal: 0.90); *missed* and *wrong* must be 0.

{speed}

One question after the other, in milliseconds: normalizing the identity, computing its digests, one
statement for the candidates, opening and comparing them. *Index* is digests and statement alone.
*Together* is the time of a question where a hundred are asked at once, as the plan of a job does
it: everything as before, but one statement for all of them. *Processor* is that of the portal.
The goal is 0.1 ms at 20,000 patients and 1 ms at 1,000,000 on PostgreSQL.
"""


def main(arguments: Sequence[str]) -> int:
    """Measure on each database; print and write the section."""
    options = parse(arguments)
    if options.child:
        sys.stdout.write(json.dumps(child(options.child, options.asked)))
        return 0
    results = {("SQLite", KNOWN): measure(KNOWN, options.asked, {})}
    if options.large:
        from tests.services.postgresql import RunningPostgres

        server = RunningPostgres()
        server.start()
        try:
            for count in (KNOWN, options.large):
                environment = {"DATABASE_URL": server.new_database()}
                results["PostgreSQL", count] = measure(count, options.asked, environment)
        finally:
            server.stop()
    text = section(results, options.asked)
    sys.stdout.write(text)
    if options.write:
        put_section(options.write, text)
    first = next(iter(results.values()))
    return 1 if first["total"].get("wrong") or first["strangers"].get("wrong") else 0


def measure(count: int, asked: int, environment: Mapping[str, str]) -> dict[str, Any]:
    """Measure in another process, on a portal of its own."""
    with tempfile.TemporaryDirectory(prefix="pacs2go-bench-") as folder:
        (Path(folder) / "data").mkdir()
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "pacs_portal.settings",
            "PACS2GO_DATA": f"{folder}/data",
            "PACS2GO_KEYS_FILE": f"{folder}/keys",
            "PACS2GO_SECRET_KEY": 50 * "x",
            **environment,
        }
        command = [sys.executable, "-m", __spec__.name, f"--child={count}", f"--asked={asked}"]
        done = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def child(count: int, asked: int) -> dict[str, Any]:
    """Fill a registry with `count` people and ask."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from pacs_portal.projects.services import NewProject, create_project
    from tests.bench.people import Population
    from tests.bench.recognition import ask, fill, without_index

    call_command("migrate", verbosity=0)
    project = create_project(NewProject("bench", "Benchmark"), actor="bench")
    people = Population(1).everyone()
    ids = {k: v for batch in fill(project, islice(people, KNOWN)) for k, v in batch.items()}
    if count > KNOWN:
        with without_index():
            for _ in fill(project, islice(people, count - KNOWN)):
                pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tally = ask(project, ids, asked)
    return {
        "total": tally.total,
        "by_kind": tally.by_kind,
        "qualified": tally.qualified,
        "strangers": tally.strangers,
        "share": tally.automatic_share,
        "mean": mean(tally.seconds),
        "median": median(tally.seconds),
        "cpu": mean(tally.cpu_seconds),
        "index": mean(tally.lookup_seconds),
        "together": tally.together_seconds,
        "together_cpu": tally.together_cpu_seconds,
        "compared": mean(tally.compared),
    }


def section(results: Mapping[tuple[str, int], Mapping[str, Any]], asked: int) -> str:
    """Return the section of the page."""
    first = next(iter(results.values()))
    return SECTION.format(
        asked=asked,
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        load=f"{os.getloadavg()[1]:.1f}",
        share=first["share"],
        quality=quality_table(first),
        speed=speed_table(results),
    )


def quality_table(result: Mapping[str, Any]) -> str:
    """Return one line for each way in which entries differ."""
    outcomes = ("automatic", "queue", "missed", "wrong")
    lines = [f"| | {' | '.join(outcomes)} |", "|---|" + "---|" * len(outcomes)]
    rows = {**dict(sorted(result["by_kind"].items())), "**all**": result["total"]}
    for kind, counts in rows.items():
        lines.append(f"| {kind} | {' | '.join(str(counts.get(o, 0)) for o in outcomes)} |")
    strangers = result["strangers"]
    cells = ["", strangers.get("queue", 0), "", strangers.get("wrong", 0)]
    told = f"strangers ({strangers.get('new', 0)} taken for new)"
    lines.append(f"| {told} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def speed_table(results: Mapping[tuple[str, int], Mapping[str, Any]]) -> str:
    """Return one line for each database and size."""
    lines = [
        "| | patients | mean | median | processor | index | together | its processor "
        "| compared | wrong | missed |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (database, count), result in results.items():
        times = [f"{1000 * result[key]:.3f}" for key in TIMES]
        wrong = result["total"].get("wrong", 0) + result["strangers"].get("wrong", 0)
        missed = result["total"].get("missed", 0)
        cells = [f"{count:,}", *times, f"{result['compared']:.1f}", str(wrong), str(missed)]
        lines.append(f"| {database} | {' | '.join(cells)} |")
    return "\n".join(lines)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recognize", description=__doc__)
    parser.add_argument("--asked", type=int, default=4000, help="people asked for, and strangers")
    parser.add_argument("--large", type=int, default=0, help="patients on PostgreSQL: 1000000")
    parser.add_argument("--write", type=Path, help="the page to write, beside printing it")
    parser.add_argument("--child", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
