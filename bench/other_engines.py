"""The workloads by DuckDB and SQLite, one thread each: what `bench export` and `bench pairs` wrote is loaded into tables, each clause is a CASE
that is true where it fails, false where it passes and NULL where it cannot be told, and the counts are compared with what is expected."""
import csv
import os
import sqlite3
import statistics
import sys
import time

FOLDER = "build/bench"
RUNS = 5
PAYERS = (10, 40)  # of the first workload and the second

# The clauses over columns worked out beforehand; a NULL says that it cannot be told.
CLAUSES = [
    "covered_procedure = 1", "1 = 1", "modifiers_ok = 1", "unlisted = 0", "covered_diagnosis = 1",
    "minutes >= least_minutes", "minutes <= most_minutes", "attended >= least_attended", "attended <= minutes",
    "attendees >= least_group", "attendees <= most_group", "group_therapy = 0 or auth_from is not null",
    "auth_from is null or (auth_from <= date and date <= auth_to)", "auth_from is null or units_left >= units",
    "age >= youngest", "age <= oldest", "received <= date + days", "units <= most_units", "covered_taxonomy = 1",
    "in_state = 1", "video = 0 or consent = 1", "video = 0 or telehealth_place = 1", "charge <= most_charge",
    "goals = 1 and interventions = 1"]

# The same over strings: sets, patterns and tables as a query would have them.
STRINGS = dict(enumerate(CLAUSES))
STRINGS.update({
    0: "procedure between '90785' and '90899' or procedure between '99202' and '99215' or procedure = 'G0410'",
    1: "plan in ('PLAN-0','PLAN-1','PLAN-2','PLAN-3') and pos in ('11','22','53','02','10')",
    2: "pos not in ('02','10') or ';' || modifiers || ';' like '%;95;%'",
    3: "not (';' || modifiers || ';' like '%;52;%' or ';' || modifiers || ';' like '%;53;%' or ';' || modifiers || ';' like '%;76;%')",
    4: "regexp_matches(diagnoses, case when payer % 2 = 0 then '(^|;)[FGRZ][0-9][02468]' else '(^|;)[FGRZ][0-9][13579]' end)",
    11: "procedure <> '90853' or auth_from is not null", 18: "taxonomy in ('101YM0800X','1041C0700X','103TC0700X')",
    19: "state = 'CT'", 21: "video = 0 or pos in ('02','10')"})


def query(clauses):
    parts = []
    for i, clause in enumerate(clauses):
        parts.append(f"sum(case when not ({clause}) then 1 else 0 end), sum(case when ({clause}) is null then 1 else 0 end)")
    return "select " + ", ".join(parts) + " from lines join payers using (payer)"


def expected(payers):
    with open(f"{FOLDER}/expected-{payers}.csv") as file:
        return [int(row[k]) for row in csv.DictReader(file) for k in ("fails", "open")]


