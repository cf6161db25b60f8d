//! What an archive is told by, as `sha256sum` writes and checks it.

use sha2::{Digest, Sha256};

/// The line for a file of this name.
pub(super) fn line(name: &str, bytes: &[u8]) -> String {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{digest}  {name}\n")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn it_is_the_line_of_sha256sum() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.tar.gz\n";
        assert_eq!(line("a.tar.gz", b"abc"), expected);
    }
}
