//! Who is recognised, and what is said of files that are wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{Keys, KeysError, MAX_KEY_BYTES};
use crate::key_digest::KeyDigest;
use crate::rate::Rate;
use crate::scope::{Scope, Scopes};

const KEY: &str = "fc_Zm9yIHRlc3RzIG9ubHksIG5vdCBhIHJlYWwga2V5ISE";

fn row(name: &str, key: &str, rest: &str) -> String {
    let sha256 = KeyDigest::of(key.as_bytes());
    format!("[[key]]\nname = \"{name}\"\nsha256 = \"{sha256:x}\"\nscopes = [\"predict\"]\n{rest}\n")
}

fn keys(text: &str) -> Keys {
    text.parse().unwrap()
}

fn refused(text: &str) -> KeysError {
    text.parse::<Keys>().unwrap_err()
}

fn who(keys: &Keys, presented: impl AsRef<[u8]>, now: SystemTime) -> Option<String> {
    keys.authenticate(presented.as_ref(), now).map(|principal| principal.name.to_string())
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn only_the_whole_key_is_recognised() {
    let keys = keys(&[row("first", KEY, ""), row("second", "another key", "")].concat());
    assert_eq!(who(&keys, KEY, at(0)).unwrap(), "first");
    assert_eq!(who(&keys, "another key", at(0)).unwrap(), "second");
    for position in 0..KEY.len() {
        let mut other = KEY.as_bytes().to_vec();
        other[position] ^= 1;
        assert_eq!(who(&keys, &other, at(0)), None);
    }
    for other in
        ["", "fc_", &KEY[1..], &KEY[..KEY.len() - 1], &format!("{KEY} "), &format!("{KEY}\0"), &KEY.repeat(1_000)]
    {
        assert_eq!(who(&keys, other, at(0)), None);
    }
    let digest = format!("{:x}", KeyDigest::of(KEY.as_bytes()));
    assert_eq!(who(&keys, digest, at(0)), None);
}

#[test]
fn keys_of_up_to_the_most_bytes_are_recognised() {
    let (longest, too_long) = ("k".repeat(MAX_KEY_BYTES), "k".repeat(MAX_KEY_BYTES + 1));
    let keys = keys(&[row("longest", &longest, ""), row("too-long", &too_long, "")].concat());
    assert_eq!(who(&keys, &longest, at(0)).unwrap(), "longest");
    assert_eq!(who(&keys, &too_long, at(0)), None);
}

#[test]
fn a_key_is_good_until_the_moment_it_expires() {
    let keys = keys(&row("brief", KEY, "expires = 2027-01-01T00:00:00Z"));
    let end = at(1_798_761_600);
    for (now, expected) in [
        (UNIX_EPOCH, true),
        (end - Duration::from_secs(1), true),
        (end - Duration::from_nanos(1), true),
        (end, false),
        (end + Duration::from_secs(1), false),
    ] {
        assert_eq!(who(&keys, KEY, now).is_some(), expected, "{now:?}");
    }
}

#[test]
fn two_keys_live_at_once_while_one_takes_over() {
    let keys = keys(&[row("old", KEY, "expires = \"2027-01-01T00:00:00Z\""), row("new", "next", "")].concat());
    let (before, after) = (at(1_798_761_599), at(1_798_761_600));
    assert_eq!((who(&keys, KEY, before).unwrap(), who(&keys, "next", before).unwrap()), ("old".into(), "new".into()));
    assert_eq!((who(&keys, KEY, after), who(&keys, "next", after).unwrap()), (None, "new".into()));
    let ids: Vec<_> = keys.principals().map(|principal| principal.id).collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_principal_has_what_the_file_says() {
    let digest = KeyDigest::of(KEY.as_bytes());
    let text = format!(
        "[[key]]\nname = 'ops'\nsha256 = '{digest:x}'\nscopes = ['admin', 'metrics', 'admin']\nrate = 0.5\nburst = 3\n"
    );
    let keys = keys(&text);
    let principal = keys.authenticate(KEY.as_bytes(), at(0)).unwrap();
    assert_eq!(principal.scopes, [Scope::Metrics, Scope::Admin].into_iter().collect::<Scopes>());
    assert!(principal.may(Scope::Admin) && !principal.may(Scope::Predict));
    assert_eq!(principal.rate, Some(Rate::new(0.5, 3.try_into().ok()).unwrap()));
    assert_eq!(principal.id.to_string(), format!("{digest:x}")[..16]);
    let shown = format!("{keys:?}");
    assert!(!shown.contains(KEY) && !shown.contains(&format!("{digest:x}")[..24]), "{shown}");
}

#[test]
fn whole_and_fractional_rates_are_read_with_and_without_burst() {
    for (rest, per_second, burst) in [
        ("rate = 50", 50.0, 50),
        ("rate = 2.5", 2.5, 3),
        ("rate = 50\nburst = 100", 50.0, 100),
        ("rate = 0.01", 0.01, 1),
    ] {
        let keys = keys(&row("a", KEY, rest));
        let rate = keys.principals().next().unwrap().rate.unwrap();
        assert_eq!((rate.per_second(), rate.burst().get()), (per_second, burst));
    }
    assert_eq!(keys(&row("a", KEY, "")).principals().next().unwrap().rate, None);
}

#[test]
fn no_keys_are_refused_as_they_would_lock_everybody_out() {
    for text in ["", "# nothing\n", "key = []"] {
        let message = refused(text).to_string();
        assert_eq!(message, "there is no key, which would lock everybody out; each key begins with a line `[[key]]`");
    }
}

#[test]
fn every_problem_is_told_with_its_place() {
    let text = [
        "server = 1\n",
        &row("good", "good", ""),
        "[[key]]\nname = \"bad name\"\nsha256 = \"abc\"\nscopes = []\nexpires = 7\nrate = 0\nscope = 1\n",
        "[[key]]\nname = \"good\"\nscopes = [\"predict\", \"root\"]\nburst = 5\n",
        &row("copy", "good", "rate = \"fast\"\nburst = 0"),
        "[[key]]\nsha256 = 1\nscopes = \"predict\"\nrate = 1\nburst = 4294967296\n",
    ]
    .concat();
    let error = refused(&text);
    let sha256 = "must be 64 hex digits, the SHA-256 of the key. If this is the key itself, replace it by its SHA-256, and \
                  by a new key if others may have read it here";
    let expected = [
        "there is no field `server` here; key can be given",
        "key 2: there is no field `scope` here; name, sha256, scopes, expires, rate, burst can be given",
        "key 2, name: must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and must not begin with `fc_`, as keys do",
        &format!("key 2, sha256: {sha256}"),
        "key 2, scopes: must name at least one scope",
        "key 2, expires: must be a moment since 1970 with its offset, such as 2027-01-01T00:00:00Z",
        "key 2, rate: must be above 0 and at most 1000000 requests a second, not 0",
        "key 3 (`good`), name: is that of key 1 already",
        "key 3 (`good`), sha256: is missing",
        "key 3 (`good`), scopes: item 2: a scope must be one of predict, jobs, metrics, admin",
        "key 3 (`good`), burst: has no effect without `rate`",
        "key 4 (`copy`), sha256: is that of key 1 already",
        "key 4 (`copy`), rate: must be a number of requests a second",
        "key 4 (`copy`), burst: must be a whole number of requests from 1 to 4294967295",
        "key 5, name: is missing",
        &format!("key 5, sha256: {sha256}"),
        "key 5, scopes: must be a list of scopes such as [\"predict\"]",
        "key 5, burst: must be a whole number of requests from 1 to 4294967295",
    ];
    assert_eq!(error.to_string().lines().collect::<Vec<_>>(), expected);
    assert_eq!(error.problems().len(), expected.len());
}

#[test]
fn what_is_no_toml_is_told_by_its_line() {
    assert_eq!(refused("[[key]]\nname = \"a\"\nsha256 = \u{e4}b\n").to_string(), "line 3, column 10: this is not TOML");
    assert_eq!(refused("name").to_string(), "line 1, column 5: this is not TOML");
    assert_eq!(
        refused("[key]\nname = \"a\"").to_string(),
        "each key must be a table of its own that begins with a line `[[key]]`"
    );
    assert_eq!(
        refused("key = [1]").to_string(),
        "key 1: each key must be a table of its own that begins with a line `[[key]]`"
    );
}

/// Wherever somebody puts a key by mistake, no message repeats it.
#[test]
fn a_key_in_a_wrong_place_is_never_repeated() {
    for text in [
        row("a", "b", "").replace(&format!("{:x}", KeyDigest::of(b"b")), KEY),
        row(KEY, "b", ""),
        row("a", "b", &format!("expires = \"{KEY}\"")),
        row("a", "b", &format!("rate = \"{KEY}\"")),
        row("a", "b", &format!("{KEY} = 1")),
        row("a", "b", &format!("{KEY} = 1\n{KEY} = 1")),
        row("a", "b", &format!("sha256 = {KEY}")),
        row("a", "b", KEY),
        row("a", "b", "").replace("predict", KEY),
        format!("{KEY} = 1"),
        format!("[{KEY}]"),
        format!("[[{KEY}]]"),
        format!("key = \"{KEY}\""),
        KEY.to_owned(),
    ] {
        let error = refused(&text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains(&KEY[3..]), "{shown}");
        }
    }
}

proptest! {
    #[test]
    fn every_text_is_read_or_refused(text in any::<String>(), value in any::<String>()) {
        let known = row("a", KEY, &format!("expires = {value:?}"));
        for text in [text, known] {
            if let Err(error) = text.parse::<Keys>() {
                prop_assert!(!error.problems().is_empty());
            }
        }
    }

    #[test]
    fn a_key_is_recognised_exactly_if_it_is_one(
        known in proptest::collection::btree_set("[a-c]{1,3}", 1..8),
        presented in "[a-c]{0,4}",
    ) {
        let text: String = known.iter().map(|key| row(&format!("of-{key}"), key, "")).collect();
        let expected = known.contains(&presented).then(|| format!("of-{presented}"));
        prop_assert_eq!(who(&keys(&text), &presented, at(0)), expected);
    }
}
