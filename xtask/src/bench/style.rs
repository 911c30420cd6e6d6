//! Colours and fonts, light and dark. No variables: not everything that draws SVG knows them.

/// The style sheet; in the dark the second half counts.
pub(super) const SHEET: &str = "\
text { font-family: system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif; \
font-size: 12px; fill: #1f2430; }
.paper { fill: #ffffff; }
.heading { font-weight: 600; }
.quiet { fill: #667085; }
.small { font-size: 11px; }
.name { font-family: ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; }
.left { text-anchor: start; } .middle { text-anchor: middle; } .right { text-anchor: end; }
.stripe { fill: #f4f6f9; }
.grid { stroke: #e1e5eb; stroke-width: 1; }
.one { stroke: #98a2b3; stroke-width: 1.2; }
.same { stroke: #c3cad6; stroke-width: 7; }
.bar { stroke: #1f2430; stroke-width: 2; }
.whisker { stroke-width: 1.6; fill: none; }
.whisker.met { stroke: #2563c9; } .whisker.missed { stroke: #c8321f; } .whisker.free { stroke: #667085; }
.dot.met { fill: #2563c9; } .dot.missed { fill: #c8321f; } .dot.free { fill: #667085; }
text.missed { fill: #b42a1a; font-weight: 600; }
.beside { fill: #ffffff; stroke: #667085; stroke-width: 1.5; }
.linear { stroke: #98a2b3; stroke-width: 1.2; stroke-dasharray: 4 3; fill: none; }
.line { stroke-width: 2; fill: none; }
.line.a, .whisker.a { stroke: #2563c9; } .dot.a { fill: #2563c9; }
.line.b, .whisker.b { stroke: #b5530a; } .dot.b { fill: #b5530a; }
.line.c, .whisker.c { stroke: #1b7a50; } .dot.c { fill: #1b7a50; }
.line.d, .whisker.d { stroke: #7c3fb8; } .dot.d { fill: #7c3fb8; }
@media (prefers-color-scheme: dark) {
text { fill: #e6e9ef; }
.paper { fill: #14171c; } .stripe { fill: #1c2028; }
.quiet { fill: #98a2b3; }
.grid { stroke: #2d343f; } .one { stroke: #667085; } .same { stroke: #465063; } .bar { stroke: #e6e9ef; }
.whisker.met { stroke: #7ba7f0; } .whisker.missed { stroke: #ff7a68; } .whisker.free { stroke: #98a2b3; }
.dot.met { fill: #7ba7f0; } .dot.missed { fill: #ff7a68; } .dot.free { fill: #98a2b3; }
text.missed { fill: #ff8f80; }
.beside { fill: #14171c; stroke: #98a2b3; }
.linear { stroke: #667085; }
.line.a, .whisker.a { stroke: #7ba7f0; } .dot.a { fill: #7ba7f0; }
.line.b, .whisker.b { stroke: #f5a35b; } .dot.b { fill: #f5a35b; }
.line.c, .whisker.c { stroke: #6fd6a8; } .dot.c { fill: #6fd6a8; }
.line.d, .whisker.d { stroke: #c09af5; } .dot.d { fill: #c09af5; }
}
";
