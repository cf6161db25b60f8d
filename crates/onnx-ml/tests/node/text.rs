//! Text: normalising, cutting into tokens, counting n-grams.

use tract_onnx::prelude::Tensor;

use crate::harness::{Node, Value, assert_close, floats, ints, strings, tensor};

pub(crate) fn normalizer(case: &str) -> Node {
    Node::new("main:StringNormalizer", 1).with("case_change_action", Value::Str(case))
}

fn row(values: &[&str]) -> Tensor {
    tensor(&[1, values.len()], values.iter().map(|&value| value.to_owned()).collect())
}

fn texts() -> Tensor {
    strings(&["Monday", "the", "ÉTÉ", "The"])
}

#[test]
fn case_is_changed() {
    normalizer("NONE").check(texts(), texts());
    normalizer("LOWER").check(texts(), strings(&["monday", "the", "été", "the"]));
    normalizer("UPPER").check(texts(), strings(&["MONDAY", "THE", "ÉTÉ", "THE"]));
    normalizer("LOWER").with("locale", Value::Str("xx_YY")).check(texts(), strings(&["monday", "the", "été", "the"]));
    normalizer("LOWER").check(strings(&[]), strings(&[]));
    normalizer("lower").check_error(&[texts()], "case_change_action is \"lower\"");
    normalizer("LOWER").check_error(&[ints(&[1])], "StringNormalizer: the input holds I64, expected strings");
}

#[test]
fn stop_words_are_removed() {
    let stop = |case: &str| normalizer(case).with("stopwords", Value::Strs(&["the", "été"]));
    stop("NONE").check(texts(), strings(&["Monday"]));
    stop("UPPER").check(texts(), strings(&["MONDAY"]));
    let sensitive = stop("NONE").with("is_case_sensitive", Value::Int(1));
    sensitive.check(texts(), strings(&["Monday", "ÉTÉ", "The"]));
    sensitive.check(row(&["the", "The"]), row(&["The"]));
    sensitive.check(row(&["the"]), row(&[""]));
    sensitive.check(strings(&["the", "the"]), strings(&[""]));
    let grid = tensor(&[2, 2], ["a", "b", "c", "d"].map(str::to_owned).to_vec());
    sensitive.check_error(&[grid], "expected [strings] or [1, strings]");
}

pub(crate) fn tokenizer(attribute: &str, value: Value<'_>) -> Node {
    let node = Node::new("main:Tokenizer", 1).with(attribute, value).with("mincharnum", Value::Int(1));
    node.with("pad_value", Value::Str("#"))
}

fn grid<const N: usize>(rows: &[[&str; N]]) -> Tensor {
    tensor(&[rows.len(), N], rows.iter().flatten().map(|&text| text.to_owned()).collect())
}

#[test]
fn separators_cut_one_after_the_other() {
    let blanks = || tokenizer("separators", Value::Strs(&[" "]));
    let texts = || strings(&["a  bb c", "", "ddd"]);
    blanks().check(texts(), grid(&[["a", "bb", "c"], ["#", "#", "#"], ["ddd", "#", "#"]]));
    blanks().with("mincharnum", Value::Int(2)).check(texts(), grid(&[["bb"], ["#"], ["ddd"]]));
    let marked = grid(&[["\u{2}", "bb", "\u{3}"], ["\u{2}", "\u{3}", "#"], ["\u{2}", "ddd", "\u{3}"]]);
    blanks().with("mincharnum", Value::Int(2)).with("mark", Value::Int(1)).check(texts(), marked);
    let sequential = tokenizer("separators", Value::Strs(&["qu", "o"]));
    sequential.check(strings(&["the quick fox"]), grid(&[["the ", "ick f", "x"]]));
    let punctuation = tokenizer("separators", Value::Strs(&["[.]", "\\s+"]));
    punctuation.check(strings(&["a.b \t c."]), grid(&[["a", "b", "c"]]));
}

