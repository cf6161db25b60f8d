//! Answers of `/predict_image`, `/predict_image_base64` and `/predict_image_batch`: classes by their names.

#[cfg(feature = "openapi")]
use std::collections::BTreeMap;
use std::sync::Arc;

use ferrocast_schema::{Prediction, Scores};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::outcome::{Outcome, Unwritable};
use super::{Served, Status};
use crate::ApiError;
use crate::native::TopK;

/// How the classes of a picture are told.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// What each class is called, in the model's order; no two alike.
    pub names: &'a [Arc<str>],
    /// The score from which on a class is told as one of several, if the manifest gives one.
    pub threshold: Option<f64>,
    /// How many are told with their probability; `None` for none.
    pub top_k: Option<TopK>,
}

/// The answer of `/predict_image` and `/predict_image_base64`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ImageResponse<'a> {
    /// What is in the picture.
    #[serde(flatten)]
    picture: Picture<'a>,
    /// The model that answered.
    model: &'a str,
    /// The version that answered, also where the request named an alias or none.
    version: &'a str,
}

/// What is in one picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema), schemars(rename = "PictureClasses"))]
pub struct Picture<'a> {
    /// The name of the most probable class.
    predicted_class: &'a str,
    /// Where a picture may belong to several classes: the names of all that reach the model's threshold, the most
    /// probable first; else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicted_classes: Option<Vec<&'a str>>,
    /// The probability of the predicted class; 0 if the model gives none.
    confidence: f32,
    /// The most probable classes with their probabilities, the most probable first; `top_k` says how many. For
    /// `/predict_image_base64` only if the request has a `top_k`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<BTreeMap<String, f32>>"))]
    all_probabilities: Option<ByName<'a>>,
    /// In place of probabilities, the model's scores if these are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Option<BTreeMap<String, f32>>"))]
    all_scores: Option<ByName<'a>>,
}

/// The answer of `/predict_image_batch`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos::ApiComponent, apistos_schemars::JsonSchema))]
pub struct ImageBatchResponse<'a> {
    /// One item per picture, in the order of the request.
    predictions: Vec<ImageItem<'a>>,
    /// `partial` if some pictures have an error instead of a prediction, else `success`.
    status: Status,
    /// How many pictures have a prediction.
    processed_count: usize,
    /// The model that answered.
    model: &'a str,
    /// The version that answered, also where the request named an alias or none.
    version: &'a str,
}

/// One picture of several.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(apistos_schemars::JsonSchema))]
#[serde(untagged)]
pub enum ImageItem<'a> {
    /// The picture was predicted.
    Predicted {
        /// Position of the picture in the request, from 0.
        instance_id: usize,
        /// As in the answer for one picture.
        #[serde(flatten)]
        picture: Picture<'a>,
    },
    /// The model's answer for the picture cannot be given.
    Failed {
        /// Position of the picture in the request, from 0.
        instance_id: usize,
        /// What happened, for people.
        error: &'a str,
        /// What happened, for programs: a code of the error table.
        error_code: &'a str,
    },
}

/// Writes the answer for one picture.
///
/// # Errors
/// [`ErrorCode::NonFiniteOutput`](crate::ErrorCode::NonFiniteOutput) if the prediction holds a NaN or an infinity.
pub fn encode_image(prediction: &Prediction, telling: &Telling<'_>, served: Served<'_>) -> Result<Vec<u8>, ApiError> {
    let picture = Picture::of(prediction, telling)??;
    written(&ImageResponse { picture, model: served.model, version: served.version })
}

/// Writes the answer for several pictures. A prediction that cannot be written costs its own item only.
///
/// # Errors
/// As [`encode_image`], if that befalls every prediction.
pub fn encode_image_batch(
    predictions: &[&Prediction],
    telling: &Telling<'_>,
    served: Served<'_>,
) -> Result<Vec<u8>, ApiError> {
    let pictures = predictions.iter().map(|prediction| Picture::of(prediction, telling));
    let pictures: Vec<Result<Picture<'_>, Unwritable>> = pictures.collect::<Result<_, ApiError>>()?;
    let processed_count = pictures.iter().filter(|picture| picture.is_ok()).count();
    let item = |(instance_id, picture)| match picture {
        Ok(picture) => ImageItem::Predicted { instance_id, picture },
        Err(Unwritable { code, message }) => {
            ImageItem::Failed { instance_id, error: message, error_code: code.as_str() }
        }
    };
    if let (0, Some(Err(error))) = (processed_count, pictures.first()) {
        return Err((*error).into());
    }
    written(&ImageBatchResponse {
        status: if processed_count == pictures.len() { Status::Success } else { Status::Partial },
        predictions: pictures.into_iter().enumerate().map(item).collect(),
        processed_count,
        model: served.model,
        version: served.version,
    })
}

fn written(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    // Neither memory nor these types can refuse; an error would be a fault of ours, and is reported as one.
    serde_json::to_vec(body).map_err(|_| ApiError::internal())
}

