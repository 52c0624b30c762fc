"""The peers of `tegata bench eligibility`: the same people and the same rule in numpy (and shapely), and in openfisca-core.

    cargo run --release -p rule --example eligibility_bench -- --export /tmp/eligibility
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy shapely openfisca-core
    /tmp/peers/bin/python bench/eligibility.py /tmp/eligibility

Prints JSON: how many are eligible, and milliseconds of each job. See bench/eligibility.md.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

TODAY = np.datetime64("2026-04-01")
# Born so that the 75th birthday is not after TODAY; born so that TODAY lies in school years 1 to 9.
SENIOR_UNTIL = np.datetime64("1951-04-01")
SCHOOL_FROM, SCHOOL_UNTIL = np.datetime64("2011-04-02"), np.datetime64("2020-04-01")


def number(day):
    return np.int32((day - np.datetime64("1970-01-01")).astype(int))


def timed(rounds, run):
    run()
    walls = []
    cpu = time.process_time()
    for _ in range(rounds):
        start = time.perf_counter()
        result = run()
        walls.append((time.perf_counter() - start) * 1000)
    cpu = (time.process_time() - cpu) * 1000 / rounds
    walls.sort()
    times = {"p50_ms": walls[len(walls) // 2], "p99_ms": walls[(len(walls) - 1) * 99 // 100], "cpu_ms": cpu, "rounds": rounds}
    return result, {key: round(value, 4) for key, value in times.items()}


def place(homes, outline):
    import shapely

    polygon = shapely.Polygon(outline)
    shapely.prepare(polygon)
    return shapely.contains_xy(polygon, homes[:, 0], homes[:, 1])


def with_numpy(births, current, non_taxed, flood):
    senior, school_from, school_until = number(SENIOR_UNTIL), number(SCHOOL_FROM), number(SCHOOL_UNTIL)

    def run():
        ages = (births <= senior) | ((births >= school_from) & (births <= school_until))
        return int(np.count_nonzero(ages & current & non_taxed & flood))

    return timed(100, run)


def with_openfisca(births, current, non_taxed, flood, households):
    """The rule as an openfisca country package would have it: age, school year and household each a variable of its own."""
    from openfisca_core.entities import Entity, GroupEntity
    from openfisca_core.periods import DateUnit
    from openfisca_core.simulations import SimulationBuilder
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    person = Entity("person", "persons", "", "")
    household = GroupEntity("household", "households", "", "", roles=[{"key": "member", "plural": "members"}])

    def variable(name, value_type, entity=person, period=DateUnit.DAY, formula=None):
        parts = {"value_type": value_type, "entity": entity, "definition_period": period}
        return type(name, (Variable,), parts | ({"formula": formula} if formula else {}))

    def since_birth(people, period):
        today = np.datetime64(str(period.start))
        born = people("birth", period)
        months = born.astype("datetime64[M]")
        day_and_month = (months.astype(int) % 12) * 31 + (born - months.astype("datetime64[D]")).astype(int)
        this = today.astype("datetime64[M]")
        this_day_and_month = (this.astype(int) % 12) * 31 + (today - this.astype("datetime64[D]")).astype(int)
        return today, born.astype("datetime64[Y]").astype(int) + 1970, day_and_month, this_day_and_month

    def age(people, period):
        today, year, born, now = since_birth(people, period)
        return int(str(today)[:4]) - year - (born > now)

    def school_year(people, period):
        today, year, born, now = since_birth(people, period)
        fiscal = int(str(today)[:4]) - (now < 3 * 31)
        return fiscal - year - 6 + (born <= 3 * 31)

    def household_non_taxed(homes, period):
        return homes.all(homes.members("non_taxed", period))

    def eligible(people, period):
        years = people("school_year", period)
        ages = (people("age", period) >= 75) + (years >= 1) * (years <= 9)
        return ages * people("is_current", period) * people.household("household_non_taxed", period) * people("in_flood", period)

    ever = DateUnit.ETERNITY
    system = TaxBenefitSystem([person, household])
    from datetime import date

    system.add_variables(
        variable("birth", date, period=ever),
        variable("is_current", bool, period=ever),
        variable("non_taxed", bool, period=ever),
        variable("in_flood", bool, period=ever),
        variable("age", int, formula=age),
        variable("school_year", int, formula=school_year),
        variable("household_non_taxed", bool, household, formula=household_non_taxed),
        variable("eligible", bool, formula=eligible),
    )
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("person", np.arange(len(births)))
    homes = builder.declare_entity("household", np.unique(households))
    builder.join_with_persons(homes, households, roles=np.full(len(births), "member"))
    simulation = builder.build(system)
    days = births.astype("datetime64[D]")
    for name, values in {"birth": days, "is_current": current, "non_taxed": non_taxed, "in_flood": flood}.items():
        simulation.set_input(name, "2026-04-01", values)
    count = int(np.count_nonzero(simulation.calculate("eligible", "2026-04-01")))
    days = iter(np.datetime64("2026-04-02") + np.arange(1000))
    _, times = timed(10, lambda: int(np.count_nonzero(simulation.calculate("eligible", str(next(days))))))
    return count, times


def main():
    folder = Path(sys.argv[1])
    births = np.fromfile(folder / "births.i32", dtype="<i4")
    current = np.fromfile(folder / "current.u8", dtype=np.uint8).astype(bool)
    non_taxed = np.fromfile(folder / "non_taxed.u8", dtype=np.uint8).astype(bool)
    homes = np.fromfile(folder / "homes.f64", dtype="<f8").reshape(-1, 2)
    outline = np.fromfile(folder / "outline.f64", dtype="<f8").reshape(-1, 2)
    households = np.fromfile(folder / "households.u64", dtype="<u8").astype(np.int64)
    flood, placing = timed(3, lambda: place(homes, outline))
    report = {"people": len(births), "today": str(TODAY), "numpy": np.__version__, "times": {"shapely, homes placed": placing}}
    report["eligible"], report["times"]["numpy with stored bits"] = with_numpy(births, current, non_taxed, flood)
    try:
        report["eligible_openfisca"], report["times"]["openfisca-core, the next day"] = with_openfisca(births, current, non_taxed, flood, households)
    except ImportError:
        report["openfisca"] = "not installed"
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