#[test]
fn expressions_match_tokens() {
    let words = tokenizer("tokenexp", Value::Str("[a-zA-Z0-9_]+"));
    words.check(strings(&["Hello, you", "ñ x1"]), grid(&[["Hello", "you"], ["x1", "#"]]));
    let shape = |values: &[&str]| tensor(&[2, 1, 2], values.iter().map(|&value| value.to_owned()).collect());
    let column = tensor(&[2, 1], ["a b", "c"].map(str::to_owned).to_vec());
    words.check(column, shape(&["a", "b", "c", "#"]));
    let unicode = tokenizer("tokenexp", Value::Str("(?u)\\b\\w\\w+\\b"));
    unicode.check(strings(&["été à Nice"]), grid(&[["été", "Nice"]]));
}

#[test]
fn characters_are_tokens() {
    for characters in [tokenizer("tokenexp", Value::Str(".")), tokenizer("separators", Value::Strs(&[""]))] {
        characters.check(strings(&["é\nb", "c"]), grid(&[["é", "\n", "b"], ["c", "#", "#"]]));
        characters.with("mincharnum", Value::Int(2)).check_error(&[strings(&["a"])], "mincharnum is 2");
    }
}

#[test]
fn no_tokens_leave_no_columns() {
    let marked = tokenizer("tokenexp", Value::Str("x")).with("mark", Value::Int(1));
    marked.check(strings(&["a", ""]), tensor::<String>(&[2, 0], vec![]));
    marked.check(strings(&[]), tensor::<String>(&[0, 0], vec![]));
}

#[test]
fn one_long_text_among_many_is_refused() {
    let long = "a ".repeat(1 << 16);
    let mut texts = vec!["b"; 1 << 10];
    texts[0] = &long;
    tokenizer("separators", Value::Strs(&[" "])).check_error(&[strings(&texts)], "Tokenizer: 1024 rows of up to 65536");
}

#[test]
fn tokenizers_are_checked() {
    let input = [strings(&["a"])];
    tokenizer("separators", Value::Strs(&["[", "a"])).check_error(&input, "separators is no regular expression");
    tokenizer("separators", Value::Strs(&["", "a"])).check_error(&input, "separators holds an empty one");
    tokenizer("tokenexp", Value::Str("(?:a{1000}){1000}")).check_error(&input, "tokenexp is no regular expression");
    tokenizer("tokenexp", Value::Str("")).check_error(&input, "exactly one of separators and tokenexp");
    let both = tokenizer("tokenexp", Value::Str("a")).with("separators", Value::Strs(&["b"]));
    both.check_error(&input, "exactly one of separators and tokenexp");
    tokenizer("tokenexp", Value::Str("a")).with("mincharnum", Value::Int(-1)).check_error(&input, "mincharnum");
    let unpadded = Node::new("main:Tokenizer", 1).with("tokenexp", Value::Str("a")).with("mincharnum", Value::Int(1));
    unpadded.check_error(&input, "pad_value must be set");
    tokenizer("tokenexp", Value::Str("a")).check_error(&[ints(&[1])], "expected strings");
    // A pattern that other engines need exponential time for.
    let evil = tokenizer("tokenexp", Value::Str("(a*)*b"));
    evil.check(strings(&["a".repeat(10_000).as_str()]), tensor::<String>(&[1, 0], vec![]));
}

/// The pool of the examples in ONNX's text: two single tokens, then three pairs.
pub(crate) fn pool() -> Node {
    Node::new("main:TfIdfVectorizer", 1)
        .with("mode", Value::Str("TF"))
        .with("min_gram_length", Value::Int(1))
        .with("max_gram_length", Value::Int(2))
        .with("max_skip_count", Value::Int(0))
        .with("ngram_counts", Value::Ints(&[0, 2]))
        .with("ngram_indexes", Value::Ints(&[0, 1, 2, 3, 4]))
        .with("pool_int64s", Value::Ints(&[5, 6, 5, 6, 6, 5, 7, 7]))
}

