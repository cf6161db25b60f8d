//! `cargo xtask link-order`: which functions a server runs until it idles, for the linker to put side by side.
//!
//! Of a page of code that is missed, the kernel maps what lies around it too, 64 KiB in all (`fault_around_bytes`). What runs of this
//! program is a sixth of its code, and in the compiler's order it is spread over nearly all of it: all of that counts as the process's
//! memory. Valgrind tells what runs. The list has names without the compiler's hashes, and is of both profiles, so that it holds for
//! other builds than those it was made of; a name that is gone does no harm.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use xshell::{Shell, cmd};

use crate::{
    http::Client,
    model_folder,
    models::Golden,
    profile::Profile,
    served::{self, Served},
    tools::VALGRIND,
    workspace::{Metadata, root},
};

/// What `build.rs` hands to the linker.
const SCRIPT: &str = "bins/ferrocast/assets/link-order.ld";

/// Where it puts what the compiler says to run often, by the names that the compiler gives such sections.
pub(crate) const HOT: &str = ".text.hot";

/// Where it puts them.
const SECTION: &str = ".text.until_idle";

/// What they take at least, if the list fits the compiler: they are some seven million bytes.
const LEAST_BYTES: u64 = 3_000_000;

/// Models of tables: what pictures need is no part of every server.
const MODELS: [&str; 2] = ["penguins", "auto-mpg"];

/// What the kernel maps for one page that is missed.
const WINDOW: u64 = 64 << 10;

/// How long a server may take to become ready under Valgrind.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long it is left alone then: what it does now and then, it does at least once.
const IDLE: Duration = Duration::from_secs(30);

/// Writes the list anew.
pub(crate) fn run(sh: &Shell) -> anyhow::Result<()> {
    VALGRIND.ensure(sh)?;
    let mut sections = BTreeSet::new();
    for profile in [Profile::Release, Profile::Dist] {
        let program = build(sh, profile)?;
        let executed = executed(sh, &program)?;
        let symbols = cmd!(sh, "nm --print-size --defined-only {program}").quiet().read()?;
        let chosen = chosen(&symbols, &executed);
        println!("{}: {} functions run, {} names of ours", profile.name(), executed.len(), chosen.len());
        sections.extend(chosen);
    }
    fs::write(root().join(SCRIPT), script(&sections)).with_context(|| format!("cannot write {SCRIPT}"))
}

/// Fails if the linker has not found the functions of the list in the program: nothing else would tell.
pub(crate) fn ensure_followed(sh: &Shell, program: &Path) -> anyhow::Result<()> {
    ensure_filled(sh, program, (SECTION, LEAST_BYTES), (SCRIPT, "link-order"))
}

/// Fails if a section that the script makes has fewer bytes than this. It is filled as a file says that a command writes.
pub(crate) fn ensure_filled(
    sh: &Shell,
    program: &Path,
    (section, least): (&str, u64),
    (file, command): (&str, &str),
) -> anyhow::Result<()> {
    // Elsewhere nobody tells the linker.
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))) {
        return Ok(());
    }
    let sections = cmd!(sh, "readelf --section-headers --wide {program}").quiet().read()?;
    let bytes = bytes_of(&sections, section);
    ensure!(
        bytes >= least,
        "{file} names {bytes} bytes of {}, which should be {least} and more: `cargo xtask {command}` writes it anew",
        program.display()
    );
    Ok(())
}

/// The bytes of a section in a list of readelf: number, name, type, address, offset, size and more.
fn bytes_of(sections: &str, section: &str) -> u64 {
    let fields =
        sections.lines().filter_map(|line| line.split_once(&format!("] {section} "))).map(|(_, fields)| fields);
    let size = fields.filter_map(|fields| fields.split_whitespace().nth(3)).next();
    size.and_then(|size| u64::from_str_radix(size, 16).ok()).unwrap_or(0)
}

