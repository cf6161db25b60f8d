//! Bodies and what is said to them, one line each.

use expect_test::{Expect, expect};
use ferrocast_schema::{At, JsonLimits, Manifest, RowSchema, Rows, SchemaOptions, Values, read_json};

/// The reference service's row, with aliases, codes and a switch.
const PENGUINS: &str = r#"
    task = "classification"
    [[feature]]
    name = "bill_length_mm"
    type = "float"
    range = { ge = 0.0, le = 100.0 }
    aliases = ["feature1"]
    [[feature]]
    name = "bill_depth_mm"
    type = "float"
    range = { gt = 0.0 }
    aliases = ["feature2"]
    [[feature]]
    name = "island"
    type = "string"
    categories = ["Biscoe", "Dream", "Torgersen"]
    category_aliases = { A = "Torgersen", "0" = "Biscoe", true = "Dream" }
    aliases = ["feature3"]
    [[feature]]
    name = "flipper_length_mm"
    type = "int"
    range = { ge = 1, le = 1000 }
    aliases = ["feature4"]
"#;

fn schema(manifest: &str) -> RowSchema {
    let manifest = Manifest::from_toml(manifest).unwrap();
    let options = SchemaOptions { extra_fields: manifest.extra_fields, ..SchemaOptions::default() };
    RowSchema::compile(&manifest.features, &options).unwrap()
}

/// A manifest with one feature `x`.
fn one(rules: &str) -> String {
    format!("task = \"tensor\"\n[[feature]]\nname = \"x\"\n{rules}")
}

/// The rows as `column | column`, or the violations, one a line.
fn check(manifest: &str, body: &str, expected: Expect) {
    check_bytes(&schema(manifest), body.as_bytes(), &JsonLimits::default(), expected);
}

