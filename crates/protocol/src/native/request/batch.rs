//! The way through `{"instances": [{…}, …]}`. Only the two shapes of the envelope are judged here; rows, and whatever
//! stands in the place of an envelope's part, are left to the schema, so that all refusals are worded in one place.

use std::fmt;

use ferrocast_schema::{At, PlainJson, RowCollector, RowSchema, Rows, Violation, code};
use serde::Deserializer;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::json;

use super::Limits;

const INSTANCES: &str = "instances";

/// A number, text, boolean or null is never what is expected here: `otherwise` is the schema's seed that refuses it.
macro_rules! leave_scalars_to_otherwise {
    () => {
        fn visit_unit<E: Error>(self) -> Result<(), E> {
            self.otherwise(().into_deserializer())
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
            self.otherwise(value.into_deserializer())
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
            self.otherwise(value.into_deserializer())
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
            self.otherwise(value.into_deserializer())
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
            self.otherwise(value.into_deserializer())
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
            self.otherwise(value.into_deserializer())
        }
    };
}

/// The rows of a batch as nearly all clients write it, read without a parser of all JSON; `None` for all others, and for those in
/// which anything is wrong.
pub(super) fn plain(body: &[u8], schema: &RowSchema, limits: &Limits) -> Option<Rows> {
    let mut rows = schema.collector(&limits.json);
    let mut json = PlainJson::new(body);
    json.take(b'{')?;
    json.take_text(INSTANCES)?;
    json.take(b':')?;
    json.take_rows(&mut rows, At::Body.field(INSTANCES), limits.max_batch)?;
    json.take(b'}')?;
    json.end()?;
    rows.finish().ok()
}

/// Reads the whole body. Fails where the JSON is broken, and on purpose, to read no further, at the first instance
/// that is too many.
pub(super) struct BatchSeed<'a, 's> {
    rows: &'a mut RowCollector<'s>,
    max_rows: usize,
    too_large: &'a mut bool,
}

impl<'a, 's> BatchSeed<'a, 's> {
    /// `too_large` becomes true if there are more than `max_rows` instances.
    pub(super) fn new(rows: &'a mut RowCollector<'s>, max_rows: usize, too_large: &'a mut bool) -> BatchSeed<'a, 's> {
        BatchSeed { rows, max_rows, too_large }
    }

    fn otherwise<'de, D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.rows.seed(At::Body).deserialize(value)
    }
}

impl<'de> DeserializeSeed<'de> for BatchSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BatchSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with instances")
    }

    leave_scalars_to_otherwise!();

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        self.otherwise(SeqAccessDeserializer::new(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let BatchSeed { rows, max_rows, too_large } = self;
        let at = At::Body.field(INSTANCES);
        let mut found = false;
        while let Some(key) = fields.next_key::<String>()? {
            if key != INSTANCES {
                fields.next_value_seed(rows.skip(At::Body.field(&key)))?;
            } else if found {
                fields.next_value_seed(rows.skip(at))?;
                rows.refuse(Violation::new(at.to_loc(), code::DUPLICATE_FIELD, "Field given more than once"));
            } else {
                found = true;
                let instances = Instances { rows: &mut *rows, at, max_rows, too_large: &mut *too_large };
                fields.next_value_seed(instances)?;
            }
        }
        if !found {
            rows.refuse(Violation::new(at.to_loc(), code::MISSING, "Field required"));
        }
        Ok(())
    }
}

/// Reads the list of instances.
struct Instances<'a, 's> {
    rows: &'a mut RowCollector<'s>,
    at: At<'a>,
    max_rows: usize,
    too_large: &'a mut bool,
}

impl Instances<'_, '_> {
    fn otherwise<'de, D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.rows.list(self.at, self.max_rows).deserialize(value).map(drop)
    }
}

impl<'de> DeserializeSeed<'de> for Instances<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Instances<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of instances")
    }

    leave_scalars_to_otherwise!();

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<(), A::Error> {
        self.otherwise(MapAccessDeserializer::new(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        for index in 0..self.max_rows {
            if elements.next_element_seed(self.rows.seed(self.at.index(index)))?.is_none() {
                if index == 0 {
                    self.rows.refuse(no_instances(&self.at));
                }
                return Ok(());
            }
        }
        elements.next_element_seed(OneTooMany(self.too_large)).map(drop)
    }
}

fn no_instances(at: &At<'_>) -> Violation {
    Violation::new(at.to_loc(), code::TOO_SHORT, "List should have at least 1 item after validation, not 0")
        .with_input(json!([]))
        .with_ctx(json!({ "field_type": "List", "min_length": 1, "actual_length": 0 }))
}

/// Stands where no further instance may be: being asked to read one, it stops the reading.
struct OneTooMany<'a>(&'a mut bool);

impl<'de> DeserializeSeed<'de> for OneTooMany<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        *self.0 = true;
        Err(D::Error::custom("one instance too many"))
    }
}
