//! Where settings come from: the models directory, file, `.env`, environment and flags, each as a figment provider that names itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::problem::Problem;
use super::settings::{self, Kind, SETTINGS, Setting};
use super::suggest::nearest;
use super::{Flags, dotenv};

/// The file that is read without being asked for, if the working directory has it.
pub(crate) const DEFAULT_FILE: &str = "ferrocast.toml";

/// The file in which a models directory says what holds for it wherever it is served: `default` and `aliases`.
pub(crate) const FOLDER_FILE: &str = "models.toml";

/// Everything a configuration is made of, gathered but not read yet; tests fill it by hand.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Directory of `ferrocast.toml` and `.env`.
    pub directory: PathBuf,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// Command line.
    pub flags: Flags,
}

impl Sources {
    /// The working directory, environment and given flags of this process.
    pub fn of_process(flags: Flags) -> Sources {
        let environment = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Sources { directory: PathBuf::new(), environment, flags }
    }
}

/// One source: its values by key, each with the name under which the source spells it.
#[derive(Debug)]
pub(super) struct Layer {
    label: String,
    spelled: BTreeMap<String, String>,
    values: Dict,
}

impl Layer {
    /// The defaults of the table.
    fn defaults() -> Layer {
        let mut layer = Layer::named("default");
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            layer.insert(setting.key, value(setting, setting.default));
        }
        layer
    }

    /// Only the default of one setting; no value at all if it has none.
    pub(super) fn default_of(key: &str) -> Layer {
        let mut layer = Layer::named("default");
        match settings::find(key) {
            Some(setting) if !setting.default.is_empty() => {
                layer.insert(key, value(setting, setting.default));
            }
            Some(Setting { kind: Kind::Table, .. }) => layer.insert(key, Value::from(Dict::new())),
            _ => layer.insert(key, Value::from(figment::value::Empty::None)),
        }
        layer
    }

    fn named(label: &str) -> Layer {
        Layer { label: label.to_owned(), spelled: BTreeMap::new(), values: Dict::new() }
    }

    /// A setting given as text, under the name that people would look for.
    fn set(&mut self, setting: &Setting, spelled: &str, text: &str) {
        self.spelled.insert(setting.key.to_owned(), spelled.to_owned());
        self.insert(setting.key, value(setting, text));
    }

    fn insert(&mut self, key: &str, value: Value) {
        match key.split_once('.') {
            Some((section, name)) => {
                let section = self.values.entry(section.to_owned());
                if let Value::Dict(_, names) = section.or_insert_with(|| Dict::new().into()) {
                    names.insert(name.to_owned(), value);
                }
            }
            None => {
                self.values.insert(key.to_owned(), value);
            }
        }
    }

    /// Whether this layer sets the key; for a section, whether it sets something else than a section there.
    pub(super) fn gives(&self, key: &str) -> bool {
        match key.split_once('.') {
            None => self.values.get(key).is_some_and(|value| value.as_dict().is_none()),
            Some((section, name)) => {
                self.values.get(section).and_then(Value::as_dict).is_some_and(|names| names.contains_key(name))
            }
        }
    }

    /// Where people find the value of that key: `SERVER__PORT in the environment`, `--port`.
    pub(super) fn place(&self, key: &str) -> String {
        match self.spelled.get(key) {
            Some(name) if !self.label.is_empty() => format!("{name} in {}", self.label),
            Some(name) => name.clone(),
            None => self.label.clone(),
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.label.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// All layers, weakest first. Adds what is wrong with the sources themselves to `problems`.
pub(super) fn layers(sources: &Sources, problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers = vec![Layer::defaults()];
    layers.extend(file(sources, problems));
    let dotenv = sources.directory.join(".env");
    match std::fs::read_to_string(&dotenv) {
        Ok(text) => match dotenv::parse(&text) {
            Ok(pairs) => layers.push(variables(".env", &pairs, problems)),
            Err(line) => problems.push(Problem {
                key: ".env".to_owned(),
                source: format!("line {line}"),
                message: "must hold lines of the form NAME=value".to_owned(),
            }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => problems.push(unreadable(&dotenv, "read by default", &error)),
    }
    layers.push(variables("the environment", &sources.environment, problems));
    layers.push(flags(&sources.flags));
    // Known only now: any of the layers may have named the directory. Whatever they say wins over it.
    let folder = folder_file(&layers, &sources.directory, problems);
    layers.splice(1..1, folder);
    layers
}

/// What the models directory says about itself.
fn folder_file(layers: &[Layer], directory: &Path, problems: &mut Vec<Problem>) -> Option<Layer> {
    let named = |layer: &Layer| Some(layer.values.get("models")?.as_dict()?.get("path")?.as_str()?.to_owned());
    let path = directory.join(layers.iter().rev().find_map(named)?).join(FOLDER_FILE);
    if !path.exists() {
        return None;
    }
    let values = read(&path, "in models.path", problems)?;
    for key in values.keys().filter(|key| !matches!(key.as_str(), "default" | "aliases")) {
        problems.push(Problem {
            key: key.clone(),
            source: path.display().to_string(),
            message: "has no place in this file, which holds `default` and `aliases`".to_owned(),
        });
    }
    let mut layer = Layer::named(&path.display().to_string());
    for (name, value) in values {
        layer.insert(&format!("models.{name}"), value);
    }
    Some(layer)
}

/// The configuration file: the one asked for, else the default one if it is there.
fn file(sources: &Sources, problems: &mut Vec<Problem>) -> Option<Layer> {
    let default = sources.directory.join(DEFAULT_FILE);
    let (path, source) = match &sources.flags.config {
        Some(path) => (sources.directory.join(path), "--config"),
        None if default.exists() => (default, "read by default"),
        None => return None,
    };
    let values = read(&path, source, problems)?;
    unknown_keys(&values, &path, problems);
    Some(Layer { label: path.display().to_string(), spelled: BTreeMap::new(), values })
}

/// A TOML file; `source` says why it is read.
fn read(path: &Path, source: &str, problems: &mut Vec<Problem>) -> Option<Dict> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(unreadable(path, source, &error));
            return None;
        }
    };
    match Toml::from_str::<Dict>(&text) {
        Ok(values) => Some(values),
        Err(error) => {
            let line = error.span().map_or(1, |span| 1 + text.get(..span.start).map_or(0, newlines));
            problems.push(Problem {
                key: path.display().to_string(),
                source: format!("line {line}"),
                // No more than that: the parser quotes the text of the file, which may hold a secret.
                message: "is not valid TOML".to_owned(),
            });
            None
        }
    }
}

fn newlines(text: &str) -> usize {
    text.matches('\n').count()
}

fn unreadable(path: &Path, source: &str, error: &std::io::Error) -> Problem {
    Problem { key: path.display().to_string(), source: source.to_owned(), message: format!("cannot be read: {error}") }
}

/// Complains about every section and key of the file that is not in the table.
fn unknown_keys(values: &Dict, path: &Path, problems: &mut Vec<Problem>) {
    for (section, value) in values {
        if !settings::sections().contains(&section.as_str()) {
            let known = settings::sections();
            problems.push(unknown(section, "section", nearest(section, known), path));
            continue;
        }
        let Value::Dict(_, names) = value else { continue };
        for name in names.keys() {
            let key = format!("{section}.{name}");
            if settings::find(&key).is_none() {
                problems.push(unknown(&key, "setting", nearest_key(&key), path));
            }
        }
    }
}

fn unknown(key: &str, what: &str, meant: Option<&str>, path: &Path) -> Problem {
    Problem {
        key: key.to_owned(),
        source: path.display().to_string(),
        message: match meant {
            Some(meant) => format!("is no {what}; did you mean `{meant}`?"),
            None => format!("is no {what}; docs/configuration.md lists them"),
        },
    }
}

/// The known key most like this one: the same name in another section, else a misspelt one.
fn nearest_key(key: &str) -> Option<&'static str> {
    let name = |key: &str| key.split('.').next_back().map(str::to_owned);
    let known = || SETTINGS.iter().map(|setting| setting.key);
    known().find(|known| name(known) == name(key)).or_else(|| nearest(key, known()))
}

