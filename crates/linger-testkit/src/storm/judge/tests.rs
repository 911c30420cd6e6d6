use super::*;
use crate::storm::outside::Stream;
use crate::storm::plan::Size;

const SENT: u32 = 40;

/// A storm with which nothing is wrong: every socket emptied, and all of it came.
fn sound() -> Evidence {
    let plan = Plan::new(1, Size::FULL);
    let asked = Instant::now();
    let returned = asked + plan.budget;
    let owned = (0..plan.owners.len()).flat_map(|owner| plan.of_owner(owner));
    let known: Vec<Known> = owned
        .map(|(link, side)| Known {
            name: format!("{link}{side:?}"),
            link,
            sent: SENT,
            discarded: false,
            dropped: asked,
            opened_late: false,
        })
        .collect();
    let reported = known.iter().map(|it| (it.name.clone(), emptied()));
    let streams = plan.outside().into_iter().map(|(link, _)| {
        let (came, wrong) = (SENT, 0);
        (link, Stream { came, wrong })
    });
    Evidence {
        asked,
        returned,
        reported: reported.collect(),
        streams: streams.collect(),
        known,
        panicked: 0,
        lost: 0,
        is_closed: true,
        leaked: Held {
            descriptors: 0,
            threads: 0,
        },
        plan,
    }
}

fn emptied() -> Outcome {
    let after = Duration::from_millis(1);
    Outcome::Emptied { after }
}

fn expired(linger: Duration) -> Outcome {
    Outcome::Expired { linger }
}

/// A link whose receiver is beside the registry, and where its sender stands among the sockets.
fn judged(evidence: &Evidence) -> (usize, usize) {
    let link = *evidence.streams.keys().next().unwrap();
    let mut known = evidence.known.iter();
    (link, known.position(|it| it.link == link).unwrap())
}

/// What the judge says once this was planted.
fn planted(plant: impl FnOnce(&mut Evidence)) -> Vec<Wrong> {
    let mut evidence = sound();
    plant(&mut evidence);
    let complaints = judge(&evidence).complaints;
    complaints.into_iter().map(|it| it.wrong).collect()
}

#[test]
fn a_sound_storm_passes_and_its_streams_are_looked_at() {
    let verdict = judge(&sound());
    assert_eq!(verdict.complaints, []);
    assert_eq!(verdict.judged, sound().streams.len() as u64);
    assert_eq!(verdict.outcomes.get("emptied"), Some(&900));
}

#[test]
fn a_close_that_returns_after_its_deadline_and_the_grace_is_late() {
    let late = |by: Duration| planted(|it| it.returned += by);
    assert_eq!(late(GRACE), []);
    assert_eq!(late(GRACE + Duration::from_millis(1)), [Wrong::Late]);
}

#[test]
fn a_socket_that_is_missing_or_stands_there_twice_or_never_was_is_found() {
    assert_eq!(planted(|it| drop(it.reported.pop())), [Wrong::Missing]);
    let twice = |it: &mut Evidence| it.reported.push(it.reported[7].clone());
    assert_eq!(planted(twice), [Wrong::Twice]);
    let phantom = |it: &mut Evidence| it.reported.push(("ghost".to_owned(), emptied()));
    assert_eq!(planted(phantom), [Wrong::Phantom]);
}

#[test]
fn a_socket_that_was_opened_while_the_registry_closed_is_found() {
    let late = |it: &mut Evidence| it.known[3].opened_late = true;
    assert_eq!(planted(late), [Wrong::OpenedLate]);
}

#[test]
fn one_more_than_a_tenth_unobserved_is_too_much() {
    let unobserved = |count: usize| {
        planted(|it| {
            let some = it.reported.iter_mut().take(count);
            some.for_each(|(_, outcome)| *outcome = Outcome::Unobserved);
        })
    };
    assert_eq!(unobserved(90), []);
    assert_eq!(unobserved(91), [Wrong::Unobserved]);
}

#[test]
fn emptied_is_false_if_more_is_missing_than_libzmq_holds_unwritten() {
    let missing = |came: u32| {
        let mut evidence = sound();
        let (link, _) = judged(&evidence);
        evidence.plan.links[link].length = 1_024;
        evidence.streams.insert(link, Stream { came, wrong: 0 });
        judge(&evidence)
    };
    let tail = missing(SENT - 8);
    assert_eq!((tail.complaints.len(), tail.tails), (0, 1));
    let hole = missing(SENT - 9);
    assert_eq!(hole.complaints[0].wrong, Wrong::FalseEmptied);
}

#[test]
fn expired_may_lose_messages_but_not_before_its_linger_is_over() {
    let outcome = |linger: fn(&Evidence) -> Duration, came: u32| {
        planted(|it| {
            let (link, at) = judged(it);
            it.reported[at].1 = expired(linger(it));
            it.streams.insert(link, Stream { came, wrong: 0 });
        })
    };
    assert_eq!(outcome(|it| it.plan.budget, 0), []);
    assert_eq!(outcome(|it| it.plan.budget, SENT), []);
    let longer = |it: &Evidence| it.plan.budget + Duration::from_millis(1);
    assert_eq!(outcome(longer, 0), [Wrong::FalseExpired]);
}

#[test]
fn discarded_is_the_owners_word_alone() {
    let discarded = Outcome::Discarded {
        after: Duration::ZERO,
    };
    let said = |it: &mut Evidence| it.reported[0].1 = discarded.clone();
    assert_eq!(planted(said), [Wrong::FalseDiscarded]);
    let unsaid = |it: &mut Evidence| it.known[0].discarded = true;
    assert_eq!(planted(unsaid), [Wrong::FalseDiscarded]);
    let both = |it: &mut Evidence| {
        said(it);
        unsaid(it);
    };
    assert_eq!(planted(both), []);
}

#[test]
fn still_open_is_false_for_what_was_dropped_before() {
    let open = |dropped: fn(&Evidence) -> Instant| {
        planted(|it| {
            it.known[0].dropped = dropped(it);
            it.reported[0].1 = Outcome::StillOpen;
        })
    };
    assert_eq!(open(|it| it.returned + Duration::from_millis(5)), []);
    let before = |it: &Evidence| it.asked.checked_sub(Duration::from_millis(1)).unwrap();
    assert_eq!(open(before), [Wrong::FalseStillOpen]);
}

#[test]
fn what_comes_out_of_order_or_was_never_sent_is_found() {
    let stream = |came: u32, wrong: u32| {
        planted(|it| {
            let (link, _) = judged(it);
            it.streams.insert(link, Stream { came, wrong });
        })
    };
    assert_eq!(stream(SENT, 1), [Wrong::Disorder]);
    assert_eq!(stream(SENT + 1, 0), [Wrong::Unsent]);
}

#[test]
fn panics_threads_that_are_lost_and_leaks_are_found() {
    assert_eq!(planted(|it| it.panicked = 1), [Wrong::Panicked]);
    assert_eq!(planted(|it| it.lost = 1), [Wrong::Lost]);
    assert_eq!(planted(|it| it.is_closed = false), [Wrong::NotClosed]);
    let descriptors = |it: &mut Evidence| it.leaked.descriptors = 2;
    assert_eq!(planted(descriptors), [Wrong::Descriptors]);
    assert_eq!(planted(|it| it.leaked.threads = 1), [Wrong::Threads]);
}
