//! The layer table of docs/ARCHITECTURE.md as data: which crate may depend on which, and what it must never see.
//!
//! Adding an edge is a design change: this table and that document change in one commit, which says why.

/// Allowed to every crate.
pub(super) const EVERYWHERE: &[&str] = &["thiserror", "tracing"];

/// Where a crate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Part of the product; edges go to a smaller number.
    Layer(u8),
    /// Only ever a dev-dependency.
    DevOnly,
    /// Not part of the product; it starts the others as processes.
    Tool,
}

/// One crate of the workspace.
#[derive(Debug)]
pub(super) struct Member {
    /// The package name without `ferrocast-`.
    pub(super) name: &'static str,
    /// Where it stands.
    pub(super) place: Place,
    /// Crates of this workspace that it may depend on.
    pub(super) workspace: &'static [&'static str],
    /// Foreign crates that it may depend on directly, beside [`EVERYWHERE`].
    pub(super) external: &'static [&'static str],
    /// Crates that no path of ordinary dependencies may reach. A trailing `*` stands for any ending.
    pub(super) never: &'static [&'static str],
}

/// Every crate of the workspace, lowest first.
pub(super) const MEMBERS: &[Member] = &[
    Member {
        name: "engine",
        place: Place::Layer(0),
        workspace: &[],
        external: &["memmap2", "ndarray"],
        never: &["serde*", "tokio*", "tract*"],
    },
    Member {
        name: "neural",
        place: Place::Layer(0),
        workspace: &[],
        external: &["fearless_simd", "tract-onnx"],
        never: &["tokio*", "actix*"],
    },
    Member {
        name: "onnx-ml",
        place: Place::Layer(0),
        workspace: &[],
        external: &["libm", "regex", "tract-onnx"],
        never: &["tokio*", "actix*"],
    },
    Member {
        name: "schema",
        place: Place::Layer(0),
        workspace: &[],
        external: &["garde", "regex", "serde", "serde_json", "smallvec", "toml"],
        never: &["ndarray", "tokio*"],
    },
    Member {
        name: "counters",
        place: Place::Layer(0),
        workspace: &[],
        external: &[],
        never: &["tokio*", "prometheus*"],
    },
    Member {
        name: "batch",
        place: Place::Layer(0),
        workspace: &[],
        // `loom` only under the cfg of that name.
        external: &["loom"],
        never: &["tokio*", "ndarray"],
    },
    Member {
        name: "registry",
        place: Place::Layer(0),
        workspace: &[],
        // `loom` only under the cfg of that name.
        external: &["arc-swap", "blake3", "cap-std", "loom"],
        never: &["tokio*", "ndarray"],
    },
    Member {
        name: "cache",
        place: Place::Layer(0),
        workspace: &[],
        // `tokio` for a cell that is filled once; its runtime only with the feature `redis`, for the thread of the driver.
        external: &["blake3", "bytes", "foldhash", "moka", "redis", "tokio"],
        never: &["actix*", "ndarray"],
    },
    Member {
        name: "tasks",
        place: Place::Layer(0),
        workspace: &[],
        external: &[
            "base64",
            "blake3",
            "bytes",
            "hmac",
            "humantime",
            "redis",
            "rusqlite",
            "sha2",
            "tokio",
            "url",
            "uuid",
        ],
        never: &["actix*", "ndarray", "hyper*", "reqwest"],
    },
    Member {
        name: "access",
        place: Place::Layer(0),
        workspace: &[],
        external: &[
            "arc-swap",
            "base64",
            "getrandom",
            "governor",
            "humantime",
            "ipnet",
            "sha2",
            "subtle",
            "toml",
            "zeroize",
        ],
        never: &["actix*", "tokio*", "ndarray"],
    },
    Member {
        name: "load",
        place: Place::Layer(0),
        workspace: &[],
        external: &[
            "bytes",
            "hdrhistogram",
            "http-body-util",
            "hyper",
            "hyper-util",
            "rustls",
            "rustls-native-certs",
            "serde",
            "tokio",
            "tokio-rustls",
            "url",
        ],
        never: &["actix*", "ndarray", "reqwest"],
    },
    Member {
        name: "engine-tract",
        place: Place::Layer(1),
        workspace: &["engine", "neural", "onnx-ml"],
        external: &["prost", "tract-onnx"],
        never: &["tokio*", "actix*"],
    },
    Member {
        name: "preprocess",
        place: Place::Layer(1),
        workspace: &["engine", "schema"],
        external: &["bytemuck", "image", "memchr", "wide", "zune-core", "zune-jpeg"],
        never: &["tokio*"],
    },
    Member {
        name: "protocol",
        place: Place::Layer(1),
        workspace: &["engine", "schema"],
        external: &[
            "apistos",
            "apistos-schemars",
            "base64",
            "bytemuck",
            "garde",
            "half",
            "memchr",
            "serde",
            "serde_json",
        ],
        never: &["tokio*"],
    },
    Member {
        name: "telemetry",
        place: Place::Layer(1),
        workspace: &["cache", "counters"],
        external: &[
            // Spans and errors to a receiver: the library, whom it trusts, and its connections.
            "http",
            "opentelemetry",
            "opentelemetry-http",
            "opentelemetry-otlp",
            "opentelemetry_sdk",
            "prometheus",
            "reqwest",
            // Sizes that `/proc` counts in.
            "rustix",
            "rustls",
            "rustls-native-certs",
            "tokio",
            "tonic",
            "tracing-subscriber",
        ],
        never: &["actix*"],
    },
    // Above `engine-tract`, though it does without it: what looks into files for it is brought by whoever puts both together, which
    // its tests do as well.
    Member {
        name: "engine-ort",
        place: Place::Layer(2),
        workspace: &["engine"],
        external: &["half", "ort"],
        never: &["tokio*", "actix*", "tract*"],
    },
    Member {
        name: "pipeline",
        place: Place::Layer(2),
        workspace: &["engine", "preprocess", "schema"],
        external: &["cap-std", "sha2"],
        never: &["tokio*", "tract*"],
    },
    Member {
        name: "serving",
        place: Place::Layer(3),
        workspace: &["batch", "counters", "engine", "pipeline", "registry", "schema"],
        external: &["blake3", "bytes", "tokio"],
        never: &["actix*", "prometheus", "tract*"],
    },
    Member {
        name: "server",
        place: Place::Layer(4),
        workspace: &[
            "access",
            "batch",
            "cache",
            "engine",
            "engine-ort",
            "engine-tract",
            "pipeline",
            "preprocess",
            "protocol",
            "registry",
            "schema",
            "serving",
            "tasks",
            "telemetry",
        ],
        external: &[
            // What listens: the parts that `HttpServer` is made of.
            "actix-http",
            "actix-multipart",
            "actix-server",
            "actix-service",
            "actix-web",
            "apistos",
            "apistos-schemars",
            // The certificate that is in use.
            "arc-swap",
            "figment",
            "flate2",
            // Paths that are known.
            "foldhash",
            "futures-util",
            "garde",
            // Callbacks: a client, and whom it trusts.
            "reqwest",
            "rustls",
            "rustls-native-certs",
            "sd-notify",
            "serde",
            "serde_json",
            "tokio",
            "tokio-rustls",
            "utoipa-swagger-ui-vendored",
            "uuid",
            "zip",
        ],
        never: &[],
    },
    // `pipeline`, because the commands that look at one model (`check`, `init`, `inspect`, `predict`) need no server; `access`,
    // because keys are made without one (`new-key`); `load`, because others' servers are tested as well (`bench`, `ready`).
    Member {
        name: "ferrocast",
        place: Place::Layer(5),
        workspace: &["access", "load", "pipeline", "server"],
        external: &[
            "clap",
            "clap_complete",
            "clap_mangen",
            "humantime",
            "rustix",
            "serde_json",
            "tikv-jemallocator",
            "tokio",
        ],
        never: &[],
    },
    Member {
        name: "testkit",
        place: Place::DevOnly,
        workspace: &["engine"],
        external: &["flate2", "tempfile"],
        never: &["tokio*", "actix*", "tract*"],
    },
    Member {
        name: "xtask",
        place: Place::Tool,
        workspace: &[],
        external: &["anyhow", "flate2", "humantime", "serde", "serde_json", "sha2", "tar", "ureq", "xflags", "xshell"],
        never: &["tract*", "actix*"],
    },
];

/// The name in the table of a package of the workspace.
pub(super) fn short_name(package: &str) -> &str {
    package.strip_prefix("ferrocast-").unwrap_or(package)
}

/// The package name of a row of the table.
pub(super) fn package_name(row: &Member) -> String {
    match row.name {
        "ferrocast" | "xtask" => row.name.to_owned(),
        name => format!("ferrocast-{name}"),
    }
}

/// Whether `name` is what `pattern` (`serde`, `tract*`) stands for.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
