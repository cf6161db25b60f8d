//! Operators on categories: OneHotEncoder, LabelEncoder, CategoryMapper, ZipMap.

use tract_onnx::pb::tensor_proto::DataType;

use crate::harness::{Node, Value, floats, ints, strings, tensor};

#[test]
fn one_hot_encoder_adds_an_axis() {
    let node = Node::new("OneHotEncoder", 1).with("cats_strings", Value::Strs(&["x", "y"]));
    node.check(strings(&["y", "z", "x"]), floats(&[[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]));
    let column = tensor(&[2, 1], vec!["y".to_owned(), "x".to_owned()]);
    node.check(column, tensor(&[2, 1, 2], vec![0f32, 1.0, 1.0, 0.0]));
    node.check(tensor::<String>(&[0, 1], vec![]), tensor::<f32>(&[0, 1, 2], vec![]));
    node.check_error(&[ints(&[1])], "has string categories, the input holds I64");
    let strict = node.with("zeros", Value::Int(0));
    strict.check(strings(&["y"]), floats(&[[0.0, 1.0]]));
    strict.check_error(&[strings(&["x", "z"])], "OneHotEncoder: element 1 is in no category");
}

#[test]
fn one_hot_encoder_truncates_numbers() {
    let node = Node::new("OneHotEncoder", 1).with("cats_int64s", Value::Ints(&[0, 2, -1]));
    node.check(ints(&[2, 0]), floats(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]));
    node.check(tensor(&[1], vec![-1i32]), floats(&[[0.0, 0.0, 1.0]]));
    node.check(tensor(&[3], vec![2.7f32, -1.5, 0.5]), floats(&[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]));
    // NaN and numbers that no integer can hold are in no category; a plain cast would make zeros of them.
    node.check(tensor(&[3], vec![f32::NAN, 1e30, f32::NEG_INFINITY]), floats(&[[0.0; 3]; 3]));
    node.check_error(&[strings(&["2"])], "expected numbers");
    let both = node.with("cats_strings", Value::Strs(&["a"]));
    both.check_error(&[ints(&[1])], "exactly one of cats_int64s and cats_strings");
    Node::new("OneHotEncoder", 1).check_error(&[ints(&[1])], "exactly one of");
}

#[test]
fn label_encoder_maps_all_kinds() {
    let keys = [
        ("keys_strings", Value::Strs(&["a", "b"]), strings(&["b", "?", "a"])),
        ("keys_int64s", Value::Ints(&[1, 2]), ints(&[2, 9, 1])),
        ("keys_floats", Value::Floats(&[0.5, 1.5]), tensor(&[3], vec![1.5f32, 9.0, 0.5])),
        ("keys_tensor", Value::Doubles(&[0.1, 0.2]), tensor(&[3], vec![0.2f64, 9.0, 0.1])),
        ("keys_tensor", Value::StringTensor(&["a", "b"]), strings(&["b", "?", "a"])),
    ];
    for (name, key, input) in keys {
        let node = Node::new("LabelEncoder", 1).with(name, key);
        let node = node.with("values_int64s", Value::Ints(&[5, 6]));
        node.check(input.clone(), ints(&[6, -1, 5]));
        let node = node.with("default_int64", Value::Int(0));
        node.check(input.clone(), ints(&[6, 0, 5]));
        let node = node.with("values_int64s", Value::Ints(&[])).with("values_floats", Value::Floats(&[5.5, 6.5]));
        node.check(input.clone(), tensor(&[3], vec![6.5f32, -0.0, 5.5]));
        let node = node.with("values_floats", Value::Floats(&[])).with("values_strings", Value::Strs(&["q", "r"]));
        node.check(input.clone(), strings(&["r", "_Unused", "q"]));
        let node = node.with("values_strings", Value::Strs(&[])).with("values_tensor", Value::Doubles(&[0.1, 0.2]));
        node.check(input.clone(), tensor(&[3], vec![0.2f64, -0.0, 0.1]));
        let node = node.with("default_tensor", Value::Doubles(&[7.0]));
        node.check(input, tensor(&[3], vec![0.2f64, 7.0, 0.1]));
    }
}

#[test]
fn label_encoder_maps_narrow_integers() {
    let node = Node::new("LabelEncoder", 1)
        .with("keys_tensor", Value::IntTensor(DataType::Int16, &[-5, 300]))
        .with("values_tensor", Value::IntTensor(DataType::Int32, &[1 << 20, -3]));
    node.check(tensor(&[3], vec![300i16, 7, -5]), tensor(&[3], vec![-3i32, -1, 1 << 20]));
    let node = node.with("default_tensor", Value::IntTensor(DataType::Int32, &[8]));
    node.check(tensor(&[2], vec![7i16, -5]), tensor(&[2], vec![8i32, 1 << 20]));
    node.check_error(&[ints(&[7])], "the keys are [I16], the input holds I64");
}

