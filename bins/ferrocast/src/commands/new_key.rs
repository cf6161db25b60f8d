//! `ferrocast new-key`: a key for a client, and the row for the file of keys.

use std::io::{self, Write};

use ferrocast_access::{KeyName, NewKey, Scope, Scopes};

use super::Done;

/// Makes a key and writes its row. The key itself goes to standard error and nowhere else: it is shown this once, and the row can be
/// appended to the file by `>>`.
pub(crate) fn run(name: &str, scopes: &[String], out: &mut impl Write) -> Done {
    let name: KeyName = name.parse()?;
    let scopes: Scopes =
        scopes.iter().map(|scope| scope.parse::<Scope>()).collect::<Result<Vec<_>, _>>()?.into_iter().collect();
    if scopes.is_empty() {
        return Err("a key without scopes is good for nothing: --scopes predict,jobs,metrics,admin".into());
    }
    let key = NewKey::random()?;
    writeln!(out, "{}", key.toml_row(&name, scopes))?;
    writeln!(io::stderr(), "{}", key.text())?;
    writeln!(io::stderr(), "This is the key of {name}, for {scopes}. It is shown only now; only its SHA-256 is kept.")?;
    Ok(())
}
