"""The report of a rush: its JSON, its table, and whether it passed."""

from collections.abc import Mapping

import msgspec
from rich.table import Table

from usher.rush_facts import Facts, Finding
from usher.rush_proofs import PROOFS
from usher.rush_tape import Tape, quantiles_ms

CALLS = (
    "join",
    "place",
    "pass",
    "list showtimes",
    "seats",
    "hold",
    "order",
    "pay",
    "provider event",
    "read order",
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a rush showed. The first block of keys is the contract; the rest may grow.

    `seats` were for sale at the open, `sold` is what Valkey's boards say at the end. `findings` hold, for
    each proof, how much it could check and the first violations.
    """

    fans: int
    seats: int
    sold: int
    orders: int
    orders_in_postgres: int
    double_sold: int
    lost_orders: int
    refused_though_fitting: int
    overshoot: int
    passed_over: int
    seconds: float
    orders_per_s: float
    latency_ms: dict[str, dict[str, float]]
    valkey_bytes_per_fan: float | None

    key_bytes_per_fan: float | None
    served_ms: dict[str, dict[str, float]]
    passed: bool
    sold_out: bool
    out_of_time: bool
    draw_wrong: int
    money_wrong: int
    worries: int
    showtimes: int
    capacity: int
    most_inside: int
    seed: int
    refusals: int
    refusals_checked: int
    own_stack: bool
    receipts: int
    refunds_sent: int
    troubles_s: float
    counts: dict[str, int]
    findings: dict[str, Finding]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the run measured beside the facts."""

    fans: int
    seats: int
    sold: int
    seconds: float
    valkey_bytes_per_fan: float | None
    key_bytes_per_fan: float | None
    worries: int
    seed: int
    own_stack: bool
    showtimes: int
    refunds_sent: int
    out_of_time: bool


def report_of(facts: Facts, tape: Tape, measured: Measured) -> Report:
    """Judges the facts. Passed: every proof found nothing, both engines hold the same number of orders."""
    findings = {name: proof(facts) for name, proof in PROOFS.items()}
    orders, in_postgres = len(facts.in_valkey), len(facts.in_postgres)
    troubles_ms = sum(to_ms - from_ms for from_ms, to_ms in tape.troubles_ms())
    wrong: Mapping[str, int] = {name: finding.wrong for name, finding in findings.items()}
    fine = not any(wrong.values()) and orders == in_postgres and not measured.worries
    return Report(
        fans=measured.fans,
        seats=measured.seats,
        sold=measured.sold,
        orders=orders,
        orders_in_postgres=in_postgres,
        double_sold=wrong["double_sold"],
        lost_orders=wrong["lost_orders"],
        refused_though_fitting=wrong["refused_though_fitting"],
        overshoot=wrong["overshoot"],
        passed_over=wrong["passed_over"],
        seconds=round(measured.seconds, 2),
        orders_per_s=round(orders / measured.seconds, 1) if measured.seconds else 0.0,
        latency_ms={name: quantiles_ms(tape.latencies_ms[name]) for name in CALLS if tape.latencies_ms[name]},
        served_ms={name: quantiles_ms(tape.served_ms[name]) for name in CALLS if tape.served_ms[name]},
        valkey_bytes_per_fan=measured.valkey_bytes_per_fan,
        key_bytes_per_fan=measured.key_bytes_per_fan,
        passed=fine and not measured.out_of_time,
        sold_out=measured.sold == measured.seats,
        out_of_time=measured.out_of_time,
        draw_wrong=wrong["draw_wrong"],
        money_wrong=wrong["money_wrong"],
        worries=measured.worries,
        showtimes=measured.showtimes,
        capacity=facts.capacity,
        most_inside=facts.crowded,
        seed=measured.seed,
        refusals=len(facts.refusals),
        refusals_checked=findings["refused_though_fitting"].checked,
        own_stack=measured.own_stack,
        receipts=len(facts.receipts),
        refunds_sent=measured.refunds_sent,
        troubles_s=round(troubles_ms / 1000, 1),
        counts=dict(sorted(tape.counts.items())),
        findings=findings,
    )


def counted(number: int, thing: str) -> str:
    """`1 showtime`, `20 showtimes`."""
    return f"{number:,} {thing}" + ("s" if number != 1 else "")


def _figures(quantiles: dict[str, float]) -> str:
    return " ".join(f"{name} {value:,.1f}" for name, value in quantiles.items())


def table_of(report: Report) -> Table:
    """The summary for people."""
    table = Table(title="Rush", title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    shows, again = counted(report.showtimes, "showtime"), report.counts.get("came back for leftovers", 0)
    rows = [
        ("fans", f"{report.fans:,}", f"{shows}, {report.capacity:,} inside at most"),
        ("came back", f"{again:,}", "visits for what was left, until sold out"),
        (
            "seats sold",
            f"{report.sold:,} / {report.seats:,}",
            "sold out" if report.sold_out else "not sold out",
        ),
        ("orders", f"{report.orders:,}", f"{report.orders_in_postgres:,} in Postgres"),
        ("refunds", f"{report.refunds_sent:,}", "paid too late or twice, told as given back"),
        ("seconds", f"{report.seconds:,.1f}", "from the open on"),
        (
            "orders/s",
            f"{report.orders_per_s:,.1f}",
            "the fans' pace, not what Usher can take",
        ),
    ]
    if report.valkey_bytes_per_fan is not None:
        rows.append(
            ("Valkey's bytes", f"{report.valkey_bytes_per_fan:,.1f}", "per fan in line, with connections")
        )
    if report.key_bytes_per_fan is not None:
        rows.append(("keys' bytes", f"{report.key_bytes_per_fan:,.1f}", "per fan in line"))
    for name, finding in report.findings.items():
        verdict = "[green]0[/]" if not finding.wrong else f"[bold red]{finding.wrong}[/]"
        note = f"{finding.checked:,} checked"
        if name == "refused_though_fitting":
            note += f" of {report.refusals:,} refusals"
        rows.append((name, verdict, "; ".join((note, *finding.examples[:1]))))
    for call, quantiles in report.latency_ms.items():
        words, served = _figures(quantiles), _figures(report.served_ms[call])
        rows.append((f"ms {call}", "", f"{words}; wire {served}"))
    if report.troubles_s:
        rows.append(("troubles", f"{report.troubles_s} s", "calls without an answer or answered 503"))
    for row in rows:
        table.add_row(*map(str, row))
    return table
