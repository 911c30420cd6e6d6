//! A thread that owns sockets of the registry.

use super::StormError;
use super::plan::Habit;
use super::post::{Known, Post};
use super::scene::Scene;
use linger::zmq;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// How long an owner without work waits for some; a stop wakes it at once.
const IDLE: Duration = Duration::from_millis(20);

/// Opens what is this owner's, uses it as the plan says, and lets it go when it must.
pub(crate) fn own(scene: &Scene, owner: usize) -> Vec<Known> {
    let mut posts = Vec::new();
    let mut ends = scene.plan.of_owner(owner);
    // Nobody waits for an endpoint before it has told its own.
    ends.sort_by_key(|(link, side)| !scene.plan.links[*link].binds(*side));
    for (link, side) in ends {
        match Post::open(scene, link, side) {
            Ok(post) => posts.extend(post),
            Err(error) => scene
                .board
                .trouble(format!("link {link}, {side:?}: {error}")),
        }
    }
    let waits = |post: &&mut Post<'_>, habit| match habit {
        Habit::Serves => false,
        Habit::Listens | Habit::Receives => post.is_worth_listening(),
        Habit::Sends => post.is_worth_sending(),
    };
    let habit = scene.plan.owners[owner];
    if let Some(post) = posts.iter_mut().find(|post| waits(post, habit)) {
        wait_on(post, habit);
    }
    serve(scene, posts).unwrap_or_else(|error| {
        scene.board.trouble(format!("owner {owner}: {error}"));
        Vec::new()
    })
}

/// Waits on this one alone, until its group stops, or until `ETERM`.
fn wait_on(post: &mut Post<'_>, habit: Habit) {
    match habit {
        Habit::Serves => {}
        Habit::Listens => drop(post.socket().messages().count()),
        Habit::Receives => while goes_on(post.socket().recv_bytes(0)) {},
        Habit::Sends => while goes_on(post.send(0)) {},
    }
}

fn goes_on<T>(result: zmq::Result<T>) -> bool {
    matches!(result, Ok(_) | Err(zmq::Error::EINTR))
}

/// Serves all in turn, and lets each go when its group has stopped, or its time is over.
fn serve(scene: &Scene, mut posts: Vec<Post<'_>>) -> Result<Vec<Known>, StormError> {
    let mut known = Vec::new();
    loop {
        let age = scene.board.all_since().map(|since| since.elapsed());
        let is_over = |post: &Post<'_>| {
            let dropped_after = post.end().dropped_after;
            post.is_stopped() || dropped_after.is_some_and(|after| Some(after) <= age)
        };
        let (over, rest): (Vec<_>, Vec<_>) = posts.into_iter().partition(is_over);
        known.extend(over.into_iter().map(Post::let_go));
        posts = rest;
        if posts.is_empty() {
            return Ok(known);
        }
        let worked = posts
            .iter_mut()
            .filter_map(|post| post.work().then_some(()));
        if worked.count() == 0 {
            idle(&posts)?;
        }
    }
}

fn idle(posts: &[Post<'_>]) -> Result<(), StormError> {
    let mut items = Vec::new();
    for post in posts {
        let stop = post.socket().group().descriptor()?.as_raw_fd();
        items.push(zmq::PollItem::from_fd(stop, zmq::POLLIN));
        if !post.end().is_idle {
            items.push(post.socket().as_poll_item(zmq::POLLIN));
        }
    }
    let limit = i64::try_from(IDLE.as_millis()).unwrap_or(1);
    match zmq::poll(&mut items, limit) {
        // The next look finds the group stopped.
        Ok(_) | Err(zmq::Error::EINTR | zmq::Error::ETERM) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
