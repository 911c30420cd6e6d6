//! What a seed decides: a small generator, and how often frames are lost.

/// splitmix64: the same seed, the same numbers.
#[derive(Clone, Debug, Default)]
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("it is below a usize")
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        percent > 0 && self.next() % 100 < percent
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// How many of a hundred frames are lost on each way. None, unless a test says so.
#[derive(Debug, Default)]
pub struct Faults {
    pub rng: Rng,
    pub data: u64,
    pub up: u64,
    pub down: u64,
}

impl Faults {
    pub fn heal(&mut self) {
        (self.data, self.up, self.down) = (0, 0, 0);
    }

    pub fn lose_data(&mut self) -> bool {
        self.rng.chance(self.data)
    }

    pub fn lose_up(&mut self) -> bool {
        self.rng.chance(self.up)
    }

    pub fn lose_down(&mut self) -> bool {
        self.rng.chance(self.down)
    }
}