/// Variables that are settings. `SECTION__NAME` with a known section and an unknown name is a slip, not a stranger's.
fn variables(label: &str, pairs: &[(String, String)], problems: &mut Vec<Problem>) -> Layer {
    let mut layer = Layer::named(label);
    // Plain names first: where both are given, the name that says its section wins.
    for (name, value) in pairs {
        if let Some(setting) = SETTINGS.iter().find(|it| it.plain_name == Some(name.as_str())) {
            layer.set(setting, name, value);
        }
    }
    for (name, value) in pairs {
        let Some((section, rest)) = name.split_once("__") else { continue };
        if !settings::sections().iter().any(|known| known.eq_ignore_ascii_case(section)) {
            continue;
        }
        let key = format!("{section}.{rest}").to_ascii_lowercase();
        match settings::find(&key) {
            Some(setting) if setting.kind != Kind::Table => layer.set(setting, name, value),
            Some(_) => problems.push(Problem {
                key,
                source: format!("{name} in {label}"),
                message: "can only be set in a configuration file".to_owned(),
            }),
            None => problems.push(Problem {
                message: match nearest_key(&key).and_then(settings::find) {
                    Some(meant) => format!("is no setting; did you mean `{}`?", meant.variable()),
                    None => "is no setting; docs/configuration.md lists them".to_owned(),
                },
                key,
                source: format!("{name} in {label}"),
            }),
        }
    }
    layer
}

fn flags(flags: &Flags) -> Layer {
    let mut layer = Layer::named("");
    let given = [
        ("--models", &flags.models),
        ("--host", &flags.host),
        ("--port", &flags.port),
        ("--default-model", &flags.default_model),
    ];
    for (flag, value) in given {
        let setting = SETTINGS.iter().find(|setting| setting.flag == Some(flag));
        if let (Some(setting), Some(value)) = (setting, value) {
            layer.set(setting, flag, value);
        }
    }
    layer
}

/// Text read as the setting's kind says. Text that does not fit stays text, for the type check to name.
fn value(setting: &Setting, text: &str) -> Value {
    match setting.kind {
        Kind::Text | Kind::Table => Value::from(text),
        Kind::Count => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
        Kind::Switch => switch(text).map_or_else(|| Value::from(text), Value::from),
    }
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}