#[test]
fn ngrams_are_counted() {
    let input = || tensor(&[2, 5], vec![5i64, 6, 5, 5, 9, 7, 7, 7, 6, 6]);
    pool().check(input(), floats(&[[3.0, 1.0, 1.0, 1.0, 0.0], [0.0, 2.0, 0.0, 0.0, 2.0]]));
    pool().check(tensor(&[3], vec![5i32, 6, 5]), tensor(&[5], vec![2f32, 1.0, 1.0, 1.0, 0.0]));
    let pairs = pool().with("min_gram_length", Value::Int(2));
    pairs.check(input(), floats(&[[0.0, 0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 2.0]]));
    let single = pool().with("max_gram_length", Value::Int(1));
    single.check(input(), floats(&[[3.0, 1.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0, 0.0]]));
    pool().check(tensor::<i64>(&[2, 0], vec![]), tensor(&[2, 5], vec![0f32; 10]));
    pool().check(tensor::<i64>(&[0, 3], vec![]), tensor::<f32>(&[0, 5], vec![]));
}

#[test]
fn ngrams_skip() {
    let skip = |count| pool().with("min_gram_length", Value::Int(2)).with("max_skip_count", Value::Int(count));
    let input = || tensor(&[1, 4], vec![5i64, 9, 6, 5]);
    skip(0).check(input(), floats(&[[0.0, 0.0, 0.0, 1.0, 0.0]]));
    skip(1).check(input(), floats(&[[0.0, 0.0, 1.0, 1.0, 0.0]]));
    skip(i64::MAX).check(input(), floats(&[[0.0, 0.0, 1.0, 1.0, 0.0]]));
}

#[test]
fn ngrams_are_weighed() {
    let weights = [0.5, 2.0, 3.0, 4.0, 0.25];
    let weighed = |mode: &str| pool().with("mode", Value::Str(mode)).with("weights", Value::Floats(&weights));
    let input = || tensor(&[1, 5], vec![5i64, 6, 5, 7, 7]);
    weighed("TF").check(input(), floats(&[[2.0, 1.0, 1.0, 1.0, 1.0]]));
    weighed("IDF").check(input(), floats(&[[0.5, 2.0, 3.0, 4.0, 0.25]]));
    weighed("TFIDF").check(input(), floats(&[[1.0, 2.0, 3.0, 4.0, 0.25]]));
    pool().with("mode", Value::Str("IDF")).check(input(), floats(&[[1.0, 1.0, 1.0, 1.0, 1.0]]));
    // The weight belongs to the n-gram, whatever its column.
    let moved = weighed("IDF").with("ngram_indexes", Value::Ints(&[4, 3, 2, 1, 6]));
    moved.check(input(), floats(&[[0.0, 4.0, 3.0, 2.0, 0.5, 0.0, 0.25]]));
}

#[test]
fn strings_are_counted() {
    let texts = pool()
        .with("pool_int64s", Value::Ints(&[]))
        .with("pool_strings", Value::Strs(&["a", "b", "a", "b", "b", "a", "c", "c"]));
    texts.check(
        grid(&[["a", "b", "a"], ["c", "c", "#"]]),
        floats(&[[2.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]]),
    );
    texts.check_error(&[ints(&[1])], "the pool holds strings, the input I64");
}

#[test]
fn pools_are_checked() {
    let input = [tensor(&[1, 2], vec![5i64, 6])];
    let refused = |name: &str, value: Value<'_>, words: &str| pool().with(name, value).check_error(&input, words);
    refused("ngram_counts", Value::Ints(&[0, 9]), "ngram_counts[0]");
    refused("ngram_counts", Value::Ints(&[2, 0]), "ngram_counts[0]");
    refused("ngram_counts", Value::Ints(&[-1, 2]), "ngram_counts[0]");
    refused("ngram_counts", Value::Ints(&[0, 1]), "n-grams of 2 are at 1..8");
    refused("ngram_counts", Value::Ints(&[0]), "ngram_counts has 1 values");
    refused("ngram_indexes", Value::Ints(&[0, 1, 2, 3]), "ngram_indexes has 4 values, the pool 5 n-grams");
    refused("ngram_indexes", Value::Ints(&[0, 1, 2, 3, -1]), "ngram_indexes holds a column");
    refused("ngram_indexes", Value::Ints(&[0, 1, 2, 3, i64::MAX]), "ngram_indexes holds a column");
    refused("weights", Value::Floats(&[1.0]), "ngram_indexes has 5 values, weights 1");
    refused("mode", Value::Str("tf"), "mode is \"tf\"");
    refused("min_gram_length", Value::Int(0), "min_gram_length");
    refused("min_gram_length", Value::Int(3), "min_gram_length");
    refused("max_gram_length", Value::Int(i64::MAX), "max_gram_length");
    refused("max_skip_count", Value::Int(-1), "max_skip_count");
    refused("pool_int64s", Value::Ints(&[5, 6, 5, 6, 5, 6, 7, 7]), "the pool holds n-gram 3 twice");
    refused("pool_int64s", Value::Ints(&[]), "exactly one of pool_int64s and pool_strings");
    refused("pool_strings", Value::Strs(&["a"]), "exactly one of pool_int64s and pool_strings");
}

