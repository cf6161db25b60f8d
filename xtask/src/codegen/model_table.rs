//! The table of sample models in the README: what each answers, and what its answers are compared with.

use std::collections::BTreeMap;

use anyhow::Context;
use serde::Deserialize;

use crate::models::Golden;

/// The part of the API description that tells of the models: a tag for each, described by its manifest's summary.
#[derive(Deserialize)]
struct Description {
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    #[serde(default)]
    description: String,
}

/// One row for each model, with all its versions.
pub(super) fn render(openapi: &str, golden: &[Golden], of_pictures: &[String]) -> anyhow::Result<String> {
    let description: Description = serde_json::from_str(openapi).context("the API description has no tags")?;
    let mut models: BTreeMap<&str, Vec<&Golden>> = BTreeMap::new();
    for version in golden {
        models.entry(&version.model).or_default().push(version);
    }
    let answers_of = |name: &str| {
        let tag = description.tags.iter().find(|tag| tag.name == name);
        let tag = tag.with_context(|| format!("the API description has no tag `{name}`"))?;
        Ok::<_, anyhow::Error>(tag.description.as_str())
    };
    let mut table = "| Model | Answers | Versions | Compared with |\n|---|---|---|---|\n".to_owned();
    for (name, versions) in models {
        let answers = answers_of(name)?;
        let numbers: Vec<&str> = versions.iter().map(|version| version.version.as_str()).collect();
        let mut compared: Vec<String> = versions
            .iter()
            .map(|version| format!("{} rows answered by {}", version.cases.len(), version.library))
            .collect();
        compared.dedup();
        table += &format!("| `{name}` | {answers} | {} | {} |\n", numbers.join(", "), compared.join("; "));
    }
    for name in of_pictures {
        table += &format!("| `{name}` | {} | 1 | photographs judged by ONNX Runtime |\n", answers_of(name)?);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Golden, render};

    fn golden(model: &str, version: &str) -> Golden {
        let golden = json!({
            "model": model, "version": version, "library": "lib 1", "tolerance": {"absolute": 0.1},
            "cases": [{"input": {}, "prediction": 1}],
        });
        serde_json::from_str(&golden.to_string()).unwrap()
    }

    #[test]
    fn versions_share_a_row() {
        let openapi = json!({"tags": [{"name": "service"}, {"name": "b", "description": "How b"}, {"name": "a"}]});
        let golden = [golden("b", "1"), golden("b", "2"), golden("a", "7")];
        let table = render(&openapi.to_string(), &golden, &["b".to_owned()]).unwrap();
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows,
            [
                "| `a` |  | 7 | 1 rows answered by lib 1 |",
                "| `b` | How b | 1, 2 | 1 rows answered by lib 1 |",
                "| `b` | How b | 1 | photographs judged by ONNX Runtime |"
            ]
        );
    }

    #[test]
    fn a_model_that_is_not_served_is_noticed() {
        assert!(render(r#"{"tags": []}"#, &[golden("a", "1")], &[]).is_err());
    }
}
