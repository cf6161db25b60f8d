//! Which features each of the model's inputs takes.

use ferrocast_engine::Signature;
use ferrocast_schema::{Feature, InputBinding};

use crate::BindError;

/// For each input of the signature, positions in `features`, in the order of the input's columns.
///
/// Without any [`InputBinding`], a model of one input takes all features, and a model of several takes for each input
/// the feature of its name, which is what skl2onnx makes of a table with one input per column.
pub(crate) fn assign(
    features: &[Feature],
    bindings: &[InputBinding],
    signature: &Signature,
) -> Result<Vec<Vec<usize>>, BindError> {
    let inputs: Vec<&str> = signature.inputs().iter().map(|spec| &*spec.name).collect();
    let assigned = match (bindings, inputs.len()) {
        ([], 1) => vec![(0..features.len()).collect()],
        ([], _) => by_name(features, &inputs)?,
        _ => by_binding(features, bindings, &inputs)?,
    };
    let taken = |index: &usize| assigned.iter().any(|features: &Vec<usize>| features.contains(index));
    let unused = names(features.iter().enumerate().filter(|(index, _)| !taken(index)).map(|(_, f)| f.name.as_str()));
    if unused.is_empty() { Ok(assigned) } else { Err(BindError::Unused { features: unused }) }
}

fn by_name(features: &[Feature], inputs: &[&str]) -> Result<Vec<Vec<usize>>, BindError> {
    let found: Vec<Option<usize>> = inputs.iter().map(|input| named(features, input)).collect();
    let missing = names(inputs.iter().zip(&found).filter(|(_, index)| index.is_none()).map(|(input, _)| *input));
    if missing.is_empty() {
        Ok(found.into_iter().map(|index| index.into_iter().collect()).collect())
    } else {
        Err(BindError::Unmatched { inputs: missing })
    }
}

/// The feature called `input`, or the only one that would be if spaces and dots were underscores, as exporters that
/// need identifiers write them.
fn named(features: &[Feature], input: &str) -> Option<usize> {
    let plain = |name: &str| name.replace([' ', '.'], "_");
    features.iter().position(|feature| feature.name == input).or_else(|| {
        let wanted = plain(input);
        let mut similar = features.iter().enumerate().filter(|(_, feature)| plain(&feature.name) == wanted);
        match (similar.next(), similar.next()) {
            (Some((index, _)), None) => Some(index),
            _ => None,
        }
    })
}

fn by_binding(features: &[Feature], bindings: &[InputBinding], inputs: &[&str]) -> Result<Vec<Vec<usize>>, BindError> {
    let mut assigned: Vec<Option<Vec<usize>>> = vec![None; inputs.len()];
    for binding in bindings {
        let tensor = || binding.tensor.clone();
        let slot = inputs.iter().position(|input| *input == binding.tensor);
        let slot = slot
            .and_then(|index| assigned.get_mut(index))
            .ok_or_else(|| BindError::UnknownTensor { tensor: tensor(), known: names(inputs.iter().copied()) })?;
        if slot.is_some() {
            return Err(BindError::RepeatedTensor { tensor: tensor() });
        }
        let index = |name: &String| {
            features
                .iter()
                .position(|feature| feature.name == *name)
                .ok_or_else(|| BindError::UnknownFeature { tensor: tensor(), feature: name.clone() })
        };
        *slot = Some(binding.features.iter().map(index).collect::<Result<_, _>>()?);
    }
    let unbound = names(inputs.iter().zip(&assigned).filter(|(_, slot)| slot.is_none()).map(|(input, _)| *input));
    if unbound.is_empty() {
        Ok(assigned.into_iter().flatten().collect())
    } else {
        Err(BindError::Unbound { inputs: unbound })
    }
}

fn names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use ferrocast_engine::{Dim, Dtype, TensorSpec};
    use ferrocast_schema::FeatureType;

    use super::*;

    /// Features, `tensor: feature feature` bindings and inputs, each separated by commas → the assignment or the error.
    fn check(features: &str, bindings: &str, inputs: &str) -> Result<Vec<Vec<usize>>, String> {
        let list = |text: &str| names(text.split(',').map(str::trim).filter(|name| !name.is_empty()));
        let features: Vec<Feature> =
            list(features).into_iter().map(|name| Feature::new(name, FeatureType::Float)).collect();
        let bindings: Vec<InputBinding> = list(bindings)
            .iter()
            .map(|binding| {
                let (tensor, features) = binding.split_once(':').unwrap();
                InputBinding { tensor: tensor.to_owned(), features: names(features.split_whitespace()) }
            })
            .collect();
        let inputs =
            list(inputs).into_iter().map(|name| TensorSpec::new(name, Dtype::F32, vec![Dim::Batch, Dim::Fixed(1)]));
        assign(&features, &bindings, &Signature::new(inputs.collect(), vec![])).map_err(|error| error.to_string())
    }

    #[test]
    fn one_input_takes_everything() {
        assert_eq!(check("a, b, c", "", "x"), Ok(vec![vec![0, 1, 2]]));
    }

    #[test]
    fn several_inputs_take_the_features_of_their_names() {
        assert_eq!(check("a, b", "", "b, a"), Ok(vec![vec![1], vec![0]]));
        assert_eq!(check("bill length, b.depth", "", "b_depth, bill_length"), Ok(vec![vec![1], vec![0]]));
        assert_eq!(check("a.b, a b, a_b", "", "a_b, a b, a.b"), Ok(vec![vec![2], vec![1], vec![0]]));
    }

    #[test]
    fn bindings_choose_and_order() {
        assert_eq!(check("a, b, c", "y: c, x: b a", "x, y"), Ok(vec![vec![1, 0], vec![2]]));
        assert_eq!(check("a, b", "wide: a, deep: a b", "deep, wide"), Ok(vec![vec![0, 1], vec![0]]));
    }

    #[test]
    fn says_what_does_not_fit() {
        let refused = |features, bindings, inputs| check(features, bindings, inputs).unwrap_err();
        assert!(refused("a.b, a b", "", "a_b, a b").starts_with("no feature is named like the model's inputs `a_b`;"));
        assert!(refused("a, b, c", "", "a, b").starts_with("no input of the model takes `c`;"));
        assert_eq!(
            refused("a, b", "x: a b, z: a", "x, y"),
            "[[input]] `z`: the model has no such input; it has `x`, `y`"
        );
        assert_eq!(refused("a", "x: a, x: a", "x, y"), "[[input]] `x` is given twice");
        assert_eq!(refused("a", "x: b", "x"), "[[input]] `x`: there is no feature `b`");
        assert_eq!(refused("a", "x: a", "x, y, z"), "[[input]] is missing for `y`, `z`");
    }
}