fn check_bytes(schema: &RowSchema, body: &[u8], limits: &JsonLimits, expected: Expect) {
    let found = match schema.parse_row(body, limits) {
        Ok(rows) => show(&rows),
        Err(violations) => violations
            .as_slice()
            .iter()
            .map(|violation| {
                let input = violation.input.as_ref().map(|input| format!(" <- {input}")).unwrap_or_default();
                let ctx = violation.ctx.as_ref().map(|ctx| format!(" {ctx}")).unwrap_or_default();
                format!("{violation}{ctx}{input}")
            })
            .chain((violations.omitted() > 0).then(|| format!("… {} more", violations.omitted())))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    expected.assert_eq(&found);
}

fn show(rows: &Rows) -> String {
    let columns = rows.columns().iter().map(|column| {
        let values = match &column.values {
            Values::Float(values) => format!("{values:?}"),
            Values::Int(values) => format!("{values:?}"),
            Values::Bool(values) => format!("{values:?}"),
            Values::Category(values) => format!("#{values:?}"),
            Values::Text(values) => format!("{values:?}"),
            other => format!("{other:?}"),
        };
        let missing = column.missing.as_ref().map(|missing| format!(" missing {missing:?}")).unwrap_or_default();
        format!("{values}{missing}")
    });
    columns.collect::<Vec<_>>().join(" | ")
}

#[test]
fn good_rows() {
    let ok = |body, expected| check(PENGUINS, body, expected);
    ok(
        r#"{"bill_length_mm": 39.1, "bill_depth_mm": 18.7, "island": "Torgersen", "flipper_length_mm": 181}"#,
        expect!["[39.1] | [18.7] | #[2] | [181]"],
    );
    ok(r#"{"feature1":50.0,"feature2":25.0,"feature3":"A","feature4":100}"#, expect!["[50.0] | [25.0] | #[2] | [100]"]);
    ok(
        r#" { "feature4" : "100" , "feature3" : 0 , "feature2" : true , "feature1" : "5e1" } "#,
        expect!["[50.0] | [1.0] | #[0] | [100]"],
    );
    ok(
        r#"{"feature1":-0.0,"feature2":1e-320,"feature3":true,"feature4":1e2,"more":[1,{"a":null}]}"#,
        expect!["[-0.0] | [1e-320] | #[1] | [100]"],
    );
    ok(
        "{\"\\u0066eature1\":1,\"feature2\":2,\"feature3\":\"\\u0042iscoe\",\"feature4\":4}",
        expect!["[1.0] | [2.0] | #[0] | [4]"],
    );
}

#[test]
fn every_violation_is_reported_in_the_order_of_the_features() {
    check(
        PENGUINS,
        r#"{"feature4":0.5,"feature3":"Z","feature2":0,"feature1":"x"}"#,
        expect![[r#"
            body.feature1: Input should be a valid number, unable to parse string as a number [float_parsing] <- "x"
            body.feature2: Input should be greater than 0 [greater_than] {"gt":0.0} <- 0
            body.feature3: Input should be 'Biscoe', 'Dream' or 'Torgersen' [enum] {"expected":"'Biscoe', 'Dream' or 'Torgersen'"} <- "Z"
            body.feature4: Input should be a valid integer, got a number with a fractional part [int_from_float] <- 0.5"#]],
    );
    check(
        PENGUINS,
        "{}",
        expect![[r#"
        body.bill_length_mm: Field required [missing]
        body.bill_depth_mm: Field required [missing]
        body.island: Field required [missing]
        body.flipper_length_mm: Field required [missing]"#]],
    );
    check(
        PENGUINS,
        r#"{"invalid":"data"}"#,
        expect![[r#"
        body.bill_length_mm: Field required [missing]
        body.bill_depth_mm: Field required [missing]
        body.island: Field required [missing]
        body.flipper_length_mm: Field required [missing]"#]],
    );
    check(
        PENGUINS,
        r#"{"feature4":1001,"island":null,"bill_length_mm":100.5}"#,
        expect![[r#"
        body.bill_length_mm: Input should be less than or equal to 100 [less_than_equal] {"le":100.0} <- 100.5
        body.bill_depth_mm: Field required [missing]
        body.island: Input should be 'Biscoe', 'Dream' or 'Torgersen' [enum] {"expected":"'Biscoe', 'Dream' or 'Torgersen'"} <- null
        body.feature4: Input should be less than or equal to 1000 [less_than_equal] {"le":1000} <- 1001"#]],
    );
    check(
        PENGUINS,
        r#"{"feature1":[1,2],"feature2":{"a":1},"feature3":["A"],"feature4":[]}"#,
        expect![[r#"
        body.feature1: Input should be a valid number [float_type] <- "[… 2 items]"
        body.feature2: Input should be a valid number [float_type] <- "{… 1 field}"
        body.feature3: Input should be 'Biscoe', 'Dream' or 'Torgersen' [enum] {"expected":"'Biscoe', 'Dream' or 'Torgersen'"} <- "[… 1 item]"
        body.feature4: Input should be a valid integer [int_type] <- "[]""#]],
    );
}

#[test]
fn a_field_is_given_once() {
    let rest = r#""feature2":1,"feature3":"A","feature4":1"#;
    check(
        PENGUINS,
        &format!(r#"{{"feature1":1,"feature1":2,{rest}}}"#),
        expect!["body.feature1: Field given more than once [duplicate_field] <- 2"],
    );
    check(
        PENGUINS,
        &format!(r#"{{"bill_length_mm":1,"feature1":[2,3],{rest}}}"#),
        expect![[
            r#"body.feature1: Field given more than once [duplicate_field] {"first_given_as":"bill_length_mm"} <- "[… 2 items]""#
        ]],
    );
    check(
        PENGUINS,
        &format!(r#"{{"feature1":1,"bill_length_mm":2,"feature1":3,{rest}}}"#),
        expect![[r#"
        body.bill_length_mm: Field given more than once [duplicate_field] {"first_given_as":"feature1"} <- 2
        body.feature1: Field given more than once [duplicate_field] <- 3"#]],
    );
    check(PENGUINS, &format!(r#"{{"feature1":1,"other":1,"other":2,{rest}}}"#), expect!["[1.0] | [1.0] | #[2] | [1]"]);
}

#[test]
fn extra_fields_can_be_forbidden() {
    let forbid = |features: &str| format!("extra_fields = \"forbid\"\n{features}");
    let manifest = forbid(&one("type = \"float\"").replace("\"x\"", "\"length\""));
    check(&manifest, r#"{"length":1}"#, expect!["[1.0]"]);
    check(
        &manifest,
        r#"{"lenght":1,"b":[1,2,{}],"a":{"k":1},"c":"text"}"#,
        expect![[r#"
        body.length: Field required [missing]
        body.lenght: Extra inputs are not permitted [extra_forbidden] {"did_you_mean":"length"} <- 1
        body.b: Extra inputs are not permitted [extra_forbidden] <- "[… 3 items]"
        body.a: Extra inputs are not permitted [extra_forbidden] <- "{… 1 field}"
        body.c: Extra inputs are not permitted [extra_forbidden] <- "text""#]],
    );
    check(
        &manifest,
        &format!(r#"{{"length":1,"{}":"{}"}}"#, "n".repeat(1000), "v".repeat(1000)),
        expect![[
            r#"body.nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…: Extra inputs are not permitted [extra_forbidden] <- "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv…""#
        ]],
    );
}

#[test]
fn bodies_that_are_no_row() {
    let no = |body: &str, expected| check(PENGUINS, body, expected);
    no("", expect!["body: Field required [missing] <- null"]);
    no("  ", expect![[r#"body[2]: JSON decode error [json_invalid] {"error":"EOF while parsing a value"} <- {}"#]]);
    no(
        "null",
        expect![
            "body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- null"
        ],
    );
    no(
        "[]",
        expect![[
            r#"body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- "[]""#
        ]],
    );
    no(
        "[1,2]",
        expect![[
            r#"body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- "[… 2 items]""#
        ]],
    );
    no(
        "3",
        expect![
            "body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- 3"
        ],
    );
    no(
        "\"a\"",
        expect![[
            r#"body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- "a""#
        ]],
    );
    no(
        "true",
        expect![
            "body: Input should be a valid dictionary or object to extract fields from [model_attributes_type] <- true"
        ],
    );
    no("{", expect![[r#"body[1]: JSON decode error [json_invalid] {"error":"EOF while parsing an object"} <- {}"#]]);
    no("{}x", expect![[r#"body[2]: JSON decode error [json_invalid] {"error":"trailing characters"} <- {}"#]]);
    no("{}{}", expect![[r#"body[2]: JSON decode error [json_invalid] {"error":"trailing characters"} <- {}"#]]);
    no("{\"a\"}", expect![[r#"body[4]: JSON decode error [json_invalid] {"error":"expected `:`"} <- {}"#]]);
    no("{\"a\":1,}", expect![[r#"body[7]: JSON decode error [json_invalid] {"error":"trailing comma"} <- {}"#]]);
    no("{'a':1}", expect![[r#"body[1]: JSON decode error [json_invalid] {"error":"key must be a string"} <- {}"#]]);
    no(
        "{\n  \"feature1\": 1\n  \"feature2\": 2\n}",
        expect![[r#"body[20]: JSON decode error [json_invalid] {"error":"expected `,` or `}`"} <- {}"#]],
    );
    no(
        "{\"feature1\":\n",
        expect![[r#"body[13]: JSON decode error [json_invalid] {"error":"EOF while parsing a value"} <- {}"#]],
    );
    no("\u{feff}{}", expect![[r#"body[0]: JSON decode error [json_invalid] {"error":"expected value"} <- {}"#]]);
}

#[test]
fn numbers_that_json_does_not_have() {
    let no = |body: &str, expected| check(&one("type = \"float\""), body, expected);
    no(
        r#"{"x":NaN}"#,
        expect![[r#"body[5]: JSON decode error [json_invalid] {"error":"NaN is no JSON number"} <- {}"#]],
    );
    no(
        r#"{"x": nan}"#,
        expect![[r#"body[6]: JSON decode error [json_invalid] {"error":"nan is no JSON number"} <- {}"#]],
    );
    no(
        r#"{"x":Infinity}"#,
        expect![[r#"body[5]: JSON decode error [json_invalid] {"error":"Infinity is no JSON number"} <- {}"#]],
    );
    no(
        r#"{"x":-Infinity}"#,
        expect![[r#"body[5]: JSON decode error [json_invalid] {"error":"-Infinity is no JSON number"} <- {}"#]],
    );
    no(
        r#"{"x":1e999}"#,
        expect![[r#"body[9]: JSON decode error [json_invalid] {"error":"number out of range"} <- {}"#]],
    );
    no(
        r#"{"x":-1e999}"#,
        expect![[r#"body[10]: JSON decode error [json_invalid] {"error":"number out of range"} <- {}"#]],
    );
    no(r#"{"x":01}"#, expect![[r#"body[6]: JSON decode error [json_invalid] {"error":"invalid number"} <- {}"#]]);
    no(r#"{"x":+1}"#, expect![[r#"body[5]: JSON decode error [json_invalid] {"error":"expected value"} <- {}"#]]);
    no(r#"{"x":.5}"#, expect![[r#"body[5]: JSON decode error [json_invalid] {"error":"expected value"} <- {}"#]]);
    no(r#"{"x":1.}"#, expect![[r#"body[7]: JSON decode error [json_invalid] {"error":"invalid number"} <- {}"#]]);
    no(
        r#"{"x":0x1F}"#,
        expect![[r#"body[6]: JSON decode error [json_invalid] {"error":"expected `,` or `}`"} <- {}"#]],
    );
    no(
        r#"{"other":NaN,"x":1}"#,
        expect![[r#"body[9]: JSON decode error [json_invalid] {"error":"NaN is no JSON number"} <- {}"#]],
    );
    no(
        r#"{"other":1e999,"x":1}"#,
        expect![[r#"body[13]: JSON decode error [json_invalid] {"error":"number out of range"} <- {}"#]],
    );
    no(r#"{"x":1e-999}"#, expect!["[0.0]"]);
}

#[test]
fn text_that_is_no_unicode() {
    let schema = schema(&one("type = \"string\""));
    let no = |body: &[u8], expected| check_bytes(&schema, body, &JsonLimits::default(), expected);
    no(
        b"{\"x\":\"\xff\"}",
        expect![[r#"body[6]: JSON decode error [json_invalid] {"error":"Invalid UTF-8 at byte 6"} <- {}"#]],
    );
    no(
        b"{\"other\":\"\xc3\x28\",\"x\":\"a\"}",
        expect![[r#"body[10]: JSON decode error [json_invalid] {"error":"Invalid UTF-8 at byte 10"} <- {}"#]],
    );
    no(
        br#"{"x":"\ud800"}"#,
        expect![[r#"body[12]: JSON decode error [json_invalid] {"error":"unexpected end of hex escape"} <- {}"#]],
    );
    no(
        br#"{"other":"\ud800","x":""}"#,
        expect![[r#"body[16]: JSON decode error [json_invalid] {"error":"unexpected end of hex escape"} <- {}"#]],
    );
    no(br#"{"x":"\ud83d\ude00 \u00e9"}"#, expect![[r#"["😀 é"]"#]]);
    no(
        b"{\"x\":\"a\x00b\"}",
        expect![[
            r#"body[7]: JSON decode error [json_invalid] {"error":"control character (\\u0000-\\u001F) found while parsing a string"} <- {}"#
        ]],
    );
    no(br#"{"x":"a\u0000b"}"#, expect![[r#"["a\0b"]"#]]);
}

#[test]
fn numbers_that_the_tensor_cannot_hold() {
    use ferrocast_schema::Carrier;
    let check = |rules: &str, carrier, number: &str, expected: Expect| {
        let manifest = Manifest::from_toml(&one(rules)).unwrap();
        let options = SchemaOptions { carriers: vec![carrier], ..SchemaOptions::default() };
        let schema = RowSchema::compile(&manifest.features, &options).unwrap();
        check_bytes(&schema, format!("{{\"x\":{number}}}").as_bytes(), &JsonLimits::default(), expected);
    };
    let float = "type = \"float\"";
    check(float, Carrier::F32, "3.4e38", expect!["[3.4e38]"]);
    check(float, Carrier::F32, "1e39", expect!["body.x: Input should be a finite number [finite_number] <- 1e+39"]);
    check(float, Carrier::F32, "-1e39", expect!["body.x: Input should be a finite number [finite_number] <- -1e+39"]);
    check(
        float,
        Carrier::F32,
        "\"1e39\"",
        expect![[r#"body.x: Input should be a finite number [finite_number] <- "1e39""#]],
    );
    check(float, Carrier::F64, "1e39", expect!["[1e39]"]);
    check(
        float,
        Carrier::F64,
        "\"NaN\"",
        expect![[r#"body.x: Input should be a finite number [finite_number] <- "NaN""#]],
    );
    check(
        float,
        Carrier::F64,
        "\"-Infinity\"",
        expect![[r#"body.x: Input should be a finite number [finite_number] <- "-Infinity""#]],
    );
    check(
        "type = \"float\"\nrange = { le = 10.0 }",
        Carrier::F32,
        "1e39",
        expect![[r#"body.x: Input should be less than or equal to 10 [less_than_equal] {"le":10.0} <- 1e+39"#]],
    );
    let int = "type = \"int\"";
    check(int, Carrier::I8, "127", expect!["[127]"]);
    check(
        int,
        Carrier::I8,
        "128",
        expect![[r#"body.x: Input should be less than or equal to 127 [less_than_equal] {"le":127} <- 128"#]],
    );
    check(
        int,
        Carrier::I8,
        "-129",
        expect![[r#"body.x: Input should be greater than or equal to -128 [greater_than_equal] {"ge":-128} <- -129"#]],
    );
    check(
        int,
        Carrier::U8,
        "-1",
        expect![[r#"body.x: Input should be greater than or equal to 0 [greater_than_equal] {"ge":0} <- -1"#]],
    );
    check(
        int,
        Carrier::U64,
        "18446744073709551615",
        expect![[
            r#"body.x: Input should be less than or equal to 9223372036854775807 [less_than_equal] {"le":9223372036854775807} <- 18446744073709551615"#
        ]],
    );
    check(int, Carrier::I64, "9223372036854775807", expect!["[9223372036854775807]"]);
    check(
        int,
        Carrier::I64,
        "9223372036854775808",
        expect![[
            r#"body.x: Input should be less than or equal to 9223372036854775807 [less_than_equal] {"le":9223372036854775807} <- 9223372036854775808"#
        ]],
    );
    check(int, Carrier::I64, "-9223372036854775808", expect!["[-9223372036854775808]"]);
    check(
        int,
        Carrier::I64,
        "-9223372036854775809",
        expect![
            "body.x: Unable to parse input string as an integer, exceeded maximum size [int_parsing_size] <- -9.223372036854776e+18"
        ],
    );
    check(
        int,
        Carrier::I64,
        "1e30",
        expect![
            "body.x: Unable to parse input string as an integer, exceeded maximum size [int_parsing_size] <- 1e+30"
        ],
    );
    check(
        int,
        Carrier::I64,
        "1e308",
        expect![
            "body.x: Unable to parse input string as an integer, exceeded maximum size [int_parsing_size] <- 1e+308"
        ],
    );
    check(
        int,
        Carrier::I64,
        "\"123456789012345678901234567890\"",
        expect![[
            r#"body.x: Input should be less than or equal to 9223372036854775807 [less_than_equal] {"le":9223372036854775807} <- "123456789012345678901234567890""#
        ]],
    );
    check(
        int,
        Carrier::I64,
        "\"1234567890123456789012345678901234567890\"",
        expect![[
            r#"body.x: Unable to parse input string as an integer, exceeded maximum size [int_parsing_size] <- "1234567890123456789012345678901234567890""#
        ]],
    );
    check(int, Carrier::F32, "9223372036854775807", expect!["[9223372036854775807]"]);
    check(
        int,
        Carrier::Bool,
        "2",
        expect![[r#"body.x: Input should be less than or equal to 1 [less_than_equal] {"le":1} <- 2"#]],
    );
    check(
        "type = \"int\"\nrange = { ge = 1, le = 10 }",
        Carrier::I8,
        "1000",
        expect![[r#"body.x: Input should be less than or equal to 10 [less_than_equal] {"le":10} <- 1000"#]],
    );
}

#[test]
fn missing_values() {
    let optional = "type = \"float\"\nrequired = false";
    check(&one(optional), "{}", expect!["[NaN] missing [true]"]);
    check(&one(optional), r#"{"x":null}"#, expect!["body.x: Input should be a valid number [float_type] <- null"]);
    check(&one("type = \"float\"\nnullable = true"), r#"{"x":null}"#, expect!["[NaN] missing [true]"]);
    check(&one("type = \"float\"\nnullable = true"), "{}", expect!["body.x: Field required [missing]"]);
    check(&one("type = \"float\"\ndefault = 2"), "{}", expect!["[2.0]"]);
    check(&one("type = \"float\"\ndefault = 2\nnullable = true"), r#"{"x":null}"#, expect!["[NaN] missing [true]"]);
    check(&one("type = \"int\"\nrequired = false\nimpute = 4.5"), "{}", expect!["[0] missing [true]"]);
    check(&one("type = \"bool\"\ndefault = true"), "{}", expect!["[true]"]);
    check(&one("type = \"bool\"\nrequired = false"), "{}", expect!["[false] missing [true]"]);
    check(&one("type = \"string\"\nrequired = false"), "{}", expect![[r#"[""] missing [true]"#]]);
    check(&one("type = \"string\"\ndefault = \"d\""), "{}", expect![[r#"["d"]"#]]);
    check(&one("type = \"string\"\ncategories = [\"a\", \"b\"]\ndefault = \"b\""), "{}", expect!["#[1]"]);
    check(
        &one("type = \"string\"\ncategories = [\"a\", \"b\"]\nnullable = true"),
        r#"{"x":null}"#,
        expect!["#[4294967295] missing [true]"],
    );
    check(
        &one("type = \"string\"\ncategories = [\"a\", \"b\"]\ncategory_aliases = { z = \"b\" }\ndefault = \"z\""),
        "{}",
        expect!["#[1]"],
    );
    check(&one("type = \"float\"\nshape = [2]\ndefault = [1, 2.5]"), "{}", expect!["[1.0, 2.5]"]);
    check(
        &one("type = \"float\"\nshape = [2]\nnullable = true"),
        r#"{"x":null}"#,
        expect!["[NaN, NaN] missing [true]"],
    );
    check(&one("type = \"int\"\nshape = [2]\nrequired = false"), "{}", expect!["[0, 0] missing [true]"]);
}

#[test]
fn categories() {
    let text = one(
        "type = \"string\"\ncategories = [\"a\", \"b\", \"3\", \"\", \"true\"]\ncategory_aliases = { \"1\" = \"b\", A = \"a\" }",
    );
    for (value, expected) in [
        ("\"a\"", expect!["#[0]"]),
        ("\"A\"", expect!["#[0]"]),
        ("\"1\"", expect!["#[1]"]),
        ("1", expect!["#[1]"]),
        ("1.0", expect!["#[1]"]),
        ("3", expect!["#[2]"]),
        (
            "\" 3\"",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- " 3""#
            ]],
        ),
        ("\"\"", expect!["#[3]"]),
        ("true", expect!["#[4]"]),
        (
            "false",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- false"#
            ]],
        ),
        (
            "1.5",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- 1.5"#
            ]],
        ),
        (
            "-1",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- -1"#
            ]],
        ),
        (
            "null",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- null"#
            ]],
        ),
        (
            "[\"a\"]",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- "[… 1 item]""#
            ]],
        ),
        (
            "{}",
            expect![[
                r#"body.x: Input should be 'a', 'b', '3', '' or 'true' [enum] {"expected":"'a', 'b', '3', '' or 'true'"} <- "{}""#
            ]],
        ),
    ] {
        check(&text, &format!("{{\"x\":{value}}}"), expected);
    }
    let ints = one("type = \"int\"\ncategories = [4, -1]\ncategory_aliases = { four = \"4\" }");
    for (value, expected) in [
        ("4", expect!["#[0]"]),
        ("-1", expect!["#[1]"]),
        ("\" 4 \"", expect!["#[0]"]),
        ("4.0", expect!["#[0]"]),
        ("\"four\"", expect!["#[0]"]),
        ("5", expect![[r#"body.x: Input should be 4 or -1 [enum] {"expected":"4 or -1"} <- 5"#]]),
        ("4.5", expect![[r#"body.x: Input should be 4 or -1 [enum] {"expected":"4 or -1"} <- 4.5"#]]),
        ("\"\"", expect![[r#"body.x: Input should be 4 or -1 [enum] {"expected":"4 or -1"} <- """#]]),
    ] {
        check(&ints, &format!("{{\"x\":{value}}}"), expected);
    }
    let many: Vec<String> = (0..200).map(|index| format!("\"c{index}\"")).collect();
    check(
        &one(&format!("type = \"string\"\ncategories = [{}]", many.join(","))),
        r#"{"x":"d"}"#,
        expect![[
            r#"body.x: Input should be 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19' or one of 180 more [enum] {"expected":"'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11', 'c12', 'c13', 'c14', 'c15', 'c16', 'c17', 'c18', 'c19' or one of 180 more"} <- "d""#
        ]],
    );
}

#[test]
fn patterns_are_searched_for() {
    let plate = one("type = \"string\"\npattern = \"[A-Z]{2}[0-9]+\"\nexample = \"AB1\"");
    check(&plate, r#"{"x":"AB123"}"#, expect![[r#"["AB123"]"#]]);
    check(&plate, r#"{"x":"- AB1 -"}"#, expect![[r#"["- AB1 -"]"#]]);
    check(
        &plate,
        r#"{"x":"ab1"}"#,
        expect![[
            r#"body.x: String should match pattern '[A-Z]{2}[0-9]+' [string_pattern_mismatch] {"pattern":"[A-Z]{2}[0-9]+"} <- "ab1""#
        ]],
    );
    check(&plate, r#"{"x":12}"#, expect!["body.x: Input should be a valid string [string_type] <- 12"]);
    let anchored = one("type = \"string\"\npattern = \"^(A|B|C)$\"");
    check(&anchored, r#"{"x":"B"}"#, expect![[r#"["B"]"#]]);
    check(
        &anchored,
        r#"{"x":"BB"}"#,
        expect![[
            r#"body.x: String should match pattern '^(A|B|C)$' [string_pattern_mismatch] {"pattern":"^(A|B|C)$"} <- "BB""#
        ]],
    );
    check(
        &anchored,
        &format!(r#"{{"x":"{}"}}"#, "é".repeat(100)),
        expect![[
            r#"body.x: String should match pattern '^(A|B|C)$' [string_pattern_mismatch] {"pattern":"^(A|B|C)$"} <- "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé…""#
        ]],
    );
}

#[test]
fn arrays() {
    let pair = one("type = \"float\"\nshape = [2]\nrange = { ge = 0.0 }");
    check(&pair, r#"{"x":[1,"2"]}"#, expect!["[1.0, 2.0]"]);
    check(
        &pair,
        r#"{"x":[1]}"#,
        expect![[
            r#"body.x: List should have at least 2 items after validation, not 1 [too_short] {"field_type":"List","min_length":2,"actual_length":1} <- "[… 1 item]""#
        ]],
    );
    check(
        &pair,
        r#"{"x":[]}"#,
        expect![[
            r#"body.x: List should have at least 2 items after validation, not 0 [too_short] {"field_type":"List","min_length":2,"actual_length":0} <- "[]""#
        ]],
    );
    check(
        &pair,
        r#"{"x":[1,2,3,[4]]}"#,
        expect![[
            r#"body.x: List should have at most 2 items after validation, not 4 [too_long] {"field_type":"List","max_length":2,"actual_length":4} <- "[… 4 items]""#
        ]],
    );
    check(
        &pair,
        r#"{"x":[-1,null]}"#,
        expect![[r#"
        body.x[0]: Input should be greater than or equal to 0 [greater_than_equal] {"ge":0.0} <- -1
        body.x[1]: Input should be a valid number [float_type] <- null"#]],
    );
    check(
        &pair,
        r#"{"x":[[1,2]]}"#,
        expect![[r#"body.x[0]: Input should be a valid number [float_type] <- "[… 2 items]""#]],
    );
    check(&pair, r#"{"x":5}"#, expect!["body.x: Input should be a valid list [list_type] <- 5"]);
    check(&pair, r#"{"x":"12"}"#, expect![[r#"body.x: Input should be a valid list [list_type] <- "12""#]]);
    check(&pair, r#"{"x":{"0":1}}"#, expect![[r#"body.x: Input should be a valid list [list_type] <- "{… 1 field}""#]]);
    check(&pair, r#"{"x":null}"#, expect!["body.x: Input should be a valid list [list_type] <- null"]);
    let grid = one("type = \"int\"\nshape = [2, 3]");
    check(&grid, r#"{"x":[[1,2,3],[4,5,6]]}"#, expect!["[1, 2, 3, 4, 5, 6]"]);
    check(&grid, r#"{"x":[1,2,3,4,5,6]}"#, expect!["[1, 2, 3, 4, 5, 6]"]);
    check(
        &grid,
        r#"{"x":[1,2,3,4,5]}"#,
        expect![[
            r#"body.x: List should have at least 6 items after validation, not 5 [too_short] {"field_type":"List","min_length":6,"actual_length":5} <- "[… 5 items]""#
        ]],
    );
    check(
        &grid,
        r#"{"x":[1,2,3,4,5,6,7]}"#,
        expect![[
            r#"body.x: List should have at most 6 items after validation, not 7 [too_long] {"field_type":"List","max_length":6,"actual_length":7} <- "[… 7 items]""#
        ]],
    );
    check(
        &grid,
        r#"{"x":[[1,2,3],[4,5]]}"#,
        expect![[
            r#"body.x[1]: List should have at least 3 items after validation, not 2 [too_short] {"field_type":"List","min_length":3,"actual_length":2} <- "[… 2 items]""#
        ]],
    );
    check(
        &grid,
        r#"{"x":[[1,2,3],4,5,6]}"#,
        expect![[r#"
            body.x[1]: Input should be a valid list [list_type] <- 4
            body.x: List should have at most 2 items after validation, not 4 [too_long] {"field_type":"List","max_length":2,"actual_length":4} <- "[… 4 items]""#]],
    );
    check(
        &grid,
        r#"{"x":[1,[2,3]]}"#,
        expect![[r#"body.x[1]: Input should be a valid integer [int_type] <- "[… 2 items]""#]],
    );
    check(
        &grid,
        r#"{"x":[[1,2,3],[4,5,6],[7,8,9]]}"#,
        expect![[
            r#"body.x: List should have at most 2 items after validation, not 3 [too_long] {"field_type":"List","max_length":2,"actual_length":3} <- "[… 3 items]""#
        ]],
    );
    check(
        &grid,
        r#"{"x":[[1,2,3],[4,5,0.5]]}"#,
        expect![
            "body.x[1][2]: Input should be a valid integer, got a number with a fractional part [int_from_float] <- 0.5"
        ],
    );
}

#[test]
fn depth_is_limited() {
    let schema = schema(&one("type = \"float\""));
    let limits = JsonLimits { depth: 4, ..JsonLimits::default() };
    let deep = |body: &str, expected| check_bytes(&schema, body.as_bytes(), &limits, expected);
    deep(r#"{"x":1,"a":[[[1]]]}"#, expect!["[1.0]"]);
    deep(
        r#"{"x":1,"a":[[[[1]]]]}"#,
        expect![[
            r#"body.a: Objects and arrays should nest at most 4 deep (setting limits.json_depth) [too_deep] {"limit":4,"setting":"limits.json_depth"}"#
        ]],
    );
    deep(r#"{"x":1,"a":{"b":{"c":{"d":1}}}}"#, expect!["[1.0]"]);
    deep(
        r#"{"x":[[[[1]]]]}"#,
        expect![[r#"
        body.x: Input should be a valid number [float_type] <- "[… 1 item]"
        body.x: Objects and arrays should nest at most 4 deep (setting limits.json_depth) [too_deep] {"limit":4,"setting":"limits.json_depth"}"#]],
    );
    let bottomless = |open: &str, close: &str, limits| {
        let body = format!("{{\"x\":1,\"a\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
        schema.parse_row(body.as_bytes(), &limits).unwrap_err().to_string()
    };
    expect!["body.a: Objects and arrays should nest at most 32 deep (setting limits.json_depth) [too_deep]"]
        .assert_eq(&bottomless("[", "]", JsonLimits::default()));
    expect!["body.a: Objects and arrays should nest at most 32 deep (setting limits.json_depth) [too_deep]"]
        .assert_eq(&bottomless("{\"a\":", "}", JsonLimits::default()));
    expect!["body[100012]: JSON decode error [json_invalid]"].assert_eq(&bottomless(
        "[",
        "",
        JsonLimits { depth: usize::MAX, ..JsonLimits::default() },
    ));
    expect!["body.a: Objects and arrays should nest at most 120 deep (setting limits.json_depth) [too_deep]"]
        .assert_eq(&bottomless("[", "]", JsonLimits { depth: usize::MAX, ..JsonLimits::default() }));
}

#[test]
fn numbers_are_counted() {
    let schema = schema(&one("type = \"float\""));
    let limits = JsonLimits { numbers: 4, ..JsonLimits::default() };
    let count = |body: &str, expected| check_bytes(&schema, body.as_bytes(), &limits, expected);
    count(r#"{"x":1,"a":[1,2,3]}"#, expect!["[1.0]"]);
    count(
        r#"{"x":1,"a":[1,2,3,4]}"#,
        expect![[
            r#"body: A request should hold at most 4 numbers (setting limits.json_numbers) [too_many_numbers] {"limit":4,"setting":"limits.json_numbers"}"#
        ]],
    );
    count(r#"{"a":[1,2,3,{"b":"4"}],"x":"1"}"#, expect!["[1.0]"]);
    count(r#"{"a":["1","2","3","4",true,null],"x":1}"#, expect!["[1.0]"]);
    count(
        r#"{"x":[1,2,3,4,5]}"#,
        expect![[r#"
        body.x: Input should be a valid number [float_type] <- "[… 5 items]"
        body: A request should hold at most 4 numbers (setting limits.json_numbers) [too_many_numbers] {"limit":4,"setting":"limits.json_numbers"}"#]],
    );
}

#[test]
fn what_stands_in_for_absent_arrays_is_counted() {
    let manifest = one(&format!("type = \"float\"\nshape = [1000]\ndefault = {:?}", vec![1.5; 1000]));
    let schema = schema(&manifest);
    let rows = format!("[{}]", vec!["{}"; 100].join(","));
    let mut collector = schema.collector(&JsonLimits::default());
    assert_eq!(read_json(rows.as_bytes(), collector.list(At::Body, 1000)).unwrap(), 100);
    expect!["body: A request should hold at most 65536 numbers (setting limits.json_numbers) [too_many_numbers]"]
        .assert_eq(&collector.finish().unwrap_err().to_string());
}

#[test]
fn violations_are_cut_and_counted() {
    let schema = schema(PENGUINS);
    let limits = JsonLimits { violations: 2, ..JsonLimits::default() };
    check_bytes(
        &schema,
        b"{}",
        &limits,
        expect![[r#"
        body.bill_length_mm: Field required [missing]
        body.bill_depth_mm: Field required [missing]
        … 2 more"#]],
    );
    check_bytes(
        &schema,
        b"{}",
        &JsonLimits { violations: 0, ..limits },
        expect![[r#"
        body.bill_length_mm: Field required [missing]
        … 3 more"#]],
    );
}
