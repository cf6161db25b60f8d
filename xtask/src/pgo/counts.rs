//! Counts of functions as text.
//! <https://github.com/llvm/llvm-project/blob/llvmorg-22.1.0/llvm/lib/ProfileData/InstrProfReader.cpp> (`TextInstrProfReader`)

use anyhow::Context;

/// Before the numbers of a function.
const VALUES: &str = "# Counter Values:";

/// The same, with only those functions of which something has run so often.
pub(super) fn of_what_runs(text: &str, least: u64) -> anyhow::Result<String> {
    let is_head = |line: &&str| line.starts_with([':', '#']);
    let head: String = text.split_inclusive('\n').take_while(is_head).collect();
    let functions = text.get(head.len()..).context("the counts have no functions")?;
    let mut kept = head;
    for function in functions.split_inclusive("\n\n") {
        if most(function)? >= least {
            kept.push_str(function);
        }
    }
    Ok(kept)
}

/// The highest number of a function.
fn most(function: &str) -> anyhow::Result<u64> {
    let (_, values) = function.split_once(VALUES).with_context(|| format!("a function without {VALUES} {function}"))?;
    // What follows them, if anything does, begins with another remark.
    let values = values.lines().skip(1).map_while(|line| line.parse::<u64>().ok());
    values.max().with_context(|| format!("a function without numbers: {function}"))
}

#[cfg(test)]
mod tests {
    use super::of_what_runs;

    const HEAD: &str = "# IR level Instrumentation Flag\n:ir\n";

    fn function(name: &str, values: &str, behind: &str) -> String {
        format!("{name}\n# Func Hash:\n7\n# Num Counters:\n2\n# Counter Values:\n{values}\n{behind}\n")
    }

    #[test]
    fn what_runs_seldom_is_left_out() {
        let often = function("often", "0\n1000", "# Num Value Kinds:\n1\n# ValueKind = IPVK_IndirectCallTarget:\n0\n");
        let (seldom, last) = (function("seldom", "999\n0", ""), function("last", "5000\n1", ""));
        let all = format!("{HEAD}{often}{seldom}{last}");
        assert_eq!(of_what_runs(&all, 1_000).unwrap(), format!("{HEAD}{often}{last}"));
    }

    #[test]
    fn what_is_no_function_is_told() {
        assert!(of_what_runs(&format!("{HEAD}name\n# Func Hash:\n7\n"), 1).is_err());
        assert!(of_what_runs(&format!("{HEAD}{}", function("name", "none", "")), 1).is_err());
    }
}
