//! Answers as bytes, for every kind of prediction.

use std::sync::Arc;

use ferrocast_schema::{Choice, ClassValue, Number, Prediction, Scores};
use serde_json::{Value, json};

use super::batch::batch_bytes;
use super::{
    BatchItem, BatchResponse, PerClass, PredictedValue, PredictionResponse, Served, Status, encode_batch,
    encode_prediction,
};
use crate::ErrorCode;

const SERVED: Served<'_> = Served { model: "penguins", version: "1" };

fn class(index: usize, label: Option<&str>, probabilities: &[f32]) -> Prediction {
    let scores = if probabilities.is_empty() { Scores::None } else { Scores::Probabilities(probabilities.to_vec()) };
    scored(index, label, scores)
}

fn scored(index: usize, label: Option<&str>, scores: Scores) -> Prediction {
    Prediction::Class {
        index,
        class: ClassValue::Int(i64::try_from(index).unwrap()),
        label: label.map(Arc::from),
        scores,
    }
}

/// The exact bytes of the answer for one prediction, without the part that is always the same.
fn check(prediction: &Prediction, expected: &str) {
    let body = String::from_utf8(encode_prediction(prediction, SERVED).unwrap()).unwrap();
    let tail = r#","status":"success","model":"penguins","version":"1"}"#;
    assert_eq!(body.strip_suffix(tail), Some(expected), "{body}");
}

#[test]
fn an_answer_is_what_the_description_says() {
    let prediction = Prediction::Class {
        index: 0,
        class: ClassValue::Str("\"a\"".into()),
        label: Some("A\n".into()),
        scores: Scores::Probabilities(vec![0.5, 0.25]),
    };
    let described = PredictionResponse {
        prediction: PredictedValue::Str("\"a\""),
        label: Some("A\n"),
        probability: Some(PerClass::One(&[0.5, 0.25])),
        confidence: 0.5,
        scores: None,
        status: Status::Success,
        model: SERVED.model,
        version: SERVED.version,
    };
    assert_eq!(encode_prediction(&prediction, SERVED).unwrap(), serde_json::to_vec(&described).unwrap());
    let margins = [-6.5, 3.25];
    let described = PredictionResponse {
        prediction: PredictedValue::Int(1),
        label: None,
        probability: None,
        confidence: 0.0,
        scores: Some(PerClass::One(&margins)),
        ..described
    };
    let prediction = scored(1, None, Scores::Raw(margins.to_vec()));
    assert_eq!(encode_prediction(&prediction, SERVED).unwrap(), serde_json::to_vec(&described).unwrap());
}

