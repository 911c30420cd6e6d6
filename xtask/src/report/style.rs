//! Colours and fonts. No variables: not everything that draws SVG knows them.

/// The style sheet; in the dark the second half counts.
pub(super) const SHEET: &str = "\
text { font-family: system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif; \
font-size: 12px; fill: #1f2430; }
.paper { fill: #ffffff; }
.card { fill: #f4f6f9; }
.rest { paint-order: stroke; stroke: #f4f6f9; stroke-width: 5px; }
text.flag { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; }
.title { font-size: 21px; font-weight: 650; }
.phase { font-size: 14px; font-weight: 650; }
.quiet { fill: #667085; }
.small { font-size: 11px; }
.bold { font-weight: 600; }
.left { text-anchor: start; } .middle { text-anchor: middle; } .right { text-anchor: end; }
.pill { fill: #e4e8ee; } .pill-text { font-weight: 600; }
.pill.clean { fill: #d5f0e1; } .pill-text.clean { fill: #11633d; }
.pill.unclean { fill: #fbdcd7; } .pill-text.unclean { fill: #9b1c10; }
.grid { stroke: #d5dae2; stroke-width: 1; }
.start { stroke: #98a2b3; stroke-width: 1.5; }
line.report { stroke: #2563c9; stroke-width: 1.5; } text.report { fill: #2563c9; }
line.hard { stroke: #c8321f; stroke-width: 1.5; } text.hard { fill: #c8321f; }
.narrow { fill: #667085; fill-opacity: 0.07; }
.window { fill: #dbe4f3; }
.bar { fill: #4f7fd0; }
.deadline { stroke: #7a8699; stroke-width: 1.2; stroke-dasharray: 4 3; }
.eighty { stroke: #c98a0b; stroke-width: 1; stroke-dasharray: 1 3; }
.over { fill: #c8321f; } .hatch { stroke: #c8321f; stroke-width: 3; }
text.over { fill: #c8321f; }
.done { fill: #2a9a68; } text.done { fill: #1b7a50; }
.near-miss { fill: #dd9a12; } text.near-miss { fill: #946200; }
.failed { fill: #d6402f; } text.failed { fill: #b42a1a; }
.panicked { fill: #b3206e; } text.panicked { fill: #a11a61; }
.forced { fill: #e36a17; } text.forced { fill: #ad4a06; }
.aborted { fill: #7c52c8; } text.aborted { fill: #6a3fb8; }
.abandoned { fill: #8a1c28; } text.abandoned { fill: #8a1c28; }
.skipped, .other { fill: #8a94a6; } text.skipped, text.other { fill: #5d6778; }
@media (prefers-color-scheme: dark) {
text { fill: #e6e9ef; }
.paper { fill: #14171c; } .card { fill: #1c2028; }
.quiet { fill: #98a2b3; } .rest { stroke: #1c2028; } text.flag { stroke: #14171c; }
.pill { fill: #2b313c; }
.pill.clean { fill: #123d2a; } .pill-text.clean { fill: #7fdcae; }
.pill.unclean { fill: #4d1a15; } .pill-text.unclean { fill: #ffb3a8; }
.grid { stroke: #2d343f; } .start { stroke: #667085; }
line.report { stroke: #7ba7f0; } text.report { fill: #7ba7f0; }
line.hard { stroke: #ff7a68; } text.hard { fill: #ff7a68; }
.narrow { fill: #98a2b3; }
.window { fill: #2a3a55; } .bar { fill: #6d9bea; }
.deadline { stroke: #8b97aa; } .eighty { stroke: #d9a02c; }
.over { fill: #ff6b57; } .hatch { stroke: #ff6b57; } text.over { fill: #ff8f80; }
.done { fill: #3fbf87; } text.done { fill: #6fd6a8; }
.near-miss { fill: #efb02e; } text.near-miss { fill: #f3c263; }
.failed { fill: #f0604f; } text.failed { fill: #ff9386; }
.panicked { fill: #e052a0; } text.panicked { fill: #f58cc4; }
.forced { fill: #f5893b; } text.forced { fill: #f9ab74; }
.aborted { fill: #a080ee; } text.aborted { fill: #bda6f5; }
.abandoned { fill: #d2505f; } text.abandoned { fill: #f28793; }
.skipped, .other { fill: #7d8798; } text.skipped, text.other { fill: #aab3c2; }
}
";

/// The classes that [`Kind`](super::kind::Kind) names are all in the sheet.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::kind::Kind;

    #[test]
    fn each_outcome_has_a_colour_in_the_light_and_in_the_dark() {
        let (light, dark) = SHEET.split_once("@media").unwrap();
        for kind in [
            Kind::Done,
            Kind::NearMiss,
            Kind::Failed,
            Kind::Panicked,
            Kind::Forced,
            Kind::Aborted,
            Kind::Abandoned,
            Kind::Skipped,
            Kind::Other,
        ] {
            for sheet in [light, dark] {
                assert!(sheet.contains(&format!(".{}", kind.class())), "{kind:?}");
                assert!(
                    sheet.contains(&format!("text.{}", kind.class())),
                    "{kind:?}"
                );
            }
        }
    }
}