/// The program with its symbols.
fn build(sh: &Shell, profile: Profile) -> anyhow::Result<PathBuf> {
    let program = ["--package", "ferrocast", "--bin", "ferrocast"];
    profile.cargo(sh, "rustc").args(program).args(["--", "-C", "strip=none"]).run()?;
    Ok(Metadata::load(sh)?.program(profile))
}

/// The symbols of the functions that run from the start to idling, a prediction of each model among them.
fn executed(sh: &Shell, program: &Path) -> anyhow::Result<BTreeSet<String>> {
    let models = MODELS.map(|name| root().join("models").join(name));
    let folder = model_folder::of(sh, "link-order", &models.each_ref().map(PathBuf::as_path))?;
    let told = folder.with_extension("callgrind");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--demangle=no"]).arg(format!("--callgrind-out-file={}", told.display()));
    command.arg(program);
    let mut command = served::serving(command, &folder);
    // A trial starts the program anew, which Valgrind does not let it.
    command.env("MODELS__TRIAL", "false");
    let server = Served::start(command)?;
    use_it(server.url())?;
    thread::sleep(IDLE);
    server.terminate(sh)?;
    let text = fs::read_to_string(&told).with_context(|| format!("cannot read {}", told.display()))?;
    Ok(functions_of(&text))
}

fn use_it(url: &str) -> anyhow::Result<()> {
    let client = Client::new();
    client.wait_until_ready(url, PATIENCE)?;
    for model in MODELS {
        let golden = Golden::read(&root().join("models").join(model).join("1/golden.json"))?;
        let row = golden.cases.first().context("a golden file without rows")?.input.to_string();
        // Twice: the second time its path is known.
        for _ in 0..2 {
            client.post(&format!("{url}/models/{model}/predict"), &row)?;
        }
    }
    // Not `/metrics`: rustix looks there for what the kernel maps into each process (vDSO), and Valgrind takes that away.
    client.text(&format!("{url}/health")).map(drop)
}

/// Which functions callgrind has seen. In its output a name stands once, behind a number, and then the number alone.
/// <https://valgrind.org/docs/manual/cl-format.html>
///
/// Those of libraries are among them: of a program that follows a list, callgrind does not know which are the program's own.
fn functions_of(callgrind: &str) -> BTreeSet<String> {
    let mut names = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for line in callgrind.lines() {
        let Some((key @ ("fn" | "cfn"), value)) = line.split_once('=') else { continue };
        let (number, name) = value.split_once(' ').unwrap_or((value, ""));
        if !name.is_empty() {
            names.insert(number, name);
        }
        if key == "fn" {
            seen.extend(names.get(number));
        }
    }
    seen.into_iter().map(str::to_owned).collect()
}

/// Functions of one name but for the compiler's hash, as generic ones have it.
#[derive(Debug, Default)]
struct Namesakes {
    executed: u64,
    /// Bytes of those that were not.
    idle_bytes: u64,
}

/// The sections of what was executed, where their namesakes do not take more memory than it would elsewhere. `symbols` is nm's list: place, size,
/// kind and name.
fn chosen(symbols: &str, executed: &BTreeSet<String>) -> BTreeSet<String> {
    let mut all: BTreeMap<String, Namesakes> = BTreeMap::new();
    for line in symbols.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, size, "t" | "T" | "w" | "W", name] = fields[..] else { continue };
        let namesakes = all.entry(section(name)).or_default();
        if executed.contains(name) {
            namesakes.executed += 1;
        } else {
            namesakes.idle_bytes += u64::from_str_radix(size, 16).unwrap_or(0);
        }
    }
    let pays = |namesakes: &Namesakes| namesakes.executed > 0 && namesakes.idle_bytes <= namesakes.executed * WINDOW;
    all.into_iter().filter(|(_, namesakes)| pays(namesakes)).map(|(section, _)| section).collect()
}

