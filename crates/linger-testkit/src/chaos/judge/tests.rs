use super::super::journal::{Entry, Message};
use super::*;
use serde_json::{Value, json};
use std::time::Duration;

const TOPICS: u64 = 2;
const COUNT: u64 = 20;

fn message(number: u64) -> Message {
    Message {
        life: 1,
        topic: u16::try_from(number % TOPICS).unwrap(),
        sequence: number / TOPICS + 1,
        number,
    }
}

fn written(entries: impl IntoIterator<Item = Entry>) -> Vec<u8> {
    let text: String = entries.into_iter().map(|entry| entry.to_string()).collect();
    text.into_bytes()
}

fn published() -> Vec<u8> {
    let intended = Entry::Intended {
        life: 1,
        below: COUNT,
    };
    let accepted = (0..COUNT).map(|number| Entry::Accepted(message(number)));
    written([intended].into_iter().chain(accepted))
}

/// What a subscriber writes that processed the messages with these numbers.
fn processed(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let numbers = numbers.into_iter();
    written(numbers.map(|number| Entry::Processed(message(number))))
}

fn topic(number: u64, base: u64, last: u64, mark: u64) -> Value {
    json!({
        "topic": format!("t{number:02}"), "number": number + 1, "base": base, "last": last,
        "received": mark, "processed": mark, "level": "processed", "gone": [], "earlier": 0,
        "earlier_ranges": [],
    })
}

fn report(outcome: &str, accepted: u64, unowed: u64, members: &[(&str, Vec<Value>)]) -> Value {
    let members = members.iter().map(|(name, topics)| {
        json!({ "name": name, "outcome": "acked", "level": "processed", "topics": topics })
    });
    json!({
        "outcome": outcome,
        "counters": { "accepted": accepted, "unowed": unowed },
        "members": members.collect::<Vec<_>>(),
    })
}

/// Everybody got everything, and the report says so.
fn good() -> Evidence {
    let all = || vec![topic(0, 1, 10, 10), topic(1, 1, 10, 10)];
    let report = report("drained", COUNT, 0, &[("a", all()), ("b", all())]);
    let end = LifeEnd::Reported {
        report,
        code: Some(0),
    };
    let member = |name: &str| Member::new(name.to_owned(), vec![processed(0..COUNT)]);
    Evidence {
        lives: vec![Life::new(published(), end)],
        members: vec![member("a"), member("b")],
        stops: vec![Stop::new(
            "ticks".to_owned(),
            Duration::from_secs(2),
            Duration::from_secs(2) + GRACE,
        )],
        ..Evidence::default()
    }
}

fn reports(evidence: &mut Evidence) -> &mut Value {
    match &mut evidence.lives[0].end {
        LifeEnd::Reported { report, .. } => report,
        _ => panic!("it has none"),
    }
}

#[track_caller]
fn finds(evidence: &Evidence, wanted: &[(Violation, u64)]) {
    let verdict = judge(evidence);
    let wanted: BTreeMap<Violation, u64> = wanted.iter().copied().collect();
    assert_eq!(verdict.counts(), wanted, "{:#?}", verdict.complaints);
}

#[test]
fn a_cycle_without_fault_has_no_complaint() {
    let verdict = judge(&good());
    assert_eq!(verdict.complaints, []);
    assert_eq!((verdict.accepted, verdict.acked), (COUNT, COUNT));
    assert_eq!((verdict.named, verdict.unowed), (0, 0));
    assert_eq!(verdict.processed, 2 * COUNT);
}

#[test]
fn a_line_that_is_missing_in_a_journal_is_an_ack_without_processing() {
    let mut evidence = good();
    evidence.members[1].journals[0] = processed((0..COUNT).filter(|&number| number != 7));
    let wanted = [(Violation::AckedNotProcessed, 1), (Violation::SilentGap, 1)];
    finds(&evidence, &wanted);
    // The last of a topic leaves no gap behind it.
    evidence.members[1].journals[0] = processed(0..COUNT - 1);
    finds(&evidence, &[(Violation::AckedNotProcessed, 1)]);
}

#[test]
fn another_members_journal_does_not_count() {
    let mut evidence = good();
    evidence.members[0].journals.clear();
    finds(&evidence, &[(Violation::AckedNotProcessed, COUNT)]);
}

#[test]
fn several_lives_of_a_member_count_together() {
    let mut evidence = good();
    evidence.members[0].journals = vec![processed(0..12), processed(12..COUNT)];
    finds(&evidence, &[]);
    evidence.members[0].journals = vec![processed(0..12), processed(11..COUNT)];
    finds(&evidence, &[(Violation::Repeated, 1)]);
    evidence.may_repeat = true;
    finds(&evidence, &[]);
}

