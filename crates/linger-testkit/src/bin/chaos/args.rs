//! What stands on the command line.

use std::error::Error;

/// A scenario and its options.
pub(crate) struct Args {
    pub(crate) scenario: String,
    rest: Vec<String>,
}

impl Args {
    pub(crate) fn new(mut args: Vec<String>) -> Result<Self, Box<dyn Error>> {
        if args.is_empty() {
            return Err("which scenario?".into());
        }
        let scenario = args.remove(0);
        let rest = args;
        Ok(Self { scenario, rest })
    }

    /// The number after this option.
    pub(crate) fn number(&mut self, option: &str, default: u64) -> Result<u64, Box<dyn Error>> {
        let Some(at) = self.rest.iter().position(|arg| arg == option) else {
            return Ok(default);
        };
        self.rest.remove(at);
        let number = match self.rest.get(at) {
            Some(_) => self.rest.remove(at),
            None => return Err(format!("{option} needs a number").into()),
        };
        number
            .parse()
            .map_err(|_| format!("{option} {number}: no number").into())
    }

    /// Whether this option stands there.
    pub(crate) fn flag(&mut self, option: &str) -> bool {
        let at = self.rest.iter().position(|arg| arg == option);
        at.map(|at| self.rest.remove(at)).is_some()
    }

    /// That nothing is left which nobody asked for.
    pub(crate) fn all_read(&self) -> Result<(), Box<dyn Error>> {
        match self.rest.first() {
            None => Ok(()),
            Some(other) => Err(format!("{} knows no {other:?}", self.scenario).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(text: &str) -> Args {
        Args::new(text.split_whitespace().map(str::to_owned).collect()).unwrap()
    }

    #[test]
    fn options_stand_in_any_order_and_have_defaults() {
        let mut args = args("ack_chaos --netns --seed 7");
        assert_eq!(args.scenario, "ack_chaos");
        assert_eq!(args.number("--cycles", 5).unwrap(), 5);
        assert_eq!(args.number("--seed", 1).unwrap(), 7);
        assert!(args.flag("--netns") && !args.flag("--netns"));
        args.all_read().unwrap();
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        assert!(Args::new(Vec::new()).is_err());
        assert!(args("x --seed").number("--seed", 1).is_err());
        assert!(args("x --seed y").number("--seed", 1).is_err());
        let left = args("x --wrong").all_read().unwrap_err();
        assert_eq!(left.to_string(), "x knows no \"--wrong\"");
    }
}
