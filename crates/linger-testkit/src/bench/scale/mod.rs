//! How a stop, and what a publisher holds in memory, grow with members, topics and the window.
//!
//! | figure | sizes | what is measured |
//! |---|---|---|
//! | `scale_drain_members` | members, over ipc, each of them owing a few messages | from `close_by` to the report |
//! | `scale_drain_topics` | topics with one message each, for one member | the same |
//! | `scale_drain_window` | messages in a window that is full, for one member | the same |
//! | `scale_bytes_members`, `…_topics`, `…_window` | the same | by how much the process grew for them |
//!
//! Each is an exponent: 1 is linear. It is fitted twice, over all sizes and over the upper half of
//! them alone, and the larger of the two counts. A stop has a part that is the same at every size,
//! some hundred microseconds, and a process takes its memory by pages: at the small sizes that is all
//! there is, so the fit over all of them comes out below 1. At the upper half there is little of it,
//! and what grows faster than the sizes shows there.
//!
//! | size | bare | ours |
//! |---|---|---|
//! | `scale_bytes_per_member` | two connections, to bare `PUB` and `ROUTER` | a member |
//! | `scale_bytes_per_topic` | its name and a number in a map | a topic that one member is owed |
//! | `scale_bytes_per_message` | its 64 bytes in a queue | a message that is retained: its members have received it, and their applications hold it back |
//!
//! They are taken at the largest size. A publisher is in a process of its own, its members are in
//! another; their applications are held at a gate until it closes. Each point is a publisher that
//! did not exist before. Every member has to have every message, by its own count and by the report.

mod audience;
mod bare;
mod point;
mod publisher;
mod shape;

use self::point::{Point, measure};
use self::shape::Shape;
use super::{BenchError, Growth, Plan, Size};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;

pub use point::SERVES;
pub use publisher::serves;

/// The exponent that is linear, but for what is measured wrongly.
const LINEAR: f64 = 1.1;

/// What can be told apart in memory, in bytes: a page.
const PAGE: u64 = 4_096;

/// How many messages each member owes where members are counted.
const OWED: u32 = 16;

/// Descriptors that a process needs for each member, at most, and for itself.
const DESCRIPTORS: u64 = 10;

/// One thing that a publisher may have many of.
struct Axis {
    /// What is counted, as figures are named.
    of: &'static str,
    per_one: &'static str,
    sizes: [&'static [u32]; 3],
    shape: fn(u32) -> Shape,
    /// Which growth of the process it is.
    grown: usize,
    /// Its memory is another matter than its drain.
    is_received: bool,
}

const AXES: [Axis; 3] = [
    Axis {
        of: "members",
        per_one: "scale_bytes_per_member",
        sizes: [&[1, 10, 32, 100, 316, 1_000], &[1, 10, 100, 300], &[1, 4]],
        shape: |size| Shape::new(size as usize, 1, OWED),
        grown: 0,
        is_received: false,
    },
    Axis {
        of: "topics",
        per_one: "scale_bytes_per_topic",
        sizes: [
            &[1, 10, 100, 1_000, 10_000, 100_000],
            &[1, 100, 3_000, 30_000],
            &[1, 500],
        ],
        shape: |size| Shape::new(1, size, size),
        grown: 1,
        is_received: false,
    },
    Axis {
        of: "window",
        per_one: "scale_bytes_per_message",
        sizes: [
            &[1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000],
            &[1_000, 16_000, 64_000, 256_000],
            &[100, 1_000],
        ],
        shape: |size| Shape::new(1, 1, size),
        grown: 2,
        is_received: true,
    },
];

/// All figures of growth.
///
/// The plan's program must answer [`SERVES`] as its first argument by calling [`serves`] with
/// those after it: it is started for that.
///
/// # Errors
///
/// If a process or a socket can't be had, or a message is missing.
pub fn run(plan: &mut Plan<'_>) -> Result<(), BenchError> {
    let effort = plan.effort();
    let program = plan.program()?;
    let series = effort.pick(5, 2, 1);
    for axis in AXES {
        let drain = format!("scale_drain_{}", axis.of);
        let bytes = format!("scale_bytes_{}", axis.of);
        let [wants_drain, wants_bytes] = [
            plan.wants(&drain),
            plan.wants(&bytes) || plan.wants(axis.per_one),
        ];
        if !wants_drain && !wants_bytes {
            continue;
        }
        let [full, quick, smoke] = axis.sizes;
        let sizes = effort.pick(full, quick, smoke);
        let most = sizes.last().copied().unwrap_or(0);
        if let Err(lack) = has_descriptors((axis.shape)(most)) {
            plan.skip(format!("{drain}, {bytes}: {lack}"));
            continue;
        }
        let mut drains = Vec::new();
        let mut grown = Vec::new();
        for _ in 0..series {
            let of = |shape: fn(Shape) -> Shape| points(&program, &axis, sizes, shape);
            let all = of(|shape| shape)?;
            drains.push(all.iter().map(|it| it.took.as_secs_f64() * 1e3).collect());
            grown.push(match axis.is_received && wants_bytes {
                true => of(Shape::received)?,
                false => all,
            });
        }
        let axes: Vec<f64> = sizes.iter().copied().map(f64::from).collect();
        if wants_drain {
            let labels = (axis.of, "ms");
            plan.growth(Growth::of(drain, labels, LINEAR, &axes, &drains));
        }
        if wants_bytes {
            memory(plan, &program, &axis, bytes, &axes, &grown)?;
        }
    }
    Ok(())
}

fn points(
    program: &Path,
    axis: &Axis,
    sizes: &[u32],
    change: fn(Shape) -> Shape,
) -> Result<Vec<Point>, BenchError> {
    let shapes = sizes.iter().map(|&size| change((axis.shape)(size)));
    shapes.map(|shape| measure(program, shape)).collect()
}

/// How its memory grows, and what one more takes.
fn memory(
    plan: &mut Plan<'_>,
    program: &Path,
    axis: &Axis,
    name: String,
    sizes: &[f64],
    grown: &[Vec<Point>],
) -> Result<(), BenchError> {
    let bytes = |point: &Point| point.grown[axis.grown];
    let kib = |point: &Point| {
        f64::from(u32::try_from(bytes(point).max(PAGE) / 1_024).unwrap_or(u32::MAX))
    };
    let series: Vec<Vec<f64>> = grown
        .iter()
        .map(|points| points.iter().map(kib).collect())
        .collect();
    plan.growth(Growth::of(name, (axis.of, "KiB"), LINEAR, sizes, &series));
    let [full, quick, smoke] = axis.sizes;
    let sizes = plan.effort().pick(full, quick, smoke);
    let most = sizes.last().copied().unwrap_or(1);
    let each = |point: &Point| bytes(point) / u64::from(most);
    let ours = grown.iter().filter_map(|points| points.last().map(each));
    let bare = (axis.shape)(most).bare();
    let bare = grown
        .iter()
        .map(|_| measure(program, bare).map(|it| each(&it)));
    let bare = bare.collect::<Result<_, _>>()?;
    plan.size(Size::of(axis.per_one, None, bare, ours.collect()));
    Ok(())
}

/// Whether a process may have as many descriptors as so many members need.
fn has_descriptors(shape: Shape) -> Result<(), String> {
    let needed = DESCRIPTORS * shape.members as u64 + 200;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let is_enough = maximum.is_none_or(|limit| limit >= needed);
    match is_enough && setrlimit(Resource::Nofile, raised).is_ok() {
        true => Ok(()),
        false => Err(format!(
            "{needed} descriptors are needed, the limit is {maximum:?}"
        )),
    }
}
