//! One `check` per way a configuration can be given; forty bad ones with their exact lines.

use std::fs;

use super::settings::{self, Kind, SETTINGS};
use super::{Config, Flags, Sources, TaskStoreKind, reference};

/// A working directory with a models folder, and whatever a test adds.
struct Place {
    directory: tempfile::TempDir,
    sources: Sources,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for model in ["penguins", "auto-mpg"] {
            fs::create_dir_all(directory.path().join("models").join(model)).expect("a folder");
        }
        let sources =
            Sources { directory: directory.path().to_owned(), environment: Vec::new(), flags: Flags::default() };
        Place { directory, sources }
    }

    fn folder(self, name: &str) -> Place {
        fs::create_dir_all(self.directory.path().join(name)).expect("a folder");
        self
    }

    fn file(self, name: &str, text: &str) -> Place {
        fs::write(self.directory.path().join(name), text).expect("a file");
        self
    }

    fn env(mut self, name: &str, value: &str) -> Place {
        self.sources.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flags(mut self, flags: Flags) -> Place {
        self.sources.flags = flags;
        self
    }

    fn load(&self) -> Config {
        Config::from_sources(&self.sources).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The problems as printed, with the temporary directory cut out.
    fn problems(&self) -> String {
        let error = Config::from_sources(&self.sources).expect_err("this configuration is bad");
        let directory = format!("{}/", self.directory.path().display());
        error.to_string().replace(&directory, "")
    }
}

#[test]
fn a_models_directory_brings_its_default_and_anything_else_wins_over_it() {
    let folder_file = "default = \"penguins\"\n[aliases.penguins]\nstable = \"1\"\n";
    let place = || Place::new().file("models/models.toml", folder_file);
    let config = place().load();
    assert_eq!(config.models.default.as_deref(), Some("penguins"));
    assert_eq!(config.models.aliases["penguins"]["stable"], "1");
    let file = place().file("ferrocast.toml", "[models]\ndefault = \"auto-mpg\"\n").load();
    assert_eq!(file.models.default.as_deref(), Some("auto-mpg"));
    let variable = place().env("MODELS__DEFAULT", "auto-mpg").load();
    assert_eq!(variable.models.default.as_deref(), Some("auto-mpg"));
    // It is that of the directory which is served, whoever named it.
    let elsewhere = Flags { models: Some("mine".to_owned()), ..Flags::default() };
    let place = place().folder("mine/churn").file("mine/models.toml", "default = \"churn\"").flags(elsewhere);
    assert_eq!(place.load().models.default.as_deref(), Some("churn"));
}

#[test]
fn a_models_directory_says_nothing_else() {
    let place = Place::new().file("models/models.toml", "default = \"penguins\"\nport = 80\n");
    let expected = "port: has no place in this file, which holds `default` and `aliases` [models/models.toml]";
    assert_eq!(place.problems(), expected);
    assert_eq!(
        Place::new().file("models/models.toml", "default = ").problems(),
        "models/models.toml: is not valid TOML [line 1]"
    );
}

/// A configuration file with one mistake, and the line it must give.
fn check_file(text: &str, line: &str) {
    assert_eq!(Place::new().file("ferrocast.toml", text).problems(), line, "for {text}");
}

/// One environment variable with a mistake, and the line it must give.
fn check_env(name: &str, value: &str, line: &str) {
    assert_eq!(Place::new().env(name, value).problems(), line, "for {name}={value}");
}

#[test]
fn defaults_alone_are_a_configuration() {
    let config = Place::new().load();
    assert_eq!(config.server.address.to_string(), "127.0.0.1:8000");
    assert_eq!(config.limits.max_batch_size, 100);
    assert_eq!(config.log.level, "info");
    assert!(config.models.default.is_none() && config.notes.is_empty() && !config.server.debug);
}

#[test]
fn later_sources_win() {
    let file = "[server]\nport = 1001\nkeep_alive_s = 7\nbody_timeout_s = 3\nhead_timeout_s = 2\n";
    let place = Place::new()
        .file("ferrocast.toml", file)
        .file(".env", "SERVER__PORT=1002\nSERVER__KEEP_ALIVE_S=8\nSERVER__BODY_TIMEOUT_S=4\n")
        .env("SERVER__PORT", "1003")
        .env("SERVER__KEEP_ALIVE_S", "9")
        .flags(Flags { port: Some("1004".to_owned()), ..Flags::default() });
    let server = place.load().server;
    assert_eq!(server.address.port(), 1004, "flag over environment");
    assert_eq!(server.keep_alive.as_secs(), 9, "environment over .env");
    assert_eq!(server.body_timeout.as_secs(), 4, ".env over file");
    assert_eq!(server.head_timeout.as_secs(), 2, "file over default");
}

#[test]
fn plain_names_work_and_the_full_name_wins() {
    let config = Place::new()
        .env("LOG_LEVEL", "WARNING")
        .env("MAX_BATCH_SIZE", "7")
        .env("LIMITS__MAX_BATCH_SIZE", "8")
        .env("APP_NAME", "123")
        .env("DEBUG", "1")
        .load();
    assert_eq!(config.log.level, "warn");
    assert_eq!(config.limits.max_batch_size, 8);
    assert_eq!(config.server.app_name, "123", "text stays text even if it looks like a number");
    assert!(config.server.debug);
}

#[test]
fn a_library_that_this_build_cannot_use_is_noted() {
    let place = Place::new().env("ORT_DYLIB_PATH", "lib/libonnxruntime.so");
    let config = place.load();
    assert_eq!(config.onnxruntime.library, Some(place.directory.path().join("lib/libonnxruntime.so")));
    let note = "onnxruntime.library has no effect: this program is built without the feature onnxruntime";
    assert_eq!(config.notes.iter().any(|told| told == note), cfg!(not(feature = "onnxruntime")), "{:?}", config.notes);
    let config = Place::new().env("ORT_DYLIB_PATH", "").load();
    assert!(config.onnxruntime.library.is_none() && config.notes.is_empty());
}

#[test]
fn redis_is_turned_on_by_one_setting() {
    let config = Place::new().env("CACHE_TTL", "1800").env("REDIS_URL", "redis://u:canary@h").load();
    assert_eq!((config.cache.ttl.as_secs(), config.tasks.store), (1800, TaskStoreKind::Redis));
    assert!(!format!("{config:?}").contains("canary"));
    let config = Place::new().env("REDIS_URL", "redis://h").env("TASKS__STORE", "sqlite").load();
    assert_eq!(config.tasks.store, TaskStoreKind::Sqlite);
    let config = Place::new().env("REDIS_URL", "").load();
    assert_eq!((config.redis.url, config.tasks.store), (None, TaskStoreKind::Sqlite));
}

#[test]
fn what_is_wrong_with_callbacks_is_said_without_their_secret() {
    let place = Place::new()
        .env("CALLBACKS__SECRET", "canary")
        .env("CALLBACKS__PORTS", "443, http")
        .env("CALLBACKS__ALLOW_NETWORKS", "10.0.0.0/8, 10.0.0.1/8")
        .env("CALLBACKS__HOSTS", "*.example.com, *")
        .env("CALLBACKS__RETRIES_S", "0, soon")
        .env("CALLBACKS__CA_FILE", "nowhere.pem")
        .env("TASKS__STORE", "redis");
    let expected = [
        "tasks.store: is redis, but redis.url is not given [TASKS__STORE in the environment]",
        "callbacks.secret: signing secret 1 is not base64 (RFC 4648, section 4, padded), with or without `whsec_` before it [CALLBACKS__SECRET in the environment]",
        "callbacks.ports: `http` is no port from 1 to 65535 [CALLBACKS__PORTS in the environment]",
        "callbacks.allow_networks: `10.0.0.1/8` is no network: the address before `/` is not the first one of it [CALLBACKS__ALLOW_NETWORKS in the environment]",
        "callbacks.hosts: `*` is no host: a name such as `example.com`, subdomains such as `*.example.com`, or an address is needed [CALLBACKS__HOSTS in the environment]",
        "callbacks.retries_s: `soon` is no delay before an attempt: seconds from 0 to 604800 (7 days) are needed [CALLBACKS__RETRIES_S in the environment]",
        "callbacks.ca_file: cannot be read: No such file or directory (os error 2) [CALLBACKS__CA_FILE in the environment]",
    ];
    assert_eq!(place.problems(), expected.join("\n"));
}

#[test]
fn variables_of_strangers_are_left_alone() {
    Place::new().env("CARGO__X", "1").env("__", "").env("PATH", "/bin").file(".env", "A=1").load();
}

#[test]
fn aliases_come_from_the_file() {
    let config = Place::new().file("ferrocast.toml", "[models.aliases.penguins]\nstable = \"1\"\n").load();
    let stable = config.models.aliases.get("penguins").and_then(|aliases| aliases.get("stable"));
    assert_eq!(stable.map(String::as_str), Some("1"));
}

#[test]
fn all_problems_come_at_once() {
    let place = Place::new()
        .file("ferrocast.toml", "[server]\nprot = 1\nkeep_alive_s = -1\n[log]\nlevel = \"loud\"\n")
        .env("MAX_BATCH_SIZE", "many")
        .flags(Flags { port: Some("70000".to_owned()), ..Flags::default() });
    assert_eq!(
        place.problems(),
        "\
server.prot: is no setting; did you mean `server.port`? [ferrocast.toml]
server.port: must be 0 to 65535, not 70000 [--port]
server.keep_alive_s: must be 0 to 3600, not -1 [ferrocast.toml]
limits.max_batch_size: must be 1 to 100000, not \"many\" [MAX_BATCH_SIZE in the environment]
log.level: must be off, error, warn, info, debug or trace, not \"loud\" [ferrocast.toml]"
    );
}

#[test]
fn what_a_file_says_of_other_models_is_put_aside() {
    let file = "[models]\ndefault = \"penguins\"\n[models.aliases.penguins]\nstable = \"1\"\n";
    let flags = Flags { models: Some("mine".to_owned()), ..Flags::default() };
    let place = Place::new().file("ferrocast.toml", file).folder("mine/churn").flags(flags);
    let config = place.load();
    assert_eq!(config.models.default, None);
    assert_eq!(
        config.notes.join("\n").replace(&place.directory.path().display().to_string(), "."),
        "models.default [./ferrocast.toml] has no effect: no model \"penguins\" in mine (there: churn)"
    );
}

#[test]
fn bad_files() {
    check_file("[serve]\nport = 1", "serve: is no section; did you mean `server`? [ferrocast.toml]");
    check_file("[colours]\n", "colours: is no section; docs/configuration.md lists them [ferrocast.toml]");
    check_file("[server]\nlevel = \"info\"", "server.level: is no setting; did you mean `log.level`? [ferrocast.toml]");
    check_file("server = 5", "server: must be a section [ferrocast.toml]");
    check_file("[server]\nport = ", "ferrocast.toml: is not valid TOML [line 2]");
    check_file(
        "[models]\naliases = 3",
        "models.aliases: must be a table of tables of text: `[models.aliases.<model>]` with `<alias> = \"<version>\"`, not 3 [ferrocast.toml]",
    );
    check_file(
        "[models.aliases.penguin]\nstable = \"1\"",
        "models.aliases: no model \"penguin\" in models; did you mean \"penguins\"? [ferrocast.toml]",
    );
}

#[test]
fn bad_variables() {
    check_env(
        "SERVER__KEEPALIVE_S",
        "1",
        "server.keepalive_s: is no setting; did you mean `SERVER__KEEP_ALIVE_S`? [SERVER__KEEPALIVE_S in the environment]",
    );
    check_env(
        "MODELS__ALIASES",
        "x",
        "models.aliases: can only be set in a configuration file [MODELS__ALIASES in the environment]",
    );
    check_env("DEBUG", "maybe", "server.debug: must be true or false, not \"maybe\" [DEBUG in the environment]");
    check_env(
        "SERVER__HOST",
        "no such host",
        "server.host: must be an IP address or a host name of this machine, not \"no such host\" [SERVER__HOST in the environment]",
    );
    check_env(
        "MODELS__DEFAULT",
        "cats",
        "models.default: no model \"cats\" in models (there: auto-mpg, penguins) [MODELS__DEFAULT in the environment]",
    );
    check_env("APP_NAME", "", "server.app_name: must be 1 to 100 characters, not \"\" [APP_NAME in the environment]");
}

/// What can be reached from elsewhere is never open by mistake.
#[test]
fn a_public_address_needs_keys() {
    let public = |key: &str, address: &str| {
        format!(
            "{key}: {address} can be reached from other machines, so keys are needed (auth.keys_file); or \
             auth.allow_anonymous = true, if something in front decides who may ask [{} in the environment]",
            key.replace('.', "__").to_ascii_uppercase()
        )
    };
    for address in ["0.0.0.0", "192.168.1.7", "::", "2001:db8::1"] {
        let place = Place::new().env("SERVER__HOST", address);
        assert_eq!(place.problems(), public("server.host", address));
        let place = Place::new().env("ADMIN__HOST", address).env("ADMIN__PORT", "9000");
        assert_eq!(place.problems(), public("admin.host", address));
        // An admin address without a port is not listened on.
        Place::new().env("ADMIN__HOST", address).load();
        Place::new().env("SERVER__HOST", address).env("AUTH__ALLOW_ANONYMOUS", "true").load();
        Place::new().env("SERVER__HOST", address).file("keys.toml", "").env("AUTH__KEYS_FILE", "keys.toml").load();
    }
    for address in ["127.0.0.1", "127.0.0.2", "::1", "localhost"] {
        Place::new().env("SERVER__HOST", address).load();
    }
}

#[test]
fn what_is_said_of_access_is_checked() {
    check_env(
        "AUTH__KEYS_FILE",
        "nowhere.toml",
        "auth.keys_file: cannot be read: No such file or directory (os error 2) [AUTH__KEYS_FILE in the environment]",
    );
    check_env(
        "AUTH__OPEN",
        "docs, api",
        "auth.open: `api` is neither docs nor metrics [AUTH__OPEN in the environment]",
    );
    check_env(
        "CORS__ORIGINS",
        "app.example.com",
        "cors.origins: `app.example.com` is no origin: `*`, or one such as `https://app.example.com`, is needed \
         [CORS__ORIGINS in the environment]",
    );
    check_env(
        "METRICS__COMPAT",
        "kserve",
        "metrics.compat: must be triton or nothing, not `kserve` [METRICS__COMPAT in the environment]",
    );
    check_env(
        "OTLP__SAMPLE_RATIO",
        "2",
        "otlp.sample_ratio: must be from 0 to 1, not 2 [OTLP__SAMPLE_RATIO in the environment]",
    );
    check_env(
        "OTLP__HEADERS",
        "canary",
        "otlp.headers: must be pairs such as name=value, separated by commas [OTLP__HEADERS in the environment]",
    );
}

#[test]
fn debug_and_a_public_address_contradict_each_other() {
    let place = Place::new().env("DEBUG", "true").env("SERVER__HOST", "0.0.0.0").env("AUTH__ALLOW_ANONYMOUS", "true");
    assert_eq!(
        place.problems(),
        "server.debug: must be false when server.host is 0.0.0.0: it shows clients the causes of server faults [DEBUG in the environment]"
    );
}

#[test]
fn missing_files_and_directories() {
    let flags = Flags { config: Some("missing.toml".into()), ..Flags::default() };
    assert_eq!(
        Place::new().flags(flags).problems(),
        "missing.toml: cannot be read: No such file or directory (os error 2) [--config]"
    );
    let flags = Flags { models: Some("/nowhere".to_owned()), ..Flags::default() };
    assert_eq!(
        Place::new().flags(flags).problems(),
        "models.path: cannot read directory /nowhere: No such file or directory (os error 2) [--models]"
    );
    assert_eq!(
        Place::new().file(".env", "A=1\nnonsense\n").problems(),
        ".env: must hold lines of the form NAME=value [line 2]"
    );
}

#[test]
fn a_syntax_error_does_not_quote_the_file() {
    let place = Place::new().file("ferrocast.toml", "[server]\nhost = canary-secret\n");
    assert!(!place.problems().contains("canary"), "{}", place.problems());
}

/// The phrase "1 to 300" of the table and the check in the code are the same range.
#[test]
fn the_documented_ranges_are_the_checked_ones() {
    for setting in SETTINGS.iter().filter(|setting| setting.kind == Kind::Count) {
        let (low, high) = setting.accepts.split_once(" to ").expect("a range");
        let (low, high): (u64, u64) = (low.parse().expect("low"), high.parse().expect("high"));
        for good in [low, high] {
            Place::new().env(&setting.variable(), &good.to_string()).load();
        }
        let below = low.checked_sub(1).map(|below| below.to_string());
        for bad in below.into_iter().chain([(high + 1).to_string()]) {
            let line = Place::new().env(&setting.variable(), &bad).problems();
            let expected = format!("{}: must be {}, not ", setting.key, setting.accepts);
            assert!(line.starts_with(&expected) && !line.contains('\n'), "{line}");
        }
    }
}

#[test]
fn every_setting_is_documented_and_well_named() {
    let reference = reference();
    for setting in SETTINGS {
        assert!(!setting.meaning.is_empty() && !setting.accepts.is_empty(), "{}", setting.key);
        assert!(reference.contains(setting.meaning), "{}", setting.key);
        assert_eq!(settings::find(setting.key).map(|found| found.key), Some(setting.key));
    }
}