#[test]
fn a_torn_line_is_found_and_what_follows_it_does_not_count() {
    let mut evidence = good();
    let journal = &mut evidence.members[0].journals[0];
    journal.truncate(journal.len() - 5);
    let wanted = [
        (Violation::TornJournal, 1),
        (Violation::AckedNotProcessed, 1),
    ];
    finds(&evidence, &wanted);
    let mut evidence = good();
    let journal = &mut evidence.lives[0].journal;
    journal.truncate(journal.len() - 5);
    let found = judge(&evidence);
    assert_eq!(found.count(Violation::TornJournal), 1);
}

#[test]
fn a_late_stop_is_found_and_one_within_the_grace_is_not() {
    let mut evidence = good();
    evidence.stops[0].took += Duration::from_millis(1);
    finds(&evidence, &[(Violation::LateStop, 1)]);
}

#[test]
fn a_report_that_claims_too_much_is_found() {
    // A mark beyond what the member holds.
    let mut evidence = good();
    evidence.members[1].journals[0] = processed(0..16);
    finds(&evidence, &[(Violation::AckedNotProcessed, 4)]);
    // Sequences that were never accepted.
    let mut evidence = good();
    reports(&mut evidence)["members"][0]["topics"][0]["last"] = json!(11);
    finds(&evidence, &[(Violation::Overclaim, 1)]);
    // More messages than there were.
    let mut evidence = good();
    reports(&mut evidence)["counters"]["accepted"] = json!(COUNT + 3);
    finds(&evidence, &[(Violation::Overclaim, 3)]);
    // A member that nobody started.
    let mut evidence = good();
    reports(&mut evidence)["members"][0]["name"] = json!("c");
    finds(&evidence, &[(Violation::Overclaim, 1)]);
    // Unowed, and owed by the same report.
    let mut evidence = good();
    reports(&mut evidence)["counters"]["unowed"] = json!(2);
    finds(&evidence, &[(Violation::Overclaim, 2)]);
}

#[test]
fn drained_is_believed_only_with_every_acknowledgement() {
    let mut evidence = good();
    reports(&mut evidence)["members"][1]["topics"][0] = topic(0, 1, 10, 7);
    finds(&evidence, &[(Violation::FalseDrained, 3)]);
    reports(&mut evidence)["outcome"] = json!("behind");
    finds(&evidence, &[(Violation::FalseDrained, 1)]); // its exit code says success
    if let LifeEnd::Reported { code, .. } = &mut evidence.lives[0].end {
        *code = Some(1);
    }
    let verdict = judge(&evidence);
    assert_eq!(verdict.complaints, []);
    assert_eq!((verdict.acked, verdict.named), (COUNT, 3));
}

#[test]
fn what_one_session_acknowledged_does_not_pay_for_another() {
    let mut evidence = good();
    let members = reports(&mut evidence)["members"].as_array_mut().unwrap();
    let mut earlier = members[0].clone();
    earlier["topics"] = json!([topic(0, 1, 4, 3)]);
    members.insert(0, earlier);
    finds(&evidence, &[(Violation::FalseDrained, 1)]);
    // Where names are counted it does.
    evidence.quorum = Quorum::AtLeast(2);
    finds(&evidence, &[]);
    evidence.quorum = Quorum::AtLeast(3);
    finds(&evidence, &[(Violation::FalseDrained, COUNT)]);
}

#[test]
fn of_a_quorum_by_name_only_those_count_and_they_must_have_come() {
    let mut evidence = good();
    reports(&mut evidence)["members"][1]["topics"][0] = topic(0, 1, 10, 7);
    evidence.quorum = Quorum::Named(1);
    finds(&evidence, &[]);
    evidence.quorum = Quorum::Named(2);
    finds(&evidence, &[(Violation::FalseDrained, 3)]);
    let mut evidence = good();
    evidence.quorum = Quorum::Named(2);
    let members = reports(&mut evidence)["members"].as_array_mut().unwrap();
    members.pop();
    finds(&evidence, &[(Violation::FalseDrained, 1)]);
}

#[test]
fn what_is_gone_is_named_and_not_acknowledged() {
    let mut evidence = good();
    evidence.members[1].journals[0] = written(
        [Entry::Gone {
            topic: 0,
            first: 3,
            last: 4,
        }]
        .into_iter()
        .chain((0..COUNT).filter_map(|number| {
            let message = message(number);
            let is_gone = message.topic == 0 && (3..=4).contains(&message.sequence);
            (!is_gone).then_some(Entry::Processed(message))
        })),
    );
    let report = reports(&mut evidence);
    report["members"][1]["topics"][0]["gone"] = json!([{ "first": 3, "last": 4 }]);
    finds(&evidence, &[(Violation::FalseDrained, 2)]);
}

