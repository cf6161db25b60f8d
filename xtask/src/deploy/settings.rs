//! The settings of the server, as `docs/configuration.md` lists them; `cargo xtask codegen --check` holds that to the program.

use std::fs;

use anyhow::Context;

use crate::workspace::root;

/// All of them.
#[derive(Debug)]
pub(super) struct Settings(Vec<Setting>);

/// One row of the document.
#[derive(Debug)]
pub(super) struct Setting {
    /// `section.name`.
    key: String,
    default: String,
    /// Its names in the environment.
    pub(super) names: Vec<String>,
}

impl Settings {
    pub(super) fn read() -> anyhow::Result<Settings> {
        let document = root().join("docs/configuration.md");
        let text = fs::read_to_string(&document).with_context(|| format!("cannot read {}", document.display()))?;
        Ok(Settings::parse(&text))
    }

    fn parse(text: &str) -> Settings {
        let (mut section, mut settings) = ("", Vec::new());
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("## `[").and_then(|rest| rest.strip_suffix("]`")) {
                section = name;
            }
            settings.extend(setting(section, line));
        }
        Settings(settings)
    }

    /// Whether the server reads a variable of this name.
    pub(super) fn reads(&self, variable: &str) -> bool {
        self.0.iter().any(|setting| setting.names.iter().any(|name| name == variable))
    }

    /// Default and names of the setting `section.name`.
    pub(super) fn named(&self, key: &str) -> anyhow::Result<(&str, &[String])> {
        let setting = self.0.iter().find(|setting| setting.key == key);
        let setting = setting.with_context(|| format!("docs/configuration.md does not list {key}"))?;
        Ok((&setting.default, &setting.names))
    }
}

/// `` | `name` | `default` | accepts | `NAME`, … | flag | meaning | ``.
fn setting(section: &str, line: &str) -> Option<Setting> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    let key = format!("{section}.{}", cells.next()?.trim_end_matches('`'));
    let default = cells.next()?.trim_matches(['`', ' ']).to_owned();
    let names = cells.nth(1)?.split(", ").map(|name| name.trim_matches(['`', ' ']).to_owned()).collect();
    Some(Setting { key, default, names })
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn rows_are_read() {
        let text = "## `[models]`\n\n| Setting | Default | Accepts | Environment | Flag | Meaning |\n|---|---|\n| `path` | `models` | a folder | `MODELS__PATH`, `MODEL_PATH` | `--models` | Directory. |\n";
        let settings = Settings::parse(text);
        let (default, names) = settings.named("models.path").unwrap();
        assert_eq!((default, names), ("models", &["MODELS__PATH".to_owned(), "MODEL_PATH".to_owned()][..]));
        assert!(settings.reads("MODEL_PATH") && !settings.reads("MODELS_PATH"));
        assert!(settings.named("models.none").is_err());
    }
}