impl<'a> Picture<'a> {
    /// What is told of a prediction; an outer error only for one that is not of classes.
    fn of(prediction: &'a Prediction, telling: &Telling<'a>) -> Result<Result<Picture<'a>, Unwritable>, ApiError> {
        let Prediction::Class { index, scores, .. } = prediction else { return Err(ApiError::internal()) };
        if let Err(unwritable) = Outcome::of(prediction) {
            return Ok(Err(unwritable));
        }
        let (values, is_raw) = match scores {
            Scores::Probabilities(values) => (values.as_slice(), false),
            Scores::Raw(values) => (values.as_slice(), true),
            Scores::None => (&[][..], false),
        };
        let predicted_class = telling.names.get(*index).ok_or_else(ApiError::internal)?;
        let named = telling.top_k.map(|top_k| ByName(ranked(values, telling.names, top_k.of(values.len()))));
        let reaching = |threshold: f64| {
            let ranked = ranked(values, telling.names, values.len()).into_iter();
            ranked.take_while(|(_, score)| f64::from(*score) >= threshold).map(|(name, _)| name).collect()
        };
        let confidence = if is_raw { None } else { values.get(*index).copied() };
        let (all_probabilities, all_scores) = if is_raw { (None, named) } else { (named, None) };
        Ok(Ok(Picture {
            predicted_class,
            predicted_classes: telling.threshold.map(reaching),
            confidence: confidence.unwrap_or(0.0),
            all_probabilities,
            all_scores,
        }))
    }
}

/// The `count` largest values with their names, the largest first; of equal ones the first.
fn ranked<'a>(values: &[f32], names: &'a [Arc<str>], count: usize) -> Vec<(&'a str, f32)> {
    let mut all: Vec<(&str, f32)> = names.iter().map(AsRef::as_ref).zip(values.iter().copied()).collect();
    all.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    all.truncate(count);
    all
}

/// An object with a key for each name, in the order of the list.
#[derive(Debug, Clone, PartialEq)]
struct ByName<'a>(Vec<(&'a str, f32)>);

impl Serialize for ByName<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use ferrocast_schema::ClassValue;

    use super::*;

    const SERVED: Served<'_> = Served { model: "pets", version: "2" };

    fn prediction(index: usize, scores: Scores) -> Prediction {
        Prediction::Class { index, class: ClassValue::Int(index as i64), label: None, scores }
    }

    fn names() -> Vec<Arc<str>> {
        ["cat", "dog", "newt"].map(Arc::from).to_vec()
    }

    fn text(body: Result<Vec<u8>, ApiError>) -> String {
        String::from_utf8(body.unwrap()).unwrap()
    }

    #[test]
    fn the_most_probable_comes_first() {
        let names = names();
        let telling = Telling { names: &names, threshold: None, top_k: Some(TopK::Unsaid) };
        let answer = prediction(1, Scores::Probabilities(vec![0.25, 0.5, 0.25]));
        assert_eq!(
            text(encode_image(&answer, &telling, SERVED)),
            r#"{"predicted_class":"dog","confidence":0.5,"all_probabilities":{"dog":0.5,"cat":0.25,"newt":0.25},"model":"pets","version":"2"}"#
        );
        let few = Telling { top_k: Some(TopK::Of(1)), ..telling };
        assert!(text(encode_image(&answer, &few, SERVED)).contains(r#""all_probabilities":{"dog":0.5}"#));
        let none = Telling { top_k: None, ..telling };
        assert_eq!(
            text(encode_image(&answer, &none, SERVED)),
            r#"{"predicted_class":"dog","confidence":0.5,"model":"pets","version":"2"}"#
        );
    }

    #[test]
    fn several_classes_reach_the_threshold() {
        let names = names();
        let telling = Telling { names: &names, threshold: Some(0.5), top_k: Some(TopK::Of(1)) };
        let answer = |scores: [f32; 3]| {
            let body = text(encode_image(&prediction(2, Scores::Probabilities(scores.to_vec())), &telling, SERVED));
            serde_json::from_str::<serde_json::Value>(&body).unwrap()["predicted_classes"].clone()
        };
        assert_eq!(answer([0.5, 0.1, 0.9]), serde_json::json!(["newt", "cat"]));
        assert_eq!(answer([0.1, 0.1, 0.4]), serde_json::json!([]));
    }

    #[test]
    fn scores_that_are_no_probabilities_are_called_so() {
        let names = names();
        let telling = Telling { names: &names, threshold: None, top_k: Some(TopK::All) };
        let body = text(encode_image(&prediction(0, Scores::Raw(vec![7.5, -1.0, 0.0])), &telling, SERVED));
        assert!(body.starts_with(r#"{"predicted_class":"cat","confidence":0.0,"all_scores":{"cat":7.5,"#), "{body}");
    }

    #[test]
    fn what_is_not_finite_costs_its_own_picture() {
        let names = names();
        let telling = Telling { names: &names, threshold: None, top_k: None };
        let good = prediction(0, Scores::Probabilities(vec![1.0, 0.0, 0.0]));
        let bad = prediction(0, Scores::Probabilities(vec![f32::NAN, 0.0, 0.0]));
        assert_eq!(encode_image(&bad, &telling, SERVED).unwrap_err().code.as_str(), "NON_FINITE_OUTPUT");
        let body = text(encode_image_batch(&[&bad, &good], &telling, SERVED));
        assert!(body.starts_with(r#"{"predictions":[{"instance_id":0,"error":"#), "{body}");
        assert!(
            body.contains(
                r#"{"instance_id":1,"predicted_class":"cat","confidence":1.0}],"status":"partial","processed_count":1"#
            ),
            "{body}"
        );
        assert!(encode_image_batch(&[&bad, &bad], &telling, SERVED).is_err());
    }
}