/// The section of a function, as a pattern: `_ZN4core3fmt17h0123456789abcdefE` and its clones are in `.text._ZN4core3fmt17h*`.
fn section(name: &str) -> String {
    const DIGITS: usize = 16;
    let is_hash = |rest: &str| {
        let digits = rest.get(..DIGITS).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits && rest.get(DIGITS..).is_some_and(|end| end.starts_with('E'))
    };
    match name.rfind("17h") {
        Some(place) if name.get(place + 3..).is_some_and(is_hash) => {
            format!(".text.{}*", name.get(..place + 3).unwrap_or(name))
        }
        _ => format!(".text.{name}"),
    }
}

/// A linker script that adds to the linker's own. One list for all, since a linker goes through all sections for each. What the compiler
/// knows to run often (`cargo xtask pgo`) is named by it, and stays together.
fn script(sections: &BTreeSet<String>) -> String {
    let names: String = sections.iter().map(|section| format!("      \"{section}\"\n")).collect();
    format!(
        "/* Functions that run until a server idles, side by side. Written by `cargo xtask link-order`. */\n\
         SECTIONS {{\n  {HOT} : {{\n    *({HOT} {HOT}.*)\n  }}\n  {SECTION} : {{\n    *(\n{names}    )\n  }}\n}}\nINSERT BEFORE .text;\n"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{bytes_of, chosen, functions_of, script, section};

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn functions_are_known_by_numbers() {
        let told = "ob=(1) /bin/server\nfl=(1) ???\nfn=(1) start\n16 3\ncfn=(2) malloc\ncalls=1 0\n\
                    fn=(3) main\nob=(2) /lib/libc.so.6\nfn=(2)\n0 5\nfn=(1)\ncfn=(4) called\n";
        assert_eq!(functions_of(told), set(&["start", "main", "malloc"]));
    }

    #[test]
    fn a_hash_is_any_hash() {
        assert_eq!(section("_ZN4core3fmt17h0123456789abcdefE"), ".text._ZN4core3fmt17h*");
        assert_eq!(section("_ZN4core3fmt17h0123456789abcdefE.llvm.42"), ".text._ZN4core3fmt17h*");
        assert_eq!(section("_ZN4core3fmt17h0123456789abcdeE"), ".text._ZN4core3fmt17h0123456789abcdeE");
        assert_eq!(section("memcpy"), ".text.memcpy");
    }

    #[test]
    fn many_namesakes_that_idle_are_left_where_they_are() {
        let symbols = "0000 0000000000000010 t _ZN1a17h0000000000000000E\n\
                       0010 0000000000010000 t _ZN1a17h1111111111111111E\n\
                       0020 0000000000000010 t _ZN1b17h0000000000000000E\n\
                       0030 0000000000010001 T _ZN1b17h1111111111111111E\n\
                       0040 0000000000000010 T _ZN1c17h0000000000000000E\n\
                       0050 0000000000000010 D main\n\
                       0060 t _ZN1d17h0000000000000000E\n";
        let executed = ["a", "b", "d"].map(|name| format!("_ZN1{name}17h0000000000000000E"));
        assert_eq!(chosen(symbols, &executed.into_iter().collect()), set(&[".text._ZN1a17h*"]));
    }

    #[test]
    fn a_section_is_found_by_its_name() {
        let sections = "  [14] .eh_frame         PROGBITS        0000000000530450 530450 221228 00   A  0   0  8\n  \
                        [15] .text.until_idle  PROGBITS        0000000000752680 751680 6e8d42 00  AX  0   0 16\n";
        let bytes = |name| bytes_of(sections, name);
        assert_eq!((bytes(".text.until_idle"), bytes(".text"), bytes(".text.hot")), (0x6e_8d42, 0, 0));
    }

    #[test]
    fn a_script_names_sections() {
        let script = script(&set(&[".text.b", ".text.a"]));
        assert!(
            script.ends_with("    *(\n      \".text.a\"\n      \".text.b\"\n    )\n  }\n}\nINSERT BEFORE .text;\n"),
            "{script}"
        );
    }
}