#[test]
fn a_message_that_is_owed_to_nobody_must_be_counted_so() {
    let mut evidence = good();
    for member in 0..2 {
        reports(&mut evidence)["members"][member]["topics"][1]["base"] = json!(4);
        let later = (0..COUNT).filter(|number| number % 2 == 0 || *number > 6);
        evidence.members[member].journals[0] = processed(later);
    }
    finds(&evidence, &[(Violation::Unaccounted, 3)]);
    reports(&mut evidence)["counters"]["unowed"] = json!(3);
    let verdict = judge(&evidence);
    assert_eq!(verdict.complaints, []);
    assert_eq!((verdict.unowed, verdict.acked), (3, COUNT - 3));
}

#[test]
fn a_report_that_forgets_messages_or_members_is_found() {
    let mut evidence = good();
    reports(&mut evidence)["counters"]["accepted"] = json!(COUNT - 1);
    finds(&evidence, &[(Violation::Unaccounted, 1)]);
    let mut evidence = good();
    let claimed = Entry::Claimed {
        life: 1,
        member: 1,
        acked: 12,
    };
    evidence.lives[0].journal.extend(written([claimed]));
    finds(&evidence, &[]);
    let members = reports(&mut evidence)["members"].as_array_mut().unwrap();
    members.pop();
    finds(&evidence, &[(Violation::Forgotten, 12)]);
}

#[test]
fn a_report_that_is_none_is_found() {
    let mut evidence = good();
    *reports(&mut evidence) = json!({ "outcome": "drained" });
    finds(&evidence, &[(Violation::NoReport, 1)]);
    evidence.lives[0].end = LifeEnd::Silent;
    finds(&evidence, &[(Violation::NoReport, 1)]);
}

#[test]
fn a_killed_publisher_is_judged_by_what_it_claimed_last() {
    let mut evidence = good();
    let claimed = Entry::Claimed {
        life: 1,
        member: 0,
        acked: 15,
    };
    evidence.lives[0].journal.extend(written([claimed]));
    evidence.lives[0].end = LifeEnd::Killed;
    evidence.members[0].journals[0] = processed(0..15);
    evidence.members[1].journals[0] = processed(0..3);
    let verdict = judge(&evidence);
    assert_eq!(verdict.complaints, []);
    assert_eq!((verdict.survived, verdict.perished), (15, 5));
    assert_eq!((verdict.accepted, verdict.acked), (COUNT, 0));
    evidence.members[0].journals[0] = processed(0..14);
    finds(&evidence, &[(Violation::AckedNotProcessed, 1)]);
}

#[test]
fn the_last_message_of_a_killed_publisher_need_not_be_recorded() {
    let mut evidence = good();
    let whole = evidence.lives[0].journal.len();
    evidence.lives[0].journal.truncate(whole - 32);
    let verdict = judge(&evidence);
    assert_eq!(verdict.count(Violation::Phantom), 2, "it was not killed");
    evidence.lives[0].end = LifeEnd::Killed;
    finds(&evidence, &[]);
    // But nothing that it did not even mean to publish.
    let beyond = Entry::Processed(message(COUNT));
    evidence.members[0].journals[0].extend(written([beyond]));
    finds(&evidence, &[(Violation::Phantom, 1)]);
}

#[test]
fn what_nobody_published_is_found() {
    let mut evidence = good();
    let mut wrong = message(COUNT - 1);
    wrong.number = 3;
    let journal = &mut evidence.members[0].journals[0];
    journal.truncate(journal.len() - 32);
    journal.extend(written([Entry::Processed(wrong)]));
    finds(&evidence, &[(Violation::Phantom, 1)]);
    let broken = Entry::Corrupt {
        topic: 1,
        sequence: 3,
    };
    evidence.members[0].journals[0].extend(written([broken]));
    finds(&evidence, &[(Violation::Phantom, 2)]);
}

#[test]
fn order_is_judged_within_a_journal() {
    let mut evidence = good();
    let swapped = (0..COUNT).map(|number| match number {
        8 => 10,
        10 => 8,
        number => number,
    });
    evidence.members[0].journals[0] = processed(swapped);
    let found = judge(&evidence);
    assert_eq!(found.count(Violation::SilentGap), 2);
    assert_eq!(found.count(Violation::Repeated), 1);
}

#[test]
fn an_ack_that_precedes_its_record_is_found() {
    let mut evidence = good();
    let mut journal = written([Entry::Acked { count: 2 }]);
    journal.extend(processed(0..COUNT));
    journal.extend(written([Entry::Acked { count: COUNT }]));
    evidence.members[0].journals[0] = journal;
    finds(&evidence, &[(Violation::AckedNotProcessed, 2)]);
}

#[test]
fn a_publishers_journal_that_contradicts_itself_is_found() {
    let mut evidence = good();
    // A sequence is left out.
    let journal = &mut evidence.lives[0].journal;
    journal.drain(32 * 5..32 * 6);
    assert!(judge(&evidence).count(Violation::Overclaim) > 0);
}
