//! The digests of `Cargo.lock`, which `cargo metadata` does not give.

use std::collections::HashMap;

use super::linked::CrateId;

/// The SHA-256 of each crate's file in the registry, in hexadecimal digits. Cargo writes the file, so it is read as it writes it.
pub(super) fn checksums(lock_file: &str) -> HashMap<CrateId, String> {
    lock_file.split("[[package]]").filter_map(checksum).collect()
}

fn checksum(package: &str) -> Option<(CrateId, String)> {
    let value = |key: &str| {
        let quoted = package.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
        Some(quoted.trim_matches('"').to_owned())
    };
    Some((CrateId { name: value("name")?, version: value("version")? }, value("checksum")?))
}

#[cfg(test)]
mod tests {
    use super::checksums;
    use crate::package::linked::CrateId;

    #[test]
    fn crates_of_the_registry_have_a_digest() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"x\"\nchecksum = \"0f\"\n\
                    dependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n";
        let found = checksums(text);
        let a = CrateId { name: "a".to_owned(), version: "1.0.0".to_owned() };
        assert_eq!((found.len(), found.get(&a).map(String::as_str)), (1, Some("0f")));
    }
}
