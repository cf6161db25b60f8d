//! The one table of settings: name, default, accepted values, environment variable, flag and meaning.
//!
//! Sources, checks, messages and `docs/configuration.md` all read it; a setting that is not here does not exist.

/// How the text of a setting is read when it comes from an environment variable or a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Taken as it stands.
    Text,
    /// A whole number.
    Count,
    /// `true` or `false`; also `1`, `0`, `yes`, `no`, `on`, `off`.
    Switch,
    /// A table; only a configuration file can hold it.
    Table,
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    /// `section.name`, as in the configuration file.
    pub(crate) key: &'static str,
    /// How its text is read.
    pub(crate) kind: Kind,
    /// The default as text; empty when the setting has none.
    pub(crate) default: &'static str,
    /// What is accepted, as a phrase that follows "must be".
    pub(crate) accepts: &'static str,
    /// A plain environment variable that names it besides `SECTION__NAME`.
    pub(crate) plain_name: Option<&'static str>,
    /// The command line flag that sets it.
    pub(crate) flag: Option<&'static str>,
    /// What it does, with its unit.
    pub(crate) meaning: &'static str,
    /// Its value is never shown in a message.
    pub(crate) secret: bool,
}

impl Setting {
    /// The environment variable that always works: `server.port` is `SERVER__PORT`.
    pub(crate) fn variable(&self) -> String {
        self.key.replace('.', "__").to_ascii_uppercase()
    }
}

/// A setting with neither a plain variable nor a flag; the starting point of every row below.
const BARE: Setting = Setting {
    key: "",
    kind: Kind::Text,
    default: "",
    accepts: "",
    plain_name: None,
    flag: None,
    meaning: "",
    secret: false,
};

