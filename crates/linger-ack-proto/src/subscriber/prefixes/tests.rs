use super::*;

fn prefix(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn fixed(names: &[&'static str]) -> Prefixes {
    let mut prefixes = Prefixes::new(&names.iter().map(|name| prefix(name)).collect::<Vec<_>>());
    prefixes.fix();
    prefixes
}

#[test]
fn it_matches_as_trying_each_prefix_does() {
    let letters = [b"a", b"b", b"\xFF"];
    let mut words = vec![Vec::new()];
    for at in 0..13 {
        for letter in letters {
            words.push([&words[at][..], letter].concat());
        }
    }
    for first in &words {
        for second in &words {
            for third in words.iter().step_by(3) {
                let set = [first, second, third].map(|word| Bytes::copy_from_slice(word));
                let set = BTreeSet::from(set);
                for topic in &words {
                    let expected = set.iter().any(|prefix| topic.starts_with(prefix));
                    assert_eq!(matches_any(&set, topic), expected, "{set:?} {topic:?}");
                }
            }
        }
    }
    assert!(!matches_any(&BTreeSet::new(), b"a"));
}

#[test]
fn a_wish_and_its_contrary_are_never_asked_for() {
    let mut prefixes = fixed(&["a"]);
    assert!(prefixes.wish(Kind::Subscribe, &prefix("b")));
    assert!(!prefixes.wish(Kind::Subscribe, &prefix("b")), "again");
    assert!(prefixes.wish(Kind::Unsubscribe, &prefix("b")));
    assert!(prefixes.wish(Kind::Unsubscribe, &prefix("a")));
    assert!(prefixes.wish(Kind::Subscribe, &prefix("a")));
    assert!(prefixes.ask_next().is_none());
    assert!(prefixes.places.is_empty() && prefixes.queue.is_empty());
}

#[test]
fn changes_keep_the_applications_order_and_those_of_a_kind_go_together() {
    let mut prefixes = fixed(&["a", "b"]);
    for (kind, name) in [
        (Kind::Subscribe, "c"),
        (Kind::Subscribe, "d"),
        (Kind::Unsubscribe, "b"),
        (Kind::Unsubscribe, "a"),
        (Kind::Subscribe, "e"),
    ] {
        prefixes.wish(kind, &prefix(name));
    }
    let mut asked = Vec::new();
    while let Some(next) = prefixes.ask_next() {
        asked.push((next.number, next.prefixes.clone()));
        assert!(prefixes.ask_next().is_none(), "one at a time");
        prefixes.grant();
    }
    let expected = [
        (1, vec![prefix("c"), prefix("d")]),
        (2, vec![prefix("b"), prefix("a")]),
        (3, vec![prefix("e")]),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn several_that_are_refused_are_asked_for_one_by_one() {
    let mut prefixes = fixed(&[]);
    for name in ["a", "b", "c"] {
        prefixes.wish(Kind::Subscribe, &prefix(name));
    }
    assert_eq!(
        prefixes.ask_next().map(|asked| asked.prefixes.len()),
        Some(3)
    );
    prefixes.wish(Kind::Unsubscribe, &prefix("b"));
    prefixes.wish(Kind::Subscribe, &prefix("d"));
    assert_eq!(prefixes.refuse(), [(prefix("b"), false)]);
    let asked = prefixes.ask_next().map(|asked| asked.prefixes.clone());
    assert_eq!(asked, Some(vec![prefix("a")]));
    prefixes.grant();
    let asked = prefixes.ask_next().map(|asked| asked.prefixes.clone());
    assert_eq!(asked, Some(vec![prefix("c")]), "b is not wanted any more");
    assert_eq!(prefixes.refuse(), [(prefix("c"), true)]);
    let asked = prefixes.ask_next().map(|asked| asked.prefixes.clone());
    assert_eq!(asked, Some(vec![prefix("d")]));
    prefixes.grant();
    assert!(prefixes.ask_next().is_none());
    assert_eq!(
        &prefixes.granted,
        &BTreeSet::from([prefix("a"), prefix("d")])
    );
    assert_eq!(&prefixes.granted, &prefixes.wanted);
}

#[test]
fn what_is_being_given_up_claims_nothing_new() {
    let mut prefixes = fixed(&["E", "EUR"]);
    prefixes.wish(Kind::Unsubscribe, &prefix("E"));
    assert_eq!(prefixes.claim(b"EGP"), Claim::Owed);
    prefixes.ask_next();
    assert_eq!(prefixes.claim(b"EGP"), Claim::Released);
    assert_eq!(prefixes.claim(b"EURUSD"), Claim::Owed);
    assert_eq!(prefixes.claim(b"USD"), Claim::Foreign);
    prefixes.release();
    assert_eq!(prefixes.claim(b"EGP"), Claim::Foreign);
    prefixes.wish(Kind::Subscribe, &prefix("U"));
    prefixes.ask_next();
    assert_eq!(prefixes.claim(b"USD"), Claim::Awaited);
}

#[test]
fn what_hello_has_no_room_for_is_asked_for_later() {
    let wanted: Vec<Bytes> = (0..100)
        .map(|n| Bytes::from(format!("{n:01000}")))
        .collect();
    let mut prefixes = Prefixes::new(&wanted);
    let named = prefixes.fix();
    let bytes: usize = named.iter().map(|prefix| prefix.len() + 2).sum();
    assert!(bytes <= HELLO_BYTES && bytes + 1_002 > HELLO_BYTES);
    assert_eq!(
        prefixes.fix(),
        named,
        "HELLO that is said again says the same"
    );
    let mut later = Vec::new();
    while let Some(asked) = prefixes.ask_next() {
        assert_eq!(asked.kind, Kind::Subscribe);
        later.extend(asked.prefixes.clone());
        prefixes.grant();
    }
    assert_eq!([named, later].concat(), wanted);
}

#[test]
fn one_change_names_so_many_bytes_and_no_more() {
    let long = |at: usize| Bytes::from(format!("{at:01024}"));
    let mut prefixes = fixed(&[]);
    let all = BATCH_BYTES / 1_024;
    for at in 0..=all {
        prefixes.wish(Kind::Subscribe, &long(at));
    }
    let asked = prefixes.ask_next().map(|asked| asked.prefixes.len());
    assert_eq!(asked, Some(all), "just as many");
}

#[test]
fn so_many_refusals_are_remembered_and_no_more() {
    let mut prefixes = fixed(&[]);
    let name = |at: usize| Bytes::from(at.to_string());
    for at in 0..=MAX_PREFIXES {
        prefixes.note_refused(&name(at), "busy");
    }
    assert_eq!(prefixes.refusal(&name(MAX_PREFIXES - 1)), Some("busy"));
    assert_eq!(prefixes.refusal(&name(MAX_PREFIXES)), None);
}
