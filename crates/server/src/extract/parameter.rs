//! Headers and queries in the API description.

use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use apistos::{InstanceType, Schema, SchemaObject};

/// A text that may be left out.
pub(crate) fn optional_text(name: &str, place: ParameterIn, description: &str) -> Parameter {
    let text = SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() };
    Parameter {
        name: name.to_owned(),
        _in: place,
        description: Some(description.to_owned()),
        required: Some(false),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::Object(text).into()))),
        ..Parameter::default()
    }
}

/// Describes an extractor by these parameters and nothing else: it takes no body.
macro_rules! described_by {
    ($extractor:ty, $parameters:expr) => {
        impl apistos::ApiComponent for $extractor {
            fn child_schemas() -> Vec<(String, apistos::reference_or::ReferenceOr<apistos::Schema>)> {
                Vec::new()
            }

            fn schema() -> Option<(String, apistos::reference_or::ReferenceOr<apistos::Schema>)> {
                None
            }

            fn parameters() -> Vec<apistos::paths::Parameter> {
                $parameters
            }
        }
    };
}

pub(crate) use described_by;
