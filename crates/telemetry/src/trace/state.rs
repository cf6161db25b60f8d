//! The header `tracestate` of W3C Trace Context (level 1, section 3.3): what other systems of tracing pass on with a request.
//! Nothing here reads it; it goes on if it is well-formed and not too long. OpenTelemetry's `TraceState` (0.33) checks neither the
//! characters of values nor the length of the whole, and cuts a list of more than 32 members instead of refusing it.

/// Members at most.
const MAX_MEMBERS: usize = 32;
/// Characters that are passed on at most. Section 3.3.1.5 asks for no fewer.
const MAX_LEN: usize = 512;
/// Members above this length go first where there is too much.
const LONG_MEMBER: usize = 128;

/// What of a header is passed on: `None` if it is not well-formed, or holds nothing.
pub(super) fn passed_on(header: &str) -> Option<Box<str>> {
    let members = header.split(',').map(|member| member.trim_matches([' ', '\t']));
    let members: Vec<&str> = members.filter(|member| !member.is_empty()).take(MAX_MEMBERS + 1).collect();
    if members.is_empty() || members.len() > MAX_MEMBERS || !members.iter().all(|member| is_member(member)) {
        return None;
    }
    let text = shortened(members).join(",");
    if text.is_empty() { None } else { Some(text.into()) }
}

/// Leaves out long members, then those that are last, until the rest is short enough.
fn shortened(mut members: Vec<&str>) -> Vec<&str> {
    let fits = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>() <= MAX_LEN + 1;
    if !fits(&members) {
        members.retain(|member| member.len() <= LONG_MEMBER);
    }
    while !fits(&members) {
        members.pop();
    }
    members
}

fn is_member(member: &str) -> bool {
    member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
}

/// A name, or a tenant and a system: `vendor`, `tenant@vendor`.
fn is_key(key: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase();
    let letter_or_digit = |byte: u8| letter(byte) || byte.is_ascii_digit();
    match key.split_once('@') {
        None => is_name(key, 256, letter),
        Some((tenant, system)) => is_name(tenant, 241, letter_or_digit) && is_name(system, 14, letter),
    }
}

fn is_name(name: &str, max_len: usize, may_begin: impl Fn(u8) -> bool) -> bool {
    let may_follow = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
    name.len() <= max_len && name.bytes().next().is_some_and(may_begin) && name.bytes().all(may_follow)
}

fn is_value(value: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(allowed) && !value.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::passed_on;

    fn check(header: &str, expected: Option<&str>) {
        assert_eq!(passed_on(header).as_deref(), expected, "{header}");
    }

    #[test]
    fn well_formed_headers_go_on() {
        check("foo=1", Some("foo=1"));
        check("foo=1,bar=2", Some("foo=1,bar=2"));
        check("foo=1 \t , \t bar=2, \t ,baz=3,", Some("foo=1,bar=2,baz=3"));
        check("t61rcwkgmze@xg=v,0tenant@sys=v", Some("t61rcwkgmze@xg=v,0tenant@sys=v"));
        check("a-*/_9=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~ x", Some("a-*/_9=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~ x"));
        // A key that is there twice is somebody else's matter.
        check("foo=1,foo=2", Some("foo=1,foo=2"));
        let longest = format!("{}=1", "z".repeat(256));
        check(&longest, Some(&longest));
        let longest = format!("{}@{}=1", "t".repeat(241), "v".repeat(14));
        check(&longest, Some(&longest));
        let members: Vec<String> = (1..=32).map(|index| format!("bar{index:02}={index:02}")).collect();
        check(&members.join(","), Some(&members.join(",")));
    }

    #[test]
    fn malformed_headers_do_not() {
        for header in [
            "",
            " ",
            ",",
            "foo",
            "foo=",
            "=1",
            "foo =1",
            "FOO=1",
            "foo.bar=1",
            "0foo=1",
            "foo@=1",
            "@foo=1",
            "foo@@bar=1",
            "foo@bar@baz=1",
            "foo@0bar=1",
            "foo=1=2",
            "foo=bar=baz",
            "foo=1,bar",
            "foo=\u{7f}",
            "foo=é",
            "foo=1\n",
        ] {
            check(header, None);
        }
        check(&format!("{}=1", "z".repeat(257)), None);
        check(&format!("{}@v=1", "t".repeat(242)), None);
        check(&format!("t@{}=1", "v".repeat(15)), None);
        check(&format!("foo={}", "v".repeat(257)), None);
        let members: Vec<String> = (1..=33).map(|index| format!("bar{index:02}={index:02}")).collect();
        check(&members.join(","), None);
    }

    #[test]
    fn long_members_go_first_then_the_last() {
        let long = format!("long={}", "v".repeat(200));
        let short = |index: usize| format!("k{index:02}={}", "v".repeat(60));
        let shorts: Vec<String> = (0..9).map(short).collect();
        check(&format!("{long},{}", shorts.join(",")), Some(&shorts[..7].join(",")));
        check(&format!("{long},{}", shorts[..2].join(",")), Some(&format!("{long},{}", shorts[..2].join(","))));
        let all_long = [0, 1, 2].map(|index| format!("k{index}={}", "v".repeat(250)));
        check(&all_long.join(","), None);
    }

    proptest! {
        #[test]
        fn what_goes_on_is_short_and_goes_on_again(header in any::<String>()) {
            if let Some(once) = passed_on(&header) {
                prop_assert!(once.len() <= 512);
                prop_assert_eq!(passed_on(&once), Some(once));
            }
        }

        #[test]
        fn lists_of_members_are_cut_to_length(members in proptest::collection::vec("[a-z][a-z0-9]{0,9}=[!-+]{1,150}", 1..32)) {
            let once = passed_on(&members.join(","));
            prop_assert!(once.as_ref().is_none_or(|once| once.len() <= 512));
        }
    }
}
