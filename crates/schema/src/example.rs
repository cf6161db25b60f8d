//! A full row that the schema accepts, for documentation, warm-up and the first curl.

use serde_json::{Map, Value as Json};

use crate::row::RowSchema;

impl RowSchema {
    /// A JSON object with every feature: its `example`, else its default, else a value made up from its rules.
    pub fn example(&self) -> Json {
        let fields = self.features().iter().zip(self.examples());
        Json::Object(fields.map(|(feature, value)| (feature.name.clone(), value.to_json())).collect::<Map<_, _>>())
    }
}