#[test]
fn classes_keep_the_models_own_type() {
    check(
        &class(2, Some("Gentoo"), &[0.0625, 0.0075, 0.93]),
        r#"{"prediction":2,"label":"Gentoo","probability":[0.0625,0.0075,0.93],"confidence":0.93"#,
    );
    let named = Prediction::Class {
        index: 0,
        class: ClassValue::Str("\"quoted\"".into()),
        label: None,
        scores: Scores::Probabilities(vec![1.0]),
    };
    check(&named, r#"{"prediction":"\"quoted\"","probability":[1.0],"confidence":1.0"#);
}

#[test]
fn without_probabilities_there_is_null_and_no_confidence() {
    check(&class(0, None, &[]), r#"{"prediction":0,"probability":null,"confidence":0.0"#);
}

#[test]
fn scores_that_are_no_probabilities_are_not_called_so() {
    let margins = scored(1, None, Scores::Raw(vec![-6.5, 3.25]));
    check(&margins, r#"{"prediction":1,"probability":null,"confidence":0.0,"scores":[-6.5,3.25]"#);
    let batch = String::from_utf8(encode_batch(&[margins], SERVED).unwrap()).unwrap();
    let expected = r#"{"predictions":[{"instance_id":0,"prediction":1,"scores":[-6.5,3.25]}],"#;
    assert!(batch.starts_with(expected), "{batch}");
}

#[test]
fn numbers_have_the_digits_of_their_precision() {
    let value = |number| Prediction::Value(number);
    check(&value(Number::F32(0.1)), r#"{"prediction":0.1,"probability":null,"confidence":0.0"#);
    check(
        &value(Number::F64(f64::from(0.1_f32))),
        r#"{"prediction":0.10000000149011612,"probability":null,"confidence":0.0"#,
    );
    check(&value(Number::Int(i64::MIN)), r#"{"prediction":-9223372036854775808,"probability":null,"confidence":0.0"#);
    check(&value(Number::Str("spam".into())), r#"{"prediction":"spam","probability":null,"confidence":0.0"#);
    check(&Prediction::Vector(vec![1.5, -2.0]), r#"{"prediction":[1.5,-2.0],"probability":null,"confidence":0.0"#);
}

#[test]
fn a_batch_numbers_its_items_and_leaves_out_what_the_model_does_not_give() {
    let predictions = [class(1, Some("Chinstrap"), &[0.25, 0.75]), class(0, None, &[])];
    let body = String::from_utf8(encode_batch(&predictions, SERVED).unwrap()).unwrap();
    let expected = r#"{"predictions":[{"instance_id":0,"prediction":1,"label":"Chinstrap","probability":[0.25,0.75],"confidence":0.75},{"instance_id":1,"prediction":0}],"status":"success","processed_count":2,"model":"penguins","version":"1"}"#;
    assert_eq!(body, expected);
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    let refused = [
        class(0, None, &[0.5, f32::NAN]),
        Prediction::Value(Number::F32(f32::INFINITY)),
        Prediction::Value(Number::F64(f64::NEG_INFINITY)),
        Prediction::Vector(vec![0.0, f32::NAN]),
    ];
    for prediction in &refused {
        let error = encode_prediction(prediction, SERVED).unwrap_err();
        assert_eq!(error.code, ErrorCode::NonFiniteOutput);
    }
    assert_eq!(encode_batch(&refused, SERVED).unwrap_err().code, ErrorCode::NonFiniteOutput);
}

/// Two labels, each with scores for its classes.
fn classes(scores: [Scores; 2]) -> Prediction {
    let labels = [ClassValue::Int(0), ClassValue::Str("north".into())];
    let choices = labels.into_iter().zip(scores).map(|(class, scores)| Choice { class, scores });
    Prediction::Classes(choices.collect())
}

#[test]
fn each_of_several_classes_has_its_own_probabilities() {
    let [first, second] = [vec![0.75, 0.25], vec![0.125, 0.5, 0.375]];
    check(
        &classes([Scores::Probabilities(first.clone()), Scores::Probabilities(second.clone())]),
        r#"{"prediction":[0,"north"],"probability":[[0.75,0.25],[0.125,0.5,0.375]],"confidence":0.5"#,
    );
    check(
        &classes([Scores::Raw(first.clone()), Scores::Raw(second)]),
        r#"{"prediction":[0,"north"],"probability":null,"confidence":0.0,"scores":[[0.75,0.25],[0.125,0.5,0.375]]"#,
    );
    // One without would leave the others without their position.
    for scores in [Scores::None, Scores::Probabilities(first)] {
        let bare = r#"{"prediction":[0,"north"],"probability":null,"confidence":0.0"#;
        check(&classes([scores, Scores::None]), bare);
    }
    let broken = classes([Scores::Probabilities(vec![1.0]), Scores::Probabilities(vec![f32::NAN])]);
    assert_eq!(encode_prediction(&broken, SERVED).unwrap_err().code, ErrorCode::NonFiniteOutput);
}

#[test]
fn in_a_batch_a_number_that_is_not_finite_costs_its_own_item_only() {
    let predictions = [class(0, None, &[1.0]), class(0, None, &[f32::NAN]), class(0, None, &[0.5])];
    let body: Value = serde_json::from_slice(&encode_batch(&predictions, SERVED).unwrap()).unwrap();
    let expected = json!({
        "predictions": [
            {"instance_id": 0, "prediction": 0, "probability": [1.0], "confidence": 1.0},
            {"instance_id": 1, "error": "The model answered with a number that is not finite",
             "error_code": "NON_FINITE_OUTPUT"},
            {"instance_id": 2, "prediction": 0, "probability": [0.5], "confidence": 0.5},
        ],
        "status": "partial", "processed_count": 2, "model": "penguins", "version": "1",
    });
    assert_eq!(body, expected);
}

/// The API description and the bytes say the same: both are compared with the type.
#[test]
fn a_batch_is_written_as_its_type_describes_it() {
    let named = Prediction::Class {
        index: 0,
        class: ClassValue::Str("\"a\"".into()),
        label: Some("A\n".into()),
        scores: Scores::Probabilities(vec![0.5, 0.25]),
    };
    let predictions = [named, Prediction::Vector(vec![1.5, -2.0]), Prediction::Value(Number::F32(f32::NAN))];
    let Served { model, version } = SERVED;
    let described = BatchResponse {
        predictions: vec![
            BatchItem::Predicted {
                instance_id: 0,
                prediction: PredictedValue::Str("\"a\""),
                label: Some("A\n"),
                probability: Some(PerClass::One(&[0.5, 0.25])),
                confidence: Some(0.5),
                scores: None,
            },
            BatchItem::Predicted {
                instance_id: 1,
                prediction: PredictedValue::Vector(&[1.5, -2.0]),
                label: None,
                probability: None,
                confidence: None,
                scores: None,
            },
            BatchItem::Failed {
                instance_id: 2,
                error: "The model answered with a number that is not finite",
                error_code: "NON_FINITE_OUTPUT",
            },
        ],
        status: Status::Partial,
        processed_count: 2,
        model,
        version,
    };
    let body = String::from_utf8(encode_batch(&predictions, SERVED).unwrap()).unwrap();
    assert_eq!(body, serde_json::to_string(&described).unwrap());
}

/// One allocation per answer: the buffer has its final size from the start, whatever the numbers.
#[test]
fn the_buffer_never_grows() {
    let longest = [
        class(0, Some("a label of some length"), &[-1.175_494_4e-38; 40]),
        class(0, None, &[f32::NAN]),
        Prediction::Value(Number::F64(-2.225_073_858_507_201_4e-308)),
        Prediction::Vector(vec![-1.175_494_4e-38; 40]),
        classes([Scores::Raw(vec![-1.175_494_4e-38; 40]), Scores::Raw(vec![-1.175_494_4e-38; 40])]),
    ];
    for repeated in &longest {
        let predictions = [vec![repeated.clone(); 1_000], vec![class(0, None, &[])]].concat();
        let body = encode_batch(&predictions, SERVED).unwrap();
        assert_eq!(body.capacity(), batch_bytes(&predictions, SERVED), "{repeated:?}");
    }
}