#[test]
fn label_encoder_matches_floats_by_value() {
    let node = Node::new("LabelEncoder", 1)
        .with("keys_floats", Value::Floats(&[f32::NAN, 0.0]))
        .with("values_int64s", Value::Ints(&[5, 6]));
    node.check(tensor(&[4], vec![-f32::NAN, -0.0f32, 0.0, 1.0]), ints(&[5, 6, 6, -1]));
    node.check_error(&[ints(&[0])], "LabelEncoder: the keys are [F32], the input holds I64");
    node.check_error(&[tensor(&[1], vec![0f64])], "the keys are [F32]");
}

#[test]
fn label_encoder_takes_the_last_of_equal_keys() {
    let node = Node::new("LabelEncoder", 1)
        .with("keys_int64s", Value::Ints(&[1, 1]))
        .with("values_int64s", Value::Ints(&[5, 6]));
    node.check(ints(&[1]), ints(&[6]));
    node.with("values_int64s", Value::Ints(&[5]))
        .check_error(&[ints(&[1])], "LabelEncoder: keys_int64s has 2 values, values_int64s 1");
}

#[test]
fn label_encoder_of_version_one_goes_both_ways() {
    let node = Node::new("LabelEncoder", 1).with("classes_strings", Value::Strs(&["a", "b"]));
    node.check(strings(&["b", "z", "a"]), ints(&[1, -1, 0]));
    node.check(ints(&[1, 7, 0]), strings(&["b", "_Unused", "a"]));
    let node = node.with("default_string", Value::Str("none")).with("default_int64", Value::Int(-7));
    node.check(strings(&["z"]), ints(&[-7]));
    node.check(ints(&[-1]), strings(&["none"]));
}

#[test]
fn label_encoder_refuses_mixed_attributes() {
    let node =
        Node::new("LabelEncoder", 1).with("keys_int64s", Value::Ints(&[1])).with("values_strings", Value::Strs(&["a"]));
    node.check(tensor::<i64>(&[0, 2], vec![]), tensor::<String>(&[0, 2], vec![]));
    let wrong_default = node.with("default_tensor", Value::Doubles(&[1.0]));
    wrong_default.check_error(&[ints(&[1])], "default_tensor is 1 x F64, the values are String");
    let two_keys = wrong_default.with("keys_strings", Value::Strs(&["a"]));
    two_keys.check_error(&[ints(&[1])], "exactly one of keys_strings");
    Node::new("LabelEncoder", 1).check_error(&[ints(&[1])], "exactly one of keys_strings");
    let versions = Node::new("LabelEncoder", 1).with("classes_strings", Value::Strs(&["a"]));
    let versions = versions.with("keys_strings", Value::Strs(&["a"])).with("values_int64s", Value::Ints(&[7]));
    versions.check_error(&[strings(&["a"])], "classes_strings and keys_strings are of different versions");
}

#[test]
fn category_mapper_goes_both_ways() {
    let node = Node::new("CategoryMapper", 1)
        .with("cats_strings", Value::Strs(&["a", "b"]))
        .with("cats_int64s", Value::Ints(&[4, 5]));
    node.check(strings(&["b", "z"]), ints(&[5, -1]));
    node.check(ints(&[4, 0]), strings(&["a", "_Unused"]));
    node.check_error(&[floats(&[[1.0]])], "the keys are [String, I64], the input holds F32");
    let short = node.with("cats_int64s", Value::Ints(&[4]));
    short.check_error(&[ints(&[4])], "cats_strings has 2 values, cats_int64s 1");
    Node::new("CategoryMapper", 1).check_error(&[ints(&[4])], "cats_strings and cats_int64s are empty");
}

#[test]
fn zip_map_passes_the_tensor() {
    let node = Node::new("ZipMap", 1).with("classlabels_strings", Value::Strs(&["a", "b"]));
    node.check(floats(&[[0.1, 0.9], [0.8, 0.2]]), floats(&[[0.1, 0.9], [0.8, 0.2]]));
    node.check(floats::<2>(&[]), floats::<2>(&[]));
    node.check_error(&[floats(&[[0.1]])], "ZipMap: classlabels has 2 names, the input 1 columns");
    let ints = Node::new("ZipMap", 1).with("classlabels_int64s", Value::Ints(&[7]));
    ints.check(floats(&[[0.1]]), floats(&[[0.1]]));
    ints.with("classlabels_strings", Value::Strs(&["a"])).check_error(&[floats(&[[0.1]])], "exactly one of");
    Node::new("ZipMap", 1).check_error(&[floats(&[[0.1]])], "exactly one of classlabels_int64s");
}