def median_of(run, runs=RUNS):
    """What a query gives, and how long it takes."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        found = run()
        times.append(time.perf_counter() - start)
    return found, statistics.median(times)


def tell(name, nanoseconds, of, same):
    print(f"{name:<58} {nanoseconds:8.0f} ns a {of}; {'answers equal' if same else 'ANSWERS DIFFER'}")


def show(name, base, clauses, payers):
    """A workload over the tables `lines` and `payers`."""
    lines = base.execute("select count(*) from lines").fetchone()[0]
    found, seconds = median_of(lambda: list(base.execute(query(clauses)).fetchone()))
    meant = expected(payers)
    tell(f"{name}, {payers} payers", seconds / lines * 1e9, "line", found == meant)
    for i in range(len(CLAUSES)):
        if found[2 * i:2 * i + 2] != meant[2 * i:2 * i + 2]:
            print(f"  clause {i}: {found[2 * i:2 * i + 2]}, expected {meant[2 * i:2 * i + 2]}")
    return found == meant


PAIRS = """select (select count(*) from (select distinct a.claim, a.line from claims a join claims b on a.claim = b.claim and a.line <> b.line
    join pairs p on p.one = b.procedure and p.two = a.procedure where p.indicator <> 9))
    + (select count(*) from claims a join most m using (procedure) where a.units > m.times)"""


def show_pairs(name, base):
    """The third workload, over the tables `claims`, `pairs` and `most`."""
    with open(f"{FOLDER}/findings.csv") as file:
        row = next(csv.DictReader(file))
    pairs = base.execute("select count(*) from pairs").fetchone()[0]
    found, seconds = median_of(lambda: base.execute(PAIRS).fetchone()[0])
    same = found == int(row["findings"])
    tell(f"{name}, {pairs} pairs", seconds / int(row["claims"]) * 1e9, "claim", same)
    return same


def has_pairs():
    """Whether `bench pairs` was run: its last files are asked."""
    return os.path.exists(f"{FOLDER}/findings.csv")


def show_scans(base):
    """Files that `bench readers` made, into a table of texts."""
    for name, read in (("csv-400000/lines.csv", "read_csv('{}', all_varchar = true, header = true)"), ("ndjson-400000/lines.ndjson", "read_ndjson_auto('{}')")):
        path = f"{FOLDER}/{name}"
        if not os.path.exists(path):
            continue
        _, seconds = median_of(lambda: base.execute("create or replace table scanned as from " + read.format(path)), 3)
        count = base.execute("select count(*) from scanned").fetchone()[0]
        print(f"{f'DuckDB reads {name}':<58} {seconds / count * 1e9:8.0f} ns a record, {count} records")


def by_duckdb():
    import duckdb
    base = duckdb.connect()
    base.execute("set threads = 1")
    print(f"DuckDB {duckdb.__version__}")
    good = True
    for payers in PAYERS:
        base.execute(f"create or replace table payers as from read_csv('{FOLDER}/payers-{payers}.csv')")
        base.execute(f"create or replace table lines as from read_csv('{FOLDER}/workload-{payers}.csv', types={{'pos':'VARCHAR',"
                     "'procedure':'VARCHAR','modifiers':'VARCHAR','taxonomy':'VARCHAR'})")
        base.execute("update lines set modifiers = coalesce(modifiers, '')")
        good &= show("DuckDB, codes classified beforehand", base, CLAUSES, payers)
        good &= show("DuckDB, over strings", base, [STRINGS[i] for i in range(24)], payers)
    if has_pairs():
        for table, name in (("claims", "lines"), ("pairs", "pairs"), ("most", "most")):
            base.execute(f"create table {table} as from read_csv('{FOLDER}/{name}.csv')")
        good &= show_pairs("DuckDB", base)
    show_scans(base)
    return good


TEXTS = {"plan", "procedure", "pos", "taxonomy", "state", "modifiers", "diagnoses"}


def load(base, table, path, key=None):
    """A CSV file into a table of SQLite; blank numbers are NULL."""
    with open(path) as file:
        rows = csv.reader(file)
        names = next(rows)
        texts = TEXTS if table in ("lines", "payers") else ()
        columns = ", ".join(n + (" text" if n in texts else " integer") for n in names)
        base.execute(f"create table {table} ({columns}{f', primary key ({key})) without rowid' if key else ')'}")
        base.executemany(f"insert into {table} values ({', '.join('?' * len(names))})",
                         ([None if c == '' and n not in texts else c for c, n in zip(row, names)] for row in rows))


def by_sqlite():
    print(f"SQLite {sqlite3.sqlite_version}")
    good = True
    for payers in PAYERS:
        base = sqlite3.connect(":memory:")
        load(base, "lines", f"{FOLDER}/workload-{payers}.csv")
        load(base, "payers", f"{FOLDER}/payers-{payers}.csv", "payer")
        good &= show("SQLite, codes classified beforehand", base, CLAUSES, payers)
    if has_pairs():
        base = sqlite3.connect(":memory:")
        load(base, "claims", f"{FOLDER}/lines.csv", "claim, line")
        load(base, "pairs", f"{FOLDER}/pairs.csv", "one, two")
        load(base, "most", f"{FOLDER}/most.csv", "procedure")
        good &= show_pairs("SQLite", base)
    return good


def main():
    good = True
    try:
        good &= by_duckdb()
    except ImportError:
        print("DuckDB             not measured: the package cannot be installed")
    good &= by_sqlite()
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
