//! What came of a load test, for people.

use std::io::{self, Write};

use ferrocast_load::Report;

/// Writes a line for each thing that is not nothing.
pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let Report { url, method, connections, seconds, requests, .. } = report;
    let pace = report.offered_per_second.map_or_else(|| "one after the other".to_owned(), |rate| format!("{rate}/s"));
    writeln!(out, "{method} {url}, {connections} connections, {pace}, {seconds:.1} s")?;
    writeln!(out, "  requests   {requests}, {:.1}/s answered", report.answers_per_second)?;
    for (count, what) in [
        (report.unsent, "unsent     {}, due while all connections were busy"),
        (report.abandoned, "abandoned  {}, under way when it was stopped"),
        (report.warm_up_requests, "warm-up    {}, counted nowhere else"),
    ] {
        if count > 0 {
            writeln!(out, "  {}", what.replace("{}", &count.to_string()))?;
        }
    }
    writeln!(out, "  received   {}", bytes(report.answer_bytes))?;
    for (status, count) in &report.statuses {
        writeln!(out, "  status     {status}: {count}")?;
    }
    for (kind, failures) in &report.failures {
        writeln!(out, "  failed     {kind}: {}, as in: {}", failures.count, failures.example)?;
    }
    if let Some(latency) = &report.latency_milliseconds {
        let columns = [
            ("mean", latency.mean),
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p95", latency.p95),
            ("p99", latency.p99),
            ("p99.9", latency.p99_9),
            ("max", latency.max),
        ];
        write!(out, "  latency   ")?;
        for (name, milliseconds) in columns {
            write!(out, " {name} {milliseconds:.2}")?;
        }
        writeln!(out, " ms")?;
    }
    Ok(())
}

/// In the unit that leaves few digits.
fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = (count.max(1).ilog2() / 10) as usize;
    let (step, unit) = units.iter().enumerate().nth(step).unwrap_or((0, &"B"));
    match step {
        0 => format!("{count} {unit}"),
        _ => format!("{:.1} {unit}", count as f64 / 1024_f64.powi(step as i32)),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_short() {
        for (count, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")] {
            assert_eq!(bytes(count), text);
        }
    }
}