#[test]
fn strings_are_split() {
    let check = |node: Node, texts: &[&str], substrings: Tensor, counts: &[i64]| {
        let outputs = node.run(&[strings(texts)]).unwrap();
        assert_close(&outputs[0], &substrings);
        assert_close(&outputs[1], &ints(counts));
    };
    let split = || Node::new("main:StringSplit", 2);
    let texts = ["a  b c", "", " d "];
    check(split(), &texts, grid(&[["a", "b", "c"], ["", "", ""], ["d", "", ""]]), &[3, 0, 1]);
    let once = split().with("maxsplit", Value::Int(1));
    check(once, &texts, grid(&[["a", "b c"], ["", ""], ["d", ""]]), &[2, 0, 1]);
    let blank = || split().with("delimiter", Value::Str(" "));
    check(blank(), &texts, grid(&[["a", "", "b", "c"], ["", "", "", ""], ["", "d", "", ""]]), &[4, 0, 3]);
    check(blank().with("maxsplit", Value::Int(1)), &texts, grid(&[["a", " b c"], ["", ""], ["", "d "]]), &[2, 0, 2]);
    check(split().with("delimiter", Value::Str("::")), &["x::y"], grid(&[["x", "y"]]), &[2]);
    check(split(), &[], tensor::<String>(&[0, 0], vec![]), &[]);
    split().with("maxsplit", Value::Int(-1)).check_error(&[strings(&["a"])], "maxsplit is negative");
}

#[test]
fn strings_are_joined() {
    let outputs = Node::new("main:StringConcat", 1).run(&[grid(&[["a", "b"], ["é", ""]]), row(&["!", ""])]).unwrap();
    assert_close(&outputs[0], &grid(&[["a!", "b"], ["é!", ""]]));
}

#[test]
fn whole_strings_match() {
    let full = |pattern| Node::new("main:RegexFullMatch", 1).with("pattern", Value::Str(pattern));
    full("[a-z]+|\\d")
        .check(strings(&["ab", "ab1", "", "7", "77"]), tensor(&[5], vec![true, false, false, true, false]));
    full("(?i)ab").check(strings(&["AB", "ab\n"]), tensor(&[2], vec![true, false]));
    full("a)|(b").check_error(&[strings(&["a"])], "RegexFullMatch: pattern is no regular expression");
    Node::new("main:RegexFullMatch", 1).check_error(&[strings(&["a"])], "pattern must be set");
}

#[test]
fn texts_are_repeated_and_surrounded() {
    let input = || tensor(&[1, 2], vec!["a".to_owned(), "b".to_owned()]);
    let grid = |shape: &[usize], words: &[&str]| tensor(shape, words.iter().map(|&word| word.to_owned()).collect());
    let tile = |repeats: Vec<i64>| Node::new("main:Tile", 1).constant(&tensor(&[2], repeats));
    tile(vec![2, 1]).check(input(), grid(&[2, 2], &["a", "b", "a", "b"]));
    tile(vec![1, 2]).check(input(), grid(&[1, 4], &["a", "b", "a", "b"]));
    tile(vec![1, 0]).check(input(), grid(&[1, 0], &[]));
    let pad = |pads: Vec<i64>| Node::new("main:Pad", 1).constant(&tensor(&[4], pads));
    pad(vec![0, 1, 0, 0]).check(input(), grid(&[1, 3], &["", "a", "b"]));
    pad(vec![1, 0, 0, -1]).check(input(), grid(&[2, 1], &["", "a"]));
    pad(vec![0, -2, 0, -1]).check_error(&[input()], "Pad: by -2 and -1 of 2");
}
