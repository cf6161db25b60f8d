//! Manifests read, refused and written.

use expect_test::{Expect, expect};
use ferrocast_schema::{
    Activation, CacheSection, ClassValue, Encode, ExtraFields, Feature, FeatureType, Filter, ImageChannels,
    ImageLayout, Manifest, Range, Resize, Scale, Task, Value, VersionPolicy,
};
use proptest::prelude::*;

use crate::arbitrary;

/// Every key there is.
const FULL: &str = r#"
manifest = 1
task     = "classification"
summary  = "Species of a penguin"
extra_fields = "forbid"

[model]
file   = "model.onnx"
engine = "tract"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

[[feature]]
name        = "bill_length_mm"
type        = "float"
range       = { ge = 0, le = 100.5 }
description = "Length of the bill"
aliases     = ["feature1"]
example     = 39.1
impute      = 44.0
nullable    = true
scale       = { kind = "standard", mean = 44, std = 5.4 }

[[feature]]
name  = "island"
type  = "string"
categories = ["Biscoe", "Dream", "Torgersen"]
category_aliases = { A = "Torgersen", "0" = "Biscoe" }
encode = "one-hot"
default = "A"

[[feature]]
name = "grade"
type = "int"
categories = [1, 2]
encode = "ordinal"
required = false

[[feature]]
name = "code"
type = "string"
pattern = "^(A|B)$"

[[feature]]
name = "window"
type = "float"
shape = [2, 2]
scale = { kind = "minmax", min = 0, max = 40 }
example = [[1, 2], [3, 4]]

[[feature]]
name = "count"
type = "int"
scale = { kind = "robust", median = 4, iqr = 2 }

[[input]]
tensor = "x"
features = ["bill_length_mm", "island", "grade", "count"]

[output]
tensor = "probabilities"
label_tensor = "label"
apply = "softmax"
classes = [0, 1]
labels = ["Adelie", "Gentoo"]

[serving]
mode = "pooled"
max_batch_rows = 8
max_queue_rows = 16
max_delay_us = 100
threads = 1
warmup = "none"

[cache]
ttl = 600

[versions]
only = [1, "2024-01"]
"#;

/// The problems of a manifest, or "fine".
fn check(text: &str, expected: Expect) {
    let found = Manifest::from_toml(text).map_or_else(|error| error.to_string(), |_| "fine".to_owned());
    expected.assert_eq(&found);
}

/// A manifest with one feature `x`.
fn check_feature(rules: &str, expected: Expect) {
    check(&format!("task = \"tensor\"\n[[feature]]\nname = \"x\"\n{rules}"), expected);
}

#[test]
fn everything_is_read() {
    let manifest = Manifest::from_toml(FULL).unwrap();
    assert_eq!((manifest.manifest, manifest.task), (1, Task::Classification));
    assert_eq!(manifest.summary.as_deref(), Some("Species of a penguin"));
    assert_eq!(manifest.extra_fields, ExtraFields::Forbid);
    assert_eq!(manifest.model.sha256.as_ref().map(String::len), Some(64));
    let [bill, island, grade, code, window, count] = manifest.features.as_slice() else { panic!("{manifest:#?}") };
    assert_eq!(
        (bill.kind, bill.range),
        (FeatureType::Float, Range { ge: Some(0.0), le: Some(100.5), ..Range::default() })
    );
    assert_eq!((bill.aliases.as_slice(), bill.nullable, bill.required), (&["feature1".to_owned()][..], true, true));
    assert_eq!((&bill.example, &bill.impute), (&Some(Value::Float(39.1)), &Some(Value::Float(44.0))));
    assert_eq!(bill.scale, Scale::Standard { mean: 44.0, std: 5.4 });
    assert_eq!((island.encode, &island.default), (Encode::OneHot, &Some(Value::from("A"))));
    assert_eq!(island.category_aliases.get("0").map(String::as_str), Some("Biscoe"));
    assert_eq!((grade.categories.as_slice(), grade.required), (&["1".to_owned(), "2".to_owned()][..], false));
    assert_eq!(code.pattern.as_deref(), Some("^(A|B)$"));
    assert_eq!((window.shape.as_slice(), window.width()), (&[2, 2][..], 4));
    assert_eq!(count.scale, Scale::Robust { median: 4.0, iqr: 2.0 });
    assert_eq!(manifest.inputs[0].features.len(), 4);
    assert_eq!(manifest.output.apply, Activation::Softmax);
    assert_eq!(manifest.output.classes, [ClassValue::Int(0), ClassValue::Int(1)]);
    assert_eq!(manifest.output.labels, ["Adelie", "Gentoo"]);
    assert_eq!((manifest.serving.max_batch_rows, manifest.serving.max_delay_us), (Some(8), 100));
    assert_eq!((manifest.serving.max_queue_rows, manifest.serving.threads), (Some(16), Some(1)));
    assert_eq!(manifest.cache, Some(CacheSection { ttl: 600 }));
    assert_eq!(manifest.versions, VersionPolicy::Only(vec!["1".to_owned(), "2024-01".to_owned()]));
}

