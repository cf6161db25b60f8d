//! The schema of a row and its example.

use expect_test::expect;
use ferrocast_schema::{Carrier, FeatureType, JsonLimits, Manifest, RowSchema, SchemaOptions};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::arbitrary;

fn schema(manifest: &str) -> RowSchema {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let options = SchemaOptions { extra_fields: manifest.extra_fields, ..SchemaOptions::default() };
    RowSchema::compile(&manifest.features, &options).unwrap()
}

#[test]
fn a_row_is_described() {
    let schema = schema(
        r#"
        task = "classification"
        extra_fields = "forbid"
        [[feature]]
        name = "length"
        type = "float"
        range = { ge = 0, lt = 100 }
        description = "Length in mm"
        aliases = ["feature1", "len"]
        example = 39.1
        [[feature]]
        name = "island"
        type = "string"
        categories = ["Biscoe", "Dream"]
        category_aliases = { A = "Dream" }
        nullable = true
        [[feature]]
        name = "code"
        type = "string"
        pattern = "^[A-Z]$"
        required = false
        [[feature]]
        name = "year"
        type = "int"
        range = { gt = 2000, le = 2020 }
        default = 2007
        [[feature]]
        name = "sexed"
        type = "bool"
        [[feature]]
        name = "grade"
        type = "int"
        categories = [1, 2]
        [[feature]]
        name = "pixels"
        type = "float"
        shape = [2, 3]
        range = { ge = 0, le = 1 }
        "#,
    );
    expect![[r#"
        {
          "type": "object",
          "required": [
            "length",
            "island",
            "sexed",
            "grade",
            "pixels"
          ],
          "properties": {
            "length": {
              "type": "number",
              "minimum": 0.0,
              "maximum": 100.0,
              "exclusiveMaximum": true,
              "description": "Length in mm. May also be sent as `feature1` or `len`.",
              "example": 39.1
            },
            "island": {
              "type": "string",
              "enum": [
                "Biscoe",
                "Dream",
                null
              ],
              "description": "Codes are accepted: `A` for Dream. May be missing.",
              "nullable": true,
              "example": "Biscoe"
            },
            "code": {
              "type": "string",
              "pattern": "^[A-Z]$",
              "description": "May be missing.",
              "example": "A"
            },
            "year": {
              "type": "integer",
              "minimum": 2000,
              "exclusiveMinimum": true,
              "maximum": 2020,
              "default": 2007,
              "example": 2007
            },
            "sexed": {
              "type": "boolean",
              "example": true
            },
            "grade": {
              "type": "integer",
              "enum": [
                1,
                2
              ],
              "example": 1
            },
            "pixels": {
              "type": "array",
              "minItems": 2,
              "maxItems": 2,
              "items": {
                "type": "array",
                "minItems": 3,
                "maxItems": 3,
                "items": {
                  "type": "number",
                  "minimum": 0.0,
                  "maximum": 1.0
                }
              },
              "example": [
                [
                  0.5,
                  0.5,
                  0.5
                ],
                [
                  0.5,
                  0.5,
                  0.5
                ]
              ]
            }
          },
          "additionalProperties": false,
          "example": {
            "length": 39.1,
            "island": "Biscoe",
            "code": "A",
            "year": 2007,
            "sexed": true,
            "grade": 1,
            "pixels": [
              [
                0.5,
                0.5,
                0.5
              ],
              [
                0.5,
                0.5,
                0.5
              ]
            ]
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&schema.json_schema()).unwrap());
}

#[test]
fn a_schema_without_required_fields_says_nothing_of_them() {
    let schema = schema("task = \"tensor\"\n[[feature]]\nname = \"x\"\ntype = \"float\"\nrequired = false");
    expect![[r#"{"type":"object","properties":{"x":{"type":"number","description":"May be missing.","example":1.0}},"example":{"x":1.0}}"#]].assert_eq(&schema.json_schema().to_string());
}

#[test]
fn examples_are_made_up_from_the_rules() {
    let example = |rules: &str| {
        schema(&format!("task = \"tensor\"\n[[feature]]\nname = \"x\"\n{rules}")).example()["x"].to_string()
    };
    let all = [
        "type = \"float\"",
        "type = \"float\"\nrange = { ge = 0, le = 100 }",
        "type = \"float\"\nrange = { gt = 0.1, lt = 0.1000000001 }",
        "type = \"float\"\nrange = { gt = 1e30 }",
        "type = \"float\"\nrange = { lt = -5 }",
        "type = \"float\"\nscale = { kind = \"standard\", mean = 47.2, std = 21.9 }",
        "type = \"int\"\nrange = { gt = 3, lt = 5 }",
        "type = \"int\"\nscale = { kind = \"minmax\", min = 0, max = 41 }",
        "type = \"bool\"",
        "type = \"string\"",
        "type = \"string\"\ncategories = [\"b\", \"a\"]",
        "type = \"string\"\npattern = \"^(A|B|C)$\"",
        "type = \"string\"\npattern = \"^[0-9]{4}$\"",
        "type = \"int\"\ncategories = [7]",
        "type = \"float\"\nshape = [2, 1]\nrange = { ge = 2, le = 4 }",
        "type = \"float\"\ndefault = 3",
        "type = \"float\"\nexample = \" 3_0 \"",
        "type = \"string\"\ncategories = [\"a\"]\ncategory_aliases = { A = \"a\" }\nexample = \"A\"",
        "type = \"int\"\nshape = [2, 2]\nexample = [1, 2, 3, \"4\"]",
    ];
    expect![[r#"
        1.0
        50.0
        0.10000000005000001
        1.5000000000000002e+30
        -6.0
        47.2
        4
        21
        true
        "example"
        "b"
        "A"
        "1234"
        7
        [[3.0],[3.0]]
        3.0
        30.0
        "a"
        [[1,2],[3,4]]"#]]
    .assert_eq(&all.map(example).join("\n"));
}

#[test]
fn an_example_is_one_that_the_model_can_hold() {
    let compile = |rules: &str, carrier| {
        let manifest = Manifest::from_toml(&format!("task = \"tensor\"\n[[feature]]\nname = \"x\"\n{rules}")).unwrap();
        RowSchema::compile(&manifest.features, &SchemaOptions { carriers: vec![carrier], ..SchemaOptions::default() })
            .map(|schema| schema.example().to_string())
            .unwrap_or_else(|error| error.to_string())
    };
    expect![[r#"{"x":1}"#]].assert_eq(&compile("type = \"int\"\nrange = { ge = 0, le = 1000 }", Carrier::I8));
    expect!["x.example: the model's tensor cannot hold it, or none that fits could be made up"]
        .assert_eq(&compile("type = \"int\"\nexample = 300", Carrier::U8));
    expect!["x.default: Input should be less than or equal to 255"]
        .assert_eq(&compile("type = \"int\"\ndefault = 300", Carrier::U8));
    expect!["x.example: the model's tensor cannot hold it, or none that fits could be made up"]
        .assert_eq(&compile("type = \"float\"\nrange = { gt = 1e300 }", Carrier::F32));
    expect![[r#"{"x":1.5e+300}"#]].assert_eq(&compile("type = \"float\"\nrange = { gt = 1e300 }", Carrier::F64));
}

#[test]
fn carriers_are_one_per_feature() {
    let manifest = Manifest::from_toml("task = \"tensor\"\n[[feature]]\nname = \"x\"\ntype = \"float\"").unwrap();
    let options = SchemaOptions { carriers: vec![Carrier::F32; 2], ..SchemaOptions::default() };
    let error = RowSchema::compile(&manifest.features, &options).unwrap_err();
    assert_eq!(error.to_string(), "2 carriers for 1 features");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_example_is_accepted(features in arbitrary::features()) {
        let compiled = RowSchema::compile(&features, &SchemaOptions::default());
        prop_assert!(compiled.is_ok(), "{}\n{features:#?}", compiled.unwrap_err());
        let schema = compiled.unwrap();
        let example = schema.example().to_string();
        let rows = schema.parse_row(example.as_bytes(), &JsonLimits::default());
        prop_assert!(rows.is_ok(), "{}\n{example}", rows.unwrap_err());
        prop_assert_eq!(rows.unwrap().len(), 1);
    }

    #[test]
    fn the_schema_names_every_feature(features in arbitrary::features()) {
        let schema = RowSchema::compile(&features, &SchemaOptions::default()).unwrap().json_schema();
        for feature in &features {
            let mut property = &schema["properties"][&feature.name];
            for axis in &feature.shape {
                prop_assert_eq!(&property["maxItems"], &Json::from(*axis));
                property = &property["items"];
            }
            let kind = match feature.kind {
                FeatureType::Float => "number",
                FeatureType::Int => "integer",
                FeatureType::Bool => "boolean",
                FeatureType::String => "string",
            };
            prop_assert_eq!(&property["type"], kind);
        }
    }
}
