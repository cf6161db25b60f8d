//! An archive whose bytes depend on nothing but what is in it: not on the order, the times, the owners or the rights that the files
//! have on this machine.

use std::collections::BTreeSet;

use anyhow::Context;
use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};

/// A file of the package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackedFile {
    /// Below the top folder, with `/`.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    /// Whether it can be started.
    pub(super) is_program: bool,
}

impl PackedFile {
    /// One that is read.
    pub(super) fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> PackedFile {
        PackedFile { path: path.into(), bytes: bytes.into(), is_program: false }
    }
}

/// All files in the folder `top`, as a gzipped tar archive. `made`, in seconds since 1970, is the time of everything in it.
pub(super) fn pack(top: &str, files: &[PackedFile], made: u64) -> anyhow::Result<Vec<u8>> {
    let mut sorted: Vec<&PackedFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    // The head of gzip is without name and time.
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    for folder in folders(top, files) {
        archive.append_data(&mut header(EntryType::Directory, 0o755, 0, made), format!("{folder}/"), &[] as &[u8])?;
    }
    for file in sorted {
        let mode = if file.is_program { 0o755 } else { 0o644 };
        let mut header = header(EntryType::Regular, mode, file.bytes.len() as u64, made);
        let path = format!("{top}/{}", file.path);
        archive
            .append_data(&mut header, &path, file.bytes.as_slice())
            .with_context(|| format!("cannot pack {path}"))?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// Every folder that a file is in, outer ones first.
fn folders(top: &str, files: &[PackedFile]) -> BTreeSet<String> {
    let ends = |file: &PackedFile| file.path.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>();
    let below = files
        .iter()
        .flat_map(|file| ends(file).into_iter().filter_map(|end| Some(format!("{top}/{}", file.path.get(..end)?))));
    below.chain([top.to_owned()]).collect()
}

fn header(kind: EntryType, mode: u32, size: u64, made: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(made);
    header.set_size(size);
    header
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use tar::Archive;

    use super::{PackedFile, pack};

    fn files() -> Vec<PackedFile> {
        let program = PackedFile { path: "ferrocast".to_owned(), bytes: vec![7; 100_000], is_program: true };
        vec![PackedFile::new("models/b/1/model.onnx", vec![1, 2]), program, PackedFile::new("README.md", "words")]
    }

    #[test]
    fn two_runs_give_the_same_bytes() {
        let mut turned = files();
        turned.reverse();
        assert_eq!(pack("top", &files(), 1_700_000_000).unwrap(), pack("top", &turned, 1_700_000_000).unwrap());
        assert_ne!(pack("top", &files(), 1_700_000_000).unwrap(), pack("top", &files(), 1_700_000_001).unwrap());
    }

    #[test]
    fn names_rights_times_and_owners_are_fixed() {
        let packed = pack("top", &files(), 1_700_000_000).unwrap();
        let mut archive = Archive::new(GzDecoder::new(packed.as_slice()));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let head = entry.header();
            assert_eq!((head.uid().unwrap(), head.gid().unwrap(), head.mtime().unwrap()), (0, 0, 1_700_000_000));
            found.push((entry.path().unwrap().display().to_string(), head.mode().unwrap(), bytes.len()));
        }
        let expected = [
            ("top/", 0o755, 0),
            ("top/models/", 0o755, 0),
            ("top/models/b/", 0o755, 0),
            ("top/models/b/1/", 0o755, 0),
            ("top/README.md", 0o644, 5),
            ("top/ferrocast", 0o755, 100_000),
            ("top/models/b/1/model.onnx", 0o644, 2),
        ];
        assert_eq!(found, expected.map(|(path, mode, size)| (path.to_owned(), mode, size)));
    }
}
