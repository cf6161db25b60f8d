//! Which metrics and labels a query of Prometheus names. It reads what the queries of this repository are made of.

/// A metric that a query names, with the labels that it is selected and grouped by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) metric: String,
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token<'q> {
    Name(&'q str),
    /// A quoted text, which names nothing.
    Text,
    Sign(char),
}

/// What comes before a list of labels in parentheses.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Words between two operands.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// Every metric of a query, in its order. Labels that an aggregation keeps belong to the metrics within it.
pub(crate) fn selectors(query: &str) -> Vec<Selector> {
    let tokens = tokens(query);
    let mut found: Vec<Selector> = Vec::new();
    // The labels of aggregations that are open, each with the depth of parentheses that it is open at.
    let mut groups: Vec<(usize, Vec<String>)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Name(word) if GROUPING.contains(word) => {
                let (labels, end) = names(&tokens, at + 1, ')');
                if *word == "by" {
                    groups.push((depth + 1, labels));
                }
                at = end;
            }
            Token::Name(word) if OPERATORS.contains(word) => {}
            Token::Name(word) => match tokens.get(at + 1) {
                Some(Token::Sign('{')) => {
                    let (labels, end) = names(&tokens, at + 1, '}');
                    found.push(selector(word, labels, &groups));
                    at = end;
                }
                Some(Token::Sign('(')) => {}
                Some(Token::Name(next)) if GROUPING.contains(next) && is_aggregation(word) => {}
                _ => found.push(selector(word, Vec::new(), &groups)),
            },
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => {
                groups.retain(|(open, _)| *open < depth);
                depth -= 1;
            }
            Token::Sign(_) | Token::Text => {}
        }
        at += 1;
    }
    found
}

fn is_aggregation(word: &str) -> bool {
    ["sum", "min", "max", "count", "avg"].contains(&word)
}

fn selector(metric: &str, mut labels: Vec<String>, groups: &[(usize, Vec<String>)]) -> Selector {
    labels.extend(groups.iter().flat_map(|(_, labels)| labels).cloned());
    Selector { metric: metric.to_owned(), labels }
}

/// The names from the bracket at `start` to `close`, and the place of that.
fn names(tokens: &[Token<'_>], start: usize, close: char) -> (Vec<String>, usize) {
    let length = tokens[start..].iter().position(|token| *token == Token::Sign(close)).unwrap();
    let inside = &tokens[start..start + length];
    let names =
        inside.iter().filter_map(|token| if let Token::Name(name) = token { Some((*name).to_owned()) } else { None });
    (names.collect(), start + length)
}

fn tokens(query: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                found.push(Token::Text);
                rest[1..].find('"').unwrap() + 2
            }
            // A range of time.
            '[' => rest.find(']').unwrap() + 1,
            c if c.is_ascii_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                found.push(Token::Name(&rest[..end]));
                end
            }
            // With what stands for it: `5m`, `0.99`, `1e3`.
            c if c.is_ascii_digit() => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len())
            }
            c => {
                if !c.is_whitespace() {
                    found.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

#[test]
fn metrics_are_found_with_their_labels() {
    let query = "histogram_quantile(0.99, sum by (le, job) (rate(a_bucket{model=~\"$m\", x!=\"y{z}\"}[5m]))) > 1 \
        and on (job) b offset 5m / sum(c{d=\"e\"}) unless time() - f > 2e3";
    let found: Vec<_> = selectors(query).into_iter().map(|found| (found.metric, found.labels.join(" "))).collect();
    let expected = [("a_bucket", "model x le job"), ("b", ""), ("c", "d"), ("f", "")];
    assert_eq!(found, expected.map(|(metric, labels)| (metric.to_owned(), labels.to_owned())));
}
