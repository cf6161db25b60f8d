//! A part of a document that a command writes, between two comments that its readers do not see.

use std::{fs, path::Path};

use anyhow::Context;

/// The comments around one part.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

impl Marks {
    /// The text of `document` with `part` between the marks.
    pub(crate) fn filled(&self, document: &Path, part: &str) -> anyhow::Result<String> {
        let text = fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
        let Marks { begin, end } = self;
        self.fill(&text, part).with_context(|| format!("{} lacks the lines `{begin}` and `{end}`", document.display()))
    }

    /// Rewrites what is between the marks of `document`, and says so.
    pub(crate) fn write(&self, document: &Path, part: &str) -> anyhow::Result<()> {
        let text = self.filled(document, part)?;
        fs::write(document, text).with_context(|| format!("cannot write {}", document.display()))?;
        println!("wrote {}", document.display());
        Ok(())
    }

    fn fill(&self, text: &str, part: &str) -> Option<String> {
        let (before, rest) = text.split_once(self.begin)?;
        let (_, after) = rest.split_once(self.end)?;
        Some(format!("{before}{}\n\n{}\n\n{}{after}", self.begin, part.trim(), self.end))
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    const MARKS: Marks = Marks { begin: "<!-- a -->", end: "<!-- b -->" };

    #[test]
    fn only_the_marked_part_changes() {
        let filled = MARKS.fill("x\n<!-- a -->\nold\n<!-- b -->\ny\n", "new\n").unwrap();
        assert_eq!(filled, "x\n<!-- a -->\n\nnew\n\n<!-- b -->\ny\n");
        assert_eq!(MARKS.fill(&filled, "new\n"), Some(filled.clone()));
    }

    #[test]
    fn missing_marks_are_noticed() {
        assert_eq!(MARKS.fill("x\n", "new\n"), None);
        assert_eq!(MARKS.fill("<!-- b -->\n<!-- a -->\n", "new\n"), None);
    }
}
