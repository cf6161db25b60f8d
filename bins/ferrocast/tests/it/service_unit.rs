//! What the package brings beside the program, against the program: the unit of systemd and the example of a configuration.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{ferrocast, folder, run, samples};

fn deployed(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The values of a key in a unit.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// The reference of settings: `section.name`, default, variables.
fn settings() -> Vec<(String, String, Vec<String>)> {
    let (code, reference, said) = run(ferrocast(folder().path()).args(["docs", "configuration"]));
    assert_eq!(code, Some(0), "{said}");
    let mut section = "";
    let mut settings = Vec::new();
    for line in reference.lines() {
        if let Some(title) = line.strip_prefix("## `[") {
            section = title.trim_end_matches("]`");
        }
        let Some(row) = line.strip_prefix("| `") else { continue };
        let cells: Vec<&str> = row.split(" | ").collect();
        let code = |text: &str| text.replace('`', "");
        let variables = cells[3].split(", ").map(code).collect();
        settings.push((format!("{section}.{}", code(cells[0])), code(cells[1]), variables));
    }
    assert!(settings.len() > 50, "{settings:?}");
    settings
}

fn default_of(settings: &[(String, String, Vec<String>)], key: &str) -> u64 {
    let (_, default, _) = settings.iter().find(|(name, ..)| name == key).expect("a setting");
    default.parse().expect("a number")
}

/// A folder with the example of a configuration and the samples, as where a package was unpacked.
fn unpacked(configuration: &str) -> tempfile::TempDir {
    let folder = folder();
    fs::write(folder.path().join("ferrocast.toml"), configuration).expect("a file");
    #[cfg(unix)]
    std::os::unix::fs::symlink(samples(), folder.path().join("models")).expect("a link");
    folder
}

#[test]
fn the_unit_starts_the_program_with_flags_that_it_has() {
    let unit = deployed("systemd/ferrocast.service");
    let [start] = values(&unit, "ExecStart")[..] else { panic!("one ExecStart") };
    let words: Vec<&str> = start.split_whitespace().collect();
    assert_eq!(words[..2], ["/opt/ferrocast/ferrocast", "serve"]);
    let package = unpacked(&deployed("package/ferrocast.toml"));
    let here = |word: &&str| PathBuf::from(word.replace("/etc/ferrocast", &package.path().display().to_string()));
    // `check-config` takes the flags of `serve`.
    let (code, out, said) = run(ferrocast(package.path()).arg("check-config").args(words[2..].iter().map(here)));
    assert_eq!(code, Some(0), "{said}");
    assert!(out.starts_with("The configuration is good: 127.0.0.1:8000 from "), "{out}");
}

#[test]
fn the_unit_names_settings_that_there_are() {
    let unit = deployed("systemd/ferrocast.service");
    let settings = settings();
    let known = |name: &str| settings.iter().any(|(_, _, variables)| variables.iter().any(|variable| variable == name));
    let commented = unit.replace("# Environment=", "Environment=");
    let named = values(&commented, "Environment");
    assert!(named.len() >= 3, "{named:?}");
    for assignment in named {
        let (name, _) = assignment.split_once('=').expect("a name and a value");
        assert!(known(name), "{name} is no setting");
    }
}

#[test]
fn systemd_waits_until_the_server_has_stopped() {
    let unit = deployed("systemd/ferrocast.service");
    let settings = settings();
    let [patience] = values(&unit, "TimeoutStopSec")[..] else { panic!("one TimeoutStopSec") };
    let stopping = default_of(&settings, "server.drain_delay_s") + default_of(&settings, "server.drain_s");
    assert!(patience.parse::<u64>().expect("seconds") > stopping, "{patience} against {stopping}");
    assert_eq!(values(&unit, "RestartPreventExitStatus"), ["78"]);
    let connections = default_of(&settings, "limits.max_connections");
    let [files] = values(&unit, "LimitNOFILE")[..] else { panic!("one LimitNOFILE") };
    assert!(files.parse::<u64>().expect("a number") > connections, "{files} against {connections}");
}

#[test]
fn the_example_of_a_configuration_is_good() {
    let package = unpacked(&deployed("package/ferrocast.toml"));
    let (code, out, said) = run(ferrocast(package.path()).arg("check-config"));
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(out, "The configuration is good: 127.0.0.1:8000 from models\n");
}

/// A line `# name = value` is a setting that is switched off.
#[test]
fn what_the_example_switches_off_are_settings_with_their_defaults() {
    let example = deployed("package/ferrocast.toml");
    let settings = settings();
    let mut section = "";
    let mut switched_off = 0;
    for line in example.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        }
        let Some((name, value)) = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")) else { continue };
        let key = format!("{section}.{name}");
        let Some((_, default, _)) = settings.iter().find(|(known, ..)| *known == key) else {
            panic!("no setting {key}")
        };
        assert!(default.is_empty() || default == value.trim_matches('"'), "{key} is {default} by default, not {value}");
        switched_off += 1;
    }
    assert!(switched_off > 15, "{switched_off}");
}
