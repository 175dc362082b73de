"""The first workload by DuckDB and SQLite, one thread each: what `bench export` wrote is loaded into a table, each clause is a CASE that is
true where it fails, false where it passes and NULL where it cannot be told, and the counts are compared with what is expected."""
import csv
import os
import sqlite3
import statistics
import sys
import time

FOLDER = "build/bench"
RUNS = 5

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


def expected():
    with open(f"{FOLDER}/expected.csv") as file:
        return [int(row[k]) for row in csv.DictReader(file) for k in ("fails", "open")]


def show(name, run, lines):
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = list(run())
        times.append(time.perf_counter() - start)
    same = found == expected()
    print(f"{name:<52} {statistics.median(times) / lines * 1e9:8.0f} ns a line; {'answers equal' if same else 'ANSWERS DIFFER'}")
    if not same:
        for i in range(len(CLAUSES)):
            a, b = found[2 * i:2 * i + 2], expected()[2 * i:2 * i + 2]
            if a != b:
                print(f"  clause {i}: {a}, expected {b}")
    return same


PAIRS = """select (select count(*) from (select distinct a.claim, a.line from claims a join claims b on a.claim = b.claim and a.line <> b.line
    join pairs p on p.one = b.procedure and p.two = a.procedure where p.indicator <> 9))
    + (select count(*) from claims a join most m using (procedure) where a.units > m.times)"""


def show_pairs(base):
    """The third workload, over the files of the last `bench pairs`."""
    if not os.path.exists(f"{FOLDER}/findings.csv"):
        return True
    with open(f"{FOLDER}/findings.csv") as file:
        row = next(csv.DictReader(file))
    for table, name in (("claims", "lines"), ("pairs", "pairs"), ("most", "most")):
        base.execute(f"create table {table} as from read_csv('{FOLDER}/{name}.csv')")
    pairs = base.execute("select count(*) from pairs").fetchone()[0]
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        found = base.execute(PAIRS).fetchone()[0]
        times.append(time.perf_counter() - start)
    same = found == int(row["findings"])
    print(f"{f'DuckDB, {pairs} pairs':<52} {statistics.median(times) / int(row['claims']) * 1e9:8.0f} ns a claim; "
          f"{'answers equal' if same else 'ANSWERS DIFFER'}")
    return same


def show_scans(base):
    """Files that `bench readers` made, into a table of texts."""
    for name, read in (("csv-400000/lines.csv", "read_csv('{}', all_varchar = true, header = true)"), ("ndjson-400000/lines.ndjson", "read_ndjson_auto('{}')")):
        path = f"{FOLDER}/{name}"
        if not os.path.exists(path):
            continue
        times = []
        for _ in range(3):
            start = time.perf_counter()
            base.execute("create or replace table scanned as from " + read.format(path))
            times.append(time.perf_counter() - start)
        count = base.execute("select count(*) from scanned").fetchone()[0]
        print(f"{f'DuckDB reads {name}':<52} {statistics.median(times) / count * 1e9:8.0f} ns a record, {count} records")


def main():
    good = True
    with open(f"{FOLDER}/workload.csv") as file:
        lines = sum(1 for _ in file) - 1
    try:
        import duckdb
        base = duckdb.connect()
        base.execute("set threads = 1")
        base.execute(f"create table payers as from read_csv('{FOLDER}/payers.csv')")
        base.execute(f"create table lines as from read_csv('{FOLDER}/workload.csv', types={{'pos':'VARCHAR','procedure':'VARCHAR',"
                     "'modifiers':'VARCHAR','taxonomy':'VARCHAR'})")
        base.execute("update lines set modifiers = coalesce(modifiers, '')")
        print(f"DuckDB {duckdb.__version__}")
        good &= show("DuckDB, codes classified beforehand", lambda: base.execute(query(CLAUSES)).fetchone(), lines)
        good &= show_pairs(base)
        show_scans(base)
        good &= show("DuckDB, over strings", lambda: base.execute(query([STRINGS[i] for i in range(24)])).fetchone(), lines)
    except ImportError:
        print("DuckDB             not measured: the package cannot be installed")
    base = sqlite3.connect(":memory:")
    for table in ("payers", "lines"):
        with open(f"{FOLDER}/{'workload' if table == 'lines' else table}.csv") as file:
            rows = csv.reader(file)
            names = next(rows)
            texts = {"plan", "procedure", "pos", "taxonomy", "state", "modifiers", "diagnoses"}
            base.execute(f"create table {table} ({', '.join(n + (' text' if n in texts else ' integer') for n in names)})")
            base.executemany(f"insert into {table} values ({', '.join('?' * len(names))})",
                             ([None if c == '' and n not in texts else c for c, n in zip(row, names)] for row in rows))
    base.execute("create unique index by_payer on payers (payer)")
    good &= show("SQLite, codes classified beforehand", lambda: base.execute(query(CLAUSES)).fetchone(), lines)
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