#[test]
fn almost_everything_may_be_left_out() {
    let manifest = Manifest::from_toml("task = \"regression\"").unwrap();
    assert_eq!(manifest, Manifest::new(Task::Regression));
}

#[test]
fn pictures_are_described() {
    let manifest = Manifest::from_toml(
        r#"
        task = "image-classification"
        [image]
        size = { width = 320, height = 240, resize = "shorter-side", shorter_side = 356, filter = "bicubic" }
        layout = "NHWC"
        channels = "BGR"
        scale = 0.0078125
        offset = -1
        normalize = { mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225] }
        [output]
        labels_file = "labels.txt"
        classes = ["cat", "dog"]
        "#,
    )
    .unwrap();
    let image = manifest.image.unwrap();
    assert_eq!((image.size.width, image.size.height, image.size.shorter_side), (320, 240, Some(356)));
    assert_eq!((image.size.resize, image.size.filter), (Resize::ShorterSide, Filter::Bicubic));
    assert_eq!((image.layout, image.channels), (ImageLayout::Nhwc, ImageChannels::Bgr));
    assert_eq!((image.scale, image.offset), (0.0078125, -1.0));
    assert_eq!(image.normalize.std, [0.229, 0.224, 0.225]);
    assert_eq!(manifest.output.classes[0], ClassValue::Str("cat".into()));
}

