//! A shutdown coordinator: phases with deadlines on one budget, tokens, escalation, watchdog, report.
#![forbid(unsafe_code)]
