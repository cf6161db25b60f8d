//! The command line of `cargo xtask`.

use std::path::PathBuf;

xflags::xflags! {
    /// The project's own commands.
    cmd xtask {
        /// Everything that continuous integration checks, in its order.
        cmd ci {
            /// Only this step, named as in the summary; may be repeated.
            repeated --only step: String
        }
        /// The rules that no compiler checks: layers, module docs, names, links.
        cmd tidy {}
        /// Writes the documents that are generated from the code.
        cmd codegen {
            /// Changes nothing and fails if a document is out of date.
            optional --check
        }
        /// Models that answer as the libraries that trained them.
        cmd models {
            /// Serves every sample model and compares its answers with those of the library that trained it.
            cmd verify {}
            /// Fits and exports pipelines of every kind, serves them, and compares likewise.
            cmd matrix {
                /// Serves the models of the last run instead.
                optional --keep
            }
        }
        /// What is in `deploy/`: valid, and in agreement with the server.
        cmd deploy {}
        /// Promises that only show over time, as that reloads take no memory.
        cmd soak {
            /// Only this check, `overload`, `slow-clients`, `uploads`, `restarts`, `reloads`, `kills`, `failing-disk`, `callbacks`, `clock`, `shared-queue` or `shared-cache`; may be repeated.
            repeated --only name: String
        }
        /// Runs every command and program that the documents show, as their reader would.
        cmd snippets {
            /// Only this document, such as `docs/models.md`; may be repeated.
            repeated --only document: String
        }
        /// Writes which functions the linker puts side by side, so that a server takes less memory. Builds the program twice, and needs Valgrind.
        cmd link-order {}
        /// Writes how often what is shipped runs which of its code, for the compiler to go by. Builds the programs once, and needs LLVM's llvm-profdata.
        cmd pgo {}
        /// Packs a release: the program with sample models, unit, completions, manual, licences and bill of materials.
        cmd package {
            /// Cargo's profile of the program, `dist` unless given; `release` is built sooner.
            optional --profile name: String
            /// Folder for the archive, `target/package` unless given.
            optional --out dir: PathBuf
            /// Runs it, too, in a Debian with nothing else in it, confined as in a container. Needs root, who may mount.
            optional --verify
        }
        /// Installs the Python that trains models, where it is missing, and prints the path of its interpreter.
        cmd python {}
        /// Measures the server as it is shipped beside the ceiling of its HTTP library: under as much load as it takes, at rates, and under more than it takes.
        cmd bench {
            /// Only this scenario, `row`, `batch`, `linear-row`, `linear-batch`, `mixed`, `cached-row`, `observed-row`, `small-forest`, `forest`, `deep-forest`, `tensor`, `open-loop`, `image` or `overload`; may be repeated.
            repeated --scenario name: String
            /// Connections, in place of the scenario's own number, but of `tensor`, `image` and `overload`; may be repeated.
            repeated --connections number: u32
            /// Length of one measurement, 8 unless given.
            optional --seconds seconds: u64
            /// Measurements of each side, 3 unless given; the median counts.
            optional --rounds rounds: usize
            /// Cargo's profile of all programs, `dist` unless given; `release` is built sooner, and slower.
            optional --profile name: String
            /// Beside services that people write by hand, too: `fastapi-sklearn,fastapi-ort,asgi-ort`, or some of them.
            optional --peers names: String
            /// Writes every single measurement to this file, as JSON.
            optional --json file: PathBuf
            /// Rewrites the measured part of docs/performance.md, and its plots.
            optional --write
        }
        /// Measures the same server with `ferrocast bench` and with wrk, in turns: they have to agree.
        cmd bench-client {
            /// Length of one measurement, 2 unless given.
            optional --seconds seconds: u64
            /// Measurements of each, 31 unless given; the median counts.
            optional --rounds rounds: usize
            /// Rewrites the measured part of docs/performance.md.
            optional --write
        }
        /// Measures slow models on the pool: joined or one by one, under more load than they can take, side by side.
        cmd bench-pool {
            /// Length of one measurement of a real model, 2 unless given.
            optional --seconds seconds: u64
            /// Measurements of each side, 9 unless given; the median counts.
            optional --rounds rounds: usize
            /// Rewrites the measured part of docs/performance.md.
            optional --write
        }
        /// Times models in this engine and in ONNX Runtime, in turns.
        cmd bench-engine {
            /// Only this model, named as in models/train/bench/models.py; may be repeated.
            repeated --model name: String
            /// Measurements of each side, 15 unless given; the median counts.
            optional --rounds rounds: usize
            /// Rewrites the measured part of docs/performance.md.
            optional --write
        }
    }
}