/// Every setting, in the order of the reference.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "server.host",
        default: "127.0.0.1",
        accepts: "an IP address or a host name of this machine",
        flag: Some("--host"),
        meaning: "Address to listen on. `0.0.0.0` serves every network the machine is in.",
        ..BARE
    },
    Setting {
        key: "server.port",
        kind: Kind::Count,
        default: "8000",
        accepts: "0 to 65535",
        flag: Some("--port"),
        meaning: "TCP port to listen on. `0` picks a free one, which the log names.",
        ..BARE
    },
    Setting {
        key: "server.workers",
        kind: Kind::Count,
        accepts: "1 to 512",
        meaning: "I/O threads. Default: one per core this process may use.",
        ..BARE
    },
    Setting {
        key: "server.compute_threads",
        kind: Kind::Count,
        accepts: "1 to 1024",
        meaning: "Threads of the pool on which slow models run, shared by all of them. Default: one more than the cores this process may use, because a model gets all but one.",
        ..BARE
    },
    Setting {
        key: "server.request_timeout_s",
        kind: Kind::Count,
        default: "30",
        accepts: "1 to 3600",
        meaning: "Seconds from the head of a prediction request to its answer; then 504, and what had not begun to run does not. The header `X-Request-Timeout-Ms` asks for less.",
        ..BARE
    },
    Setting {
        key: "server.keep_alive_s",
        kind: Kind::Count,
        default: "30",
        accepts: "0 to 3600",
        meaning: "Seconds an idle connection is kept open. `0` closes it after each answer.",
        ..BARE
    },
    Setting {
        key: "server.head_timeout_s",
        kind: Kind::Count,
        default: "5",
        accepts: "1 to 300",
        meaning: "Seconds a client may take to send the request line and headers; then 408.",
        ..BARE
    },
    Setting {
        key: "server.body_timeout_s",
        kind: Kind::Count,
        default: "10",
        accepts: "1 to 300",
        meaning: "Seconds a client may take to send a body, plus one second for every KiB that has arrived; then 408.",
        ..BARE
    },
    Setting {
        key: "server.drain_delay_s",
        kind: Kind::Count,
        default: "5",
        accepts: "0 to 3600",
        meaning: "Seconds after SIGTERM or SIGINT in which the server is not ready any more but still answers, each time with `Connection: close`: whoever sends requests learns to send them elsewhere. As long as a probe takes to notice.",
        ..BARE
    },
    Setting {
        key: "server.drain_s",
        kind: Kind::Count,
        default: "25",
        accepts: "0 to 3600",
        meaning: "Seconds that requests in flight then get to finish, while no more are accepted.",
        ..BARE
    },
    Setting {
        key: "server.app_name",
        default: "ferrocast",
        accepts: "1 to 100 characters",
        plain_name: Some("APP_NAME"),
        meaning: "Title of the API documentation.",
        ..BARE
    },
    Setting {
        key: "server.debug",
        kind: Kind::Switch,
        default: "false",
        accepts: "true or false",
        plain_name: Some("DEBUG"),
        meaning: "Show the cause of a server fault in the error body. Only allowed when listening on a loopback address.",
        ..BARE
    },
    Setting {
        key: "server.trusted_proxies",
        accepts: "networks such as `10.1.0.0/16`, separated by commas",
        meaning: "Proxies in front whose word counts about the address that a request comes from. Without it that of the connection counts.",
        ..BARE
    },
    Setting {
        key: "server.proxy_header",
        default: "x-forwarded-for",
        accepts: "x-forwarded-for or forwarded",
        meaning: "The header in which they say it. The other one is a client's and counts for nothing.",
        ..BARE
    },
    Setting {
        key: "auth.keys_file",
        accepts: "the path of a file that can be read",
        meaning: "Keys that clients have to send, and what each is good for (docs/operations.md#keys). Looked at every two seconds, so that keys come and go without a new start. Without it nobody needs a key.",
        ..BARE
    },
    Setting {
        key: "auth.allow_anonymous",
        kind: Kind::Switch,
        default: "false",
        accepts: "true or false",
        meaning: "Listen on an address that other machines reach though there are no keys. Without it the server does not start so.",
        ..BARE
    },
    Setting {
        key: "auth.open",
        accepts: "docs, metrics, or both with a comma between them",
        meaning: "What needs no key where others do, beside the probes: `/docs` with `/redoc` and `/openapi.json`, and `/metrics`.",
        ..BARE
    },
    Setting {
        key: "rate.per_second",
        kind: Kind::Count,
        accepts: "1 to 1000000",
        meaning: "Requests a second that each key, and each address without one, may send for long; more are answered 429. A key can have a rate of its own. Probes do not count. Without it there is no limit.",
        ..BARE
    },
    Setting {
        key: "rate.burst",
        kind: Kind::Count,
        accepts: "1 to 1000000",
        meaning: "Requests that may come at once. Default: those of one second.",
        ..BARE
    },
    Setting {
        key: "admin.host",
        default: "127.0.0.1",
        accepts: "an IP address of this machine",
        meaning: "Address of the listener for administration.",
        ..BARE
    },
    Setting {
        key: "admin.port",
        kind: Kind::Count,
        accepts: "0 to 65535",
        meaning: "Its port. Once there is one, what changes the server (`/v2/repository`, aliases, the level of the log, callbacks sent again) is there and nowhere else, together with `/metrics` and the probes. Without it there is no such listener.",
        ..BARE
    },
    Setting {
        key: "tls.cert_file",
        accepts: "the path of a file with certificates in PEM",
        meaning: "The server's certificate, then those between it and its authority. With it and its key the server speaks HTTPS (TLS 1.2 and 1.3) instead of HTTP; so does the listener for administration, unless its address is a loopback one. Both files are looked at every two seconds: a new certificate needs no new start.",
        ..BARE
    },
    Setting {
        key: "tls.key_file",
        accepts: "the path of a file with a private key in PEM",
        meaning: "The certificate's private key, not encrypted.",
        ..BARE
    },
    Setting {
        key: "tls.client_ca_file",
        accepts: "the path of a file with certificates in PEM",
        meaning: "Authorities. With it clients need a certificate of one of them, or are not connected. Read at the start.",
        ..BARE
    },
    Setting {
        key: "cors.origins",
        accepts: "`*`, or origins such as `https://app.example.com`, separated by commas",
        meaning: "Pages that may call the API in a browser though they come from elsewhere.",
        ..BARE
    },
    Setting {
        key: "cors.max_age_s",
        kind: Kind::Count,
        default: "600",
        accepts: "0 to 86400",
        meaning: "Seconds for which a browser need not ask again whether it may.",
        ..BARE
    },
    Setting {
        key: "models.path",
        default: "models",
        accepts: "a readable directory",
        plain_name: Some("MODEL_PATH"),
        flag: Some("--models"),
        meaning: "Directory of models, laid out as `<name>/<version>/model.onnx`.",
        ..BARE
    },
    Setting {
        key: "models.default",
        accepts: "the name of a model in `models.path`",
        flag: Some("--default-model"),
        meaning: "Model behind the flat routes such as `/predict`. Default: the only model there is, else the one called `default`.",
        ..BARE
    },
    Setting {
        key: "models.aliases",
        kind: Kind::Table,
        accepts: "a table of tables of text: `[models.aliases.<model>]` with `<alias> = \"<version>\"`",
        meaning: "Names for versions, per model: `[models.aliases.churn]` with `stable = \"3\"` makes `/models/churn/versions/stable/predict` work.",
        ..BARE
    },
    Setting {
        key: "models.control",
        default: "off",
        accepts: "off, explicit or poll",
        meaning: "When models are loaded after the start. `off`: never. `explicit`: when a request asks for it (`POST /v2/repository/models/<model>/load`, `…/unload`). `poll`: also when the directory has changed.",
        ..BARE
    },
    Setting {
        key: "models.poll_ms",
        kind: Kind::Count,
        default: "2000",
        accepts: "50 to 3600000",
        meaning: "Milliseconds between two looks at the directory, where `models.control` is `poll`. A change is taken up when two looks have seen the same.",
        ..BARE
    },
    Setting {
        key: "models.trial",
        kind: Kind::Switch,
        default: "true",
        accepts: "true or false",
        meaning: "Load each model in a process of its own before it is loaded in the server: one that hangs, crashes or eats memory does no harm there.",
        ..BARE
    },
    Setting {
        key: "models.trial_memory",
        kind: Kind::Count,
        default: "4294967296",
        accepts: "67108864 to 1099511627776",
        meaning: "Most memory of that process, in bytes of address space.",
        ..BARE
    },
    Setting {
        key: "models.trial_seconds",
        kind: Kind::Count,
        default: "30",
        accepts: "1 to 3600",
        meaning: "Seconds that it may take.",
        ..BARE
    },
    Setting {
        key: "models.require_sha256",
        kind: Kind::Switch,
        default: "false",
        accepts: "true or false",
        meaning: "Load only models whose manifest pins the file: `sha256` under `[model]`.",
        ..BARE
    },
    Setting {
        key: "onnxruntime.library",
        accepts: "the path of a file",
        plain_name: Some("ORT_DYLIB_PATH"),
        meaning: "The shared library of ONNX Runtime (`libonnxruntime.so.*`), 1.19 or newer, for models whose manifest says `engine = \"onnxruntime\"` (docs/models.md#onnx-runtime-as-the-engine). Only in programs built with the feature `onnxruntime`, and with `ORT_DISABLE_TELEMETRY=1` in the environment. The commands that need no server read the plain variable.",
        ..BARE
    },
    Setting {
        key: "onnxruntime.threads",
        kind: Kind::Count,
        accepts: "1 to 512",
        meaning: "Threads over which ONNX Runtime spreads a run, shared by all its models. Default: one per core this process may use.",
        ..BARE
    },
    Setting {
        key: "limits.json_bytes",
        kind: Kind::Count,
        default: "1048576",
        accepts: "1024 to 1073741824",
        meaning: "Largest JSON request body in bytes; one byte more is answered 413.",
        ..BARE
    },
    Setting {
        key: "limits.json_depth",
        kind: Kind::Count,
        default: "32",
        accepts: "2 to 120",
        meaning: "Deepest nesting of a JSON request body; deeper is answered 422.",
        ..BARE
    },
    Setting {
        key: "limits.json_numbers",
        kind: Kind::Count,
        default: "65536",
        accepts: "1 to 100000000",
        meaning: "Most numbers in one JSON request body; more are answered 422.",
        ..BARE
    },
    Setting {
        key: "limits.max_batch_size",
        kind: Kind::Count,
        default: "100",
        accepts: "1 to 100000",
        plain_name: Some("MAX_BATCH_SIZE"),
        meaning: "Most instances in one `/predict_batch`; more are answered 400.",
        ..BARE
    },
    Setting {
        key: "limits.max_connections",
        kind: Kind::Count,
        default: "8192",
        accepts: "1 to 1000000",
        meaning: "Most open connections; further ones wait to be accepted.",
        ..BARE
    },
    Setting {
        key: "limits.max_in_flight",
        kind: Kind::Count,
        default: "1024",
        accepts: "1 to 1000000",
        meaning: "Most predictions under way, waiting ones included, of all models together; more are answered 429. How many rows wait for one model is its manifest's `serving.max_queue_rows`.",
        ..BARE
    },
    Setting {
        key: "limits.in_flight_bytes",
        kind: Kind::Count,
        default: "268435456",
        accepts: "1048576 to 1099511627776",
        meaning: "Most bytes of request bodies that are in memory, of all requests together; what would be more is answered 429, and one body that alone is more 413. Bodies of up to 4 KiB do not count.",
        ..BARE
    },
    Setting {
        key: "limits.tensor_bytes",
        kind: Kind::Count,
        default: "67108864",
        accepts: "1024 to 1073741824",
        meaning: "Largest body with tensors (`/v2/…/infer`) in bytes, before and after it is unpacked; larger is answered 413.",
        ..BARE
    },
    Setting {
        key: "limits.image_bytes",
        kind: Kind::Count,
        default: "10485760",
        accepts: "1024 to 1073741824",
        meaning: "Largest picture in bytes, as the file that is sent; one byte more is answered 413.",
        ..BARE
    },
    Setting {
        key: "limits.image_batch_bytes",
        kind: Kind::Count,
        default: "41943040",
        accepts: "1024 to 1073741824",
        meaning: "Largest form with several pictures in bytes; larger is answered 413.",
        ..BARE
    },
    Setting {
        key: "limits.max_image_batch",
        kind: Kind::Count,
        default: "8",
        accepts: "1 to 1000",
        meaning: "Most pictures in one `/predict_image_batch`; more are answered 400.",
        ..BARE
    },
    Setting {
        key: "limits.image_side",
        kind: Kind::Count,
        default: "8192",
        accepts: "2 to 65535",
        meaning: "Most pixels of a side of a picture; more are answered 413 before any is decoded.",
        ..BARE
    },
    Setting {
        key: "limits.image_pixels",
        kind: Kind::Count,
        default: "16777216",
        accepts: "4 to 4294967296",
        meaning: "Most pixels of a picture; more are answered 413 before any is decoded.",
        ..BARE
    },
    Setting {
        key: "limits.image_memory",
        kind: Kind::Count,
        default: "134217728",
        accepts: "1048576 to 68719476736",
        meaning: "Most memory that decoding one picture takes, in bytes; what would take more is answered 413.",
        ..BARE
    },
    Setting {
        key: "limits.image_decodes",
        kind: Kind::Count,
        accepts: "1 to 1024",
        meaning: "Pictures that are decoded at a time, each with up to `image_memory`. Default: one per core this process may use.",
        ..BARE
    },
    Setting {
        key: "tasks.store",
        default: "auto",
        accepts: "auto, sqlite or redis",
        meaning: "Where tasks of `/predict_async` are kept. `sqlite`: in a file of this server. `redis`: in Redis, which several servers share. `auto`: in Redis if `redis.url` is given, else in the file.",
        ..BARE
    },
    Setting {
        key: "tasks.path",
        default: "data/tasks.db",
        accepts: "the path of a file",
        meaning: "That file. It is made, with its folder, when the first task is handed in; what another server uses is not touched.",
        ..BARE
    },
    Setting {
        key: "tasks.workers",
        kind: Kind::Count,
        default: "4",
        accepts: "1 to 1024",
        meaning: "Most tasks that run at a time.",
        ..BARE
    },
    Setting {
        key: "tasks.timeout_s",
        kind: Kind::Count,
        default: "300",
        accepts: "1 to 86400",
        meaning: "Seconds that one attempt of a task may take.",
        ..BARE
    },
    Setting {
        key: "tasks.max_attempts",
        kind: Kind::Count,
        default: "3",
        accepts: "1 to 100",
        meaning: "A task that the model fails on so often has failed.",
        ..BARE
    },
    Setting {
        key: "tasks.max_tasks",
        kind: Kind::Count,
        default: "100000",
        accepts: "1 to 100000000",
        meaning: "Most tasks that are kept, ended ones included; more are answered 503.",
        ..BARE
    },
    Setting {
        key: "tasks.max_bytes",
        kind: Kind::Count,
        default: "1073741824",
        accepts: "1048576 to 1099511627776",
        meaning: "Most bytes of requests and results that are kept; more are answered 503.",
        ..BARE
    },
    Setting {
        key: "tasks.keep_s",
        kind: Kind::Count,
        default: "86400",
        accepts: "1 to 31536000",
        meaning: "Seconds that a task is kept after it has ended.",
        ..BARE
    },
    Setting {
        key: "callbacks.secret",
        accepts: "one or more secrets of 24 to 64 bytes in base64, each with or without `whsec_` in front, separated by spaces",
        meaning: "Signs what is sent to a `callback_url`, as Standard Webhooks has it; without it none is accepted. While receivers change over, the new secret first, then the old one.",
        secret: true,
        ..BARE
    },
    Setting {
        key: "callbacks.allow_http",
        kind: Kind::Switch,
        default: "false",
        accepts: "true or false",
        meaning: "Send to addresses without TLS (`http://`) as well.",
        ..BARE
    },
    Setting {
        key: "callbacks.ports",
        default: "443, 80, 8443",
        accepts: "ports, separated by commas",
        meaning: "Ports to which callbacks are sent.",
        ..BARE
    },
    Setting {
        key: "callbacks.allow_networks",
        accepts: "networks such as `10.1.0.0/16`, separated by commas",
        meaning: "Networks to which callbacks are sent though they are not public. Without it none that is private, local or reserved is connected to, whatever its name.",
        ..BARE
    },
    Setting {
        key: "callbacks.deny_networks",
        accepts: "networks such as `192.0.2.0/24`, separated by commas",
        meaning: "Networks to which callbacks are never sent.",
        ..BARE
    },
    Setting {
        key: "callbacks.hosts",
        accepts: "names such as `example.com` or `*.example.com`, separated by commas",
        meaning: "The only hosts to which callbacks are sent. Without it any that the networks allow.",
        ..BARE
    },
    Setting {
        key: "callbacks.retries_s",
        default: "0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400",
        accepts: "1 to 32 numbers of seconds, separated by commas",
        meaning: "Seconds before each attempt to deliver a callback, give or take a fifth; after the last one it is kept as dead.",
        ..BARE
    },
    Setting {
        key: "callbacks.timeout_ms",
        kind: Kind::Count,
        default: "15000",
        accepts: "10 to 300000",
        meaning: "Milliseconds that one attempt to deliver may take.",
        ..BARE
    },
    Setting {
        key: "callbacks.ca_file",
        accepts: "the path of a file with certificates in PEM",
        meaning: "Authorities that receivers may be certified by, beside those that the system trusts.",
        ..BARE
    },
    Setting {
        key: "cache.ttl_s",
        kind: Kind::Count,
        default: "3600",
        accepts: "1 to 31536000",
        plain_name: Some("CACHE_TTL"),
        meaning: "Seconds that an answer of `/predict_cached` is good; a model with `[cache]` in its manifest says its own.",
        ..BARE
    },
    Setting {
        key: "cache.memory_bytes",
        kind: Kind::Count,
        default: "67108864",
        accepts: "1024 to 1099511627776",
        meaning: "Most memory of answers that are kept, in bytes; the least used make room.",
        ..BARE
    },
    Setting {
        key: "cache.redis_timeout_ms",
        kind: Kind::Count,
        default: "50",
        accepts: "1 to 10000",
        meaning: "Milliseconds that Redis may take for a lookup; then the answer is computed, and Redis is left alone until it is well.",
        ..BARE
    },
    Setting {
        key: "redis.url",
        accepts: "an address such as `redis://:password@host:6379/0`",
        plain_name: Some("REDIS_URL"),
        meaning: "A Redis that servers share: second tier of the cache, and home of tasks unless `tasks.store` says otherwise.",
        secret: true,
        ..BARE
    },
    Setting {
        key: "redis.prefix",
        default: "ferrocast",
        accepts: "1 to 100 characters, no braces",
        meaning: "What all keys in Redis begin with. Servers with the same prefix share tasks and cached answers.",
        ..BARE
    },
    Setting {
        key: "metrics.enabled",
        kind: Kind::Switch,
        default: "true",
        accepts: "true or false",
        meaning: "Count requests and predictions, and show the counts at `/metrics`.",
        ..BARE
    },
    Setting {
        key: "metrics.compat",
        accepts: "triton",
        meaning: "Metrics of other servers that `/metrics` shows beside its own: `triton` adds the `nv_*` that dashboards made for Triton read.",
        ..BARE
    },
    Setting {
        key: "otlp.endpoint",
        accepts: "an address such as `http://localhost:4317`",
        plain_name: Some("OTEL_EXPORTER_OTLP_ENDPOINT"),
        meaning: "A receiver of the OpenTelemetry protocol, to which traces and errors are sent. Without it nothing is.",
        ..BARE
    },
    Setting {
        key: "otlp.protocol",
        default: "grpc",
        accepts: "grpc or http/protobuf",
        plain_name: Some("OTEL_EXPORTER_OTLP_PROTOCOL"),
        meaning: "How it is spoken to.",
        ..BARE
    },
    Setting {
        key: "otlp.headers",
        accepts: "pairs such as `authorization=Bearer abc`, separated by commas",
        plain_name: Some("OTEL_EXPORTER_OTLP_HEADERS"),
        meaning: "Headers of every request to it.",
        secret: true,
        ..BARE
    },
    Setting {
        key: "otlp.service_name",
        default: "ferrocast",
        accepts: "1 to 100 characters",
        plain_name: Some("OTEL_SERVICE_NAME"),
        meaning: "The name under which this server is known there.",
        ..BARE
    },
    Setting {
        key: "otlp.resource",
        accepts: "pairs such as `deployment.environment.name=production`, separated by commas",
        plain_name: Some("OTEL_RESOURCE_ATTRIBUTES"),
        meaning: "What else is told of it.",
        ..BARE
    },
    Setting {
        key: "otlp.sample_ratio",
        default: "1",
        accepts: "a number from 0 to 1",
        plain_name: Some("OTEL_TRACES_SAMPLER_ARG"),
        meaning: "The share of requests that are traced. A request that comes with a `traceparent` is traced if that says so. A busy server does with 0.01: to trace a request costs about as much as a tenth of a small prediction.",
        ..BARE
    },
    Setting {
        key: "otlp.timeout_ms",
        kind: Kind::Count,
        default: "10000",
        accepts: "100 to 60000",
        meaning: "Milliseconds that one request to the receiver may take.",
        ..BARE
    },
    Setting {
        key: "log.level",
        default: "info",
        accepts: "off, error, warn, info, debug or trace",
        plain_name: Some("LOG_LEVEL"),
        meaning: "Least severe level that is logged. Capital letters work too, and Python's `WARNING` and `CRITICAL`.",
        ..BARE
    },
    Setting {
        key: "log.requests_per_second",
        kind: Kind::Count,
        default: "1000",
        accepts: "0 to 1000000",
        meaning: "Most lines a second for requests that were answered, of level `info`; how many are left out is told. Faults of the server always have one. `0`: none at all.",
        ..BARE
    },
    Setting {
        key: "log.format",
        default: "text",
        accepts: "auto, text or json",
        meaning: "`text` for people, `json` for one JSON object per line; `auto` is text on a terminal and JSON elsewhere.",
        ..BARE
    },
];

/// The setting of that key.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The names of the sections, without repetition, in table order.
pub(crate) fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&str> = SETTINGS.iter().filter_map(|setting| setting.key.split('.').next()).collect();
    sections.dedup();
    sections
}