#[test]
fn all_problems_are_told_at_their_place() {
    check(
        r#"
tsak = "classification"
extra_fields = "forbidden"
[model]
fiel = "model.onnx"
[[feature]]
name = "a"
type = "flaot"
[[feature]]
name = "b"
type = "int"
rang = { ge = 1 }
range = { ge = "1", lee = 2 }
aliases = ["c", 3]
required = "yes"
shape = [0]
[serving]
max_batch_rows = -1
mode = "pool"
"#,
        expect![[r#"
            line 1, column 1: task: is missing; it is one of classification, regression, embedding, image-classification, tensor
            line 2, column 1: tsak: unknown key (did you mean "task"?)
            line 3, column 1: extra_fields: "forbidden" is none of ignore, forbid (did you mean "forbid"?)
            line 5, column 1: model.fiel: unknown key (did you mean "file"?)
            line 8, column 1: feature[0].type: "flaot" is none of float, int, string, bool (did you mean "float"?)
            line 12, column 1: feature[1].rang: unknown key (did you mean "range"?)
            line 13, column 11: feature[1].range.ge: expected a number, found a string
            line 13, column 21: feature[1].range.lee: unknown key (did you mean "le"?)
            line 14, column 17: feature[1].aliases[1]: expected an array of strings, found 3 in it
            line 15, column 1: feature[1].required: expected true or false, found a string
            line 16, column 10: feature[1].shape[0]: expected an array of lengths above 0, found 0 in it
            line 18, column 1: serving.max_batch_rows: expected a whole number that is not negative, found -1
            line 19, column 1: serving.mode: "pool" is none of auto, inline, pooled"#]],
    );
}

#[test]
fn syntax_errors_have_a_place() {
    check(
        "task = \"tensor\"\n[[feature]\nname = 1",
        expect![[r#"
        line 2, column 10: invalid table header
        expected `.`, `]]`"#]],
    );
    check(
        "task = tensor",
        expect![[r#"
        line 1, column 8: invalid string
        expected `"`, `'`"#]],
    );
    check("task = \"tensor\"\ntask = \"tensor\"", expect!["line 2, column 1: duplicate key `task` in document root"]);
    check(
        "",
        expect![
            "line 1, column 1: task: is missing; it is one of classification, regression, embedding, image-classification, tensor"
        ],
    );
    check(
        "task = \"tensor\"\nsummary = 1979-05-27",
        expect!["line 2, column 11: no key of a manifest is a date; quote it"],
    );
}

#[test]
fn shapes_of_the_document() {
    check(
        "manifest = 2\ntask = \"tensor\"",
        expect!["line 1, column 1: manifest: format 2 is not known (write `manifest = 1`)"],
    );
    check(
        "task = \"tensor\"\nfeature = 3",
        expect!["line 2, column 1: feature: expected an array of tables, each headed [[feature]], found 3"],
    );
    check(
        "task = \"tensor\"\n[feature]\nname = \"a\"",
        expect!["line 2, column 2: feature: expected an array of tables, each headed [[feature]], found a table"],
    );
    check("task = \"tensor\"\nfeature = [1]", expect!["line 2, column 12: feature[0]: expected a table, found 1"]);
    check("task = \"tensor\"\nmodel.file = \"m.onnx\"\nserving.max_batch_rows = 3", expect!["fine"]);
    check("task = \"tensor\"\n[output.more]\nx = 1", expect!["line 2, column 9: output.more: unknown key"]);
    check(
        "task = \"tensor\"\n[features]",
        expect![[r#"line 2, column 2: features: unknown key (did you mean "feature"?)"#]],
    );
    check(
        "task = \"tensor\"\n[[feature]]\ntype = \"float\"\n[[input]]\ntensor = \"x\"\nfeatures = [\"nobody\"]",
        expect!["line 2, column 1: feature[0].name: is missing"],
    );
}

#[test]
fn names_are_told_apart() {
    let two = |first: &str, second: &str, expected| {
        check(
            &format!(
                "task = \"tensor\"\n[[feature]]\ntype = \"float\"\n{first}\n[[feature]]\ntype = \"float\"\n{second}"
            ),
            expected,
        );
    };
    two(
        "name = \"a\"",
        "name = \"a\"",
        expect![[r#"line 7, column 1: feature[1].name: "a" is also the name of feature[0]"#]],
    );
    two(
        "name = \"a\"\naliases = [\"b\"]",
        "name = \"b\"",
        expect![[r#"line 5, column 12: feature[0].aliases[0]: "b" already names feature[1]"#]],
    );
    two(
        "name = \"a\"\naliases = [\"c\"]",
        "name = \"b\"\naliases = [\"c\"]",
        expect![[r#"line 9, column 12: feature[1].aliases[0]: "c" already names feature[0]"#]],
    );
    two(
        "name = \"a\"\naliases = [\"a\", \"d\", \"d\"]",
        "name = \"b\"",
        expect![[r#"
        line 5, column 12: feature[0].aliases[0]: "a" already names feature[0]
        line 5, column 22: feature[0].aliases[2]: "d" already names feature[0]"#]],
    );
    two(
        "name = \"\"",
        "name = \"b\"\naliases = [\" \"]",
        expect![[r#"
        line 4, column 1: feature[0].name: is empty
        line 8, column 12: feature[1].aliases[0]: is empty"#]],
    );
    two("name = \"a\"\naliases = [\"c\"]", "name = \"b\"\naliases = [\"d\"]", expect!["fine"]);
}

#[test]
fn rules_fit_together() {
    check_feature(
        "type = \"float\"\nrange = { gt = 1.0, lt = 1.0 }",
        expect!["line 5, column 1: feature[0].range: contradicts itself: no number is within it"],
    );
    check_feature("type = \"float\"\nrange = { ge = 1.0, le = 1.0 }", expect!["fine"]);
    check_feature(
        "type = \"float\"\nrange = { ge = 2, le = 1 }",
        expect!["line 5, column 1: feature[0].range: contradicts itself: no number is within it"],
    );
    check_feature(
        "type = \"float\"\nrange = { ge = 0, gt = 0 }",
        expect!["line 5, column 1: feature[0].range: gt and ge are both given"],
    );
    check_feature(
        "type = \"float\"\nrange = { le = 0, lt = 0 }",
        expect!["line 5, column 1: feature[0].range: lt and le are both given"],
    );
    check_feature(
        "type = \"float\"\nrange = { le = inf }",
        expect!["line 5, column 1: feature[0].range: bounds are finite; leave out the one that is not"],
    );
    check_feature(
        "type = \"float\"\nrange = { le = nan }",
        expect!["line 5, column 1: feature[0].range: bounds are finite; leave out the one that is not"],
    );
    check_feature(
        "type = \"int\"\nrange = { gt = 1, lt = 2 }",
        expect!["line 5, column 1: feature[0].range: contradicts itself: no number is within it"],
    );
    check_feature(
        "type = \"int\"\nrange = { ge = 0.5 }",
        expect!["line 5, column 1: feature[0].range: bounds of an int are whole numbers within ±2^53"],
    );
    check_feature(
        "type = \"int\"\nrange = { le = 1e17 }",
        expect!["line 5, column 1: feature[0].range: bounds of an int are whole numbers within ±2^53"],
    );
    check_feature(
        "type = \"string\"\nrange = { ge = 1 }",
        expect!["line 5, column 1: feature[0].range: only numbers have a range, not a string"],
    );
    check_feature(
        "type = \"bool\"\npattern = \"a\"",
        expect!["line 5, column 1: feature[0].pattern: only strings have a pattern, not a bool"],
    );
    check_feature(
        "type = \"string\"\npattern = \"a(\"",
        expect![[r#"
        line 5, column 1: feature[0].pattern: regex parse error:
            a(
             ^
        error: unclosed group"#]],
    );
    check_feature(
        "type = \"string\"\npattern = \"(a{1000}){1000}\"\nexample = \"a\"",
        expect!["line 5, column 1: feature[0].pattern: Compiled regex exceeds size limit of 1048576 bytes."],
    );
    check_feature(
        "type = \"string\"\npattern = \"^q{77}$\"",
        expect![
            "line 2, column 1: feature[0]: no value that fits could be made up for the documentation (give an `example`)"
        ],
    );
    check_feature(
        "type = \"string\"\npattern = \"a\"\ncategories = [\"a\"]",
        expect!["line 5, column 1: feature[0].pattern: the categories say it all"],
    );
    check_feature(
        "type = \"float\"\ncategories = [\"a\"]",
        expect!["line 5, column 1: feature[0].categories: only strings and ints have categories, not a float"],
    );
    check_feature(
        "type = \"int\"\ncategories = [1, \"2\", \"three\", \"04\"]",
        expect![[r#"
        line 5, column 23: feature[0].categories[2]: "three" is no integer
        line 5, column 32: feature[0].categories[3]: "04" is no integer"#]],
    );
    check_feature(
        "type = \"string\"\ncategories = [\"a\", \"b\", \"a\"]",
        expect![[r#"line 5, column 25: feature[0].categories[2]: "a" is listed twice"#]],
    );
    check_feature(
        "type = \"int\"\ncategories = [1]\nrange = { ge = 0 }",
        expect!["line 6, column 1: feature[0].range: the categories say it all"],
    );
    check_feature(
        "type = \"string\"\ncategories = [\"alpha\"]\ncategory_aliases = { A = \"alpah\", alpha = \"alpha\" }",
        expect![[r#"
            line 6, column 22: feature[0].category_aliases.A: there is no category "alpah" (did you mean "alpha"?)
            line 6, column 35: feature[0].category_aliases.alpha: "alpha" is a category itself"#]],
    );
    check_feature(
        "type = \"string\"\ncategory_aliases = { A = \"a\" }",
        expect![[r#"line 5, column 22: feature[0].category_aliases.A: there is no category "a""#]],
    );
    check_feature(
        "type = \"string\"\ncategories = [\"a\"]\ncategory_aliases = { A = 1 }",
        expect!["line 6, column 22: feature[0].category_aliases.A: expected a string, found 1"],
    );
    check_feature(
        "type = \"string\"\nencode = \"one-hot\"",
        expect![[r#"line 5, column 1: feature[0].encode: "one-hot" needs categories"#]],
    );
    check_feature(
        "type = \"string\"\nencode = \"onehot\"",
        expect![[
            r#"line 5, column 1: feature[0].encode: "onehot" is none of none, one-hot, ordinal (did you mean "one-hot"?)"#
        ]],
    );
    check_feature(
        "type = \"float\"\nencode = \"ordinal\"",
        expect![[r#"line 5, column 1: feature[0].encode: "ordinal" needs categories"#]],
    );
}

#[test]
fn scales_divide_by_something() {
    check_feature("type = \"float\"\nscale = { kind = \"standard\", mean = 1, std = 0 }", expect!["fine"]);
    check_feature(
        "type = \"float\"\nscale = { kind = \"standard\", mean = 1, std = -1 }",
        expect!["line 5, column 1: feature[0].scale: std is -1; a spread is not below 0"],
    );
    check_feature(
        "type = \"float\"\nscale = { kind = \"standard\", mean = nan, std = 1 }",
        expect!["line 5, column 1: feature[0].scale: numbers are finite"],
    );
    check_feature(
        "type = \"float\"\nscale = { kind = \"standard\", mean = 1 }",
        expect!["line 5, column 1: feature[0].scale.std: is missing"],
    );
    check_feature(
        "type = \"float\"\nscale = { kind = \"standard\", mean = 1, std = 1, min = 0 }",
        expect!["line 5, column 49: feature[0].scale.min: unknown key"],
    );
    check_feature("type = \"float\"\nscale = { kind = \"minmax\", min = 1, max = 1 }", expect!["fine"]);
    check_feature(
        "type = \"float\"\nscale = { kind = \"minmax\", min = -1e308, max = 1e308 }",
        expect!["line 5, column 1: feature[0].scale: numbers are finite"],
    );
    check_feature("type = \"float\"\nscale = { kind = \"robust\", median = 1, iqr = 0 }", expect!["fine"]);
    check_feature("type = \"float\"\nscale = { kind = \"none\" }", expect!["fine"]);
    check_feature(
        "type = \"float\"\nscale = { kind = \"min-max\", min = 1, max = 2 }",
        expect![[
            r#"line 5, column 11: feature[0].scale.kind: "min-max" is none of standard, minmax, robust, none (did you mean "minmax"?)"#
        ]],
    );
    check_feature(
        "type = \"float\"\nscale = \"standard\"",
        expect!["line 5, column 1: feature[0].scale: expected a table, found a string"],
    );
    check_feature(
        "type = \"string\"\nscale = { kind = \"minmax\", min = 0, max = 1 }",
        expect!["line 5, column 1: feature[0].scale: only numbers are scaled, not a string"],
    );
    check_feature(
        "type = \"int\"\ncategories = [1]\nscale = { kind = \"minmax\", min = 0, max = 1 }",
        expect!["line 6, column 1: feature[0].scale: categories are encoded, not scaled"],
    );
}

#[test]
fn arrays_have_a_shape() {
    check_feature(
        "type = \"float\"\nshape = [3, 0]",
        expect!["line 5, column 13: feature[0].shape[1]: expected an array of lengths above 0, found 0 in it"],
    );
    check_feature(
        "type = \"float\"\nshape = [-1]",
        expect!["line 5, column 10: feature[0].shape[0]: expected an array of lengths above 0, found -1 in it"],
    );
    check_feature(
        "type = \"float\"\nshape = [4294967296, 4294967296]",
        expect!["line 5, column 1: feature[0].shape: more than 1048576 elements"],
    );
    check_feature(
        "type = \"string\"\nshape = [2]",
        expect!["line 5, column 1: feature[0].shape: only numbers come in arrays, not a string"],
    );
    check_feature(
        "type = \"int\"\nshape = [2]\ncategories = [1]",
        expect!["line 5, column 1: feature[0].shape: categories do not come in arrays"],
    );
    check_feature(
        "type = \"float\"\nshape = [2]\ndefault = [1, 2, 3]",
        expect![
            "line 6, column 1: feature[0].default: [1,2,3] is not allowed here: List should have at most 2 items after validation, not 3"
        ],
    );
    check_feature(
        "type = \"float\"\nshape = [2]\ndefault = 1",
        expect!["line 6, column 1: feature[0].default: 1 is not allowed here: Input should be a valid list"],
    );
    check_feature("type = \"float\"\nshape = [2]\nimpute = 1\ndefault = [1, 2]", expect!["fine"]);
    check_feature(
        "type = \"float\"\nshape = [2]\nimpute = [1, 2]",
        expect!["line 6, column 1: feature[0].impute: [1,2] is not allowed here: Input should be a valid number"],
    );
}

#[test]
fn values_follow_the_rules() {
    check_feature(
        "type = \"float\"\nrange = { ge = 0 }\ndefault = -1\nexample = -2\nimpute = -3",
        expect![[r#"
            line 6, column 1: feature[0].default: -1 is not allowed here: Input should be greater than or equal to 0
            line 7, column 1: feature[0].example: -2 is not allowed here: Input should be greater than or equal to 0"#]],
    );
    check_feature(
        "type = \"float\"\ndefault = nan",
        expect!["line 5, column 1: feature[0].default: NaN is not allowed here: Input should be a finite number"],
    );
    check_feature(
        "type = \"float\"\ndefault = \"many\"",
        expect![[
            r#"line 5, column 1: feature[0].default: "many" is not allowed here: Input should be a valid number, unable to parse string as a number"#
        ]],
    );
    check_feature(
        "type = \"float\"\ndefault = { a = 1 }",
        expect![
            "line 5, column 1: feature[0].default: expected a number, string, bool or array of numbers, found a table"
        ],
    );
    check_feature(
        "type = \"int\"\ndefault = 1.5",
        expect![
            "line 5, column 1: feature[0].default: 1.5 is not allowed here: Input should be a valid integer, got a number with a fractional part"
        ],
    );
    check_feature("type = \"int\"\nimpute = 1.5", expect!["fine"]);
    check_feature("type = \"int\"\nrange = { le = 3 }\nimpute = 3.5", expect!["fine"]);
    check_feature(
        "type = \"bool\"\ndefault = \"maybe\"",
        expect![[
            r#"line 5, column 1: feature[0].default: "maybe" is not allowed here: Input should be a valid boolean, unable to interpret input"#
        ]],
    );
    check_feature(
        "type = \"string\"\ncategories = [\"a\"]\ndefault = \"b\"\nimpute = \"c\"",
        expect![[r#"
        line 6, column 1: feature[0].default: "b" is not allowed here: Input should be 'a'
        line 7, column 1: feature[0].impute: "c" is not allowed here: Input should be 'a'"#]],
    );
    check_feature(
        "type = \"string\"\npattern = \"^a$\"\nexample = \"b\"",
        expect![[
            r#"line 6, column 1: feature[0].example: "b" is not allowed here: String should match pattern '^a$'"#
        ]],
    );
    check_feature("type = \"string\"\npattern = \"^a$\"\nimpute = \"unknown\"", expect!["fine"]);
}

#[test]
fn inputs_name_features() {
    let bind = |inputs: &str, expected| {
        check(&format!("task = \"tensor\"\n[[feature]]\nname = \"length\"\ntype = \"float\"\n{inputs}"), expected);
    };
    bind(
        "[[input]]\ntensor = \"x\"\nfeatures = [\"lenght\"]",
        expect![[r#"line 7, column 13: input[0].features[0]: there is no feature "lenght" (did you mean "length"?)"#]],
    );
    bind(
        "[[input]]\ntensor = \"x\"\nfeatures = [\"length\", \"length\"]",
        expect![[r#"line 7, column 23: input[0].features[1]: "length" is listed twice"#]],
    );
    bind(
        "[[input]]\ntensor = \"x\"\nfeatures = []",
        expect!["line 7, column 1: input[0].features: length is lower than 1"],
    );
    bind(
        "[[input]]\ntensor = \"\"\nfeatures = [\"length\"]",
        expect!["line 6, column 1: input[0].tensor: length is lower than 1"],
    );
    bind(
        "[[input]]\nfeatures = \"length\"",
        expect![[r#"
        line 5, column 1: input[0].tensor: is missing
        line 6, column 1: input[0].features: expected an array of strings, found a string"#]],
    );
    bind(
        "[[input]]\ntensor = \"x\"\nfeatures = [\"length\"]\n[[input]]\ntensor = \"x\"\nfeatures = [\"length\"]",
        expect![[r#"line 9, column 1: input[1].tensor: "x" has an [[input]] already"#]],
    );
    bind(
        "[image]",
        expect![[r#"
        line 5, column 2: image: a model takes either [[feature]]s or an [image], not both
        line 5, column 2: image: task = "tensor" takes no pictures (write task = "image-classification")"#]],
    );
}

#[test]
fn other_sections() {
    let section = |text: &str, expected| check(&format!("task = \"classification\"\n{text}"), expected);
    section(
        "[output]\nlabels = [\"a\"]\nlabels_file = \"l.txt\"",
        expect!["line 4, column 1: output.labels_file: labels are given already (keep one of the two)"],
    );
    section(
        "[output]\nlabels_file = \"../../etc/passwd\"",
        expect!["line 3, column 1: output.labels_file: is not the plain name of a file beside the manifest"],
    );
    section(
        "[output]\nclasses = [1, 2]\nlabels = [\"a\"]",
        expect!["line 4, column 1: output.labels: 1 labels for 2 classes"],
    );
    section(
        "[output]\nclasses = [1, \"b\", 1]",
        expect![[r#"
        line 3, column 15: output.classes[1]: classes are all integers or all strings
        line 3, column 20: output.classes[2]: class 1 is listed twice"#]],
    );
    section(
        "[output]\nclasses = [1.5]",
        expect!["line 3, column 12: output.classes[0]: expected an array of integers or strings, found 1.5 in it"],
    );
    section("[output]\ntensor = \"\"", expect!["line 3, column 1: output.tensor: length is lower than 1"]);
    section(
        "[output]\napply = \"relu\"",
        expect![[r#"line 3, column 1: output.apply: "relu" is none of none, softmax, sigmoid"#]],
    );
    section(
        "[model]\nfile = \"/etc/passwd\"",
        expect!["line 3, column 1: model.file: is not the plain name of a file beside the manifest"],
    );
    section(
        "[model]\nfile = \"..\"\nengine = \"\"\nsha256 = \"abc\"",
        expect![[r#"
        line 3, column 1: model.file: is not the plain name of a file beside the manifest
        line 4, column 1: model.engine: length is lower than 1
        line 5, column 1: model.sha256: is not 64 hexadecimal digits"#]],
    );
    section(
        "[serving]\nmax_batch_rows = 0\nmax_queue_rows = 0\nmax_delay_us = 1000001",
        expect![[r#"
        line 3, column 1: serving.max_batch_rows: lower than 1
        line 4, column 1: serving.max_queue_rows: lower than 1
        line 5, column 1: serving.max_delay_us: greater than 1000000"#]],
    );
    section("[cache]\nttl = 0", expect!["line 3, column 1: cache.ttl: lower than 1"]);
    section(
        "[cache]\nttl = \"1h\"",
        expect!["line 3, column 1: cache.ttl: expected a whole number that is not negative, found a string"],
    );
    section("[cache]", expect!["line 2, column 2: cache.ttl: is missing"]);
    section(
        "[versions]\nlatest = 0\nonly = []",
        expect![[r#"
        line 3, column 1: versions.latest: expected a whole number above 0, found 0
        line 4, column 1: versions.only: names no version"#]],
    );
    section(
        "[versions]\nlatest = 1\nonly = [1]",
        expect!["line 4, column 1: versions.only: `latest` is given already (keep one of the two)"],
    );
    section("[versions]\nonly = []", expect!["line 3, column 1: versions.only: names no version"]);
    section(
        "[versions]\nonly = [-1, 1.5]",
        expect![[r#"
        line 3, column 9: versions.only[0]: expected an array of versions, found -1 in it
        line 3, column 13: versions.only[1]: expected an array of versions, found 1.5 in it"#]],
    );
    section(
        "[image]\nsize = { width = 0, height = 9000 }\nnormalize = { std = [0, 1, 1] }",
        expect![[r#"
            line 2, column 2: image: task = "classification" takes no pictures (write task = "image-classification")
            line 3, column 10: image.size.width: lower than 1
            line 3, column 21: image.size.height: greater than 8192
            line 4, column 22: image.normalize.std[0]: is not above 0"#]],
    );
    section(
        "[image]\nsize = { width = 10 }\nlayout = \"nchw\"\nnormalize = { mean = [1, 2] }",
        expect![[r#"
            line 2, column 2: image: task = "classification" takes no pictures (write task = "image-classification")
            line 3, column 1: image.size.height: is missing
            line 4, column 1: image.layout: "nchw" is none of NCHW, NHWC (did you mean "NCHW"?)
            line 5, column 15: image.normalize.mean: expected 3 numbers, one per channel, found 2"#]],
    );
}

#[test]
fn pictures_that_do_not_fit_together() {
    let refuse = |body: &str, expected| check(&format!("task = \"image-classification\"\n{body}"), expected);
    refuse(
        "",
        expect![
            "line 1, column 1: task: [image] is missing, which says what a picture becomes (add [image] with size = { width = 224, height = 224 })"
        ],
    );
    refuse(
        "[image]\nsize = { width = 224, height = 224, resize = \"shorter-side\", shorter_side = 200 }",
        expect![
            "line 3, column 62: image.size.shorter_side: 200 is less than the 224 pixels that are cut out of the middle"
        ],
    );
    refuse(
        "[image]\nsize = { width = 224, height = 224, shorter_side = 256, pad = [0, 0, 0] }",
        expect![[r#"
        line 3, column 37: image.size.shorter_side: has no effect on resize = "exact" (write resize = "shorter-side")
        line 3, column 57: image.size.pad: has no effect on resize = "exact" (write resize = "fit")"#]],
    );
    refuse(
        "[image]\nsize = { width = 9, height = 9, resize = \"fit\", pad = [0, 256, -1] }",
        expect![[r#"
        line 3, column 59: image.size.pad[1]: expected an array of whole numbers from 0 to 255, found 256 in it
        line 3, column 64: image.size.pad[2]: expected an array of whole numbers from 0 to 255, found -1 in it"#]],
    );
    refuse(
        "[image]\nsize = { width = 9, height = 9, filter = \"box\" }\nscale = 0\noffset = nan",
        expect![[r#"
        line 3, column 33: image.size.filter: "box" is none of nearest, bilinear, bicubic, lanczos
        line 4, column 1: image.scale: is not above 0
        line 5, column 1: image.offset: is not finite"#]],
    );
    refuse(
        "[image]\n[output]\napply = \"softmax\"\nthreshold = 0.5",
        expect![[
            r#"line 5, column 1: output.threshold: several classes at a time are no matter of apply = "softmax" (write apply = "sigmoid")"#
        ]],
    );
    refuse(
        "[image]\n[[input]]\ntensor = \"x\"\nfeatures = [\"a\"]",
        expect![[r#"
        line 2, column 2: image: [[input]] is about features, which a model of pictures has none of
        line 5, column 13: input[0].features[0]: there is no feature "a""#]],
    );
}

#[test]
fn manifests_made_in_code_are_checked_too() {
    let mut manifest = Manifest::new(Task::Regression);
    manifest.features = vec![Feature::new("x", FeatureType::Float), Feature::new("x", FeatureType::Int)];
    expect![[r#"feature[1].name: "x" is also the name of feature[0]"#]]
        .assert_eq(&manifest.check().unwrap_err().to_string());
}

#[test]
fn what_init_writes() {
    let mut manifest = Manifest::new(Task::Classification);
    let mut length = Feature::new("length", FeatureType::Float);
    length.example = Some(39.1.into());
    let mut island = Feature::new("island", FeatureType::String);
    island.categories = vec!["Biscoe".to_owned(), "Dream".to_owned()];
    island.encode = Encode::OneHot;
    manifest.features = vec![length, island, Feature::new("year", FeatureType::Int)];
    manifest.output.classes = vec![ClassValue::Int(0), ClassValue::Int(1)];
    expect![[r##"
        # How to serve the model beside this file. Edit it, then run `ferrocast check` on the folder.

        manifest = 1
        task = "classification"    # classification | regression | embedding | image-classification
        # summary = "…"    # one sentence about what is predicted
        # extra_fields = "forbid"    # refuse fields that are no features, instead of ignoring them

        [model]
        file = "model.onnx"
        engine = "tract"
        # sha256 = "…"    # refuse any other file

        [[feature]]
        name = "length"
        type = "float"    # float | int | string | bool
        # range = { ge = 0, le = 100 }    # gt | ge | lt | le
        example = 39.1

        [[feature]]
        name = "island"
        type = "string"    # float | int | string | bool
        categories = ["Biscoe", "Dream"]
        encode = "one-hot"    # none | one-hot | ordinal

        [[feature]]
        name = "year"
        type = "int"    # float | int | string | bool
        # range = { ge = 0, le = 100 }    # gt | ge | lt | le

        [output]
        # tensor = "…"    # the graph output with probabilities, scores or values
        classes = [0, 1]    # the model's own, in the order of its probabilities
        # labels = ["no", "yes"]    # what people call the classes; or: labels_file = "labels.txt"

        [serving]
        warmup = "examples"    # examples | none
    "##]]
    .assert_eq(&manifest.to_toml());
}

#[test]
fn the_full_manifest_is_written_as_it_was_read() {
    let manifest = Manifest::from_toml(FULL).unwrap();
    assert_eq!(Manifest::from_toml(&manifest.to_toml()).unwrap(), manifest);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(manifest in arbitrary::manifest()) {
        prop_assume!(manifest.check().is_ok());
        let text = manifest.to_toml();
        prop_assert_eq!(Manifest::from_toml(&text).map_err(|error| format!("{error}\n{text}")), Ok(manifest));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        drop(Manifest::from_toml(&text));
    }

    #[test]
    fn any_damage_is_read_or_refused(from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), with in "[ -~\n]{0,6}") {
        let (from, to) = (from.index(FULL.len()), to.index(FULL.len()));
        let mut text = FULL.to_owned();
        text.replace_range(from.min(to)..from.max(to).min(from.min(to) + 30), &with);
        if let Err(error) = Manifest::from_toml(&text) {
            let lines = text.lines().count() + 1;
            prop_assert!(!error.problems().is_empty());
            prop_assert!(error.problems().iter().all(|problem| problem.place.is_none_or(|(line, _)| line <= lines)));
        }
    }
}
