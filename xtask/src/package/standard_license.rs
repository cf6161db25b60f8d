//! The usual text of a licence, for crates whose package names it and does not bring it.

use anyhow::{Context, bail};

const APACHE: &str = include_str!("../../../LICENSE-APACHE");
const MIT: &str = include_str!("../../../LICENSE-MIT");
const BSD_3_CLAUSE: &str = "\
Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer
   in the documentation and/or other materials provided with the distribution.

3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived
   from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR
OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
";

/// The text of the first alternative in this expression of SPDX that is known here. `holders` have the copyright.
pub(super) fn text(expression: &str, holders: &str) -> anyhow::Result<String> {
    if expression.contains(" AND ") {
        bail!("`{expression}`: several licences at once need their own texts");
    }
    let mut alternatives = expression.split(" OR ").map(|id| id.trim_matches(['(', ')']));
    let known = alternatives.find_map(|id| known(id, holders));
    known.with_context(|| format!("`{expression}`: no text of it is known; add it to standard_license.rs"))
}

fn known(id: &str, holders: &str) -> Option<String> {
    let copyright = format!("Copyright (c) {holders}");
    match id {
        "Apache-2.0" => Some(APACHE.to_owned()),
        "MIT" => {
            // Ours, without the line that says who we are.
            let (title, rest) = MIT.split_once("\n\n")?;
            Some(format!("{title}\n\n{copyright}\n\n{}", rest.split_once("\n\n")?.1))
        }
        "BSD-3-Clause" => Some(format!("{copyright}\n\n{BSD_3_CLAUSE}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_first_known_alternative_is_taken() {
        let mit = text("Zlib OR MIT OR Apache-2.0", "Ada").unwrap();
        assert!(mit.starts_with("MIT License\n\nCopyright (c) Ada\n\nPermission is hereby granted"), "{mit}");
        assert!(!mit.contains("ferrocast"), "{mit}");
        assert!(text("Apache-2.0", "Ada").unwrap().contains("END OF TERMS AND CONDITIONS"));
        assert!(text("BSD-3-Clause", "Ada").unwrap().starts_with("Copyright (c) Ada\n\nRedistribution"));
    }

    #[test]
    fn what_is_not_known_is_named() {
        for expression in ["Zlib", "MIT AND ISC"] {
            assert!(text(expression, "Ada").unwrap_err().to_string().starts_with(&format!("`{expression}`: ")));
        }
    }
}
