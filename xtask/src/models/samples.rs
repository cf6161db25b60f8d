//! `cargo xtask models verify`: the sample models of the repository.
//!
//! Every case of every `golden.json` goes through the release server twice: alone and as part of a batch.

use anyhow::ensure;
use xshell::Shell;

use super::{deployed::Deployed, golden::read_golden};
use crate::{http::Client, served, workspace::root};

/// Fails if one answer of one sample model is not as its library gave it.
pub(crate) fn verify(sh: &Shell) -> anyhow::Result<()> {
    let all_golden = read_golden(&root().join("models"))?;
    let server = served::start_with_samples(&served::build(sh)?)?;
    println!(
        "{:16} {:24} {:7} {:>6} {:>7} {:>11} {:>15}",
        "model", "trained by", "sent", "cases", "labels", "max error", "allowed"
    );
    let client = Client::new();
    let mut all_equal = true;
    for golden in &all_golden {
        let model = Deployed { client: &client, url: server.url(), golden };
        for (sent, tally) in [("singly", model.singly(&golden.cases)?), ("batched", model.batched()?)] {
            let name = format!("{}/{}", golden.model, golden.version);
            println!("{name:16} {:24} {sent:7} {tally}", golden.library);
            for line in tally.failures() {
                println!("    {line}");
            }
            all_equal &= tally.passed();
        }
    }
    ensure!(all_equal, "a sample model does not answer as its library did");
    Ok(())
}
